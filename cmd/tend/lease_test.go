package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tend/engine"
	"tend/inventory"
	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
	"tend/remote"
	"tend/runbooks"
	"tend/runner"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// holding is a run's hands on one host of a real sshd, which they hold, and whose lease lies at path.
func holding(t *testing.T) (h *hands, host inventory.Host, path string, remarks chan string) {
	t.Helper()
	srv, dir := sshtest.Start(t, sshtest.Config{}), shortDir(t)
	host = inventory.Host{Name: "real-1", Addr: srv.Addr, Port: srv.Port, User: srv.User, Identity: []string{srv.Key}, KnownHosts: []string{srv.KnownHosts}}
	book, err := segments.Open(filepath.Join(dir, "journal"), "ops@test")
	if err != nil {
		t.Fatal(err)
	}
	client := ssh.New(ssh.Options{ConfigFiles: []string{}, Home: dir, AgentSocket: "none"})
	t.Cleanup(func() { client.Close(); book.Close() })
	h = newHands(client, runner.Commission{Run: "261129-2130-abcd", Origin: "ops@test"}, road{JobRoot: dir + "/jobs"}, book, runner.NewAsker(), nil)
	remarks = make(chan string, 8)
	h.remark = func(_ inventory.HostID, text string) { remarks <- text }
	if err := h.lease(t.Context(), host, false); err != nil {
		t.Fatal(err)
	}
	return h, host, dir + "/jobs.lease", remarks
}

// await waits until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not within a minute: " + what)
		}
	}
}

// TestHeldHostsAreTold: while nothing is followed on a host, its lease is told again and again that the run is there; not while something
// is, and not over a connection that would have to be made. That it was broken is remarked once.
func TestHeldHostsAreTold(t *testing.T) {
	t.Parallel()
	h, host, lease, remarks := holding(t)
	beat := lease + ".261129-2130-abcd"
	there := func() bool { _, err := os.Readlink(beat); return err == nil }
	var open atomic.Bool
	var looks atomic.Int64
	if err := os.Remove(beat); err != nil {
		t.Fatal(err)
	}
	h.beat(t.Context(), time.Millisecond, func(id inventory.HostID) bool {
		looks.Add(1)
		return open.Load() && h.client.Linked(id)
	})
	defer h.resting.stop()
	await(t, "it looks for a connection again", func() bool { return looks.Load() > 2 })
	if there() {
		t.Error("it was told over a connection that is not there")
	}
	open.Store(true)
	await(t, "the lease is told", there)
	done := h.at(host.Name)
	if len(h.resting.hosts()) != 0 {
		t.Error("a host on which an order is followed is told besides")
	}
	done()
	if len(h.resting.hosts()) != 1 {
		t.Error("a host on which nothing is followed any more is not told")
	}
	if err := os.Remove(lease); err != nil {
		t.Fatal(err)
	}
	if text := <-remarks; !strings.Contains(text, "lost to this run") || !strings.Contains(text, "broken") {
		t.Error(text)
	}
	if len(h.resting.hosts()) != 0 {
		t.Error("a host that is lost is told all the same")
	}
	h.release(t.Context())
	if len(remarks) > 0 {
		t.Errorf("remarked twice: %s", <-remarks)
	}
}

// TestAttachedStepLooksAnew: a step that changes something on the connection is not begun on a host whose lease was broken meanwhile.
func TestAttachedStepLooksAnew(t *testing.T) {
	t.Parallel()
	h, host, lease, _ := holding(t)
	ran := filepath.Join(filepath.Dir(lease), "ran")
	step := func() error {
		_, err := h.Carry(t.Context(), engine.Order{Host: host, Script: "echo x >>" + ran, Changes: true}, func(int64, []byte) error { return nil })
		return err
	}
	if err := step(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(lease); err != nil {
		t.Fatal(err)
	}
	err := step()
	e, ok := errors.AsType[*remote.Error](err)
	if b, _ := os.ReadFile(ran); !ok || e.Kind != remote.Leased || !engine.NotStarted(err) || string(b) != "x\n" {
		t.Errorf("%v; it ran %q", err, b)
	}
}

// TestAttachedStepIsTold: while a step runs on the connection, the lease is told, and an operator who breaks it is noticed.
func TestAttachedStepIsTold(t *testing.T) {
	t.Parallel()
	h, host, lease, remarks := holding(t)
	gate := filepath.Join(filepath.Dir(lease), "gate")
	h.beat(t.Context(), time.Millisecond, h.client.Linked)
	defer h.resting.stop()
	ended := make(chan error, 1)
	up := make(chan struct{}, 1)
	go func() {
		_, err := h.Carry(t.Context(), engine.Order{Host: host, Script: "echo up; while [ ! -e " + gate + " ]; do sleep 0.05; done", Changes: true},
			func(int64, []byte) error { up <- struct{}{}; return nil })
		ended <- err
	}()
	<-up
	if err := os.Remove(lease + ".261129-2130-abcd"); err != nil {
		t.Fatal(err)
	}
	await(t, "the lease is told", func() bool { _, err := os.Readlink(lease + ".261129-2130-abcd"); return err == nil })
	if err := os.Remove(lease); err != nil {
		t.Fatal(err)
	}
	if text := <-remarks; !strings.Contains(text, "lost to this run") {
		t.Error(text)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestLeaseOfAResumedRun: the run's process is killed while it waits for an approval. Taken up, the run gives back also the hosts that it had
// finished before.
func TestLeaseOfAResumedRun(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := onLab(t, crashingLab(t), 0).site
	run := strings.TrimSpace(s.ok("exec", "host-[1-3]", "--yes", "--detach", "--canary=-1", "--batch", "1", "--pause", "manual", "--", "true"))
	s.until(`"kind":"step_ended"`, "journal", "show", run, "--json")
	if out := s.ok("host", "lease", "host-1"); !strings.Contains(out, run) {
		t.Fatalf("nobody holds the host meanwhile: %s", out)
	}
	s.killRunner(run)
	s.ok("resume", run, "--detach")
	s.until("", "approve", run) // one wave each
	s.until("", "approve", run)
	s.attached(run, 0)
	for _, h := range []string{"host-1", "host-2"} {
		if out := s.ok("host", "lease", h); !strings.Contains(out, "no run is at work") {
			t.Errorf("the run is over: %s", out)
		}
	}
}

// until waits until a command ends well and says the words.
func (s *site) until(words string, args ...string) {
	s.t.Helper()
	for deadline, looked := time.Now().Add(time.Minute), time.Now(); ; looked = rest(looked) {
		out, errs, code := s.tend(args...)
		if code == 0 && strings.Contains(out+errs, words) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%v: no %q, exit %d\n%s%s", args, words, code, out, errs)
		}
	}
}

// TestARunHasAHostFromAPushThatIsOver: a lease that a push of this console left is taken from it once its process has ended, and not before;
// another console's is not.
func TestARunHasAHostFromAPushThatIsOver(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	h, host, _, remarks := holding(t)
	h.pushes = pushes{dir: t.TempDir(), origin: "ops@test"}
	note, err := h.pushes.begin("push-1", host.Name)
	if err != nil {
		t.Fatal(err)
	}
	leaves := func(owner string) error {
		delete(h.leased, host.Name)
		if err := h.Keeper.Release(t.Context(), host, h.claim); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Keeper.Acquire(t.Context(), host, remote.Claim{Owner: owner, Run: "push-1"}); err != nil {
			t.Fatal(err)
		}
		return h.lease(t.Context(), host, false)
	}
	leased := func(err error) bool {
		e, ok := errors.AsType[*remote.Error](err)
		return ok && e.Kind == remote.Leased
	}
	if err := leaves("ops@test"); !leased(err) {
		t.Errorf("a push that is at work lost its lease: %v", err)
	}
	note.Close() // as its process's end does
	if err := h.lease(t.Context(), host, false); err != nil {
		t.Error(err)
	}
	if text := <-remarks; !strings.Contains(text, "gave back the lease of push push-1") {
		t.Error(text)
	}
	if note, err = h.pushes.begin("push-1", host.Name); err != nil {
		t.Fatal("what the push noted is still there:", err)
	}
	note.Close()
	if err := leaves("ops@elsewhere"); !leased(err) {
		t.Errorf("another console's push lost its lease: %v", err)
	}
}

// TestARunHasAHostFromARunThatHasEnded: a host that was away when its run ended keeps that run's lease. The next run of this console has the host, but
// not from a run that goes on, nor where a step of the ended one may be at work there still, nor from another console's.
func TestARunHasAHostFromARunThatHasEnded(t *testing.T) {
	t.Parallel()
	h, host, _, remarks := holding(t)
	book := h.book
	h.pushes = pushes{dir: t.TempDir(), origin: "ops@test", book: book}
	leased := func(owner, run string) bool {
		delete(h.leased, host.Name)
		for _, c := range []remote.Claim{h.claim, {Owner: "ops@test", Run: "261128-0001-aaaa"}, {Owner: "ops@test", Run: "261128-0002-bbbb"}} {
			if err := h.Keeper.Release(t.Context(), host, c); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.Keeper.Acquire(t.Context(), host, remote.Claim{Owner: owner, Run: run}); err != nil {
			t.Fatal(err)
		}
		e, ok := errors.AsType[*remote.Error](h.lease(t.Context(), host, false))
		return ok && e.Kind == remote.Leased
	}
	records := func(run journal.RunID, bodies ...journal.Body) {
		if _, err := book.Append(t.Context(), run, bodies...); err != nil {
			t.Fatal(err)
		}
	}
	plan := journaltest.Plan("patch", host.Name)
	plan.Plan.Steps[0].Risk = runbooks.Disrupt
	step := plan.Plan.Steps[0].ID
	records("261128-0001-aaaa", plan, journal.StepStarted{Host: host.Name, Step: step, Attempt: 1})
	if !leased("ops@test", "261128-0001-aaaa") {
		t.Error("a run that has not ended lost its lease")
	}
	records("261128-0001-aaaa", journal.StepEnded{Host: host.Name, Step: step, Attempt: 1, Outcome: journal.Failed, Exit: -1}, journal.RunClosed{Result: journal.SomeFailed})
	if leased("ops@test", "261128-0001-aaaa") {
		t.Fatal("a run that has ended keeps the host")
	}
	if text := <-remarks; !strings.Contains(text, "gave back the lease of run 261128-0001-aaaa, which has ended") {
		t.Error(text)
	}
	records("261128-0002-bbbb", plan, journal.StepStarted{Host: host.Name, Step: step, Attempt: 1},
		journal.StepEnded{Host: host.Name, Step: step, Attempt: 1, Outcome: journal.Unknown}, journal.RunClosed{Result: journal.SomeFailed})
	if !leased("ops@test", "261128-0002-bbbb") {
		t.Error("a step that may be at work lost its lease")
	}
	if s, err := folded(t.Context(), book, "261128-0002-bbbb"); err != nil || atLarge(s, remote.Lease{Rebooted: true}, host.Name) != "" {
		t.Errorf("nothing is at work behind a restart: %v", err)
	}
	if !leased("ops@elsewhere", "261128-0001-aaaa") {
		t.Error("another console's run lost its lease")
	}
}
