package inventory

import (
	"strings"
	"unicode/utf8"
)

// globPiece is a part of a pattern: fixed text, numbers, one character, or any characters.
type globPiece struct {
	text  string
	spans []span
	one   bool // ?
	many  bool // *
}

// globPieces cuts a template's fixed pieces at * and ?.
func globPieces(t template) []globPiece {
	var out []globPiece
	for _, p := range t {
		if p.spans != nil {
			out = append(out, globPiece{spans: p.spans})
			continue
		}
		for text := p.text; text != ""; {
			i := strings.IndexAny(text, "*?")
			switch {
			case i < 0:
				out = append(out, globPiece{text: text})
				text = ""
			case i > 0:
				out = append(out, globPiece{text: text[:i]})
				text = text[i:]
			default:
				out = append(out, globPiece{one: text[0] == '?', many: text[0] == '*'})
				text = text[1:]
			}
		}
	}
	return out
}

// all reports whether the pattern is the word "all".
func (p *pattern) all() bool { return p.text == "all" && !p.quoted && p.site == nil }

// any reports whether the pattern is a lone *.
func (p *pattern) any() bool { return len(p.pieces) == 1 && p.pieces[0].many && p.site == nil }

// literal reports whether the pattern is one plain text.
func (p *pattern) literal() bool { return p.pieces == nil }

// open reports whether there is a glob in the pattern, so that it names nothing for certain.
func (p *pattern) open() bool {
	for _, g := range p.pieces {
		if g.one || g.many {
			return true
		}
	}
	return false
}

// match reports whether the pattern means the text. It takes len(pieces) steps over the text at most, whatever the pattern.
func (p *pattern) match(s string) bool {
	if p.pieces == nil {
		return p.text == s
	}
	if head := p.pieces[0].text; !strings.HasPrefix(s, head) {
		return false
	}
	var a, b [129]bool // reached[i]: the pieces so far can end before s[i]
	reached, next := a[:], b[:]
	if len(s) >= len(a) {
		reached, next = make([]bool, len(s)+1), make([]bool, len(s)+1)
	}
	reached, next = reached[:len(s)+1], next[:len(s)+1]
	reached[0] = true
	for _, g := range p.pieces {
		clear(next)
		for i, ok := range reached {
			if ok && !g.step(s, i, next) {
				break
			}
		}
		reached, next = next, reached
	}
	return reached[len(s)]
}

// step marks where the piece can end if it begins at s[i]; false = no later beginning can mark more.
func (g *globPiece) step(s string, i int, next []bool) bool {
	switch {
	case g.many:
		for j := i; j < len(next); j++ {
			next[j] = true
		}
		return false
	case g.one:
		if i < len(s) {
			_, n := utf8.DecodeRuneInString(s[i:])
			next[i+n] = true
		}
	case g.spans != nil:
		for j := i; j < len(s) && isDigit(s[j]) && j-i < 18; j++ {
			for _, sp := range g.spans {
				if sp.holds(s[i : j+1]) {
					next[j+1] = true
				}
			}
		}
	case strings.HasPrefix(s[i:], g.text):
		next[i+len(g.text)] = true
	}
	return true
}
