package ui

import (
	"context"
	"iter"
	"time"

	"os"
	"strings"
	"testing"

	"tend/journal"
	"tend/runbooks"
)

func TestMemory(t *testing.T) {
	dir := t.TempDir()
	keep := func(c *Config) { c.StateDir = dir }
	d := newDriver(t, 80, 24, keep)
	d.Press("+", "j", "j", "j", "space", "t").Press(":").Type("fleet").Press("enter")
	if err := d.c.memory().save(d.c.cfg); err != nil {
		t.Fatal(err)
	}
	d2 := newDriver(t, 80, 24, keep)
	d2.c.restore(loadMemory(d2.c.cfg))
	d2.See("1 marked", "sort:name", "web-09")
	if a, b := strings.Join(d.Screen(), "\n"), strings.Join(d2.Screen(), "\n"); a != b {
		t.Errorf("before:\n%s\nafter:\n%s", a, b)
	}
	d2.Press(":", "up").See("fleet_")
	forgets := newDriver(t, 80, 24, keep, func(c *Config) { c.Fresh = true })
	forgets.c.restore(loadMemory(forgets.c.cfg))
	forgets.See("sort:state").Miss("marked")
	if err := os.WriteFile(memoryName(d.c.cfg), []byte("{torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	d3 := newDriver(t, 80, 24, keep)
	d3.c.restore(loadMemory(d3.c.cfg))
	d3.See("sort:state")
}

// TestLastScreen: the console comes back to the screens that were open, with their filters; --fresh and a run that is asked for do not.
func TestLastScreen(t *testing.T) {
	dir := t.TempDir()
	withState := func(c *Config) { c.StateDir = dir }
	d := newDriver(t, 80, 24, withState)
	d.health("r0")
	d.patch("r1")
	d.Press("j", "e", "tab", "j", "enter").See("HOST web-04").Press("J").Pull().Press("f").Type("patch").Press("enter", "enter").Pull().See("RUN r1").Press("tab", "f")
	was := d.Pull().See("HOST  ", "web-09").Screen()
	if err := d.c.memory().save(d.c.cfg); err != nil {
		t.Fatal(err)
	}
	again := newDriver(t, 80, 24, withState)
	again.journal, again.c.cfg.Journal = d.journal, d.journal
	again.now = d.now
	again.c.restore(loadMemory(again.c.cfg))
	again.do(again.c.Init())
	again.Pull()
	if a, b := strings.Join(was, "\n"), strings.Join(again.Screen(), "\n"); a != b {
		t.Errorf("before:\n%s\nafter:\n%s", a, b)
	}
	again.Press("esc").See("JOURNAL", "filter: patch", "1 run").Press("esc", "esc").See("HOST web-04").Press("esc").See("RACK", "rear").Press("esc").See("FLEET")
	m := loadMemory(d.c.cfg)
	m.Screens[0].Command, m.Screens[1].Command = "host gone", "nonsense"
	gone := newDriver(t, 80, 24, withState)
	gone.c.restore(m)
	gone.See("FLEET").Miss("no host")
	asked := newDriver(t, 80, 24, withState, func(c *Config) { c.Open = "r1" })
	asked.c.restore(loadMemory(asked.c.cfg))
	if len(asked.c.stack) > 2 {
		t.Error("a run that was asked for is not what shows")
	}
}

// TestStandings: what earlier runs left is there soon after the first picture, the unreachable too.
func TestStandings(t *testing.T) {
	d := newDriver(t, 80, 24, func(c *Config) {
		c.Known = known(journal.Known{Host: "db-01", Fact: check("load", "1", "", "", runbooks.CheckOK), At: noon.Add(-time.Hour), Run: "r0"},
			journal.Known{Host: "db-02", Fact: check("load", "1", "", "", runbooks.CheckOK), At: noon.Add(-40 * time.Hour), Run: "r0"})
		c.Last = func(context.Context) iter.Seq2[journal.HostRun, error] {
			return func(yield func(journal.HostRun, error) bool) {
				yield(journal.HostRun{Host: "db-03", Runbook: "health", Run: "r0", Started: noon.Add(-time.Hour), Outcome: "unreachable"}, nil)
			}
		}
	})
	d.See("UNKNOWN:35")
	d.Pull().See("OK:1", "DOWN:1", "UNKNOWN:33")
	d.Press("j", "enter").See("not looked at for 40h")
}
