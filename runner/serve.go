package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tend/engine"
	"tend/journal"
	"tend/quote"
)

// Engine carries a folded run out; engine.Engine is one.
type Engine interface {
	Run(ctx context.Context, s *journal.State, decisions <-chan engine.Word) error
}

// Book is what the process writes and reads: the journal, and letting go of a run's segment.
type Book interface {
	journal.Journal
	Release(run journal.RunID) error
}

// Serve carries one run out, from its plan or from where its journal says that it stands, and returns when it has ended. opened is
// called once: when the run is open and durable, or with the reason why it could not be. A cancelled ctx (SIGTERM) finishes what
// runs, starts nothing new and leaves the run open, to be resumed.
func Serve(ctx context.Context, c Commission, book Book, asker *Asker, eng Engine, opened func(error)) (err error) {
	said := false
	say := func(err error) {
		if !said {
			said = true
			opened(err)
		}
	}
	defer func() { say(err) }()
	if err := private(filepath.Dir(c.Socket)); err != nil {
		return err // before the run is opened: nobody could reach it
	}
	s, err := open(ctx, c, book)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Release(c.Run)) }()
	srv, err := listen(context.WithoutCancel(ctx), c.Run, c.Socket, asker)
	if err != nil {
		return err
	}
	defer srv.close()
	say(nil)
	return eng.Run(ctx, s, srv.decisions)
}

// open makes the run durable, or folds what is durable of it, and records that this process has it now. The first append takes
// the segment's lock: where another process has the run, it fails with journal.ErrBusy before anything else happens.
func open(ctx context.Context, c Commission, book Book) (*journal.State, error) {
	s, err := journal.NewState(), error(nil)
	var bodies []journal.Body
	if c.Accepted != nil {
		bodies = append(bodies, *c.Accepted)
	} else if err = catchUp(ctx, c.Run, book, s); err != nil {
		return nil, err
	} else if s.Result != journal.Open {
		return nil, fmt.Errorf("run %s has ended (%s): there is nothing to resume", c.Run, s.Result)
	}
	host, _ := os.Hostname()
	bodies = append(bodies, journal.RunnerStarted{PID: os.Getpid(), Host: host, Resumed: c.Accepted == nil, BootID: bootID(), Up: SinceBoot().Milliseconds()})
	if _, err := book.Append(ctx, c.Run, bodies...); err != nil {
		return nil, held(ctx, c.Run, book, err)
	}
	// Read again, now that the run is ours: another process may have added to it, or ended it, since the first look.
	if err := catchUp(ctx, c.Run, book, s); err != nil {
		return nil, errors.Join(err, book.Release(c.Run))
	}
	return s, nil
}

// HeldError says that another process has the run, and which one.
type HeldError struct {
	Run journal.RunID
	By  journal.RunnerStarted
	At  time.Time
	Err error
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("run %s is carried out by process %d on %s since %s: %v", e.Run, e.By.PID, quote.Line(e.By.Host), e.At.Local().Format(time.DateTime), e.Err)
}

// Unwrap gives the cause.
func (e *HeldError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *HeldError) Hint() string {
	return fmt.Sprintf("tend attach %s shows it; nothing is to be resumed while that process is at work", e.Run)
}

// held names the process that has the run, where that is why it could not be taken.
func held(ctx context.Context, run journal.RunID, book Book, err error) error {
	if !errors.Is(err, journal.ErrBusy) {
		return err
	}
	by := &HeldError{Run: run, Err: err}
	for e, bad := range book.Events(ctx, run, 0, false) {
		if bad != nil {
			return err
		}
		if b, ok := e.Body.(journal.RunnerStarted); ok {
			by.By, by.At = b, e.At
		}
	}
	if by.At.IsZero() {
		return err
	}
	return by
}

// catchUp folds what is durable of the run behind s.Seq.
func catchUp(ctx context.Context, run journal.RunID, book Book, s *journal.State) error {
	for e, err := range book.Events(ctx, run, s.Seq, false) {
		if err != nil {
			return err
		}
		s.Apply(e)
	}
	if s.Seq == 0 {
		return fmt.Errorf("%w: %s", journal.ErrNoRun, run)
	}
	return nil
}

func bootID() string {
	b, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b))
}
