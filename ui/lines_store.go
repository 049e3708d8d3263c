package ui

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// The bounds of what a pager holds; all of the output is in the journal.
const (
	storeBytes = 64 << 20
	storeLines = 1 << 20
	lineBytes  = 8 << 10 // longer lines are broken, so that one of 10 MB costs no more to draw than any other
	blockLines = 4096    // lines leave, and room is made, a block at a time: nothing is ever copied
)

// stored is one line as it came; it is escaped when it is drawn.
type stored struct {
	text string
	at   int64 // Unix time in nanoseconds; 0 = not known
	host int32 // a place in the plan; -1 = none
	mark bool  // a heading of ours, not output
}

// store is a ring of lines: the oldest leave when it is full.
type store struct {
	blocks  [][]stored // all but the last are full
	bytes   int
	dropped int // lines that have left
	part    map[int32][]byte
}

// len is the number of lines held.
func (s *store) len() int {
	if n := len(s.blocks); n > 0 {
		return (n-1)*blockLines + len(s.blocks[n-1])
	}
	return 0
}

// line is the i-th line held.
func (s *store) line(i int) *stored { return &s.blocks[i/blockLines][i%blockLines] }

// add takes in a piece of a host's output. Whole lines share the piece's memory.
func (s *store) add(host int32, at time.Time, data []byte) {
	part, text := s.part[host], string(data)
	for text != "" {
		n := strings.IndexByte(text, '\n')
		room := lineBytes - len(part)
		switch {
		case n < 0 && len(text) < room:
			part = append(part, text...)
			text = ""
			continue
		case n < 0 || n > room:
			n = room
		}
		l := text[:n]
		if len(part) > 0 {
			l, part = string(part)+l, part[:0]
		}
		text = strings.TrimPrefix(text[n:], "\n")
		s.put(stored{text: strings.TrimSuffix(l, "\r"), at: nanos(at), host: host})
	}
	s.keep(host, part)
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
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
		s.put(stored{text: string(part), at: nanos(at), host: host})
	}
	delete(s.part, host)
}

// unfinished is a line that has begun and not ended, of any host.
func (s *store) unfinished() (stored, bool) {
	for _, host := range slices.Sorted(maps.Keys(s.part)) {
		if len(s.part[host]) > 0 {
			return stored{text: string(s.part[host]), host: host}, true
		}
	}
	return stored{}, false
}

func (s *store) put(l stored) {
	if n := len(s.blocks); n == 0 || len(s.blocks[n-1]) == blockLines {
		s.blocks = append(s.blocks, make([]stored, 0, blockLines))
	}
	last := &s.blocks[len(s.blocks)-1]
	*last = append(*last, l)
	s.bytes += len(l.text)
	for len(s.blocks) > 1 && (s.bytes > storeBytes || len(s.blocks) > storeLines/blockLines) {
		s.drop()
	}
}

// drop lets the oldest block go.
func (s *store) drop() {
	for _, l := range s.blocks[0] {
		s.bytes -= len(l.text)
	}
	s.dropped += len(s.blocks[0])
	s.blocks[0] = nil
	s.blocks = s.blocks[1:]
}
