package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tend/engine"
	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

const run = journal.RunID("261122-2213-test")

// memory is a journal that forgets who wrote.
type memory struct{ *journal.Memory }

func (memory) Release(journal.RunID) error { return nil }

func newMemory() memory { return memory{journal.NewMemory("ops@test", time.Now)} }

// player plays a run: it hands each decision to took, and ends with an abort or with ctx.
type player struct {
	took  chan journal.Decided
	asked func(ctx context.Context)
	late  error // what is said to each decision
}

func (e *player) Run(ctx context.Context, s *journal.State, decisions <-chan engine.Word) error {
	if e.asked != nil {
		e.asked(ctx)
	}
	for {
		select {
		case d := <-decisions:
			e.took <- d.Decided
			if d.Told != nil {
				d.Told(e.late)
			}
			if d.Decision == journal.Abort {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func plan() *journal.PlanAccepted {
	return &journal.PlanAccepted{Plan: runbooks.Plan{
		Runbook: "health", Hosts: []inventory.Host{{Name: "a"}}, Steps: []runbooks.Step{{ID: "s"}},
		Waves: []runbooks.Wave{{Name: "all", Hosts: []inventory.HostID{"a"}}},
	}}
}

// short is a directory whose sockets' paths fit.
func short(t *testing.T) string {
	t.Helper()
	d, err := os.MkdirTemp("/tmp", "tr")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(d) })
	return filepath.Join(d, "run")
}

// serve starts Serve and waits until it is open.
func serve(t *testing.T, c Commission, book Book, asker *Asker, eng Engine) (ended <-chan error, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	opened, done := make(chan error, 1), make(chan error, 1)
	go func() { done <- Serve(ctx, c, book, asker, eng, func(err error) { opened <- err }) }()
	if err := <-opened; err != nil {
		t.Fatalf("did not open: %v", err)
	}
	return done, cancel
}

func TestDecisionsReachTheRun(t *testing.T) {
	dir, book, eng := short(t), newMemory(), &player{took: make(chan journal.Decided, 4)}
	c := Commission{Run: run, Socket: SocketPath(dir, "/j", run), Accepted: plan()}
	ended, _ := serve(t, c, book, NewAsker(), eng)
	cl := Dial(dir, "/j", run)
	if pid, err := cl.PID(t.Context()); err != nil || pid != os.Getpid() {
		t.Fatalf("PID = %d, %v", pid, err)
	}
	if alive, err := Alive(t.Context(), dir, "/j"); err != nil || len(alive) != 1 || alive[0] != run {
		t.Fatalf("Alive = %v, %v", alive, err)
	}
	if alive, err := Alive(t.Context(), dir, "/other"); err != nil || len(alive) != 0 {
		t.Fatalf("a run of another journal is seen: %v, %v", alive, err)
	}
	for _, d := range []journal.Decision{journal.Pause, journal.Abort} {
		if err := cl.Decide(t.Context(), journal.Decided{Decision: d, Reason: "why"}); err != nil {
			t.Fatal(err)
		}
		if got := <-eng.took; got.Decision != d || got.Reason != "why" {
			t.Fatalf("the engine took %+v", got)
		}
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := cl.Decide(t.Context(), journal.Decided{Decision: journal.Pause}); !errors.Is(err, ErrGone) {
		t.Fatalf("after the end: %v, want ErrGone", err)
	}
}

// deaf ends with the first decision, and says nothing to it.
type deaf struct{}

func (deaf) Run(_ context.Context, _ *journal.State, decisions <-chan engine.Word) error {
	<-decisions
	return nil
}

// TestDecisionThatComesTooLate: the word about it comes back over the socket with all that belongs to it; and a run that ends before it has
// looked at a decision is no yes.
func TestDecisionThatComesTooLate(t *testing.T) {
	dir, book := short(t), newMemory()
	said := &journal.TooLate{Text: "a waits for no answer", By: journal.Who{User: "ann", From: "console1"}, At: time.Unix(1764480000, 0).UTC(), Next: "look"}
	eng := &player{took: make(chan journal.Decided, 4), late: fmt.Errorf("not taken: %w", said)}
	c := Commission{Run: run, Socket: SocketPath(dir, "/j", run), Accepted: plan()}
	_, stop := serve(t, c, book, NewAsker(), eng)
	var late *journal.TooLate
	err := Dial(dir, "/j", run).Decide(t.Context(), journal.Decided{Decision: journal.Pause})
	if !errors.As(err, &late) || *late != *said {
		t.Fatalf("told %v (%+v), want %+v", err, late, said)
	}
	stop()
	c.Run = run + "2"
	c.Socket = SocketPath(dir, "/j", c.Run)
	serve(t, c, book, NewAsker(), deaf{})
	err = Dial(dir, "/j", c.Run).Decide(t.Context(), journal.Decided{Decision: journal.Pause})
	if err == nil || !strings.Contains(err.Error(), "the run has ended") {
		t.Fatalf("a run that ended without a word: %v", err)
	}
}

func TestTheRunIsDurableBeforeItIsSaidToBeOpen(t *testing.T) {
	book, eng := newMemory(), &player{took: make(chan journal.Decided, 1)}
	c := Commission{Run: run, Socket: SocketPath(short(t), "/j", run), Accepted: plan()}
	ended, stop := serve(t, c, book, NewAsker(), eng)
	s := journal.NewState()
	for e, err := range book.Events(t.Context(), run, 0, false) {
		if err != nil {
			t.Fatal(err)
		}
		s.Apply(e)
	}
	if len(s.Hosts) != 1 || s.Runner.PID != os.Getpid() || s.Runner.Resumed {
		t.Fatalf("the journal holds %+v", s)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	// Left open, it can be taken up.
	c.Accepted = nil
	ended, _ = serve(t, c, book, NewAsker(), eng)
	if err := Dial(filepath.Dir(c.Socket), "/j", run).Decide(t.Context(), journal.Decided{Decision: journal.Abort}); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func TestWhatCannotBeResumedSaysSo(t *testing.T) {
	book := newMemory()
	opened := make(chan error, 1)
	c := Commission{Run: run, Socket: SocketPath(short(t), "/j", run)}
	say := func(err error) { opened <- err }
	err := Serve(t.Context(), c, book, NewAsker(), nil, say)
	if !errors.Is(err, journal.ErrNoRun) || !errors.Is(<-opened, journal.ErrNoRun) {
		t.Fatalf("a run that is not there: %v", err)
	}
	if _, err := book.Append(t.Context(), run, *plan(), journal.RunClosed{Result: journal.Passed}); err != nil {
		t.Fatal(err)
	}
	err = Serve(t.Context(), c, book, NewAsker(), nil, say)
	if err == nil || !strings.Contains(err.Error(), "has ended (passed)") {
		t.Fatalf("a run that has ended: %v", err)
	}
}

func TestQuestionsAreAnsweredOnce(t *testing.T) {
	dir, asker := short(t), NewAsker()
	answers := make(chan string, 1)
	eng := &player{took: make(chan journal.Decided, 1), asked: func(ctx context.Context) {
		a, err := asker.Ask(ctx, Question{Run: run, Kind: "passphrase", Text: "key?"})
		if err != nil {
			a = err.Error()
		}
		answers <- a
	}}
	c := Commission{Run: run, Socket: SocketPath(dir, "/j", run), Accepted: plan()}
	ended, _ := serve(t, c, newMemory(), asker, eng)
	cl := Dial(dir, "/j", run)
	closed := false
	for n, err := range cl.Questions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if n.Question != nil {
			if n.Question.Text != "key?" {
				t.Fatalf("question %+v", n.Question)
			}
			if err := cl.Answer(t.Context(), n.Question.ID, "hunter2", true); err != nil {
				t.Fatal(err)
			}
			continue
		}
		closed = true
		break
	}
	if got := <-answers; got != "hunter2" || !closed {
		t.Fatalf("answer %q, closed %v", got, closed)
	}
	if err := cl.Answer(t.Context(), 1, "again", true); err == nil {
		t.Fatal("a question was answered twice")
	}
	if err := cl.Decide(t.Context(), journal.Decided{Decision: journal.Abort}); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func TestQuestionDeclinedOrNobodyThere(t *testing.T) {
	a := NewAsker()
	_, news, stop := a.listen()
	defer stop()
	got := make(chan error, 1)
	go func() {
		_, err := a.Ask(t.Context(), Question{Text: "trust?"})
		got <- err
	}()
	q := (<-news).Question
	if err := a.answer(request{ID: q.ID, OK: false}); err != nil {
		t.Fatal(err)
	}
	if err := <-got; !errors.Is(err, ErrDeclined) {
		t.Fatalf("declined: %v", err)
	}
	a.Close()
	if _, err := a.Ask(t.Context(), Question{}); !errors.Is(err, ErrNobody) {
		t.Fatalf("after the end: %v", err)
	}
}

func TestSocketDirectoryMustBePrivate(t *testing.T) {
	dir := short(t)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c := Commission{Run: run, Socket: SocketPath(dir, "/j", run), Accepted: plan()}
	err := Serve(t.Context(), c, newMemory(), NewAsker(), nil, func(error) {})
	if err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Fatalf("a directory that others may enter: %v", err)
	}
}

// TestNobodyElseSpeaksForARun: whoever can make a socket in the directory could pose as a run, and ask for passwords.
func TestNobodyElseSpeaksForARun(t *testing.T) {
	dir := short(t)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	asker := NewAsker()
	go func() { _, _ = asker.Ask(t.Context(), Question{Run: run, Kind: "passphrase", Text: "key?"}) }()
	srv, err := listen(t.Context(), run, SocketPath(dir, "/j", run), asker)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.close()
	if runs, err := Alive(t.Context(), dir, "/j"); err != nil || len(runs) != 1 {
		t.Fatalf("in a private directory: %v, %v", runs, err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if runs, err := Alive(t.Context(), dir, "/j"); err == nil || len(runs) > 0 || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("alive: %v, %v", runs, err)
	}
	if os.Getuid() == 0 {
		if err := errors.Join(os.Chmod(dir, 0o700), os.Chown(dir, 65534, -1)); err != nil {
			t.Fatal(err)
		}
		if runs, err := Alive(t.Context(), dir, "/j"); err == nil || len(runs) > 0 || !strings.Contains(err.Error(), "another user") {
			t.Errorf("in another user's directory: %v, %v", runs, err)
		}
	}
	cl := Dial(dir, "/j", run)
	for n, err := range cl.Questions(t.Context()) {
		if err == nil {
			t.Errorf("a stranger's question is asked: %+v", n)
		}
		break
	}
	if err := cl.Answer(t.Context(), 1, "hunter2", true); err == nil || errors.Is(err, ErrGone) {
		t.Errorf("a stranger is given an answer: %v", err)
	}
}

// TestMain lets the test binary be the run's process.
func TestMain(m *testing.M) {
	switch os.Getenv("TEND_TEST_RUNNER") {
	case "ready":
		c, err := Receive(os.Stdin)
		Report(os.Stdout, err)
		_ = os.WriteFile(c.Socket, []byte(c.Run+" "+journal.RunID(c.Secrets["pw"])), 0o600)
		os.Exit(0)
	case "error":
		_, _ = io.Copy(io.Discard, os.Stdin)
		Report(os.Stdout, errors.New("the disk is\nfull"))
		os.Exit(1)
	case "die":
		os.Stderr.WriteString("panic: dead\n")
		os.Exit(2)
	}
	os.Exit(m.Run())
}

func TestSpawn(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	try := func(mode string) (string, error) {
		t.Setenv("TEND_TEST_RUNNER", mode)
		c := Commission{Run: run, Socket: filepath.Join(dir, "got"), Secrets: map[string]string{"pw": "s3cret"}}
		err := Spawn(t.Context(), os.Args[0], nil, c, log)
		b, _ := os.ReadFile(c.Socket)
		return string(bytes.TrimSpace(b)), err
	}
	if _, err := try("error"); err == nil || err.Error() != "the disk is full" {
		t.Errorf("a process that says why not: %v", err)
	}
	if _, err := try("die"); err == nil || !strings.Contains(err.Error(), "panic: dead") {
		t.Errorf("a process that dies: %v", err)
	}
	if _, err := try("ready"); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		b, _ := os.ReadFile(filepath.Join(dir, "got"))
		if string(b) == string(run)+" s3cret" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the process got %q", b)
		}
		time.Sleep(5 * time.Millisecond) // polling a file that another process writes
	}
}
