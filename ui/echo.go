package ui

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/charmbracelet/x/term"
)

// dark takes a terminal's echo away until done, or until a signal ends the process.
func dark(tty interface{ Fd() uintptr }) (done func()) {
	was, err := term.GetState(tty.Fd())
	if err != nil {
		return func() {}
	}
	signals, over := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	now := *was
	now.Lflag &^= syscall.ECHO
	_ = term.SetState(tty.Fd(), &now)
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
	return func() {
		close(over)
		_ = term.Restore(tty.Fd(), was)
	}
}
