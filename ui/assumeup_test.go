package ui

import (
	"slices"
	"strings"
	"testing"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// oneDown makes every plan count web-08, a member of its group, as down, but where the operator's word is that it is up.
func (d *driver) oneDown(wishes *[]Wish) func(*Config) {
	inv := theRoom(d.t)
	return func(c *Config) {
		c.Resolve = func(w Wish) (runbooks.Plan, error) {
			*wishes = append(*wishes, w)
			p, err := resolve(inv, w)
			if err != nil {
				return p, err
			}
			p.Groups = []inventory.Group{{Name: "web", Hosts: []inventory.HostID{"web-06", "web-07", "web-08"}, MaxDown: 1}}
			var k runbooks.Circumstances
			if !slices.Contains(w.AssumeUp, "web-08") {
				k.Down = []runbooks.DownMember{{Host: "web-08", Why: "unreachable, run r0"}}
			}
			for _, h := range w.AssumeUp {
				p.Warnings = append(p.Warnings, string(h)+" counts as up, on the operator's word")
			}
			return p.Under(k)
		}
	}
}

// TestHostIsTakenToBeUp: a plan that a host which counts as down forbids is no dead end: the form says who it is, and takes the operator's word.
func TestHostIsTakenToBeUp(t *testing.T) {
	var wishes []Wish
	d := newDriver(t, 100, 30)
	d.oneDown(&wishes)(&d.c.cfg)
	d.Press(":").Type("run patch web-06").Press("enter")
	d.See("PARAMETERS patch", "web-08 is down already (unreachable, run r0)", "! in assume_up: that is your word", "> assume_up").Miss("--assume-up")
	d.Type("web-[").Press("enter").See("assume_up: ").Press("ctrl+u")
	d.Type("web-08").Press("enter").See("PLAN patch", "nothing has run yet", "warnings (2)").Miss("web-08 is down already")
	if got := wishes[len(wishes)-1].AssumeUp; !slices.Equal(got, []inventory.HostID{"web-08"}) {
		t.Errorf("the plan was wished for with %v taken to be up", got)
	}
	d.Press("e").See("PARAMETERS patch", "web-08") // the word stays given where the parameters are changed
	d.Press("esc", ":").Type("run health web-06").Press("enter", "e").See("PARAMETERS health").Miss("assume_up")
}

// TestLineHostIsTakenToBeUp: the same in lines; an empty line makes no plan.
func TestLineHostIsTakenToBeUp(t *testing.T) {
	var wishes []Wish
	d := newDriver(t, 80, 24)
	d.runs.start = func(p runbooks.Plan) journal.RunID {
		d.tell("r1", journal.PlanAccepted{Plan: p, By: d.c.cfg.Who}, journal.RunClosed{Result: journal.Passed})
		return "r1"
	}
	out := d.lineSession(d.oneDown(&wishes), "run patch web-06", "", "run patch web-06", "web-08", "1", "quit")
	for _, want := range []string{"web-08 is down already", "name the hosts that count as up", "no plan was made: mend who is down", "warning: web-08 counts as up, on the operator's word"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if len(d.runs.started) != 1 || strings.Contains(out, "--assume-up") {
		t.Errorf("%d runs were started:\n%s", len(d.runs.started), out)
	}
}
