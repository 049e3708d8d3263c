package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tend/ssh/sshtest"
)

// fault tests: each makes one thing wrong, and holds what is said to one clear line with what to do, and to its exit code.

// says runs a command line that must end with a code and say each of the words on one of its streams, in a handful of lines.
func (s *site) says(code int, words []string, args ...string) {
	s.t.Helper()
	out, errs, got := s.tend(args...)
	if got != code {
		s.t.Errorf("tend %s: exit %d, not %d\n%s%s", strings.Join(args, " "), got, code, out, errs)
	}
	for _, w := range words {
		if !strings.Contains(out+errs, w) {
			s.t.Errorf("tend %s: no %q in\n%s%s", strings.Join(args, " "), w, out, errs)
		}
	}
	if code == 2 && strings.Count(errs, "\n") > 3 {
		s.t.Errorf("tend %s: more than a line and its hint:\n%s", strings.Join(args, " "), errs)
	}
}

func TestFaultsInFiles(t *testing.T) {
	scriptsOnly(t)
	s := bareSite(t)
	s.write("broken.toml", "[[site]\nname = \"a\"\n")
	s.write("empty.toml", "")
	s.write("dir/x", "")
	s.write("open.toml", "[[site]]\nname = \"a\"\n[[site.host]]\nname = \"h\"\n")
	s.write("fine.toml", "[[site]]\nname = \"a\"\n[[site.host]]\nname = \"h\"\nport = 1\n")
	s.write("key.toml", "[defaults]\nidentity = [\""+filepath.Join(s.dir, "key")+"\"]\n[[site]]\nname = \"a\"\n[[site.host]]\nname = \"h\"\n")
	s.write("key", "no key at all\n")
	if err := os.Chmod(filepath.Join(s.dir, "open.toml"), 0o666); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(s.dir, name) }
	s.says(2, []string{"broken.toml:1:7: "}, "-i", at("broken.toml"), "run", "health")
	s.says(2, []string{"a directory", "dir/inventory.toml"}, "-i", at("dir"), "run", "health")
	s.says(2, []string{"nowhere.toml", "there is no such file"}, "-i", at("nowhere.toml"), "run", "health")
	s.says(2, []string{"empty.toml has no hosts", "tend new inventory"}, "-i", at("empty.toml"), "run", "health")
	s.says(2, []string{"open.toml", "chmod go-w"}, "-i", at("open.toml"), "run", "health")
	s.says(2, []string{at("dir") + ": this is a directory, not a file"}, "runbook", "check", at("dir"))
	s.says(2, []string{at("none.toml") + ": there is no such file"}, "runbook", "check", at("none.toml"))
	s.says(2, []string{at("none.toml") + ": there is no such file"}, "plan", "show", at("none.toml"))
	s.says(2, []string{"broken.toml:1:7: "}, "plan", "show", at("broken.toml"))
	s.says(2, []string{"broken.toml:1:7: "}, "-i", at("broken.toml"), "runbook", "list")
	if err := syscall.Mkfifo(at("pipe.toml"), 0o600); err != nil { // nobody will ever write into it
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", at("zero.toml")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pipe.toml", "zero.toml"} {
		s.says(2, []string{name + ": this is not a regular file"}, "-i", at(name), "run", "health")
		s.says(2, []string{name + ": this is no regular file"}, "runbook", "check", at(name))
		s.says(2, []string{name + ": this is no regular file"}, "plan", "show", at(name))
	}
	if err := syscall.Mkfifo(at("runbooks/pipe.toml"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.says(2, []string{"runbooks/pipe.toml: this is no regular file"}, "-i", at("fine.toml"), "run", "pipe")
}

// asNobody copies the program to where any user may run it, and a home of nobody's.
func asNobody(t *testing.T) *site {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can be somebody else")
	}
	s := bareSite(t)
	data, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "tend"), data, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"", "home", "run", "runbooks"} {
		if err := os.Chown(filepath.Join(s.dir, d), 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *site) nobody(args ...string) (string, int) {
	s.t.Helper()
	c := exec.Command(filepath.Join(s.dir, "tend"), args...)
	c.Env, c.Dir = s.env, s.dir
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := c.CombinedOutput()
	if c.ProcessState == nil {
		s.t.Fatal(err)
	}
	return string(out), c.ProcessState.ExitCode()
}

// TestUnreadable: an inventory, a key and a journal that this user may not read are named, each with what is wrong.
func TestUnreadable(t *testing.T) {
	scriptsOnly(t)
	srv := sshtest.Start(t, sshtest.Config{})
	s := asNobody(t)
	s.write("inventory.toml", "[[site]]\nname = \"a\"\n[[site.host]]\nname = \"h\"\n") // root's, and 0600
	if out, code := s.nobody("run", "health"); code != 2 || !strings.Contains(out, "inventory.toml: you may not read") {
		t.Errorf("inventory: exit %d\n%s", code, out)
	}
	s.write("key", "secret\n")
	s.write("own.toml", fmt.Sprintf("[defaults]\nuser = \"nobody\"\nidentity = [%q]\nknown_hosts = [%q]\n[[site]]\nname = \"a\"\n[[site.host]]\nname = \"h\"\naddr = %q\nport = %d\n",
		filepath.Join(s.dir, "key"), filepath.Join(s.dir, "known"), srv.Addr, srv.Port))
	known, err := os.ReadFile(srv.KnownHosts)
	if err != nil {
		t.Fatal(err)
	}
	s.write("known", string(known))
	for _, name := range []string{"own.toml", "known"} {
		if err := os.Chown(filepath.Join(s.dir, name), 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	if out, code := s.nobody("-i", filepath.Join(s.dir, "own.toml"), "run", "health"); code != 1 || !strings.Contains(out, filepath.Join(s.dir, "key")) || !strings.Contains(out, "permission denied") {
		t.Errorf("key: exit %d\n%s", code, out)
	}
	if err := os.Chown(filepath.Join(s.dir, "state", "tend", "journal"), 0, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(s.dir, "state", "tend", "journal"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, code := s.nobody("-i", filepath.Join(s.dir, "own.toml"), "run", "health"); code != 2 || !strings.Contains(out, "belongs to") {
		t.Errorf("somebody else's journal: exit %d\n%s", code, out)
	}
}

// listener answers every connection with f and returns its port.
func listener(t *testing.T, f func(net.Conn)) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var open []net.Conn
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open = append(open, c)
			f(c)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
		for _, c := range open {
			c.Close()
		}
	})
	return l.Addr().(*net.TCPAddr).Port
}

// TestHostsThatDoNotAnswer: one refuses, one accepts and says nothing, one speaks another protocol, one hangs up at once. Each is
// told apart, and none takes the run along: the host beside them passes.
func TestHostsThatDoNotAnswer(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	silent := listener(t, func(net.Conn) {})
	other := listener(t, func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 400 Bad Request\r\n\r\n"); c.Close() })
	gone := listener(t, func(c net.Conn) { c.Close() })
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", silent)) // its own port is taken as long as it stands, and nobody listens there
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	closed := c.LocalAddr().(*net.TCPAddr).Port
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	s.write("home/.ssh/config", "Host *\n  ConnectTimeout 3\n")
	text, err := os.ReadFile(filepath.Join(s.dir, "inventory.toml"))
	if err != nil {
		t.Fatal(err)
	}
	b := bytes.NewBuffer(text)
	for name, port := range map[string]int{"silent": silent, "other": other, "gone": gone, "closed": closed} {
		fmt.Fprintf(b, "[[site.host]]\nname = %q\naddr = \"127.0.0.1\"\nport = %d\n", name, port)
	}
	s.write("inventory.toml", b.String())
	s.withBook("title = \"t\"\nrisk = \"read\"\n[[step]]\nid = \"a\"\nkind = \"check\"\nscript = \"echo here\"\n")
	out, errs, code := s.tend("run", "own", "--yes")
	if code != 1 {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	for _, want := range []string{"UNREACHABLE closed a: connection to 127.0.0.1:", "refused (is sshd running there", "UNREACHABLE other a: not an SSH server: it says \"HTTP/1.1 400",
		"UNREACHABLE gone a: the server closed the connection before its banner", "UNREACHABLE silent a: no login within", "OK real-1 a: here"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s%s", want, out, errs)
		}
	}
	if recap := out[strings.Index(out, "ended, failed"):]; strings.Index(recap, "UNREACH ") > strings.Index(recap, "OK  ") {
		t.Errorf("failures do not come first in\n%s", recap)
	}
}

// TestHostClosesInMidStep: the connection under a step that reads is cut each time. How the step
// ended there is unknown, which is said; the other host passed, and what both said is kept.
func TestHostClosesInMidStep(t *testing.T) {
	cut, whole := sshtest.Start(t, sshtest.Config{}), sshtest.Start(t, sshtest.Config{})
	s := bareSite(t)
	var b strings.Builder
	b.WriteString("[[site]]\nname = \"a\"\n")
	for name, srv := range map[string]*sshtest.Server{"cut": cut, "whole": whole} {
		fmt.Fprintf(&b, "[[site.host]]\nname = %q\naddr = %q\nport = %d\nuser = %q\nidentity = [%q]\nknown_hosts = [%q]\n", name, srv.Addr, srv.Port, srv.User, srv.Key, srv.KnownHosts)
	}
	s.write("inventory.toml", b.String())
	s.withBook(fmt.Sprintf("title = \"t\"\nrisk = \"read\"\n[[step]]\nid = \"a\"\nkind = \"check\"\nscript = '''\necho before\ncase $SSH_CONNECTION in *' %d') kill -9 $PPID; sleep 60;; esac\n'''\n", cut.Port))
	out, errs, code := s.tend("run", "own", "--yes")
	if code != 3 || !strings.Contains(out, "UNKNOWN cut a: the link was lost in mid-step") || strings.Contains(out, ": cut: ") || !strings.Contains(out, "OK whole a: before") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if shown := s.ok("journal", "show", "last", "--output"); strings.Count(shown, "before") < 2 {
		t.Errorf("what it said before is lost:\n%s", shown)
	}
}
