package ui

import (
	"io"
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
	now.Lflag = now.Lflag&^syscall.ECHO | syscall.ICANON | syscall.ISIG
	now.Iflag |= syscall.ICRNL
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

// darkLine reads a line from a terminal that is dark, byte by byte and with its blanks: what is behind it is for whoever reads next. It leaves the terminal's state
// alone, unlike term.ReadPassword, which could take the echo away once more after a signal's handler had given it back.
func darkLine(in io.Reader) (string, error) {
	var line []byte
	for b := make([]byte, 1); ; {
		n, err := in.Read(b)
		switch {
		case n > 0 && b[0] == '\n':
			return string(line), nil
		case n > 0:
			line = append(line, b[0])
		case err == io.EOF && len(line) > 0:
			return string(line), nil
		case err != nil:
			return "", err
		}
	}
}
