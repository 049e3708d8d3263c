package ui

import (
	"bytes"
	"maps"
	"slices"
	"time"
)

// The bounds of what a pager holds; all of the output is in the journal.
const (
	storeBytes = 64 << 20
	storeLines = 1 << 20
	lineBytes  = 8 << 10 // longer lines are broken, so that one of 10 MB costs no more to draw than any other
)

// stored is one line as it came; it is escaped when it is drawn.
type stored struct {
	text string
	at   time.Time
	host int32 // a place in the plan; -1 = none
	mark bool  // a heading of ours, not output
}

// store is a ring of lines: the oldest leave when it is full.
type store struct {
	lines   []stored
	bytes   int
	dropped int // lines that have left
	part    map[int32][]byte
}

// add takes in a piece of a host's output.
func (s *store) add(host int32, at time.Time, data []byte) {
	part := s.part[host]
	for len(data) > 0 {
		n := min(bytes.IndexByte(data, '\n'), lineBytes-len(part))
		if n < 0 { // no end of line
			n = min(len(data), lineBytes-len(part))
		}
		part = append(part, data[:n]...)
		data = data[n:]
		switch {
		case len(data) > 0 && data[0] == '\n':
			data = data[1:]
		case len(part) < lineBytes:
			continue
		}
		s.put(stored{text: string(bytes.TrimSuffix(part, []byte{'\r'})), at: at, host: host})
		part = part[:0]
	}
	s.keep(host, part)
}

// keep remembers an unfinished line.
func (s *store) keep(host int32, part []byte) {
	if s.part == nil {
		s.part = map[int32][]byte{}
	}
	s.part[host] = part
}

// flush ends a host's unfinished line.
func (s *store) flush(host int32, at time.Time) {
	if part := s.part[host]; len(part) > 0 {
		s.put(stored{text: string(part), at: at, host: host})
	}
	delete(s.part, host)
}

// unfinished is a line that has begun and not ended, of any host.
func (s *store) unfinished() (string, bool) {
	for _, host := range slices.Sorted(maps.Keys(s.part)) {
		if len(s.part[host]) > 0 {
			return string(s.part[host]), true
		}
	}
	return "", false
}

func (s *store) put(l stored) {
	s.lines = append(s.lines, l)
	s.bytes += len(l.text)
	for s.bytes > storeBytes || len(s.lines) > storeLines {
		s.drop(max(len(s.lines)/8, 1))
	}
}

// drop lets the oldest n lines go, in one move, so that the cost per line stays small.
func (s *store) drop(n int) {
	for _, l := range s.lines[:n] {
		s.bytes -= len(l.text)
	}
	s.lines = append([]stored(nil), s.lines[n:]...)
	s.dropped += n
}
