package ui

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/charmbracelet/x/term"
)

// echoAgain makes a terminal what it is now before a signal ends the process; its reader takes the echo away. done ends the watch.
func echoAgain(tty interface{ Fd() uintptr }) (done func()) {
	was, err := term.GetState(tty.Fd())
	if err != nil {
		return func() {}
	}
	signals, over := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		select {
		case s := <-signals:
			_ = term.Restore(tty.Fd(), was)
			signal.Stop(signals)
			if n, ok := s.(syscall.Signal); ok {
				_ = syscall.Kill(os.Getpid(), n) // now it ends as it always does
			}
		case <-over:
			signal.Stop(signals)
		}
	}()
	return func() { close(over) }
}
