package asciicast

import (
	"iter"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// Line is a line that stood on the terminal when it went on to the next.
type Line struct {
	At   time.Duration // when it was ended
	Text string        // no control characters
}

// widest is how long a line may be; what is written behind it is dropped.
const widest = 4096

// Lines reads a session as lines of text: as a person would have copied them down. What was corrected on a line is shown corrected, and
// what a full-screen program painted (an editor, top) is left out and said to be.
func Lines(events iter.Seq2[Event, error]) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		t := newPaper()
		for e, err := range events {
			if err != nil {
				yield(Line{}, err)
				return
			}
			switch e.Code {
			case "o":
				t.feed(e.Data)
			case "x":
				t.end()
				t.lines = append(t.lines, "-- exit "+e.Data)
			}
			for _, l := range t.lines {
				if !yield(Line{At: e.At, Text: l}, nil) {
					return
				}
			}
			t.lines, t.at = t.lines[:0], e.At
		}
		t.end()
		for _, l := range t.lines {
			if !yield(Line{At: t.at, Text: l}, nil) {
				return
			}
		}
	}
}

// paper is a terminal of which only the line that the cursor is on can be changed.
type paper struct {
	p     *ansi.Parser
	row   []rune
	col   int
	away  bool // on the other screen
	lines []string
	at    time.Duration
}

func newPaper() *paper {
	t := &paper{p: ansi.NewParser()}
	t.p.SetHandler(ansi.Handler{Print: t.print, Execute: t.control, HandleCsi: t.csi})
	return t
}

func (t *paper) feed(s string) {
	for i := range len(s) {
		t.p.Advance(s[i])
	}
}

func (t *paper) print(r rune) {
	if t.away || t.col >= widest || r < ' ' || r >= 0x7f && r < 0xa0 {
		return
	}
	for len(t.row) <= t.col {
		t.row = append(t.row, ' ')
	}
	t.row[t.col] = r
	t.col++
}

func (t *paper) control(b byte) {
	if t.away {
		return
	}
	switch b {
	case '\r':
		t.col = 0
	case '\b':
		t.col = max(t.col-1, 0)
	case '\t':
		t.col = min(t.col/8*8+8, widest)
	case '\n':
		t.newline()
	}
}

func (t *paper) newline() {
	t.lines = append(t.lines, strings.TrimRight(string(t.row), " "))
	t.row = t.row[:0]
}

// end gives out a line that was not ended.
func (t *paper) end() {
	if len(t.row) > 0 {
		t.newline()
		t.col = 0
	}
}

func (t *paper) csi(c ansi.Cmd, params ansi.Params) {
	n, _, _ := params.Param(0, 0)
	if c.Prefix() == '?' {
		t.screen(c.Final(), params)
		return
	}
	if t.away || c.Prefix() != 0 || c.Intermediate() != 0 {
		return
	}
	k := min(max(n, 1), widest)
	switch c.Final() {
	case 'C':
		t.col = min(t.col+k, widest)
	case 'D':
		t.col = max(t.col-k, 0)
	case 'G', '`':
		t.col = k - 1
	case 'K':
		t.erase(n)
	case 'P':
		if t.col < len(t.row) {
			t.row = append(t.row[:t.col], t.row[min(t.col+k, len(t.row)):]...)
		}
	case '@':
		if t.col < len(t.row) && len(t.row)+k <= widest {
			t.row = append(t.row[:t.col], append([]rune(strings.Repeat(" ", k)), t.row[t.col:]...)...)
		}
	case 'J':
		if n == 2 || n == 3 {
			t.end()
			t.lines = append(t.lines, "-- the screen was cleared")
		} else if n == 0 {
			t.erase(0)
		}
	}
}

func (t *paper) erase(how int) {
	switch how {
	case 0:
		t.row = t.row[:min(t.col, len(t.row))]
	case 1:
		for i := range t.row[:min(t.col+1, len(t.row))] {
			t.row[i] = ' '
		}
	case 2:
		t.row = t.row[:0]
	}
}

func (t *paper) screen(final byte, params ansi.Params) {
	params.ForEach(0, func(_, n int, _ bool) {
		switch other := n == 47 || n == 1047 || n == 1049; {
		case other && final == 'h' && !t.away:
			t.end()
			t.lines = append(t.lines, "-- a full-screen program begins; replay shows it")
			t.away = true
		case other && final == 'l' && t.away:
			t.away, t.col = false, 0
			t.lines = append(t.lines, "-- the full-screen program has ended")
		}
	})
}
