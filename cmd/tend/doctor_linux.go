package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// space is how many bytes are free for this user where dir lies, and what is worth saying about its file system.
func space(dir string) (free uint64, kind string, known bool) {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return 0, "", false
	}
	if s.Type == unix.NFS_SUPER_MAGIC {
		kind = ", on NFS: the record is safe there, and the index is kept elsewhere"
	}
	return s.Bavail * uint64(s.Bsize), kind, true
}

// synchronised asks the kernel whether something keeps its clock right (adjtimex(2)).
func synchronised() (yes bool, off time.Duration, known bool) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return false, 0, false
	}
	return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, time.Duration(t.Maxerror) * time.Microsecond, true
}
