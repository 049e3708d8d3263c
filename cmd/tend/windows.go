package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tend/engine"
	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// occurrence is one opening of a maintenance window: a run works in the one that was open, or came next, when it was accepted. What it
// has not begun by the end is not begun; the next opening is for a plan that somebody looks at again.
type occurrence struct{ open, shut time.Time }

// At is engine.Window's.
func (o occurrence) At(now time.Time) (open bool, change time.Time) {
	switch {
	case now.Before(o.open):
		return false, o.open
	case now.Before(o.shut):
		return true, o.shut
	}
	return false, time.Time{}
}

// windowOf is the host's window for a run that was accepted then; nil = at any time.
func windowOf(h inventory.Host, accepted time.Time) (engine.Window, error) {
	w, err := inventory.ParseWindow(h.Window)
	if err != nil || w.Always() {
		return nil, err
	}
	open, shut := w.Next(accepted)
	return occurrence{open, shut}, nil
}

// shutWindow is a window that binds hosts of a plan and is not open.
type shutWindow struct {
	text  string
	hosts []inventory.HostID
	next  occurrence
}

// shutWindows are those that a plan waits for, the next to open first.
func shutWindows(p *runbooks.Plan, now time.Time) []shutWindow {
	if !p.Windowed() {
		return nil
	}
	late := now.Add(p.Policy.CutoffTime()) // what is open, and only behind the cut-off, is as good as shut
	at := map[string]int{}
	var out []shutWindow
	for _, h := range p.Hosts {
		w, err := inventory.ParseWindow(h.Window) // the inventory was read, so it is one
		if err != nil || w.Contains(now) && w.Contains(late) {
			continue
		}
		i, seen := at[h.Window]
		if !seen {
			open, shut := w.Next(late)
			i = len(out)
			at[h.Window] = i
			out = append(out, shutWindow{text: h.Window, next: occurrence{open, shut}})
		}
		out[i].hosts = append(out[i].hosts, h.Name)
	}
	slices.SortStableFunc(out, func(a, b shutWindow) int { return a.next.open.Compare(b.next.open) })
	return out
}

// String says when it opens, in its own time zone.
func (s shutWindow) String() string {
	const day = "Mon 2 Jan 15:04"
	return fmt.Sprintf("%s: window %s; next from %s to %s", inventory.HostSet(s.hosts), s.text, s.next.open.Format(day), s.next.shut.Format("Mon 15:04 MST"))
}

// circumstances puts the plan under what the journal and the operator say about this moment.
func (w world) circumstances(p runbooks.Plan, c choice) (runbooks.Plan, error) {
	k := runbooks.Circumstances{OutsideWindow: c.outsideWindow}
	if p.Risk == runbooks.Disrupt && len(p.Groups) > 0 && w.down != nil {
		for _, d := range w.down() {
			if !slices.Contains(c.assumeUp, string(d.Host)) {
				k.Down = append(k.Down, d)
			}
		}
	}
	for _, h := range c.assumeUp {
		if _, known := w.inv.Host(inventory.HostID(h)); !known {
			return p, usage("tend inventory list shows what there is", "no host is named %q: none of that name can count as up", h)
		}
	}
	if err := w.attach(&p, c, &k); err != nil {
		return p, err
	}
	for _, s := range shutWindows(&p, w.now()) {
		if c.outsideWindow == "" {
			p.Warnings = append(p.Warnings, "waits: "+s.String())
		}
	}
	p.Warnings = append(p.Warnings, words(c)...)
	if k.Now = w.now(); c.outsideWindow == "" {
		if err := nothingLeft(&p, k.Now); err != nil {
			return p, err
		}
	}
	p, err := p.Under(k)
	if err != nil {
		return p, bad(err)
	}
	return p, nil
}

// words repeats in the plan what its operator took upon himself.
func words(c choice) []string {
	var out []string
	if c.outsideWindow != "" {
		out = append(out, "maintenance windows do not bind: "+c.outsideWindow)
	}
	for _, h := range c.assumeUp {
		out = append(out, h+" counts as up, on the operator's word")
	}
	return out
}

// waits refuses a run that could not begin now on all its hosts, unless its operator said that it is to wait.
func (f *runFlags) waits(p *runbooks.Plan, now time.Time) error {
	if f.wait && f.outsideWindow != "" {
		return usage("leave one of them out", "--wait waits for maintenance windows, and --outside-window works outside of them")
	}
	if err := nothingLeft(p, now); err != nil {
		return err
	}
	shut := shutWindows(p, now)
	if len(shut) == 0 || f.wait {
		return nil
	}
	in := shut[0].next.open.Sub(now).Round(time.Minute)
	return usage("--wait lets the run wait for it, --outside-window REASON goes ahead now; the reason is recorded",
		"the maintenance window is shut, and opens in %s: %s", spell(in), shut[0])
}

// nothingLeft refuses a cut-off that is as long as a window: nothing would ever be begun.
func nothingLeft(p *runbooks.Plan, now time.Time) error {
	by := p.Policy.CutoffTime()
	if by == 0 || !p.Windowed() {
		return nil
	}
	for _, h := range p.Hosts {
		w, err := inventory.ParseWindow(h.Window)
		if err != nil || w.Always() {
			continue
		}
		if open, shut := w.Next(now); shut.Sub(open) <= by {
			return usage("a shorter --cutoff", "cutoff %s leaves nothing of the window %s of %s", p.Policy.Cutoff, h.Window, h.Name)
		}
	}
	return nil
}

// spell writes 53h20m as "2 d 5 h".
func spell(d time.Duration) string {
	switch h := int(d.Hours()); {
	case h >= 48:
		return fmt.Sprintf("%d d %d h", h/24, h%24)
	case h >= 1:
		return fmt.Sprintf("%d h %d min", h, int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d min", int(d.Minutes()))
}

// membersDown are the hosts that count as down for their groups, as the journal knows them: of all runs, by whomever.
func (a *app) membersDown(ctx context.Context, lib runbooks.Library) []runbooks.DownMember {
	book, err := a.book()
	if err != nil {
		return nil // no journal yet: nobody knows anything
	}
	defer book.Close()
	of := map[inventory.HostID][]journal.HostRun{}
	var order []inventory.HostID
	for r, err := range book.lastRuns(ctx) {
		if err != nil {
			break
		}
		if of[r.Host] == nil {
			order = append(order, r.Host)
		}
		of[r.Host] = append(of[r.Host], r)
	}
	var out []runbooks.DownMember
	for _, h := range order {
		if why := downWhy(of[h], func(name string) bool {
			rb, err := lib.Get(name)
			return err != nil || rb.Risk != runbooks.Read
		}); why != "" {
			out = append(out, runbooks.DownMember{Host: h, Why: why})
		}
	}
	return out
}

// downWhy says why a host counts as down after its runs; "" = it does not. Being reached again mends what was not reached, or not begun; what failed
// is mended by a run that changed something, or looked at the host's health, and found it well. A check that fails says that a backup is
// old or a certificate ends, not that the host is down; and what a command of exec ended with, only its author can read.
func downWhy(runs []journal.HostRun, changes func(runbook string) bool) string {
	slices.SortFunc(runs, func(a, b journal.HostRun) int { return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.Run, b.Run)) })
	why, mute := "", false
	tells := func(runbook string) bool { return runbook != "exec" && changes(runbook) }
	for _, r := range runs {
		told := fmt.Sprintf("%s: %s at %s, run %s", r.Runbook, r.Outcome, r.Started.Local().Format("2006-01-02 15:04"), r.Run)
		switch r.Outcome {
		case journal.Unreachable.String(), journal.Refused.String():
			if why == "" || mute { // what failed before is not mended by being away
				why, mute = told, true
			}
		case journal.Failed.String():
			if r.Runbook == "health" || tells(r.Runbook) {
				why, mute = told, false
			}
		case journal.Unknown.String():
			why, mute = told, false
		case "running", journal.Aborted.String():
			if changes(r.Runbook) {
				why, mute = told, false
			}
		case journal.OK.String(), journal.Warned.String():
			if mute || r.Runbook == "health" || tells(r.Runbook) {
				why = ""
			}
		}
	}
	return why
}
