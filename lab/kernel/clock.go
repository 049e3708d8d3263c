package kernel

import "time"

// Clock is lab time: it starts at the real time and runs Speed times as fast, so that what a script measures agrees with how
// long it was made to wait.
type Clock struct {
	start time.Time
	speed float64
}

// NewClock starts a clock; speed 0 means 1.
func NewClock(start time.Time, speed float64) Clock {
	if speed <= 0 {
		speed = 1
	}
	return Clock{start: start, speed: speed}
}

// Now is the lab's time.
func (c Clock) Now() time.Time {
	return c.start.Add(time.Duration(float64(time.Since(c.start)) * c.speed))
}

// Real is how long a span of lab time takes.
func (c Clock) Real(d time.Duration) time.Duration { return time.Duration(float64(d) / c.speed) }
