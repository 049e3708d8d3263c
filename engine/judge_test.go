package engine

import (
	"testing"

	"tend/runbooks"
)

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
