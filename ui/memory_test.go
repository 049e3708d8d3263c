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
	if err := os.WriteFile(memoryName(d.c.cfg), []byte("{torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	d3 := newDriver(t, 80, 24, keep)
	d3.c.restore(loadMemory(d3.c.cfg))
	d3.See("sort:state")
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
