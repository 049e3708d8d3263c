package asciicast

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Reset puts a terminal back in order after a replay: the normal screen, all of it scrolling, a cursor, no colours.
const Reset = "\x1b[?1049l\x1b[r\x1b[?25h\x1b[?7h\x1b[?1l\x1b>\x1b(B\x0f\x1b[4l\x1b[0m"

// Safe lets through to a terminal what paints and moves the cursor. What would make it answer, read the clipboard, change its title,
// report the mouse, or be printed by a printer is left out: it came from a host.
type Safe struct {
	w   io.Writer
	p   *ansi.Parser
	out strings.Builder
}

// NewSafe writes to w.
func NewSafe(w io.Writer) *Safe {
	s := &Safe{w: w, p: ansi.NewParser()}
	s.p.SetHandler(ansi.Handler{
		Print: func(r rune) {
			if r < 0x80 || r > 0x9f { // C1 in UTF-8, which some terminals obey
				s.out.WriteRune(r)
			}
		},
		Execute: func(b byte) {
			if b >= 0x07 && b <= 0x0f {
				s.out.WriteByte(b)
			}
		},
		HandleEsc: s.esc,
		HandleCsi: s.csi,
	})
	return s
}

// Write takes a piece of output; sequences may go over its end.
func (s *Safe) Write(b []byte) (int, error) {
	s.out.Reset()
	for _, c := range b {
		s.p.Advance(c)
	}
	if _, err := io.WriteString(s.w, s.out.String()); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (s *Safe) esc(c ansi.Cmd) {
	switch i := c.Intermediate(); {
	case i == 0 && strings.IndexByte("78DEHM=>", c.Final()) >= 0: // save, restore, index, next line, tab, reverse index, keypad
		s.out.WriteString("\x1b" + string(rune(c.Final())))
	case (i == '(' || i == ')') && strings.IndexByte("0AB", c.Final()) >= 0: // line drawing
		s.out.WriteString("\x1b" + string(rune(i)) + string(rune(c.Final())))
	}
}

// modes are the private modes that may be set: cursor keys, columns, origin, wrap, blink, cursor, the other screen, synchronised output.
var modes = []int{1, 6, 7, 12, 25, 47, 1047, 1048, 1049, 2026}

func (s *Safe) csi(c ansi.Cmd, params ansi.Params) {
	final := c.Final()
	switch {
	case c.Prefix() == '?' && c.Intermediate() == 0 && (final == 'h' || final == 'l'):
		params.ForEach(0, func(_, n int, _ bool) {
			if slices.Contains(modes, n) {
				fmt.Fprintf(&s.out, "\x1b[?%d%c", n, final)
			}
		})
	case c.Prefix() == '?' && c.Intermediate() == 0 && (final == 'J' || final == 'K'),
		c.Prefix() == 0 && c.Intermediate() == 0 && strings.IndexByte("@ABCDEFGHIJKLMPSTXZ`abdefgmrsu", final) >= 0,
		c.Prefix() == 0 && c.Intermediate() == 0 && (final == 'h' || final == 'l') && len(params) == 1 && one(params) == 4: // insert mode
		s.again(c, params)
	}
}

func one(params ansi.Params) int {
	n, _, _ := params.Param(0, 0)
	return n
}

// again writes a sequence as it was.
func (s *Safe) again(c ansi.Cmd, params ansi.Params) {
	s.out.WriteString("\x1b[")
	if c.Prefix() != 0 {
		s.out.WriteByte(c.Prefix())
	}
	params.ForEach(-1, func(i, n int, more bool) {
		if n >= 0 {
			fmt.Fprintf(&s.out, "%d", n)
		}
		switch {
		case i == len(params)-1:
		case more:
			s.out.WriteByte(':')
		default:
			s.out.WriteByte(';')
		}
	})
	s.out.WriteByte(c.Final())
}
