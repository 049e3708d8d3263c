package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	tea "charm.land/bubbletea/v2"
)

// panicMsg is a panic that a command met.
type panicMsg struct {
	cause any
	stack []byte
}

func panicked(r any) tea.Msg { return panicMsg{cause: r, stack: debug.Stack()} }

// crashed writes the cause of a panic down and ends the console. The run goes on: it is in another process.
func (c *console) crashed(r any) tea.Cmd {
	if c.crash != "" {
		return tea.Quit
	}
	p, ok := r.(panicMsg)
	if !ok {
		p = panicMsg{cause: r, stack: debug.Stack()}
	}
	c.crash = writeCrash(c.cfg.StateDir, fmt.Sprintf("%v\n\n%s", p.cause, p.stack))
	return tea.Quit
}

// writeCrash saves the text in a file of its own and returns the file's name, or the text where it cannot be saved.
func writeCrash(dir, text string) string {
	if dir == "" {
		dir = os.TempDir()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return text
	}
	f, err := os.CreateTemp(dir, "console-crash-*.log")
	if err != nil {
		return text
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		return text
	}
	return filepath.Clean(f.Name())
}

// CrashError says that the console met a fault of its own. Runs are not touched by it.
type CrashError struct {
	Log string // the file that holds the cause
}

func (e *CrashError) Error() string {
	return "the console met a fault of its own; its cause is in " + e.Log
}

// Hint says what to do about it.
func (e *CrashError) Hint() string {
	return "every run goes on; start the console again to see it, and report the file"
}
