package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tend/ssh/sshtest"
)

// TestBrokenOffAtAConfirmation: ^C where a word is to be typed is a no like any other: exit 3, what was not done is said, and nothing was.
func TestBrokenOffAtAConfirmation(t *testing.T) {
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	s.write("file", "text")
	dst, mark := filepath.Join(s.dir, "pushed"), filepath.Join(s.dir, "mark")
	for _, cmd := range []struct {
		args      []string
		see, says string
	}{
		{[]string{"exec", "--", "touch", mark}, "to start: ", "not started"},
		{[]string{"push", "real-1", filepath.Join(s.dir, "file"), dst}, "to start: ", "not started"},
	} {
		c := s.onTerminal(cmd.args...)
		c.see(cmd.see)
		c.typed("1") // half of an answer
		c.typed("\x03")
		if code := c.ended(); code != 3 || !c.echoes() || !strings.Contains(c.text(), cmd.says+": nothing was typed: it was broken off") {
			t.Errorf("%v: exit %d, echo %v\n%s", cmd.args, code, c.echoes(), c.text())
		}
	}
	for _, p := range []string{dst, mark} {
		if _, err := os.Stat(p); err == nil {
			t.Errorf("%s was made all the same", p)
		}
	}
}

// TestBrokenOffInItsMidst: ^C in the midst of a push, a pull and a rehearsal ends it with exit 3 and says what is left. The host is given
// back, and no directory of a rehearsal stays.
func TestBrokenOffInItsMidst(t *testing.T) {
	scriptsOnly(t)
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	temp := filepath.Join(s.dir, "temp")
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	s.env = append(s.env, "TMPDIR="+temp)
	big := filepath.Join(s.dir, "big")
	s.write("big", "")
	if err := os.Truncate(big, 1<<30); err != nil { // it takes longer than anybody looks at it
		t.Fatal(err)
	}
	for _, cmd := range []struct {
		args      []string
		see, says string
	}{
		{[]string{"pull", "real-1", big, filepath.Join(s.dir, "in")}, "of 1024 MiB", "the same command takes up what is there"},
		{[]string{"push", "real-1", big, filepath.Join(s.dir, "pushed"), "--yes"}, "of 1024 MiB", "the same command takes up what is there"},
		{[]string{"rehearse", "patch", "real-1", "--speed", "1"}, "", "the rehearsal was broken off"},
	} {
		c := s.onTerminal(cmd.args...)
		if c.see(cmd.see); cmd.see == "" { // a rehearsal says nothing before its end
			await(t, "its directory", func() bool {
				made, _ := filepath.Glob(filepath.Join(temp, "tend-rehearsal-*", "*"))
				return len(made) > 0
			})
		}
		c.typed("\x03")
		if code := c.ended(); code != 3 || !c.echoes() || !strings.Contains(c.text(), cmd.says) {
			t.Errorf("%v: exit %d, echo %v\n%s", cmd.args, code, c.echoes(), c.text())
		}
	}
	if out := s.ok("host", "lease", "real-1"); strings.Contains(out, "held") {
		t.Errorf("the push left its lease: %s", out)
	}
	if left, err := filepath.Glob(filepath.Join(temp, "tend-rehearsal-*")); len(left) > 0 || err != nil {
		t.Errorf("the rehearsal left %v, %v", left, err)
	}
}
