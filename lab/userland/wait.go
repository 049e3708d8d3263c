package userland

import (
	"time"

	"tend/lab/kernel"
)

type timeSpan = time.Duration

// waitUpTo waits for child for a span of lab time; false means that it still runs.
func waitUpTo(p, child *kernel.Proc, d time.Duration) bool {
	timer := time.NewTimer(p.Sys.Clock.Real(d))
	defer timer.Stop()
	select {
	case <-child.Done():
		return true
	case <-timer.C:
	case <-p.Done():
	}
	return false
}
