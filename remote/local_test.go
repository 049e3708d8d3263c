package remote

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tend/inventory"
)

// errCut is a link that broke.
var errCut = errors.New("connection reset by the test")

// notSent is a connection that never came about.
type notSent struct{}

func (notSent) Error() string    { return "connection refused by the test" }
func (notSent) NotStarted() bool { return true }

// local is a Transport to this machine: each session is a child process in a session of its own, as sshd makes it. Its links may be cut.
type local struct {
	shell string // stands in for /bin/sh
	env   []string
	// up and down limit the bytes of the n-th session (from 0) in either direction; -1 = no limit. Beyond them the link is dead.
	limits func(n int) (up, down int)
	// frozen makes a dead link silent in place of broken.
	frozen bool
	refuse func(n int) error
	before string // what a profile does before the command
	user   *syscall.Credential

	calls atomic.Int64
	drops atomic.Int64
	spent atomic.Int64 // CPU time of the sessions that have ended, and of what they ran and waited for; nanoseconds
	procs sync.WaitGroup
}

func (l *local) Drop(inventory.HostID) { l.drops.Add(1) }

func (l *local) Exec(ctx context.Context, _ inventory.Host, cmd string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	n := int(l.calls.Add(1) - 1)
	if l.refuse != nil {
		if err := l.refuse(n); err != nil {
			return 0, err
		}
	}
	up, down := -1, -1
	if l.limits != nil {
		up, down = l.limits(n)
	}
	c := exec.Command(l.shell, "-c", l.before+strings.ReplaceAll(cmd, "/bin/sh", l.shell))
	c.Env, c.Dir = l.env, "/"
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: l.user}
	in, inW, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	out, outW, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	c.Stdin, c.Stdout, c.Stderr = in, outW, errW
	if err := c.Start(); err != nil {
		return 0, err
	}
	for _, f := range []*os.File{in, outW, errW} {
		_ = f.Close()
	}
	dead, kill := context.WithCancel(context.Background())
	defer kill()
	hang := func() { // what becomes of a link that is cut
		if !l.frozen {
			kill()
		}
	}
	var streams sync.WaitGroup
	go func() { // like x/crypto/ssh, nobody waits for the reader of standard input
		copyLimited(inW, stdin, up, hang)
		if up < 0 {
			_ = inW.Close()
		}
	}()
	streams.Go(func() { copyLimited(stdout, out, down, hang) })
	streams.Go(func() { copyLimited(stderr, errR, -1, func() {}) })
	over := make(chan struct{})
	gone := make(chan struct{})
	l.procs.Go(func() {
		_ = c.Wait()
		l.spent.Add(int64(c.ProcessState.UserTime() + c.ProcessState.SystemTime()))
		close(gone)
	})
	go func() { streams.Wait(); close(over) }()
	closeAll := func() {
		for _, f := range []*os.File{inW, out, errR} {
			_ = f.Close()
		}
	}
	defer closeAll()
	select {
	case <-ctx.Done():
		closeAll()
		<-over
		return 0, fmt.Errorf("session: %w", ctx.Err())
	case <-dead.Done():
		closeAll()
		<-over
		return 0, errCut
	case <-over:
	}
	if dead.Err() != nil {
		return 0, errCut
	}
	<-gone
	if l.frozen && down >= 0 {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return c.ProcessState.ExitCode(), nil
}

// copyLimited copies up to limit bytes, then calls hang and stops; frozen links go on swallowing.
func copyLimited(w io.Writer, r io.Reader, limit int, hang func()) {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if limit >= 0 && n >= limit {
			if _, werr := w.Write(buf[:limit]); werr == nil {
				hang()
			}
			_, _ = io.Copy(io.Discard, r)
			return
		}
		if limit >= 0 {
			limit -= n
		}
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// world is a job root and a Transport on this machine.
type world struct {
	*local
	via  Transport // in place of local, where it is set
	t    testing.TB
	root string
	host inventory.Host
}

// shells are the shells that must do, and those of TEND_SHELLS (CONTRIBUTING.md); each gets a PATH on which it is sh.
func shells(t testing.TB) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, s := range []string{"dash", "bash", "busybox", "mksh", "yash"} {
		if (s == "mksh" || s == "yash") && !rareToo(t.Name()) || s != "dash" && testing.Short() { // -short is for what Go does, not what a shell does
			continue
		}
		if p, err := exec.LookPath(s); err == nil {
			found[s] = p
		}
	}
	for _, s := range filepath.SplitList(os.Getenv("TEND_SHELLS")) {
		p, err := exec.LookPath(s)
		if err != nil {
			t.Fatalf("TEND_SHELLS: %v", err)
		}
		found[strings.ReplaceAll(strings.Trim(s, "/"), "/", "-")] = p
	}
	if len(found) == 0 {
		t.Skip("no shell of the list is here")
	}
	return found
}

// rareToo says whether a test runs under the shells that few hosts have as their sh: a few that meet all of the scripts do, and each one where
// somebody has the time.
func rareToo(test string) bool {
	if os.Getenv("TEND_LONG") != "" {
		return true
	}
	test, _, _ = strings.Cut(test, "/")
	return !testing.Short() && slices.Contains([]string{"TestAttached", "TestDetached", "TestKilled", "TestSignal", "TestLastWords", "TestSecondSupervisor", "TestLease", "TestLeaseBroken"}, test)
}

// newWorld makes sh be the given shell. With busybox the tools are busybox's too, and no others.
func newWorld(t testing.TB, name string) *world {
	t.Helper()
	real, ok := shells(t)[name]
	if !ok {
		t.Skipf("%s is not here", name)
	}
	dir := t.TempDir()
	bin, home, root := filepath.Join(dir, "bin"), filepath.Join(dir, "home"), filepath.Join(dir, "root")
	for _, d := range []string{bin, home} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	path := bin + ":/usr/bin:/bin:/usr/sbin:/sbin"
	if name == "busybox" {
		if out, err := exec.Command(real, "--install", "-s", bin).CombinedOutput(); err != nil {
			t.Skipf("busybox --install: %v: %s", err, out)
		}
	}
	sh := filepath.Join(bin, "sh")
	_ = os.Remove(sh)
	if err := os.Symlink(real, sh); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, root: root, host: inventory.Host{Name: "h1"},
		local: &local{shell: sh, env: []string{"PATH=" + path, "HOME=" + home, "LANG=C.UTF-8", "USER=tester"}}}
	t.Cleanup(w.clean)
	return w
}

func (w *world) keeper(more ...func(*Options)) *Keeper {
	o := Options{Root: w.root, Backoff: Backoff{First: time.Millisecond, Max: 20 * time.Millisecond}, Silence: 15 * time.Second, systemd: "/nonexistent"}
	for _, f := range more {
		f(&o)
	}
	if w.via != nil {
		return New(w.via, o)
	}
	return New(w, o)
}

// clean ends what a test left running: the process groups that its own job directories name.
func (w *world) clean() {
	runs, _ := filepath.Glob(filepath.Join(w.root, "jobs", "*", "run"))
	for _, run := range runs {
		rec, err := os.Readlink(run)
		if err != nil {
			continue
		}
		f := strings.Fields(rec)
		if pid, err := strconv.Atoi(f[0]); err == nil && pid > 1 && len(f) == 4 && f[0] == f[1] && groupAlive(pid) {
			_ = syscall.Kill(-pid, syscall.SIGKILL)
		}
	}
	done := make(chan struct{})
	go func() { w.procs.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		w.t.Error("a session's process is still there")
	}
}

// groupAlive looks for a process of the group that is not a zombie.
func groupAlive(pgid int) bool {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, s := range stats {
		b, err := os.ReadFile(s)
		if err != nil {
			continue
		}
		f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if len(f) > 2 && f[2] == strconv.Itoa(pgid) && f[0] != "Z" && f[0] != "X" {
			return true
		}
	}
	return false
}

// sink collects output and checks that it comes in order, without gap or repeat.
type sink struct {
	mu  sync.Mutex
	t   testing.TB
	off int64
	buf []byte
}

func (s *sink) take(off int64, p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if off != s.off {
		s.t.Errorf("output at %d, want %d", off, s.off)
	}
	s.off += int64(len(p))
	s.buf = append(s.buf, p...)
	return nil
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.buf)
}

func eachShell(t *testing.T, f func(t *testing.T, w *world)) {
	all := shells(t)
	if len(all) == 3 && os.Getenv("TEND_LONG")+os.Getenv("TEND_SHELLS") == "" { // busybox's, which is another family, and one of two that are of one
		delete(all, []string{"bash", "dash"}[crc32.ChecksumIEEE([]byte(t.Name()))%2])
	}
	for name := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, newWorld(t, name))
		})
	}
}

// within bounds a test that hangs, and says so in its error.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeoutCause(context.Background(), d, fmt.Errorf("the test waited in vain for %s", d))
	t.Cleanup(cancel)
	return ctx
}

// stub puts a command on the path.
func (w *world) stub(name, text string) {
	w.t.Helper()
	p := filepath.Join(filepath.Dir(w.root), "bin", name)
	_ = os.Remove(p)
	if err := os.WriteFile(p, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		w.t.Fatal(err)
	}
}
