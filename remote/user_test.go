package remote

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tend/inventory"
)

// TestUser: somebody who is not root keeps their jobs in their home; root's are hidden from them, which is not absence.
func TestUser(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	w := newWorld(t, "dash")
	dir := filepath.Dir(w.root)
	for p := dir; p != os.TempDir() && p != "/"; p = filepath.Dir(p) {
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(dir+"/home", 65534, 65534); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{dir + "/bin", dir + "/home"} {
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ctx, k := within(t, 60*time.Second), w.keeper()
	if _, err := k.Carry(ctx, Order{Host: w.host, Job: "roots", Script: "true"}, (&sink{t: t}).take); err != nil {
		t.Fatal(err)
	}
	w.user = &syscall.Credential{Uid: 65534, Gid: 65534}
	if err := os.Chmod(w.root, 0o755); err != nil {
		t.Fatal(err)
	}
	if st, _, err := w.keeper().Status(ctx, w.host, "roots"); st != "hidden" || err != nil {
		t.Errorf("a job in a place that is shut is %s, %v", st, err)
	}
	if err := os.Chmod(w.root, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := w.keeper().Carry(ctx, Order{Host: w.host, Job: "roots", Script: "true", Adopt: true}, (&sink{t: t}).take)
	if e := asError(t, err); e.Kind != Hidden || e.NotStarted() {
		t.Errorf("root's job as a user: %v", err)
	}
	home := w.keeper(func(o *Options) { o.Root = "" })
	f, err := home.Preflight(ctx, w.host, false)
	if ok, why, _ := f.Keeps(); err != nil || !ok || f.UID != 65534 || f.Root != dir+"/home/.local/state/tend" {
		t.Errorf("preflight: %+v, %v (%s), %v", f, ok, why, err)
	}
	s := &sink{t: t}
	exit, err := home.Carry(ctx, Order{Host: w.host, Job: "mine", Script: "id -u; pwd; exit 3"}, s.take)
	if want := "65534\n" + dir + "/home\n"; err != nil || exit != 3 || s.String() != want {
		t.Errorf("exit %d, %v, output %q, want %q", exit, err, s, want)
	}
	if fi, err := os.Stat(dir + "/home/.local/state/tend/jobs/mine"); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("the job's place: %v, %v", fi, err)
	}
	if err := home.Forget(ctx, w.host, "mine"); err != nil {
		t.Error(err)
	}
	if err := home.Restart(ctx, w.host); err == nil || !notStarted(err) || !strings.Contains(err.Error(), "root") {
		t.Errorf("a restart by a user: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRootsBeatIsTheHolders: a step as root tells that the run is at work, in a directory where only its owner may remove a file. The
// user who logs in holds the lease: he goes on telling so after that step, and nothing stays behind him.
func TestRootsBeatIsTheHolders(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	eachShell(t, func(t *testing.T, w *world) {
		shared := filepath.Join(filepath.Dir(w.root), "shared")
		for p := filepath.Dir(shared); p != os.TempDir() && p != "/"; p = filepath.Dir(p) {
			must(t, os.Chmod(p, 0o755))
		}
		must(t, os.Chmod(filepath.Dir(w.root)+"/bin", 0o755))
		must(t, os.Mkdir(shared, 0o755))
		must(t, os.Chmod(shared, 0o777|os.ModeSticky))
		k, ctx, c := w.keeper(func(o *Options) { o.Lease = shared + "/tend.lease" }), within(t, 60*time.Second), claim("ops@here", "r1")
		ops := &syscall.Credential{Uid: 65534, Gid: 65534}
		w.user = ops
		if _, err := k.Acquire(ctx, w.host, c); err != nil {
			t.Fatal(err)
		}
		must(t, os.Remove(shared+"/tend.lease.r1"))
		w.user = nil
		if _, err := k.Carry(ctx, Order{Host: w.host, Job: "roots", Script: "true", Changes: true}, (&sink{t: t}).take); err != nil {
			t.Fatal(err)
		}
		roots, err := os.Lstat(shared + "/tend.lease.r1")
		must(t, err)
		w.user = ops
		must(t, k.Renew(ctx, w.host, c))
		if now, err := os.Lstat(shared + "/tend.lease.r1"); err != nil || os.SameFile(roots, now) {
			t.Errorf("the holder told that he is here, and root's word of before still stands: %v", err)
		}
		must(t, k.Release(ctx, w.host, c))
		if left, _ := os.ReadDir(shared); len(left) > 0 {
			t.Errorf("the host was given back, and has %v", left)
		}
	})
}

// script answers each session by its number.
type script []func(stdin io.Reader, stdout io.Writer) (int, error)

func (s *script) Exec(_ context.Context, _ inventory.Host, _ string, stdin io.Reader, stdout, _ io.Writer) (int, error) {
	if len(*s) == 0 {
		return 0, errors.New("one session too many")
	}
	f := (*s)[0]
	*s = (*s)[1:]
	return f(stdin, stdout)
}

func (*script) Drop(inventory.HostID) {}

// changedKey is an error that no waiting will mend.
type changedKey struct{}

func (changedKey) Error() string   { return "h1: the host's key has changed" }
func (changedKey) Hint() string    { return "compare the fingerprints" }
func (changedKey) Permanent() bool { return true }

// TestPermanent: a host that comes back with another key is not knocked at for ever, and nobody claims to know how the step ended.
func TestPermanent(t *testing.T) {
	t.Parallel()
	s := script{
		func(io.Reader, io.Writer) (int, error) { return 0, errCut },
		func(io.Reader, io.Writer) (int, error) { return 0, changedKey{} },
	}
	k := New(&s, Options{Backoff: Backoff{time.Millisecond, time.Millisecond}})
	k.hosts[place{"h1", false}] = &memo{known: true, facts: Facts{Boot: "b", Writable: true}}
	// The first session was lost after the order was sent.
	_, err := k.Carry(within(t, 90*time.Second), Order{Host: inventory.Host{Name: "h1"}, Job: "j", Script: "true"}, (&sink{t: t}).take)
	if e := asError(t, err); e.Kind != LinkLost || e.NotStarted() || e.Hint() != "compare the fingerprints" || strings.Count(e.Error(), "h1") != 1 {
		t.Errorf("%v (hint %q)", err, e.Hint())
	}
}

// TestNeverSent: a host whose sessions all break before the order could be sent is the caller's to try again, certainly.
func TestNeverSent(t *testing.T) {
	t.Parallel()
	var s script
	for range maxUnsent {
		s = append(s, func(_ io.Reader, out io.Writer) (int, error) {
			_, _ = io.WriteString(out, "\nN B b\n")
			return 0, errCut
		})
	}
	k := New(&s, Options{Backoff: Backoff{time.Millisecond, time.Millisecond}, Nonce: func() string { return "N" }})
	_, err := k.Carry(within(t, 90*time.Second), Order{Host: inventory.Host{Name: "h1"}, Job: "j", Script: "true"}, (&sink{t: t}).take)
	if e := asError(t, err); !e.NotStarted() || !errors.Is(err, errCut) || len(s) != 0 {
		t.Errorf("%v, %d sessions left", err, len(s))
	}
}

// TestLiar: a host that answers nonsense is not believed, and never makes us stop or crash.
func TestLiar(t *testing.T) {
	t.Parallel()
	say := func(text string) func(io.Reader, io.Writer) (int, error) {
		return func(_ io.Reader, out io.Writer) (int, error) {
			_, err := io.WriteString(out, text)
			return 0, err
		}
	}
	s := script{
		say("\nN B b+1\n\nN S started\n\nN D 7 2\nab\nN Z 9\n"),         // a gap
		say("\nN B b+1\n\nN S running\n\nN X 100 done 0 -\n"),           // an end that we did not see
		say("\nN B b+1\n\nN S running\n\nN D 0 3\nab\n"),                // cut
		say("\nN B b+1\n\nN S running\n\nN D 0 2\nab\nN Z 2\n"),         // gone
		say("\nN B b+1\n\nN S running\n\nN D 0 2\nab\nN Z 2\n"),         // a repeat
		say("\nN B b+1\n\nN S running\n\nN X 2 done 1000000000000 -\n"), // no exit code
	}
	out := &sink{t: t}
	k := New(&s, Options{Backoff: Backoff{time.Millisecond, time.Millisecond}, Nonce: func() string { return "N" }})
	_, err := k.Carry(within(t, 90*time.Second), Order{Host: inventory.Host{Name: "h1"}, Job: "j", Script: "true", Adopt: true}, out.take)
	if e := asError(t, err); e.Kind != Torn || out.String() != "ab" || len(s) != 0 {
		t.Errorf("%v, output %q, %d answers left", err, out, len(s))
	}
}

// TestCommandOnly: network gear gets the words as they are, and no detached steps.
func TestCommandOnly(t *testing.T) {
	t.Parallel()
	h := inventory.Host{Name: "sw1", Shell: "none"}
	s := script{func(_ io.Reader, out io.Writer) (int, error) {
		_, err := io.WriteString(out, "uptime is 3 weeks\n")
		return 2, err
	}}
	k, out := New(&s, Options{}), &sink{t: t}
	if exit, err := k.Carry(within(t, 90*time.Second), Order{Host: h, Script: "show version"}, out.take); exit != 2 || err != nil || out.String() != "uptime is 3 weeks\n" {
		t.Errorf("exit %d, %v, output %q", exit, err, out)
	}
	_, err := k.Carry(within(t, 90*time.Second), Order{Host: h, Script: "reload", Job: "j"}, out.take)
	if e := asError(t, err); e.Kind != Refused || !e.NotStarted() {
		t.Errorf("%v", err)
	}
	for _, job := range []string{"../x", "a/b", "", "-x", "a b", strings.Repeat("x", 200), "a\nb", "..", "$(id)"} {
		if err := k.Forget(within(t, 90*time.Second), h, job); asError(t, err).Kind != Refused {
			t.Errorf("job %q: %v", job, err)
		}
	}
	if _, err := k.Carry(within(t, 90*time.Second), Order{Host: inventory.Host{Name: "h"}, Script: "a\x00b", Job: "j"}, out.take); asError(t, err).Kind != Refused {
		t.Errorf("a NUL byte: %v", err)
	}
}
