package ui

import (
	"strings"
	"testing"

	"tend/journal"
)

// TestARunOnEveryHostSaysSo: where no selector was typed, the journal's line does not leave the targets blank.
func TestARunOnEveryHostSaysSo(t *testing.T) {
	s := &journalScreen{}
	line := s.line(area{w: 100, h: 24, pen: newPen(Line, false)}, journal.RunSummary{Run: "261129-1200-aaaa", Runbook: "health"}, false)
	if !strings.Contains(line, " all ") {
		t.Errorf("%q", line)
	}
}
