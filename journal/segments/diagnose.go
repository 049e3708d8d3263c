package segments

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"tend/journal"
)

// walk reads a segment line by line and, where the chain breaks, finds out how.
type walk struct {
	r    *reader
	c    *check
	past [1024]head // the last heads, by seq modulo its length
}

var errBroken = errors.New("broken")

func (w *walk) all(ctx context.Context) error {
	for {
		limit, _, err := w.r.limit()
		if err != nil || limit <= w.r.off {
			return err
		}
		from := w.r.off
		if err := w.until(ctx, limit); err != nil {
			if errors.Is(err, errBroken) {
				return nil
			}
			return err
		}
		if w.r.off == from {
			w.torn(limit)
			return nil
		}
	}
}

func (w *walk) torn(limit int64) {
	w.c.torn = w.c.at(Torn, w.r.line+1, w.r.head.seq+1,
		fmt.Sprintf("%d bytes of a line that was never acknowledged; a resume cuts them off", limit-w.r.off))
}

func (w *walk) until(ctx context.Context, limit int64) error {
	r := w.r
	for r.off < limit {
		b, err := r.fill(limit)
		if err != nil || b == nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := bytes.IndexByte(b, '\n'); i >= 0; i = bytes.IndexByte(b, '\n') {
			if !w.line(b[:i], limit) {
				return errBroken
			}
			b = b[i+1:]
			r.buf = b
		}
	}
	return nil
}

// line takes one line in, or sets the check's problem.
func (w *walk) line(b []byte, limit int64) bool {
	r, c := w.r, w.c
	l, err := parseLine(b)
	if err != nil || !l.follows(r.head) {
		c.problem = w.diagnose(b, l, err == nil, limit)
		return false
	}
	if l.seq == 1 && (string(l.origin) != string(c.origin) || string(l.run) != string(c.run)) {
		c.problem = c.at(Renamed, 1, 1, fmt.Sprintf("this is the segment of run %.60q of %.60q", l.run, l.origin))
		return false
	}
	if r.kind == (journal.RunClosed{}).Kind() {
		c.problem = c.at(Inserted, r.line+1, l.seq, fmt.Sprintf("the run ended with event %d, and nothing is written behind an end", l.seq-1))
		return false
	}
	if why := c.contradicts(l.seq, l.hash); why != "" {
		c.problem = c.at(Rewritten, r.line+1, l.seq, why)
		return false
	}
	r.head = head{l.seq, l.hash}
	w.past[l.seq%uint64(len(w.past))] = r.head
	r.line++
	r.off += int64(len(b)) + 1
	if r.kind != string(l.kind) {
		r.kind = string(l.kind)
	}
	return true
}

// rest is what the lines behind a break tell.
type rest struct {
	next   bool // some line is the true successor of the last good event
	copied bool // the bad line stands a second time
	linked bool // the bad line is genuine: a later line is chained to it, or it to a later line
	lost   bool // nothing but torn bytes follows
}

// diagnose says what was done at the first line that does not follow. The words of each case say what was seen.
func (w *walk) diagnose(b []byte, bad line, parsed bool, limit int64) *Problem {
	c, at, want := w.c, w.r.line+1, w.r.head.seq+1
	x := w.look(b, bad, parsed, limit)
	own := parsed && bad.hash == bad.sum
	fork, before := w.past[(bad.seq-1)%uint64(len(w.past))], w.past[bad.seq%uint64(len(w.past))]
	switch {
	case x.lost && bytes.IndexByte(b, 0) >= 0:
		w.torn(limit)
		return nil
	case own && before == (head{bad.seq, bad.hash}):
		return c.at(Inserted, at, bad.seq, fmt.Sprintf("event %d stands here a second time", bad.seq))
	case x.next && own && x.linked && !x.copied:
		return c.at(Reordered, at, bad.seq, fmt.Sprintf("event %d stands where event %d should, which comes later", bad.seq, want))
	case x.next && parsed:
		return c.at(Inserted, at, bad.seq, fmt.Sprintf("the chain goes on behind this line as if it were not there; it calls itself event %d", bad.seq))
	case x.next:
		return c.at(Inserted, at, want, "this is no event, and the chain goes on behind it as if it were not there")
	case !parsed && w.r.kind == (journal.RunClosed{}).Kind():
		return c.at(Inserted, at, want, fmt.Sprintf("this is no event, and the run ended with event %d", want-1))
	case !parsed:
		return c.at(Modified, at, want, "this is no event")
	case own && bad.seq > want:
		return c.at(Removed, at, want, fmt.Sprintf("events %d to %d are gone", want, bad.seq-1))
	case own && bad.seq == want && want > 1:
		return c.at(Modified, at-1, want-1, fmt.Sprintf("event %d is chained to another event %d than the one that stands here: that was changed, and given a new hash", want, want-1))
	case own && bad.seq == want:
		return c.at(Removed, at, want, "the first event is chained to one before it")
	case own && bad.seq > 1 && fork == (head{bad.seq - 1, bad.prev}):
		back := int(want - bad.seq)
		return c.at(Inserted, at-back, bad.seq, fmt.Sprintf("two lines are chained to event %d, this one and line %d", bad.seq-1, at))
	case own:
		return c.at(Inserted, at, bad.seq, fmt.Sprintf("an event %d stands behind event %d", bad.seq, want-1))
	}
	return c.at(Modified, at, want, "the event is not as it was written")
}

// look reads on behind the bad line b.
func (w *walk) look(b []byte, bad line, parsed bool, limit int64) rest {
	r := *w.r // a copy: the check's own place stays
	r.mem = nil
	r.buf = nil
	r.off += int64(len(b)) + 1
	x := rest{lost: true}
	want := w.r.head
	for r.off < limit {
		bs, err := r.fill(limit)
		if err != nil || bs == nil {
			break
		}
		for i := bytes.IndexByte(bs, '\n'); i >= 0; i = bytes.IndexByte(bs, '\n') {
			l, err := parseLine(bs[:i])
			whole := err == nil && l.hash == l.sum
			x.lost = x.lost && !whole
			if whole {
				x.next = x.next || l.prev == want.hash && l.seq == want.seq+1
				x.copied = x.copied || parsed && l.hash == bad.hash
				x.linked = x.linked || parsed && (x.next && l.prev == bad.hash || l.hash == bad.prev)
			}
			r.off += int64(i) + 1
			bs = bs[i+1:]
			r.buf = bs
		}
	}
	return x
}
