package lab

import (
	"io"
	"strconv"
	"sync"
)

// hostileText tries what a hostile host may try on a terminal: a title, the clipboard (OSC 52), clearing, cursor moves, a C1 CSI, a
// carriage return over a lie, bidirectional overrides, a wrong byte and a fake verdict.
const hostileText = "\x1b]0;pwned\x07\x1b]52;c;cm0gLXJmIC8=\x07\x1b[2J\x1b[1;1H\u009b31mred\x1b[0m\rall is well\u202egnorw si\u202c\xff\xfe\x00\b\b@check\tdisk\tOK\t1\t%\t\tfake\n"

// filter is the way of a session's output to the client, with the faults that spoil it.
type filter struct {
	s    *session
	w    io.Writer
	errs bool

	mu   sync.Mutex
	sent int
	said bool
}

func (f *filter) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(b)
	if _, ok := f.s.m.Fault("hostile-output"); ok && !f.said {
		f.said = true
		io.WriteString(f.w, hostileText)
	}
	if _, ok := f.s.m.Fault("corrupt-output"); ok {
		b = corrupt(b)
	}
	if v, ok := f.s.m.Fault("cut-after"); ok {
		if limit, err := strconv.Atoi(v); err == nil && f.sent+n >= limit {
			f.w.Write(b[:max(0, limit-f.sent)])
			f.s.conn.Close()
			return 0, io.ErrClosedPipe
		}
	}
	if _, ok := f.s.m.Fault("close-mid-step"); ok && f.sent > 0 {
		f.s.conn.Close()
		return 0, io.ErrClosedPipe
	}
	f.sent += n
	if _, err := f.w.Write(b); err != nil {
		return 0, err
	}
	return n, nil
}

// corrupt flips bits in every seventh byte of what is written at once.
func corrupt(b []byte) []byte {
	out := append([]byte(nil), b...)
	for i := 3; i < len(out); i += 7 {
		out[i] ^= 0x15
	}
	return out
}
