package ui

import (
	"bufio"
	"io"
	"strings"
	"sync"
)

// typist reads lines as they are asked for: a run can be followed while the next command is typed, and a line that was asked for and has not
// come is the next one that is. Between two lines nobody reads, so that a secret can be asked for without an echo.
type typist struct {
	want  chan struct{}
	lines chan typedLine
	wg    sync.WaitGroup

	mu    sync.Mutex
	asked bool
}

// typedLine is a line without its blanks; not ok is the end of the input.
type typedLine struct {
	text string
	ok   bool
}

func newTypist(r io.Reader) *typist {
	t := &typist{want: make(chan struct{}, 1), lines: make(chan typedLine, 1)}
	t.wg.Go(func() {
		in := bufio.NewScanner(r)
		for range t.want {
			ok := in.Scan()
			t.lines <- typedLine{strings.TrimSpace(in.Text()), ok}
		}
	})
	return t
}

// ask wants a line, which take returns from lines.
func (t *typist) ask() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.asked {
		t.asked = true
		t.want <- struct{}{}
	}
}

// took says that the line has come.
func (t *typist) took() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked = false
}

// busy reports whether somebody is at the input.
func (t *typist) busy() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked
}

// line waits for the next line.
func (t *typist) line() typedLine {
	t.ask()
	l := <-t.lines
	t.took()
	return l
}

// end ends the reading. A read that is at work cannot be ended: it is the process's last.
func (t *typist) end() {
	close(t.want)
	if !t.busy() {
		t.wg.Wait()
	}
}
