package runner

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"tend/engine"
	"tend/journal"
)

// ledger is a book that may be another process's, and counts how often it was let go of.
type ledger struct {
	memory
	busy     error
	released int
}

func (l *ledger) Append(ctx context.Context, id journal.RunID, b ...journal.Body) ([]journal.Event, error) {
	if l.busy != nil {
		return nil, l.busy
	}
	return l.memory.Append(ctx, id, b...)
}

func (l *ledger) Release(journal.RunID) error { l.released++; return nil }

// idle is an engine that returns at once.
type idle struct{}

func (idle) Run(context.Context, *journal.State, <-chan engine.Word) error { return nil }

// TestARunIsTakenUpBehindADeadProcess: its socket is still there, and is no hindrance; the run is let go of at the end; while another process has
// it, that one is named; and a run that the journal does not know is said to be none.
func TestARunIsTakenUpBehindADeadProcess(t *testing.T) {
	dir, book := short(t), &ledger{memory: newMemory()}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	c := Commission{Run: run, Socket: SocketPath(dir, "/j", run), Accepted: plan()}
	ln, err := net.Listen("unix", c.Socket)
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	ln.Close()
	serve := func() error { return Serve(t.Context(), c, book, NewAsker(), idle{}, func(error) {}) }
	if err := serve(); err != nil || book.released != 1 {
		t.Errorf("%v, let go of %d times", err, book.released)
	}
	c.Accepted, book.busy = nil, journal.ErrBusy
	h, held := errors.AsType[*HeldError](serve())
	if !held || h.By.PID != os.Getpid() || !errors.Is(h, journal.ErrBusy) || !strings.Contains(h.Error(), string(run)) || !strings.Contains(h.Hint(), "attach "+string(run)) {
		t.Errorf("another process has it: %+v", h)
	}
	book.busy = errors.New("the disk is full")
	if err := serve(); err != book.busy {
		t.Errorf("the journal's own error: %v", err)
	}
	if c.Run = "261122-0000-none"; !errors.Is(serve(), journal.ErrNoRun) || book.released != 1 {
		t.Errorf("a run that is none: let go of %d times", book.released)
	}
}
