package engine

import (
	"slices"
	"strings"
	"testing"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// drainPlan takes members of g out, works, and brings them back; h2 is no member.
func drainPlan() runbooks.Plan {
	p := plan(3,
		runbooks.Step{ID: "out", Kind: runbooks.Script, Phase: runbooks.Main, Risk: runbooks.Disrupt, Group: "g", When: "group=g"},
		runbooks.Step{ID: "work", Kind: runbooks.Script, Phase: runbooks.Main, Risk: runbooks.Disrupt},
		runbooks.Step{ID: "back", Kind: runbooks.Script, Phase: runbooks.After, Risk: runbooks.Disrupt, Group: "g", When: "group=g"})
	p.Risk, p.Steps[2].Phase = runbooks.Disrupt, runbooks.After
	for i := range 2 {
		p.Hosts[i].Groups = []string{"g"}
	}
	p.Groups = []inventory.Group{{Name: "g", MaxDown: 1, Hosts: []inventory.HostID{p.Hosts[0].Name, p.Hosts[1].Name}}}
	return p
}

// TestDrainedOneByOne: no two members are out together, who is no member is left alone, and the run says who stays out.
func TestDrainedOneByOne(t *testing.T) {
	for _, broken := range []string{"", "out", "work", "back"} {
		p := drainPlan()
		first := p.Hosts[0].Name
		m := newSim(t, p)
		out := map[inventory.HostID]bool{}
		var steps []string
		m.play(func(b journal.StepStarted) journal.StepEnded {
			steps = append(steps, string(b.Host)+" "+string(b.Step))
			switch b.Step {
			case "out":
				out[b.Host] = true
			case "back":
				delete(out, b.Host)
			}
			if len(out) > 1 {
				t.Errorf("broken %q: %v are out together", broken, out)
			}
			if b.Host == first && string(b.Step) == broken {
				return ended(string(b.Host), string(b.Step), b.Attempt, journal.Failed)
			}
			return ended(string(b.Host), string(b.Step), b.Attempt, journal.OK)
		}, func(int) int { return 0 }, func() {})
		reason := m.events[len(m.events)-1].(journal.RunClosed).Reason
		if stays := strings.Contains(reason, "still out of service: "+string(first)+" (g)"); stays != (broken != "") {
			t.Errorf("broken %q: the run ended saying %q", broken, reason)
		}
		if broken == "out" && slices.Contains(steps, string(first)+" work") {
			t.Error("a host that could not be drained was worked on")
		}
		if slices.Contains(steps, string(p.Hosts[2].Name)+" out") || slices.Contains(steps, string(p.Hosts[2].Name)+" back") {
			t.Error("a host outside of the group was drained")
		}
	}
}
