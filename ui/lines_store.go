package ui

import (
	"strings"
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
	part    map[int32]string
}

// add takes in a piece of a host's output.
func (s *store) add(host int32, at time.Time, data []byte) {
	text := s.part[host] + string(data)
	for {
		i := strings.IndexByte(text, '\n')
		switch {
		case i >= 0 && i <= lineBytes:
			s.put(stored{text: strings.TrimSuffix(text[:i], "\r"), at: at, host: host})
			text = text[i+1:]
		case len(text) > lineBytes:
			s.put(stored{text: text[:lineBytes], at: at, host: host})
			text = text[lineBytes:]
		default:
			s.keep(host, text)
			return
		}
	}
}

// keep remembers an unfinished line.
func (s *store) keep(host int32, text string) {
	if text == "" {
		delete(s.part, host)
		return
	}
	if s.part == nil {
		s.part = map[int32]string{}
	}
	s.part[host] = text
}

// flush ends a host's unfinished line.
func (s *store) flush(host int32, at time.Time) {
	if text := s.part[host]; text != "" {
		delete(s.part, host)
		s.put(stored{text: text, at: at, host: host})
	}
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
