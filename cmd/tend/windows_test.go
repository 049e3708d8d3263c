package main

import (
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// TestWindowOfARun: a run works in the window that was open or came next, and in no later one.
func TestWindowOfARun(t *testing.T) {
	ams, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Skip(err)
	}
	h := inventory.Host{Window: "Sun 01:00-05:00 Europe/Amsterdam"}
	friday := time.Date(2026, 11, 20, 12, 0, 0, 0, ams)
	w, err := windowOf(h, friday)
	if err != nil {
		t.Fatal(err)
	}
	sunday := time.Date(2026, 11, 22, 1, 0, 0, 0, ams)
	if open, change := w.At(friday); open || !change.Equal(sunday) {
		t.Errorf("on Friday: %v, %v", open, change)
	}
	if open, change := w.At(sunday.Add(time.Hour)); !open || !change.Equal(sunday.Add(4*time.Hour)) {
		t.Errorf("in it: %v, %v", open, change)
	}
	if open, change := w.At(sunday.Add(5 * time.Hour)); open || !change.IsZero() {
		t.Errorf("behind it: %v, %v", open, change)
	}
	if open, change := w.At(sunday.AddDate(0, 0, 7).Add(time.Hour)); open || !change.IsZero() {
		t.Errorf("a week later: %v, %v", open, change)
	}
	if w, err := windowOf(inventory.Host{}, friday); w != nil || err != nil {
		t.Errorf("no window: %v, %v", w, err)
	}
}

// TestShutWindowsAreSaid: before anything runs, in one line, and only where something changes.
func TestShutWindowsAreSaid(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	p := runbooks.Plan{Risk: runbooks.Change, Steps: []runbooks.Step{{ID: "s", Risk: runbooks.Change}}, Hosts: []inventory.Host{{Name: "a-1", Window: "Sun 01:00-05:00 UTC"}, {Name: "a-2", Window: "Sun 01:00-05:00 UTC"}, {Name: "b"}}}
	err := (&runFlags{}).waits(&p, now)
	want := "the maintenance window is shut, and opens in 37 h"
	if err == nil || !strings.HasPrefix(err.Error(), "the maintenance window is shut, and opens in 37 h 0 min: a-[1-2]: window Sun 01:00-05:00 UTC; next from Sun 22 Nov 01:00 to Sun 05:00 UTC") {
		t.Errorf("%v, want %s", err, want)
	}
	for _, ok := range []error{
		(&runFlags{wait: true}).waits(&p, now),
		(&runFlags{}).waits(&p, now.Add(38*time.Hour)),
		(&runFlags{}).waits(&runbooks.Plan{Risk: runbooks.Read, Hosts: p.Hosts}, now),
		(&runFlags{}).waits(&runbooks.Plan{Risk: runbooks.Change, OutsideWindow: "told to", Hosts: p.Hosts}, now),
	} {
		if ok != nil {
			t.Error(ok)
		}
	}
}

// TestWhoCountsAsDown goes through histories of a host.
func TestWhoCountsAsDown(t *testing.T) {
	changes := func(rb string) bool { return rb == "patch" || rb == "exec" }
	for history, down := range map[string]bool{
		"":                                          false,
		"health ok":                                 false,
		"facts unreachable":                         true,
		"facts unreachable, certs ok":               false,
		"patch failed":                              true,
		"patch failed, certs ok":                    true,
		"patch failed, health warn":                 false,
		"patch failed, exec ok":                     true,
		"exec failed":                               false,
		"exec unknown":                              true,
		"exec unreachable, exec ok":                 false,
		"backup-check failed":                       false,
		"patch unknown, facts unreachable":          true,
		"patch running":                             true,
		"health running":                            false,
		"patch aborted":                             true,
		"patch ok, health failed":                   true,
		"patch ok, health waiting":                  false,
		"patch failed, facts unreachable, certs ok": true,
	} {
		var runs []journal.HostRun
		for i, r := range strings.Split(history, ", ") {
			if rb, outcome, ok := strings.Cut(r, " "); ok {
				runs = append(runs, journal.HostRun{Host: "h", Runbook: rb, Outcome: outcome, Run: "r", Started: time.Unix(int64(i), 0)})
			}
		}
		if why := downWhy(runs, changes); (why != "") != down {
			t.Errorf("%s: %q", history, why)
		}
	}
}
