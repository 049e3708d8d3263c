// Package journaltest answers WHAT EVERY JOURNAL PROMISES: one suite, method by method, that each implementation runs.
//
// Its law: a promise in the doc of journal.Journal has a test here, and nothing here is about one implementation.
package journaltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// Run runs the suite. make gives a new, empty journal; it registers its own clean-up.
func Run(t *testing.T, make func(t *testing.T) journal.Journal) {
	tests := []struct {
		name string
		test func(*testing.T, journal.Journal)
	}{
		{"Append returns the events as Events yields them", appendReturns},
		{"Append chains the events of a run", appendChains},
		{"Append keeps the events of a call together", appendTogether},
		{"AppendThen adds what follows from the events", appendThen},
		{"Append refuses what is no event", appendRefuses},
		{"Append takes nothing after the end", appendAfterEnd},
		{"Append with an ended context appends nothing", appendEnded},
		{"Append of nothing is nothing", appendNothing},
		{"Events begins after the event asked for", eventsAfter},
		{"Events of an unknown run is ErrNoRun", eventsUnknown},
		{"Events stops when the consumer has enough", eventsStop},
		{"Events follows until the end of the run", eventsFollow},
		{"Events follows until the context ends", eventsFollowContext},
		{"Events round-trips every kind", everyKind},
		{"Events round-trips output byte for byte", outputBytes},
		{"Runs lists the newest first", runsOrder},
		{"Runs narrows by its query", runsQuery},
		{"Runs counts hosts as the fold does", runsCounts},
		{"Runs of one another do not mix", runsApart},
		{"many followers and writers at once", crowd},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) { x.test(t, make(t)) })
	}
}

// Plan is a plan of one step, "check", over the hosts, in one wave.
func Plan(runbook string, hosts ...inventory.HostID) journal.PlanAccepted {
	p := runbooks.Plan{Runbook: runbook, Title: runbook, Risk: runbooks.Read, Scope: "all",
		Steps: []runbooks.Step{{ID: "check", Kind: runbooks.Check, Phase: runbooks.Main, Risk: runbooks.Read, Script: "uptime"}},
		Waves: []runbooks.Wave{{Name: "all", Hosts: hosts}}}
	for _, h := range hosts {
		p.Hosts = append(p.Hosts, inventory.Host{Name: h, Site: "ams1"})
	}
	return journal.PlanAccepted{Plan: p, By: journal.Who{User: "ops", From: "console1"}, Reason: "for a test"}
}

// must appends and fails the test where that fails.
func must(t *testing.T, j journal.Journal, run journal.RunID, bodies ...journal.Body) []journal.Event {
	t.Helper()
	events, err := j.Append(t.Context(), run, bodies...)
	if err != nil {
		t.Fatalf("append to %s: %v", run, err)
	}
	return events
}

// read reads a run to its present end.
func read(t *testing.T, j journal.Journal, run journal.RunID, after uint64) []journal.Event {
	t.Helper()
	var all []journal.Event
	for e, err := range j.Events(t.Context(), run, after, false) {
		if err != nil {
			t.Fatalf("events of %s: %v", run, err)
		}
		all = append(all, e)
	}
	return all
}

// same compares events by what a reader can see of them.
func same(t *testing.T, got, want []journal.Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i := range got {
		g, err := got[i].MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		w, err := want[i].MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(g, w) {
			t.Errorf("event %d:\n got %s\nwant %s", i, g, w)
		}
	}
}

func appendReturns(t *testing.T, j journal.Journal) {
	a := must(t, j, "r1", Plan("health", "a", "b"), journal.WaveOpened{Wave: 0})
	b := must(t, j, "r1", journal.StepStarted{Host: "a", Step: "check", Attempt: 1})
	same(t, read(t, j, "r1", 0), slices.Concat(a, b))
	for _, e := range slices.Concat(a, b) {
		if e.Run != "r1" || e.Origin == "" || e.At.IsZero() || e.At.Location() != time.UTC {
			t.Errorf("event %d says run %q, origin %q, at %v", e.Seq, e.Run, e.Origin, e.At)
		}
	}
}

func appendChains(t *testing.T, j journal.Journal) {
	must(t, j, "r1", Plan("health", "a"))
	for i := range 5 {
		must(t, j, "r1", journal.Remarked{Text: fmt.Sprint(i)}, journal.Remarked{Text: fmt.Sprint(i)})
	}
	chained(t, read(t, j, "r1", 0))
}

func chained(t *testing.T, events []journal.Event) {
	t.Helper()
	var prev journal.Hash
	for i, e := range events {
		if e.Seq != uint64(i)+1 || e.Prev != prev || e.Hash == (journal.Hash{}) {
			t.Fatalf("event %d: seq %d, prev %s behind %s, hash %s", i, e.Seq, e.Prev, prev, e.Hash)
		}
		prev = e.Hash
	}
}

func appendTogether(t *testing.T, j journal.Journal) {
	must(t, j, "r1", Plan("health", "a"))
	const writers, calls, each = 8, 10, 3
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for c := range calls {
				bodies := make([]journal.Body, each)
				for i := range bodies {
					bodies[i] = journal.Remarked{Host: inventory.HostID(fmt.Sprintf("%d.%d", w, c)), Text: fmt.Sprint(i)}
				}
				if _, err := j.Append(t.Context(), "r1", bodies...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	all := read(t, j, "r1", 0)
	chained(t, all)
	last := map[string]int{}
	for at := 1; at+each <= len(all); at += each {
		first := all[at].Body.(journal.Remarked)
		for i := range each {
			if got := all[at+i].Body.(journal.Remarked); got.Host != first.Host || got.Text != fmt.Sprint(i) {
				t.Fatalf("event %d is %v, inside the call of %s", at+i+1, got, first.Host)
			}
		}
		var w, c int
		_, _ = fmt.Sscanf(string(first.Host), "%d.%d", &w, &c)
		if k := fmt.Sprint(w); last[k] != c {
			t.Fatalf("writer %d: call %d stands where %d should", w, c, last[k])
		} else {
			last[k]++
		}
	}
	if len(all) != 1+writers*calls*each {
		t.Errorf("%d events, want %d", len(all), 1+writers*calls*each)
	}
}

// appendThen asks nothing of a journal that cannot do it.
func appendThen(t *testing.T, j journal.Journal) {
	b, ok := j.(interface {
		AppendThen(context.Context, journal.RunID, []journal.Body, func([]journal.Event) []journal.Body) ([]journal.Event, error)
	})
	if !ok {
		t.Skip("this journal binds nothing")
	}
	all := must(t, j, "r1", Plan("health", "a"))
	follow := func(more ...journal.Body) func([]journal.Event) []journal.Body {
		return func(events []journal.Event) []journal.Body {
			if len(events) != 1 || events[0].Seq != all[len(all)-1].Seq+1 || events[0].Hash == (journal.Hash{}) {
				t.Errorf("then saw %+v", events)
			}
			return more
		}
	}
	for i, c := range []struct {
		more []journal.Body
		want int
	}{
		{[]journal.Body{journal.StepStarted{Host: "a", Step: "check", Attempt: 1}, journal.Remarked{Text: "too"}}, 3},
		{nil, 1},
		{[]journal.Body{nil}, 1}, // cannot be taken
	} {
		got, err := b.AppendThen(t.Context(), "r1", []journal.Body{journal.Remarked{Text: fmt.Sprint(i)}}, follow(c.more...))
		if err != nil || len(got) != c.want {
			t.Fatalf("%d: %d events, %v, want %d", i, len(got), err, c.want)
		}
		all = append(all, got...)
	}
	got, err := b.AppendThen(t.Context(), "r1", []journal.Body{journal.RunClosed{Result: journal.Passed}}, func([]journal.Event) []journal.Body {
		t.Error("something was to follow a run's end")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	chained(t, read(t, j, "r1", 0))
	same(t, read(t, j, "r1", 0), append(all, got...))
}

func appendRefuses(t *testing.T, j journal.Journal) {
	must(t, j, "r1", Plan("health", "a"))
	bad := [][]journal.Body{
		{nil},
		{&journal.Remarked{Text: "a pointer folds to nothing"}},
		{journal.Remarked{Text: "good"}, journal.Foreign{Name: "x", Raw: []byte("{not json")}},
		{journal.Foreign{}},
		{journal.RunClosed{}, journal.Remarked{Text: "after the end"}},
	}
	for _, bodies := range bad {
		if _, err := j.Append(t.Context(), "r1", bodies...); err == nil {
			t.Errorf("%v was taken", bodies)
		}
	}
	if n := len(read(t, j, "r1", 0)); n != 1 {
		t.Errorf("%d events after refusals, want 1", n)
	}
}

func appendAfterEnd(t *testing.T, j journal.Journal) {
	must(t, j, "r1", Plan("health", "a"))
	must(t, j, "r1", journal.RunClosed{Result: journal.Passed})
	if _, err := j.Append(t.Context(), "r1", journal.Remarked{Text: "late"}); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("append after the end: %v, want ErrClosed", err)
	}
	if n := len(read(t, j, "r1", 0)); n != 2 {
		t.Errorf("%d events, want 2", n)
	}
}

func appendEnded(t *testing.T, j journal.Journal) {
	must(t, j, "r1", Plan("health", "a"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Append(ctx, "r1", journal.Remarked{Text: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v, want context.Canceled", err)
	}
	if n := len(read(t, j, "r1", 0)); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}

func appendNothing(t *testing.T, j journal.Journal) {
	if events := must(t, j, "r1"); len(events) != 0 {
		t.Errorf("nothing became %v", events)
	}
	eventsUnknown(t, j)
}

func eventsAfter(t *testing.T, j journal.Journal) {
	all := must(t, j, "r1", Plan("health", "a"), journal.WaveOpened{}, journal.Remarked{Text: "x"})
	for after := range uint64(5) {
		same(t, read(t, j, "r1", after), all[min(after, 3):])
	}
}

func eventsUnknown(t *testing.T, j journal.Journal) {
	for _, run := range []journal.RunID{"r1", "", "../etc/passwd", "a/b", ".."} {
		for _, follow := range []bool{false, true} {
			n := 0
			for _, err := range j.Events(t.Context(), run, 0, follow) {
				if n++; !errors.Is(err, journal.ErrNoRun) {
					t.Errorf("run %q: %v, want ErrNoRun", run, err)
				}
			}
			if n != 1 {
				t.Errorf("run %q: %d answers, want one", run, n)
			}
		}
	}
}

func eventsStop(t *testing.T, j journal.Journal) {
	must(t, j, "r1", Plan("health", "a"), journal.WaveOpened{}, journal.Remarked{Text: "x"})
	for _, follow := range []bool{false, true} {
		n := 0
		for _, err := range j.Events(t.Context(), "r1", 0, follow) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 2 {
				break
			}
		}
	}
}

func eventsFollow(t *testing.T, j journal.Journal) {
	want := must(t, j, "r1", Plan("health", "a"))
	got := make(chan journal.Event)
	go func() {
		defer close(got)
		for e, err := range j.Events(t.Context(), "r1", 0, true) {
			if err != nil {
				t.Errorf("follow: %v", err)
				return
			}
			got <- e
		}
	}()
	var seen []journal.Event
	for i := range 20 {
		seen = append(seen, <-got) // each event is seen before the next is written
		want = append(want, must(t, j, "r1", journal.Remarked{Text: fmt.Sprint(i)})...)
	}
	want = append(want, must(t, j, "r1", journal.RunClosed{Result: journal.Passed})...)
	for e := range got {
		seen = append(seen, e)
	}
	same(t, seen, want)
}

func eventsFollowContext(t *testing.T, j journal.Journal) {
	must(t, j, "r1", Plan("health", "a"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range j.Events(ctx, "r1", 0, true) {
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("the sequence ended with %v, want context.Canceled", last)
	}
}

func everyKind(t *testing.T, j journal.Journal) {
	bodies := Kinds()
	events := must(t, j, "r1", bodies...)
	got := read(t, j, "r1", 0)
	same(t, got, events)
	for i, e := range got {
		if !reflect.DeepEqual(e.Body, bodies[i]) {
			t.Errorf("%s:\n got %#v\nwant %#v", bodies[i].Kind(), e.Body, bodies[i])
		}
	}
}

func outputBytes(t *testing.T, j journal.Journal) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	datas := [][]byte{every, []byte("plain"), []byte("é\u2028\u0085\u009b\u202e\x7f\x00"), {0xc3}, {}, bytes.Repeat([]byte("0123456789abcdef"), 40_000), bytes.Repeat(every, 4_000)}
	must(t, j, "r1", Plan("health", "a"))
	for _, d := range datas {
		must(t, j, "r1", journal.OutputRead{Host: "a", Step: "check", Attempt: 1, Data: d})
	}
	for i, e := range read(t, j, "r1", 1) {
		if got := e.Body.(journal.OutputRead).Data; !bytes.Equal(got, datas[i]) {
			t.Errorf("output %d came back as %.60q, was %.60q", i, got, datas[i])
		}
	}
}
