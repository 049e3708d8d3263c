package main

import (
	"context"
	"fmt"
	"strings"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/remote"
	"tend/runbooks"
)

// inFlight is what a run that is to stop still waits for: a step, hosts on which it stands alike, and what keeps the run from them.
type inFlight struct {
	step  runbooks.StepID
	away  string
	hosts []inventory.HostID
}

// waitsFor folds a run as far as it is recorded. A step that waits for a person or for a time holds nothing up.
func waitsFor(ctx context.Context, book journal.Journal, run journal.RunID) ([]*inFlight, error) {
	s, away := journal.NewState(), map[inventory.HostID]string{}
	for e, err := range book.Events(ctx, run, 0, false) {
		if err != nil {
			return nil, err
		}
		s.Apply(e)
		switch b := e.Body.(type) {
		case journal.Remarked:
			if what, link := remote.LinkRemark(b.Text); link {
				away[b.Host] = what
			}
		case journal.StepEnded:
			delete(away, b.Host)
		}
	}
	return alike(s, away), nil
}

func alike(s *journal.State, away map[inventory.HostID]string) (all []*inFlight) {
	type key struct{ step, away string }
	at := map[key]*inFlight{}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		if h.Phase != journal.AtWork || h.Step >= len(h.Steps) || !h.Steps[h.Step].Running {
			continue
		}
		step := &s.Plan().Steps[h.Step]
		if step.Kind == runbooks.Manual || step.Kind == runbooks.Wait {
			continue
		}
		// The host stands beside what is said of it.
		k := key{string(step.ID), strings.TrimPrefix(away[h.ID], string(h.ID)+": ")}
		if at[k] == nil {
			at[k] = &inFlight{step: step.ID, away: k.away}
			all = append(all, at[k])
		}
		at[k].hosts = append(at[k].hosts, h.ID)
	}
	return all
}

// stopping is what a decision means for what is at work.
var stopping = map[journal.Decision]string{
	journal.Pause:     "nothing new starts until tend continue RUN; what is at work goes on:",
	journal.Abort:     "nothing new starts, and the run ends when what is at work has ended; tend abort RUN --hard signals it:",
	journal.AbortHard: "what is at work is signalled; what has not ended within a minute is let go of, and is UNKNOWN:",
}

// maxTold is how many lines say what a run waits for.
const maxTold = 10

// tellStopped says what a run that shall stop waits for, and how to go on. The decision is recorded, whether that can be said or not.
func (a *app) tellStopped(ctx context.Context, run journal.RunID, d journal.Decision) {
	begins, book := stopping[d], (*shelf)(nil)
	var err error
	if begins == "" {
		return
	}
	if book, err = a.book(); err != nil {
		return
	}
	defer book.Close()
	all, err := waitsFor(ctx, book, run)
	if err != nil || len(all) == 0 {
		return
	}
	fmt.Fprintln(a.out, strings.ReplaceAll(begins, "RUN", string(run)))
	for _, w := range all[:min(len(all), maxTold)] {
		line := fmt.Sprintf("%s on %s", w.step, inventory.HostSet(w.hosts))
		if w.away != "" {
			line += ", not reached: " + w.away
		}
		fmt.Fprintln(a.out, "  "+quote.Line(line))
	}
	if n := len(all) - maxTold; n > 0 {
		fmt.Fprintf(a.out, "  and %d more; tend attach %s shows them\n", n, run)
	}
}
