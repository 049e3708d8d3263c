package ui

import (
	"context"
	"errors"
	"iter"
	"sync"

	"tend/journal"
)

// feedItems and feedBytes bound what a feed holds: its reader waits until the screen has pulled.
const (
	feedItems = 8192
	feedBytes = 4 << 20
)

// feed reads a sequence in a goroutine of its own and keeps what came until the screen pulls. It sends no messages: at 5,000 lines
// a second they would bury the keys.
type feed[T any] struct {
	mu    sync.Mutex
	room  sync.Cond
	buf   []T
	cost  func(T) int // bytes
	bytes int
	ended bool
	err   error
	stop  context.CancelFunc
}

// newFeed starts reading; the goroutine ends with ctx, and wg waits for it.
func newFeed[T any](ctx context.Context, wg *sync.WaitGroup, items func(context.Context) iter.Seq2[T, error], cost func(T) int) *feed[T] {
	ctx, stop := context.WithCancel(ctx)
	f := &feed[T]{stop: stop, cost: cost}
	f.room.L = &f.mu
	wake := context.AfterFunc(ctx, func() { // under the lock: a reader between its look at ctx and its wait would miss it
		f.mu.Lock()
		defer f.mu.Unlock()
		f.room.Broadcast()
	})
	wg.Go(func() {
		defer wake()
		defer stop()
		f.read(ctx, items(ctx))
	})
	return f
}

// eventCost is what an event weighs in a feed.
func eventCost(e journal.Event) int {
	if out, ok := e.Body.(journal.OutputRead); ok {
		return len(out.Data)
	}
	return 0
}

func (f *feed[T]) read(ctx context.Context, items iter.Seq2[T, error]) {
	for item, err := range items {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				f.end(err)
			}
			break
		}
		if !f.put(ctx, item) {
			break
		}
	}
	f.end(nil)
}

func (f *feed[T]) put(ctx context.Context, item T) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for (len(f.buf) >= feedItems || f.bytes >= feedBytes) && ctx.Err() == nil {
		f.room.Wait()
	}
	f.buf = append(f.buf, item)
	f.bytes += f.cost(item)
	return ctx.Err() == nil
}

func (f *feed[T]) end(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	if f.err == nil {
		f.err = err
	}
}

// take hands over what was read since, at most n items; more says that something is left, ended that nothing will follow.
func (f *feed[T]) take(n int) (items []T, more, ended bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n = min(n, len(f.buf))
	items, f.buf = f.buf[:n:n], f.buf[n:]
	if len(f.buf) == 0 {
		f.buf = nil
	}
	for _, item := range items {
		f.bytes -= f.cost(item)
	}
	f.room.Broadcast()
	return items, len(f.buf) > 0, f.ended && len(f.buf) == 0, f.err
}
