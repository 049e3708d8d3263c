package runbooks_test

import (
	"testing"

	"tend/runbooks"
)

// TestAmount: a unit of words stands apart from its value, a per cent sign does not.
func TestAmount(t *testing.T) {
	for want, f := range map[string]runbooks.Fact{
		"97%": {Value: "97", Unit: "%"}, "218 in 60 minutes": {Value: "218", Unit: "in 60 minutes"}, "up": {Value: "up"}, "errors": {Unit: "errors"}, "": {},
	} {
		if got := f.Amount(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
