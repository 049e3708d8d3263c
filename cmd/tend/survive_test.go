package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tend/ssh/sshtest"
)

// gated is a command that leaves a mark, waits for the file "gate", and ends with 5.
func (s *site) gated() string {
	return fmt.Sprintf("echo x >>%[1]s/count; echo before; while [ ! -e %[1]s/gate ]; do sleep 0.1; done; echo through; exit 5", s.dir)
}

func (s *site) count() string { return filepath.Join(s.dir, "count") }

// wentThrough wants the newest run to have run its gated step once, and to have all of its output.
func (s *site) wentThrough(run string) {
	s.t.Helper()
	b, _ := os.ReadFile(s.count())
	show := s.ok("journal", "show", run, "--output")
	if string(b) != "x\n" || !strings.Contains(show, "exit 5\nbefore\nthrough\n") {
		s.t.Errorf("the step ran %q times, and the journal has\n%s", b, show)
	}
	s.ok("journal", "verify")
}

// attached waits for a run's end as any terminal does.
func (s *site) attached(run string, want int) {
	s.t.Helper()
	if out, errs, code := s.tend("attach", run); code != want {
		s.t.Errorf("attach: exit %d, want %d\n%s%s", code, want, out, errs)
	}
}

// proxied is a site whose one host is reached through a proxy that misbehaves.
func proxied(t *testing.T) (*site, *sshtest.Server, *sshtest.Proxy) {
	t.Helper()
	srv := sshtest.Start(t, sshtest.Config{})
	s := newSite(t, srv, 1, "")
	return s, srv, s.through(srv)
}

// through puts a proxy before a server of the site's inventory.
func (s *site) through(srv *sshtest.Server) *sshtest.Proxy {
	s.t.Helper()
	p := sshtest.NewProxy(s.t, fmt.Sprintf("%s:%d", srv.Addr, srv.Port))
	known, err := os.ReadFile(srv.KnownHosts)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("known", strings.ReplaceAll(string(known), fmt.Sprintf("[%s]:%d ", srv.Addr, srv.Port), fmt.Sprintf("[127.0.0.1]:%d ", p.Port)))
	text, err := os.ReadFile(filepath.Join(s.dir, "inventory.toml"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("inventory.toml", strings.NewReplacer(fmt.Sprintf("addr = %q\nport = %d", srv.Addr, srv.Port), fmt.Sprintf("addr = \"127.0.0.1\"\nport = %d", p.Port), srv.KnownHosts, filepath.Join(s.dir, "known")).Replace(string(text)))
	return p
}

// TestRealTerminalCloses: a run is watched in a real terminal, which is closed: the pane's process gets its SIGHUP, and the run goes on.
func TestRealTerminalCloses(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	screen := newScreen(t, "screen-256color", filepath.Join(s.dir, "home"))
	screen.env = append(screen.env, "XDG_STATE_HOME="+filepath.Join(s.dir, "state"), "XDG_RUNTIME_DIR="+filepath.Join(s.dir, "run"),
		"TEND_INVENTORY="+filepath.Join(s.dir, "inventory.toml"), "TEND_JOB_ROOT="+filepath.Join(s.dir, "jobs"))
	run := s.started(s.gated())
	awaitFile(t, s.count())
	screen.open("attach", run)
	screen.see("real-1")
	screen.end() // the pane is closed under it
	screen.open("attach", run, "--lines")
	screen.see(run)
	screen.end()
	s.write("gate", "")
	s.attached(run, 1)
	s.wentThrough(run)
}

// TestRealSSHDChildKilled: what sshd runs for the session is killed in mid-step, and then sshd itself is killed and started again.
func TestRealSSHDChildKilled(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	s := newSite(t, srv, 1, "")
	run := s.started(s.gated())
	awaitFile(t, s.count())
	srv.KillSessions()
	s.remarked(run, "the link was lost")
	s.remarked(run, "the host answers again")
	srv.Restart()
	s.write("gate", "")
	s.attached(run, 1)
	s.wentThrough(run)
}

// remarked waits until the run's journal holds the words.
func (s *site) remarked(run, words string) {
	s.t.Helper()
	for deadline, looked := time.Now().Add(time.Minute), time.Now(); !strings.Contains(s.ok("journal", "show", run), words); looked = rest(looked) {
		if time.Now().After(deadline) {
			s.t.Fatalf("the journal never says %q:\n%s", words, s.ok("journal", "show", run))
		}
	}
}

// TestRealResumeWhileTheHostIsAway: the run's process is killed in mid-step, and the host cannot be reached when the run is taken up. The
// step is under way there: it is waited for, and not taken for one that never began.
func TestRealResumeWhileTheHostIsAway(t *testing.T) {
	t.Parallel()
	s, _, p := proxied(t)
	run := s.started(s.gated())
	awaitFile(t, s.count())
	s.killRunner(run)
	p.CutAfter(sshtest.ToClient, 0)
	p.Cut()
	s.ok("resume", run, "--detach")
	s.remarked(run, "cannot be reached to look for the step")
	p.CutAfter(sshtest.ToClient, -1)
	s.write("gate", "")
	s.attached(run, 1)
	s.wentThrough(run)
}

// twoSteps waits in its first step until gate lies in dir; each step leaves its letter in count.
const twoSteps = `
name = "twice"
title = "two steps"
risk = "change"
param = [{ name = "dir" }]
[[step]]
id = "first"
title = "the first"
risk = "change"
script = "echo x >>$dir/count; echo before; while [ ! -e $dir/gate ]; do sleep 0.1; done; echo through"
[[step]]
id = "second"
title = "the second"
risk = "change"
script = "echo y >>$dir/count"
`

// TestRealResumeWithABrokenLease: the run's process is killed in mid-step, and an operator breaks its lease. Taken up, the run follows what
// it had started to its end, and starts nothing more on the host.
func TestRealResumeWithABrokenLease(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "").withBook(twoSteps)
	run := strings.TrimSpace(s.ok("run", "twice", "--set", "dir="+s.dir, "--yes", "--detach"))
	awaitFile(t, s.count())
	s.killRunner(run)
	s.ok("host", "break", "real-1", "--yes", "--reason", "it looked dead")
	s.write("gate", "")
	out, errs, code := s.tend("resume", run)
	show := s.ok("journal", "show", run, "--output")
	b, _ := os.ReadFile(s.count())
	if code == 0 || string(b) != "x\n" || !strings.Contains(show, "before\nthrough\n") || !strings.Contains(show, "lease") {
		t.Errorf("exit %d, ran %q\n%s%s\n%s", code, b, out, errs, show)
	}
}

// killRunner kills the run's process with SIGKILL and waits until it is gone.
func (s *site) killRunner(run string) {
	s.t.Helper()
	if err := syscall.Kill(s.runnerPID(run), syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	for deadline, looked := time.Now().Add(time.Minute), time.Now(); s.busy(); looked = rest(looked) {
		if time.Now().After(deadline) {
			s.t.Fatal("it does not die")
		}
	}
}

// TestRealSIGTERM: the run's process is told to end. What runs is finished, nothing new is started, the run stays open and says why, and
// a resume carries on.
func TestRealSIGTERM(t *testing.T) {
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 2, "")
	run := strings.TrimSpace(s.ok("exec", "--yes", "--detach", "--parallel", "1", "--", s.gated()))
	awaitFile(t, s.count())
	if err := syscall.Kill(s.runnerPID(run), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.write("gate", "")
	out, errs, code := s.tend("attach", run)
	if code != 3 || !strings.Contains(errs, "tend resume") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	b, _ := os.ReadFile(s.count())
	if show := s.ok("journal", "show", run, "--output"); string(b) != "x\n" || !strings.Contains(show, "told to stop") || !strings.Contains(show, "before\nthrough\n") {
		t.Errorf("ran %q\n%s", b, show)
	}
	if out, errs, code = s.tend("resume", run); code != 1 {
		t.Errorf("resume: exit %d\n%s%s", code, out, errs)
	}
	if b, _ = os.ReadFile(s.count()); string(b) != "x\nx\n" {
		t.Errorf("ran %q on two hosts", b)
	}
}

// TestRealHardAbort: what runs is signalled, group and all, and what could not be made to end is named with its job and its host.
func TestRealHardAbort(t *testing.T) {
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	pids := filepath.Join(s.dir, "pids")
	run := s.started("sleep 1000 & echo $! >" + pids + "; echo $$ >>" + s.count() + "; wait")
	awaitFile(t, s.count())
	for _, c := range [][]string{{"pause", run}, {"abort", run}, {"abort", run, "--hard", "--reason", "wrong hosts"}} {
		if out := s.ok(c...); !strings.Contains(out, ":\n  run on real-1\n") {
			t.Errorf("%v does not say what the run waits for: %q", c, out)
		}
	}
	s.attached(run, 3)
	show := s.ok("journal", "show", run, "--json")
	for _, want := range []string{`"wrong hosts"`, `"abort_hard"`, "process group was signalled"} {
		if !strings.Contains(show, want) {
			t.Errorf("the journal lacks %s:\n%s", want, show)
		}
	}
	b, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscan(string(b), &pid); err != nil {
		t.Fatal(err)
	}
	for deadline, looked := time.Now().Add(time.Minute), time.Now(); running(pid); looked = rest(looked) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d of the group still runs", pid)
		}
	}
}

// running reports whether a process lives; a zombie does not.
func running(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(b), ") Z ")
}

// TestRealJournalIsLocked: while one process has a run, no other can take it up, and says who has it.
func TestRealJournalIsLocked(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	run := s.started(s.gated())
	awaitFile(t, s.count())
	out, errs, code := s.tend("resume", run)
	who := fmt.Sprintf("run %s is carried out by process %d on ", run, s.runnerPID(run))
	if code != 2 || !strings.Contains(errs, who) || !strings.Contains(errs, " since 20") || !strings.Contains(errs, "tend attach "+run) || strings.Count(errs, "\n") > 2 {
		t.Errorf("a second process: exit %d\n%s%s", code, out, errs)
	}
	log, err := os.ReadFile(filepath.Join(s.dir, "state", "tend", "log", run+".log"))
	if word := lastWordIn(string(log)); err != nil || word != "" {
		t.Errorf("what the refused process heard is taken for the last word of the one at work: %q, %v", word, err)
	}
	s.write("gate", "")
	s.attached(run, 1)
	s.wentThrough(run)
}

// TestLastWordIsOfTheLastProcess: what one process died of is not said of the next one, which took the run up.
func TestLastWordIsOfTheLastProcess(t *testing.T) {
	first := atWork + "1\ntend: the disk is full\n  hint: make room\ntend: and more\n"
	for log, want := range map[string]string{"": "", first: ": the disk is full", first + atWork + "2\n": ""} {
		if got := lastWordIn(log); got != want {
			t.Errorf("%q, want %q of\n%s", got, want, log)
		}
	}
}

// TestRealTwoConsoles: two machines that do not know each other, each with a journal of its own, want one host. The second is refused
// with whose lease lies there; once the first has ended, it works.
func TestRealTwoConsoles(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	s, other := newSite(t, srv, 1, ""), newSite(t, srv, 1, "")
	other.env = append(other.env, "TEND_JOB_ROOT="+filepath.Join(s.dir, "jobs"))
	run := s.started(s.gated())
	awaitFile(t, s.count())
	out, errs, code := other.tend("exec", "--yes", "--", "echo y >>"+s.count())
	if code != 1 || !strings.Contains(out+errs, run) {
		t.Errorf("the second console: exit %d\n%s%s", code, out, errs)
	}
	if held := other.ok("host", "lease", "real-1"); !strings.Contains(held, run) || !strings.Contains(held, "last seen") {
		t.Errorf("the evidence: %s", held)
	}
	s.write("gate", "")
	s.attached(run, 1)
	s.wentThrough(run)
	other.ok("exec", "--yes", "--", "echo y >>"+s.count())
}

// TestRealLeaseBrokenUnderAnAttachedStep: an operator breaks the lease while a step runs attached. It is followed to its end, and nothing more
// is started on the host, attached or detached.
func TestRealLeaseBrokenUnderAnAttachedStep(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	for _, attached := range []bool{true, false} {
		s := newSite(t, srv, 1, "").withBook(twoSteps)
		args := []string{"run", "twice", "--set", "dir=" + s.dir, "--yes", "--detach"}
		if attached {
			args = append(args, "--attached", "real-1")
		}
		run := strings.TrimSpace(s.ok(args...))
		awaitFile(t, s.count())
		s.ok("host", "break", "real-1", "--yes", "--reason", "it looked dead")
		s.write("gate", "")
		s.attached(run, 1)
		show := s.ok("journal", "show", run, "--output")
		if b, _ := os.ReadFile(s.count()); string(b) != "x\n" || !strings.Contains(show, "through\n") || !strings.Contains(show, "OK real-1 first") || !strings.Contains(show, "real-1 second: the lease") {
			t.Errorf("attached %v: ran %q\n%s", attached, b, show)
		}
	}
}
