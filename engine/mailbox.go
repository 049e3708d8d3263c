package engine

import (
	"sync"

	"tend/journal"
)

// mailbox is where workers leave what the loop shall record. Nobody waits here: each attempt has at most one tap, one note and one end
// in it, so that it is bounded by the number of attempts.
type mailbox struct {
	bell chan struct{} // holds one ring

	mu    sync.Mutex
	taps  []*tap
	full  bool
	notes []note
	ends  []*attempt
}

// note is a set of events that a worker wants durable before it goes on.
type note struct {
	bodies []journal.Body
	done   chan error // holds one
}

func (b *mailbox) ring() {
	select {
	case b.bell <- struct{}{}:
	default:
	}
}

func (b *mailbox) output(t *tap) {
	b.mu.Lock()
	b.taps = append(b.taps, t)
	first := len(b.taps) == 1
	b.mu.Unlock()
	if first {
		b.ring()
	}
}

// hurry says that a tap is full: somebody waits.
func (b *mailbox) hurry() {
	b.mu.Lock()
	b.full = true
	b.mu.Unlock()
	b.ring()
}

func (b *mailbox) note(n note) {
	b.mu.Lock()
	b.notes = append(b.notes, n)
	b.mu.Unlock()
	b.ring()
}

func (b *mailbox) end(a *attempt) {
	b.mu.Lock()
	b.ends = append(b.ends, a)
	b.mu.Unlock()
	b.ring()
}

// waiting reports whether output waits, and whether it can wait no longer.
func (b *mailbox) waiting() (output, full bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.taps) > 0, b.full
}

// few reports whether some, and fewer than n, attempts have ended, and nobody waits for a note: all can wait a little for others.
func (b *mailbox) few(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.ends) > 0 && len(b.ends) < n && len(b.notes) == 0 && !b.full
}

// empty takes everything out; the taps only where output is due.
func (b *mailbox) empty(output bool) (taps []*tap, notes []note, ends []*attempt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if output {
		taps, b.taps, b.full = b.taps, nil, false
	}
	notes, b.notes = b.notes, nil
	ends, b.ends = b.ends, nil
	return taps, notes, ends
}
