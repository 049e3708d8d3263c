package engine

import (
	"context"
	"sync"
	"time"

	"tend/journal"
)

// tidy removes what the last runner may have left on hosts, where it died between a step's end, which is durable, and the removal of its
// job there. Only what ended shortly before its death can be such a job, so that a resume of a large run asks few hosts. Best effort.
func (r *run) tidy() {
	var last time.Time
	for i := range r.s.Hosts {
		for _, st := range r.s.Hosts[i].Steps {
			if st.Started.After(last) {
				last = st.Started
			}
			if st.Ended.After(last) {
				last = st.Ended
			}
		}
	}
	slots := make(chan struct{}, 16)
	for i := range r.s.Hosts {
		for _, st := range r.s.Hosts[i].Steps {
			if !ran(st) || last.Sub(st.Ended) > 2*tidyTime {
				continue
			}
			host := r.s.Plan().Hosts[i]
			r.wg.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				_ = within(r.work, r.e.opt.Clock, tidyTime, func(ctx context.Context) error {
					return r.e.hands.Forget(ctx, host, st.Job)
				})
			})
		}
	}
}

// ran reports whether a detached step is known to have run to its end: nothing of it is on the host but its record.
func ran(st journal.StepState) bool {
	never := st.Outcome == journal.Unreachable || st.Outcome == journal.Refused
	return st.Job != "" && !st.Running && !st.Ended.IsZero() && st.Outcome != journal.Unknown && !never
}

// within calls f with a context that ends after d, or with ctx.
func within(ctx context.Context, clock Clock, d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	c, stop := clock.Timer(d)
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-c:
		case <-ctx.Done():
		}
		cancel()
	})
	err := f(ctx)
	cancel()
	stop()
	wg.Wait()
	return err
}
