package remote

import (
	"regexp"
	"strings"
	"testing"

	"tend/inventory"
)

// TestJobFormIsWhatIsChecked: the check and the form that its message names agree, at both ends of what a name may be.
func TestJobFormIsWhatIsChecked(t *testing.T) {
	form := regexp.MustCompile(jobForm)
	for _, job := range []string{"", "a", "-a", "a/b", "a\n", strings.Repeat("a", maxJob), strings.Repeat("a", maxJob+1), "r-s.h_1-2"} {
		if got, want := checkJob(inventory.Host{}, job) == nil, form.MatchString(job); got != want {
			t.Errorf("%q is taken: %v, want %v", job, got, want)
		}
	}
}
