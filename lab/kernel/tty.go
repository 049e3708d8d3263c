package kernel

import (
	"bytes"
	"sync"

	"tend/lab/vfs"
)

// TTY is a terminal: what is typed comes through Line, what is written goes to Out with "\n" as "\r\n".
type TTY struct {
	Name string // "pts/0"
	// Line reads one line of input with its newline, echoed unless hidden; an error is the end.
	Line func(p *Proc, hidden bool) ([]byte, error)
	Out  func(b []byte) (int, error)
	// Prompt sets what is drawn before the next line.
	Prompt func(text string)

	mu   sync.Mutex
	left []byte
}

// Read gives what is left of the line, or waits for the next one.
func (t *TTY) Read(p *Proc, b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.left) == 0 {
		line, err := t.Line(p, false)
		if err != nil {
			return 0, nil
		}
		t.left = line
	}
	n := copy(b, t.left)
	t.left = t.left[n:]
	return n, nil
}

// Secret reads a line without echo.
func (t *TTY) Secret(p *Proc) ([]byte, error) { return t.Line(p, true) }

func (t *TTY) Write(p *Proc, b []byte) (int, error) {
	if !p.runnable() {
		return 0, vfs.EINTR
	}
	if _, err := t.Out(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))); err != nil {
		p.Signal(SIGHUP)
		return 0, vfs.EIO
	}
	return len(b), nil
}

// Close leaves the terminal to its session.
func (*TTY) Close() {}
