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

	mu    sync.Mutex
	buf   []byte
	from  int64 // offset of buf's first byte in the attempt's output
	next  int64 // offset that the hands must deliver next
	saved int64 // what lies before it is in the journal already
	kept  kept
	queue bool // the mailbox knows that buf holds something
}

// newTap expects output from offset from on; up to saved it is recorded already.
func newTap(of *attempt, box *mailbox, from, saved int64) *tap {
	return &tap{of: of, box: box, room: make(chan struct{}, 1), next: from, from: max(from, saved), saved: saved}
}

// sink takes a piece of output. It refuses a gap or a repeat: what is recorded is what the host wrote, byte for byte.
func (t *tap) sink(ctx context.Context, offset int64, p []byte) error {
	t.mu.Lock()
	if offset != t.next {
		defer t.mu.Unlock()
		return fmt.Errorf("output came at offset %d where %d was due", offset, t.next)
	}
	t.next += int64(len(p))
	t.kept.add(p)
	if skip := t.saved - offset; skip > 0 {
		p = p[min(skip, int64(len(p))):]
	}
	t.mu.Unlock()
	for len(p) > 0 {
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

// kept is what of an output is read for facts: its head and its tail, cut at line ends, where it is longer than both.
type kept struct {
	head, tail []byte
	cut        bool
}

// keep is how much of the head and of the tail is kept.
const keep = 512 << 10

func (k *kept) add(p []byte) {
	n := min(len(p), keep-len(k.head))
	k.head = append(k.head, p[:n]...)
	k.tail = append(k.tail, p[n:]...)
	if len(k.tail) > 2*keep {
		k.tail = append(k.tail[:0], k.tail[len(k.tail)-keep:]...)
		k.cut = true
	}
}

// bytes is what was kept: whole lines only. cut says that lines in the middle are missing.
func (k *kept) bytes() (p []byte, cut bool) {
	if !k.cut {
		return append(k.head, k.tail...), false
	}
	head, tail := k.head[:bytes.LastIndexByte(k.head, '\n')+1], k.tail
	return append(head, tail[bytes.IndexByte(tail, '\n')+1:]...), true
}
