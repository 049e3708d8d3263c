package ui

import (
	"fmt"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

func ptr(n int) *int { return &n }

// library is a small one: something that reads, something that disrupts, something with a person in it.
func library() []runbooks.Runbook {
	return []runbooks.Runbook{
		{Name: "health", Title: "look at everything that commonly goes wrong", Risk: runbooks.Read, Source: "built-in",
			Params: []runbooks.Param{{Name: "disk_crit", Type: "int", Default: "95", Help: "per cent of a disk in use that is critical", Min: ptr(1), Max: ptr(100)}},
			Steps:  []runbooks.Step{{ID: "checks", Title: "all checks", Kind: runbooks.Check, Phase: runbooks.Main, Risk: runbooks.Read, Script: "df -PT", Emits: "checks"}}},
		{Name: "patch", Title: "upgrade packages, and restart where that is due", Risk: runbooks.Disrupt, Source: "/etc/tend/runbooks/patch.toml", Shadows: "built-in",
			Doc: "Takes the package manager's lock, upgrades, says what was held and why.",
			Params: []runbooks.Param{
				{Name: "reboot", Type: "choice", Options: []string{"never", "if-needed", "always"}, Default: "if-needed", Help: "when to restart"},
				{Name: "security_only", Type: "bool", Default: "no", Help: "only what closes a security hole"},
			},
			Policy: runbooks.Policy{Canary: 1, Batch: "5", MaxFailures: "2", Pause: "manual"},
			Steps: []runbooks.Step{
				{ID: "precheck", Kind: runbooks.Check, Phase: runbooks.Before, Risk: runbooks.Read, Script: "# is there room\ntest -w /boot"},
				{ID: "upgrade", Kind: runbooks.Script, Phase: runbooks.Main, Risk: runbooks.Change, Become: true, Script: "apt-get -y upgrade"},
				{ID: "reboot", Kind: runbooks.Reboot, Phase: runbooks.Main, Risk: runbooks.Disrupt, Become: true},
				{ID: "verify", Kind: runbooks.Script, Phase: runbooks.After, Risk: runbooks.Read, Script: "uname -r", Emits: "facts"},
			}},
		{Name: "replace-disk", Title: "swap a failed disk, with a person in the room", Risk: runbooks.Disrupt, Source: "built-in",
			Params: []runbooks.Param{{Name: "slot", Type: "int", Required: true, Help: "the slot, counted from 0", Min: ptr(0), Max: ptr(23)}},
			Steps: []runbooks.Step{{ID: "swap", Title: "swap the disk", Kind: runbooks.Manual, Phase: runbooks.Main, Risk: runbooks.Disrupt,
				Words: "Pull the disk with the red light and put the new one in.", Asks: []runbooks.Ask{{Name: "serial", Text: "serial number of the new disk", Type: "text"}, {Name: "light", Text: "is the light green", Type: "yes"}}}}},
	}
}

func resolve(inv *inventory.Inventory, w Wish) (runbooks.Plan, error) {
	sel, err := inventory.ParseSelector(w.Select)
	if err != nil {
		return runbooks.Plan{}, err
	}
	for _, rb := range library() {
		if rb.Name == w.Runbook {
			return runbooks.Resolve(rb, w.Select, inv.Select(sel, nil), inv.Groups, w.Params, w.Policy)
		}
	}
	return runbooks.Plan{}, fmt.Errorf("no runbook %q", w.Runbook)
}

// tell appends events to a run, each a second after the other.
func (d *driver) tell(run journal.RunID, bodies ...journal.Body) {
	d.t.Helper()
	for _, b := range bodies {
		d.now = d.now.Add(time.Second)
		if _, err := d.journal.Append(d.c.work.ctx, run, b); err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *driver) plan(runbook, sel string) runbooks.Plan {
	d.t.Helper()
	p, err := d.c.cfg.Resolve(Wish{Runbook: runbook, Select: sel, Params: map[string]string{}})
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

func check(key, value, unit, limit string, state runbooks.CheckState) runbooks.Fact {
	return runbooks.Fact{Key: key, Value: value, Unit: unit, Threshold: limit, Check: true, State: state}
}

// step tells one attempt at a step: its start, its output, its facts, its end.
func (d *driver) step(run journal.RunID, host inventory.HostID, step runbooks.StepID, out string, o journal.Outcome, reason string, facts ...runbooks.Fact) {
	d.t.Helper()
	bodies := []journal.Body{journal.StepStarted{Host: host, Step: step, Attempt: 1}}
	if out != "" {
		bodies = append(bodies, journal.OutputRead{Host: host, Step: step, Attempt: 1, Data: []byte(out)})
	}
	if facts != nil {
		bodies = append(bodies, journal.FactsRead{Host: host, Step: step, Facts: facts})
	}
	exit := 0
	if o == journal.Failed {
		exit = 100
	}
	d.tell(run, append(bodies, journal.StepEnded{Host: host, Step: step, Attempt: 1, Outcome: o, Exit: exit, Reason: reason})...)
}

// health tells a whole health run over the hosts of r01 and some of r02: good, bad, unreachable.
func (d *driver) health(run journal.RunID) {
	d.t.Helper()
	p := d.plan("health", "nyc1/r01")
	d.tell(run, journal.PlanAccepted{Plan: p, By: d.c.cfg.Who, Reason: "weekly look", Ticket: "OPS-12"}, journal.WaveOpened{Wave: 0})
	for _, h := range p.Hosts {
		id := h.Name
		switch id {
		case "db-02":
			d.step(run, id, "checks", "@check\tdisk:/var\tCRIT\t97\t%\t90/95\t\n", journal.Failed, "disk:/var 97%", check("disk:/var", "97", "%", "90/95", runbooks.CheckCrit), check("load", "0.4", "", "2/4", runbooks.CheckOK))
		case "db-03":
			d.step(run, id, "checks", "", journal.Unreachable, "i/o timeout after 10s")
		case "web-02":
			d.step(run, id, "checks", "x\n", journal.Warned, "", check("disk:/", "91", "%", "90/95", runbooks.CheckWarn), check("load", "0.2", "", "2/4", runbooks.CheckOK), runbooks.Fact{Key: "pending", Value: "17"}, runbooks.Fact{Key: "security", Value: "3"})
		default:
			d.step(run, id, "checks", "fine\n", journal.OK, "", check("disk:/", "41", "%", "90/95", runbooks.CheckOK), check("load", "0.2", "", "2/4", runbooks.CheckOK), runbooks.Fact{Key: "pending", Value: "4"})
		}
	}
	d.tell(run, journal.RunClosed{Result: journal.SomeFailed, Reason: "2 of 8 hosts did not end well"})
}

// patch tells a patch run over r02 up to its middle.
func (d *driver) patch(run journal.RunID) {
	d.t.Helper()
	p := d.plan("patch", "nyc1/r02")
	d.tell(run, journal.PlanAccepted{Plan: p, By: d.c.cfg.Who}, journal.WaveOpened{Wave: 0})
	through := func(id inventory.HostID, kernel string) {
		d.step(run, id, "precheck", "", journal.OK, "")
		d.step(run, id, "upgrade", "Reading package lists\nSetting up linux-image\n", journal.OK, "")
		d.step(run, id, "reboot", "", journal.OK, "back as another boot")
		d.step(run, id, "verify", kernel+"\n", journal.OK, "")
	}
	through("web-06", "6.8.0-45-generic")
	d.tell(run, journal.Decided{Decision: journal.Approve, Wave: 1, By: d.c.cfg.Who}, journal.WaveOpened{Wave: 1})
	through("web-07", "6.8.0-45-generic")
	through("web-08", "6.8.0-44-generic")
	d.step(run, "web-09", "precheck", "", journal.OK, "")
	d.step(run, "web-09", "upgrade", "Unpacking\ndpkg: error: /var is full\n", journal.Failed, "exit 100")
	d.tell(run, journal.StepStarted{Host: "web-10", Step: "precheck", Attempt: 1}, journal.StepEnded{Host: "web-10", Step: "precheck", Attempt: 1, Outcome: journal.OK},
		journal.StepStarted{Host: "web-10", Step: "upgrade", Attempt: 1, Job: "j1"},
		journal.OutputRead{Host: "web-10", Step: "upgrade", Attempt: 1, Data: []byte("Setting up linux-image-6.8.0-45\nUnpacking linux-modules")})
}

func long(s string, n int) string { return strings.Repeat(s, n) }
