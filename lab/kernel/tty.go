package kernel

import (
	"bytes"
	"sync"

	"tend/lab/vfs"
)

// TTY is a terminal: what is typed comes through Line, what is written goes to Out with "\n" as "\r\n". A raw one passes bytes as they are.
type TTY struct {
	Name string // "pts/0"
	// Line reads one line of input with its newline, echoed unless hidden; an error is the end.
	Line func(p *Proc, hidden bool) ([]byte, error)
	// Bytes reads what is typed in raw mode; SetRaw tells the far side of the terminal. Nil where there is no raw mode.
	Bytes  func(p *Proc, b []byte) (int, error)
	SetRaw func(on bool)
	Out    func(b []byte) (int, error)
	// Prompt sets what is drawn before the next line.
	Prompt func(text string)

	mu   sync.Mutex
	left []byte

	modes        sync.Mutex
	raw, unheard bool
}

// Mode sets raw mode and echo, as stty does; false where the terminal has no raw mode.
func (t *TTY) Mode(raw, echo bool) bool {
	if raw && t.Bytes == nil {
		return false
	}
	t.modes.Lock()
	t.raw, t.unheard = raw, !echo
	t.modes.Unlock()
	if t.SetRaw != nil {
		t.SetRaw(raw)
	}
	return true
}

// Modes are those that are set.
func (t *TTY) Modes() (raw, echo bool) {
	t.modes.Lock()
	defer t.modes.Unlock()
	return t.raw, !t.unheard
}

// Read gives what is left of the line, or waits for the next one.
func (t *TTY) Read(p *Proc, b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	raw, echo := t.Modes()
	if len(t.left) == 0 && raw {
		return t.Bytes(p, b)
	}
	if len(t.left) == 0 {
		line, err := t.Line(p, !echo)
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
	n := len(b)
	if !p.runnable() {
		return 0, vfs.EINTR
	}
	if raw, _ := t.Modes(); !raw {
		b = bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
	}
	if _, err := t.Out(b); err != nil {
		p.Signal(SIGHUP)
		return 0, vfs.EIO
	}
	return n, nil
}

// Close leaves the terminal to its session.
func (*TTY) Close() {}
