package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tend/ssh/sshtest"
)

// TestCopyStepsOnARealHost puts a template on a real host by a detached step; what hangs on its change runs once, and not again.
func TestCopyStepsOnARealHost(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	if err := os.MkdirAll(filepath.Join(s.dir, "runbooks"), 0o700); err != nil {
		t.Fatal(err)
	}
	to, log := filepath.Join(s.dir, "ntp.conf"), filepath.Join(s.dir, "restarts")
	s.write("runbooks/ntp.tmpl", "server {{ server }} iburst\n")
	s.write("runbooks/ntp.toml", "title = \"time\"\nrisk = \"change\"\n[[param]]\nname = \"server\"\ndefault = \"it's.example\"\n"+
		"[[step]]\nid = \"conf\"\ntemplate = \"ntp.tmpl\"\nto = \""+to+"\"\n"+
		"[[step]]\nid = \"restart\"\nscript = \"echo again >>"+log+"\"\nwhen = \"conf.changed=yes\"\n")
	for range 2 {
		s.ok("run", "ntp", "real-1", "--yes")
	}
	if text, err := os.ReadFile(to); string(text) != "server it's.example iburst\n" {
		t.Errorf("%q %v", text, err)
	}
	if text, err := os.ReadFile(log); string(text) != "again\n" {
		t.Errorf("%q %v", text, err)
	}
}

// TestHostWithoutAShell: gear whose login is a command line of its own gets the words as they are, attached, and nothing else.
func TestHostWithoutAShell(t *testing.T) {
	t.Parallel()
	gear := filepath.Join(t.TempDir(), "cli")
	text := "#!/bin/sh\ncase $SSH_ORIGINAL_COMMAND in 'show version') echo 'IOS 15'; exit 0;; esac\necho '% Invalid input'; exit 1\n"
	if err := os.WriteFile(gear, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, sshtest.Start(t, sshtest.Config{Lines: []string{"ForceCommand " + gear}}), 1, "shell = \"none\"\n")
	if out := s.ok("exec", "real-1", "--yes", "--", "show version"); !strings.Contains(out, "IOS 15") {
		t.Errorf("%s", out)
	}
	if out, _, code := s.tend("exec", "real-1", "--yes", "--", "show nothing"); code != 1 || !strings.Contains(out, "% Invalid input") {
		t.Errorf("exit %d\n%s", code, out)
	}
	if _, errs, code := s.tend("run", "patch", "real-1", "--yes"); code != 2 || !strings.Contains(errs, "needs a shell") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// TestFetchStepsOnRealHosts brings a file from two real hosts into the journal, and writes it out from there.
func TestFetchStepsOnRealHosts(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 2, "")
	from, to := filepath.Join(s.dir, "some.conf"), filepath.Join(s.dir, "out")
	s.write("some.conf", "a=b\nit's \x01\xff")
	s.withBook("title = \"get\"\nrisk = \"read\"\n[[step]]\nid = \"conf\"\nfetch = \"" + from + "\"\n")
	s.ok("run", "own", "real-[1-2]", "--yes")
	list := s.ok("journal", "files", "last")
	if strings.Count(list, from) != 2 || !strings.Contains(list, "HOST") {
		t.Errorf("%s", list)
	}
	s.ok("journal", "files", "last", "--to", to)
	s.ok("journal", "files", "last", "--to", to) // the same again is no news
	for _, host := range []string{"real-1", "real-2"} {
		if b, err := os.ReadFile(filepath.Join(to, host, from)); string(b) != "a=b\nit's \x01\xff" {
			t.Errorf("%s: %q %v", host, b, err)
		}
	}
	if err := os.WriteFile(filepath.Join(to, "real-2", from), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := s.tend("journal", "files", "last", "--to", to); code != 2 || !strings.Contains(errs, "is there already") {
		t.Errorf("exit %d: %s", code, errs)
	}
	s.ok("journal", "files", "last", "--to", to, "--force", "--host", "real-2")
	if b, _ := os.ReadFile(filepath.Join(to, "real-2", from)); string(b) != "a=b\nit's \x01\xff" {
		t.Errorf("%q", b)
	}
	if err := os.Remove(from); err != nil {
		t.Fatal(err)
	}
	if out, _, code := s.tend("run", "own", "real-1", "--yes"); code != 1 || !strings.Contains(out, "there is no "+from) {
		t.Errorf("exit %d: %s", code, out)
	}
}
