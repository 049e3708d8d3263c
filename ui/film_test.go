package ui

import (
	"testing"
	"time"

	"tend/journal"
)

// film opens the film of a health run, stopped at its beginning.
func (d *driver) film() *driver {
	d.health("r0")
	d.Press("J", "v")
	return d.Pull().Press("space", "<").Pull()
}

// TestFilmStepByStep: a run of the past is gone through as it went: on, back, and from failure to failure, and what is opened from it knows
// nothing of what came later.
func TestFilmStepByStep(t *testing.T) {
	d := newDriver(t, 80, 24).film()
	d.See("REPLAY r0 health", "00:00 of", "stopped", "run r0: health on").Miss("FAIL        1").Miss("UNREACH")
	d.Press("l", "l").Pull().See("begins checks", "RUNNING", "run         1")
	d.Press("n").Pull().See("FAILED db-02 checks", "FAIL        1  checks", "FAIL:1").Miss("unreach")
	d.Press("enter").Pull().See("OUTPUT", "disk:/var", "== checks: failed").Press("esc")
	d.Press("n").Pull().See("UNREACHABLE db-03 checks", "unreach:1").Press("n").See("next is not possible here: there is no failure behind this one")
	d.Press("N").Pull().See("FAILED db-02 checks").Miss("unreach")
	d.Press("h").Pull().See("db-02 begins checks", "FAIL:0").Press("enter").Pull().See("== checks ==").Miss("failed").Press("esc")
	d.Press(">").Pull().See("the end", "FAILED", "run r0 ended", "8/8").Press("l").See("there is no step behind this one")
	d.Press("h").Pull().See("stopped", "RUNNING")
	d.Press("t").Type("00:00").Press("enter").Pull().See("run r0: health on", "00:00 of")
	d.Press("t").Type("noon").Press("enter").See("not a time in the run; write it as 03:12")
	d.Press("x").See("x does nothing here")
	d.Press("esc", "enter").Pull().See("RUN r0", "FAILED").Press("p").See("the run has ended").Press(":").Type("film").Press("enter").Pull().See("REPLAY r0")
}

// TestFilmPlays: by itself it takes the time that the run took, at the speed that is chosen; where nothing happens it does not let wait.
func TestFilmPlays(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("r0")
	d.tell("r1", journal.PlanAccepted{Plan: d.plan("patch", "web-06"), By: d.c.cfg.Who}, journal.WaveOpened{Wave: 0})
	d.step("r1", "web-06", "precheck", "", journal.OK, "")
	d.now = d.now.Add(8 * time.Hour)
	d.step("r1", "web-06", "upgrade", "", journal.Failed, "exit 100")
	d.tell("r1", journal.RunClosed{Result: journal.SomeFailed})
	wait := func(t time.Duration) *driver { d.now = d.now.Add(t); return d.Pull() }
	d.Press("J", "j", "v").Pull().See("REPLAY r0", "plays x1", "00:00 of")
	wait(4*time.Second).See("00:04 of", "plays x1", "begins checks")
	d.Press("+").See("plays x2")
	wait(2 * time.Second).See("00:08 of").Press("space").See("stopped")
	wait(time.Minute).See("00:08 of").Press("space", "-", "-").See("slower is not possible here: this is the run's own time")
	wait(time.Minute).See("the end", "FAILED")
	d.Press("space").Pull().See("00:00 of", "plays x1").Press("esc", "k", "v").Pull().See("REPLAY r1", "plays x500")
	d.Press("-", "-", "-", "-", "-", "-", "-", "-").See("plays x1")
	wait(3*time.Second).See("OK web-06 precheck", "RUNNING").Press("space", "h", "l").Pull()
	d.Press("space")
	wait(time.Second)
	wait(4*time.Second).See("FAIL:1", "8:00:06 of") // eight hours later
}

// TestFilmOfALiveRun ends where the run stood, and leaves the run alone.
func TestFilmOfALiveRun(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.patch("r1")
	d.do(d.c.openRun("r1"))
	d.Pull().Press("v").Pull().Press(">").Pull().See("REPLAY r1", "RUNNING", "web-10 begins upgrade", "the end")
	d.tell("r1", journal.StepEnded{Host: "web-10", Step: "upgrade", Attempt: 1, Outcome: journal.OK})
	d.Pull().See("web-10 begins upgrade").Press("p").See("p does nothing here")
	d.Press("esc").Pull().See("RUN r1").Press("p")
	if len(d.runs.decided) != 1 {
		t.Errorf("%d decisions, and not the one of the run's own screen", len(d.runs.decided))
	}
}

// TestFilmOfManyEvents: going back reads again, in pieces that let keys through, and ends where it was wanted.
func TestFilmOfManyEvents(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.tell("r1", journal.PlanAccepted{Plan: d.plan("health", "db-01"), By: d.c.cfg.Who}, journal.WaveOpened{Wave: 0}, journal.StepStarted{Host: "db-01", Step: "checks", Attempt: 1})
	for range 2000 {
		d.tell("r1", journal.OutputRead{Host: "db-01", Step: "checks", Attempt: 1, Data: []byte("x\n")})
	}
	d.tell("r1", journal.StepEnded{Host: "db-01", Step: "checks", Attempt: 1, Outcome: journal.Failed, Exit: 3}, journal.RunClosed{Result: journal.SomeFailed})
	d.Press("J", "v").Pull().Press(">").Pull().See("FAILED", "33:2").Press("t").Type("16:40").Press("enter", "h", "l", "h").Pull().See("db-01 begins checks", "00:02 of")
}
