package ui

import (
	"os"

	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// hungUp is closed when the terminal is gone: its window was closed, its line was hung up. Nothing else says so for certain: SIGHUP goes to
// the leader of the session alone, and while the terminal is lent nobody here reads it.
func (w *work) hungUp(in any, over <-chan struct{}) <-chan struct{} {
	gone := make(chan struct{})
	f, ok := in.(interface{ Fd() uintptr })
	if !ok || !isTerminal(in) {
		return gone
	}
	end, ender, err := os.Pipe()
	if err != nil {
		return gone
	}
	w.wg.Go(func() { <-over; ender.Close() })
	w.wg.Go(func() {
		defer end.Close()
		if closes(f.Fd(), end.Fd()) {
			close(gone)
		}
	})
	return gone
}

// closes waits until the terminal is gone; false says that it was there until end could be read.
func closes(tty, end uintptr) bool {
	fds := []unix.PollFd{{Fd: int32(tty)}, {Fd: int32(end), Events: unix.POLLIN}}
	for {
		switch _, err := unix.Poll(fds, -1); {
		case err == unix.EINTR:
			continue
		case err != nil || fds[1].Revents != 0:
			return false
		}
		return fds[0].Revents&unix.POLLHUP != 0
	}
}

// modesOf makes a terminal again what it is now: a program that was killed did not.
func modesOf(tty any) (restore func()) {
	f, ok := tty.(interface{ Fd() uintptr })
	if !ok {
		return func() {}
	}
	was, err := term.GetState(f.Fd())
	if err != nil {
		return func() {}
	}
	return func() { _ = term.Restore(f.Fd(), was) }
}
