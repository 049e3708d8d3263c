package ui

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"tend/journal"
	"tend/runbooks"
)

func TestCompareRuns(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("261122-1200-aaaa")
	d.health("261122-1300-bbbb")
	p := d.plan("health", "db-[01-02]")
	d.tell("261122-1400-cccc", journal.PlanAccepted{Plan: p})
	d.step("261122-1400-cccc", "db-01", "checks", "", journal.OK, "", check("disk:/", "41", "%", "", runbooks.CheckOK), check("load", "9", "", "", runbooks.CheckCrit))
	d.step("261122-1400-cccc", "db-02", "checks", "", journal.OK, "", check("disk:/var", "12", "%", "", runbooks.CheckOK), check("load", "0.4", "", "", runbooks.CheckOK))
	d.Press("J", "j", "c").See("compare 261122-1300-bbbb with").Press("j", "c").See("nothing is different")
	d.Press("esc", "c", "g", "c").See("COMPARE", "only in the first", "db-03,web-[01-05]", "disk:/var: CRIT 97% -> OK 12%", "FAIL -> OK", "load: OK 0.2 -> CRIT 9", "pending: 4 -> not there")
}

func TestDifference(t *testing.T) {
	d := newDriver(t, 80, 24).toRun()
	d.Press("j", "j", "j").See("> OK          1").Press("d").See("DIFFERENCE verify: web-06, web-08", "-6.8.0-45-generic", "+6.8.0-44-generic")
	d.Press("esc", "g", "d").See("DIFFERENCE upgrade").Press("esc").See("RUN r1")
}

func TestMouse(t *testing.T) {
	d := newDriver(t, 80, 24, func(c *Config) { c.Tier = Full })
	d.Press("m")
	if v := d.c.View(); v.MouseMode == tea.MouseModeNone {
		t.Fatal("m does not switch the mouse on")
	}
	d.send(tea.MouseClickMsg{X: 3, Y: 5, Button: tea.MouseLeft})
	d.See(">   [+] r01")
	d.send(tea.MouseClickMsg{X: 3, Y: 5, Button: tea.MouseLeft})
	d.See(">   [-] r01", "db-01")
	d.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	d.See(">       db-03")
	d.send(tea.MouseClickMsg{X: 3, Y: 23, Button: tea.MouseLeft})
	d.See(">       db-03")
	d = newDriver(t, 80, 24)
	d.Press("m").See("mouse is not possible here")
}
