package main

import (
	"sync"
	"time"

	"tend/inventory"
	"tend/journal"
)

// roads remembers which connection to a host was recorded last, so that each road is recorded once. A road is recorded with what comes
// over it: in the sync of the step's first output or of its end, since a sync of its own for each host is what a wide run would wait for.
type roads struct {
	mu   sync.Mutex
	last map[inventory.HostID]time.Time
	new  []journal.Body // to stand before whatever is recorded next
}

func newRoads() *roads { return &roads{last: map[inventory.HostID]time.Time{}} }

// take keeps what is to be recorded of the connection that began at since, where that is new.
func (r *roads) take(since time.Time, b journal.HostReached) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.last[b.Host].Equal(since) {
		r.last[b.Host] = since
		r.new = append(r.new, b)
	}
}

// before puts what was taken in front of the bodies.
func (r *roads) before(bodies []journal.Body) []journal.Body {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := append(r.new, bodies...)
	r.new = nil
	return all
}
