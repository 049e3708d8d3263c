package kernel

import (
	"bytes"
	"crypto/rand"
	"io"
	"sync"

	"tend/lab/vfs"
)

// device opens a character device by the name in its node.
func (p *Proc) device(dev string) (File, error) {
	switch dev {
	case "null", "zero", "urandom", "full":
		return plainDevice(dev), nil
	case "stdin", "stdout", "stderr":
		n := map[string]int{"stdin": 0, "stdout": 1, "stderr": 2}[dev]
		d := p.get(n)
		if d == nil {
			return nil, vfs.ENOENT
		}
		return shared{d.ref()}, nil
	case "tty":
		if p.TTY() == nil {
			return nil, vfs.ENOENT // ENXIO: no controlling terminal
		}
		return p.TTY(), nil
	}
	return nil, vfs.EACCES
}

// Null is /dev/null.
func Null() File { return plainDevice("null") }

type plainDevice string

func (d plainDevice) Read(p *Proc, b []byte) (int, error) {
	switch d {
	case "null":
		return 0, nil
	case "urandom":
		return rand.Read(b)
	}
	if p.Dead() {
		return 0, vfs.EINTR
	}
	clear(b)
	return len(b), nil
}

func (d plainDevice) Write(_ *Proc, b []byte) (int, error) {
	if d == "full" {
		return 0, vfs.ENOSPC
	}
	return len(b), nil
}

func (plainDevice) Close() {}

// shared is another descriptor of an open file, as /dev/stdin gives.
type shared struct{ d *desc }

func (s shared) Read(p *Proc, b []byte) (int, error)  { return s.d.f.Read(p, b) }
func (s shared) Write(p *Proc, b []byte) (int, error) { return s.d.f.Write(p, b) }
func (s shared) Close()                               { s.d.unref() }

// Text is a file that holds fixed bytes, as a here-document does.
func Text(b []byte) File { return &text{r: bytes.NewReader(b)} }

type text struct {
	mu sync.Mutex
	r  *bytes.Reader
}

func (t *text) Read(_ *Proc, b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, err := t.r.Read(b)
	if err == io.EOF {
		err = nil
	}
	return n, err
}
func (*text) Write(*Proc, []byte) (int, error) { return 0, vfs.EBADF }
func (*text) Close()                           {}

// maxSink bounds what a command substitution may hold.
const maxSink = 32 << 20

// Sink collects what is written, as a command substitution does.
type Sink struct {
	mu   sync.Mutex
	buf  []byte
	done chan struct{}
}

// NewSink makes an empty sink.
func NewSink() *Sink { return &Sink{done: make(chan struct{})} }

func (*Sink) Read(*Proc, []byte) (int, error) { return 0, vfs.EBADF }

// Write keeps b.
func (s *Sink) Write(p *Proc, b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.buf)+len(b) > maxSink {
		return 0, vfs.ENOMEM
	}
	s.buf = append(s.buf, b...)
	return len(b), nil
}

// Close is called when the last writer has gone.
func (s *Sink) Close() { close(s.done) }

// Bytes waits until every writer has closed, or p has died, and returns what was written.
func (s *Sink) Bytes(p *Proc) []byte {
	select {
	case <-s.done:
	case <-p.ended:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf
}

// Stream is a descriptor on a connection: R and W may be nil. It stays open until its owner closes what is beneath.
type Stream struct {
	R io.Reader
	W io.Writer
	// Gone, where it is not nil, is closed when nobody listens any more: writes then raise SIGPIPE.
	Gone    <-chan struct{}
	OnClose func()
}

func (s *Stream) Read(p *Proc, b []byte) (int, error) {
	if s.R == nil {
		return 0, vfs.EBADF
	}
	n, err := s.R.Read(b)
	if err != nil && n == 0 {
		return 0, nil // the end, however it came about
	}
	return n, nil
}

func (s *Stream) Write(p *Proc, b []byte) (int, error) {
	if s.W == nil {
		return 0, vfs.EBADF
	}
	if !p.runnable() {
		return 0, vfs.EINTR
	}
	n, err := s.W.Write(b)
	if err != nil {
		p.Signal(SIGPIPE)
		return n, vfs.EPIPE
	}
	return n, nil
}

// Close runs OnClose, once per open file description.
func (s *Stream) Close() {
	if s.OnClose != nil {
		s.OnClose()
	}
}
