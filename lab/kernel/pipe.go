package kernel

import (
	"sync"

	"tend/lab/vfs"
)

const pipeSize = 64 << 10 // as Linux's

// pipe is a bounded buffer between processes.
type pipe struct {
	mu               sync.Mutex
	buf              []byte
	readers, writers int
	wake             chan struct{} // closed at every change that someone may wait for
}

func (q *pipe) changed() {
	if q.wake != nil {
		close(q.wake)
		q.wake = nil
	}
}

// wait returns with the lock held, after a change or the death of p.
func (q *pipe) wait(p *Proc) bool {
	if q.wake == nil {
		q.wake = make(chan struct{})
	}
	ch := q.wake
	q.mu.Unlock()
	alive := true
	select {
	case <-ch:
	case <-p.ended:
		alive = false
	}
	q.mu.Lock()
	return alive
}

func (q *pipe) read(p *Proc, b []byte) (int, error) {
	if !p.runnable() {
		return 0, vfs.EINTR
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.buf) == 0 {
		if q.writers == 0 {
			return 0, nil
		}
		if !q.wait(p) {
			return 0, vfs.EINTR
		}
	}
	n := copy(b, q.buf)
	q.buf = q.buf[n:]
	if len(q.buf) == 0 {
		q.buf = nil
	}
	q.changed()
	return n, nil
}

func (q *pipe) write(p *Proc, b []byte) (int, error) {
	if !p.runnable() {
		return 0, vfs.EINTR
	}
	n, err := q.fill(p, b)
	if err == vfs.EPIPE {
		p.Signal(SIGPIPE) // not under the pipe's lock: dying closes descriptors
	}
	return n, err
}

func (q *pipe) fill(p *Proc, b []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	done := 0
	for done < len(b) {
		if q.readers == 0 {
			return done, vfs.EPIPE
		}
		room := pipeSize - len(q.buf)
		if room == 0 {
			if !q.wait(p) {
				return done, vfs.EINTR
			}
			continue
		}
		n := min(room, len(b)-done)
		q.buf = append(q.buf, b[done:done+n]...)
		done += n
		q.changed()
	}
	return done, nil
}

type pipeReader struct{ *pipe }
type pipeWriter struct{ *pipe }

func (r pipeReader) Read(p *Proc, b []byte) (int, error) { return r.read(p, b) }
func (pipeReader) Write(*Proc, []byte) (int, error)      { return 0, vfs.EBADF }
func (r pipeReader) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers--
	r.changed()
}

func (pipeWriter) Read(*Proc, []byte) (int, error)        { return 0, vfs.EBADF }
func (w pipeWriter) Write(p *Proc, b []byte) (int, error) { return w.write(p, b) }
func (w pipeWriter) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writers--
	w.changed()
}

// Pipe makes a pipe.
func Pipe() (r, w File) {
	q := &pipe{readers: 1, writers: 1}
	return pipeReader{q}, pipeWriter{q}
}

// openFifo opens a named pipe, waiting for the other end.
func (p *Proc) openFifo(ino uint64, flags int) (File, error) {
	s := p.Sys
	s.mu.Lock()
	q := s.fifos[ino]
	if q == nil {
		q = &pipe{}
		s.fifos[ino] = q
	}
	s.mu.Unlock()
	q.mu.Lock()
	defer q.mu.Unlock()
	var f File = pipeReader{q}
	if flags&vfs.Write != 0 {
		f = pipeWriter{q}
		q.writers++
	} else {
		q.readers++
	}
	q.changed()
	for q.readers == 0 || q.writers == 0 {
		if !q.wait(p) {
			return nil, vfs.EINTR
		}
	}
	return f, nil
}
