package ssh

import (
	"io"
	"sync/atomic"
	"time"
)

// gateGrace is how long a caller who leaves waits for a Write that is under way.
const gateGrace = time.Second

// gate stands before a caller's writer. Once it is closed, no Write begins; one mutex serves both gates where stdout and stderr
// are the same writer, since two streams that meet in one buffer would corrupt it.
type gate struct {
	w      io.Writer
	turn   chan struct{} // a mutex that can be waited for with a time-out
	shut   atomic.Bool
	during atomic.Int32
	err    atomic.Pointer[error]
}

func newGates(out, errw io.Writer) (o, e *gate) {
	o = &gate{w: out, turn: make(chan struct{}, 1)}
	e = &gate{w: errw, turn: make(chan struct{}, 1)}
	if same(out, errw) {
		e.turn = o.turn
	}
	return o, e
}

// same says whether both are one writer; types that cannot be compared are taken for two.
func same(a, b io.Writer) (is bool) {
	defer func() {
		if recover() != nil {
			is = false
		}
	}()
	return a == b
}

func (g *gate) write(p []byte) {
	if g.w == nil || g.shut.Load() || g.err.Load() != nil {
		return
	}
	g.during.Add(1)
	defer g.during.Add(-1)
	g.turn <- struct{}{}
	defer func() { <-g.turn }()
	if g.shut.Load() {
		return
	}
	if _, err := g.w.Write(p); err != nil {
		g.err.Store(&err)
	}
}

// busy says whether a Write is under way: its reader is slow, not the host.
func (g *gate) busy() bool { return g.during.Load() > 0 }

func (g *gate) failed() error {
	if e := g.err.Load(); e != nil {
		return *e
	}
	return nil
}

func (g *gate) close() {
	g.shut.Store(true)
	select {
	case g.turn <- struct{}{}:
		<-g.turn
		return
	default:
	}
	t := time.NewTimer(gateGrace)
	defer t.Stop()
	select {
	case g.turn <- struct{}{}:
		<-g.turn
	case <-t.C:
	}
}
