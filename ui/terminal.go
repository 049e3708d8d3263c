package ui

import (
	"bytes"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// file is what a terminal is to the framework: it takes its descriptor for raw mode and for the size.
type file interface {
	io.ReadWriteCloser
	Fd() uintptr
}

// How long to wait for the rest of an escape sequence. A slow link can tear Up into Esc, [ and A; read apart they would be three
// keys, the first of which goes back.
const (
	escSlow  = 400 * time.Millisecond
	escLocal = 50 * time.Millisecond
)

func escWait(cfg Config) time.Duration {
	get := lookup(cfg.Env)
	if cfg.Tier == Full && get("SSH_CONNECTION") == "" && get("SSH_TTY") == "" {
		return escLocal
	}
	return escSlow
}

// escReader hands escape sequences over whole, where r is a terminal. While lent is true it reads nothing: what is typed then is for whoever
// has the terminal next, and stays in it. gone is called when the terminal is.
func escReader(r io.Reader, wait time.Duration, lent *atomic.Bool, gone func()) io.Reader {
	f, ok := r.(file)
	if !ok {
		return r
	}
	e := &escFile{file: f, wait: wait, lent: lent, gone: func() {}}
	if isTerminal(r) {
		e.gone = gone
	}
	return e
}

// escFile waits a while after an escape that stands alone.
type escFile struct {
	file
	wait time.Duration
	lent *atomic.Bool
	gone func()
}

// Name is wanted by the framework's cancelable reader, which polls the descriptor.
func (e *escFile) Name() string {
	if n, ok := e.file.(interface{ Name() string }); ok {
		return n.Name()
	}
	return ""
}

// Read reads what is there; where it ends in the middle of a sequence, it waits for the rest of it.
func (e *escFile) Read(p []byte) (int, error) {
	if e.lent.Load() {
		return 0, io.EOF // the framework begins to read anew when it has the terminal back
	}
	n, err := e.file.Read(p)
	for err == nil && n < len(p) && torn(p[:n]) && e.ready() {
		var m int
		m, err = e.file.Read(p[n:])
		n += m
		if m == 0 {
			break
		}
	}
	if n > 0 {
		err = nil
	}
	if errors.Is(err, io.EOF) { // a terminal that is raw has an end only where it was hung up; SIGHUP tells the leader of its session alone
		e.gone()
	}
	return n, err
}

// ready reports whether something can be read within the time.
func (e *escFile) ready() bool {
	fds := []unix.PollFd{{Fd: int32(e.Fd()), Events: unix.POLLIN}}
	end := time.Now().Add(e.wait)
	for {
		n, err := unix.Poll(fds, max(int(time.Until(end).Milliseconds()), 0))
		if err == unix.EINTR && time.Now().Before(end) {
			continue
		}
		return err == nil && n > 0 && fds[0].Revents&unix.POLLIN != 0
	}
}

// torn reports whether b ends within an escape sequence: ESC alone, ESC O, ESC [ with no final byte yet (ECMA-48, 5.4), or an answer of the
// terminal, ESC ] or ESC P, without its end: what is left of it would be typed.
func torn(b []byte) bool {
	i := bytes.LastIndexByte(b, 0x1b)
	if i < 0 {
		return false
	}
	switch tail := b[i+1:]; {
	case len(tail) == 0:
		return true
	case tail[0] == 'O':
		return len(tail) == 1
	case tail[0] == ']' || tail[0] == 'P':
		return bytes.IndexByte(tail, 0x07) < 0
	case tail[0] != '[':
		return false
	default:
		for _, c := range tail[1:] {
			if c >= 0x40 && c <= 0x7e && !(c == '[' && len(tail) == 2) { // the Linux console's F-keys are ESC [ [ A
				return false
			}
		}
		return true
	}
}

// plainWriter lets through what every VT100 knows and no query: text, cursor moves, erasing, scrolling, and SGR.
func plainWriter(w io.Writer) io.Writer {
	p := &plainOut{w: w}
	if f, ok := w.(file); ok {
		return &plainFile{plainOut: p, file: f}
	}
	return p
}

// plainFile is a plainOut that still is a terminal to the framework.
type plainFile struct {
	*plainOut
	file
}

// Write filters.
func (f *plainFile) Write(p []byte) (int, error) { return f.plainOut.Write(p) }

// plainOut filters escape sequences. A sequence may come in pieces.
type plainOut struct {
	w    io.Writer
	held []byte // the beginning of a sequence
	out  []byte
}

// Write passes on what may pass; it reports all of p as written.
func (o *plainOut) Write(p []byte) (int, error) {
	o.out = o.out[:0]
	in := p
	if len(o.held) > 0 {
		in = append(o.held, p...)
		o.held = nil
	}
	for len(in) > 0 {
		if in[0] != 0x1b {
			o.byte(in[0])
			in = in[1:]
			continue
		}
		n := sequence(in)
		if n == 0 {
			o.held = append([]byte(nil), in...)
			break
		}
		if allowed(in[:n]) {
			o.out = append(o.out, in[:n]...)
		}
		in = in[n:]
	}
	if len(o.out) > 0 {
		if _, err := o.w.Write(o.out); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// byte passes ASCII; what is left of anything else shows as a question mark, since escaping is not this writer's business.
func (o *plainOut) byte(c byte) {
	switch {
	case c == '\n' || c == '\r' || c == '\b' || c == '\t' || c >= 0x20 && c < 0x7f:
		o.out = append(o.out, c)
	case c >= 0xc0:
		o.out = append(o.out, '?')
	}
}

// sequence is the length of the escape sequence that b begins with; 0 = it is not whole yet.
func sequence(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '[':
		for i := 2; i < len(b); i++ {
			if b[i] >= 0x40 && b[i] <= 0x7e {
				return i + 1
			}
		}
		return 0
	case ']', 'P', '_', '^', 'X': // strings: they end with BEL or ST
		for i := 2; i < len(b); i++ {
			if b[i] == 0x07 {
				return i + 1
			}
			if b[i] == 0x1b && i+1 < len(b) && b[i+1] == '\\' {
				return i + 2
			}
		}
		return 0
	case '(', ')', '#', '%', ' ':
		if len(b) < 3 {
			return 0
		}
		return 3
	}
	return 2
}

// allowed says what a VT100 draws with: the moves of its own cursor keys, erasing, margins, attributes, the cursor's visibility (VT220)
// and the alternate screen, which older terminals pass over; and what the Linux console adds (console_codes(4)), which the renderer sends
// to no other. Tab stops set by CSI W and everything that is answered are not among them.
func allowed(seq []byte) bool {
	switch seq[1] {
	case 'M', 'D', 'E', '7', '8':
		return true
	case '[':
	default:
		return false
	}
	body, final := seq[2:len(seq)-1], seq[len(seq)-1]
	if string(body) == "4" && (final == 'h' || final == 'l') { // insert mode (VT102): the renderer shifts text with it where it knows no ICH
		return true
	}
	if len(body) > 0 && (body[0] < '0' || body[0] > ';') {
		return body[0] == '?' && (final == 'h' || final == 'l') && (string(body) == "?25" || string(body) == "?1049" || string(body) == "?7")
	}
	return bytes.IndexByte([]byte("ABCDGHJKLMPX@`dfmr"), final) >= 0
}
