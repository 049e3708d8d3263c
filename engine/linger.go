package engine

import "time"

// Where many steps are in flight their ends come one by one, faster than a disk can sync. The loop waits a moment for more of them, so that
// they share a sync, and the next steps' beginnings with them. It is a moment that no step's time is told by: less than a round trip.
const (
	crowd  = 16               // steps in flight from which on it waits
	share  = 8                // it waits for no more than one of so many to end
	moment = time.Millisecond // and no longer than this
)

// linger waits, where few of many have ended, for more.
func (r *run) linger() {
	if len(r.active) < crowd || r.leaving != nil || r.halted {
		return
	}
	timer, stop := r.e.opt.Clock.Timer(moment)
	defer stop()
	for r.box.few(len(r.active) / share) {
		select {
		case <-r.box.bell:
		case <-timer:
			return
		case <-r.e.halt:
			return
		}
	}
}
