package main

import (
	"context"
	"slices"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
)

// tallied is a journal that counts its appends: each is a sync.
type tallied struct {
	*journal.Memory
	appends int
}

func (c *tallied) Append(ctx context.Context, run journal.RunID, bodies ...journal.Body) ([]journal.Event, error) {
	c.appends++
	return c.Memory.Append(ctx, run, bodies...)
}

func (c *tallied) AppendThen(ctx context.Context, run journal.RunID, bodies []journal.Body, then func([]journal.Event) []journal.Body) ([]journal.Event, error) {
	c.appends++
	return c.Memory.AppendThen(ctx, run, bodies, then)
}

// TestRoadsCostNoSync: the road to a host is recorded once for each connection, in front of what came over it and in the same append.
func TestRoadsCostNoSync(t *testing.T) {
	book := &tallied{Memory: journal.NewMemory("ops@test", nil)}
	h := &hands{taken: newRoads()}
	rec := recorder{book, h}
	since := time.Unix(1, 0)
	for _, name := range []inventory.HostID{"a", "b", "a"} {
		h.taken.take(since, journal.HostReached{Host: name, Addr: "10.0.0.1:22"})
	}
	step := func(name inventory.HostID) journal.Body { return journal.StepEnded{Host: name, Step: "s", Attempt: 1} }
	next := func([]journal.Event) []journal.Body {
		return []journal.Body{journal.StepStarted{Host: "a", Step: "t", Attempt: 1}}
	}
	if _, err := rec.AppendThen(t.Context(), "r", []journal.Body{step("a"), step("b")}, next); err != nil {
		t.Fatal(err)
	}
	h.taken.take(since.Add(time.Minute), journal.HostReached{Host: "a", Addr: "10.0.0.1:22"})
	if _, err := rec.Append(t.Context(), "r", step("a")); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for e, err := range book.Events(t.Context(), "r", 0, false) {
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, e.Body.Kind())
	}
	want := []string{"host_reached", "host_reached", "step_ended", "step_ended", "step_started", "host_reached", "step_ended"}
	if !slices.Equal(kinds, want) || book.appends != 2 {
		t.Errorf("recorded %v in %d appends", kinds, book.appends)
	}
}
