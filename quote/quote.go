// Package quote answers HOW FOREIGN BYTES CROSS A BORDER: into a shell's words, and onto a terminal.
//
// Its law (law 7 of the house): nothing that a host, a file or a user hands us is ever executed, interpolated or drawn as it
// came. All quoting for shells and all escaping for terminals, log lines and reports is here, and is fuzzed here.
package quote

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNUL says that a value holds a NUL byte, which no POSIX shell variable or argument can carry.
var ErrNUL = errors.New("value holds a NUL byte, which a shell cannot carry")

// Word returns s as one word of POSIX shell: single quotes, so that no byte in between means anything to the shell. The result is
// byte for byte s again in dash, bash and busybox sh, in any locale. It fails only for a NUL byte.
func Word(s string) (string, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return "", ErrNUL
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'", nil
}

// Assign returns "name=word", an assignment for a line of its own. Name must be a shell name: a letter or underscore, then
// letters, digits and underscores.
func Assign(name, value string) (string, error) {
	if !IsName(name) {
		return "", fmt.Errorf("%q is not a shell variable's name", name)
	}
	w, err := Word(value)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return name + "=" + w, nil
}

// IsName reports whether s is a POSIX shell name (XBD 3.231).
func IsName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// Argv returns the command line that makes a host's login shell, whichever it is, run script by /bin/sh. In the line's quotes stands no
// byte that any of sh, csh, tcsh, fish or zsh gives a meaning to there: sh itself turns it back (printf's %b, POSIX.1). The words, each
// as Coded made it, are $1, $2 and so on, and the script turns them back: printf %b "$1". The shell reads no standard input, and whoever
// may list the host's processes can read the script. It fails only for a NUL byte.
func Argv(script string, coded ...string) (string, error) {
	if strings.IndexByte(script, 0) >= 0 {
		return "", ErrNUL
	}
	room := len(script) + len(script)/2 + 64
	for _, w := range coded {
		room += len(w) + 3
	}
	var b strings.Builder
	b.Grow(room)
	b.WriteString(`exec /bin/sh -c 'eval "$(printf %b "`)
	code(&b, script)
	b.WriteString(`")"'`)
	if len(coded) > 0 {
		b.WriteString(" /bin/sh") // what sh is called without words
	}
	for _, w := range coded {
		b.WriteString(" '")
		b.WriteString(w)
		b.WriteByte('\'')
	}
	return b.String(), nil
}

// Coded returns s as printf's %b reads it, of bytes that no login shell gives a meaning to within single quotes. What is long and the same
// for many hosts is coded once. It fails only for a NUL byte.
func Coded(s string) (string, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return "", ErrNUL
	}
	var b strings.Builder
	b.Grow(len(s) + len(s)/2)
	code(&b, s)
	return b.String(), nil
}

// code spells what means something as short as POSIX allows: a backslash, a nought, and two or three octal digits.
func code(b *strings.Builder, s string) {
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c <= '~' && !spoken[c] { // what stands between two of the others is copied as one
			continue
		}
		b.WriteString(s[from:i])
		from = i + 1
		switch digit := from < len(s) && s[from] >= '0' && s[from] <= '7'; {
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < 0o100 && !digit: // a digit that follows would be taken for this one's
			b.Write([]byte{'\\', '0', '0' + c>>3, '0' + c&7})
		default:
			b.Write([]byte{'\\', '0', '0' + c>>6, '0' + c>>3&7, '0' + c&7})
		}
	}
	b.WriteString(s[from:])
}

// spoken are the printable bytes that mean something within the quotes that Argv uses: to sh, to csh, or to printf.
var spoken = [256]bool{'\\': true, '\'': true, '"': true, '$': true, '`': true, '!': true}
