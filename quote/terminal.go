package quote

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns s fit for one line of a terminal, a log or a report: every rune outside the allow-list is written visibly, so that
// no escape sequence, carriage return, bidi control or zero-width rune acts on the screen. Newlines are escaped too; tabs become
// one space each. Printable ASCII passes without a copy.
func Line(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x` + hex2(s[i]))
		case r == '\t':
			b.WriteByte(' ')
		case Shown(r):
			b.WriteString(s[i : i+n])
		default:
			b.WriteString(escape(r))
		}
		i += n
	}
	return b.String()
}

// Text is Line for several lines: newlines stay, and "\r\n" counts as one newline.
func Text(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = Line(l)
	}
	return strings.Join(lines, "\n")
}

// ASCII is Line with every rune above 0x7e written as an escape as well, for terminals that draw no more.
func ASCII(s string) string {
	s = Line(s)
	if plain(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r < 0x7f {
			b.WriteRune(r)
		} else {
			b.WriteString(escape(r))
		}
	}
	return b.String()
}

// Shown reports whether r may reach a terminal as it is: printable, visible, of the reading direction of its neighbours, and not
// able to join or hide them. Source of the classes: Unicode's general categories; combining marks stay, since languages need them.
func Shown(r rune) bool {
	switch {
	case r < 0x20 || r >= 0x7f && r < 0xa0:
		return false
	case r < 0x7f:
		return true
	case unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp):
		return false
	case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return false
	}
	return unicode.IsPrint(r) || r == 0xa0
}

func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

func escape(r rune) string {
	switch {
	case r == '\r':
		return `\r`
	case r == '\n':
		return `\n`
	case r < 0x100:
		return `\x` + hex2(byte(r))
	default:
		return `\u{` + strconv.FormatInt(int64(r), 16) + `}`
	}
}

func hex2(b byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[b>>4], digits[b&15]})
}
