package main

import (
	"strings"
	"testing"
)

// TestEveryKeyHasWords: who reads a key of what tend prints learns from docs/json.md what it is, for each key has a comment in the source.
func TestEveryKeyHasWords(t *testing.T) {
	of, n := "", 0
	for l := range strings.Lines(jsonShapes()) {
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
			t.Errorf("%s: give the field of the key %s a comment, and write docs/json.md anew (-update-docs)", of, cells[0])
		}
	}
	if n < 300 {
		t.Errorf("found only %d keys", n)
	}
}
