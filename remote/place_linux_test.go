package remote

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tend/inventory"
)

// mount puts a small file system under the job root, or skips.
func (w *world) mount(flags uintptr, options string) {
	w.t.Helper()
	if err := os.MkdirAll(w.root, 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", w.root, "tmpfs", flags, options); err != nil {
		w.t.Skipf("no file system can be mounted here: %v", err)
	}
	w.t.Cleanup(func() {
		w.clean()
		until(w.t, "the file system to be unmounted", func() bool { return syscall.Unmount(w.root, syscall.MNT_DETACH) == nil })
	})
}

// fill leaves no room on the file system.
func (w *world) fill() {
	w.t.Helper()
	f, err := os.Create(filepath.Join(w.root, "filler"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !strings.Contains(err.Error(), "no space") {
		w.t.Fatal(err)
	}
}

// TestFullBefore: SSH.md, case 19: refused before anything starts, with one clear line.
func TestFullBefore(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]string{"blocks": "size=128k", "inodes": "size=1m,nr_inodes=3"} {
		eachShell(t, func(t *testing.T, w *world) {
			w.mount(0, opt)
			if name == "blocks" {
				w.fill()
			}
			if name == "inodes" {
				for i := range 3 {
					_ = os.WriteFile(filepath.Join(w.root, fmt.Sprint(i)), nil, 0o600)
				}
			}
			script, _ := w.counting(1)
			_, err := w.keeper().Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j", Script: script}, (&sink{t: t}).take)
			e := asError(t, err)
			if e.Kind != Keepless || !e.NotStarted() || !strings.Contains(e.Hint(), "room") || !strings.Contains(e.Error(), "No space left on device") || !e.Answered() || w.executions() != 0 {
				t.Errorf("%s: %v (hint %q), %d executions", name, err, e.Hint(), w.executions())
			}
			if _, err := os.Lstat(filepath.Join(w.root, "jobs", "j")); err == nil {
				t.Errorf("%s: something was left behind", name)
			}
		})
	}
}

// TestFullMidStep: the step never feels it, its exit code is kept, and the output says that it is cut.
func TestFullMidStep(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		w.mount(0, "size=256k")
		var said atomic.Value
		k := w.keeper(func(o *Options) {
			o.Remark = func(_ inventory.HostID, _, text string) { said.Store(text) }
		})
		s := &sink{t: t}
		script := "i=0; while [ $i -lt 10000 ]; do echo 'a line of the output, forty bytes long.' || exit 99; i=$((i+1)); done; exit 37"
		exit, err := k.Carry(within(t, 60*time.Second), Order{Host: w.host, Job: "j", Script: script}, s.take)
		if err != nil || exit != 37 {
			t.Errorf("exit %d, %v", exit, err)
		}
		whole := strings.Repeat("a line of the output, forty bytes long.\n", 10000)
		if !strings.HasPrefix(whole, s.String()) || s.off < 64<<10 {
			t.Errorf("%d bytes of output that are not the beginning of it", s.off)
		}
		if text, _ := said.Load().(string); !strings.Contains(text, "incomplete") {
			t.Errorf("the cut is not flagged: %q", text)
		}
	})
}

// TestNoInode: the step itself uses up the last inode; its exit code is kept all the same.
func TestNoInode(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		w.mount(0, "size=1m,nr_inodes=40")
		s := &sink{t: t}
		script := "i=0; while (: >" + w.root + "/f$i) 2>/dev/null; do i=$((i+1)); done; echo full; exit 37"
		if exit, err := w.keeper().Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j", Script: script}, s.take); err != nil || exit != 37 || s.String() != "full\n" {
			t.Errorf("exit %d, %v, output %q", exit, err, s)
		}
	})
}

func TestNoexec(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		w.mount(syscall.MS_NOEXEC|syscall.MS_NOSUID, "size=1m")
		s := &sink{t: t}
		if exit, err := w.keeper().Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j", Script: "echo out; exit 3"}, s.take); err != nil || exit != 3 || s.String() != "out\n" {
			t.Errorf("exit %d, %v, output %q", exit, err, s)
		}
	})
}

func TestReadOnlyRoot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "dash")
	w.mount(syscall.MS_RDONLY, "size=1m")
	if f, err := w.keeper().Preflight(within(t, 90*time.Second), w.host, false); f.Writable || err != nil {
		t.Errorf("%+v, %v", f, err)
	}
	_, err := w.keeper().Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j", Script: "echo out"}, (&sink{t: t}).take)
	if e := asError(t, err); e.Kind != Keepless || !e.NotStarted() {
		t.Errorf("%v", err)
	}
	// Also where the host was known before its file system became read-only.
	k := w.keeper()
	k.hosts[place{w.host.Name, false}] = &memo{known: true, facts: Facts{Boot: "b", Writable: true}}
	_, err = k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j", Script: "echo out"}, (&sink{t: t}).take)
	if e := asError(t, err); e.Kind != Keepless || !strings.Contains(strings.ToLower(e.Error()), "read-only") {
		t.Errorf("%v", err)
	}
}

// TestPreflight: SSH.md, case 17, on a host that says of itself what real ones were seen to say.
func TestPreflight(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, kill, uid, launcher, killUser string
		keeps                               bool
	}{
		{"a user, no", "b false", "1000", "setsid", "no", true},
		{"a user, yes", "b true", "1000", "setsid", "yes", false},
		{"root, yes, systemd-run", "b true", "0", "systemd-run", "yes", true},
		{"a user, nobody answers", "", "1000", "setsid", "unknown", true},
		{"a user, D-Bus hangs", "b true", "1000", "setsid", "unknown", true},
		{"root, no systemd", "b true", "0", "setsid", "no", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "dash")
			if strings.Contains(c.name, "hangs") { // what timeout(1) ends
				w.stub("timeout", "exit 124")
			}
			w.stub("busctl", `[ "$*" = "get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager KillUserProcesses" ] && [ -n "`+c.kill+`" ] && echo "`+c.kill+`"`)
			w.stub("id", `case $1 in -u) echo `+c.uid+` ;; -un) echo tester ;; esac`)
			w.stub("systemd-run", `exit 1`)
			systemd := !strings.Contains(c.name, "no systemd")
			k := w.keeper(func(o *Options) {
				if systemd {
					o.systemd = filepath.Dir(w.root)
				}
			})
			f, err := k.Preflight(within(t, 90*time.Second), w.host, false)
			if err != nil {
				t.Fatal(err)
			}
			ok, why, fix := f.Keeps()
			if ok != c.keeps || !ok && (!strings.Contains(why, "KillUserProcesses") || fix == "") || f.Systemd != systemd || f.KillUser != c.killUser || f.Boot == "" || f.Root != w.root || !f.Writable {
				t.Errorf("keeps %v (%s), want %v; facts %+v", ok, why, c.keeps, f)
			}
			if f.Launcher != c.launcher {
				t.Errorf("launcher %q", f.Launcher)
			}
			if c.keeps {
				return
			}
			script, _ := w.counting(1)
			_, err = w.keeper(func(o *Options) { o.systemd = filepath.Dir(w.root) }).Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j", Script: script}, (&sink{t: t}).take)
			if e := asError(t, err); e.Kind != Keepless || !e.NotStarted() || w.executions() != 0 {
				t.Errorf("carried all the same: %v", err)
			}
		})
	}
}

// TestPsThatCannotTell: without /proc, ps of Linux is there and fails. Nobody could tell there whether a step is at work, and one that is would be taken
// for killed: nothing is started. Where ps tells of processes, as on a BSD, it is.
func TestPsThatCannotTell(t *testing.T) {
	t.Parallel()
	for stub, keeps := range map[string]bool{"echo 'Error, do this: mount -t proc proc /proc' >&2; exit 47": false, "echo '  1'": true} {
		w := newWorld(t, "dash")
		w.stub("ps", stub)
		k := w.keeper(func(o *Options) { o.proc = filepath.Dir(w.root) })
		f, err := k.Preflight(within(t, 90*time.Second), w.host, false)
		if err != nil {
			t.Fatal(err)
		}
		if ok, why, fix := f.Keeps(); ok != keeps || !ok && (!strings.HasSuffix(why, ": ps") || !strings.Contains(fix, "/proc")) {
			t.Errorf("ps: %s: keeps %v (%s; %s)", stub, ok, why, fix)
		}
	}
}

// TestSystemdRun: the launcher of a root that has systemd, and what becomes of a step where it fails.
func TestSystemdRun(t *testing.T) {
	t.Parallel()
	// Like the real one: an empty environment, another directory, its own session; --collect is too new for this one.
	const run = `echo "$*" >>LOG
for a in "$@"; do [ "$a" != --collect ] || exit 1; done
while [ "$1" != sh ]; do shift; done
cd /; exec env -i PATH="$PATH" setsid "$@" </dev/null >/dev/null 2>&1 &`
	w := newWorld(t, "dash")
	dir := filepath.Dir(w.root)
	w.env = append(w.env, "GREETING=it's\n  two lines")
	w.stub("systemd-run", strings.ReplaceAll(run, "LOG", dir+"/log"))
	w.stub("busctl", "echo b true")
	w.stub("id", "echo 0")
	systemd := func(o *Options) { o.systemd = dir }
	s := &sink{t: t}
	exit, err := w.keeper(systemd).Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j.1", Script: `echo "$GREETING"; pwd; umask; exit 8`}, s.take)
	if want := "it's\n  two lines\n" + dir + "/home\n0022\n"; err != nil || exit != 8 || s.String() != want {
		t.Errorf("exit %d, %v, output %q, want %q", exit, err, s, want)
	}
	log, _ := os.ReadFile(dir + "/log")
	if lines := strings.Split(string(log), "\n"); len(lines) != 3 || !strings.Contains(lines[0], "--collect") || strings.Contains(lines[1], "--collect") || !strings.Contains(lines[1], "KillMode=process") {
		t.Errorf("systemd-run was called with %q", log)
	}
	// It fails, and logind would kill whatever else could be started: given up, and certainly so.
	w.stub("systemd-run", "exit 1")
	_, err = w.keeper(systemd).Carry(within(t, 40*time.Second), Order{Host: w.host, Job: "j.2", Script: "echo never"}, s.take)
	if e := asError(t, err); e.Kind != Refused || !e.NotStarted() || !strings.Contains(e.Error(), "launcher") {
		t.Errorf("%v", err)
	}
	if w.record("j.2", "run") != "void" || len(w.delivered("j.2")) > 0 {
		t.Errorf("given up, and the claim is %q; the script: %v", w.record("j.2", "run"), w.delivered("j.2"))
	}
}

// TestRestart: the order is given a moment after the answer, by the first of the commands that the host has.
func TestRestart(t *testing.T) {
	t.Parallel()
	for _, have := range []string{"systemd-run", "systemctl", "shutdown", "reboot", "no systemd"} {
		t.Run(have, func(t *testing.T) {
			w := newWorld(t, "dash")
			if os.Getuid() != 0 {
				t.Skip("only root may restart a host, even a pretended one")
			}
			log := filepath.Join(filepath.Dir(w.root), "log")
			for _, name := range []string{"sleep", "systemd-run", "systemctl", "shutdown", "reboot"} { // never the real ones
				w.stub(name, "echo "+name+` "$*" >>`+log+"; "+map[bool]string{true: "exit 0", false: "exit 1"}[name == have || have == "no systemd"])
			}
			k := w.keeper(func(o *Options) {
				if have != "no systemd" {
					o.systemd = filepath.Dir(w.root)
				}
			})
			id, err := k.Identity(within(t, 90*time.Second), w.host)
			if err != nil || id == "" {
				t.Fatalf("identity %q, %v", id, err)
			}
			if err := k.Restart(within(t, 90*time.Second), w.host); err != nil {
				t.Fatal(err)
			}
			const timer, wait = "systemd-run --quiet --on-active=1s systemctl --no-block reboot\n", "sleep 1\n" // the answer comes first
			want := map[string]string{"systemd-run": timer, "systemctl": timer + wait + "systemctl --no-block reboot\n",
				"shutdown":   timer + wait + "systemctl --no-block reboot\nshutdown -r now\n",
				"reboot":     timer + wait + "systemctl --no-block reboot\nshutdown -r now\nreboot \n",
				"no systemd": wait + "shutdown -r now\n"}[have]
			got := ""
			until(t, "the order to restart", func() bool {
				b, _ := os.ReadFile(log)
				got = string(b)
				return len(got) >= len(want)
			})
			if got != want || w.drops.Load() != 1 {
				t.Errorf("ran %q, want %q; %d drops", got, want, w.drops.Load())
			}
			// A run whose lease was broken restarts nothing.
			w.leasing(&k.o)
			ctx := within(t, 90*time.Second)
			if _, err := k.Acquire(ctx, w.host, claim("ops", "mine")); err != nil {
				t.Fatal(err)
			}
			l, _, err := k.Inspect(ctx, w.host)
			if err != nil || k.Break(ctx, w.host, l) != nil {
				t.Fatal(err)
			}
			if err := k.Restart(ctx, w.host); !notStarted(err) {
				t.Errorf("with a broken lease: %v", err)
			}
		})
	}
}
