package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"tend/journal"
)

// run is one call of Run. One goroutine, the loop, owns the state and everything else here but the mailbox; workers reach it through
// that. The loop takes what workers left, records it in one append, asks Next, records what that starts in one append, and only then
// lets workers go: so all hosts share their syncs, and a slow one never holds up another.
type run struct {
	e         *Engine
	s         *journal.State
	plan      *Compiled
	header    string   // the secrets' assignments
	secrets   [][]byte // what no output may show
	work      context.Context
	stop      context.CancelFunc
	decisions <-chan Word
	box       mailbox
	wg        sync.WaitGroup
	active    map[int]*attempt // by the host's place

	decided []Word
	booted  time.Time // by the clock as it was last seen
	stale   bool      // the state has changed since Next was asked
	asked   string    // the last Ask, so that it is remarked once
	wake    time.Time // Next's; zero = none
	flush   time.Time // when output is due; zero = there is none
	leaving error     // why the run is left open; nil while it goes on
	halted  bool
}

func (r *run) loop(ctx context.Context) error {
	r.stale = true
	for {
		r.linger()
		took, err := r.take(r.leave(ctx) == nil)
		if err != nil {
			return err
		}
		r.overdue()
		acted := false
		// An aborted run starts nothing: it can be brought to its close even when the runner is to stop.
		if r.leaving = r.leave(ctx); r.leaving == nil || r.s.Abort != "" && !r.halted {
			acted, err = r.act()
		}
		if err == nil && !acted && r.leaving != nil && len(r.active) == 0 && r.s.Result == journal.Open {
			err = r.farewell()
		}
		switch {
		case err != nil:
			return err
		case r.s.Result != journal.Open:
			return nil
		case !took && !acted:
			r.wait(ctx)
		}
	}
}

// leave says why the run is to be left open, or nil.
func (r *run) leave(ctx context.Context) error {
	if !r.halted {
		select {
		case <-r.e.halt:
			r.halted = true
			r.stop()
		default:
		}
	}
	switch cause := context.Cause(ctx); {
	case r.halted:
		return fmt.Errorf("%w: the runner was told to stop at once; what runs on hosts goes on there", ErrLeftOpen)
	case r.leaving != nil:
		return r.leaving
	case cause != nil && cause != ctx.Err():
		return fmt.Errorf("%w: the runner was told to stop: %w", ErrLeftOpen, cause)
	case cause != nil: // of a bare cancellation there is nothing more to say
		return fmt.Errorf("%w: the runner was told to stop", ErrLeftOpen)
	}
	return nil
}

// farewell is the last entry of a run that is left open, or its end where nothing is left to do.
func (r *run) farewell() error {
	for _, a := range r.plan.Next(r.s, r.e.opt.Clock.Now()) {
		if c, ok := a.(Close); ok && r.s.Tally.Waiting == 0 && !r.hold() {
			return r.save(journal.RunClosed(c))
		}
	}
	if err := r.save(journal.Remarked{Text: r.leaving.Error()}); err != nil {
		return err
	}
	return r.leaving
}

// save appends the bodies and folds them once they are durable. Before a run is closed its workers have cleaned up behind them: nobody
// takes a closed run up again, to look what its process left on hosts when it died a moment later.
func (r *run) save(bodies ...journal.Body) error {
	if slices.ContainsFunc(bodies, func(b journal.Body) bool { _, ends := b.(journal.RunClosed); return ends }) && len(r.active) == 0 {
		r.wg.Wait()
	}
	bodies = append(r.clockSet(), bodies...)
	events, err := r.e.rec.Append(context.WithoutCancel(r.work), r.s.Run, bodies...)
	if err != nil {
		return notSaved(err, bodies)
	}
	for _, ev := range events {
		r.fold(ev)
	}
	r.stale = true
	return nil
}

// take records what the operators and the workers have left, and where bind is set what follows from it. The operators come first: what they
// decided about is what was durable.
func (r *run) take(bind bool) (bool, error) {
	hear := r.s.Abort
	heard, err := r.obey()
	if err != nil {
		return false, r.abandon(err)
	}
	taps, notes, ends := r.box.empty(r.outputDue())
	var bodies []journal.Body
	for _, t := range taps {
		bodies = t.body(bodies)
	}
	for _, n := range notes {
		bodies = append(bodies, n.bodies...)
	}
	for _, a := range ends {
		bodies = append(a.tap.body(bodies), a.bodies...)
	}
	var starts []*attempt
	if len(bodies) > 0 {
		starts, err = r.record(bodies, bind && broken(ends) == nil)
	}
	for _, n := range notes {
		n.done <- err
	}
	durable := err == nil
	for _, a := range ends {
		delete(r.active, a.at)
		a.saved <- durable
	}
	if err == nil {
		err = broken(ends)
	}
	if err != nil {
		return false, r.abandon(err)
	}
	if r.s.Abort == journal.AbortHard && hear != journal.AbortHard {
		for _, a := range r.active {
			r.end(a, aborted)
		}
	}
	for _, a := range starts {
		r.launch(a)
	}
	return heard || len(bodies) > 0 || len(ends) > 0, nil
}

// outputDue reports whether the output that waits is to be recorded now. The first piece waits a little, for others to share its sync.
func (r *run) outputDue() bool {
	some, full := r.box.waiting()
	now := r.e.opt.Clock.Now()
	if some && r.flush.IsZero() {
		r.flush = now.Add(gather)
	}
	if full || some && !now.Before(r.flush) {
		r.flush = time.Time{}
		return true
	}
	return false
}

// overdue ends the steps whose time is over.
func (r *run) overdue() {
	now := r.e.opt.Clock.Now()
	for _, a := range r.active {
		if !now.Before(a.deadline) {
			r.end(a, timedOut)
		}
	}
}

// end ends a step that runs, once.
func (r *run) end(a *attempt, why ending) {
	if !a.ends(why) {
		return
	}
	r.wg.Go(a.kill)
}

// wait returns when something has happened or is due.
func (r *run) wait(ctx context.Context) {
	at := r.flush
	sooner := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	for _, a := range r.active {
		if a.why() == 0 {
			sooner(a.deadline)
		}
	}
	var timer <-chan time.Time
	done, halt := ctx.Done(), r.e.halt
	if r.leaving == nil && !r.wake.IsZero() {
		soon := r.e.opt.Clock.Now().Add(glance)
		sooner(soon)
		sooner(r.wake)
	} else if r.leaving != nil {
		done = nil
	}
	if r.halted {
		halt = nil
	}
	if !at.IsZero() {
		c, stop := r.e.opt.Clock.Timer(at.Sub(r.e.opt.Clock.Now()))
		defer stop()
		timer = c
	}
	select {
	case <-r.box.bell:
	case <-timer:
	case <-done:
	case <-halt:
	case d, ok := <-r.decisions:
		if !ok {
			r.decisions = nil
			return
		}
		r.decided = append(r.decided, d)
	}
}

// act does what Next says.
func (r *run) act() (bool, error) {
	now := r.e.opt.Clock.Now()
	if !r.stale && (r.wake.IsZero() || now.Before(r.wake)) {
		return false, nil
	}
	o := r.decide()
	if o.asked != r.asked {
		if r.asked = o.asked; r.asked != "" {
			o.bodies = append(o.bodies, journal.Remarked{Text: r.asked})
		}
	}
	if len(o.bodies) > 0 {
		if err := r.save(o.bodies...); err != nil {
			return false, r.abandon(err)
		}
		r.stale = !o.settled
	}
	for _, a := range o.starts {
		r.launch(a)
	}
	return len(o.bodies) > 0, nil
}

// launch lets a worker go. What it begins is durable.
func (r *run) launch(a *attempt) {
	a.ctx, a.cancel = context.WithCancel(r.work)
	r.active[a.at] = a
	r.wg.Go(a.work)
	if r.s.Abort == journal.AbortHard {
		r.end(a, aborted)
	}
}

// hold reports whether the run waits for decisions on its unknown hosts instead of closing.
func (r *run) hold() bool {
	return r.e.opt.Hold && r.decisions != nil && r.s.Abort == "" && r.s.Tally.By[journal.Unknown] > 0
}
