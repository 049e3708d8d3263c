package main

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// TestTwoDemosAtOnce: who comes while the machine room is being started waits for it.
func TestTwoDemosAtOnce(t *testing.T) {
	s := bareSite(t)
	s.env = append(s.env, "TEND_INVENTORY=")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if out, errs, code := s.tend("demo", "inventory", "list", "--short"); code != 0 || !strings.Contains(out, "web-") {
				t.Errorf("exit %d\n%s%s", code, out, errs)
			}
		})
	}
	wait.Wait()
}

// TestDemoByKeysAlone is the newcomer's first five minutes, in a real 80x24 terminal: health over a rack by keys, watched to its
// end; the console closed, opened again, and the run found in the journal.
func TestDemoByKeysAlone(t *testing.T) {
	scriptsOnly(t)
	for _, term := range []string{"screen-256color", "linux"} {
		t.Run(term, func(t *testing.T) {
			s := newScreen(t, term, shortDir(t))
			s.open("demo", "--speed", "20")
			s.see("FLEET")
			s.until("for the first look at the room", func(p string) bool { return !strings.Contains(p, "OK:0 ") })
			s.typed("/")
			s.typed("rack=r07")
			s.keys("Enter")
			s.see("rack=r07")
			s.typed("*")
			s.see("marked")
			s.typed("r")
			s.see("RUNBOOKS")
			s.typed("/health")
			s.keys("Enter")
			s.keys("Enter")
			s.see("PLAN health")
			s.typed("s")
			s.see("Type y to start")
			for !s.within(3*time.Second, "start: y") {
				s.typed("y") // keys in flight are swallowed at first, on purpose
			}
			s.keys("Enter")
			pane := s.until("for the run's end", func(p string) bool {
				return strings.Contains(p, "RUN ") && (strings.Contains(p, "PASSED") || strings.Contains(p, "FAILED"))
			})
			run := runName(pane)
			s.typed("q")
			s.keys("C-c")
			s.keys("C-c")
			s.ended()

			s.open("demo", "--speed", "20", "--readonly") // the console's own flags reach it through the demo
			s.see("READ-ONLY")
			s.see("FLEET")
			s.typed("V")
			s.see("no host was ever compared") // which is not: nothing departs
			s.typed(":journal")
			s.keys("Enter")
			s.see("JOURNAL")
			s.see("health")
			s.keys("Enter")
			s.see(run)
			s.keys("C-c")
			s.keys("C-c")
			s.ended()
		})
	}
}

// runName finds the run's name on a screen that shows it.
func runName(pane string) string {
	for _, w := range strings.Fields(pane) {
		if len(w) == len("261122-2213-k7f3") && strings.Count(w, "-") == 2 {
			return w
		}
	}
	return "RUN"
}
