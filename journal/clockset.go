package journal

import "time"

// The clock of the machine that carries a run out may be set meanwhile, or while nobody carries it out. What began before that began, by the
// clock as it stands now, so much later or earlier: else a soak would be taken for over because somebody mended the clock.

// least is what a clock must have been set by to count: events are written a little after their time was taken.
const least = time.Second

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// tookUp compares two runners' readings of the clock with how long the machine had been up. That tells nothing across a restart of it, or on
// another machine: then there is only the clock.
func (s *State) tookUp(at time.Time, b RunnerStarted) {
	before, same := s.booted, b.BootID != "" && b.BootID == s.Runner.BootID
	s.Runner, s.booted = b, time.Time{}
	if b.Up <= 0 {
		return
	}
	s.booted = at.Add(-milliseconds(b.Up))
	if by := s.booted.Sub(before); same && !before.IsZero() && by.Abs() >= least {
		s.shift(by)
	}
}

// clockSet is for what a runner noticed itself.
func (s *State) clockSet(by time.Duration) {
	if by == 0 {
		return
	}
	if !s.booted.IsZero() {
		s.booted = s.booted.Add(by)
	}
	s.shift(by)
}

// shift tells the times that something is counted from by the clock as it was set.
func (s *State) shift(by time.Duration) {
	s.Times(func(t time.Time) time.Time { return t.Add(by) })
}

// Times puts other times in place of those that something is counted from: a soak, a pause between waves, a step's time.
func (s *State) Times(f func(time.Time) time.Time) {
	set := func(t *time.Time) {
		if !t.IsZero() {
			*t = f(*t)
		}
	}
	set(&s.WaveAt)
	for i := range s.Hosts {
		h := &s.Hosts[i]
		set(&h.Ended)
		for k := range h.Steps {
			set(&h.Steps[k].Started)
			set(&h.Steps[k].Ended)
		}
	}
}
