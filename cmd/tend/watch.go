package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"tend/journal"
	"tend/runner"
	"tend/ui"
)

// watching is how a run is followed on a plain terminal or a pipe.
type watching struct {
	json   bool // print events as JSON lines
	answer bool // somebody is there to answer the run's questions
	quiet  bool // print nothing

	lines io.Writer // where events are printed as lines
}

// watch follows a run until it ends, and returns its result as the exit code. Ctrl-C stops watching and leaves the run alone.
func (a *app) watch(ctx context.Context, run journal.RunID, w watching) error {
	_, err := a.watched(ctx, run, w)
	return err
}

// watched is watch, and how the run stood at the end.
func (a *app) watched(ctx context.Context, run journal.RunID, w watching) (*journal.State, error) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	book, err := a.book()
	if err != nil {
		return nil, err
	}
	defer book.Close()
	cl, err := a.client(run)
	if err != nil {
		return nil, err
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer cancel(nil)
	helpers.Go(func() { a.guard(inner, cancel, cl, book, run) })
	w.lines = a.out
	if w.answer {
		at := &oneTerminal{out: a.err}
		if terminal(a.out) && terminal(a.err) { // lines and questions share it
			at.out, w.lines = a.out, at
		}
		helpers.Go(func() { a.answers(inner, cl, at) })
	}
	s, err := a.follow(inner, book, run, w)
	switch {
	case s.Result != journal.Open:
		return s, code(s.Result)
	case errors.Is(context.Cause(inner), errGone):
		if o, foreign := book.owner(run); foreign {
			return s, &fault{code: 3, err: fmt.Errorf("run %s of %s: its process is gone, and it has not ended", run, o), hint: o + " takes it up with tend resume " + string(run)}
		}
		return s, &fault{code: 3, err: fmt.Errorf("run %s: its process is gone, and it has not ended%s", run, a.lastWord(run)), hint: "tend resume " + string(run) + " takes it up where it stands"}
	case ctx.Err() != nil:
		fmt.Fprintf(a.err, "\nstopped watching; the run goes on. tend attach %s opens it again, tend abort %s ends it.\n", run, run)
		return s, silent(3)
	case err != nil: // our side cannot go on watching, which says nothing of the run
		return s, &fault{code: 3, err: err, hint: fmt.Sprintf("the run goes on, and is not watched any more; tend attach %s opens it again", run)}
	}
	return s, nil
}

// lastWord is what the run's process said before it went, where it said anything: a full disk, a journal that cannot be written.
func (a *app) lastWord(run journal.RunID) string {
	path, err := a.logPath(run)
	if err != nil {
		return ""
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return lastWordIn(string(text))
}

func lastWordIn(log string) string {
	word := ""
	for line := range strings.Lines(log) {
		said, ok := strings.CutPrefix(strings.TrimSpace(line), "tend: ")
		switch {
		case strings.HasPrefix(line, atWork):
			word = ""
		case ok && word == "":
			word = ": " + said
		}
	}
	return word
}

func code(r journal.Result) error {
	if c := r.ExitCode(); c != 0 {
		return silent(c)
	}
	return nil
}

var errGone = errors.New("the run's process is gone")

// follow prints the run's events as they become durable.
func (a *app) follow(ctx context.Context, book journal.Journal, run journal.RunID, w watching) (*journal.State, error) {
	events := book.Events(ctx, run, 0, true)
	if w.quiet {
		return foldEvents(events)
	}
	if !w.json {
		s, err := ui.Lines(w.lines, events)
		if at, ok := w.lines.(*oneTerminal); ok {
			at.answered("") // whatever stands there needs no answer any more
		}
		if err != nil {
			return s, err
		}
		printTransactions(a.out, s)
		printChanges(a.out, s)
		return s, a.printOutputs(ctx, book, s)
	}
	out := newLazy(a.out)
	defer out.flush()
	s := journal.NewState()
	for e, err := range events {
		if err != nil {
			return s, err
		}
		s.Apply(e)
		line, err := e.MarshalJSON() // an Encoder would read it all again, to make compact what is compact
		if err != nil {
			return s, err
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return s, err
		}
	}
	return s, nil
}

func foldEvents(events iter.Seq2[journal.Event, error]) (*journal.State, error) {
	s := journal.NewState()
	for e, err := range events {
		if err != nil {
			return s, err
		}
		s.Apply(e)
	}
	return s, nil
}

// guard ends the watching when the run's process is gone without having ended the run: nothing more would ever come.
func (a *app) guard(ctx context.Context, cancel context.CancelCauseFunc, cl *runner.Client, book *shelf, run journal.RunID) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := cl.PID(ctx); !errors.Is(err, runner.ErrGone) || book.Written(run) {
			continue
		}
		if open, err := book.Runs(ctx, journal.Query{Open: true}); err == nil && slices.ContainsFunc(open, func(r journal.RunSummary) bool { return r.Run == run }) {
			cancel(errGone)
			return
		}
	}
}
