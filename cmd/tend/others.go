package main

import (
	"context"
	"fmt"
	"slices"

	"tend/journal"
	"tend/quote"
)

// A journal may be kept by a group, and one user may work in two sessions, each with a directory of its own for sockets. Then runs are
// at work to which no socket of ours leads. They are shown and followed like ours, by their segments, and steered only where they were begun.

// owner is whose run it is, where it is not ours.
func (s *shelf) owner(run journal.RunID) (string, bool) {
	o, err := s.Owner(run)
	return quote.Line(string(o)), err == nil && o != s.Origin()
}

// wayOn is what may be typed of a run that has not ended: only who began it takes it up.
func (s *shelf) wayOn(run journal.RunID) string {
	o, foreign := s.owner(run)
	switch {
	case !foreign:
		return fmt.Sprintf("tend attach %s, or tend resume %s", run, run)
	case s.Written(run):
		return fmt.Sprintf("tend attach %s shows it; %s steers it", run, o)
	}
	return fmt.Sprintf("tend journal show %s; %s takes it up with tend resume", run, o)
}

// outOfReach are the open runs that some process is at work on, but for those that are known to be.
func (s *shelf) outOfReach(ctx context.Context, known []journal.RunID) ([]journal.RunID, error) {
	open, err := s.Runs(ctx, journal.Query{Open: true})
	if err != nil {
		return nil, err
	}
	var out []journal.RunID
	for _, r := range open {
		if !slices.Contains(known, r.Run) && s.Written(r.Run) {
			out = append(out, r.Run)
		}
	}
	return out, nil
}

// elsewhere refuses to steer or take up a run that is somebody else's.
func (a *app) elsewhere(run journal.RunID) error {
	book, err := a.book()
	if err != nil {
		return err
	}
	defer book.Close()
	if o, foreign := book.owner(run); foreign {
		return usage("tend attach "+string(run)+" shows it", "run %s is of %s: nobody else steers it or takes it up", run, o)
	}
	return nil
}

// unheard says why no process listens to what is decided of a run.
func (a *app) unheard(run journal.RunID) error {
	if err := a.elsewhere(run); err != nil {
		return err
	}
	if book, err := a.book(); err == nil {
		defer book.Close()
		if book.Written(run) {
			return usage("it is steered from the session that began it, which has another $XDG_RUNTIME_DIR", "run %s is at work, and does not listen here", run)
		}
	}
	return usage("tend runs shows which runs are alive; tend resume takes up one that was left behind", "run %s has no process", run)
}
