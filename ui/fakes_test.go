package ui

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"sync"

	"tend/journal"
	"tend/runbooks"
)

// fakeRuns notes what was asked of it.
type fakeRuns struct {
	mu      sync.Mutex
	started []runbooks.Plan
	reasons []string
	decided []journal.Decided
	alive   []journal.RunID
	resumed []journal.RunID
	open    func(context.Context) ([]journal.RunID, error) // what alive is where it is nil
	err     error
	start   func(runbooks.Plan) journal.RunID
}

func (f *fakeRuns) Start(_ context.Context, p runbooks.Plan, reason, ticket string) (journal.RunID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return "", f.err
	}
	f.started, f.reasons = append(f.started, p), append(f.reasons, reason+"/"+ticket)
	return f.start(p), nil
}

func (f *fakeRuns) Decide(_ context.Context, _ journal.RunID, d journal.Decided) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decided = append(f.decided, d)
	return f.err
}

func (f *fakeRuns) Alive(ctx context.Context) ([]journal.RunID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.alive == nil {
		return f.open(ctx)
	}
	return f.alive, nil
}

func (f *fakeRuns) Resume(_ context.Context, run journal.RunID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.resumed = append(f.resumed, run)
	f.alive = append(f.alive, run)
	return f.err
}

// fakeAsks hands questions over when the test says so.
type fakeAsks struct {
	ch      chan Ask
	mu      sync.Mutex
	answers []string
}

func newFakeAsks() *fakeAsks { return &fakeAsks{ch: make(chan Ask)} }

func (f *fakeAsks) Asks(ctx context.Context) <-chan Ask {
	out := make(chan Ask)
	go func() {
		defer close(out)
		for {
			select {
			case <-ctx.Done():
				return
			case a := <-f.ch:
				select {
				case out <- a:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out
}

func (f *fakeAsks) Answer(_ context.Context, a Ask, answer string, ok bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = append(f.answers, fmt.Sprintf("%s=%s,%v", a.ID, answer, ok))
	return nil
}

// ask asks and waits until the console has it.
func (d *driver) ask(a Ask) *driver {
	d.t.Helper()
	d.asks.ch <- a
	waitFor(d.t, func() bool { d.c.asks.mu.Lock(); defer d.c.asks.mu.Unlock(); return len(d.c.asks.buf) > 0 })
	d.send(pullMsg{})
	return d
}

// known makes a Known of a list.
func known(list ...journal.Known) func(context.Context) iter.Seq2[journal.Known, error] {
	return func(context.Context) iter.Seq2[journal.Known, error] {
		return func(yield func(journal.Known, error) bool) {
			for _, k := range list {
				if !yield(k, nil) {
					return
				}
			}
		}
	}
}

// safeBuffer is a buffer that two goroutines share.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
