package main

import (
	"io"
	"os"
	"sync"
)

// written is a standard output that is no terminal, and remembers that it could not be written: commands print line by line, and a file that
// ends in the midst of a list, on a full disk, must not look like a whole one.
type written struct {
	*os.File
	mu  sync.Mutex
	err error
}

// keepOut puts it in the place of a file that is no terminal. told is the first error of a write.
func keepOut(s *streams) (told func() error) {
	f, ok := s.out.(*os.File)
	if !ok || terminal(f) {
		return func() error { return nil }
	}
	w := &written{File: f}
	s.out = w
	return func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.err
	}
}

// Write is the file's.
func (w *written) Write(p []byte) (int, error) {
	n, err := w.File.Write(p)
	if err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.err == nil {
			w.err = err
		}
	}
	return n, err
}

// WriteString is Write.
func (w *written) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// ReadFrom is Write, as often as it takes.
func (w *written) ReadFrom(r io.Reader) (int64, error) { return io.Copy(struct{ io.Writer }{w}, r) }
