package ui

import (
	"bytes"
	"strings"
	"unicode"

	"tend/inventory"
)

// ownSum is a sum over output that is the same for all hosts that say the same, each with its own name. The output comes in pieces, which may
// end within the name.
type ownSum struct {
	name []byte // nil = not looked for
	sum  uint64
	held []byte // the end of what came, where the name may have begun
	prev byte   // the one before it
	own  bool   // the name was there
}

func newOwnSum(id inventory.HostID) ownSum {
	s := ownSum{sum: fnvOffset}
	if telling(string(id)) {
		s.name = []byte(id)
	}
	return s
}

// telling reports whether a name is one that no output holds by chance.
func telling(name string) bool { return len(name) > 2 && strings.ContainsFunc(name, unicode.IsLetter) }

// ownMark stands for the name: a byte that no UTF-8 has.
var ownMark = []byte{0xff}

func (s *ownSum) add(data []byte) {
	if s.name == nil {
		s.sum = hash(s.sum, data)
		return
	}
	if len(s.held) > 0 {
		data = append(s.held, data...)
		s.held = nil
	}
	for {
		i := bytes.Index(data, s.name)
		if i < 0 {
			break
		}
		end := i + len(s.name)
		if s.pass(data[:i]); end == len(data) { // whether it ends here, the next piece tells
			s.held = bytes.Clone(data[i:])
			return
		}
		if data = data[i:]; wordy(s.prev) || wordy(data[len(s.name)]) {
			s.pass(data[:1])
			data = data[1:]
			continue
		}
		s.sum, s.own, s.prev = hash(s.sum, ownMark), true, s.name[len(s.name)-1]
		data = data[len(s.name):]
	}
	n := begun(data, s.name)
	s.pass(data[:len(data)-n])
	if n > 0 {
		s.held = bytes.Clone(data[len(data)-n:])
	}
}

func (s *ownSum) pass(data []byte) {
	if len(data) > 0 {
		s.sum, s.prev = hash(s.sum, data), data[len(data)-1]
	}
}

// begun is how many of the last bytes are the beginning of the name.
func begun(data, name []byte) int {
	for n := min(len(name)-1, len(data)); n > 0; n-- {
		if bytes.HasPrefix(name, data[len(data)-n:]) {
			return n
		}
	}
	return 0
}

// value is the sum of all that came, and whether the host's own name is left out of it.
func (s *ownSum) value() (uint64, bool) {
	if len(s.held) == len(s.name) && len(s.held) > 0 && !wordy(s.prev) {
		return hash(s.sum, ownMark), true
	}
	return hash(s.sum, s.held), s.own
}

// wordy is a byte that goes on with a name, rather than ending it: db-1 is not in db-12.
func wordy(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

// general is a text with <host> in the place of the host's own name.
func general(text string, id inventory.HostID) string {
	name := string(id)
	if !telling(name) || !strings.Contains(text, name) {
		return text
	}
	var b strings.Builder
	for prev := byte(0); ; {
		i := strings.Index(text, name)
		if i < 0 {
			return b.String() + text
		}
		if i > 0 {
			prev = text[i-1]
		}
		end := i + len(name)
		if wordy(prev) || end < len(text) && wordy(text[end]) {
			end, prev = i+1, text[i]
			b.WriteString(text[:end])
		} else {
			b.WriteString(text[:i] + "<host>")
			prev = text[end-1]
		}
		text = text[end:]
	}
}
