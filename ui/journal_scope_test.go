package ui

import (
	"strings"
	"testing"

	"tend/journal"
)

// TestARunOnEveryHostSaysSo: where no selector was typed, the journal's line does not leave the targets blank.
func TestARunOnEveryHostSaysSo(t *testing.T) {
	s := &journalScreen{}
	line := s.line(area{w: 100, h: 24, pen: newPen(Line, false)}, runColumns{who: 8, runbook: 10, scope: 20}, journal.RunSummary{Run: "261129-1200-aaaa", Runbook: "health"}, false)
	if !strings.Contains(line, " all ") {
		t.Errorf("%q", line)
	}
}

// TestLongNamesInTheJournal: at 80 columns a runbook's name is whole, at 60 the line under the list has what the list cuts.
func TestLongNamesInTheJournal(t *testing.T) {
	long := journal.RunSummary{Run: "261129-1200-aaaa", Runbook: "kernel-upgrade-and-reboot", Scope: "nyc1/r01", By: journal.Who{User: "ann"}}
	s := &journalScreen{shown: []journal.RunSummary{long}, loaded: true}
	p := newPen(Plain, false)
	if f := s.View(area{w: 80, h: 24, pen: p}); !strings.Contains(f.body[1], " kernel-upgrade-and-reboot nyc1/r01 ") {
		t.Errorf("%q", f.body)
	}
	f := s.View(area{w: 60, h: 20, pen: p})
	if !strings.Contains(f.body[1], "~ nyc1/r01") || !strings.Contains(f.status, "kernel-upgrade-and-reboot on nyc1/r01  ann") {
		t.Errorf("%q %q", f.body[1], f.status)
	}
}
