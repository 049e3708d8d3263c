package quote

import (
	"strings"
	"testing"
)

// TestArgvIsOneAllocation: the line is made once for each host; a script with a usual share of what needs an escape fits the room that is
// taken for it at once.
func TestArgvIsOneAllocation(t *testing.T) {
	script := strings.Repeat("if [ \"$1\" -ge \"$2\" ]; then printf '%s\\n' \"$tend_text\"; fi\n# words of a comment, and what a script is else made of: names and blanks\n", 100)
	if n := testing.AllocsPerRun(10, func() { _, _ = Argv(script) }); n > 1 {
		t.Errorf("%.0f allocations", n)
	}
}
