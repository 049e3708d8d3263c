package ui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// width is how many cells s takes. Clean ASCII, the common case, costs no table.
func width(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return ansi.StringWidthWc(s)
		}
	}
	return len(s)
}

// cut shortens s to w cells, with mark at its end where something is missing.
func cut(s string, w int, mark string) string {
	if w <= 0 {
		return ""
	}
	if width(s) <= w {
		return s
	}
	if ansi.StringWidthWc(mark) >= w {
		mark = ""
	}
	return ansi.TruncateWc(s, w, mark)
}

// pad makes s exactly w cells, cut or filled up on the right.
func (p *pen) pad(s string, w int) string {
	s = cut(s, w, p.cut)
	if n := w - width(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

// padLeft makes s exactly w cells, filled up on the left.
func (p *pen) padLeft(s string, w int) string {
	s = cut(s, w, p.cut)
	if n := w - width(s); n > 0 {
		return strings.Repeat(" ", n) + s
	}
	return s
}

// between puts left and right at the two ends of w cells; where they do not fit, left is cut.
func (p *pen) between(left, right string, w int) string {
	r := width(right)
	if right == "" {
		return p.pad(left, w)
	}
	if r+8 > w {
		return p.pad(left+" "+right, w)
	}
	return p.pad(left, w-r-1) + " " + right
}

// beside joins two blocks of lines, the left one lw cells wide, with a rule between them.
func (p *pen) beside(left, right []string, lw, rw, h int) []string {
	sep := " | "
	if !p.bare {
		sep = " │ "
	}
	sep = p.paint(dim, sep)
	out := make([]string, h)
	for i := range out {
		out[i] = p.pad(at(left, i), lw) + sep + p.pad(at(right, i), rw)
	}
	return out
}

func at(lines []string, i int) string {
	if i < 0 || i >= len(lines) {
		return ""
	}
	return lines[i]
}

// wrap breaks clean text into lines of w cells at most, at spaces where there are any, else behind a comma outside of brackets: a host's name,
// a range or a path is broken only where it fills a line by itself.
func wrap(s string, w int) []string {
	if w < 1 {
		return nil
	}
	var out []string
	for l := range strings.SplitSeq(s, "\n") {
		out = append(out, wrapLine(l, w)...)
	}
	return out
}

func wrapLine(s string, w int) []string {
	var out []string
	for width(s) > w {
		fits := len(ansi.TruncateWc(s, w, ""))
		end, next := lastBreak(s, fits)
		if end == 0 {
			end, next = fits, fits
		}
		if next == 0 { // not even one cell fits
			break
		}
		out, s = append(out, strings.TrimRight(s[:end], " ")), s[next:]
	}
	return append(out, s)
}

// lastBreak is where the last line ends that fits into n bytes of s, and where the next one begins; 0 = s has no place to break.
func lastBreak(s string, n int) (end, next int) {
	depth, indent := 0, len(s)-len(strings.TrimLeft(s, " "))
	comma := 0
	for i := 0; i < len(s) && i <= n; i++ {
		switch s[i] {
		case ' ':
			if i >= indent && i > 0 {
				end = i
			}
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth == 0 && i < n {
				comma = i + 1
			}
		}
	}
	if comma > end && !strings.HasPrefix(s[comma:], " ") {
		return comma, comma
	}
	return end, len(s) - len(strings.TrimLeft(s[end:], " "))
}

// first is the first line of s that holds anything.
func first(s string) string {
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" {
			return l
		}
	}
	return ""
}
