package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"tend/quote"
	"tend/runner"
)

// What a person types at this terminal can be given up at any time: somebody else answers, the run ends, a signal comes. The terminal is then
// as it was, and whoever reads it next gets what is typed from then on.

// untilSignal ends ctx at the first signal that asks this process to end, so that what it holds is given back: a terminal, a lease on a host, a
// directory. A second one ends it as it always does.
func untilSignal(ctx context.Context) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// lend lends the keys of a terminal until ctx ends or done is called.
func lend(ctx context.Context, tty *os.File) (keys *keyboard, done func(), err error) {
	keys, err = newKeyboard(tty)
	if err != nil {
		return nil, nil, err
	}
	stopped := make(chan struct{})
	halt := context.AfterFunc(ctx, func() { defer close(stopped); keys.Stop() })
	return keys, func() {
		if halt() {
			keys.Stop()
		} else {
			<-stopped
		}
	}, nil
}

// muted keeps a terminal in its own line mode, where ^C is a signal, and echoes nothing until restore.
func muted(tty *os.File) (restore func(), err error) {
	fd := int(tty.Fd())
	was, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	now := *was
	now.Lflag = now.Lflag&^unix.ECHO | unix.ICANON | unix.ISIG
	now.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(fd, setTermios, &now); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, setTermios, was) }, nil
}

// typedLine asks for one line and reads it; with echo off it is not shown, from before it is asked for: who answers at once is quicker than a
// process on a busy machine.
func typedLine(ctx context.Context, tty *os.File, echo bool, ask func()) (string, error) {
	if !echo {
		restore, err := muted(tty)
		if err != nil {
			return "", err
		}
		defer restore()
	}
	ask()
	keys, done, err := lend(ctx, tty)
	if err != nil {
		return "", err
	}
	defer done()
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := keys.Read(one)
		switch {
		case ctx.Err() != nil:
			if !echo {
				spill(tty)
			}
			return "", context.Cause(ctx)
		case err != nil:
			return "", err
		case n == 0: // ^D
			return "", io.EOF
		case one[0] == '\n':
			return string(line), nil
		}
		line = append(line, one[0])
	}
}

// hush is how long a person who types is given to see that nobody wants it any more.
const hush = 700 * time.Millisecond

// spill throws away what was typed of a secret that nobody wants any more, and what follows close behind: it would show at the shell's prompt, or
// go with the answer to another question. Whoever has typed nothing is not waited for.
func spill(tty *os.File) {
	fd := int(tty.Fd())
	st, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return
	}
	st.Lflag &^= unix.ICANON | unix.ECHO // of a line that is not over, too, the keys can be had then
	st.Cc[unix.VMIN], st.Cc[unix.VTIME] = 1, 0
	if unix.IoctlSetTermios(fd, setTermios, st) != nil {
		return
	}
	var keys [256]byte
	for wait := time.Duration(0); ; wait = hush {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(wait.Milliseconds()))
		if err != nil && !errors.Is(err, unix.EINTR) || err == nil && n == 0 {
			return
		}
		if n > 0 {
			if got, err := tty.Read(keys[:]); got == 0 || err != nil {
				return
			}
		}
	}
}

// readSecret asks for a line that is not echoed. A signal while it waits ends the waiting, not the process in its midst.
func readSecret(in io.Reader, ask func()) (string, error) {
	f, ok := in.(*os.File)
	if !ok {
		return "", errors.New("no terminal to ask at")
	}
	return brokenOff(f, false, ask)
}

// brokenOff reads a line until it ends or a signal comes, and says of the latter what it is: nobody's answer.
func brokenOff(tty *os.File, echo bool, ask func()) (string, error) {
	ctx, stop := untilSignal(context.Background())
	defer stop()
	line, err := typedLine(ctx, tty, echo, ask)
	if ctx.Err() != nil {
		return "", &fault{code: 3, err: errors.New("nothing was typed: it was broken off"), hint: "nothing was done; the same command asks again"}
	}
	return line, err
}

// confirmed wants a word typed. Another one, none, and a signal all mean no: otherwise says what then is not done.
func (a *app) confirmed(want, otherwise string) error {
	got, err := readLine(a.in)
	var f *fault
	switch {
	case err == nil && got == want:
		return nil
	case errors.As(err, &f): // it was broken off, with the cursor behind the question
		fmt.Fprintln(a.err)
		return &fault{code: f.code, err: fmt.Errorf("%s: %w", otherwise, err), hint: f.hint}
	}
	return &fault{code: 3, err: fmt.Errorf("%s: %q is not %q", otherwise, got, want)}
}

// answers puts the run's questions to the person at this terminal, one at a time. One that somebody answers elsewhere, or that needs no answer
// any more, is taken back, and the next one is put.
func (a *app) answers(ctx context.Context, cl *runner.Client, at *oneTerminal) {
	tty, ok := a.in.(*os.File)
	if !ok {
		return
	}
	var hears sync.WaitGroup
	defer hears.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	news := make(chan runner.News)
	hears.Go(func() {
		defer close(news)
		for n, err := range cl.Questions(ctx) {
			if err != nil {
				return
			}
			select {
			case news <- n:
			case <-ctx.Done():
				return
			}
		}
	})
	var waiting []runner.Question
	for {
		for len(waiting) == 0 {
			n, more := <-news
			if !more {
				return
			}
			waiting = a.heard(waiting, n)
		}
		var gone bool
		if waiting, gone = a.put(ctx, cl, tty, at, waiting, news); gone {
			return
		}
	}
}

// heard adds a question to those that wait, or takes one away. A touch is asked of a person's key, not of the terminal.
func (a *app) heard(waiting []runner.Question, n runner.News) []runner.Question {
	switch q := n.Question; {
	case q == nil:
		return slices.DeleteFunc(waiting, func(w runner.Question) bool { return w.ID == n.Closed })
	case q.Kind == "touch":
		fmt.Fprintln(a.err, worded(*q))
		return waiting
	default:
		return append(waiting, *q)
	}
}

func worded(q runner.Question) string {
	return fmt.Sprintf("%s\n%s: ", quote.Text(q.Note), quote.Line(q.Text))
}

// put asks the first question that waits, until it has an answer or needs none. gone says that there is nobody to answer any more.
func (a *app) put(ctx context.Context, cl *runner.Client, tty *os.File, at *oneTerminal, waiting []runner.Question, news <-chan runner.News) (left []runner.Question, gone bool) {
	type reply struct {
		line string
		err  error
	}
	q := waiting[0]
	open, back := context.WithCancel(ctx)
	defer back()
	said := make(chan reply, 1)
	go func() {
		line, err := typedLine(open, tty, q.Echo, func() { at.ask(worded(q)) })
		said <- reply{line, err}
	}()
	for {
		select {
		case r := <-said:
			at.answered("")
			if ctx.Err() != nil {
				return nil, true
			}
			err := cl.Answer(ctx, q.ID, r.line, r.err == nil) // one that came too late is no reason to hear no more
			return a.heard(waiting, runner.News{Closed: q.ID}), errors.Is(err, runner.ErrGone)
		case n, more := <-news:
			if more {
				waiting = a.heard(waiting, n)
			}
			if more && slices.ContainsFunc(waiting, func(w runner.Question) bool { return w.ID == q.ID }) {
				continue
			}
			back()
			<-said
			if ctx.Err() != nil {
				at.answered("")
				return nil, true
			}
			at.answered("this needs no answer any more\n")
			return waiting, !more
		}
	}
}
