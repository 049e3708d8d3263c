package ui

import (
	"strings"
	"testing"

	"tend/inventory"
)

// TestRunLooksKeepTheHost: from the folded output to the table, the grid and back the cursor stays on its host.
func TestRunLooksKeepTheHost(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("r0")
	d.do(d.c.openRun("r0"))
	d.Pull().Press("j").See("> UNREACH", "db-03: i/o")
	d.Press("tab").See("> db-03").Press("j").See("> web-02").Press("tab").See("> web-02").Press("tab").See("> WARN")
}

// TestUnfinishedLineNamesItsHost: what a host has begun to say is told apart from what the others say as every whole line is, and scrolls with them.
func TestUnfinishedLineNamesItsHost(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.patch("r1")
	d.do(d.c.openRun("r1"))
	d.Pull()
	w := d.c.watches["r1"]
	d.c.run(push(newOutputPager(d.c, w, []inventory.HostID{"web-09", "web-10"})))
	d.Pull().See("web-10| Unpacking linux-modules").Press("l")
	if s := strings.Join(d.Screen(), "\n"); strings.Contains(s, "| Unpacking") || !strings.Contains(s, "\ng linux-modules") {
		t.Errorf("it does not scroll:\n%s", s)
	}
}

// TestPagerFollowsOnlyWhatComes: where nothing comes any more, the key that follows goes to the end and says so, and is not in the footer.
func TestPagerFollowsOnlyWhatComes(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.c.run(push(newTextPager("X", "x", "one\ntwo")))
	d.Miss("f follow").Press("f").See("this is the end: all of it is here")
	d.Press("?").See("> j ").Press("esc", "esc")
	d.patch("r1")
	d.do(d.c.openRun("r1"))
	d.Pull().Press("enter").Pull().See("f follow")
}

// TestClearsItsFilter: Esc on a list that is filtered shows all of it again, and leaves it only then; a filter that nothing matches says so.
func TestClearsItsFilter(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("r0")
	d.Press("J", "f").Type("nosuch").Press("enter").See("no run matches; esc clears the filter").Press("esc").See("JOURNAL", "r0", "filter: none").Press("esc").See("FLEET")
	d.Press("r", "/").Type("nosuch").Press("enter").See("no runbook matches; esc clears the filter").Press("esc").See("RUNBOOKS", "health", "filter: none").Press("esc").See("FLEET")
}

// TestFormKeepsWhatWasSet: Esc on a form loses nothing that was typed there, until a plan was made of it; and no other plan gets it.
func TestFormKeepsWhatWasSet(t *testing.T) {
	d := newDriver(t, 80, 24)
	open := func() *driver {
		return d.Press("r", "/", "ctrl+u").Type("replace").Press("enter", "e").See("PARAMETERS")
	}
	open().Type("12").Press("esc").See("RUNBOOKS", "what was set is kept").Press("e").See("slot                int           12", "as it was left")
	d.Press("esc", "esc", "esc", "j")
	open().Miss("slot                int           12").Press("esc", "esc", "esc", "k")
	open().Type("3").Press("esc", "e").See("int           3").Press("enter").See("PLAN").Press("esc", "e").Miss("as it was left").Miss("int           3")
}

// TestWideListsShowNames: where there is room, names and kinds are not cut.
func TestWideListsShowNames(t *testing.T) {
	d := newDriver(t, 140, 40)
	d.c.cfg.Library[0].Name = "security-posture-of-all"
	d.Press("r").See("security-posture-of-all ").Press("/").Type("patch").Press("enter", "e").See("never|if-needed|always ")
}

// TestAListFillsAWindowThatGrows: after a resize the cursor is in the window, and no room is left empty that rows would fill.
func TestAListFillsAWindowThatGrows(t *testing.T) {
	l := list{at: 59}
	for _, c := range [][3]int{{18, 42, 60}, {54, 6, 60}, {5, 55, 60}, {100, 0, 60}} {
		if from, to := l.window(60, c[0]); from != c[1] || to != c[2] {
			t.Errorf("%d lines show [%d,%d), want [%d,%d)", c[0], from, to, c[1], c[2])
		}
	}
	l.at = 3
	l.window(60, 5)
	if from, to := l.window(2, 5); from != 0 || to != 2 || l.at != 1 {
		t.Errorf("where rows went: [%d,%d), at %d", from, to, l.at)
	}
}
