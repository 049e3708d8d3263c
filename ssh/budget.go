package ssh

import (
	"context"
	"sync"
	"time"
)

// budget is a time-out that stands still while a person is being asked: a host must not fail because its operator looked for a
// code. It cancels its context with the given cause.
type budget struct {
	mu      sync.Mutex
	timer   *time.Timer
	left    time.Duration
	since   time.Time
	pauses  int
	stopped bool
}

func withBudget(ctx context.Context, d time.Duration, cause error) (context.Context, *budget, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	b := &budget{left: d, since: time.Now()}
	b.timer = time.AfterFunc(d, func() { cancel(cause) })
	return ctx, b, func() { b.stop(); cancel(context.Canceled) }
}

// pause stops the clock until the function that it returns is called. Pauses may overlap.
func (b *budget) pause() (resume func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pauses == 0 && b.timer.Stop() {
		b.left -= time.Since(b.since)
	}
	b.pauses++
	return sync.OnceFunc(b.resume)
}

func (b *budget) resume() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pauses--; b.pauses == 0 && !b.stopped {
		b.since = time.Now()
		b.timer.Reset(max(b.left, 0))
	}
}

func (b *budget) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.timer.Stop()
}
