package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// keyboard lends the keys of a terminal to one reader, until Stop. Whoever reads the terminal next gets every key that was typed after that:
// a plain Read that is under way cannot be called back, and would take the next key with it.
type keyboard struct {
	tty        *os.File
	end, ender *os.File   // a pipe, readable once it is over
	mu         sync.Mutex // held while somebody reads
	over       bool
}

func newKeyboard(tty *os.File) (*keyboard, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("the keyboard cannot be read: %w", err)
	}
	return &keyboard{tty: tty, end: r, ender: w}, nil
}

// Read waits for keys; it returns io.EOF once Stop was called.
func (k *keyboard) Read(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.over {
		return 0, io.EOF
	}
	fds := []unix.PollFd{{Fd: int32(k.end.Fd()), Events: unix.POLLIN}, {Fd: int32(k.tty.Fd()), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(fds, -1)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, fmt.Errorf("the keyboard cannot be read: %w", err)
		case fds[0].Revents != 0: // the end goes before a key that waits
			k.over = true
			return 0, io.EOF
		}
		return k.tty.Read(p)
	}
}

// Stop ends the lending and waits until nobody reads any more. It may be called once.
func (k *keyboard) Stop() {
	k.ender.Close() // the reading end wakes up
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over = true
	k.end.Close()
}
