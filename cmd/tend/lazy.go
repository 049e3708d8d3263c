package main

import (
	"bufio"
	"io"
	"sync"
	"time"
)

// lazyFor is how long a line may wait for others before it is written: not seen by a reader, and one system call for a hundred hosts.
const lazyFor = 20 * time.Millisecond

// lazy gathers what is written in quick succession. Its owner calls flush when nothing more comes.
type lazy struct {
	mu    sync.Mutex
	w     *bufio.Writer
	due   *time.Timer
	armed bool
	err   error
}

func newLazy(w io.Writer) *lazy {
	l := &lazy{w: bufio.NewWriterSize(w, 64<<10)}
	l.due = time.AfterFunc(time.Hour, func() { _ = l.flush() })
	return l
}

// Write fails when an earlier write did, so that a reader who has gone ends the watching.
func (l *lazy) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return 0, l.err
	}
	n, err := l.w.Write(p)
	l.err = err
	if !l.armed {
		l.armed = true
		l.due.Reset(lazyFor)
	}
	return n, err
}

func (l *lazy) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.due.Stop()
	l.armed = false
	if err := l.w.Flush(); err != nil {
		l.err = err
	}
	return l.err
}
