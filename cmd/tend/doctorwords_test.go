package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestDoctorFitsItsTerminal: on a terminal of 80 columns the doctor's words go on under themselves and no word is broken; elsewhere a symptom is one line.
func TestDoctorFitsItsTerminal(t *testing.T) {
	long := strings.Repeat("looked at many places ", 9) + "/a/path/that/is/longer/than/what/there/is/room/for/and/must/be/copied/whole.toml"
	all := []symptom{ok("version", "tend"), fails("inventory", strings.Repeat("do this ", 20), "%s", long)}
	for _, cols := range []int{80, 0} {
		var b bytes.Buffer
		writeSymptoms(&b, all, cols)
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if cols == 0 && len(lines) != 3 {
			t.Errorf("to a pipe it is %d lines:\n%s", len(lines), b.String())
		}
		for i, l := range lines {
			if cols > 0 && len(l) > cols && !strings.HasPrefix(strings.TrimSpace(l), "/a/path") {
				t.Errorf("%d columns: %q", len(l), l)
			}
			if i > 1 && !strings.HasPrefix(l, "                 ") {
				t.Errorf("it goes on at the edge: %q", l)
			}
		}
		if !strings.Contains(b.String(), "copied/whole.toml") {
			t.Error("the path is broken")
		}
		words := strings.Join(strings.Fields(b.String()), " ")
		if !strings.Contains(words, long) || cols > 0 && len(lines) < 6 {
			t.Errorf("it says in %d lines:\n%s", len(lines), b.String())
		}
	}
}
