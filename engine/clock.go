package engine

import (
	"fmt"
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
// that passes beside it, and need not be told that the clock was set.
func (r *run) fold(ev journal.Event) {
	now := r.e.opt.Clock.Now()
	ev.At = now.Add(ev.At.Sub(now)) // In and UTC would take the second reading away
	if m, ok := ev.Body.(journal.Remarked); ok && m.ClockSet != 0 {
		m.ClockSet = 0
		ev.Body = m
	}
	r.s.Apply(ev)
}

// rebase is for a run that is taken up again: its times get this process's reading of the time that passes, so that nothing which is under
// way is cut short because the clock is set from now on. What began at a time that is yet to come, because the clock was set back where
// nobody can tell by how much, begins now: nothing waits for the clock to come round again, and a soak is whole.
func rebase(s *journal.State, now time.Time) {
	s.Times(func(t time.Time) time.Time {
		if t.After(now) {
			return now
		}
		return now.Add(t.Sub(now))
	})
}

// clockSet notices that the clock was set, and says so before whatever is recorded next: a runner that takes the run up then knows by which
// clock the times before and behind it are told.
func (r *run) clockSet() []journal.Body {
	if r.e.opt.Up == nil {
		return nil
	}
	up := r.e.opt.Up()
	if up <= 0 {
		return nil
	}
	was := r.booted
	now := r.e.opt.Clock.Now().Round(0).Add(-up)
	by := now.Sub(was)
	if was.IsZero() {
		r.booted = now
		return nil
	}
	if by.Abs() < time.Second {
		return nil
	}
	r.booted = now
	how := "forward"
	if by < 0 {
		how = "back"
	}
	return []journal.Body{journal.Remarked{ClockSet: by.Milliseconds(), Text: fmt.Sprintf("the clock of this machine was set %s by %s", how, by.Abs().Round(time.Second))}}
}
