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

// TestCodedIsShort: what a script is sent as is encrypted, copied and kept by each host's connection, so each escape counts. A digit that
// follows an escape is not taken for one of its own.
func TestCodedIsShort(t *testing.T) {
	for in, want := range map[string]string{
		"a\n\tb\n": `a\n\tb\n`, `"$x"`: `\042\044x\042`, `$1 $8 $x`: `\00441 \0448 \044x`, "'\\''`!": `\047\0134\047\047\0140\041`, "\x01\x7f\xff0": `\001\0177\03770`,
	} {
		if got, err := Coded(in); got != want || err != nil {
			t.Errorf("%q: %s, %v; want %s", in, got, err, want)
		}
	}
}
