package lab

import (
	"fmt"
	"io"
	"sync"

	"golang.org/x/term"

	"tend/lab/kernel"
)

// terminal is a session's PTY: a line editor on the channel, and ^C for what runs in the foreground.
type terminal struct {
	s    *session
	tty  *kernel.TTY
	edit *term.Terminal
	in   chan byte

	mu      sync.Mutex
	leader  *kernel.Proc
	reading bool
	raw     bool
}

func (t *terminal) setRaw(on bool) {
	t.mu.Lock()
	t.raw = on
	t.mu.Unlock()
}

func newTerminal(s *session, cols, rows int) *terminal {
	t := &terminal{s: s, in: make(chan byte, 4096)}
	t.edit = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{t, s.ch}, "")
	t.resize(cols, rows)
	t.tty = &kernel.TTY{Name: fmt.Sprintf("pts/%d", s.lab.ptys.Add(1)-1), Line: t.line, Out: s.ch.Write, Prompt: t.edit.SetPrompt,
		Bytes: func(_ *kernel.Proc, b []byte) (int, error) { return t.Read(b) }, SetRaw: t.setRaw}
	return t
}

func (t *terminal) resize(cols, rows int) {
	if cols > 0 && rows > 0 {
		t.edit.SetSize(min(cols, 1000), min(rows, 1000))
	}
}

// begin pumps what is typed: ^C while a command runs is a signal, else it empties the line.
func (t *terminal) begin(leader *kernel.Proc) {
	t.leader = leader
	t.s.wg.Add(1)
	go func() {
		defer t.s.wg.Done()
		defer close(t.in)
		buf := make([]byte, 256)
		for {
			n, err := t.s.ch.Read(buf)
			for _, c := range buf[:n] {
				if !t.typed(c) {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
}

func (t *terminal) typed(c byte) bool {
	t.mu.Lock()
	reading, raw := t.reading, t.raw
	t.mu.Unlock()
	keys := []byte{c}
	if c == 3 && !raw {
		if !reading {
			t.interrupt()
			return true
		}
		keys = []byte{21, '\r'} // ^U and Return: an empty line
	}
	for _, k := range keys {
		select {
		case t.in <- k:
		case <-t.s.done:
			return false
		}
	}
	return true
}

// interrupt signals the foreground: everything in the leader's group but the leader, which is a shell.
func (t *terminal) interrupt() {
	io.WriteString(t.s.ch, "^C\r\n")
	p := t.leader
	others := false
	for _, i := range p.Sys.List() {
		if i.PGID == p.PGID() && i.PID != p.PID {
			others = true
			if q := p.Sys.Get(i.PID); q != nil {
				q.Signal(kernel.SIGINT)
			}
		}
	}
	if !others {
		p.Signal(kernel.SIGINT)
	}
}

// Read is what the line editor reads from.
func (t *terminal) Read(b []byte) (int, error) {
	c, ok := <-t.in
	if !ok {
		return 0, io.EOF
	}
	b[0] = c
	n := 1
	for n < len(b) {
		select {
		case c, ok := <-t.in:
			if !ok {
				return n, nil
			}
			b[n] = c
			n++
		default:
			return n, nil
		}
	}
	return n, nil
}

func (t *terminal) line(_ *kernel.Proc, hidden bool) ([]byte, error) {
	t.mu.Lock()
	t.reading = true
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		t.reading = false
		t.mu.Unlock()
	}()
	var text string
	var err error
	if hidden {
		text, err = t.edit.ReadPassword("")
	} else {
		text, err = t.edit.ReadLine()
	}
	return []byte(text + "\n"), err
}
