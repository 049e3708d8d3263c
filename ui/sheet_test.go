package ui

import (
	"context"
	"errors"
	"strings"
	"testing"

	"tend/inventory"
	"tend/runbooks"
)

// sheetOf is a page with a line of every sort.
func sheetOf(_ context.Context, name, order string) (Sheet, error) {
	switch name {
	case "status":
		return Sheet{Sub: "never:12", None: "nothing needs you; every host was looked at since Sun 22 Nov 11:00"}, nil
	case "posture":
		if order == "name" {
			return Sheet{Sorts: []string{"risk", "name"}, Rows: []SheetRow{{Text: "by name"}}}, nil
		}
		return Sheet{Sorts: []string{"risk", "name"}, Right: "2 hosts", Rows: postures()}, nil
	case "drift":
		return Sheet{Sub: "1 departing", Right: "2 departures", Rows: []SheetRow{
			{Title: true, Text: "KIND   HOSTS  READ  WHAT     WAS -> IS"},
			{Text: "users  1      2h    mallory  (none) -> uid 0 gid 0", Bad: true, Hosts: []inventory.HostID{"web-01"}, Detail: "web-01", Runbook: "patch", Accept: "health"},
			{Text: "ports  2      2h    tcp/80   (none) -> 0.0.0.0", Hosts: []inventory.HostID{"web-01", "web-02"}, Detail: "web-[01-02]"},
		}}, nil
	case "insight":
		made := func(context.Context) (string, error) { return "runbooks/df.toml", nil }
		return Sheet{Sub: "since 2026-08-24", Rows: []SheetRow{
			{Title: true, Text: "BY-HAND: typed by hand again and again"}, {Title: true, Text: "  TIMES  COMMAND"}, {Text: "  9      df -h\x1b[31m", Detail: "b makes a runbook of it", Make: made},
			{Title: true, Text: "GROWTH: grows, and will be full within a year"}, {Text: "  of 3 measured, nothing surely grows towards full"}}}, nil
	}
	if name == "calendar" {
		return Sheet{Sub: "the next 31 days", Right: "2 plans", Rows: []SheetRow{
			{Title: true, Text: "OPENS                 LASTS  HOSTS  PLAN     COLLIDES WITH"},
			{Text: "Tue 01 Dec 01:00 CET  4h     2      openssl  -", Hosts: []inventory.HostID{"web-01", "web-02"}, Detail: "openssl: 3.5 everywhere", Plan: "plans/openssl.toml"},
			{Text: "Tue 01 Dec 02:00 CET  2h     1      disks    openssl: group web", Bad: true, Hosts: []inventory.HostID{"web-01"}, Detail: "disks collides with openssl: group web"}}}, nil
	}
	return Sheet{}, errors.New("no such page")
}

// postures are the rows of a table that a narrow screen has no room for.
func postures() []SheetRow {
	rows := Table([][]string{
		{"RISK", "HOST", "STATE", "SEEN", "UPD", "SEC", "PATCHED", "WHY"},
		{"128", "db-0712.ams1.example.net", "FAIL", "12s", "17", "4", "61d?", "unpatched 61 days, 4 security, internet-facing, no backup"},
		{"3", "web-01", "OK", "10s", "0", "0", "2d", "no health in 8 days"},
	}, "UPD", "PATCHED", "SEC", "SEEN", "RISK")
	rows[1].Detail, rows[1].Bad = "db-0712.ams1.example.net: unpatched 61 days; not known: lease", true
	return rows
}

// TestColumnsByWidth: a narrow screen leaves whole columns out and says how many; what is cut bears a mark; and the line can be opened whole.
func TestColumnsByWidth(t *testing.T) {
	everywhere(t, func(t *testing.T, d *driver) {
		d.c.cfg.Sheet = sheetOf
		d.Press("Y").Golden("sheet-posture")
		for _, l := range d.Screen()[3:6] {
			if l = strings.TrimRight(l, " "); len(l) > 2 && !strings.Contains(l, "WHY") && !strings.HasSuffix(l, "no backup") && !strings.HasSuffix(l, "8 days") && !strings.HasSuffix(l, d.c.pen.cut) {
				t.Errorf("cut without a mark: %q", l)
			}
		}
		d.Press("i").See("PATCHED  61d?", "UPD      17", "internet-facing, no", "not known:").Press("esc")
		d.Press("/").Type("61d?").Press("enter").See("db-0712").Miss("web-01") // what is left out is found
	})
	d := newDriver(t, 60, 20)
	d.c.cfg.Sheet = sheetOf
	d.Press("Y").See("+5", "unpatched 61 days").Miss("PATCHED")
}

// TestSheets keeps a picture of every page, in every tier and at every size, and does what can be done from there.
func TestSheets(t *testing.T) {
	everywhere(t, func(_ *testing.T, d *driver) {
		d.c.cfg.Sheet = sheetOf
		d.Press("T").Golden("sheet-status").Press("esc")
		d.Press("V").Golden("sheet-drift")
		d.Press("r").See("PLAN").Press("esc")
		d.Press("a").See("PLAN").Press("esc")
		d.Press("enter").See("HOST").Press("esc")
		d.Press("j", "r").See("RUNBOOKS").Press("esc")
		d.Press("/").Type("!mallory").Press("enter").See("tcp/80").Press("esc")
		d.Press("g", "j", "j", "enter").See("FLEET")
		d.Press("esc", "I").Golden("sheet-insight")
		d.Press("b").See("wrote runbooks/df.toml").Press("/").Type("surely").Press("enter").See("GROWTH").Press("esc", "esc")
		d.Press("W").Golden("sheet-calendar").Press("j", "a").See("about no plan").Press("enter").See("HOST").Press("esc", "esc")
		d.Press("Y").See("unpatched").Press("t").See("by name").Press("esc")
		d.Press(":").Type("status").Press("enter").See("nothing needs you").Press("esc")
	})
}

// TestSheetFillsOnReload: where a reload brings a page's first lines the cursor is on one, not on their heading; and a key that cannot be
// used on a heading, or on an empty page, says so in the page's own words.
func TestSheetFillsOnReload(t *testing.T) {
	rows := []SheetRow{}
	d := newDriver(t, 80, 24, func(c *Config) {
		c.Sheet = func(context.Context, string, string) (Sheet, error) {
			return Sheet{None: "nothing departs", Rows: rows}, nil
		}
		accept := library()[1]
		accept.Name = "accept-drift"
		c.Library = append(c.Library, accept)
		c.Resolve = func(w Wish) (runbooks.Plan, error) {
			p, err := resolve(c.Inventory, Wish{Runbook: "patch", Select: w.Select})
			p.Runbook = w.Runbook
			return p, err
		}
	})
	d.Press("V").See("nothing departs").Press("a").See("accept is not possible here: the cursor is on no line").Press("enter").See("open is not possible here: the cursor is on no line")
	rows = []SheetRow{{Title: true, Text: "KIND   WHAT"}, {Text: "users  mallory", Hosts: []inventory.HostID{"web-01"}, Accept: "accept-drift"}, {Text: "of 3 measured"}}
	d.Press("ctrl+r").See("> users").Press("a").See("PLAN").Press("esc")
	d.Press("a", "s").See("accept-drift. Reason:").Press("enter").See("needs a reason").Press("s").Type("a new hand").Press("enter").See("to start:").Press("esc", "esc")
	d.Press("j", "a").See("no baseline has it").Press("enter").See("the line is about no plan, run or host")
	d.Press("g", "r").See("runbook is not possible here: the cursor is on no line")
	d.Press("j", "ctrl+r").See("> users") // it stays where it was
}

func TestNoSheets(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.Press("T").See("not possible here")
	d = newDriver(t, 80, 24, func(c *Config) {
		c.Sheet = func(context.Context, string, string) (Sheet, error) { return Sheet{}, errors.New("the index is gone") }
	})
	d.Press("V").See("the index is gone")
}

// TestAHeadingStaysOverItsTable: however far down a page one is, what its columns mean stands above them, and the cursor's line shows.
func TestAHeadingStaysOverItsTable(t *testing.T) {
	d := newDriver(t, 80, 24)
	cells := [][]string{{"HOST", "UPDATES"}}
	for i := range 60 {
		cells = append(cells, []string{"web-" + itoa(100+i), itoa(i)})
	}
	rows := append(Table(cells), SheetRow{Text: "GROWTH: will be full", Title: true}, SheetRow{Text: "nothing grows"})
	d.c.cfg.Sheet = func(context.Context, string, string) (Sheet, error) { return Sheet{Rows: rows}, nil }
	d.Press("Y")
	key := func(name string, times int) {
		t.Helper()
		for range times {
			d.Press(name)
			on := d.c.top().(*sheetScreen).cursor().Text
			if n := strings.Count(strings.Join(d.Screen(), "\n"), "HOST  "); n != 1 || !strings.Contains(strings.Join(d.Screen(), "\n"), "> "+on) {
				t.Fatalf("%q %q: %d headings\n%s", name, on, n, strings.Join(d.Screen(), "\n"))
			}
		}
	}
	key("j", 60)
	key("k", 60)
	key("ctrl+f", 3)
	key("ctrl+b", 4)
	d.Press("G").See("> nothing grows", "GROWTH")
}
