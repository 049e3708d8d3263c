//go:build !linux

package segments

import "os"

// datasync is a full sync where fdatasync lacks or promises less; on macOS Go asks for F_FULLFSYNC.
func datasync(f *os.File) error { return f.Sync() }
