package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tend/ssh/sshtest"
)

// withoutLaunchers is what sshd is put behind so that nothing there can start a process in a session of its own.
func withoutLaunchers(t *testing.T) sshtest.Config {
	t.Helper()
	const hide = `for n in setsid nohup perl daemon systemd-run; do
	for d in /usr/bin /bin /usr/sbin /sbin /usr/local/bin /usr/local/sbin; do [ ! -e "$d/$n" ] || mount --bind /dev/null "$d/$n" || exit; done
done
exec "$@"`
	under := []string{"unshare", "-m", "sh", "-c", hide, "sh"}
	if out, err := exec.Command(under[0], append(slices.Clone(under[1:]), "true")...).CombinedOutput(); err != nil {
		cannotRun(t, fmt.Sprintf("since this machine allows no mounts: %v, %s", err, out))
	}
	return sshtest.Config{Under: under}
}

// TestRealHostThatCannotKeepAStep: nothing on the host can outlive a connection. It refuses, before anything is started, and says why; the
// next plan says so beforehand; and only by decision does a step run on the connection, under a lease as any other.
func TestRealHostThatCannotKeepAStep(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, withoutLaunchers(t)), 1, "")
	const why = "no setsid, systemd-run, daemon, perl or nohup"
	out, errs, code := s.tend("exec", "--yes", "--", "echo x >>"+s.count())
	if code != 1 || !strings.Contains(out+errs, why) || !strings.Contains(out+errs, "--attached real-1") {
		t.Fatalf("a host that cannot keep a step: exit %d\n%s%s", code, out, errs)
	}
	if b, err := os.ReadFile(s.count()); err == nil {
		t.Fatalf("it ran: %q", b)
	}
	s.planSays("warning", "real-1 cannot keep a detached step: "+why)
	for _, args := range [][]string{{"exec", "--yes", "--", "true"}, {"run", "exec", "--set", "command=true", "--yes", "--json"}} { // once, wherever it is read
		out, errs, code = s.tend(args...)
		if n := strings.Count(out+errs, "warning: real-1 cannot keep a detached step"); code != 1 || n != 1 {
			t.Errorf("%v: nobody was there to ask, and it says it %d times: exit %d\n%s%s", args, n, code, out, errs)
		}
	}
	s.planSays("--attached", "real-1: steps run on the connection, on the operator's word", "plan", "exec", "--set", "command=true", "--attached", "real-1")
	s.ok("exec", "--yes", "--attached", "real-1", "--", "echo x >>"+s.count()+"; cat /var/tmp/tend.lease "+s.dir+"/jobs.lease 2>/dev/null; ls -d "+s.dir+"/jobs.lease")
	if b, _ := os.ReadFile(s.count()); string(b) != "x\n" {
		t.Errorf("attached, it ran %q", b)
	}
	if show := s.ok("journal", "show", "last", "--output"); !strings.Contains(show, "jobs.lease") {
		t.Errorf("no lease was held meanwhile:\n%s", show)
	}
	// Somebody at a terminal is asked.
	c := s.onTerminal("exec", "real-1", "--", "echo y >>"+s.count())
	c.see("Type attached for yes")
	c.typed("attached\n")
	c.see("Type real-1 to start")
	c.typed("real-1\n")
	if code := c.ended(); code != 0 {
		t.Errorf("attached by answer: exit %d\n%s", code, c.text())
	}
	if b, _ := os.ReadFile(s.count()); string(b) != "x\ny\n" {
		t.Errorf("by answer, it ran %q", b)
	}
	// The console asks as well, and its run is the one that was decided on.
	c = s.onTerminal("--tier", "line")
	c.see("command (help lists them):")
	c.typed("run exec real-1\n")
	c.see("parameter command")
	c.typed("echo z >>" + s.count() + "\n")
	c.see("real-1: " + why)
	c.typed("attached\n")
	c.see("real-1: steps run on the connection")
	c.typed("real-1\n")
	c.see("ended, passed")
	c.typed("quit\n")
	if code := c.ended(); code != 0 {
		t.Errorf("attached in the console: exit %d\n%s", code, c.text())
	}
	if b, _ := os.ReadFile(s.count()); string(b) != "x\ny\nz\n" {
		t.Errorf("in the console, it ran %q", b)
	}
	if out, errs, code := s.tend("exec", "--yes", "--attached", "nowhere", "--", "true"); code != 2 || !strings.Contains(errs, `--attached: no host is named "nowhere"`) {
		t.Errorf("an unknown host: exit %d\n%s%s", code, out, errs)
	}
}

// TestRealFactsSayWhoCannotKeepAStep: the runbook facts alone tells the next plan.
func TestRealFactsSayWhoCannotKeepAStep(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, withoutLaunchers(t)), 1, "")
	s.ok("run", "facts")
	s.planSays("facts", "real-1 cannot keep a detached step: no setsid")
	well := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	well.ok("run", "facts")
	if out := well.ok("plan", "exec", "--set", "command=true"); strings.Contains(out, "cannot keep") {
		t.Errorf("a host that can is said not to:\n%s", out)
	}
}

func (s *site) planSays(when, want string, args ...string) {
	s.t.Helper()
	if len(args) == 0 {
		args = []string{"plan", "exec", "--set", "command=true"}
	}
	if out := s.ok(args...); !strings.Contains(out, want) {
		s.t.Errorf("%s: the plan does not say %q:\n%s", when, want, out)
	}
}

// TestRealAHostThatKeepsAStepAgain: once the cause is gone a step runs, and no later plan warns of what was.
func TestRealAHostThatKeepsAStepAgain(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	s.write("jobs", "a file where the directory should be")
	if out, errs, code := s.tend("exec", "--yes", "--", "true"); code != 1 || !strings.Contains(out+errs, "cannot keep a detached step") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	s.planSays("after a refusal", "real-1 cannot keep a detached step")
	if err := os.Remove(filepath.Join(s.dir, "jobs")); err != nil {
		t.Fatal(err)
	}
	s.ok("exec", "--yes", "--", "true")
	if out := s.ok("plan", "exec", "--set", "command=true"); strings.Contains(out, "cannot keep") {
		t.Errorf("the host kept a step, and the next plan says:\n%s", out)
	}
}
