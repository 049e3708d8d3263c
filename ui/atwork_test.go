package ui

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// TestOneKeyLeadsToTheRunAtWork: from any screen, and from run to run where there are several; Esc leads to where the first was opened from.
func TestOneKeyLeadsToTheRunAtWork(t *testing.T) {
	d := newDriver(t, 100, 24)
	d.Press("@").See("at-work is not possible here: no other run is at work")
	d.patch("r1")
	d.c.follow("r1")
	d.Pull().Press("j").See("at work: patch 4/15 (@)").Press("@").See("RUN r1 patch").Miss("(@)").Press("@").See("no other run is at work", "RUN r1 patch")
	d.tell("r2", journal.PlanAccepted{Plan: d.plan("health", "nyc1/r01")})
	d.c.follow("r2")
	d.Pull().Press("j").See("at work: health 0/8 (@)").Press("@").See("RUN r2 health").Press("@").See("RUN r1 patch").Press("@").See("RUN r2 health")
	d.Press("esc").See("FLEET").Press(":").Type("at-work").Press("enter").See("RUN r2 health") // the newest first
}

// TestPausedRunSaysHowNearItIsToStopping: who paused it takes no other word's place where there is room for both.
func TestPausedRunSaysHowNearItIsToStopping(t *testing.T) {
	d := newDriver(t, 140, 40)
	d.patch("r1")
	d.c.follow("r1")
	d.tell("r1", journal.Decided{Decision: journal.Pause, By: journal.Who{User: "ann", From: "x"}})
	d.Pull().Press("@").See("PAUSED", "paused by ann", " failures before stop", "wave 2 of")
	d.send(sizeOf(60, 20))
	d.See("paused by ann").Miss("before stop")
}

// TestLongStepNamesAreWhole: where the screen has room, a step's name is not cut at the width that short ones need.
func TestLongStepNamesAreWhole(t *testing.T) {
	const long = "downgrade-packages"
	d := newDriver(t, 140, 40, func(c *Config) {
		was := c.Resolve
		c.Resolve = func(w Wish) (runbooks.Plan, error) {
			p, err := was(w)
			p.Steps = append([]runbooks.Step(nil), p.Steps...)
			p.Steps[0].ID = long
			return p, err
		}
	})
	d.tell("r1", journal.PlanAccepted{Plan: d.plan("health", "nyc1/r01")}, journal.WaveOpened{Wave: 0})
	for _, h := range []inventory.HostID{"db-01", "db-02"} {
		d.tell("r1", journal.StepStarted{Host: h, Step: long, Attempt: 1}, journal.OutputRead{Host: h, Step: long, Attempt: 1, Data: []byte("said\n")})
	}
	d.c.follow("r1")
	d.Pull().Press("@").See("run         2  "+long+" db-[01-02]", "STEP               OUTPUT", "  "+long+" runs")
	d.Press("tab").See(long + "    ")
	d.send(sizeOf(60, 20))
	d.See("downgrade-pack").Miss(long)
}

func sizeOf(w, h int) tea.WindowSizeMsg { return tea.WindowSizeMsg{Width: w, Height: h} }

// TestHostPageBeginsWhereEnterOpensSomething: the cursor is on the first fact, or run, and on no heading.
func TestHostPageBeginsWhereEnterOpensSomething(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("r1")
	d.c.follow("r1")
	d.Pull().Press(":").Type("host db-02").Press("enter").See("HOST db-02", "enter open").Press("enter").See("FACT db-02 disk:/var")
}

// TestHostPageBeginsOnFactsThatComeLate: a page that is opened before anything is known of its host shows runs alone; what is learned then
// stands above them, and is what the page begins with.
func TestHostPageBeginsOnFactsThatComeLate(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("r1")
	d.Press(":").Type("host db-02").Press("enter").See("CHECKS (0)", "> r1")
	d.c.follow("r1")
	d.Pull().See("CHECKS (2)", "> CRIT    disk:/var").Press("G").See("> r1")
	d.patch("r2")
	d.c.follow("r2")
	d.Pull().See("> r1") // where somebody went, the cursor stays
}
