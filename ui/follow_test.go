package ui

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
)

// later moves the clock on and lets the console look.
func (d *driver) later(t time.Duration) *driver {
	d.t.Helper()
	d.now = d.now.Add(t)
	return d.Pull()
}

// TestPagesFollowRuns: a page that is read from the journal is read again by itself as runs go on, and not otherwise; the cursor stays on its line
// where others come before it; while something is typed about a line nothing moves; and what takes long to read is read seldom.
func TestPagesFollowRuns(t *testing.T) {
	read := 0
	row := func(name string) SheetRow {
		return SheetRow{Key: name, Text: fmt.Sprintf("users  %s, read %d times", name, read), Hosts: []inventory.HostID{"web-01"}}
	}
	rows := []string{"mallory"}
	d := newDriver(t, 80, 24, func(c *Config) {
		c.Sheet = func(context.Context, string, string) (Sheet, error) {
			read++
			s := Sheet{Rows: []SheetRow{{Title: true, Text: "KIND   WHAT"}}}
			for _, name := range rows {
				s.Rows = append(s.Rows, row(name))
			}
			return s, nil
		}
	})
	d.patch("r1")
	d.c.follow("r1")
	d.Pull().Press("V").See("> users  mallory, read 1 times")
	d.later(time.Hour).See("read 1 times") // nothing happened
	step := func() {
		d.tell("r1", journal.OutputRead{Host: "web-10", Step: "upgrade", Attempt: 1, Offset: 64, Data: []byte("more\n")})
		d.tell("r1", journal.Remarked{Text: "something happened"})
	}
	rows = []string{"eve", "mallory"}
	step()
	d.later(followEvery).See("> users  mallory, read 2 times", "  users  eve, read 2 times")
	d.Press("/").Type("mall")
	step()
	d.later(followEvery).See("mallory, read 2 times").Press("enter")
	d.later(followEvery).See("mallory, read 3 times").Press("esc")
	d.c.top().(*sheetScreen).reading.took = time.Second
	step()
	d.later(followEvery).See("read 3 times").later(followShare * time.Second).See("read 4 times")
	d.tell("r1", journal.OutputRead{Host: "web-10", Step: "upgrade", Attempt: 1, Offset: 69, Data: []byte("lines alone\n")})
	d.c.top().(*sheetScreen).reading.took = 0
	d.later(time.Minute).See("read 4 times")
}

// TestListsOfRunsFollow: the journal and a host's page show runs that begin while they are looked at, the cursor where it was.
func TestListsOfRunsFollow(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.health("261122-1200-heal")
	d.Press("J").See("1 run", "> 261122-1200-heal")
	d.patch("261122-1210-patc")
	d.later(lookEvery).later(followEvery).See("2 runs", "  261122-1210-patc", "> 261122-1200-heal")
	d.tell("261122-1210-patc", journal.RunClosed{Result: journal.WasAborted})
	d.later(followEvery).See("aborted")
	d.Press("esc", ":").Type("host web-06").Press("enter").See("RUNS (1)").Press("G").See("> 261122-1210-patc")
	d.tell("261122-1220-heal", journal.PlanAccepted{Plan: d.plan("health", "web-06"), By: d.c.cfg.Who}, journal.WaveOpened{})
	d.later(lookEvery).later(followEvery).See("RUNS (2)", "> 261122-1210-patc")
	d.step("261122-1220-heal", "web-06", "checks", "", journal.OK, "", check("aaa", "1", "", "", 0))
	d.later(followEvery).See("CHECKS (1)", "> 261122-1210-patc")
	if strings.Count(strings.Join(d.Screen(), "\n"), ">") != 1 {
		t.Error("there is more than one cursor")
	}
}

// TestShortRunsOfOthersAreSeenSoon: a run that begins and ends elsewhere between two looks at what is alive is on the page within seconds, not
// when somebody asks for it.
func TestShortRunsOfOthersAreSeenSoon(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press("J").See("0 runs")
	d.runs.alive = []journal.RunID{}
	d.health("261122-1220-heal")
	d.later(15*time.Second).later(followEvery).See("1 run", "261122-1220-heal")
}
