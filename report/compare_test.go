package report

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// found is a run of a runbook that found facts on hosts, so long after the beginning.
func (b *book) found(run journal.RunID, after time.Duration, runbook string, o journal.Outcome, facts map[inventory.HostID][]runbooks.Fact, output string) {
	b.t.Helper()
	p := plan()
	p.Runbook = runbook
	p.Hosts = p.Hosts[:0:0]
	bodies := []journal.Body{}
	for id, fs := range facts {
		p.Hosts = append(p.Hosts, inventory.Host{Name: id})
		bodies = append(bodies, journal.StepStarted{Host: id, Step: "pending", Attempt: 1}, journal.OutputRead{Host: id, Step: "pending", Attempt: 1, Data: []byte(output)},
			journal.FactsRead{Host: id, Step: "pending", Facts: fs}, journal.StepEnded{Host: id, Step: "pending", Attempt: 1, Outcome: o})
	}
	b.now = t0.Add(after)
	all := append([]journal.Body{journal.PlanAccepted{Plan: p, By: ops}}, append(bodies, journal.RunClosed{Result: journal.Passed})...)
	if _, err := b.j.Append(context.Background(), run, all...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) events(run journal.RunID) iter.Seq2[journal.Event, error] {
	return b.j.Events(context.Background(), run, 0, false)
}

func told(all []Difference) string {
	var out []string
	for _, d := range all {
		out = append(out, fmt.Sprintf("%s %s: %s -> %s on %v%s", d.Kind, d.Key, d.Was, d.Is, inventory.HostSet(d.Hosts), strings.ReplaceAll("\n"+d.Diff, "\n", "|")))
	}
	return strings.Join(out, "\n")
}

func disk(value string, s runbooks.CheckState) runbooks.Fact {
	return runbooks.Fact{Key: "disk:/", Value: value, Unit: "%", Check: true, State: s, Text: "x"}
}

// TestCompareRuns: hosts, outcomes, checks, packages, facts and output, folded over hosts.
func TestCompareRuns(t *testing.T) {
	b := newBook(t)
	kernel := func(v string) runbooks.Fact { return runbooks.Fact{Key: "kernel", Value: v} }
	b.found("r1", 0, "health", journal.OK, map[inventory.HostID][]runbooks.Fact{
		"a": {kernel("6.1"), disk("50", runbooks.CheckOK), {Key: "update.ssl", Value: "1 -> 2"}}, "b": {kernel("6.1")}, "gone": {}}, "one\ntwo\nthree\n")
	b.found("r2", time.Hour, "health", journal.Failed, map[inventory.HostID][]runbooks.Fact{
		"a": {kernel("6.2"), disk("97", runbooks.CheckCrit)}, "b": {kernel("6.2")}, "new": {}}, "one\n2\nthree\n")
	was, err := OfRun(b.events("r1"))
	if err != nil {
		t.Fatal(err)
	}
	is, err := OfRun(b.events("r2"))
	if err != nil {
		t.Fatal(err)
	}
	want := `hosts : here -> not here on gone|
hosts : not here -> here on new|
outcome : not ended -> failed on a,b|
check disk:/: OK 50% -> CRIT 97% on a|
package update.ssl: 1 -> 2 -> not known on a|
fact kernel: 6.1 -> 6.2 on a,b|
output pending: 3 lines -> 3 lines on a,b|-two|+2`
	got := strings.NewReplacer("b,a", "a,b", "[a-b]", "a,b").Replace(told(Compare(was, is)))
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if all := Compare(was, was); len(all) != 0 {
		t.Errorf("with itself: %s", told(all))
	}
	if _, err := OfRun(func(func(journal.Event, error) bool) {}); err != ErrNoPlan {
		t.Errorf("of nothing: %v", err)
	}
}

// TestCompareTimes: a moment knows the newest reading of each source until then, and nothing that came later or was gone by then.
func TestCompareTimes(t *testing.T) {
	b := newBook(t)
	fact := func(k, v string) runbooks.Fact { return runbooks.Fact{Key: k, Value: v} }
	b.found("r1", 0, "facts", journal.OK, map[inventory.HostID][]runbooks.Fact{"a": {fact("kernel", "6.1"), fact("old", "1")}, "b": {fact("kernel", "6.1")}}, "")
	b.found("r2", 1*time.Hour, "health", journal.OK, map[inventory.HostID][]runbooks.Fact{"a": {fact("load", "1")}}, "")
	b.found("r3", 2*time.Hour, "facts", journal.OK, map[inventory.HostID][]runbooks.Fact{"a": {fact("kernel", "6.2")}}, "")
	at := func(after time.Duration, wanted func(inventory.HostID) bool) *Snapshot {
		s := AsOf(t0.Add(after))
		for _, run := range []journal.RunID{"r3", "r2", "r1"} {
			if err := s.Take(b.events(run), t0.Add(after), wanted); err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	all := func(inventory.HostID) bool { return true }
	for want, got := range map[string]string{
		"":                                told(Compare(at(90*time.Minute, all), at(100*time.Minute, all))),
		"fact load: not known -> 1 on a|": told(Compare(at(30*time.Minute, all), at(90*time.Minute, all))),
		"fact kernel: 6.1 -> 6.2 on a|\nfact load: not known -> 1 on a|\nfact old: 1 -> not known on a|": told(Compare(at(0, all), at(3*time.Hour, all))),
		"hosts : not here -> here on a,b|": strings.Replace(told(Compare(at(-time.Hour, all), at(0, all))), "[a-b]", "a,b", 1),
	} {
		if strings.Replace(got, "b,a", "a,b", 1) != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	if s := at(3*time.Hour, func(id inventory.HostID) bool { return id == "b" }); s.Len() != 1 {
		t.Errorf("%d hosts", s.Len())
	}
}

// TestDiff: only what differs is shown, and not too much of it.
func TestDiff(t *testing.T) {
	if got := diff([]string{"a", "b", "c"}, []string{"a", "x", "c"}); got != "-b\n+x" {
		t.Errorf("%q", got)
	}
	long := make([]string, 5000)
	for i := range long {
		long[i] = fmt.Sprint(i)
	}
	if got := diff(long, nil); strings.Count(got, "\n") != diffShown || !strings.HasSuffix(got, "  and 4940 more lines") {
		t.Errorf("%d lines, ends %q", strings.Count(got, "\n"), got[len(got)-30:])
	}
}
