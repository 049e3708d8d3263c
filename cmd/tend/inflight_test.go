package main

import (
	"fmt"
	"testing"

	"tend/inventory"
	"tend/journal"
	"tend/journal/journaltest"
	"tend/remote"
	"tend/runbooks"
)

// TestWhatAStopWaitsForIsSaid: a run that shall stop says which steps it waits for and what keeps it from their hosts; hosts that stand alike
// stand together, and what holds nothing up is left out.
func TestWhatAStopWaitsForIsSaid(t *testing.T) {
	book := journal.NewMemory("ops@test", nil)
	plan := journaltest.Plan("patch", "h1", "h2", "h3", "h4", "h5", "h6")
	plan.Plan.Steps = append(plan.Plan.Steps[:1:1], runbooks.Step{ID: "rest", Kind: runbooks.Wait})
	first := plan.Plan.Steps[0].ID
	bodies := []journal.Body{plan, journal.WaveOpened{}}
	for i := range 6 {
		bodies = append(bodies, journal.StepStarted{Host: inventory.HostID(fmt.Sprintf("h%d", i+1)), Step: first, Attempt: 1})
	}
	say := func(host inventory.HostID, text string) {
		bodies = append(bodies, journal.Remarked{Host: host, Step: first, Text: text})
	}
	for _, h := range []inventory.HostID{"h1", "h2", "h3"} {
		say(h, "the link was lost; trying to reach the host again: "+string(h)+": no login")
	}
	say("h3", "the host answers again; the step is taken up where it was left")
	say("h2", "the host is not reached again yet, and now for another reason: no road")
	say("h4", "something else")
	bodies = append(bodies, journal.StepEnded{Host: "h5", Step: first, Attempt: 1, Outcome: journal.OK}, journal.StepStarted{Host: "h5", Step: "rest", Attempt: 1},
		journal.StepEnded{Host: "h6", Step: first, Attempt: 1, Outcome: journal.Failed})
	if _, err := book.Append(t.Context(), "r1", bodies...); err != nil {
		t.Fatal(err)
	}
	all, err := waitsFor(t.Context(), book, "r1")
	got := ""
	for _, w := range all {
		got += fmt.Sprintf("%s %s %s; ", w.step, inventory.HostSet(w.hosts), w.away)
	}
	if want := fmt.Sprintf("%[1]s h1 no login; %[1]s h2 no road; %[1]s h[3-4] ; ", first); got != want || err != nil {
		t.Errorf("%q, want %q, %v", got, want, err)
	}
	if _, link := remote.LinkRemark("something else"); link {
		t.Error("any remark is taken for one of the link")
	}
}
