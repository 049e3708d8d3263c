package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/plans"
	"tend/runbooks"
	"tend/ssh/sshtest"
)

// TestAWindowAfterThePlansLastDay: a plan does not wait for a window that opens when it holds no more.
func TestAWindowAfterThePlansLastDay(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.Local) // a Friday
	q := runbooks.Plan{Risk: runbooks.Change, Steps: []runbooks.Step{{ID: "s", Risk: runbooks.Change}}, Hosts: []inventory.Host{{Name: "db-1", Window: "Mon 12:00-13:00 UTC"}}}
	p := planned{Resolved: plans.Resolved{File: plans.File{Name: "p"}}}
	p.Until = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	if err := p.late(&q, now); err == nil || !strings.Contains(err.Error(), "the window opens too late, for the plan ended on 2026-11-20: db-1") {
		t.Error(err)
	}
	p.Until = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	if err := p.late(&q, now); err != nil {
		t.Error(err)
	}
}

// TestTimeAndWindowAreShown: a plan's text says how long it takes and whether that fits, before the steps.
func TestTimeAndWindowAreShown(t *testing.T) {
	var b strings.Builder
	printPlan(&b, &runbooks.Plan{Steps: []runbooks.Step{{ID: "a"}}}, false, [2]string{"time", "about 3 min"}, [2]string{"window", "db-1: fits\x1b[2J"})
	if text := b.String(); !strings.Contains(text, "\ntime      about 3 min\nwindow    db-1: fits") || strings.Contains(text, "\x1b") || strings.Index(text, "window") > strings.Index(text, "STEP") {
		t.Errorf("%q", text)
	}
}

// TestPlansAreConfirmed: at a terminal the run, the approval and the plan say what they are, with time and window, and want it typed.
func TestPlansAreConfirmed(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, &sshtest.Server{Addr: "127.0.0.1", Port: 1, User: "ops", KnownHosts: "/nowhere/known_hosts"}, 1, "window = \"daily 00:00-24:00 UTC\"")
	s.write("p.toml", "goal = \"x\"\nscope = \"real-1\"\n[[approver]]\nname = \"bob\"\n[[run]]\nrunbook = \"exec\"\nset = { command = \"true\" }\n")
	file := filepath.Join(s.dir, "p.toml")
	for _, c := range []struct {
		args []string
		see  []string
		say  string
		exit int
	}{
		{[]string{"run", "exec", "real-1", "--set", "command=true"}, []string{"unknown: no host has been through exec", "real-1: unknown whether it fits into", "Type real-1 to start"}, "no", 3},
		{[]string{"plan", "approve", file, "--by", "bob"}, []string{"0 of 1; still asked: bob", "You approve this as bob. Type p to go on"}, "q", 3},
		{[]string{"plan", "approve", file, "--by", "bob"}, []string{"Type p to go on"}, "p", 0},
		{[]string{"plan", "run", file}, []string{"approved by 1 of 1", "real-1: unknown whether it fits into", "Type p to start"}, "q", 3},
	} {
		tty := s.onTerminal(c.args...)
		for _, text := range c.see {
			tty.see(text)
		}
		if _, err := io.WriteString(tty.in, c.say+"\n"); err != nil {
			t.Fatal(err)
		}
		if code := tty.ended(); code != c.exit {
			t.Errorf("%v: exit %d\n%s", c.args, code, tty.text())
		}
	}
	if out := s.ok("runs"); !strings.Contains(out, "no open run") {
		t.Errorf("something was started: %s", out)
	}
}
