package ui

import (
	"testing"

	"tend/runbooks"
)

// TestABrokenRunbookIsShown: a file of the operator's own that is no runbook is in the list with what is wrong, and is not run, by key or by name.
func TestABrokenRunbookIsShown(t *testing.T) {
	const why = "runbooks/patch.toml:6:1: unknown key \"colour\""
	d := newDriver(t, 100, 24, func(c *Config) {
		c.Library = c.Library[:1]
		c.Broken = []runbooks.Broken{{Name: "patch", Source: "runbooks/patch.toml", Error: why + "\n  did you mean"}, {Name: "lost", Error: "hidden away", Hidden: true}}
	})
	d.Press("r").See("RUNBOOKS", "health", "patch", "broken", "refused: ").Miss("hidden away")
	d.Press("j").See(why).Press("enter").See("RUNBOOKS", "not possible here: "+why).Press("e").See("RUNBOOKS", "not possible here: "+why)
	d.Press("v").See("RUNBOOK patch", "did you mean").Press("esc", "esc")
	d.Press(":").Type("run patch web-05").Press("enter").See("runbook patch is refused: " + why).Miss("PLAN")
}
