package engine

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// opening is the one opening of a window that a run works in.
type opening struct{ open, shut time.Time }

func (o opening) At(now time.Time) (bool, time.Time) {
	switch {
	case now.Before(o.open):
		return false, o.open
	case now.Before(o.shut):
		return true, o.shut
	}
	return false, time.Time{}
}

func openingOf(h inventory.Host, accepted time.Time) (Window, error) {
	w, err := inventory.ParseWindow(h.Window)
	if err != nil || w.Always() {
		return nil, err
	}
	open, shut := w.Next(accepted)
	return opening{open, shut}, nil
}

// best carries a plan out with every step ending well, and at once but for what waits; it reports whether every host began.
func (m *sim) best() bool {
	c, err := Compile(m.s.Plan(), Rules{Window: openingOf, Accepted: m.now})
	if err != nil {
		m.t.Fatal(err)
	}
	for m.closed == 0 {
		for _, b := range m.running() {
			m.apply(journal.StepEnded{Host: b.Host, Step: b.Step, Attempt: b.Attempt, Outcome: journal.OK})
		}
		m.turn(c)
	}
	return m.s.Tally.Waiting == 0
}

// TestWhatIsRefusedCannotBe: a plan is refused for its limits if, and only if, the engine could not carry it out though everything went well.
func TestWhatIsRefusedCannotBe(t *testing.T) {
	refused, carried := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		p.Steps = []runbooks.Step{{ID: "a", Kind: runbooks.Script, Risk: runbooks.Disrupt}}
		if d := rapid.SampledFrom([]time.Duration{0, 0, 50 * time.Minute}).Draw(t, "wait"); d > 0 {
			p.Steps = append(p.Steps, runbooks.Step{ID: "w", Kind: runbooks.Wait, Risk: runbooks.Read, For: d})
		}
		p.Policy.Cutoff = rapid.SampledFrom([]string{"", "", "45m", "4h"}).Draw(t, "cutoff")
		p.Policy.Pause = rapid.SampledFrom([]string{"", "manual", "30m", "20h"}).Draw(t, "pause")
		for i := range p.Hosts {
			p.Hosts[i].Window = rapid.SampledFrom([]string{"", "", "Sat 01:00-04:00 UTC", "Sun 01:00-03:00 UTC", "daily 22:00-23:00 UTC"}).Draw(t, "window")
		}
		k := runbooks.Circumstances{Down: p.Down, Now: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)}
		p.Down = nil
		got, err := p.Under(k)
		if err != nil {
			var e *runbooks.ConflictError
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			refused++
			got = without(p, k) // as it would have been carried out
		} else {
			carried++
		}
		m := newSim(t, got)
		m.s, m.now = journal.NewState(), k.Now
		m.apply(journal.PlanAccepted{Plan: got})
		if done := m.best(); done != (err == nil) {
			t.Fatalf("refused: %v; the engine carried it out: %v, %s", err, done, m.s.Reason)
		}
	})
	if refused == 0 || carried == 0 {
		t.Error(fmt.Sprint(refused, " were refused and ", carried, " carried out: nothing was tested"))
	}
}

// without puts a plan under circumstances though its limits forbid it: as one that does not bind, whose limits are put back.
func without(p runbooks.Plan, k runbooks.Circumstances) runbooks.Plan {
	loose, hosts, groups := p, p.Hosts, p.Groups
	loose.Hosts, loose.Groups = append([]inventory.Host(nil), hosts...), append([]inventory.Group(nil), groups...)
	for i := range loose.Hosts {
		loose.Hosts[i].Window = ""
	}
	for i := range loose.Groups {
		loose.Groups[i].MaxDown = 1000
	}
	out, err := loose.Under(k)
	if err != nil {
		panic(err)
	}
	out.Hosts, out.Groups = hosts, groups
	return out
}
