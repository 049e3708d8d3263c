package segments

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"tend/journal"
)

// writer is the one writer of a segment. Its goroutine, owned by claim and release, writes a batch while the next one gathers.
type writer struct {
	s    *Segments
	run  journal.RunID
	disk *os.File // holds the lock
	file File
	mark *os.File

	ready chan struct{} // closed when the claim has succeeded or failed
	wake  chan struct{} // one token: there is a batch
	quit  chan struct{}
	done  chan struct{}

	mu      sync.Mutex
	head    head   // what the next event is chained to
	pending *batch // gathers while another is being written
	ended   bool   // RunClosed was taken
	err     error  // why nothing more is taken
	full    error  // the disk was full: only endings are taken
	durable ending // what is safe
	more    chan struct{}
	late    error // of the ledger, for release
}

// batch is what shares one write and one sync.
type batch struct {
	buf   []byte
	head  head
	first journal.Hash // of the segment's first event, where the batch holds it
	ended bool
	done  chan struct{}
	err   error
}

// Append keeps journal.Journal's promise.
func (s *Segments) Append(ctx context.Context, run journal.RunID, bodies ...journal.Body) ([]journal.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(bodies) == 0 {
		return nil, nil
	}
	return s.append(ctx, run, bodies, nil)
}

// AppendThen is Append of the bodies and, in the same batch, of what then gives once it has seen their events: one sync for both. Then is
// called once at most, before anything is durable, and must not touch the journal. What it gives may be of any kind but RunClosed; where
// it cannot be taken, only the bodies are appended, and only their events are returned.
func (s *Segments) AppendThen(ctx context.Context, run journal.RunID, bodies []journal.Body, then func([]journal.Event) []journal.Body) ([]journal.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.append(ctx, run, bodies, then)
}

func (s *Segments) append(ctx context.Context, run journal.RunID, bodies []journal.Body, then func([]journal.Event) []journal.Body) ([]journal.Event, error) {
	if err := journal.CheckEnd(bodies); err != nil {
		return nil, err
	}
	raws, err := encode(bodies)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", run, err)
	}
	w, err := s.claim(ctx, run)
	if err != nil {
		return nil, err
	}
	events, b, err := w.take(s.now(), bodies, raws, then)
	if err != nil {
		return nil, err
	}
	select {
	case <-b.done:
	case <-ctx.Done():
		return nil, fmt.Errorf("run %s: %w: the disk has not answered: %w", run, journal.ErrNotSaved, ctx.Err())
	}
	if b.err != nil {
		return nil, b.err
	}
	return events, nil
}

func encode(bodies []journal.Body) ([][]byte, error) {
	raws := make([][]byte, len(bodies))
	for i, b := range bodies {
		raw, err := journal.EncodeBody(b)
		if err != nil {
			return nil, err
		}
		raws[i] = raw
	}
	return raws, nil
}

// take chains the bodies into the batch that gathers, and what then makes of them. A disk that is full takes endings only: nothing follows
// from them.
func (w *writer) take(now time.Time, bodies []journal.Body, raws [][]byte, then func([]journal.Event) []journal.Body) ([]journal.Event, *batch, error) {
	now = now.UTC().Round(0)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.err != nil:
		return nil, nil, w.err
	case w.ended:
		return nil, nil, fmt.Errorf("run %s: %w", w.run, journal.ErrClosed)
	case w.full != nil && !endings(bodies):
		return nil, nil, w.full
	}
	if w.pending == nil {
		w.pending = &batch{done: make(chan struct{})}
	}
	b := w.pending
	events := w.chain(b, now, bodies, raws, make([]journal.Event, 0, len(bodies)))
	if then != nil && !w.ended && w.full == nil {
		more := then(events)
		if raws, err := encode(more); err == nil && !closes(more) {
			events = w.chain(b, now, more, raws, events)
		}
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return events, b, nil
}

// chain adds the bodies to the batch, and their events to events.
func (w *writer) chain(b *batch, now time.Time, bodies []journal.Body, raws [][]byte, events []journal.Event) []journal.Event {
	for i, body := range bodies {
		prev := w.head.hash
		b.buf = appendLine(b.buf, &w.head, w.s.origin, w.run, now, body.Kind(), raws[i])
		events = append(events, journal.Event{Origin: w.s.origin, Run: w.run, Seq: w.head.seq, At: now, Prev: prev, Hash: w.head.hash, Body: body})
		if w.head.seq == 1 {
			b.first = w.head.hash
		}
		if _, ok := body.(journal.RunClosed); ok {
			w.ended, b.ended = true, true
		}
	}
	b.head = w.head
	return events
}

func closes(bodies []journal.Body) bool {
	return slices.ContainsFunc(bodies, func(b journal.Body) bool { _, ends := b.(journal.RunClosed); return ends })
}

// endings reports whether the bodies are of the kinds for which the reserve is kept.
func endings(bodies []journal.Body) bool {
	for _, b := range bodies {
		switch b.(type) {
		case journal.StepEnded, journal.Decided, journal.Remarked, journal.RunClosed:
		default:
			return false
		}
	}
	return true
}

// work writes batches until it is told to quit, and then what is still there.
func (w *writer) work() {
	defer close(w.done)
	for quit := false; !quit; {
		select {
		case <-w.wake:
		case <-w.quit:
			quit = true
		}
		for b := w.next(); b != nil; b = w.next() {
			w.commit(b)
		}
	}
}

func (w *writer) next() *batch {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.pending
	w.pending = nil
	return b
}

// commit makes a batch durable, and only then lets anyone see it.
func (w *writer) commit(b *batch) {
	if err := w.write(b); err != nil {
		w.fail(b, err)
		return
	}
	size := w.size() + int64(len(b.buf))
	if b.first != (journal.Hash{}) {
		if err := w.s.ledger(context.Background(), opened{Run: w.run, First: b.first}); err != nil {
			w.fail(b, &writeError{err, true})
			return
		}
	}
	if b.ended {
		w.late = w.s.ledger(context.Background(), closed{Run: w.run, Events: b.head.seq, Last: b.head.hash, Ended: true})
	}
	_ = writeMark(w.mark, size) // a hint: without it other processes see the events when the writer is gone
	w.mu.Lock()
	w.durable.head, w.durable.size = b.head, size
	if b.ended {
		w.durable.kind = journal.RunClosed{}.Kind()
	}
	close(w.more)
	w.more = make(chan struct{})
	w.mu.Unlock()
	close(b.done)
}

func (w *writer) size() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.durable.size
}

// writeError says whether the run can go no further. A write that failed can be cut off again; after a sync that failed nobody
// knows what the disk holds.
type writeError struct {
	error
	fatal bool
}

func (e *writeError) Unwrap() error { return e.error }

func (w *writer) write(b *batch) error {
	w.mu.Lock()
	full := w.full != nil
	w.mu.Unlock()
	if full {
		w.s.dropReserve()
	}
	n, err := w.file.Write(b.buf)
	if err == nil && n < len(b.buf) {
		err = fmt.Errorf("only %d of %d bytes were written", n, len(b.buf))
	}
	if err != nil {
		return &writeError{err, !noSpace(err)}
	}
	if err := w.file.Sync(); err != nil {
		return &writeError{err, true}
	}
	return nil
}

func noSpace(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// fail cuts off what was half written, refuses what waits, and poisons the run; on a full disk it leaves the way to end in order.
func (w *writer) fail(b *batch, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var we *writeError
	fatal := !errors.As(err, &we) || we.fatal
	if cut := w.file.Truncate(w.durable.size); cut != nil {
		fatal = true
	}
	then := "; then resume the run"
	if w.durable.size == 0 { // it never began
		then = "; then start it again"
	}
	fault := &Fault{
		Text:   fmt.Sprintf("run %s: %v", w.run, journal.ErrNotSaved),
		Advice: "look at the disk that holds " + w.s.dir + then,
		Err:    notSaved{err},
	}
	if fatal {
		w.err = fault
	} else {
		fault.Advice = "free some space on the disk that holds " + w.s.dir + then
		w.full = fault
		w.head, w.ended = w.durable.head, false
	}
	for _, x := range []*batch{b, w.pending} {
		if x != nil {
			x.err = fault
			close(x.done)
		}
	}
	w.pending = nil
}

// notSaved is the cause of a journal.ErrNotSaved, which its text does not repeat.
type notSaved struct{ error }

func (e notSaved) Is(target error) bool { return target == journal.ErrNotSaved }
func (e notSaved) Unwrap() error        { return e.error }
