package engine

import (
	"strings"
	"testing"

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
