package engine

import (
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

func begins(list []Action) (n int) {
	for _, a := range list {
		if _, ok := a.(Start); ok {
			n++
		}
	}
	return n
}

// TestHostsThatAreTriedAgainWaitForASlot: an operator's word brings more hosts back to work than may be at once. They take turns.
func TestHostsThatAreTriedAgainWaitForASlot(t *testing.T) {
	p := plan(4, runbooks.Step{ID: "a"})
	p.Policy.Parallel = 1
	m := newSim(t, p)
	m.apply(journal.WaveOpened{})
	for _, h := range []string{"h00", "h01", "h02"} {
		m.apply(started(h, "a", 1), ended(h, "a", 1, journal.Failed))
	}
	m.apply(started("h03", "a", 1))
	for _, h := range p.Hosts[:3] {
		m.tried[h.Name] = true
		m.apply(journal.Decided{Decision: journal.Retry, Host: h.Name})
	}
	m.now = m.now.Add(time.Hour)
	m.oneBeginsAfter(t, ended("h03", "a", 1, journal.OK))
}

// TestHostsWhoseStepIsLeftOutWaitForASlot: the same where they go on to their next step.
func TestHostsWhoseStepIsLeftOutWaitForASlot(t *testing.T) {
	p := plan(3, runbooks.Step{ID: "a"}, runbooks.Step{ID: "b"})
	p.Policy.Parallel = 1
	m := newSim(t, p)
	m.apply(journal.WaveOpened{})
	for _, h := range []string{"h00", "h01"} {
		m.apply(started(h, "a", 1), ended(h, "a", 1, journal.Failed))
	}
	m.apply(started("h02", "a", 1))
	for _, h := range p.Hosts[:2] {
		m.tried[h.Name] = true
		m.apply(journal.Decided{Decision: journal.SkipStep, Host: h.Name})
	}
	m.oneBeginsAfter(t, ended("h02", "a", 1, journal.Failed))
}

// oneBeginsAfter: nobody begins while the only slot is taken; one does when its step has ended.
func (m *sim) oneBeginsAfter(t *testing.T, end journal.Body) {
	t.Helper()
	if list := Next(m.s, m.now); begins(list) > 0 {
		t.Fatalf("the slot is taken: %+v", list)
	}
	m.apply(end)
	if list := Next(m.s, m.now); begins(list) != 1 {
		t.Fatalf("one slot is free: %+v", list)
	}
}

// TestAbortEndsWhatOnlyWaits: a wait and a question to a person ask nothing of a host, and end with the run.
func TestAbortEndsWhatOnlyWaits(t *testing.T) {
	for _, step := range []runbooks.Step{{ID: "a", Kind: runbooks.Wait, For: time.Hour}, {ID: "a", Kind: runbooks.Manual}} {
		m := newSim(t, plan(1, step))
		m.apply(journal.WaveOpened{}, started("h00", "a", 1), journal.Decided{Decision: journal.Abort})
		if e := one[End](t, Next(m.s, m.now)); e.Outcome != journal.Aborted {
			t.Errorf("%s: %+v", step.Kind, e)
		}
	}
}

// TestAnswerWithoutAReason: a step that was not done, and nobody says why.
func TestAnswerWithoutAReason(t *testing.T) {
	m := newSim(t, plan(1, runbooks.Step{ID: "swap", Kind: runbooks.Manual}))
	m.apply(journal.WaveOpened{}, started("h00", "swap", 1), journal.Decided{Decision: journal.Answer, Host: "h00", Step: "swap"})
	if e := one[End](t, Next(m.s, m.now)); e.Outcome != journal.Failed || e.Reason != "answered: not done" {
		t.Errorf("%+v", e)
	}
}

// TestTheEarliestWindowIsWaitedFor: whichever host comes first in the plan.
func TestTheEarliestWindowIsWaitedFor(t *testing.T) {
	m := newSim(t, plan(4, runbooks.Step{ID: "a"}))
	opens := map[inventory.HostID]time.Duration{"h00": 2 * time.Hour, "h01": time.Hour, "h02": 3 * time.Hour, "h03": -time.Hour}
	c, err := Compile(m.s.Plan(), Rules{Window: func(h inventory.Host, _ time.Time) (Window, error) {
		if opens[h.Name] < 0 { // and none will come again
			return hours{m.now.Add(-2 * time.Hour), m.now.Add(-time.Hour)}, nil
		}
		return hours{m.now.Add(opens[h.Name]), m.now.Add(9 * time.Hour)}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	m.apply(journal.WaveOpened{})
	if w := one[Wake](t, c.Next(m.s, m.now)); !w.At.Equal(m.now.Add(time.Hour)) {
		t.Errorf("wakes at %s, and the first window opens at %s", w.At, m.now.Add(time.Hour))
	}
	o := orders{r: &run{}}
	for _, h := range []time.Duration{3, 1, 2} {
		o.add(Wake{At: m.now.Add(h * time.Hour)})
	}
	if !o.r.wake.Equal(m.now.Add(time.Hour)) {
		t.Errorf("of three times it wakes at %s", o.r.wake)
	}
}
