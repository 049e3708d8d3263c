package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tend/ssh/sshtest"
)

func (c *tty) typed(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, text); err != nil {
		c.t.Fatal(err)
	}
}

// TestRealShellIsRecorded: a shell on a real sshd, by the inventory's policy: what it shows is recorded, what is typed and not shown is
// not, patterns are kept out, and the journal tells when the recording was edited.
func TestRealShellIsRecorded(t *testing.T) {
	scriptsOnly(t)
	srv := sshtest.Start(t, sshtest.Config{Bare: true})
	s := newSite(t, srv, 1, "record_shell = true\nrequire_reason = true")
	s.write("home/.config/tend/config.toml", "[journal]\nredact = [\"AKIA[0-9A-Z]{16}\"]\n")
	if out, errs, code := s.tend("shell", "real-1"); code != 2 || !strings.Contains(errs, "reason") {
		t.Fatalf("without a reason: exit %d\n%s%s", code, out, errs)
	}
	c := s.onTerminal("shell", "real-1", "--reason", "looks odd")
	c.see("is recorded")
	c.typed("PS1='ready> '; stty -echo; echo on-the-$((40+2))\n")
	c.see("on-the-42")
	c.typed("read word; echo got-${#word}\n")
	c.typed("hunter2-tophat\n")
	c.see("got-14")
	c.typed("seq 1 600 | tr '\\n' ' '; echo AKIA0123456789ABC'DEF'; exit 7\n")
	if code := c.ended(); code != 0 {
		t.Fatalf("exit %d\n%s", code, c.text())
	}
	holdsNoSecret(t, filepath.Join(s.dir, "state"))
	list := s.must("journal", "shells")
	if !strings.Contains(list, "looks odd") || !strings.Contains(list, "exit 7 after") || !strings.Contains(list, "bytes") {
		t.Errorf("the list:\n%s", list)
	}
	for _, p := range printedJSON {
		if p.command == "tend journal shells" {
			p.holds(t, s.must("journal", "shells", "--json"))
		}
	}
	text := s.must("journal", "replay", "last")
	if !strings.Contains(text, "on-the-42") || !strings.Contains(text, "[redacted") || !strings.Contains(text, "-- exit 7") || strings.Contains(text, "\x1b") {
		t.Errorf("the text:\n%q", text)
	}
	if out := s.must("journal", "verify"); !strings.Contains(out, "1 recording, 0 problems") {
		t.Errorf("verify: %s", out)
	}
	if out := s.must("journal", "search", "looks odd"); !strings.Contains(out, "opened a shell") {
		t.Errorf("search: %s", out)
	}
	p := s.onTerminal("journal", "replay", "last", "--speed", "60")
	p.see("on-the-42")
	p.see("-- the end of shell")
	if code := p.ended(); code != 0 {
		t.Errorf("the replay: exit %d", code)
	}
	casts, err := filepath.Glob(filepath.Join(s.dir, "state", "tend", "journal", "*", "*.cast"))
	if err != nil || len(casts) != 1 {
		t.Fatalf("%v, %v", casts, err)
	}
	b, err := os.ReadFile(casts[0])
	if err != nil {
		t.Fatal(err)
	}
	if raw := s.must("journal", "replay", "last", "--raw"); raw != string(b) || !strings.HasPrefix(raw, `{"version":3,`) {
		t.Errorf("the recording: %.100q", raw)
	}
	if err := os.WriteFile(casts[0], []byte(strings.Replace(string(b), "on-the-42", "on-the-43", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, code := s.tend("journal", "verify"); code != 1 || !strings.Contains(out, "modified") {
		t.Errorf("verify of an edited recording: exit %d, %s", code, out)
	}
	if _, errs, code := s.tend("journal", "replay", "last"); code != 1 || !strings.Contains(errs, "DAMAGED") {
		t.Errorf("replay of an edited recording: exit %d, %s", code, errs)
	}
	if err := os.WriteFile(casts[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	s.must("journal", "keep", "--size", "1KB")
	if _, err := os.Stat(casts[0]); !os.IsNotExist(err) {
		t.Errorf("the recording of %d bytes is still there: %v", len(b), err)
	}
	s.must("journal", "verify")
}

// TestRealShellConsoleKilled: a console that is killed leaves its recording, and the next one vouches for it.
func TestRealShellConsoleKilled(t *testing.T) {
	srv := sshtest.Start(t, sshtest.Config{Bare: true})
	s := newSite(t, srv, 1, "record_shell = true")
	c := s.onTerminal("shell", "real-1")
	c.see("is recorded")
	c.typed("echo on-the-$((40+2))\n")
	c.see("on-the-42")
	if list := s.must("journal", "shells"); !strings.Contains(list, "open") {
		t.Errorf("while it is open:\n%s", list)
	}
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.ended()
	d := s.onTerminal("shell", "real-1")
	d.see("is recorded")
	d.typed("exit\n")
	d.ended()
	list := s.must("journal", "shells")
	if !strings.Contains(list, "its console died") || !strings.Contains(list, "exit 0 after") {
		t.Errorf("afterwards:\n%s", list)
	}
	if out := s.must("journal", "verify"); !strings.Contains(out, "2 recordings, 0 problems") {
		t.Errorf("verify: %s", out)
	}
}

// must runs a command line that has to succeed.
func (s *site) must(args ...string) string {
	s.t.Helper()
	out, errs, code := s.tend(args...)
	if code != 0 {
		s.t.Fatalf("tend %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}
