package runbooks

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// unquote returns the offset in src of the decoded-th byte of the TOML string that opens at start: escapes are longer in the file
// than in the value, and a newline right after three quotes is in the file only.
func unquote(src string, start, decoded int) int {
	i, basic, many := opening(src, start)
	for n := 0; n < decoded && i < len(src); {
		width, length := 1, 1
		if basic && src[i] == '\\' {
			width, length = escaped(src[i:], many)
		}
		n += length
		if n > decoded {
			return i
		}
		i += width
	}
	return skipContinuation(src, i, basic && many)
}

// opening passes over the quotes that open a string.
func opening(src string, start int) (i int, basic, many bool) {
	s := src[start:]
	basic = strings.HasPrefix(s, `"`)
	if many = strings.HasPrefix(s, `"""`) || strings.HasPrefix(s, `'''`); !many {
		return start + 1, basic, false
	}
	i = start + 3
	switch {
	case strings.HasPrefix(src[i:], "\r\n"):
		i += 2
	case strings.HasPrefix(src[i:], "\n"):
		i++
	}
	return i, basic, true
}

// escaped measures the escape at the head of s: its bytes in the file, and the bytes that it stands for.
func escaped(s string, many bool) (width, length int) {
	if n := continuation(s); many && n > 0 {
		return n, 0
	}
	if len(s) < 2 {
		return len(s), 0
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[1]]
	if digits == 0 || len(s) < 2+digits {
		return 2, 1
	}
	r, err := strconv.ParseUint(s[2:2+digits], 16, 32)
	if err != nil {
		return 2, 1
	}
	return 2 + digits, max(1, utf8.RuneLen(rune(r)))
}

// continuation is the length of a backslash that ends a line, with the white space after it; 0 where s starts with none.
func continuation(s string) int {
	if s == "" || s[0] != '\\' {
		return 0
	}
	rest := s[1:]
	blank := strings.TrimLeft(rest, " \t\r")
	if !strings.HasPrefix(blank, "\n") {
		return 0
	}
	return len(s) - len(strings.TrimLeft(rest, " \t\r\n"))
}

func skipContinuation(src string, i int, on bool) int {
	for on && i < len(src) {
		n := continuation(src[i:])
		if n == 0 {
			break
		}
		i += n
	}
	return i
}

// unquoted is a quoted key as the key that it names; only the escapes that keys have in practice are undone.
func unquoted(s string) string {
	if len(s) < 2 {
		return s
	}
	if s[0] == '"' {
		if u, err := strconv.Unquote(s); err == nil {
			return u
		}
	}
	return s[1 : len(s)-1]
}
