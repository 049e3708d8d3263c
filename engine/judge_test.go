package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// answers is a host that would not start a step; astray is one that could not be reached.
type (
	answers struct{ away }
	astray  struct{ away }
)

func (answers) Answered() bool { return true }
func (astray) Answered() bool  { return false }

// TestAHostThatAnswersIsNotUnreachable: what never began is one thing, and why is another.
func TestAHostThatAnswersIsNotUnreachable(t *testing.T) {
	for err, want := range map[error]journal.Outcome{answers{}: journal.Refused, astray{}: journal.Unreachable, away{}: journal.Unreachable} {
		s, _, _ := carried(t, plan(1, runbooks.Step{ID: "a"}), newWorld(func(inventory.HostID, string, int) act { return act{err: err} }), Options{})
		if st := s.Hosts[0].Steps[0]; st.Outcome != want || !st.Again || s.Tally.Bad() != 1 || !strings.Contains(s.Reason, "1 "+want.String()) {
			t.Errorf("%T: %s, %+v, %s", err, st.Outcome, s.Tally, s.Reason)
		}
	}
}

// TestAnAbortSaysWhatItCameBefore: what was to be tried again keeps the reason of its last try.
func TestAnAbortSaysWhatItCameBefore(t *testing.T) {
	for want, st := range map[string]journal.StepState{
		"the run was aborted before this step began":                         {},
		"the run was aborted before another try":                             {Attempt: 1},
		"the run was aborted before another try; the last: exit 1: no route": {Attempt: 2, Reason: "exit 1: no route"},
	} {
		if got := abortedBefore(&st); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestChecksAreNamedAsTheyAreRead: the reason that a step gives is one sentence, with a blank where a person would write one.
func TestChecksAreNamedAsTheyAreRead(t *testing.T) {
	facts := []runbooks.Fact{
		{Key: "journal", Check: true, State: runbooks.CheckWarn, Value: "218", Unit: "in 60 minutes", Text: "73 kernel"},
		{Key: "disk:/var", Check: true, State: runbooks.CheckCrit, Value: "97", Unit: "%"},
	}
	if got, want := checks(facts, runbooks.CheckCrit, runbooks.CheckWarn), "disk:/var CRIT 97%; journal WARN 218 in 60 minutes 73 kernel"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// closed is a device that closed the command without an exit status.
type closed struct{}

func (closed) Error() string { return "h00: closed without a status" }
func (closed) Ended() bool   { return true }

// misled is a lost step's error, whose hint is of no use once its end is recorded.
type misled struct{}

func (misled) Error() string { return "h00: stopped following the step" }
func (misled) Hint() string  { return "resume the run" }

// TestHowAnAttemptIsJudged: each way in which a step can end is one outcome and one sentence.
func TestHowAnAttemptIsJudged(t *testing.T) {
	const job = "r1-a-h00-1"
	check := func(state, more string) string { return "@check\tdisk\t" + state + "\t97\t%\t\t" + more + "\n" }
	change, read, checks := runbooks.Step{ID: "a", Risk: runbooks.Change}, runbooks.Step{ID: "a", Risk: runbooks.Read}, runbooks.Step{ID: "a", Risk: runbooks.Read, Emits: "checks"}
	facts := runbooks.Step{ID: "a", Risk: runbooks.Read, Emits: "facts", Facts: []runbooks.FactSpec{{Key: "kernel", Type: "string"}}}
	for name, c := range map[string]struct {
		step     runbooks.Step
		job, out string
		exit     int
		err      error
		why      ending
		tell     func(a *attempt)
		want     journal.StepEnded
		beside   int // events beside the step's end
	}{
		"well":                 {step: change, job: job, out: "done\n", want: journal.StepEnded{Outcome: journal.OK}},
		"aborted, only read":   {step: read, err: context.Canceled, why: aborted, want: journal.StepEnded{Outcome: journal.Aborted, Exit: -1, Reason: "the run was aborted; the step only reads"}},
		"timed out, only read": {step: read, err: misled{}, why: timedOut, want: journal.StepEnded{Outcome: journal.Failed, Exit: -1, Reason: "timed out after 10m0s", Hint: "resume the run"}},
		"aborted, deaf": {step: change, job: job, err: misled{}, why: aborted, tell: func(a *attempt) { a.passed("TERM", errors.New("no road")); a.passed("KILL", nil) },
			want: journal.StepEnded{Exit: -1, Reason: "the run was aborted; job " + job + " was signalled, and may still run on the host", Hint: "look whether it still runs there: ps -ef | grep " + job}},
		"aborted, the second signal lost": {step: change, job: job, err: misled{}, why: aborted, tell: func(a *attempt) { a.passed("TERM", nil); a.passed("KILL", errors.New("no road")) },
			want: journal.StepEnded{Exit: -1, Reason: "the run was aborted; job " + job + " was signalled, and may still run on the host (signal KILL: no road)", Hint: "look whether it still runs there: ps -ef | grep " + job}},
		"timed out, not reached": {step: change, job: job, err: misled{}, why: timedOut, tell: func(a *attempt) {
			a.passed("TERM", errors.New("no road"))
			a.passed("KILL", errors.New("no road at all"))
		},
			want: journal.StepEnded{Exit: -1, Reason: "timed out after 10m0s; job " + job + " could not be signalled, and may still run on the host (signal KILL: no road at all)", Hint: "look whether it still runs there: ps -ef | grep " + job}},
		"lost":                  {step: change, job: job, err: misled{}, want: journal.StepEnded{Exit: -1, Reason: "stopped following the step", Hint: "resume the run"}},
		"no status, only read":  {step: read, err: closed{}, want: journal.StepEnded{Outcome: journal.Warned, Exit: -1, Reason: "closed without a status"}},
		"no status, changed":    {step: change, err: closed{}, want: journal.StepEnded{Exit: -1, Reason: "closed without a status"}},
		"a bad check":           {step: checks, out: check("CRIT", ""), want: journal.StepEnded{Outcome: journal.Failed, Reason: "disk CRIT 97%"}, beside: 1},
		"a bad check, and exit": {step: checks, exit: 1, out: check("CRIT", "") + "@check\tload\tOK\t0\t\t\t\n", want: journal.StepEnded{Outcome: journal.Failed, Exit: 1, Reason: "exit 1: disk CRIT 97%"}, beside: 1},
		"a poor check":          {step: checks, out: check("WARN", "full  soon"), want: journal.StepEnded{Outcome: journal.Warned, Reason: "disk WARN 97% full soon"}, beside: 1},
		"a good check":          {step: checks, out: check("OK", ""), want: journal.StepEnded{Outcome: journal.OK}, beside: 1},
		"no check":              {step: checks, want: journal.StepEnded{Outcome: journal.Warned, Reason: "no check was reported"}},
		"a fact":                {step: facts, out: "kernel=6.1\n", want: journal.StepEnded{Outcome: journal.OK}, beside: 1},
		"facts and too much":    {step: facts, out: strings.Repeat("x\n", 3*keepFacts), want: journal.StepEnded{Outcome: journal.Warned, Reason: "the output is longer than 512 KiB: what it tells in its middle was not read"}, beside: 1},
		"facts behind why":      {step: facts, exit: 100, out: "E: no room\nkernel=6.1\n", want: journal.StepEnded{Outcome: journal.Failed, Exit: 100, Reason: "exit 100: E: no room"}, beside: 1},
		"nothing but facts":     {step: facts, exit: 1, out: "kernel=6.1\n", want: journal.StepEnded{Outcome: journal.Failed, Exit: 1, Reason: "exit 1: kernel=6.1"}, beside: 1},
		"checks behind why":     {step: checks, exit: 1, out: "no such tool\n" + check("OK", ""), want: journal.StepEnded{Outcome: journal.Failed, Exit: 1, Reason: "exit 1: no such tool"}, beside: 1},
		"no facts are wanted":   {step: read, out: check("CRIT", ""), want: journal.StepEnded{Outcome: journal.OK}},
		"exit, and no word":     {step: read, exit: 3, out: "\n \n", want: journal.StepEnded{Outcome: journal.Failed, Exit: 3, Reason: "exit 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(nil)
			a := &attempt{e: New(journal.NewMemory("o", nil), w, w, Options{}), box: &mailbox{}, host: inventory.Host{Name: "h00"}, step: &c.step, n: 1, job: c.job, ctx: t.Context(), ending: c.why}
			a.tap = newTap(a, a.box, 0, 0)
			a.tap.kept.add([]byte(c.out))
			if c.tell != nil {
				c.tell(a)
			}
			c.want.Host, c.want.Step, c.want.Attempt = "h00", "a", 1
			got := a.judge(c.exit, c.err)
			if len(got) != c.beside+1 || got[len(got)-1] != c.want {
				t.Errorf("%+v\nwant, last of %d: %+v", got, c.beside+1, c.want)
			}
		})
	}
}

// TestTheFirstReasonToEndCounts: a step that timed out and is aborted while it is made to end has timed out, and is signalled once.
func TestTheFirstReasonToEndCounts(t *testing.T) {
	a := &attempt{}
	if !a.ends(timedOut) || a.ends(aborted) || a.why() != timedOut {
		t.Errorf("it ends for reason %d", a.why())
	}
}

// TestWhatEndsWhenAskedIsNotKilled: a step that ends at TERM is sent no KILL, and a host that cannot be reached is not said to have been told.
func TestWhatEndsWhenAskedIsNotKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(inventory.HostID, string, int) act { return act{stuck: true} })
		p := plan(1, runbooks.Step{ID: "a", Risk: runbooks.Change})
		d := atDesk(t, p, w, Options{})
		d.after(time.Second)
		d.decide(journal.AbortHard, "")
		if err := d.end(); err != nil || len(w.signals) != 1 || !strings.HasPrefix(w.signals[0], "TERM ") {
			t.Errorf("%v, signals %v", err, w.signals)
		}
	})
}
