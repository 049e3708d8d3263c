package rehearse

import "time"

// Clock runs so many times faster than life, from the moment that it was made. It is an engine.Clock.
type Clock struct {
	start time.Time
	speed float64
}

// NewClock starts now.
func NewClock(speed float64) *Clock { return &Clock{time.Now(), speed} }

// Now is the rehearsed time.
func (c *Clock) Now() time.Time {
	return c.start.Add(time.Duration(float64(time.Since(c.start)) * c.speed))
}

// Timer sends once after d of rehearsed time.
func (c *Clock) Timer(d time.Duration) (<-chan time.Time, func() bool) {
	t := time.NewTimer(c.Life(d))
	return t.C, t.Stop
}

// Life is how long d of rehearsed time takes.
func (c *Clock) Life(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.speed)
}
