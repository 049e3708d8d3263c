package main

import (
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
		got := reflow(text)
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
