package main

import (
	"strings"
	"testing"
)

// TestEveryKeyHasWords: who reads a key of what tend prints, or of the journal's files, learns from the pages what it is, for each has a
// comment in the source.
func TestEveryKeyHasWords(t *testing.T) {
	scriptsOnly(t)
	of, n := "", 0
	for l := range strings.Lines(jsonShapes() + eventKinds() + ledgerKinds()) {
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, "### ") {
			of = strings.TrimPrefix(l, "### ")
		}
		if of == "" || !strings.HasPrefix(l, "| `") {
			continue
		}
		n++
		cells := strings.Split(strings.TrimSuffix(l, "|"), " | ")
		if words := strings.TrimSpace(strings.TrimPrefix(cells[len(cells)-1], "(may lack)")); words == "" {
			t.Errorf("%s: give the field of the key %s a comment, and write the pages anew (-update-docs)", of, cells[0])
		}
	}
	if n < 400 {
		t.Errorf("found only %d keys", n)
	}
}
