package runner

import (
	"time"

	"golang.org/x/sys/unix"
)

// SinceBoot is how long this machine has been up, the time that it slept included (clock_gettime(2), CLOCK_BOOTTIME). 0 = not known.
func SinceBoot() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
