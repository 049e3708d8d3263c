package runner

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"tend/engine"
	"tend/journal"
)

// TestOpeningSaysWhoHasTheRun: what a process records as it takes a run tells its boot and how long that has lasted, and that the run was taken up; and
// of several that had it the last one is named.
func TestOpeningSaysWhoHasTheRun(t *testing.T) {
	book := &ledger{memory: newMemory()}
	c := Commission{Run: run, Socket: SocketPath(short(t), "/j", run), Accepted: plan()}
	serve := func() error { return Serve(t.Context(), c, book, NewAsker(), idle{}, func(error) {}) }
	if err := serve(); err != nil {
		t.Fatal(err)
	}
	c.Accepted = nil
	if err := serve(); err != nil {
		t.Fatal(err)
	}
	s := journal.NewState()
	if err := catchUp(t.Context(), run, book, s); err != nil {
		t.Fatal(err)
	}
	if r := s.Runner; !r.Resumed || r.BootID != bootID() || strings.TrimSpace(r.BootID) != r.BootID || r.Up != 0 && time.Duration(r.Up)*time.Millisecond > SinceBoot() || (SinceBoot() > 0) != (r.Up > 0) {
		t.Errorf("%+v", r)
	}
	if _, err := book.Append(t.Context(), run, journal.RunnerStarted{PID: 4711, Host: "console2\x1b[2J"}); err != nil {
		t.Fatal(err)
	}
	book.busy = journal.ErrBusy
	if err := serve(); err == nil || !strings.Contains(err.Error(), "process 4711 on console2") || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%v", err)
	}
}

// overtaken is a journal to which another process adds between the first look and the moment in which the run is ours.
type overtaken struct {
	memory
	more []journal.Body
}

func (o *overtaken) Append(ctx context.Context, id journal.RunID, b ...journal.Body) ([]journal.Event, error) {
	if _, err := o.memory.Append(ctx, id, o.more...); err != nil {
		return nil, err
	}
	return o.memory.Append(ctx, id, b...)
}

// seen is an engine that keeps the state that it was given.
type seen struct{ s *journal.State }

func (e *seen) Run(_ context.Context, s *journal.State, _ <-chan engine.Word) error {
	e.s = s
	return nil
}

// TestWhatWasAddedBeforeTheRunWasOursIsKnown: a step that another process ended in between is not begun again.
func TestWhatWasAddedBeforeTheRunWasOursIsKnown(t *testing.T) {
	book := &overtaken{memory: newMemory()}
	if _, err := book.memory.Append(t.Context(), run, *plan(), journal.StepStarted{Host: "a", Step: "s", Attempt: 1}); err != nil {
		t.Fatal(err)
	}
	book.more = []journal.Body{journal.StepEnded{Host: "a", Step: "s", Attempt: 1, Outcome: journal.OK}}
	eng := &seen{}
	c := Commission{Run: run, Socket: SocketPath(short(t), "/j", run)}
	if err := Serve(t.Context(), c, book, NewAsker(), eng, func(error) {}); err != nil {
		t.Fatal(err)
	}
	if h := eng.s.Host("a"); h.Phase != journal.Ended || h.Steps[0].Running {
		t.Errorf("the engine begins with %+v", h)
	}
}

// TestASocketTakesWhatItMust: a request without what belongs to it ends nothing, one that is none is answered once, and whoever stays on the line
// does not hold up the run's end.
func TestASocketTakesWhatItMust(t *testing.T) {
	dir := short(t)
	c := Commission{Run: run, Socket: SocketPath(dir, "/j", run), Accepted: plan()}
	ended, stop := serve(t, c, newMemory(), NewAsker(), &player{took: make(chan journal.Decided, 1)})
	conn, err := net.Dial("unix", c.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := json.NewDecoder(conn)
	for said, want := range map[string]string{`{"do":"decide"}`: "no decision given", `{"do":"dance"}`: "unknown request"} {
		var r reply
		if _, err := conn.Write([]byte(said + "\n")); err != nil {
			t.Fatal(err)
		}
		if err := in.Decode(&r); err != nil || !strings.Contains(r.Error, want) {
			t.Errorf("%s: %q, %v", said, r.Error, err)
		}
	}
	stop()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("a terminal that stays on the line holds the run's end up")
	}
}

// TestEveryOtherUserIsKeptOut: the group as well as the world; and a file in the directory's place is named as one.
func TestEveryOtherUserIsKeptOut(t *testing.T) {
	dir := short(t)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[os.FileMode]bool{0o700: true, 0o710: false, 0o720: false, 0o740: false, 0o701: false, 0o702: false, 0o704: false} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := owned(dir); (err == nil) != want {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	file := dir + ".sock"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := owned(file); err == nil || !strings.Contains(err.Error(), "is not a directory") {
		t.Errorf("a file: %v", err)
	}
}
