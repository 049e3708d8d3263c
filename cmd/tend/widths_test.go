package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tend/inventory"
	"tend/journal"
	"tend/plans"
)

// TestListsFitTheirTerminal: the list of runs and the calendar are no wider than the terminal, and lose nothing where there is none.
func TestListsFitTheirTerminal(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 6, 1, 0, 0, 0, time.UTC)
	runs := []journal.RunSummary{
		{Run: "261130-1716-othv", Started: at, By: journal.Who{User: "deployer"}, Runbook: "restart-service", Scope: "site=ams1 tag=web !rack=r07 web-[0101-0120],db-0712", Hosts: 121, Result: journal.SomeFailed, Counts: map[string]int{"ok": 100, "failed": 8, "unreachable": 1, "warn": 12}},
		{Run: "261130-1717-\x1b[31m", Started: at, Runbook: "a\x1b]0;x\abad", Scope: "all", Hosts: 2, Counts: map[string]int{"ok": 2}},
	}
	slots := []plans.Slot{
		{Plan: "openssl-everywhere", Window: "w", Opens: at, Shuts: at.Add(4 * time.Hour), Hosts: 121, Goal: "no host runs an openssl that is older than the advisory of November", Clash: []plans.Clash{{Plan: "kernels", Groups: []string{"pg-main"}, Hosts: []inventory.HostID{"db-0712"}}}},
		{Plan: "late", Window: "w", Opens: at, Shuts: at.Add(40 * time.Hour), Hosts: 1},
	}
	for _, cols := range []int{0, 60, 80, 200} {
		var list, calendar strings.Builder
		if err := printRuns(&list, cols, runs); err != nil {
			t.Fatal(err)
		}
		if err := printSlots(&calendar, cols, at, slots); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(list.String() + calendar.String()) {
			if strings.Contains(line, "\x1b") || cols >= 80 && utf8.RuneCountInString(line)-1 > cols {
				t.Errorf("%d columns: %q", cols, line)
			}
		}
		words := strings.Join(strings.Fields(list.String()+calendar.String()), " ")
		for _, want := range []string{"261130-1716-othv", "restart-service", "121", "unreachable:1", "pg-main", "advisory of November", "05:00", "Mon 2026-12-07 17:00"} {
			if !strings.Contains(words, want) {
				t.Errorf("%d columns: no %q in\n%s%s", cols, want, &list, &calendar)
			}
		}
		if whole := strings.Contains(words, "2026-12-06 01:00 deployer"); whole != (cols == 0 || cols == 200) {
			t.Errorf("%d columns:\n%s", cols, &list)
		}
		if testing.Verbose() {
			t.Logf("%d\n%s%s", cols, &list, &calendar)
		}
	}
}
