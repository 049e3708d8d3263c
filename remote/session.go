package remote

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"tend/inventory"
)

// feed is a session's standard input: what was added, in order, until it is closed. Adding never blocks, so that it may be done while
// the session's output is being read.
type feed struct {
	mu     sync.Mutex
	more   *sync.Cond
	buf    []byte
	bye    string // what ends the far side's sh where the end of input does not, "" = nothing
	closed bool
}

func newFeed() *feed {
	f := &feed{}
	f.more = sync.NewCond(&f.mu)
	return f
}

func (f *feed) add(s string) {
	f.mu.Lock()
	f.buf = append(f.buf, s...)
	f.mu.Unlock()
	f.more.Broadcast()
}

// endsWith says what close adds: a terminal's input has no end of its own.
func (f *feed) endsWith(bye string) {
	f.mu.Lock()
	f.bye = bye
	f.mu.Unlock()
}

func (f *feed) close() {
	f.mu.Lock()
	if !f.closed {
		f.buf = append(f.buf, f.bye...)
	}
	f.closed = true
	f.mu.Unlock()
	f.more.Broadcast()
}

// Read waits for bytes; io.EOF after close.
func (f *feed) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.buf) == 0 && !f.closed {
		f.more.Wait()
	}
	if len(f.buf) == 0 {
		return 0, io.EOF
	}
	n := copy(p, f.buf)
	clear(f.buf[:n]) // it may have held a password
	f.buf = f.buf[n:]
	return n, nil
}

// call is one session on a host.
type call struct {
	host   inventory.Host
	become bool
	open   func(in *feed) // sh is ready, or will be: feed it
	line   string         // the whole command, which reads no input; "" = sh, and open feeds it
	out    io.Writer      // what sh writes; never called from two goroutines
	tty    *gate          // where set, the session has a terminal, on which the gate stands before out
	began  func() bool    // has sh said a word of ours?
	// silence is how long it may say nothing after its first word; 0 = for ever.
	silence time.Duration
}

// exec runs one session and waits for its end; a nil in is empty. Said is the end of what it wrote to standard error, at most 2 KiB; where that is
// nothing and sh never spoke, of what something else wrote in its place: "This account is currently not available."
func (k *Keeper) exec(ctx context.Context, c call, cmd string, in *feed, stderr io.Writer) (exit int, said string, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var stdin io.Reader = strings.NewReader("")
	if in != nil {
		stdin = in
		defer in.close()
		defer context.AfterFunc(ctx, in.close)()
	}
	w := &watch{out: c.out, silence: c.silence, cancel: cancel, began: c.began}
	defer w.stop()
	tail := &scrap{next: stderr}
	if c.tty != nil {
		c.tty.out = w
		exit, err = k.t.(Terminal).ExecTerminal(ctx, c.host, cmd, stdin, c.tty)
	} else {
		exit, err = k.t.Exec(ctx, c.host, cmd, stdin, w, tail)
	}
	said = tail.String()
	if strings.TrimSpace(said) == "" && c.began != nil && !c.began() {
		said = w.foreign.String()
	}
	if werr := w.failed(); werr != nil {
		return exit, said, werr
	}
	if err != nil && errors.Is(context.Cause(ctx), errSilent) {
		k.t.Drop(c.host.Name)
		err = errSilent
	}
	return exit, said, err
}

// Why we ended a session ourselves.
var (
	errSilent = errors.New("the host has said nothing for too long")
	errOver   = errors.New("the session is over")
)

// watch hands a session's output on, ends the session when it was silent for too long or when its reader has had enough, and keeps
// the reader's error. The time that the reader takes is not the host's silence.
type watch struct {
	out     io.Writer
	silence time.Duration
	cancel  context.CancelCauseFunc
	began   func() bool // may be nil
	foreign scrap       // what was written before that

	mu    sync.Mutex
	timer *time.Timer
	over  bool
	err   error
}

func (w *watch) Write(p []byte) (int, error) {
	w.disarm()
	n, err := w.out.Write(p)
	if w.began != nil && !w.began() {
		_, _ = w.foreign.Write(p) // never fails
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.err = err
		w.cancel(errOver)
		return n, err
	}
	if w.silence > 0 && !w.over {
		w.timer = time.AfterFunc(w.silence, func() { w.cancel(errSilent) })
	}
	return n, nil
}

func (w *watch) disarm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
}

func (w *watch) stop() {
	w.disarm()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}

func (w *watch) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// scrap keeps the last 2 KiB of a session's standard error, for messages, and lets next see it all.
type scrap struct {
	next io.Writer
	mu   sync.Mutex
	buf  []byte
}

func (s *scrap) Write(p []byte) (int, error) {
	s.mu.Lock()
	s.buf = append(s.buf, p...)
	if n := len(s.buf) - 2048; n > 0 {
		s.buf = append(s.buf[:0], s.buf[n:]...)
	}
	s.mu.Unlock()
	if s.next != nil {
		return s.next.Write(p)
	}
	return len(p), nil
}

func (s *scrap) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.buf)
}
