package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tend/ssh/sshtest"
)

// site is a home, a journal and an inventory whose hosts are real sshds on this machine.
type site struct {
	t   *testing.T
	dir string
	env []string
}

// newSite writes an inventory of hosts real-1… all served by srv.
func newSite(t *testing.T, srv *sshtest.Server, hosts int, more string) *site {
	t.Helper()
	var b strings.Builder
	identity := ""
	if srv.Key != "" {
		identity = strconv.Quote(srv.Key)
	}
	fmt.Fprintf(&b, "[defaults]\nuser = %q\nidentity = [%s]\nknown_hosts = [%q]\n%s\n[[site]]\nname = \"here\"\n[[site.rack]]\nname = \"r1\"\nunits = 42\n",
		srv.User, identity, srv.KnownHosts, more)
	for i := 1; i <= hosts; i++ {
		fmt.Fprintf(&b, "[[site.rack.host]]\nname = \"real-%d\"\naddr = %q\nport = %d\nunit = %d\n", i, srv.Addr, srv.Port, i)
	}
	s := bareSite(t)
	s.write("inventory.toml", b.String())
	s.env = append(s.env, "TEND_JOB_ROOT="+filepath.Join(s.dir, "jobs"))
	return s
}

// bareSite is a site whose inventory is not yet written.
func bareSite(t *testing.T) *site {
	t.Helper()
	dir := shortDir(t)
	for _, d := range []string{"home", "run", "runbooks"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { holdsNoSecret(t, filepath.Join(dir, "state")) })
	return &site{t: t, dir: dir, env: append(os.Environ(), asTend+"=1", "HOME="+filepath.Join(dir, "home"), "XDG_STATE_HOME="+filepath.Join(dir, "state"),
		"XDG_RUNTIME_DIR="+filepath.Join(dir, "run"), "TEND_INVENTORY="+filepath.Join(dir, "inventory.toml"), "SSH_AUTH_SOCK=", "XDG_CONFIG_HOME=")}
}

// withBook adds a runbook of the site's own.
func (s *site) withBook(text string) *site {
	s.t.Helper()
	s.write(filepath.Join("runbooks", "own.toml"), text)
	return s
}

func (s *site) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) cmd(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = s.env
	return c
}

// tend runs a command line and returns what it printed and its exit code.
func (s *site) tend(args ...string) (out, errs string, code int) {
	s.t.Helper()
	var o, e bytes.Buffer
	c := s.cmd(args...)
	c.Stdout, c.Stderr = &o, &e
	err := c.Run()
	if c.ProcessState == nil {
		s.t.Fatal(err)
	}
	return o.String(), e.String(), c.ProcessState.ExitCode()
}

// ok runs a command line that must pass.
func (s *site) ok(args ...string) string {
	s.t.Helper()
	out, errs, code := s.tend(args...)
	if code != 0 {
		s.t.Fatalf("tend %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// kinds counts the events of the newest run by kind.
func (s *site) kinds() map[string]int {
	s.t.Helper()
	n := map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(s.ok("journal", "show", "last", "--json")), "\n") {
		var e struct{ Kind string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			s.t.Fatalf("%q: %v", line, err)
		}
		n[e.Kind]++
	}
	return n
}

func TestRealHealthFactsAndDryRun(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 2, "")
	out, errs, code := s.tend("run", "health")
	if code > 1 || !strings.Contains(out, "real-2") {
		t.Fatalf("health: exit %d\n%s%s", code, out, errs)
	}
	n := s.kinds()
	if n["step_started"] != 2 || n["step_ended"] != 2 || n["facts_read"] != 2 || n["run_closed"] != 1 || n["host_reached"] != 2 {
		t.Fatalf("the journal of health: %v", n)
	}
	if show := s.ok("journal", "show", "last", "--output"); !strings.Contains(show, "disk:/") {
		t.Errorf("no disk check in\n%s", show)
	}
	s.ok("run", "facts", "real-1")
	if show := s.ok("journal", "show", "last", "--output"); !strings.Contains(show, "kernel=") {
		t.Errorf("no kernel in\n%s", show)
	}
	out, errs, code = s.tend("run", "patch", "real-1", "--dry-run")
	if code > 1 {
		t.Fatalf("patch --dry-run: exit %d\n%s%s", code, out, errs)
	}
	if show := s.ok("journal", "show", "last", "--json"); !strings.Contains(show, `"pending"`) || strings.Contains(show, `"risk":"disrupt"`) {
		t.Errorf("a dry run must tell what is pending and hold no step that changes:\n%.4000s", show)
	}
	s.ok("journal", "verify")
}

func TestRealDetachedStep(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 2, "")
	out, _, code := s.tend("exec", "--yes", "--", "echo out; echo err >&2; exit 7")
	if code != 1 || !strings.Contains(out, "exit 7") {
		t.Fatalf("exit %d\n%s", code, out)
	}
	show := s.ok("journal", "show", "last", "--output")
	if strings.Count(show, "out") < 2 || strings.Count(show, "err") < 2 {
		t.Errorf("output is missing in\n%s", show)
	}
	s.ok("exec", "real-1", "--yes", "--", "true")
}

func TestRealHostKeyIsRefusedUntilAccepted(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	if err := os.WriteFile(srv.KnownHosts, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, srv, 1, "")
	out, errs, code := s.tend("exec", "--yes", "--", "true")
	m := regexp.MustCompile(`tend host accept real-1 (SHA256:[A-Za-z0-9+/]+)`).FindStringSubmatch(out + errs)
	if code != 1 || m == nil {
		t.Fatalf("an unknown key: exit %d\n%s%s", code, out, errs)
	}
	if _, errs, code := s.tend("host", "accept", "real-1", "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"); code == 0 {
		t.Fatalf("a wrong fingerprint was accepted: %s", errs)
	}
	s.ok("host", "accept", "real-1", m[1])
	s.ok("exec", "--yes", "--", "true")
}

func TestRealHostDown(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	s := newSite(t, srv, 1, "")
	srv.Kill()
	out, errs, code := s.tend("exec", "--yes", "--", "true")
	if code != 1 || !strings.Contains(out+errs, "real-1") || !strings.Contains(out+errs, "unreachable") {
		t.Fatalf("a host that is down: exit %d\n%s%s", code, out, errs)
	}
}

// started begins a run that nobody watches and returns its name.
func (s *site) started(command string) (run string) {
	s.t.Helper()
	out := s.ok("exec", "--yes", "--detach", "--", command)
	return strings.TrimSpace(out)
}

// runnerPID is the process that carries the run out, from its own first event.
func (s *site) runnerPID(run string) int {
	s.t.Helper()
	for _, line := range strings.Split(s.ok("journal", "show", run, "--json"), "\n") {
		var e struct {
			Kind string
			Body struct{ PID int }
		}
		if json.Unmarshal([]byte(line), &e) == nil && e.Kind == "runner_started" && e.Body.PID > 0 {
			return e.Body.PID
		}
	}
	s.t.Fatal("no runner_started in the journal")
	return 0
}

// TestRealRunSurvivesItsConsole: what was watching is killed, and the run ends as if nobody had ever watched.
func TestRealRunSurvivesItsConsole(t *testing.T) {
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	gate, count := filepath.Join(s.dir, "gate"), filepath.Join(s.dir, "count")
	c := s.cmd("exec", "--yes", "--", "echo x >>"+count+"; while [ ! -e "+gate+" ]; do sleep 0.1; done; echo through")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	awaitFile(t, count)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	s.write("gate", "")
	out := s.ok("attach", "last")
	if b, _ := os.ReadFile(count); string(b) != "x\n" || !strings.Contains(out+s.ok("journal", "show", "last", "--output"), "through") {
		t.Fatalf("ran %q times, said\n%s", b, out)
	}
}

// TestRealRunnerKilledAndResumed: the process that carries the run out is killed in mid-step; a resume finds the step on its host.
func TestRealRunnerKilledAndResumed(t *testing.T) {
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	gate, count := filepath.Join(s.dir, "gate"), filepath.Join(s.dir, "count")
	run := s.started("echo x >>" + count + "; echo before; while [ ! -e " + gate + " ]; do sleep 0.1; done; echo through; exit 5")
	awaitFile(t, count)
	p, err := os.FindProcess(s.runnerPID(run))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	out, errs, code := s.tend("attach", run)
	if code != 3 || !strings.Contains(errs, "tend resume") {
		t.Fatalf("a run left behind: exit %d\n%s%s", code, out, errs)
	}
	if out := s.ok("runs"); !strings.Contains(out, "left behind") {
		t.Fatalf("tend runs says\n%s", out)
	}
	s.write("gate", "")
	out, errs, code = s.tend("resume", run)
	show := s.ok("journal", "show", run, "--output")
	b, _ := os.ReadFile(count)
	if code != 1 || string(b) != "x\n" || !strings.HasSuffix(show, "exit 5\nbefore\nthrough\n") {
		t.Fatalf("resumed: exit %d, ran %q times\n%s%s\n%s", code, b, out, errs, show)
	}
	s.ok("journal", "verify")
}

func awaitFile(t *testing.T, path string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		if st, err := os.Stat(path); err == nil && st.Size() > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s never came", path)
		}
		time.Sleep(20 * time.Millisecond) // polling for another process's file
	}
}

// TestRealFilesBesideTheInventory: key and known hosts are named as files beside the inventory, and the command is given from elsewhere.
func TestRealFilesBesideTheInventory(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	s := newSite(t, srv, 1, "")
	text, err := os.ReadFile(filepath.Join(s.dir, "inventory.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{"keys/id": srv.Key, "keys/known": srv.KnownHosts} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		s.write(name, string(b))
		text = bytes.ReplaceAll(text, []byte(strconv.Quote(from)), []byte(strconv.Quote(name)))
	}
	s.write("inventory.toml", string(text))
	if out := s.ok("exec", "--yes", "--", "echo", "here"); !strings.Contains(out, "OK:1") {
		t.Error(out)
	}
}
