package engine

import (
	"time"

	"tend/journal"
)

// Two times go on in a run. Windows are times of day, and go by the wall clock, as it is set. How long something takes (a soak, a pause
// between waves, a step's time, the wait before another try) goes by the time that passes, whatever the clock is set to meanwhile:
// time.Time holds both, and its comparisons take the second where both sides have it.

// wall is the real clock.
type wall struct{}

func (wall) Now() time.Time { return time.Now() }

func (wall) Timer(d time.Duration) (<-chan time.Time, func() bool) {
	t := time.NewTimer(d)
	return t.C, t.Stop
}

// fold applies an event that is durable. The journal holds times of the wall clock only; here they get this process's reading of the time
// that passes beside it.
func (r *run) fold(ev journal.Event) {
	now := r.e.opt.Clock.Now()
	ev.At = now.Add(ev.At.Sub(now)) // In and UTC would take the second reading away
	r.s.Apply(ev)
}

// setBack is for a run that is taken up again after the clock was set back: what began at a time that is yet to come begins now. Nothing
// waits for the clock to come round again, and a soak is not cut short.
func setBack(s *journal.State, now time.Time) {
	past := func(t *time.Time) {
		if t.After(now) {
			*t = now
		}
	}
	past(&s.WaveAt)
	for i := range s.Hosts {
		h := &s.Hosts[i]
		past(&h.Ended)
		for k := range h.Steps {
			past(&h.Steps[k].Started)
			past(&h.Steps[k].Ended)
		}
	}
}
