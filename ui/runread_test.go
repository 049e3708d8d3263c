package ui

import (
	"testing"
	"time"

	"tend/journal"
)

// TestAPastRunIsReadBeforeItIsJudged: of 100 MB of a run that has ended, the end comes last; until then nobody has left it behind.
func TestAPastRunIsReadBeforeItIsJudged(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.tell("r1", journal.PlanAccepted{Plan: d.plan("health", "web-01")})
	w := d.c.follow("r1")
	d.do(d.c.openRun("r1"))
	d.Pull()
	w.missed, w.heard = 0, 0
	look := func() *driver { d.do(d.c.tookAlive(nil, d.now)); return d }
	look().See("BEING READ")
	d.tell("r1", journal.StepStarted{Host: "web-01", Step: "checks", Attempt: 1})
	d.Pull()
	look().See("BEING READ").Miss("NO PROCESS")
	look().See("OPEN, NO PROCESS", "c takes it up")
}

// TestWhyIsReadInFull: a reason that is longer than the line stands below the list, as far as there is room.
func TestWhyIsReadInFull(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.tell("r1", journal.PlanAccepted{Plan: d.plan("health", "web-01")}, journal.WaveOpened{Wave: 0})
	d.step("r1", "web-01", "checks", "", journal.Unreachable, "HOST KEY CHANGED: it presents one that is not the one that known_hosts has, in line 7; ask whoever installed it")
	d.do(d.c.openRun("r1"))
	d.Pull().See("ask whoever installed it").Press("r").See("RUNBOOKS for web-01")
}

// TestRunCommandTakesTheMarks: as every verb does.
func TestRunCommandTakesTheMarks(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press(":").Type("mark db-[01-02]").Press("enter", ":").Type("run health").Press("enter").See("PLAN health", "2 hosts", "db-").Press("esc", "u")
	d.Press(":").Type("run health tag=w").Press("tab").See("run health tag=web").Press("esc", ":").Type("run health").Press("enter").See("35 hosts")
}

// TestAClockThatGoes: the clock of a run at work goes on while its hosts say nothing, by the second, and on a slow line by five; what has ended,
// or works for nobody to see, writes nothing.
func TestAClockThatGoes(t *testing.T) {
	for tier, step := range map[Tier]int{Full: 1, Plain: 5} {
		d := newDriver(t, 80, 24, func(c *Config) { c.Tier = tier })
		d.patch("p1")
		d.do(d.c.openRun("p1"))
		d.Pull()
		was := d.c.View().Content
		after := func(seconds int) string {
			d.now = d.now.Add(time.Duration(seconds) * time.Second)
			d.send(pullMsg{})
			return d.c.View().Content
		}
		if step > 1 && after(step-1) != was {
			t.Errorf("%v: within %d seconds it has drawn anew", tier, step)
		}
		if after(1) == was {
			t.Errorf("%v: the clock stands still for %d seconds", tier, step)
		}
		d.Press("esc")
		if was = d.c.View().Content; after(30) != was {
			t.Errorf("%v: behind another screen", tier)
		}
		p, err := d.c.cfg.Resolve(Wish{Runbook: "replace-disk", Select: "db-02", Params: map[string]string{"slot": "3"}})
		if err != nil {
			t.Fatal(err)
		}
		d.tell("m1", journal.PlanAccepted{Plan: p}, journal.WaveOpened{Wave: 0}, journal.StepStarted{Host: "db-02", Step: "swap", Attempt: 1})
		d.do(d.c.openRun("m1"))
		if was = d.Pull().See("WAITS FOR A PERSON").c.View().Content; after(30) != was {
			t.Errorf("%v: of a run that waits for a person", tier)
		}
		d.tell("p1", journal.RunClosed{Result: journal.SomeFailed})
		d.do(d.c.openRun("p1"))
		d.Pull()
		if was = d.c.View().Content; after(30) != was {
			t.Errorf("%v: of a run that has ended", tier)
		}
	}
}
