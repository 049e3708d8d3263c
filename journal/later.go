package journal

import "time"

// Ahead is how far another machine's clock may be in front of ours, and still count as right.
const Ahead = time.Hour

// Replaces reports whether what was learnt at b takes the place of what was learnt at a: the later does, and of two of one time the one that
// came last. What is dated after the limit was dated by a clock that was wrong. Nobody knows how old it is, so that it takes the place of
// nothing but its like, and whatever has a time that can be takes its place. A zero limit is none.
func Replaces(b, a, limit time.Time) bool {
	if !limit.IsZero() {
		if wrong := a.After(limit); wrong != b.After(limit) {
			return wrong
		}
	}
	return !b.Before(a)
}
