package engine

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"tend/journal"
)

// tap holds the output of one attempt between the hands, which fill it, and the loop, which empties it into the journal. It holds
// one chunk: whoever fills it faster than the journal takes it waits.
type tap struct {
	of   *attempt
	box  *mailbox
	room chan struct{} // signalled when the loop has emptied buf

	// These are the worker's.
	next  int64 // offset that the hands must deliver next
	clean int64 // offset of what the mask gives next
	saved int64 // what lies before it is in the journal already
	mask  mask
	kept  kept

	mu    sync.Mutex
	buf   []byte
	from  int64 // offset of buf's first byte in the attempt's output
	queue bool  // the mailbox knows that buf holds something
}

// newTap expects output from offset from on; up to saved it is recorded already.
func newTap(of *attempt, box *mailbox, from, saved int64) *tap {
	t := &tap{of: of, box: box, room: make(chan struct{}, 1), next: from, clean: from, from: max(from, saved), saved: saved}
	if t.kept.limit = keepLine; of.step.Emits != "" {
		t.kept.limit = keepFacts
	}
	return t
}

// sink takes a piece of output. It refuses a gap or a repeat: what is recorded is what the host wrote, byte for byte.
func (t *tap) sink(ctx context.Context, offset int64, p []byte) error {
	if offset != t.next {
		return fmt.Errorf("output came at offset %d where %d was due", offset, t.next)
	}
	t.next += int64(len(p))
	return t.put(ctx, t.mask.feed(p))
}

// close takes what the mask held back.
func (t *tap) close(ctx context.Context) error { return t.put(ctx, t.mask.rest()) }

func (t *tap) put(ctx context.Context, p []byte) error {
	t.kept.add(p)
	skip := min(max(t.saved-t.clean, 0), int64(len(p)))
	t.clean += int64(len(p))
	for p = p[skip:]; len(p) > 0; {
		n := t.fill(p)
		if p = p[n:]; len(p) == 0 {
			break
		}
		select {
		case <-t.room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return ctx.Err()
}

// fill takes as much of p as there is room for.
func (t *tap) fill(p []byte) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := min(len(p), chunk-len(t.buf))
	t.buf = append(t.buf, p[:n]...)
	if !t.queue && n > 0 {
		t.queue = true
		t.box.output(t)
	}
	if len(t.buf) == chunk {
		t.box.hurry()
	}
	return n
}

// take empties the tap. What it returns is the caller's.
func (t *tap) take() (offset int64, p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	offset, p = t.from, t.buf
	t.from += int64(len(p))
	t.buf, t.queue = nil, false
	select {
	case t.room <- struct{}{}:
	default:
	}
	return offset, p
}

// body adds what the tap holds to bodies, as an event.
func (t *tap) body(bodies []journal.Body) []journal.Body {
	offset, p := t.take()
	if len(p) == 0 {
		return bodies
	}
	return append(bodies, journal.OutputRead{Host: t.of.host.Name, Step: t.of.step.ID, Attempt: t.of.n, Offset: offset, Data: p})
}

// kept is what of an output is read when it is over: its head and its tail, where it is longer than both.
type kept struct {
	limit      int
	head, tail []byte
	cut        bool
}

// How much of the head and of the tail is kept: to be parsed for facts, or for its last line only.
const (
	keepFacts = 256 << 10
	keepLine  = 2 << 10
)

func (k *kept) add(p []byte) {
	n := min(len(p), k.limit-len(k.head))
	k.head = append(k.head, p[:n]...)
	k.tail = append(k.tail, p[n:]...)
	if len(k.tail) > 2*k.limit {
		k.tail = append(k.tail[:0], k.tail[len(k.tail)-k.limit:]...)
		k.cut = true
	}
}

// bytes is what was kept. Where lines in the middle are missing (cut), the torn ones beside the gap are left out.
func (k *kept) bytes() (p []byte, cut bool) {
	if !k.cut {
		return append(k.head, k.tail...), false
	}
	head, tail := k.head[:bytes.LastIndexByte(k.head, '\n')+1], k.tail
	return append(head, tail[bytes.IndexByte(tail, '\n')+1:]...), true
}
