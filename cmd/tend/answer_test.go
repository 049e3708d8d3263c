package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tend/ssh/sshtest"
)

// TestRealAnswerInItsTime: an answer that comes before its host asks, and one that comes when it was answered already, are refused in one line
// and leave no trace: they would be recorded, and answer nothing. So is one that is not what the host told.
func TestRealAnswerInItsTime(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "")
	at := func(name string) string { return filepath.Join(s.dir, name) }
	gate := func(name string) string {
		return fmt.Sprintf("script = 'echo x >%[1]s; while [ ! -e %[1]s.gate ]; do sleep 0.05; done'\n", at(name))
	}
	s.withBook("title = \"swap\"\nrisk = \"change\"\n[[step]]\nid = \"before\"\n" + strings.Replace(gate("before"), "'echo", "'echo told=right; echo", 1) + "facts = { told = \"string\" }\n" +
		"[[step]]\nid = \"swap\"\nwords = \"swap it\"\nasks = [{ name = \"serial\", text = \"the serial\", type = \"text\", is = \"told\" }]\n[[step]]\nid = \"after\"\n" + gate("after"))
	run := strings.TrimSpace(s.ok("run", "own", "--yes", "--detach"))
	untimely := func(when, says string) {
		t.Helper()
		if out, errs, code := s.tend("answer", run, "real-1", "serial=wrong"); code != 2 || !strings.HasPrefix(errs, "tend: "+says) || out != "" {
			t.Errorf("%s: exit %d, %s%s", when, code, out, errs)
		}
	}
	awaitFile(t, at("before"))
	untimely("too early", "real-1 waits for no answer\n")
	s.write("before.gate", "")
	s.refused("asks for serial", "answer", run, "real-1")
	s.refused("serial: wrong is not what real-1 told, right", "answer", run, "real-1", "serial=wrong")
	s.ok("answer", run, "real-1", "serial=right")
	awaitFile(t, at("after"))
	untimely("answered already", "real-1 waits for no answer: it was answered already, by ")
	s.write("after.gate", "")
	s.attached(run, 0)
	untimely("the run is over", "the run has ended (passed)")
	show := s.ok("journal", "show", run, "--json")
	if n := strings.Count(show, `"decision":"answer"`); n != 1 || !strings.Contains(show, `"right"`) || strings.Contains(show, `"wrong"`) {
		t.Errorf("%d answers in the journal:\n%s", n, show)
	}
}

// TestRealManyAnswersOneCounts: many terminals answer a manual step, and retry a host that failed, in one moment. One is told that its word
// counts; each of the others is told whose does, with exit code 2; and the journal has that one.
func TestRealManyAnswersOneCounts(t *testing.T) {
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 2, "")
	tries := filepath.Join(s.dir, "tries")
	s.withBook("title = \"swap\"\nrisk = \"change\"\n[[step]]\nid = \"swap\"\nwords = \"swap it\"\nasks = [{ name = \"serial\", text = \"the new serial\", type = \"text\" }]\n" +
		// Tried again, it lasts until all have spoken: who came late would retry the next failure, and rightly.
		fmt.Sprintf("[[step]]\nid = \"after\"\nscript = 'echo x >>%[1]s; [ $(wc -l <%[1]s) = 1 ] || while [ ! -e %[1]s.gate ]; do sleep 0.1; done; exit 7'\n", tries))
	run := strings.TrimSpace(s.ok("run", "own", "--yes", "--detach"))
	s.holds(run, `"step":"swap"`, 2)
	won := s.crowd(8, func(i int) []string { return []string{"answer", run, "real-1", fmt.Sprint("serial=S", i)} }, "real-1 waits for no answer: it was answered already, by ")
	show := s.ok("journal", "show", run, "--json")
	if n := strings.Count(show, `"decision":"answer"`); n != 1 || !strings.Contains(show, fmt.Sprintf(`"serial":"S%d"`, won)) {
		t.Errorf("%d answers in the journal, S%d won:\n%s", n, won, show)
	}
	s.holds(run, `"outcome":"failed"`, 1)
	s.crowd(8, func(int) []string { return []string{"retry", run, "real-1"} }, "real-1 ")
	s.write("tries.gate", "")
	s.holds(run, `"outcome":"failed"`, 2)
	if show := s.ok("journal", "show", run, "--json"); strings.Count(show, `"decision":"retry"`) != 1 {
		t.Errorf("one retry should be in the journal:\n%s", show)
	}
	if b, _ := os.ReadFile(tries); string(b) != "x\nx\n" {
		t.Errorf("the step ran %q", b)
	}
	s.ok("abort", run)
	s.attached(run, 3)
}

// holds waits until the run's journal has the words so many times.
func (s *site) holds(run, words string, n int) {
	s.t.Helper()
	for deadline, looked := time.Now().Add(time.Minute), time.Now(); strings.Count(s.ok("journal", "show", run, "--json"), words) < n; looked = rest(looked) {
		if time.Now().After(deadline) {
			s.t.Fatalf("the journal has %q fewer than %d times:\n%s", words, n, s.ok("journal", "show", run))
		}
	}
}

// crowd runs n command lines at once. One must do; the others are to be refused with these words.
func (s *site) crowd(n int, line func(i int) []string, why string) (won int) {
	s.t.Helper()
	type said struct {
		i    int
		errs string
		code int
	}
	all := make(chan said, n)
	for i := range n {
		go func() {
			_, errs, code := s.tend(line(i)...)
			all <- said{i, errs, code}
		}()
	}
	won = -1
	for range n {
		switch x := <-all; {
		case x.code == 0 && won < 0:
			won = x.i
		case x.code == 0:
			s.t.Errorf("%d is told that its word counts, as %d is", x.i, won)
		case x.code != 2, !strings.HasPrefix(x.errs, "tend: "+why):
			s.t.Errorf("exit %d, %q; want 2 and %q", x.code, x.errs, why)
		}
	}
	return won
}
