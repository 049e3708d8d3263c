package main

import (
	"strings"
	"testing"

	"tend/fleet"
	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// TestGearInTheStatus: what is asked of a person can be done: no runbook is named for gear without a shell, and it is told of all the same.
func TestGearInTheStatus(t *testing.T) {
	var s status
	s.hosts([]fleet.Posture{{Host: "web", State: fleet.Down}, {Host: "pdu", State: fleet.Down}, {Host: "new", State: fleet.Never},
		{Host: "ups", State: fleet.Never}, {Host: "switch", State: fleet.Fail}}, map[inventory.HostID]bool{"pdu": true, "ups": true, "switch": true})
	var got []string
	for _, m := range s.Matters {
		got = append(got, m.What+": "+m.Do)
	}
	want := "1 host down: tend run facts web; 1 host without a shell down: tend fleet pdu; 1 host failing: tend fleet switch; 1 host not looked at: tend run health new"
	if strings.Join(got, "; ") != want {
		t.Errorf("%s", strings.Join(got, "; "))
	}
}

// TestStatusSaysWhomARunWaitsFor: what needs somebody says what it needs, and how that is given.
func TestStatusSaysWhomARunWaitsFor(t *testing.T) {
	plan := runbooks.Plan{Hosts: []inventory.Host{{Name: "a"}, {Name: "b"}}, Policy: runbooks.Policy{Pause: "manual"}, Steps: []runbooks.Step{{ID: "swap", Kind: runbooks.Manual}},
		Waves: []runbooks.Wave{{Name: "canary", Hosts: []inventory.HostID{"a"}}, {Name: "the rest", Hosts: []inventory.HostID{"b"}}}}
	s := journal.NewState()
	for _, c := range []struct {
		body journal.Body
		want string
	}{
		{journal.PlanAccepted{Plan: plan}, ""},
		{journal.WaveOpened{Wave: 0}, ""},
		{journal.StepStarted{Host: "a", Step: "swap", Attempt: 1}, "; a person is waited for on a (tend answer r1 a)"},
		{journal.StepEnded{Host: "a", Step: "swap", Attempt: 1, Outcome: journal.OK}, "; the rest waits for approval (tend approve r1)"},
		{journal.Decided{Decision: journal.Pause}, "; it is paused (tend continue r1)"},
	} {
		s.Apply(journal.Event{Run: "r1", Body: c.body})
		if got := owedBy(s); got != c.want {
			t.Errorf("after %T: %q, want %q", c.body, got, c.want)
		}
	}
}
