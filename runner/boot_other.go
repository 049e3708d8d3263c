//go:build !linux

package runner

import "time"

// SinceBoot is not known here: it is of use beside a boot's identity, which is read on Linux only.
func SinceBoot() time.Duration { return 0 }
