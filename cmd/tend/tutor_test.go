package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestTutorFitsItsTerminal: whatever the tutor tells fits into 80 columns, and keeps its lists and commands as they are.
func TestTutorFitsItsTerminal(t *testing.T) {
	texts := []string{welcome, farewell}
	for _, l := range lessons() {
		texts = append(texts, l.text)
	}
	for _, text := range texts {
		got := reflow(text, 80)
		if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(text), " ") {
			t.Errorf("words are lost:\n%s\n%s", text, got)
		}
		for line := range strings.Lines(got) {
			if n := utf8.RuneCountInString(line); n > 80 {
				t.Errorf("%d columns: %s", n, line)
			}
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "  ") && !strings.Contains(got, strings.TrimRight(line, "\n")) {
				t.Errorf("changed: %q in\n%s", line, got)
			}
		}
	}
}

// TestTablesFitTheirTerminal: words that a terminal has no room for beside a table's other columns stand below them, whole; for programs a row
// is a line.
func TestTablesFitTheirTerminal(t *testing.T) {
	t.Parallel()
	words := "units 1: failed: nginx.service, no patch run on record, pending updates unknown"
	for _, cols := range []int{0, 40, 80} {
		var b strings.Builder
		err := table(&b, cols, func(tw io.Writer) {
			fmt.Fprintf(tw, "RISK\tHOST\tWHY\n91\tweb-ü\t%s\n2\tdb\t-\n", words)
		})
		got := b.String()
		if err != nil || strings.Join(strings.Fields(got), " ") != "RISK HOST WHY 91 web-ü "+words+" 2 db -" || !strings.Contains(got, "\n2     db     -\n") {
			t.Errorf("%d columns, %v:\n%s", cols, err, got)
		}
		for line := range strings.Lines(got) {
			if cols > 0 && utf8.RuneCountInString(line)-1 > cols || cols == 0 && strings.HasPrefix(line, " ") {
				t.Errorf("%d columns: %s", cols, line)
			}
		}
	}
}
