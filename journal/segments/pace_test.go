package segments

import (
	"testing"
	"time"
)

// TestPace: what is short is seen at once; a long run at work is looked at as often as a screen is drawn, and one that rests five times a second.
func TestPace(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct{ followed, quiet, want time.Duration }{
		{0, 0, 5 * ms}, {320 * ms, 5 * ms, 5 * ms}, {640 * ms, 10 * ms, 10 * ms}, {2 * time.Second, 0, 16 * ms}, {time.Hour, 100 * ms, 16 * ms},
		{time.Hour, 800 * ms, 50 * ms}, {time.Minute, time.Minute, 200 * ms}, {800 * ms, 800 * ms, 50 * ms},
	} {
		if got := pace(c.followed, c.quiet); got != c.want {
			t.Errorf("after %v, with nothing new for %v: %v, want %v", c.followed, c.quiet, got, c.want)
		}
	}
	looks := 0
	for at := time.Duration(0); at < 20*time.Second; at += pace(at, 0) {
		looks++
	}
	if looks > 20*70 {
		t.Errorf("%d looks in 20 s of work: more than a screen has pictures", looks)
	}
}
