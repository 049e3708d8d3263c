package main

import (
	"path/filepath"
	"strings"
	"testing"

	"tend/ssh/sshtest"
)

// nightBook changes something on every host, and waits for the test between the two halves of its output.
const nightBook = `
title = "the night's work"
risk = "change"
doc = "Leaves a mark on the host, waits for the gate, and says that it went through."
[waves]
canary = 1
batch = "5"
pause = "manual"
[[step]]
id = "work"
kind = "script"
risk = "change"
script = '''
echo "before the gate"
while [ ! -e GATE ]; do sleep 0.1; done
echo "kernel 6.8.0-45 is in place"
'''
`

// TestNightByKeysAlone: a maintenance night at a real sshd, from the first look to the search in the journal, and nothing but keys: health,
// a plan whose blast radius is typed, its canary, its approval, its output, a note, a shell with its reason, and what the journal has of it.
func TestNightByKeysAlone(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{Bare: true}), 3, "prod = true")
	s.write("runbooks/night.toml", strings.ReplaceAll(nightBook, "GATE", filepath.Join(s.dir, "gate")))
	k := newScreen(t, "screen-256color", filepath.Join(s.dir, "home"))
	k.env = append(k.env, "XDG_STATE_HOME="+filepath.Join(s.dir, "state"), "XDG_RUNTIME_DIR="+filepath.Join(s.dir, "run"),
		"TEND_INVENTORY="+filepath.Join(s.dir, "inventory.toml"), "TEND_JOB_ROOT="+filepath.Join(s.dir, "jobs"))
	k.open()
	k.see("UNKNOWN:3")

	// a look at all of them
	k.keys("*")
	k.see("3 marked")
	k.keys("r")
	k.see("RUNBOOKS")
	k.typed("/health")
	k.keys("Enter")
	k.see("filter: health")
	k.keys("Enter")
	k.see("y starts")
	k.keys("y")
	k.see("RUN ")
	k.until("for the end of health", func(pane string) bool { return strings.Contains(pane, "PASSED") || strings.Contains(pane, "FAILED") })
	k.keys("Escape")
	k.until("for the fleet to know", func(pane string) bool { return strings.Contains(pane, "FLEET") && !strings.Contains(pane, "UNKNOWN:3") })

	// the night's work: the blast radius is typed, and a plain yes is not enough
	k.typed(":run night here/r1")
	k.keys("Enter")
	k.see("PLAN night")
	k.see("*PROD*")
	k.keys("s")
	k.see("changes 3 PROD hosts")
	k.typed("yes")
	k.keys("Enter")
	k.see("nothing was done")
	k.keys("s")
	k.see("changes 3 PROD hosts")
	k.typed("3")
	k.keys("Enter")
	k.see("RUNNING")
	k.see("before the gate")
	k.keys("Enter")
	k.see("OUTPUT night")
	k.see("before the gate")
	k.keys("Escape")
	k.see("RUNNING")
	k.keys("Tab")
	k.see("HOST  ")
	s.write("gate", "")
	k.see("WAITS FOR APPROVAL")
	k.keys("a")
	k.see("Type 2:")
	k.typed("2")
	k.keys("Enter")
	k.see("PASSED")
	k.keys("n")
	k.see("note:")
	k.typed("the kernel is in; Kim was told")
	k.keys("Enter")
	k.see("noted")

	// a look by hand, with its reason
	k.typed(":host real-2")
	k.keys("Enter")
	k.see("HOST real-2")
	k.keys("s")
	k.see("is PROD. Reason:")
	k.typed("CHG-4711: is the array whole")
	k.keys("Enter")
	k.until("for the screen to step aside", func(pane string) bool { return !strings.Contains(pane, "HOST real-2") })
	k.typed("PS1='ready''> '\n")
	k.see("ready>")
	k.typed("echo the-array-is-$((40+2))\n")
	k.see("the-array-is-42")
	k.typed("exit\n")
	k.see("back from real-2")

	// what the journal has of it
	k.keys("J")
	k.see("JOURNAL")
	k.see("night")
	for _, find := range []struct{ text, want string }{
		{"kind=noted", "Kim was told"}, {"kind=shell_opened array", "CHG-4711"}, {"kind=shell_closed host=real-2", "1 hit"}, {"kernel place host=real-3", "kernel 6.8.0-45 is in place"},
	} {
		k.keys("/")
		k.see("search the journal:")
		k.keys("C-u")
		k.typed(find.text)
		k.keys("Enter")
		k.see("SEARCH " + find.text)
		k.see(find.want)
	}
	k.keys("Enter")
	k.see("OUTPUT real-3")
	k.see("kernel 6.8.0-45 is in place")
	k.typed(":fleet")
	k.keys("Enter")
	k.see("FLEET")
	k.keys("q", "q")
	k.ended()

	show := s.ok("journal", "show", "last", "--output")
	if n := strings.Count(show, "ok, exit 0\nbefore the gate\nkernel 6.8.0-45 is in place\n"); n != 3 || !strings.Contains(show, "passed") {
		t.Errorf("%d hosts said so in\n%s", n, show)
	}
	s.ok("journal", "verify")
}
