package remote

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tend/inventory"
)

// deliver puts into the job's directory what a start puts there before it launches, under the nonce x, and returns the supervisor's command.
func (w *world) deliver(k *Keeper, job, script string) string {
	w.t.Helper()
	d := filepath.Join(w.root, "jobs", job)
	if err := os.MkdirAll(d, 0o700); err != nil {
		w.t.Fatal(err)
	}
	for name, text := range map[string]string{"cmd.x": script, "sup.x": part("sup")} {
		if err := os.WriteFile(filepath.Join(d, name), []byte(text), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	boot := w.boot(k)
	return fmt.Sprintf("setsid sh %s/sup.x %s x %s %s/gone/%s/%s 022 tend:%s", d, d, boot, w.root, boot, job, job)
}

// runs gives the host a line of shell, and returns when that has ended.
func (w *world) runs(line string) {
	w.t.Helper()
	in := newFeed()
	in.add(line)
	in.close()
	if _, err := w.Exec(within(w.t, 60*time.Second), w.host, "exec /bin/sh -s", in, &strings.Builder{}, &strings.Builder{}); err != nil {
		w.t.Fatal(err)
	}
}

// delivered lists the scripts that lie in the job's directory.
func (w *world) delivered(job string) []string {
	left, _ := filepath.Glob(filepath.Join(w.root, "jobs", job, "cmd.*"))
	return left
}

// TestSecondSupervisor: one that comes when the step is under way does nothing, and takes away what was delivered for it.
func TestSecondSupervisor(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		script, _ := w.counting(1)
		gate := filepath.Join(filepath.Dir(w.root), "gate")
		script = strings.Replace(script, "; i=0", "; while [ ! -e "+gate+" ]; do sleep 0.05; done; i=0", 1)
		k := w.keeper()
		var once bool
		late := w.deliver(k, "j", script)
		if exit, err := k.Carry(within(t, 60*time.Second), Order{Host: w.host, Job: "j", Script: "echo up; " + script}, func(int64, []byte) error {
			if !once {
				once = true
				w.runs(late)
				if left := w.delivered("j"); len(left) != 1 || strings.HasSuffix(left[0], "cmd.x") {
					t.Errorf("the second took away the wrong script, or none: %v", left)
				}
				return os.WriteFile(gate, nil, 0o600)
			}
			return nil
		}); exit != 37 || err != nil || w.executions() != 1 {
			t.Errorf("exit %d, %v, %d executions", exit, err, w.executions())
		}
	})
}

// TestDeliveredAndNotBegun: a start that died before it launched left its script behind. The order that comes again begins the step, once;
// until then nobody cleans it up as though it were over.
func TestDeliveredAndNotBegun(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		script, want := w.counting(1)
		k, s := w.keeper(), &sink{t: t}
		w.deliver(k, "j", script)
		if err := k.Forget(within(t, 60*time.Second), w.host, "j"); err == nil || len(w.delivered("j")) != 1 {
			t.Errorf("what may still begin was cleaned up: %v", err)
		}
		k.Knew(w.host.Name, false, w.boot(k))
		exit, err := k.Carry(within(t, 60*time.Second), Order{Host: w.host, Job: "j", Script: script, Adopt: true}, s.take)
		if exit != 37 || err != nil || s.String() != want || w.executions() != 1 {
			t.Errorf("exit %d, %v, output %q, %d executions", exit, err, s, w.executions())
		}
	})
}

// TestGivenUpIsNeverBegun: what was given up as unknown stays so, whoever comes later and knows more; and so does an order of a run whose lease
// was broken meanwhile, though the host was not restarted.
func TestGivenUpIsNeverBegun(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		script, _ := w.counting(1)
		adopt := func(k *Keeper, job string) {
			t.Helper()
			_, err := k.Carry(within(t, 60*time.Second), Order{Host: w.host, Job: job, Script: script, Adopt: true}, (&sink{t: t}).take)
			if e := asError(t, err); e.NotStarted() || w.executions() != 0 {
				t.Errorf("%s: %v, %d executions", job, err, w.executions())
			}
		}
		k := w.keeper(w.leasing)
		boot := w.boot(k)
		adopt(k, "j")
		knows := w.keeper()
		knows.Knew(w.host.Name, false, boot)
		adopt(knows, "j")
		w.runs(w.deliver(k, "j", script))
		if w.executions() != 0 {
			t.Error("a start that was on its way ran what was given up")
		}
		ctx := within(t, 60*time.Second)
		late := w.deliver(k, "s", script)
		if err := k.Signal(ctx, w.host, "s", "TERM"); err != nil {
			t.Error(err)
		}
		if w.runs(late); w.executions() != 0 {
			t.Error("a start that was on its way ran what a signal gave up")
		}
		if _, err := k.Acquire(ctx, w.host, claim("ops", "mine")); err != nil {
			t.Fatal(err)
		}
		k.Knew(w.host.Name, false, boot)
		l, _, err := k.Inspect(ctx, w.host)
		if err != nil || k.Break(ctx, w.host, l) != nil {
			t.Fatal(err)
		}
		adopt(k, "k")
	})
}

// TestBootWithoutItsFirstProcess: where PID 1 cannot be seen (hidepid), now or when the order was first sent, the boot's own name must do.
func TestBootWithoutItsFirstProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "dash")
	proc := filepath.Join(filepath.Dir(w.root), "proc")
	w.setBoot(proc, "boot-1", 7)
	script, _ := w.counting(1)
	for i, c := range []struct {
		was  string
		runs int
	}{{"boot-1+0", 1}, {"boot-0+0", 1}, {"boot-1+7", 2}, {"boot-1+8", 2}} {
		k := w.keeper(func(o *Options) { o.proc = proc })
		k.Knew(w.host.Name, false, c.was)
		_, err := k.Carry(within(t, 60*time.Second), Order{Host: w.host, Job: fmt.Sprint("j", i), Script: script, Adopt: true}, (&sink{t: t}).take)
		if w.executions() != c.runs {
			t.Fatalf("the order was sent in %s, and this is boot-1+7: %d executions, want %d; %v", c.was, w.executions(), c.runs, err)
		}
	}
}

// TestZombiesAreDead: a process that has ended, and that nobody has reaped, as in a container without an init, keeps no step running.
func TestZombiesAreDead(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		dead := exec.Command("true")
		dead.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := dead.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = dead.Wait() }()
		var f []string
		until(t, "a zombie", func() bool {
			b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", dead.Process.Pid))
			f = strings.Fields(string(b))
			return len(f) > 21 && f[2] == "Z"
		})
		d := filepath.Join(w.root, "jobs", "j")
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(fmt.Sprintf("%s %s %s %s", f[0], f[4], f[21], w.boot(w.keeper())), d+"/run"); err != nil {
			t.Fatal(err)
		}
		if st, _, err := w.keeper().Status(within(t, 60*time.Second), w.host, "j"); st != "lost-killed" || err != nil {
			t.Errorf("a step whose processes are zombies is %s, %v", st, err)
		}
		_ = os.Remove(d + "/run")
	})
}

// remarked carries a step out and returns its exit code, its output, and what was said of it beside that.
func (w *world) remarked(o Order, s *sink) (exit int, said string) {
	w.t.Helper()
	k := w.keeper(func(o *Options) { o.Remark = func(_ inventory.HostID, _, text string) { said += text + "\n" } })
	exit, err := k.Carry(within(w.t, 60*time.Second), o, s.take)
	if err != nil {
		w.t.Error(err)
	}
	return exit, said
}

// TestLastWords: what a step's child writes a moment after the step ended, and what a step writes when it is signalled, belongs to its output.
func TestLastWords(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		s := &sink{t: t}
		if exit, said := w.remarked(Order{Host: w.host, Job: "child", Script: "(sleep 0.7; echo late) & echo early; exit 3"}, s); exit != 3 || s.String() != "early\nlate\n" || said != "" {
			t.Errorf("exit %d, output %q, remarks %q", exit, s, said)
		}
		s = &sink{t: t}
		var once bool
		exit, err := w.keeper().Carry(within(t, 60*time.Second), Order{Host: w.host, Job: "signalled",
			Script: "trap 'sleep 0.2; echo cleaned up; exit 5' TERM; echo up; while :; do sleep 0.05; done"}, func(off int64, p []byte) error {
			if !once {
				once = true
				go func() { _ = w.keeper().Signal(within(t, 60*time.Second), w.host, "signalled", "TERM") }()
			}
			return s.take(off, p)
		})
		// The step's own shell may say what became of the sleep that the signal ended.
		if exit != 5 || err != nil || !strings.HasSuffix(s.String(), "cleaned up\n") {
			t.Errorf("exit %d, %v, output %q", exit, err, s)
		}
	})
}

// TestEndIsReadBeforeTheSize: a step that ends between a follower's two looks loses none of its output.
func TestEndIsReadBeforeTheSize(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "dash")
	real, err := exec.LookPath("wc")
	if err != nil {
		t.Skip(err)
	}
	w.stub("wc", "n=$("+real+` "$@"); echo "$n"; exec sleep 0.5`) // all that happens, happens behind the count
	s := &sink{t: t}
	if exit, _ := w.remarked(Order{Host: w.host, Job: "j", Script: "sleep 1.2; echo last; exit 4"}, s); exit != 4 || s.String() != "last\n" {
		t.Errorf("exit %d, output %q", exit, s)
	}
}

// TestOutputThatShrank: where the host lost output that was read before, that is said.
func TestOutputThatShrank(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		s := &sink{t: t}
		o := Order{Host: w.host, Job: "j", Script: "echo 123456789; exit 4"}
		w.remarked(o, s)
		if err := os.Truncate(filepath.Join(w.root, "jobs", "j", "out"), 4); err != nil {
			t.Fatal(err)
		}
		o.Adopt, o.Offset = true, s.off
		if exit, said := w.remarked(o, s); exit != 4 || said == "" {
			t.Errorf("exit %d, and nothing is said of the loss: %q", exit, said)
		}
	})
}

// TestStartThatWaits: a start whose supervisor does not come says meanwhile that it is there, so that its link does not count as silent;
// then it is given up, and what cannot be delivered whole leaves nothing.
func TestStartThatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "dash")
	w.stub("sleep", "exit 0")
	w.stub("setsid", "exit 0")
	f := &following{k: w.keeper(), o: Order{Host: w.host, Job: "j", Script: "true"}, nonce: "n"}
	script, err := f.script()
	if err != nil {
		t.Fatal(err)
	}
	if out := w.said(script); !strings.Contains(out, "n H 0") || !strings.Contains(out, "n R launch") || w.record("j", "run") != "void" {
		t.Errorf("it said %q", out)
	}
	w.stub("wc", "echo 1")
	f.o.Job = "cut"
	if script, err = f.script(); err != nil {
		t.Fatal(err)
	}
	if out := w.said(script); !strings.Contains(out, "n R place") {
		t.Errorf("it said %q", out)
	}
	if left, err := os.ReadDir(filepath.Join(w.root, "jobs", "cut")); err == nil {
		t.Errorf("left behind: %v", left)
	}
}

// said gives the host a script, and returns what it answered.
func (w *world) said(script string) string {
	w.t.Helper()
	in, out := newFeed(), &strings.Builder{}
	in.add(script)
	in.close()
	if _, err := w.Exec(within(w.t, 60*time.Second), w.host, "exec /bin/sh -s", in, out, &strings.Builder{}); err != nil {
		w.t.Fatal(err)
	}
	return out.String()
}

// TestFollowerBeats: while a long step is followed, whoever looks at the lease sees that its run is there.
func TestFollowerBeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "dash")
	w.stub("sleep", "exit 0") // a minute of naps in a moment
	k, ctx := w.keeper(w.leasing), within(t, 60*time.Second)
	if _, err := k.Acquire(ctx, w.host, claim("ops", "mine")); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(w.root)
	fifo, beat := filepath.Join(dir, "go"), filepath.Join(dir, "tend.lease.mine")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	exit, err := k.Carry(ctx, Order{Host: w.host, Job: "j", Script: "echo up; read -r x <" + fifo + "; exit 3"}, func(int64, []byte) error {
		_ = os.Remove(beat)
		go func() {
			for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
				if _, err := os.Lstat(beat); err == nil {
					break
				}
			}
			_ = os.WriteFile(fifo, []byte("x\n"), 0)
		}()
		return nil
	})
	if _, gone := os.Lstat(beat); exit != 3 || err != nil || gone != nil {
		t.Errorf("exit %d, %v, beat: %v", exit, err, gone)
	}
}

// TestEnvironmentThatCannotBeRead: a step begins where the environment that was handed on ends the shell that reads it.
func TestEnvironmentThatCannotBeRead(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		script, _ := w.counting(1)
		line := w.deliver(w.keeper(), "j", script)
		if err := os.WriteFile(filepath.Join(w.root, "jobs", "j", "env.x"), []byte("exit 9\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if w.runs(line); w.executions() != 1 || w.record("j", "exit") != "37" {
			t.Errorf("%d executions, exit %q", w.executions(), w.record("j", "exit"))
		}
	})
}

// TestTombstones: those of this boot stay, and no others.
func TestTombstones(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "dash")
	proc := filepath.Join(filepath.Dir(w.root), "proc")
	for _, boot := range []string{"boot-1", "boot-2"} {
		w.setBoot(proc, boot, 1)
		k := w.keeper(func(o *Options) { o.proc = proc })
		for _, job := range []string{"j1", "j2"} {
			if _, err := k.Carry(within(t, 60*time.Second), Order{Host: w.host, Job: job + boot, Script: "true"}, (&sink{t: t}).take); err != nil {
				t.Fatal(err)
			}
			if err := k.Forget(within(t, 60*time.Second), w.host, job+boot); err != nil {
				t.Fatal(err)
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(w.root, "gone", "*", "*")); len(left) != 2 || !strings.HasSuffix(left[0], "boot-2+1/j1boot-2") {
		t.Errorf("tombstones: %v", left)
	}
}

// TestEndBetweenTwoLooks: a step that ends while it is being looked for is not taken for killed.
func TestEndBetweenTwoLooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "dash")
	real, err := exec.LookPath("readlink")
	if err != nil {
		t.Skip(err)
	}
	boot, dir := w.boot(w.keeper()), filepath.Join(w.root, "jobs", "j")
	w.stub("readlink", real+` "$@"; case $1 in */run) ln -s 5 `+dir+`/exit ;; esac`)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("4194305 4194305 1 "+boot, filepath.Join(dir, "run")); err != nil {
		t.Fatal(err)
	}
	if st, exit, err := w.keeper().Status(within(t, 60*time.Second), w.host, "j"); st != "draining" || exit != "5" || err != nil {
		t.Errorf("it is %s, exit %s, %v", st, exit, err)
	}
}
