package main

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"tend/inventory"
	"tend/journal"
	"tend/plans"
	"tend/quote"
	"tend/runbooks"
)

const (
	paceRuns   = 10      // how many of a runbook's latest runs an estimate looks at, at most
	paceHosts  = 200     // with how many hosts it has seen enough
	paceEvents = 200_000 // a run with more is read only where nothing else tells: a person waits for the answer
)

// pace is how long hosts took in the latest runs of the runbooks, as the journal knows them. A journal that cannot be read knows nothing.
func (a *app) pace(ctx context.Context, books ...string) plans.Times {
	var t plans.Times
	book, err := a.book()
	if err != nil {
		return t
	}
	defer book.Close()
	done := map[string]bool{}
	for _, name := range books {
		if done[name] {
			continue
		}
		done[name] = true
		runs, err := book.Runs(ctx, journal.Query{Runbook: name, Limit: paceRuns})
		if err != nil {
			continue
		}
		// The smaller runs first; among them, and among the others, the latest.
		slices.SortStableFunc(runs, func(a, b journal.RunSummary) int {
			return cmp.Compare(a.Events/paceEvents, b.Events/paceEvents)
		})
		for _, r := range runs {
			if t.Hosts(name) >= paceHosts || t.Hosts(name) > 0 && r.Events > paceEvents {
				break
			}
			if s, err := folded(ctx, book, r.Run); err == nil {
				t.Add(s)
			}
		}
	}
	return t
}

func folded(ctx context.Context, book journal.Journal, run journal.RunID) (*journal.State, error) {
	s := journal.NewState()
	for e, err := range book.Events(ctx, run, 0, false) {
		if err != nil {
			return s, err
		}
		s.Apply(e)
	}
	return s, nil
}

// paceLines say how long a run would take, and whether that fits the windows of its hosts.
func (a *app) paceLines(ctx context.Context, p *runbooks.Plan) [][2]string {
	t := a.pace(ctx, p.Runbook)
	lines := [][2]string{{"time", plans.EstimateRun(p, &t).String()}}
	for _, f := range plans.FitRun(p, &t, a.now()) {
		lines = append(lines, [2]string{"window", f.String()})
	}
	return lines
}

// windowed reports whether some host of the plan is bound to a window.
func windowed(p *runbooks.Plan) bool {
	if !p.Windowed() {
		return false
	}
	for _, h := range p.Hosts {
		if w, err := inventory.ParseWindow(h.Window); err == nil && !w.Always() {
			return true
		}
	}
	return false
}

// json writes values that read back the same and do nothing to a terminal.
func (a *app) json() *json.Encoder { return json.NewEncoder(quote.JSON(a.out)) }

// encode prints one JSON value for people and programs.
func (a *app) encode(v any) error {
	enc := a.json()
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
