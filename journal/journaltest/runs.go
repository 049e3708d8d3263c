package journaltest

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
)

func names(runs []journal.RunSummary) []journal.RunID {
	var ids []journal.RunID
	for _, r := range runs {
		ids = append(ids, r.Run)
	}
	return ids
}

func list(t *testing.T, j journal.Journal, q journal.Query) []journal.RunSummary {
	t.Helper()
	runs, err := j.Runs(t.Context(), q)
	if err != nil {
		t.Fatalf("runs: %v", err)
	}
	return runs
}

func runsOrder(t *testing.T, j journal.Journal) {
	if runs := list(t, j, journal.Query{}); len(runs) != 0 {
		t.Fatalf("a new journal holds %v", runs)
	}
	for _, run := range []journal.RunID{"c", "a", "b"} {
		must(t, j, run, Plan("health", "h"))
	}
	runs := list(t, j, journal.Query{})
	for i := 1; i < len(runs); i++ {
		if a, b := runs[i-1], runs[i]; a.Started.Before(b.Started) || a.Started.Equal(b.Started) && a.Run < b.Run {
			t.Errorf("%s (%v) stands before %s (%v)", a.Run, a.Started, b.Run, b.Started)
		}
	}
	if len(runs) != 3 {
		t.Fatalf("%d runs, want 3", len(runs))
	}
	if got := names(list(t, j, journal.Query{Limit: 2})); !slices.Equal(got, names(runs)[:2]) {
		t.Errorf("with a limit of 2: %v of %v", got, names(runs))
	}
}

func runsQuery(t *testing.T, j journal.Journal) {
	one := must(t, j, "one", Plan("health", "a", "b"))[0].At
	must(t, j, "one", journal.RunClosed{Result: journal.Passed})
	two := must(t, j, "two", Plan("patch", "b", "c"))[0].At
	cases := []struct {
		q    journal.Query
		want []journal.RunID
	}{
		{journal.Query{Host: "a"}, []journal.RunID{"one"}},
		{journal.Query{Host: "b"}, []journal.RunID{"one", "two"}},
		{journal.Query{Host: "nobody"}, nil},
		{journal.Query{Runbook: "patch"}, []journal.RunID{"two"}},
		{journal.Query{Open: true}, []journal.RunID{"two"}},
		{journal.Query{Since: one.Add(-time.Hour)}, []journal.RunID{"one", "two"}},
		{journal.Query{Since: two.Add(time.Hour)}, nil},
		{journal.Query{Until: one}, nil},
		{journal.Query{Until: two.Add(time.Hour), Host: "c"}, []journal.RunID{"two"}},
		{journal.Query{Since: one, Open: true, Runbook: "health"}, nil},
	}
	for _, c := range cases {
		got := names(list(t, j, c.q))
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v gives %v, want %v", c.q, got, c.want)
		}
	}
}

func runsCounts(t *testing.T, j journal.Journal) {
	accepted := Plan("health", "a", "b", "c", "d")
	accepted.Ticket = "CHG-7"
	must(t, j, "r1", accepted, journal.WaveOpened{})
	for i, o := range []journal.Outcome{journal.OK, journal.Failed} {
		h := accepted.Plan.Hosts[i].Name
		must(t, j, "r1", journal.StepStarted{Host: h, Step: "check", Attempt: 1}, journal.OutputRead{Host: h, Step: "check", Attempt: 1, Data: []byte("x")},
			journal.StepEnded{Host: h, Step: "check", Attempt: 1, Outcome: o})
	}
	must(t, j, "r1", journal.StepStarted{Host: "c", Step: "check", Attempt: 1})
	want := map[string]int{"ok": 1, "failed": 1, "running": 1, "waiting": 1}
	check := func(events uint64, result journal.Result) {
		t.Helper()
		r := list(t, j, journal.Query{})[0]
		if !reflect.DeepEqual(r.Counts, want) || r.Hosts != 4 || r.Events != events || r.Result != result {
			t.Errorf("%+v, want counts %v, %d events, %v", r, want, events, result)
		}
		if r.Ticket != "CHG-7" || r.By != accepted.By || r.Reason != accepted.Reason || r.Runbook != "health" || r.Scope != "all" || r.Origin == "" {
			t.Errorf("the plan is not to be seen in %+v", r)
		}
		if r.Ended.IsZero() != (result == journal.Open) {
			t.Errorf("result %v, ended %v", result, r.Ended)
		}
	}
	check(9, journal.Open)
	must(t, j, "r1", journal.RunClosed{Result: journal.WasAborted})
	check(10, journal.WasAborted)
}

func runsApart(t *testing.T, j journal.Journal) {
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			run := journal.RunID(fmt.Sprintf("run%d", i))
			for k := range 5 {
				if _, err := j.Append(t.Context(), run, Plan("health", inventory.HostID(fmt.Sprintf("h%d", i))), journal.Remarked{Text: fmt.Sprint(k)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range 6 {
		run := journal.RunID(fmt.Sprintf("run%d", i))
		all := read(t, j, run, 0)
		chained(t, all)
		for _, e := range all {
			if p, ok := e.Body.(journal.PlanAccepted); ok && p.Plan.Hosts[0].Name != inventory.HostID(fmt.Sprintf("h%d", i)) {
				t.Errorf("run %s holds an event of %s", run, p.Plan.Hosts[0].Name)
			}
		}
		if len(all) != 10 {
			t.Errorf("run %s: %d events, want 10", run, len(all))
		}
	}
}

func crowd(t *testing.T, j journal.Journal) {
	const writers, each, followers = 4, 25, 6
	must(t, j, "r1", Plan("health", "a"))
	var all, write sync.WaitGroup
	counts := make([]int, followers)
	for f := range followers {
		all.Go(func() {
			var seq uint64
			for e, err := range j.Events(t.Context(), "r1", 0, true) {
				if err != nil || e.Seq != seq+1 {
					t.Errorf("follower %d: event %d behind %d: %v", f, e.Seq, seq, err)
					return
				}
				seq = e.Seq
				counts[f]++
			}
		})
	}
	for range writers {
		write.Go(func() {
			for i := range each {
				if _, err := j.Append(t.Context(), "r1", journal.Remarked{Text: fmt.Sprint(i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	write.Wait()
	must(t, j, "r1", journal.RunClosed{Result: journal.Passed})
	all.Wait()
	for f, n := range counts {
		if n != writers*each+2 {
			t.Errorf("follower %d saw %d events, want %d", f, n, writers*each+2)
		}
	}
}
