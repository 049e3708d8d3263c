package engine

import (
	"context"
	"time"

	"tend/journal"
)

// record makes what was taken durable, and in the same sync what may start because of it: a step's end and its host's next step would
// else cost a sync each. Starts are the attempts that may be let go now. What is more than starting steps (waves, ends without work, the
// run's close) is not bound to anything: act records it.
func (r *run) record(bodies []journal.Body, bind bool) (starts []*attempt, err error) {
	b, ok := r.e.rec.(Binder)
	if !ok || !bind {
		return nil, r.save(bodies...)
	}
	o, known, asked := orders{}, 0, false
	bodies = append(r.clockSet(), bodies...)
	events, err := b.AppendThen(context.WithoutCancel(r.work), r.s.Run, bodies, func(events []journal.Event) []journal.Body {
		for _, ev := range events { // where they cannot be saved the run ends, and its state with it
			r.fold(ev)
		}
		if known, asked, o = len(events), true, r.decide(); !o.settled || o.asked != r.asked {
			return nil
		}
		return o.bodies
	})
	if err != nil {
		return nil, notSaved(err, bodies)
	}
	for _, ev := range events[known:] {
		r.fold(ev)
	}
	if !asked || !o.settled || o.asked != r.asked || len(o.bodies) != len(events)-known {
		r.stale = true
		return nil, nil
	}
	return o.starts, nil
}

// decide asks Next, and says what its actions mean.
func (r *run) decide() orders {
	r.stale, r.wake = false, time.Time{}
	o := orders{r: r, settled: true}
	for _, a := range r.plan.Next(r.s, r.e.opt.Clock.Now()) {
		o.add(a)
	}
	return o
}
