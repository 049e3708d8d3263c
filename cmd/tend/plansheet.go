package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"tend/inventory"
	"tend/plans"
	"tend/quote"
	"tend/ui"
)

// daysAhead is how far the console's calendar looks; tend plan calendar --days looks further.
const daysAhead = 31

// calendarSheet is the page of the coming windows of plans. A plan that cannot be read is a line of it, and hides no other.
func (a *app) calendarSheet(ctx context.Context) (ui.Sheet, error) {
	quiet := *a
	quiet.warned = nil // the screen is drawn
	w, err := quiet.world(ctx)
	if err != nil {
		return ui.Sheet{}, err
	}
	files, err := planFiles(nil, w.inv)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(files) == 0 {
		return ui.Sheet{None: "there are no plans: tend plan new writes one, and plans/ is where they are looked for"}, nil
	}
	if err != nil {
		return ui.Sheet{}, err
	}
	all, wrong := quiet.resolvePlans(ctx, w, files)
	now := a.now()
	slots := plans.Calendar(all, now, now.AddDate(0, 0, daysAhead))
	out := ui.Sheet{Right: plural(len(all), "plan"), Sub: "the next " + plural(daysAhead, "day"), None: fmt.Sprintf("%s, and no window in the next %s", plural(len(all), "plan"), plural(daysAhead, "day"))}
	if wrong != nil {
		out.Rows = append(out.Rows, ui.SheetRow{Text: "CANNOT BE READ", Title: true})
		words := wrong.Error()
		for _, f := range files {
			words = strings.ReplaceAll(words, f, shortPath(f))
		}
		for line := range strings.SplitSeq(words, "\n") {
			out.Rows = append(out.Rows, ui.SheetRow{Text: "  " + quote.Line(line), Bad: true, Detail: quote.Line(line)})
		}
	}
	out = a.calendarRows(out, all, slots)
	return restOfPlans(out, all, slots), nil
}

func (a *app) calendarRows(out ui.Sheet, all []plans.Resolved, slots []plans.Slot) ui.Sheet {
	if len(slots) == 0 {
		return out
	}
	rows := [][]string{{"OPENS", "LASTS", "HOSTS", "PLAN", "COLLIDES WITH"}}
	for _, s := range slots {
		opens, lasts := "always", "-"
		if s.Window != "" || s.Opens.After(a.now()) {
			opens = s.Opens.Format("Mon 02 Jan 15:04 MST")
		}
		if !s.Shuts.IsZero() {
			lasts = spell(s.Shuts.Sub(s.Opens))
		}
		rows = append(rows, []string{opens, lasts, fmt.Sprint(s.Hosts), quote.Line(s.Plan), dash(quote.Line(clashes(s.Clash)))})
	}
	for i, row := range ui.Table(rows, "LASTS", "HOSTS") {
		if i > 0 {
			s := slots[i-1]
			row.Hosts, row.Bad, row.Detail = s.Touches(), len(s.Clash) > 0, quote.Line(s.Plan+": "+s.Goal)
			row.Plan = all[s.Index()].Path
			if row.Bad {
				row.Detail = quote.Line(s.Plan + " collides with " + clashes(s.Clash))
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// restOfPlans are those that have no window ahead: they are looked for on this page as well.
func restOfPlans(out ui.Sheet, all []plans.Resolved, slots []plans.Slot) ui.Sheet {
	head := ui.SheetRow{Text: "NO WINDOW AHEAD", Title: true}
	for i := range all {
		p := &all[i]
		if slices.ContainsFunc(slots, func(s plans.Slot) bool { return s.Index() == i }) {
			continue
		}
		if head.Title {
			out.Rows, head = append(out.Rows, head), ui.SheetRow{}
		}
		out.Rows = append(out.Rows, ui.SheetRow{Text: "  " + quote.Line(p.Name+": "+p.Goal), Plan: p.Path, Hosts: hostIDs(p.Hosts()), Detail: quote.Line(p.Path)})
	}
	return out
}

func hostIDs(hosts []inventory.Host) []inventory.HostID {
	var out []inventory.HostID
	for _, h := range hosts {
		out = append(out, h.Name)
	}
	return out
}
