package remote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tend/inventory"
)

// counting is a step that leaves one line in a file for each time that it is run, and writes known output.
func (w *world) counting(lines int) (script, want string) {
	var b strings.Builder
	for i := range lines {
		fmt.Fprintf(&b, "line %d of the step's output\n", i)
	}
	// No newline at the end, and bytes that look like frames.
	return fmt.Sprintf("echo run >>%s/ran; i=0; while [ $i -lt %d ]; do echo \"line $i of the step's output\"; i=$((i+1)); done; printf '\\nabc D 0 5\\nend'; exit 37",
		filepath.Dir(w.root), lines), b.String() + "\nabc D 0 5\nend"
}

func (w *world) executions() int {
	b, _ := os.ReadFile(filepath.Join(filepath.Dir(w.root), "ran"))
	return strings.Count(string(b), "run\n")
}

func (w *world) record(job, name string) string {
	s, _ := os.Readlink(filepath.Join(w.root, "jobs", job, name))
	return s
}

// pid waits for the job's supervisor and returns its process number.
func (w *world) pid(job string) int {
	w.t.Helper()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(2 * time.Millisecond) {
		if f := strings.Fields(w.record(job, "run")); len(f) == 4 {
			pid, err := strconv.Atoi(f[0])
			if err != nil {
				w.t.Fatal(err)
			}
			return pid
		}
	}
	w.t.Fatal("no supervisor came")
	return 0
}

// until waits for something outside this process.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("waited in vain: " + what)
}

// TestManyStarts: SSH.md, case 15. Twenty consoles order one job at once: one execution, and all twenty follow it.
func TestManyStarts(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		script, want := w.counting(200)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				s := &sink{t: t}
				exit, err := w.keeper().Carry(within(t, 60*time.Second), Order{Host: w.host, Job: "j", Script: script}, s.take)
				if err != nil || exit != 37 || s.String() != want {
					t.Errorf("exit %d, %v, %d bytes of %d", exit, err, s.off, len(want))
				}
			})
		}
		all.Wait()
		if n := w.executions(); n != 1 {
			t.Errorf("%d executions", n)
		}
		until(t, "the losers take back what they delivered", func() bool {
			left, _ := filepath.Glob(filepath.Join(w.root, "jobs", "j", "cmd.*"))
			return len(left) == 0
		})
	})
}

// TestSupervisorKilled: SSH.md, case 16.
func TestSupervisorKilled(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		s, fifo := &sink{t: t}, filepath.Join(filepath.Dir(w.root), "go")
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
		var exit int
		var err error
		var done sync.WaitGroup
		done.Go(func() {
			exit, err = w.keeper().Carry(within(t, 60*time.Second), Order{Host: w.host, Job: "j", Script: "echo before; read -r x <" + fifo + "; echo after; exit 9"}, s.take)
		})
		pid := w.pid("j")
		until(t, "output", func() bool { return s.String() == "before\n" })
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if st, _, err := w.keeper().Status(within(t, 90*time.Second), w.host, "j"); st != "running" || err != nil {
			t.Errorf("with its supervisor killed the job is %s, %v", st, err)
		}
		if err := os.WriteFile(fifo, []byte("x\n"), 0); err != nil {
			t.Fatal(err)
		}
		done.Wait()
		if err != nil || exit != 9 || s.String() != "before\nafter\n" {
			t.Errorf("exit %d, %v, output %q", exit, err, s)
		}
	})
}

// TestKilled: the whole group is killed from outside, and its process number is somebody else's by now.
func TestKilled(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		for _, reused := range []bool{false, true} {
			job := fmt.Sprintf("j%v", reused)
			var err error
			var done sync.WaitGroup
			done.Go(func() {
				_, err = w.keeper().Carry(within(t, 60*time.Second), Order{Host: w.host, Job: job, Script: "sleep 100"}, (&sink{t: t}).take)
			})
			pid := w.pid(job)
			if reused { // ours lives, under another start time
				run := filepath.Join(w.root, "jobs", job, "run")
				f := strings.Fields(w.record(job, "run"))
				defer func() { _ = syscall.Kill(-pid, syscall.SIGKILL) }()
				f[2] = "1"
				_ = os.Remove(run)
				if err := os.Symlink(strings.Join(f, " "), run); err != nil {
					t.Fatal(err)
				}
			} else {
				_ = syscall.Kill(-pid, syscall.SIGKILL)
			}
			// Asked at once, so that a host that takes the job for alive is no test that waits.
			if st, _, err := w.keeper().Status(within(t, 60*time.Second), w.host, job); reused && (st != "lost-killed" || err != nil) {
				t.Fatalf("another process has the number, and the job is %s, %v", st, err)
			}
			if reused { // the first follower has read the record already
				_, err2 := w.keeper().Carry(within(t, 90*time.Second), Order{Host: w.host, Job: job, Adopt: true}, (&sink{t: t}).take)
				if e := asError(t, err2); e.Kind != LostKilled || e.NotStarted() {
					t.Errorf("reused: %v", err2)
				}
				_ = syscall.Kill(-pid, syscall.SIGKILL)
			}
			done.Wait()
			if e := asError(t, err); e.Kind != LostKilled || e.NotStarted() || e.Hint() == "" {
				t.Errorf("killed: %v", err)
			}
		}
	})
}

// TestReboot: SSH.md, case 18. Another boot identity in mid-step: unknown, and never run again.
func TestReboot(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		proc := filepath.Join(filepath.Dir(w.root), "proc")
		w.setBoot(proc, "boot-1", 1)
		boot := func(o *Options) { o.proc = proc }
		ctx, cancel := context.WithCancel(within(t, 60*time.Second))
		k := w.keeper(boot)
		_, err := k.Carry(ctx, Order{Host: w.host, Job: "j", Script: "echo run; sleep 100"}, func(int64, []byte) error { cancel(); return nil })
		if e := asError(t, err); e.Kind != Left || e.NotStarted() {
			t.Errorf("left: %v", err)
		}
		for i, id := range []struct {
			id    string
			start int
		}{{"boot-2", 1}, {"boot-1", 2}} { // the second is an LXC container's restart
			w.setBoot(proc, id.id, id.start)
			if st, _, err := w.keeper(boot).Status(within(t, 60*time.Second), w.host, "j"); st != "lost-reboot" || err != nil {
				t.Fatalf("%d: behind a restart the job is %s, %v", i, st, err)
			}
			_, err = w.keeper(boot).Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j", Script: "echo run >>" + w.root + "/again", Adopt: true}, (&sink{t: t}).take)
			if e := asError(t, err); e.Kind != LostReboot || e.NotStarted() {
				t.Errorf("%d: %v", i, err)
			}
		}
		if _, err := os.Stat(w.root + "/again"); err == nil {
			t.Error("it was run again")
		}
	})
}

func (w *world) setBoot(proc, id string, start int) {
	w.t.Helper()
	for name, text := range map[string]string{"sys/kernel/random/boot_id": id, "1/stat": fmt.Sprintf("1 (in ) it) S 0 1 1 0 -1 4 1 1 1 1 1 1 1 1 20 0 1 0 %d 1 1 1", start)} {
		p := filepath.Join(proc, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text+"\n"), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestDaemon: SSH.md, case 20.
func TestDaemon(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		for _, job := range []string{"", "j"} {
			said := make(chan string, 64)
			k := w.keeper(func(o *Options) { o.Remark = func(_ inventory.HostID, _, text string) { said <- text } })
			s := &sink{t: t}
			exit, err := k.Carry(within(t, 100*time.Second), Order{Host: w.host, Job: job, Script: "sleep 600 & echo $! >&2; exit 4"}, s.take)
			if err != nil || exit != 4 {
				t.Errorf("job %q: exit %d, %v", job, exit, err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(s.String()))
			if err != nil || syscall.Kill(pid, 0) != nil { // it was not waited for
				t.Fatalf("job %q: the daemon %d is gone: %v", job, pid, err)
			}
			_ = syscall.Kill(pid, syscall.SIGKILL)
			close(said)
			flagged := false
			for text := range said {
				flagged = flagged || strings.Contains(text, "holds its output open")
			}
			if !flagged {
				t.Errorf("job %q: not flagged", job)
			}
		}
	})
}

// TestDaemonForgotten: what a daemon writes after the job was cleaned up goes nowhere, and the daemon lives.
func TestDaemonForgotten(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		k, s := w.keeper(), &sink{t: t}
		dir := filepath.Dir(w.root)
		fifo := filepath.Join(dir, "go")
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
		script := fmt.Sprintf("(read -r x <%s; echo later; echo later; echo lived >%s/lived; exec sleep 20) & echo $!", fifo, dir)
		if exit, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j", Script: script}, s.take); exit != 0 || err != nil {
			t.Fatalf("exit %d, %v", exit, err)
		}
		group := w.pid("j")
		defer func() { _ = syscall.Kill(-group, syscall.SIGKILL) }()
		if err := k.Forget(within(t, 90*time.Second), w.host, "j"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(fifo, []byte("x\n"), 0); err != nil {
			t.Fatal(err)
		}
		until(t, "the daemon", func() bool { _, err := os.Stat(dir + "/lived"); return err == nil })
		fds, _ := filepath.Glob("/proc/[0-9]*/fd/1")
		for _, fd := range fds {
			if to, _ := os.Readlink(fd); strings.HasPrefix(to, w.root) {
				t.Errorf("%s still writes to %s", fd, to)
			}
		}
	})
}

func TestSignal(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		for sig, want := range map[string]int{"TERM": 143, "KILL": 137} {
			k := w.keeper()
			var exit int
			var err error
			var done sync.WaitGroup
			s := &sink{t: t}
			done.Go(func() {
				exit, err = k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j" + sig, Script: "echo up; sleep 100; echo never"}, s.take)
			})
			until(t, "the step", func() bool { return s.String() == "up\n" })
			if err := k.Forget(within(t, 90*time.Second), w.host, "j"+sig); err == nil {
				t.Error("a running job was forgotten")
			}
			if err := k.Signal(within(t, 90*time.Second), w.host, "j"+sig, sig); err != nil {
				t.Fatal(err)
			}
			done.Wait()
			if w.record("j"+sig, "done") == "" {
				t.Errorf("%s: nothing says that the output is whole", sig)
			}
			// The step's own shell may say what became of its child before it ends itself: mksh does, and that is output as any other.
			if out := strings.TrimSuffix(s.String(), "Terminated \n"); err != nil || exit != want || out != "up\n" {
				t.Errorf("%s: exit %d, %v, output %q; want exit %d", sig, exit, err, s, want)
			}
			if err := k.Signal(within(t, 90*time.Second), w.host, "j"+sig, sig); err != nil {
				t.Errorf("a signal to what has ended: %v", err)
			}
		}
		k := w.keeper()
		if err := k.Signal(within(t, 90*time.Second), w.host, "never", "TERM"); err != nil {
			t.Fatal(err)
		}
		_, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "never", Script: "echo run >" + w.root + "/ran"}, (&sink{t: t}).take)
		if e := asError(t, err); e.Kind != Void || !e.NotStarted() {
			t.Errorf("a start after the signal that gave it up: %v", err)
		}
	})
}

// TestSignalSparesAStranger: the process number that a job recorded is another process's by now, the leader of a group of its own. A signal
// to the job leaves it alone: what counts besides the number is the start time.
func TestSignalSparesAStranger(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		stranger := exec.Command("sleep", "100")
		stranger.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := stranger.Start(); err != nil {
			t.Fatal(err)
		}
		over := make(chan error, 1)
		go func() { over <- stranger.Wait() }()
		defer func() { _ = stranger.Process.Kill(); <-over }()
		boot := w.boot(w.keeper())
		for _, sig := range []string{"TERM", "KILL"} {
			dir := filepath.Join(w.root, "jobs", "j"+sig)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			record := fmt.Sprintf("%d %d 1 %s", stranger.Process.Pid, stranger.Process.Pid, boot) // started in the first tick: not the stranger
			if err := os.Symlink(record, filepath.Join(dir, "run")); err != nil {
				t.Fatal(err)
			}
			if err := w.keeper().Signal(within(t, 90*time.Second), w.host, "j"+sig, sig); asError(t, err).Kind != LostKilled {
				t.Errorf("%s: %v", sig, err)
			}
			if st, _, err := w.keeper().Status(within(t, 90*time.Second), w.host, "j"+sig); st != "lost-killed" || err != nil {
				t.Errorf("%s: the job is %s, %v", sig, st, err)
			}
			_ = os.Remove(filepath.Join(dir, "run")) // it names a group that cleaning up must not end
		}
		w.signalled(stranger.Process.Pid, boot)
		if err := stranger.Process.Signal(syscall.SIGUSR1); err != nil {
			t.Fatal("the stranger was gone:", err)
		}
		err := <-over
		over <- err
		if ended, ok := stranger.ProcessState.Sys().(syscall.WaitStatus); !ok || ended.Signal() != syscall.SIGUSR1 {
			t.Errorf("the stranger ended with %v", err)
		}
	})
}

// signalled: a job whose processes cannot be signalled is not said to have been, nor to have ended.
func (w *world) signalled(pid int, boot string) {
	w.t.Helper()
	w.stub("sleep", "exit 0")
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		w.t.Fatal(err)
	}
	const nobody = 1<<22 + 1 // no group has this number
	record := fmt.Sprintf("%d %d %s %s", pid, nobody, strings.Fields(string(b))[21], boot)
	dir := filepath.Join(w.root, "jobs", "deaf")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.Symlink(record, filepath.Join(dir, "run"))); err != nil {
		w.t.Fatal(err)
	}
	if err := w.keeper().Signal(within(w.t, 90*time.Second), w.host, "deaf", "KILL"); asError(w.t, err).Kind != Torn {
		w.t.Errorf("the signal met nobody, and: %v", err)
	}
	if exit := w.record("deaf", "exit"); exit != "" {
		w.t.Errorf("it lives, and has ended with %s", exit)
	}
	_ = os.Remove(filepath.Join(dir, "run"))
	// One whose group is not known is signalled alone: 0 would be whoever asks, and 1 everybody.
	alone := exec.Command("sleep", "100")
	alone.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := alone.Start(); err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = alone.Process.Kill() }()
	if b, err = os.ReadFile(fmt.Sprintf("/proc/%d/stat", alone.Process.Pid)); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Symlink(fmt.Sprintf("%d 0 %s %s", alone.Process.Pid, strings.Fields(string(b))[21], boot), filepath.Join(dir, "run")); err != nil {
		w.t.Fatal(err)
	}
	if err := w.keeper().Signal(within(w.t, 90*time.Second), w.host, "deaf", "TERM"); err != nil {
		w.t.Error(err)
		return
	}
	if err := alone.Wait(); err == nil || !strings.Contains(err.Error(), "terminated") {
		w.t.Errorf("it ended with %v", err)
	}
	_ = os.Remove(filepath.Join(dir, "run"))
}

// TestMuchOutput: pieces of every size, taken up at offsets that fall on no border.
func TestMuchOutput(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		const size = 3<<20 + 12345
		want := make([]byte, size)
		for i := range want {
			want[i] = byte(i*7 + i>>8 + i>>16)
		}
		src := filepath.Join(filepath.Dir(w.root), "src")
		if err := os.WriteFile(src, want, 0o600); err != nil {
			t.Fatal(err)
		}
		k := w.keeper()
		for i, off := range []int64{0, 1, 65535, 65536, 65537, 1 << 20, size - 1, size} {
			s := &sink{t: t, off: off}
			exit, err := k.Carry(within(t, 60*time.Second), Order{Host: w.host, Job: "j", Script: "cat " + src + "; exit 3", Offset: off, Adopt: i > 0}, s.take)
			if err != nil || exit != 3 || s.String() != string(want[off:]) {
				t.Errorf("from %d: exit %d, %v, %d bytes", off, exit, err, len(s.buf))
			}
		}
	})
}

func TestSinkFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "dash")
	k, full := w.keeper(), errors.New("disk full here")
	script, want := w.counting(100)
	o := Order{Host: w.host, Job: "j", Script: script}
	if _, err := k.Carry(within(t, 90*time.Second), o, func(int64, []byte) error { return full }); !errors.Is(err, full) {
		t.Fatalf("want the sink's error, got %v", err)
	}
	s := &sink{t: t}
	o.Adopt = true
	if exit, err := k.Carry(within(t, 90*time.Second), o, s.take); err != nil || exit != 37 || s.String() != want || w.executions() != 1 {
		t.Errorf("taken up again: exit %d, %v, %d executions", exit, err, w.executions())
	}
	if _, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Script: script}, func(int64, []byte) error { return full }); !errors.Is(err, full) {
		t.Errorf("attached: want the sink's error, got %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "dash")
	w.refuse = func(n int) error {
		if n == 0 {
			return notSent{}
		}
		return nil
	}
	k := w.keeper()
	if _, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j", Script: "true"}, (&sink{t: t}).take); !notStarted(err) {
		t.Errorf("a host that was never reached: %v", err)
	}
	if _, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "first", Script: "true"}, (&sink{t: t}).take); err != nil {
		t.Fatal(err)
	}
	w.refuse = func(int) error { return notSent{} } // the host is known by now, and the order goes out at once
	for range 2 {
		if _, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "k", Script: "true"}, (&sink{t: t}).take); !notStarted(err) {
			t.Errorf("a known host that was not reached: %v", err)
		}
	}
	k = w.keeper()
	w.calls.Store(1)
	w.refuse = nil
	// Once it was sent, a refused connection is no proof of anything: try again.
	w.limits = func(n int) (int, int) {
		if n == 1 {
			return -1, 700
		}
		return -1, -1
	}
	w.refuse = func(n int) error {
		if n > 1 && n < 6 {
			return notSent{}
		}
		return nil
	}
	script, want := w.counting(300)
	s := &sink{t: t}
	if exit, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j", Script: script}, s.take); err != nil || exit != 37 || s.String() != want || w.executions() != 1 {
		t.Errorf("exit %d, %v, %d executions", exit, err, w.executions())
	}
}
