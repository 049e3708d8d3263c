package main

import (
	"path/filepath"
	"strings"
	"testing"

	"tend/ssh/sshtest"
)

// TestOnSiteWithTheUplinkCut: health is looked at, then nothing can be reached any more. A crash cart's terminal shows the rack, its units and
// their states in words, each with its age; what cannot be done says why; and the console comes back to the place it was left at, but with --fresh.
func TestOnSiteWithTheUplinkCut(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	s := newSite(t, srv, 3, "")
	if out, errs, code := s.tend("run", "health"); code > 1 {
		t.Fatalf("health: exit %d\n%s%s", code, out, errs)
	}
	srv.Kill()
	k := newScreen(t, "vt220", filepath.Join(s.dir, "home"))
	k.env = append(k.env, "XDG_STATE_HOME="+filepath.Join(s.dir, "state"), "XDG_RUNTIME_DIR="+filepath.Join(s.dir, "run"),
		"TEND_INVENTORY="+filepath.Join(s.dir, "inventory.toml"), "TEND_JOB_ROOT="+filepath.Join(s.dir, "jobs"))
	k.open()
	pane := k.until("for what the journal knows", func(pane string) bool {
		return strings.Contains(pane, "UNKNOWN:0") || strings.Contains(pane, "hosts  sort") && !strings.Contains(pane, "never")
	})
	if strings.Contains(pane, "DOWN:3") {
		t.Errorf("nobody has looked since, and the hosts are said to be down:\n%s", pane)
	}
	k.typed(":rack here/r1")
	k.keys("Enter")
	k.see("RACK here/r1")
	k.see("real-3")
	k.until("for the units, top to bottom, with a state in words and its age", func(pane string) bool {
		at3, at1 := strings.Index(pane, "real-3"), strings.Index(pane, "real-1")
		return at3 >= 0 && at3 < at1 && (strings.Contains(pane, "OK") || strings.Contains(pane, "WARN") || strings.Contains(pane, "FAIL")) && !strings.Contains(pane, "NEVER")
	})
	k.keys("Enter")
	k.see("HOST real-")
	k.see("CHECKS (")
	k.see("disk:/")
	k.keys("C-c", "C-c")
	k.ended()

	// the last screen is there again, with what it knew
	k.open()
	k.see("HOST real-")
	k.see("disk:/")
	k.keys("Escape")
	k.see("RACK here/r1")
	k.keys("C-c", "C-c")
	k.ended()

	// what needs the road says that it is gone
	k.open("--fresh")
	k.see("FLEET")
	k.typed(":run facts real-1")
	k.keys("Enter")
	k.see("y starts")
	k.keys("y")
	k.see("UNREACH")
	k.keys("C-c", "C-c")
	k.ended()
	if pane := k.text(); strings.Contains(pane, "HOST real-") {
		t.Errorf("--fresh remembered:\n%s", pane)
	}
}
