package ssh_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// newClient makes a Client that knows nothing of the machine's own ssh_config and agent.
func newClient(t *testing.T, o ssh.Options) *ssh.Client {
	t.Helper()
	if o.ConfigFiles == nil {
		o.ConfigFiles = []string{}
	}
	if o.Home == "" {
		o.Home = t.TempDir()
	}
	if o.AgentSocket == "" {
		o.AgentSocket = "none"
	}
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.AuthTimeout == 0 {
		o.AuthTimeout = 2 * time.Minute // the machine may be busy
	}
	c := ssh.New(o)
	t.Cleanup(func() { c.Close() })
	return c
}

func ctxFor(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func run(t *testing.T, c *ssh.Client, h inventory.Host, cmd string) (exit int, out, errout string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	exit, err = c.Exec(ctxFor(t, 3*time.Minute), h, cmd, nil, &o, &e)
	return exit, o.String(), e.String(), err
}

// fault wants err to be of that kind.
func fault(t *testing.T, err error, kind ssh.Kind) *ssh.Error {
	t.Helper()
	var e *ssh.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want an *ssh.Error of kind %q", err, err, kind)
	}
	if e.Kind != kind {
		t.Fatalf("got kind %q (%v), want %q", e.Kind, err, kind)
	}
	return e
}

func TestExec(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	h := srv.Host("web-1")
	for _, tt := range []struct {
		cmd, stdin, out, errout string
		exit                    int
	}{
		{"echo hello; echo oops >&2", "", "hello\n", "oops\n", 0},
		{"exit 37", "", "", "", 37},
		{"kill -KILL $$", "", "", "", 137},
		{"printf 'a\\0b\\377'", "", "a\x00b\xff", "", 0},
		{"exec /bin/sh -s", "echo $((40+2)); exit 5\n", "42\n", "", 5},
	} {
		var o, e bytes.Buffer
		exit, err := c.Exec(ctxFor(t, 3*time.Minute), h, tt.cmd, strings.NewReader(tt.stdin), &o, &e)
		if err != nil || exit != tt.exit || o.String() != tt.out || e.String() != tt.errout {
			t.Errorf("%s: got %d %q %q %v, want %d %q %q", tt.cmd, exit, o.String(), e.String(), err, tt.exit, tt.out, tt.errout)
		}
	}
	if n := strings.Count(srv.Log(), "Accepted publickey"); n != 1 {
		t.Errorf("%d logins for five commands, want one kept connection", n)
	}
	road, ok := c.Road("web-1")
	if !ok || road.User != srv.User || road.Fingerprint != srv.Fingerprint() || road.HostKeyType != "ssh-ed25519" ||
		!strings.HasPrefix(road.Auth, "publickey ssh-ed25519 SHA256:") || !strings.Contains(road.KnownBy, "known_hosts:1") || road.Peer == "" {
		t.Errorf("road: %+v", road)
	}
}

func TestSignalIsToldInDetail(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	r, err := c.Run(ctxFor(t, 3*time.Minute), srv.Host("a"), ssh.Command{Line: "kill -TERM $$"})
	if err != nil || r.Exit != 143 || r.Signal != "TERM" {
		t.Errorf("got %+v %v, want 143 by TERM", r, err)
	}
}

func TestBigOutputBothWays(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	const n = 20 << 20
	in := bytes.Repeat([]byte("0123456789abcdef"), n/16)
	var out bytes.Buffer
	exit, err := c.Exec(ctxFor(t, 3*time.Minute), srv.Host("a"), "cat", bytes.NewReader(in), &out, nil)
	if err != nil || exit != 0 || !bytes.Equal(out.Bytes(), in) {
		t.Errorf("%d bytes came back of %d, exit %d, %v", out.Len(), n, exit, err)
	}
}

func TestOneBufferForBothStreams(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	var both bytes.Buffer
	_, err := c.Exec(ctxFor(t, 3*time.Minute), srv.Host("a"), "i=0; while [ $i -lt 3000 ]; do echo oooooooooo; echo eeeeeeeeee >&2; i=$((i+1)); done", nil, &both, &both)
	if err != nil {
		t.Fatal(err)
	}
	if n := both.Len(); n != 3000*22 {
		t.Errorf("%d bytes, want %d: the streams overwrote each other", n, 3000*22)
	}
}

// stalled is a writer that blocks until it is let go.
type stalled struct{ free chan struct{} }

func (s stalled) Write(p []byte) (int, error) { <-s.free; return len(p), nil }

func TestStalledWriterBlocksOnlyItself(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	h := srv.Host("a")
	w := stalled{make(chan struct{})}
	done := make(chan error, 1)
	go func() {
		_, err := c.Exec(context.Background(), h, "head -c 30000000 /dev/zero", nil, w, nil)
		done <- err
	}()
	for range 2 {
		if _, out, _, err := run(t, c, h, "echo through"); err != nil || out != "through\n" {
			t.Fatalf("beside a stalled session: %q %v", out, err)
		}
	}
	close(w.free)
	if err := <-done; err != nil {
		t.Errorf("the stalled session itself: %v", err)
	}
}

func TestCancelIsImmediate(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	h := srv.Host("a")
	mark := t.TempDir() + "/alive"
	ctx, cancel := context.WithCancel(context.Background())
	started := &watch{want: "go", seen: make(chan struct{})}
	var start time.Time
	go func() { <-started.seen; start = time.Now(); cancel() }()
	_, err := c.Exec(ctx, h, "echo go; trap 'echo termed > "+mark+"; exit 1' TERM; for i in 1 2 3 4 5 6 7 8 9; do sleep 3; done", nil, started, nil)
	e := fault(t, err, ssh.Cancelled)
	if e.NotStarted() || !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled command was sent: NotStarted %v, %v", e.NotStarted(), err)
	}
	if d := time.Since(start); d > 15*time.Second {
		t.Errorf("took %s", d)
	}
	until(t, "the command to get SIGTERM", func() bool {
		if strings.Contains(srv.Log(), "session signalling requires privilege separation") {
			return true // sshd refuses signals to root's sessions (session.c, session_signal_req): it was asked
		}
		_, out, _, _ := run(t, c, h, "cat "+mark)
		return out == "termed\n"
	})
}

// watch is a writer that tells when it has seen want.
type watch struct {
	want string
	seen chan struct{}
	once sync.Once
	buf  bytes.Buffer
}

func (w *watch) Write(p []byte) (int, error) {
	w.buf.Write(p)
	if strings.Contains(w.buf.String(), w.want) {
		w.once.Do(func() { close(w.seen) })
	}
	return len(p), nil
}

// until polls, for what has no event to wait for.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}

func TestReconnectsOnceIfTheKeptLinkDiedIdle(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	h := srv.Host("a")
	for i := range 2 {
		if _, out, _, err := run(t, c, h, "echo x"); err != nil || out != "x\n" {
			t.Fatalf("round %d: %q %v", i, out, err)
		}
		srv.KillSessions()
	}
}

func TestLinkLostInMidCommandIsUnknown(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	started := &watch{want: "go", seen: make(chan struct{})}
	go func() { <-started.seen; srv.KillSessions() }()
	_, err := c.Exec(ctxFor(t, 3*time.Minute), srv.Host("a"), "echo go; sleep 60", nil, started, nil)
	if e := fault(t, err, ssh.LinkLost); e.NotStarted() || e.Hint() == "" {
		t.Errorf("NotStarted %v, hint %q", e.NotStarted(), e.Hint())
	}
}

func TestFrozenHostIsLinkLost(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{KeepaliveInterval: 300 * time.Millisecond, KeepaliveCount: 3})
	started := &watch{want: "go", seen: make(chan struct{})}
	frozen := make(chan time.Time, 1)
	go func() { <-started.seen; srv.Freeze(); frozen <- time.Now() }()
	_, err := c.Exec(ctxFor(t, 3*time.Minute), srv.Host("a"), "echo go; sleep 60", nil, started, nil)
	d := time.Since(<-frozen)
	srv.Thaw()
	e := fault(t, err, ssh.LinkLost)
	if e.NotStarted() || !strings.Contains(err.Error(), "no answer for") {
		t.Errorf("got %v, NotStarted %v", err, e.NotStarted())
	}
	if d > 20*time.Second { // the machine may be busy; the command would have taken 60
		t.Errorf("took %s; three intervals are 0.9 s", d)
	}
}

func TestBusyButSilentHostIsNotLost(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{KeepaliveInterval: time.Second, KeepaliveCount: 3})
	if exit, out, _, err := run(t, c, srv.Host("a"), "sleep 5; echo done"); err != nil || exit != 0 || out != "done\n" {
		t.Errorf("%d %q %v", exit, out, err)
	}
}

func TestCancelOnFrozenHost(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	h := srv.Host("a")
	if _, _, _, err := run(t, c, h, "true"); err != nil {
		t.Fatal(err)
	}
	srv.Freeze()
	defer srv.Thaw()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := c.Exec(ctx, h, "true", nil, nil, nil)
	if e := fault(t, err, ssh.Cancelled); !e.NotStarted() {
		t.Error("no session was opened, so the command was not sent")
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %s", d)
	}
}

func TestTwelveSessionsOnOneConnectionQueue(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{Lines: []string{"MaxSessions 3"}})
	c := newClient(t, ssh.Options{})
	h := srv.Host("a")
	var wg sync.WaitGroup
	errs := make([]error, 12)
	for i := range errs {
		wg.Go(func() {
			var out bytes.Buffer
			exit, err := c.Exec(ctxFor(t, 3*time.Minute), h, fmt.Sprintf("sleep 0.1; echo %d", i), nil, &out, nil)
			if err == nil && (exit != 0 || strings.TrimSpace(out.String()) != fmt.Sprint(i)) {
				err = fmt.Errorf("exit %d, %q", exit, out.String())
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("session %d: %v", i, err)
		}
	}
	if n := strings.Count(srv.Log(), "Accepted publickey"); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestNoSessionsAtAllIsAnError(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{Lines: []string{"MaxSessions 0"}})
	c := newClient(t, ssh.Options{})
	_, _, _, err := run(t, c, srv.Host("a"), "true")
	if e := fault(t, err, ssh.Forbidden); !e.NotStarted() {
		t.Error("nothing ran")
	}
}

func TestDaemonOnStdoutDoesNotHoldUs(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	var out bytes.Buffer
	r, err := c.Run(ctxFor(t, 3*time.Minute), srv.Host("a"), ssh.Command{Line: "echo before; sleep 300 & exit 9", Stdout: &out})
	if err != nil || r.Exit != 9 || !r.Held || out.String() != "before\n" {
		t.Errorf("got %+v %q %v", r, out.String(), err)
	}
}

func TestWriterThatFailsIsTold(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	full := errors.New("disk full")
	_, err := c.Exec(ctxFor(t, 3*time.Minute), srv.Host("a"), "echo x; exit 4", nil, failing{full}, nil)
	if e := fault(t, err, ssh.Output); !errors.Is(err, full) || e.NotStarted() {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestDropAndRoad(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	h := srv.Host("a")
	if _, ok := c.Road("a"); ok {
		t.Error("a road before the first connection")
	}
	run(t, c, h, "true")
	c.Drop("a")
	c.Drop("nobody")
	if _, ok := c.Road("a"); !ok {
		t.Error("the road is forgotten with the connection")
	}
	run(t, c, h, "true")
	if n := strings.Count(srv.Log(), "Accepted publickey"); n != 2 {
		t.Errorf("%d logins, want 2", n)
	}
}

func TestClosedClient(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	h := srv.Host("a")
	started := &watch{want: "go", seen: make(chan struct{})}
	got := make(chan error, 1)
	go func() {
		_, err := c.Exec(context.Background(), h, "echo go; sleep 60", nil, started, nil)
		got <- err
	}()
	<-started.seen
	c.Close()
	if e := fault(t, <-got, ssh.Closed); e.NotStarted() {
		t.Error("it had started")
	}
	_, err := c.Exec(context.Background(), h, "true", nil, io.Discard, nil)
	if e := fault(t, err, ssh.Closed); !e.NotStarted() {
		t.Error("nothing can start on a closed client")
	}
}
