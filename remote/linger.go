package remote

import (
	"context"
	"sync"
	"time"
)

// drain is how long a session may stay open after the step in it has ended: time enough for the rest of its output, and no more, since
// a daemon that the step left behind holds it open for ever.
const drain = 3 * time.Second

// linger ends a session a while after start was called.
type linger struct {
	after  time.Duration
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer
	hit   bool
}

func (l *linger) start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer == nil {
		l.timer = time.AfterFunc(l.after, func() {
			l.mu.Lock()
			l.hit = true
			l.mu.Unlock()
			l.cancel(errOver)
		})
	}
}

func (l *linger) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
	}
}

// struck reports whether the session had to be ended.
func (l *linger) struck() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hit
}
