package runner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// A socket that nobody answers may be one that a process is about to answer: between its bind and its listen it refuses, as one does whose
// process was killed. So a socket is made, and one of a killed process removed, under a lock of their directory only.

// lock takes the directory's lock, how is unix.LOCK_EX, with or without LOCK_NB. What it costs to hold is a few system calls.
func lock(dir string, how int) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		if err = unix.Flock(int(f.Fd()), how); err != unix.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

// sweep removes the socket of a process that was killed. Where somebody is at the same, or is making a socket, the next look does it.
func sweep(ctx context.Context, path string) {
	unlock, err := lock(filepath.Dir(path), unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		return
	}
	defer unlock()
	st, err := os.Lstat(path)
	if err != nil || !strings.HasSuffix(path, ".sock") || st.Mode()&os.ModeSocket == 0 {
		return
	}
	conn, err := (&Client{path: path}).dial(ctx)
	if err == nil {
		conn.Close() // it has begun to listen since
		return
	}
	if errors.Is(err, unix.ECONNREFUSED) {
		_ = os.Remove(path)
	}
}
