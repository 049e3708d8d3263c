package ui

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tend/journal"
)

// TestScreens keeps a picture of every screen at the three sizes, in every tier.
func TestScreens(t *testing.T) {
	everywhere(t, func(_ *testing.T, d *driver) {
		d.c.cfg.Note = func(context.Context, journal.Noted) error { return nil }
		d.Golden("empty")
		d.Press("J").Golden("journal-empty").Press("esc")
		d.health("261122-1200-heal")
		d.Press("J", "enter")
		d.Pull().Golden("replay")
		d.Press("tab").Golden("replay-table")
		d.Press("tab").Golden("replay-grid")
		d.Press("tab", "v").Pull().Press("n").Pull().Golden("film").Press("esc")
		d.Press("enter").Pull().Golden("output")
		d.Press("esc", "i").Golden("info")
		d.Press("esc", "esc").Golden("journal")
		d.Press("esc", "j", "enter").Golden("fleet")
		d.Press("/").Type("db state=fail").Golden("filter")
		d.Press("enter", "j", "j", "enter").Golden("host")
		d.Press("j", "enter").Golden("fact")
		d.Press("esc", "L").Golden("host-journal")
		d.Press("n").Type("looked at it").Golden("note").Press("esc")
		d.Press("esc", "e").Golden("rack")
		d.Press("esc", "esc", "/", "ctrl+u").Type("nosuch").Golden("filter-none").Press("esc")
		d.Press("esc", "esc", "esc", "g", "j", "j", "j", "r")
		d.Golden("picker")
		d.Press("v").Golden("runbook").Press("esc")
		d.Press("j", "enter").Golden("plan")
		d.Press("j", "enter").Golden("script")
		d.Press("esc", "s").Type("nyc1").Golden("confirm")
		d.Press("esc", "i").Type("weekly").Press("enter", "G", "enter").Golden("plan-extra")
		d.Press("esc", "e").Golden("form")
		d.Press("ctrl+u").Type("now and then").Golden("form-wrong")
		d.Press("esc", "esc", "esc", "esc", "esc", "?").Golden("help-all").Type("mark").Golden("help")
		d.Press("esc", "ctrl+p").Type("journal").Golden("palette")
		d.Press("esc", ":").Type("ho").Press("tab").Golden("command")
		d.Press("esc", "space", "j", "space")
		d.patch("261122-1210-patc")
		d.c.follow("261122-1210-patc")
		d.Pull().Golden("fleet-at-work")
		d.do(d.c.openRun("261122-1210-patc"))
		d.Pull().Golden("run")
		d.Press("tab").Golden("run-table")
		d.Press("tab").Golden("run-grid")
		d.Press("tab", "x").Type("abo").Golden("abort")
		d.Press("esc", "f").Golden("failures")
		d.Press("f", "j", "j", "j", "d").Golden("difference").Press("esc")
		d.tell("261122-1210-patc", journal.Decided{Decision: journal.Pause, By: d.c.cfg.Who})
		d.Pull().See("PAUSED").Golden("run-paused")
		d.Press("g", "t").Golden("retry").Press("esc")
		d.ask(Ask{Run: "261122-1210-patc", ID: "k1", Host: "web-11", Title: "host key of web-11 is not known", Text: "ssh-ed25519 SHA256:mVPwvezndPv/ARoIadVY98vAC0g+P/5633yTC4d/wXE\nknown_hosts has no key for it.", Words: "yes"})
		d.Golden("ask")
		d.ask(Ask{Run: "261122-1210-patc", ID: "k1", Gone: true})
		d.ask(Ask{Run: "261122-1210-patc", ID: "k2", Host: "web-11", Title: "password for sudo", Secret: true})
		d.now = d.now.Add(2 * grace)
		d.Type("secret").Golden("ask-secret").Press("esc", "esc").Golden("ask-waits")
	})
}

// TestMoreScreens: those that another state of the journal shows.
func TestMoreScreens(t *testing.T) {
	everywhere(t, func(_ *testing.T, d *driver) {
		d.health("261122-1200-heal")
		d.health("261122-1205-heal")
		d.Press("J", "c", "j", "c").See("COMPARE").Golden("compare")
		d.Press("esc", "esc")
		d.approval("261122-1220-patc")
		d.do(d.c.openRun("261122-1220-patc"))
		d.Pull().See("WAITS FOR APPROVAL").Golden("approval")
		d.Press("a").Golden("approve").Press("esc", "esc")
		d.runs.alive = []journal.RunID{"261122-1220-patc"}
		d.do(d.c.loadOpen())
		d.Pull().See("OPEN RUNS").Golden("offer")
		d.Press("enter").Pull()
		d.runs.alive = []journal.RunID{}
		d.now = d.now.Add(10 * time.Second)
		d.Pull()
		d.now = d.now.Add(2 * time.Second)
		d.Pull().See("OPEN, NO PROCESS").Golden("orphan")
		d.Press("esc")
		d.Press("g", "j", "j", "r").Type("/").Type("replace").Press("enter", "enter").Golden("form-required")
	})
	everywhere(t, func(_ *testing.T, d *driver) {
		d.withNotes()
		d.c.cfg.Search = d.searchMemory(4)
		d.Press("J").Pull().Press("/").Type("linux").Golden("search-typed").Press("enter").Pull().Press("j").Golden("search")
		d.Press("/", "ctrl+u").Type("nosuch").Press("enter").Golden("search-none")
	})
	everywhere(t, func(_ *testing.T, d *driver) {
		d.Golden("readonly")
		text := ""
		for i := range 200 {
			text += fmt.Sprintf("eth%d: link is up, and this line is longer than eighty cells, so that wrapping has something to wrap\n", i)
		}
		d.c.run(push(newTextPager("TEXT", "x", text)))
		d.Press("w", "t", "space", "/").Type("eth").Press("enter", "n").Golden("pager")
	}, func(c *Config) { c.Readonly = true })
}

// approval tells a run whose canary is through and whose next wave wants a yes.
func (d *driver) approval(run journal.RunID) {
	d.t.Helper()
	p := d.plan("patch", "nyc1/r02")
	d.tell(run, journal.PlanAccepted{Plan: p, By: d.c.cfg.Who}, journal.WaveOpened{Wave: 0})
	for _, s := range p.Steps {
		d.step(run, p.Waves[0].Hosts[0], s.ID, "", journal.OK, "")
	}
}

// TestTooSmall: below the least size the run's counts are still there.
func TestTooSmall(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.patch("r1")
	d.c.follow("r1")
	d.Pull()
	for _, s := range [][2]int{{59, 20}, {60, 19}, {20, 5}, {1, 1}, {0, 0}} {
		d.send(windowSize(s[0], s[1]))
		d.sizes()
	}
	d.send(windowSize(50, 10))
	d.See("too small: 50x10", "FAIL:1", "run:1")
	d.send(windowSize(80, 24))
	d.See("FLEET")
}
