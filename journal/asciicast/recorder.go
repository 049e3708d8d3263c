package asciicast

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"tend/journal"
)

// Header is a recording's first line.
type Header struct {
	Version   int    `json:"version"` // 3
	Term      Term   `json:"term"`
	Timestamp int64  `json:"timestamp,omitempty"` // Unix seconds
	Title     string `json:"title,omitempty"`
}

// Term is the terminal at the beginning.
type Term struct {
	Cols int    `json:"cols"`
	Rows int    `json:"rows"`
	Type string `json:"type,omitempty"`
}

// Clean takes secrets out of what a terminal shows: of b, as many bytes as b has, of which the first n are certain; the rest may be the
// beginning of a secret, and is asked about again with what follows it. end says that nothing follows.
type Clean func(b []byte, end bool) (clean []byte, n int)

// Recorder writes a recording while a session runs. It is safe for concurrent use. Every event is one Write.
type Recorder struct {
	mu    sync.Mutex
	w     io.Writer
	now   func() time.Time
	clean Clean
	last  time.Time // of what was written
	held  []byte    // output that is not written yet
	part  []byte    // of a character, clean
	queue []queued
	err   error
}

// queued is an event that waits for the output before it to be certain.
type queued struct {
	at   time.Time
	code byte
	n    int    // of 'o': how many bytes of what is held
	data string // of others
}

// Record begins a recording.
func Record(w io.Writer, h Header, now func() time.Time, clean Clean) (*Recorder, error) {
	r := &Recorder{w: w, now: now, clean: clean, last: now()}
	h.Version, h.Timestamp = 3, r.last.Unix()
	line, err := json.Marshal(h)
	if err == nil {
		_, err = w.Write(append(line, '\n'))
	}
	return r, err
}

// Write records output. It takes all of p, or says why the recording failed; from then on it always does.
func (r *Recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil && len(p) > 0 {
		r.held = append(r.held, p...)
		r.queue = append(r.queue, queued{at: r.now(), code: 'o', n: len(p)})
		r.drain(false)
	}
	if r.err != nil {
		return 0, r.err
	}
	return len(p), nil
}

// Resize records a new size of the terminal.
func (r *Recorder) Resize(cols, rows int) { r.event('r', fmt.Sprintf("%dx%d", cols, rows)) }

// Exit records the end: nothing follows. It returns what went wrong with the recording, at any time.
func (r *Recorder) Exit(status int) error {
	r.event('x', strconv.Itoa(status))
	return r.End()
}

// End writes what was held back, where no exit status is known.
func (r *Recorder) End() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drain(true)
	return r.err
}

func (r *Recorder) event(code byte, data string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, queued{at: r.now(), code: code, data: data})
	r.drain(false)
}

// drain writes what is certain. What is cleaned is cut where that is so only: a half of a secret would not be known for one later.
func (r *Recorder) drain(end bool) {
	clean, n := r.clean(r.held, end)
	from, done := 0, 0
	for i := range r.queue {
		q := &r.queue[i]
		if r.err != nil {
			break
		}
		if q.code == 'o' {
			to := from + min(q.n, n-from)
			q.n -= to - from
			part := *q
			part.data = r.whole(clean[from:to])
			r.put(part)
			if from = to; q.n > 0 {
				break
			}
		} else {
			r.put(*q)
		}
		done = i + 1
	}
	r.held = append(r.held[:0], r.held[from:]...)
	r.queue = append(r.queue[:0], r.queue[done:]...)
	if end && len(r.part) > 0 {
		r.put(queued{at: r.now(), code: 'o', data: string(r.part)})
		r.part = nil
	}
}

// whole keeps the beginning of a character until what ends it comes.
func (r *Recorder) whole(b []byte) string {
	all := append(r.part, b...)
	k := unfinished(all)
	text := string(all[:len(all)-k])
	r.part = append(r.part[:0], all[len(all)-k:]...)
	return text
}

// unfinished is how many bytes at the end of b begin a character that is not complete.
func unfinished(b []byte) int {
	for k := 1; k <= min(utf8.UTFMax-1, len(b)); k++ {
		if c := b[len(b)-k]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-k:]) {
				return k
			}
			return 0
		}
	}
	return 0
}

// put writes one event. Times are rounded from the beginning on, so that the error of a long session stays below a microsecond.
func (r *Recorder) put(q queued) {
	if q.code == 'o' && q.data == "" {
		return
	}
	after := max(q.at.Sub(r.last), 0).Truncate(time.Microsecond) // a clock may be set back
	r.last = r.last.Add(after)
	line := fmt.Appendf(nil, "[%d.%06d,", after/time.Second, after%time.Second/time.Microsecond)
	line = append(journal.AppendJSONString(append(line, '"', q.code, '"', ','), q.data), ']', '\n')
	_, r.err = r.w.Write(line)
}
