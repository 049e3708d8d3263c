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
// byte that any of sh, csh, tcsh, fish or zsh gives a meaning to there: sh itself turns it back (printf's %b, POSIX.1). The shell reads no
// standard input, and whoever may list the host's processes can read the script. It fails only for a NUL byte.
func Argv(script string) (string, error) {
	if strings.IndexByte(script, 0) >= 0 {
		return "", ErrNUL
	}
	var b strings.Builder
	b.Grow(len(script) + len(script)/2 + 64)
	b.WriteString(`exec /bin/sh -c 'eval "$(printf %b "`)
	from := 0
	for i := 0; i < len(script); i++ {
		c := script[i]
		if c < ' ' || c > '~' || spoken[c] { // what stands between two of these is copied as one
			b.WriteString(script[from:i])
			b.Write([]byte{'\\', '0', '0' + c>>6, '0' + c>>3&7, '0' + c&7})
			from = i + 1
		}
	}
	b.WriteString(script[from:])
	b.WriteString(`")"'`)
	return b.String(), nil
}

// spoken are the printable bytes that mean something within the quotes that Argv uses: to sh, to csh, or to printf.
var spoken = [256]bool{'\\': true, '\'': true, '"': true, '$': true, '`': true, '!': true}
