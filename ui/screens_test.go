package ui

import (
	"fmt"
	"testing"
)

// TestScreens keeps a picture of every screen at the three sizes.
func TestScreens(t *testing.T) {
	for _, c := range []struct {
		tier Tier
		w, h int
	}{{Plain, 60, 20}, {Plain, 80, 24}, {Plain, 140, 40}, {Full, 80, 24}, {Full, 140, 40}} {
		t.Run(fmt.Sprint(c.tier, c.w, "x", c.h), func(t *testing.T) {
			d := newDriver(t, c.w, c.h, func(cfg *Config) { cfg.Tier = c.tier })
			d.Golden("empty")
			d.health("261122-1200-heal")
			d.Press("J", "enter")
			d.Pull().Golden("replay")
			d.Press("tab").Golden("replay-table")
			d.Press("tab").Golden("replay-grid")
			d.Press("tab", "enter").Pull().Golden("output")
			d.Press("esc", "esc").Golden("journal")
			d.Press("esc", "j", "enter").Golden("fleet")
			d.Press("/").Type("db state=fail").Golden("filter")
			d.Press("enter", "j", "j", "enter").Golden("host")
			d.Press("e").Golden("rack")
			d.Press("esc", "esc", "esc", "g", "j", "j", "j", "r")
			d.Golden("picker")
			d.Press("j", "enter").Golden("plan")
			d.Press("j", "enter").Golden("script")
			d.Press("esc", "s").Type("nyc1").Golden("confirm")
			d.Press("esc", "e").Golden("form")
			d.Press("esc", "esc", "esc", "esc", "esc", "?").Type("mark").Golden("help")
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
			d.ask(Ask{Run: "261122-1210-patc", ID: "k1", Host: "web-11", Title: "host key of web-11 is not known", Text: "ssh-ed25519 SHA256:mVPwvezndPv/ARoIadVY98vAC0g+P/5633yTC4d/wXE\nknown_hosts has no key for it.", Words: "yes"})
			d.Golden("ask")
		})
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
