package ui

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tend/fleet"
	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// foreign tells a run as an import may bring it, or a colleague's runbook: hostile in all that bears a name.
func (d *driver) foreign(run journal.RunID, result journal.Result) {
	d.t.Helper()
	p, err := d.c.cfg.Resolve(Wish{Runbook: "replace-disk", Select: "nyc1/r01", Params: map[string]string{"slot": "3"}})
	if err != nil {
		d.t.Fatal(err)
	}
	p.Runbook, p.Title, p.Scope, p.Source = hostile, hostile, hostile, hostile
	for i := range p.Hosts {
		p.Hosts[i].Name = inventory.HostID(fmt.Sprint(i, hostile))
	}
	for i := range p.Waves {
		p.Waves[i].Name = hostile
		p.Waves[i].Hosts = nil
		for _, h := range p.Hosts {
			p.Waves[i].Hosts = append(p.Waves[i].Hosts, h.Name)
		}
	}
	s := &p.Steps[0]
	s.ID, s.Title, s.Words, s.Group = runbooks.StepID(hostile), hostile, hostile, ""
	s.Asks = []runbooks.Ask{{Name: hostile, Text: hostile, Type: "text"}}
	who := journal.Who{User: hostile, From: hostile}
	at := func(i int) inventory.HostID { return p.Hosts[i].Name }
	d.tell(run, journal.PlanAccepted{Plan: p, By: who, Reason: hostile, Ticket: hostile, Inventory: journal.InventoryRef{Path: hostile, Commit: hostile},
		Maintenance: &journal.Maintenance{Plan: hostile, Run: 1, Of: 2, Digest: hostile, Approved: []string{hostile}}},
		journal.RunnerStarted{Host: hostile, Resumed: true}, journal.WaveOpened{Wave: 0})
	d.step(run, at(0), s.ID, hostile+"\n", journal.Failed, hostile, check(hostile, hostile, hostile, hostile, runbooks.CheckCrit))
	d.tell(run, journal.StepStarted{Host: at(1), Step: s.ID, Attempt: 1}, journal.OutputRead{Host: at(1), Step: s.ID, Attempt: 1, Data: []byte(hostile)},
		journal.Decided{Decision: journal.Answer, Host: at(1), Step: s.ID, Answers: map[string]string{hostile: hostile}, Reason: hostile, By: who},
		journal.Decided{Decision: journal.Decision(hostile), Host: at(1), By: who}, journal.Remarked{Host: at(1), Step: s.ID, Text: hostile},
		journal.Decided{Decision: journal.Pause, By: who})
	if result != journal.Open {
		d.tell(run, journal.RunClosed{Result: result, Reason: hostile})
	}
}

// TestHostileEverywhere: no page hands a terminal what an imported journal, a colleague's runbook or plan, a recorded shell, or a file's name brings
// with it, and none is torn by it, at any size.
func TestHostileEverywhere(t *testing.T) {
	for _, tier := range []Tier{Full, Plain} {
		for _, size := range [][2]int{{60, 20}, {140, 40}} {
			t.Run(fmt.Sprint(tier, size[0]), func(t *testing.T) {
				hostilePages(newDriver(t, size[0], size[1], func(c *Config) {
					c.Tier, c.Env, c.Inventory = tier, []string{"TERM=xterm-256color", "LANG=C.UTF-8"}, hostileRoom(t)
				}))
			})
		}
	}
}

func hostilePages(d *driver) {
	d.t.Helper()
	d.foreign("f1", journal.Open)
	d.foreign("f2", journal.SomeFailed)
	c := d.c
	live, ended := c.follow("f1"), c.follow("f2")
	d.Pull()
	runs, err := d.journal.Runs(c.work.ctx, journal.Query{})
	if err != nil {
		d.t.Fatal(err)
	}
	runs[0].Damaged = hostile
	rb := library()[1]
	rb.Name, rb.Title, rb.Doc, rb.Source = hostile, hostile, hostile, "/"+hostile
	rb.Params[0].Name, rb.Params[0].Help, rb.Params[0].Default, rb.Params[0].Options = hostile, hostile, hostile, []string{hostile}
	c.cfg.Library, c.cfg.Broken = []runbooks.Runbook{rb}, []runbooks.Broken{{Name: "x" + hostile, Source: hostile, Error: hostile}}
	list, hosts := newJournalScreen(c, inventory.HostID(hostile)), []inventory.HostID{inventory.HostID(hostile)}
	list.runs, list.loaded, list.first = runs, true, journal.RunID(hostile)
	list.refilter("")
	list.filter = hostile
	rows := []SheetRow{{Text: hostile, Title: true}, {Text: hostile, Detail: hostile, Hosts: hosts, Run: journal.RunID(hostile), Plan: hostile, Runbook: hostile, Accept: hostile}}
	sheet := &sheetScreen{cfg: c.cfg, name: "status", title: "STATUS"}
	sheet.take(Sheet{Rows: rows, Right: hostile, Sorts: []string{hostile}}, nil)
	table, grid := newRunScreen(c, live), newRunScreen(c, ended)
	table.mode, grid.mode = 1, 2
	pages := []screen{newRunScreen(c, live), newRunScreen(c, ended), table, grid, newManualScreen(c.cfg, live, 1), list, newOffer(c, runs, nil), sheet,
		newPicker(c, hosts, hostile), newForm(rb, hostile, Wish{}), newOutputPager(c, ended, ended.ids([]int{0, 1})), newProse("RUN", "f2", grid.info()),
		newProse("RUNBOOK", rb.Name, runbookText(rb)), newTextPager("COMPARE", hostile, hostile),
		&searchScreen{cfg: c.cfg, loaded: true, text: hostile, hits: []Hit{{Run: journal.RunID(hostile), Host: hosts[0], Line: hostile, Kind: hostile, Text: hostile, Marks: [][2]int{{2, 9}, {11, 40}}}}},
		&shellsScreen{cfg: c.cfg, loaded: true, all: []ShellEntry{{ID: journal.RunID(hostile), Host: hosts[0], User: hostile, Reason: hostile, End: hostile}}},
		newFilm(c, "f2"), newFilm(c, "f1")}
	d.walk(append(pages, d.ofTheInventory()...))
	if bad := acts(c.windowTitle()); bad != "" {
		d.t.Errorf("title: %s", bad)
	}
}

// hostileRoom is the room as an inventory that was generated from elsewhere may have it.
func hostileRoom(t *testing.T) *inventory.Inventory {
	inv, words := theRoom(t), []string{hostile, hostile}
	for i := range inv.Sites {
		s := &inv.Sites[i]
		s.Name, s.Title = s.Name+hostile, hostile
		for j := range s.Racks {
			r := &s.Racks[j]
			r.Name, r.Site, r.Row, r.Feeds = r.Name+hostile, s.Name, hostile, words
		}
	}
	for i := range inv.Hosts {
		h := &inv.Hosts[i]
		h.Name, h.Site = inventory.HostID(fmt.Sprint(i, hostile)), h.Site+hostile
		if h.Rack != "" {
			h.Rack += hostile
		}
		h.Addr, h.User, h.OS, h.Owner, h.Window, h.Locate = hostile, hostile, hostile, hostile, hostile, hostile
		h.Tags, h.Feeds, h.Jump, h.Groups, h.Services = words, words, words, words, words
	}
	for i := range inv.Groups {
		inv.Groups[i].Name = hostile
	}
	return inv
}

// ofTheInventory are the pages about what the inventory names and hosts have said of themselves, and of a plan that somebody wrote.
func (d *driver) ofTheInventory() []screen {
	c, h := d.c, d.c.cfg.Inventory.Hosts[0]
	for i, state := range []runbooks.CheckState{runbooks.CheckCrit, runbooks.CheckUnknown, runbooks.CheckOK} {
		f := check(itoa(i)+hostile, hostile, hostile, hostile, state)
		f.Text = hostile
		c.fleet.Known(journal.Known{Host: h.Name, Fact: f, At: d.now, Run: journal.RunID(hostile), Step: runbooks.StepID(hostile)},
			journal.Known{Host: h.Name, Fact: runbooks.Fact{Key: hostile, Value: hostile, Unit: hostile}, At: d.now},
			journal.Known{Host: h.Name, Fact: runbooks.Fact{Key: fleet.FactOS, Value: hostile}, At: d.now})
	}
	c.fleet.Ran(journal.HostRun{Host: h.Name, Runbook: hostile, Run: journal.RunID(hostile), Started: d.now, Outcome: "failed"})
	tree := newFleetScreen(c)
	tree.cfg.Shell = nil
	tree.tree.foldAll(false)
	filtered := newFleetScreen(c)
	filtered.filter, filtered.dirty = hostile, true
	host := &hostScreen{cfg: c.cfg, host: h, fleet: c.fleet, err: errors.New(hostile), runs: []journal.RunSummary{{Run: journal.RunID(hostile), Runbook: hostile, Started: d.now}}}
	host.build()
	plan := PlanPage{Name: hostile, Path: hostile, Shown: hostile, Digest: hostile, Text: hostile + "\n" + hostile, Scripts: hostile, Blast: hostile, Runs: 2, Hosts: []inventory.HostID{h.Name}, Prod: true, Revision: hostile, Approvers: []string{hostile, hostile}}
	refused, waits := plan, plan
	refused.NoStart, refused.NoApprove, waits.Waits = hostile, hostile, hostile
	return []screen{tree, filtered, host, newRackScreen(c, h.Site, h.Rack), &maintenance{cfg: c.cfg, page: plan}, &maintenance{cfg: c.cfg, page: refused}, &maintenance{cfg: c.cfg, page: waits},
		newProse("FACT", string(h.Name), factText(c.fleet.Facts(h.Name)[0]))}
}

// walk looks at each page, and at what its keys open.
func (d *driver) walk(pages []screen) {
	c := d.c
	for _, s := range pages {
		if p, ok := s.(puller); ok { // what it reads has come before its keys are pressed
			waitFor(d.t, func() bool { changed, more := p.Pull(time.Second); return !changed && !more && c.work.ctx.Err() == nil })
		}
		c.stack, c.note, c.prompt = append(c.stack[:1], s), note{}, nil
		for _, key := range []string{"", "j", ">", "n", "w", "i", "a", "s", "b", "?"} {
			if key != "" && !answered(s) {
				d.Press(key)
			}
			if bad := acts(c.View().Content); bad != "" {
				d.t.Errorf("%s behind %q: %s", screenName(s), key, bad)
			}
			d.sizes()
		}
		d.c.openPrompt("")
		for _, text := range d.c.complete("replay ") {
			d.c.note = note{text: text}
			if bad := acts(c.View().Content); bad != "" {
				d.t.Errorf("completion: %s", bad)
			}
		}
		d.c.prompt = nil
	}
}
