package ssh

import (
	"bytes"
	"net"
	"strings"
	"sync/atomic"
	"time"
)

// maxPreBanner is how much of what a server says before its SSH banner is kept, to tell why it hung up.
const maxPreBanner = 512

// wire is the byte stream under a connection. It remembers when the far side last said anything, whether reading ever failed, and
// what came before the SSH banner: x/crypto throws that away, and it is where sshd says "Not allowed at this time".
//
// It also reads ahead until the banner is complete, because x/crypto reads that byte by byte, at one system call each.
type wire struct {
	net.Conn
	start   time.Time
	heard   atomic.Int64 // nanoseconds after start
	dead    atomic.Bool  // a Read failed
	release func()       // gives back what it took of the process's files
	banner  bool         // the "SSH-" line was seen; only Read's goroutine touches this and what follows
	ahead   []byte
	early   []byte
}

func newWire(c net.Conn) *wire { return &wire{Conn: c, start: time.Now()} }

func (w *wire) Read(p []byte) (int, error) {
	if len(w.ahead) > 0 {
		n := copy(p, w.ahead)
		w.ahead = w.ahead[n:]
		return n, nil
	}
	if w.banner {
		w.ahead = nil
		return w.read(p)
	}
	buf := make([]byte, 1024)
	n, err := w.read(buf)
	w.sniff(buf[:n])
	m := copy(p, buf[:n])
	w.ahead = buf[m:n]
	return m, err
}

func (w *wire) read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if n > 0 {
		w.heard.Store(int64(time.Since(w.start)))
	}
	if err != nil {
		w.dead.Store(true)
	}
	return n, err
}

func (w *wire) sniff(b []byte) {
	if room := maxPreBanner - len(w.early); room > 0 {
		w.early = append(w.early, b[:min(room, len(b))]...)
	}
	if bytes.HasPrefix(w.early, []byte("SSH-")) || bytes.Contains(w.early, []byte("\nSSH-")) || len(w.early) >= maxPreBanner {
		w.banner = true
	}
}

// silence is how long the far side has said nothing.
func (w *wire) silence() time.Duration { return time.Since(w.start) - time.Duration(w.heard.Load()) }

// greeting is what came instead of a banner, or "". Only to be asked when the handshake is over.
func (w *wire) greeting() string {
	if w.banner {
		return ""
	}
	return strings.TrimSpace(string(w.early))
}
