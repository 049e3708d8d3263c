package inventory

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// stringValue reads any of the four sorts of string.
func (r *tomlReader) stringValue() (string, *syntaxError) {
	switch {
	case strings.HasPrefix(r.s[r.i:], `"""`):
		return r.multiLine('"')
	case strings.HasPrefix(r.s[r.i:], `'''`):
		return r.multiLine('\'')
	case r.s[r.i] == '"':
		return r.basicString()
	}
	return r.literalString()
}

// literalString reads 'text'.
func (r *tomlReader) literalString() (string, *syntaxError) {
	start := r.i
	for r.i++; r.i < len(r.s); r.i++ {
		c := r.s[r.i]
		if c == '\'' {
			r.i++
			return r.s[start+1 : r.i-1], nil
		}
		if isControl(c) {
			break
		}
	}
	return "", r.unclosed(start)
}

// basicString reads "text" with its escapes.
func (r *tomlReader) basicString() (string, *syntaxError) {
	start := r.i
	var b []byte // stays nil as long as there was no escape
	for r.i++; r.i < len(r.s); {
		c := r.s[r.i]
		switch {
		case c == '"':
			r.i++
			if b == nil {
				return r.s[start+1 : r.i-1], nil
			}
			return string(b), nil
		case c == '\\':
			if b == nil {
				b = append(make([]byte, 0, 64), r.s[start+1:r.i]...)
			}
			var err *syntaxError
			if b, err = r.escape(b); err != nil {
				return "", err
			}
		case isControl(c):
			return "", r.unclosed(start)
		default:
			if b != nil {
				b = append(b, c)
			}
			r.i++
		}
	}
	return "", r.unclosed(start)
}

// unclosed is the error of a one-line string that began at start and stops at r.i.
func (r *tomlReader) unclosed(start int) *syntaxError {
	if r.i < len(r.s) && r.s[r.i] != '\n' && r.s[r.i] != '\r' {
		return r.fail(r.i, "", "control character %#02x in a string", r.s[r.i])
	}
	return r.fail(start, "close it on the same line with "+r.s[start:start+1], "this string is never closed")
}

// escapes of one letter: TOML 1.1, "String".
var escapes = map[byte]byte{'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r', 'e': 0x1b, '"': '"', '\\': '\\'}

// escape reads the escape at r.i and appends what it means.
func (r *tomlReader) escape(b []byte) ([]byte, *syntaxError) {
	at := r.i
	r.i++
	c := r.peek()
	r.i++
	if v, ok := escapes[c]; ok {
		return append(b, v), nil
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if digits == 0 {
		return nil, r.fail(at, `write a backslash as \\, or the string in 'single quotes'`, "unknown escape in a string")
	}
	if r.i+digits > len(r.s) {
		return nil, r.fail(at, "", "\\%c needs %d hexadecimal digits", c, digits)
	}
	v, err := strconv.ParseUint(r.s[r.i:r.i+digits], 16, 32)
	if err != nil {
		return nil, r.fail(at, "", "\\%c needs %d hexadecimal digits", c, digits)
	}
	if v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return nil, r.fail(at, "", "there is no character U+%04X", v)
	}
	r.i += digits
	return utf8.AppendRune(b, rune(v)), nil
}

// multiLine reads a string in three quotes of the given sort. A line end right after the opening quotes does not count.
func (r *tomlReader) multiLine(quote byte) (string, *syntaxError) {
	start := r.i
	r.i += 3
	r.newline()
	var b []byte
	for r.i < len(r.s) {
		c := r.s[r.i]
		switch {
		case c == quote:
			n := 1
			for r.i+n < len(r.s) && r.s[r.i+n] == quote && n < 5 {
				n++
			}
			r.i += n
			if n >= 3 { // up to two quotes may stand before the closing three
				return string(append(b, r.s[r.i-n:r.i-3]...)), nil
			}
			b = append(b, r.s[r.i-n:r.i]...)
		case c == '\\' && quote == '"':
			var err *syntaxError
			if b, err = r.multiLineEscape(b); err != nil {
				return "", err
			}
		case c == '\n' || strings.HasPrefix(r.s[r.i:], "\r\n"):
			r.newline()
			b = append(b, '\n')
		case isControl(c):
			return "", r.fail(r.i, "", "control character %#02x in a string", c)
		default:
			b = append(b, c)
			r.i++
		}
	}
	return "", r.fail(start, "", "this string is never closed")
}

// multiLineEscape is escape, plus the backslash at a line's end that swallows the blanks and line ends after it.
func (r *tomlReader) multiLineEscape(b []byte) ([]byte, *syntaxError) {
	back := r.i
	r.i++
	r.skipBlanks()
	if !r.newline() {
		r.i = back
		return r.escape(b)
	}
	for {
		r.skipBlanks()
		if !r.newline() {
			return b, nil
		}
	}
}
