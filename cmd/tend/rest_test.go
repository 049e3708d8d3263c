package main

import "time"

// rest comes between two looks at what another process does; looked is when the last look began. A look is often a process itself: where it
// takes long, the machine is busy, and one that looks without a pause takes the processors from what it waits for.
func rest(looked time.Time) time.Time {
	time.Sleep(min(max(20*time.Millisecond, 3*time.Since(looked)), 2*time.Second))
	return time.Now()
}
