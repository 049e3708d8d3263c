package ui

import (
	"context"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
)

// lateRuns is a run where somebody else was first about some hosts.
type lateRuns struct {
	Runs
	late map[inventory.HostID]bool
	took []inventory.HostID
}

func (r *lateRuns) Decide(_ context.Context, _ journal.RunID, d journal.Decided) error {
	if r.late[d.Host] {
		return &journal.TooLate{Text: string(d.Host) + " was decided about already (skip_host)", By: journal.Who{User: "ann"}, At: time.Unix(1, 0)}
	}
	r.took = append(r.took, d.Host)
	return nil
}

// TestDecisionThatComesTooLateIsSaid: with whose counts; and one that comes too late keeps back none of the others.
func TestDecisionThatComesTooLateIsSaid(t *testing.T) {
	r := &lateRuns{late: map[inventory.HostID]bool{"b": true}}
	var ds []journal.Decided
	for _, h := range []inventory.HostID{"a", "b", "c"} {
		ds = append(ds, journal.Decided{Decision: journal.Retry, Host: h})
	}
	told, err := decideAll(t.Context(), r, "r1", journal.Who{User: "bob"}, "retry", ds)
	if err == nil || told != "" || !strings.HasPrefix(err.Error(), "retry counts for 2 of 3 hosts: b was decided about already (skip_host), by ann at ") || len(r.took) != 2 {
		t.Errorf("%q, %v; taken %v", told, err, r.took)
	}
	if told, err = decideAll(t.Context(), r, "r1", journal.Who{User: "bob"}, "retry", ds[1:2]); err == nil || told != "" || !strings.HasPrefix(err.Error(), "retry came too late: b was decided") {
		t.Errorf("%q, %v", told, err)
	}
	if told, err = decideAll(t.Context(), r, "r1", journal.Who{User: "bob"}, "retry", ds[:1]); err != nil || told != "retry: the run has it, and it is recorded" {
		t.Errorf("%q, %v", told, err)
	}
}
