package report

import (
	"fmt"
	"strings"

	"tend/textdiff"
)

// diffShown is how many lines of a difference are shown.
const diffShown = 60

// diff is the lines that only one of two texts has, marked - and +, in their order; at most diffShown of them.
func diff(a, b []string) string {
	var marked []string
	for _, l := range textdiff.Lines(a, b) {
		if l.Mark != ' ' {
			marked = append(marked, l.String())
		}
	}
	more := len(marked) - diffShown
	if more > 0 {
		marked = append(marked[:diffShown:diffShown], fmt.Sprintf("  and %d more lines", more))
	}
	return strings.Join(marked, "\n")
}
