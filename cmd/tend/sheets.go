package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/fleet"
	"tend/insight"
	"tend/inventory"
	"tend/quote"
	"tend/ui"
)

// sheet makes a page for the console.
func (a *app) sheet(inv *inventory.Inventory, tier ui.Tier) func(ctx context.Context, name, order string) (ui.Sheet, error) {
	return func(ctx context.Context, name, order string) (ui.Sheet, error) {
		switch name {
		case "status":
			return a.statusSheet(ctx)
		case "posture":
			return a.postureSheet(ctx, inv, order)
		case "drift":
			return a.driftSheet(ctx, inv)
		case "insight":
			return a.insightSheet(ctx, inv, tier)
		case "calendar":
			return a.calendarSheet(ctx)
		}
		return ui.Sheet{}, fmt.Errorf("there is no page %q", name)
	}
}

func (a *app) statusSheet(ctx context.Context) (ui.Sheet, error) {
	s, err := a.status(ctx)
	if err != nil {
		return ui.Sheet{}, err
	}
	out := ui.Sheet{Right: plural(s.Hosts, "host"), Sub: counts(s.States), None: s.calm()}
	if len(s.Runs) > 0 {
		out.Sub += "   week's runs " + counts(s.Runs)
	}
	when := map[int]string{1: "NOW", 2: "TODAY", 3: "THIS WEEK"}
	last := 0
	for _, m := range s.Matters {
		if m.Urgency != last {
			last = m.Urgency
			out.Rows = append(out.Rows, ui.SheetRow{Text: when[last], Title: true})
		}
		row := ui.SheetRow{Text: "  " + m.What, Bad: m.Urgency == 1, Hosts: m.Hosts, Detail: m.Do, Run: m.Run, Runbook: m.Runbook}
		if len(m.Hosts) > 0 {
			row.Text += ": " + inventory.HostSet(m.Hosts)
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

func (a *app) postureSheet(ctx context.Context, inv *inventory.Inventory, order string) (ui.Sheet, error) {
	all, err := a.postures(ctx, inv, "")
	if err != nil {
		return ui.Sheet{}, err
	}
	fleet.Sort(all, cmp.Or(order, "risk"))
	now := a.now()
	rows := [][]string{{"RISK", "HOST", "STATE", "SEEN", "UPD", "SEC", "PATCHED", "WHY"}}
	if order != "" && !slices.Contains(narrow, order) {
		rows[0] = append(slices.Clone(rows[0][:7]), strings.ToUpper(order), "WHY")
	}
	for i := range all {
		p := &all[i]
		var cells []string
		for _, c := range narrow {
			cells = append(cells, quote.Line(p.Cell(c, now)))
		}
		if len(rows[0]) == 9 {
			cells = append(cells, quote.Line(cmp.Or(short(p.Cell(order, now), 40), "-")))
		}
		rows = append(rows, append(cells, quote.Line(strings.Join(p.Reasons, ", "))))
	}
	out := ui.Sheet{Right: plural(len(all), "host"), Sub: "every value as of the journal; ? is stale or was never read", Sorts: fleet.Columns}
	for i, row := range ui.Table(rows, "UPD", "PATCHED", "SEC", "SEEN", "RISK") {
		if i > 0 {
			p := &all[i-1]
			row.Hosts, row.Bad = []inventory.HostID{p.Host}, p.State == fleet.Fail || p.State == fleet.Down
			row.Detail = string(p.Host) + ": " + strings.Join(p.Reasons, ", ")
			if len(p.Unread) > 0 {
				row.Detail += "; not known: " + strings.Join(p.Unread, ", ")
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

func (a *app) driftSheet(ctx context.Context, inv *inventory.Inventory) (ui.Sheet, error) {
	fl := a.fleet(ctx, inv)
	now := a.now()
	d := drifted{states: map[string][]inventory.HostID{}}
	for _, h := range inv.Hosts {
		d.add(h, fl.Drift(h.Name), now, func(k string) bool { return k != "versions" })
	}
	type key struct{ kind, name, was, is string }
	hosts, oldest := map[key][]inventory.HostID{}, map[key]time.Time{}
	var order []key
	for _, dep := range d.all {
		k := key{dep.Kind, dep.Name, dep.Was, dep.Is}
		if hosts[k] == nil {
			order = append(order, k)
		}
		if oldest[k].IsZero() || dep.At.Before(oldest[k]) {
			oldest[k] = dep.At
		}
		hosts[k] = append(hosts[k], dep.Host)
	}
	slices.SortStableFunc(order, func(x, y key) int {
		return cmp.Or(slices.Index(fleet.Kinds, x.kind)-slices.Index(fleet.Kinds, y.kind), len(hosts[y])-len(hosts[x]))
	})
	rows := [][]string{{"KIND", "HOSTS", "READ", "WHAT", "WAS -> IS"}}
	for _, k := range order {
		rows = append(rows, []string{k.kind, fmt.Sprint(len(hosts[k])), staleness(now, oldest[k]), quote.Line(short(k.name, 30)), quote.Line(k.was + " -> " + k.is)})
	}
	out := ui.Sheet{Right: plural(len(order), "departure"), Sub: driftWords(d)}
	if len(order) == 0 {
		out.None = "nothing departs from a baseline"                 // how many were compared stands above it
		if len(d.states) == 1 && d.states["never compared"] != nil { // unknown is not OK
			out.None = "nothing is known: no host was ever compared; the runbook drift does it"
		}
		return out, nil
	}
	for i, row := range ui.Table(rows, "READ") {
		if i > 0 {
			k := order[i-1]
			row.Hosts, row.Bad, row.Detail = hosts[k], k.kind == "baseline", inventory.HostSet(hosts[k])
			if slices.Contains(kept(), k.kind) {
				row.Runbook, row.Accept, row.Params = "undo-drift", "accept-drift", map[string]string{"what": k.kind}
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

func driftWords(d drifted) string {
	var parts []string
	for word, ids := range sorted(d.states) {
		parts = append(parts, fmt.Sprintf("%d %s", len(ids), word))
	}
	return strings.Join(parts, ", ")
}

func (a *app) insightSheet(ctx context.Context, inv *inventory.Inventory, tier ui.Tier) (ui.Sheet, error) {
	since := a.now().AddDate(0, 0, -90)
	var i insight.Insight
	if err := a.withBook(func(book *shelf) (err error) {
		i, err = a.insight(ctx, book, inv, since)
		return err
	}); err != nil {
		return ui.Sheet{}, err
	}
	draw := insight.Numbers
	if tier == ui.Full {
		draw = insight.Spark
	}
	out := ui.Sheet{Sub: "since " + since.Local().Format("2006-01-02")}
	for _, s := range i.Sections(20, draw) {
		out.Rows = append(out.Rows, ui.SheetRow{Title: true, Text: strings.ToUpper(s.Name) + ": " + s.Title})
		if len(s.Rows) < 2 {
			out.Rows = append(out.Rows, ui.SheetRow{Text: "  " + s.None})
			continue
		}
		for n, row := range ui.Table(s.Rows, spareInsight...) {
			row.Indent, row.Text = "  ", "  "+row.Text
			if n > 0 && s.Name == "growth" {
				row.Hosts = []inventory.HostID{i.Growth[n-1].Host}
			}
			if n > 0 && n <= len(s.Habits) {
				h := s.Habits[n-1]
				row.Detail = "b makes a runbook of it: " + h.Commands[0]
				row.Make = func(context.Context) (string, error) {
					path, text, err := a.habitFile(inv, h, "")
					if err != nil {
						return "", err
					}
					quiet := *a
					quiet.out = discard{}
					return path, quiet.begin(path, text, "")
				}
			}
			out.Rows = append(out.Rows, row)
		}
	}
	return out, nil
}

// spareInsight are the columns that a narrow screen leaves out first: how it went over time, and on whom.
var spareInsight = []string{"OVER TIME", "NOT PASSED, %", "IN RUN", "RUNS", "ON", "WHO", "HOSTS", "A HOST", "A WEEK", "SECURITY", "9 OF 10", "OLDEST", "TREND"}

// discard takes what is not to be seen while a screen is drawn.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
