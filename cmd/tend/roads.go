package main

import (
	"sync"
	"time"

	"tend/inventory"
)

// roads remembers which connection to a host was recorded last, so that each road is recorded once.
type roads struct {
	mu   sync.Mutex
	last map[inventory.HostID]time.Time
}

func newRoads() *roads { return &roads{last: map[inventory.HostID]time.Time{}} }

// first reports whether the connection that began at since is new.
func (r *roads) first(host inventory.HostID, since time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last[host].Equal(since) {
		return false
	}
	r.last[host] = since
	return true
}
