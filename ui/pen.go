package ui

import (
	"strings"

	"charm.land/lipgloss/v2"

	"tend/fleet"
	"tend/quote"
)

// token is what a piece of text means; the pen alone knows what that looks like.
type token int

const (
	plain token = iota
	dim
	title
	head
	good
	warn
	bad
	unsure
	busy
	prod
	keys
	selected
	found
	tokens = int(found) + 1
)

// pen draws for one tier: styles, and glyphs that the terminal has.
type pen struct {
	styles [tokens]lipgloss.Style
	bare   bool // ASCII only
	sparse bool // a slow line: few bytes
	mute   bool // no attributes at all
	rules  string
	full   string // of a bar
	empty  string
	cut    string // where text was cut
	open   string
	shut   string
	caret  string
}

// newPen makes the pen for a tier, on a dark background. unicode says that the locale draws box characters.
func newPen(t Tier, unicode bool) *pen { return newPenWith(t, unicode, false, Settings{}) }

// newPenWith is newPen on a background that may be light, with the operator's own colours.
func newPenWith(t Tier, unicode, light bool, own Settings) *pen {
	p := &pen{rules: "-", full: "#", empty: ".", cut: "~", open: "[-]", shut: "[+]", caret: "_"}
	p.sparse, p.mute = t == Plain, t == Line
	p.bare = t == Plain || t == Line || !unicode
	if !p.bare {
		p.rules, p.full, p.empty, p.cut = "─", "█", "░", "…"
	}
	base := lipgloss.NewStyle().Inline(true)
	for i := range p.styles {
		p.styles[i] = base
	}
	if t == Line {
		return p // lines are for logs, pipes and screen readers: words say it all
	}
	p.styles[title] = base.Bold(true)
	p.styles[prod] = base.Bold(true).Reverse(true)
	p.styles[selected] = base.Reverse(true)
	p.styles[found] = base.Reverse(true)
	p.styles[bad] = base.Bold(true)
	if t == Full || t == Basic {
		for at, words := range palette(t, light) {
			if style, err := styled(base, words); err == nil { // a test reads them all
				p.styles[at] = style
			}
		}
	}
	own.apply(p)
	return p
}

// palette is the look of each token in the words of [theme]. No state is told by its hue alone, and none of the hues that stand for one is
// lost on whoever does not see red or green: good and bad lie on the axis from cyan or blue to yellow and magenta. They are the 16 colours of
// the terminal, which its owner has chosen to be readable; bright black is none of them, since Solarized draws it as the background. On a
// light background the 16 have no yellow that can be read, so that a terminal with 256 gets darker ones.
func palette(t Tier, light bool) map[token]string {
	switch {
	case !light:
		return map[token]string{dim: "faint", head: "cyan", keys: "cyan", good: "cyan", warn: "yellow", bad: "bold brightmagenta", unsure: "underline", busy: "brightblue", found: "reverse yellow"}
	case t == Full:
		return map[token]string{dim: "faint", head: "24", keys: "24", good: "25", warn: "94", bad: "bold 126", unsure: "underline", busy: "61", found: "reverse 94"}
	}
	return map[token]string{dim: "faint", head: "blue", keys: "blue", good: "blue", warn: "magenta", bad: "bold red", unsure: "underline", busy: "bold", found: "reverse magenta"}
}

// paint gives s, which must be clean already, the look of t.
func (p *pen) paint(t token, s string) string {
	if t == plain || s == "" || p.mute {
		return s
	}
	return p.styles[t].Render(s)
}

// chosen is the line that the cursor is on: its glyph stands in it already. Where bytes are dear only its beginning is reversed, which
// halves what a move of the cursor costs on a serial line.
func (p *pen) chosen(line string, w int) string {
	line = p.pad(line, w)
	if !p.sparse {
		return p.paint(selected, line)
	}
	short := cut(line, chosenWidth, "")
	return p.paint(selected, short) + line[len(short):]
}

// chosenWidth is how much of the chosen line is reversed where bytes are dear.
const chosenWidth = 20

// text makes foreign text fit to be drawn.
func (p *pen) text(s string) string {
	if p.bare {
		return ascii(s)
	}
	return quote.Line(s)
}

// ascii is s in ASCII. Degrees, which temperatures come in, are no escape: "96 C" is read as what it is, "96 \xb0C" is not.
func ascii(s string) string { return quote.ASCII(strings.ReplaceAll(s, "°C", "C")) }

// rule is a line across.
func (p *pen) rule(w int) string { return p.paint(dim, strings.Repeat(p.rules, max(w, 0))) }

// fleetToken is the look of a host's state.
func fleetToken(s fleet.State) token {
	switch s {
	case fleet.OK:
		return good
	case fleet.Warn:
		return warn
	case fleet.Fail, fleet.Down:
		return bad
	}
	return unsure
}
