//go:build !linux

package main

import "golang.org/x/sys/unix"

// How a terminal's settings are read and set: tcgetattr(3) is made of these.
const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETA
)
