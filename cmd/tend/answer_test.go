package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"tend/ssh/sshtest"
)

// TestRealAnswerInItsTime: an answer that comes before its host asks, and one that comes when it was answered already, are refused in one line
// and leave no trace: they would be recorded, and answer nothing.
func TestRealAnswerInItsTime(t *testing.T) {
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	at := func(name string) string { return filepath.Join(s.dir, name) }
	gate := func(name string) string {
		return fmt.Sprintf("script = 'echo x >%[1]s; while [ ! -e %[1]s.gate ]; do sleep 0.05; done'\n", at(name))
	}
	s.withBook("title = \"swap\"\nrisk = \"change\"\n[[step]]\nid = \"before\"\n" + gate("before") +
		"[[step]]\nid = \"swap\"\nwords = \"swap it\"\nasks = [{ name = \"serial\", text = \"the new serial\", type = \"text\" }]\n[[step]]\nid = \"after\"\n" + gate("after"))
	run := strings.TrimSpace(s.ok("run", "own", "--yes", "--detach"))
	untimely := func(when string) {
		t.Helper()
		if out, errs, code := s.tend("answer", run, "real-1", "serial=wrong"); code != 2 || !strings.HasPrefix(errs, "tend: real-1 waits for no answer") || out != "" {
			t.Errorf("%s: exit %d, %s%s", when, code, out, errs)
		}
	}
	awaitFile(t, at("before"))
	untimely("too early")
	s.write("before.gate", "")
	s.refused("asks for serial", "answer", run, "real-1")
	s.ok("answer", run, "real-1", "serial=right")
	awaitFile(t, at("after"))
	untimely("answered already")
	s.write("after.gate", "")
	s.attached(run, 0)
	untimely("the run is over")
	show := s.ok("journal", "show", run, "--json")
	if n := strings.Count(show, `"decision":"answer"`); n != 1 || !strings.Contains(show, `"right"`) || strings.Contains(show, `"wrong"`) {
		t.Errorf("%d answers in the journal:\n%s", n, show)
	}
}
