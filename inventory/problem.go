package inventory

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one thing that is wrong with an inventory, where it stands, and what to do about it.
type Problem struct {
	File string
	// Line and Col count from 1, Col in characters; both are 0 where the problem is the file itself.
	Line, Col int
	Msg, Hint string
	cause     error
}

// Error gives "file:line:col: msg", without the hint.
func (p Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Msg
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Msg)
}

// Unwrap gives the error beneath, if there is one, such as fs.ErrNotExist.
func (p Problem) Unwrap() error { return p.cause }

// Problems is everything that is wrong with an inventory, in the order of the file. It is the only error of Parse and Load.
type Problems []Problem

// shownProblems is how many problems Error writes out.
const shownProblems = 100

// Error gives one line a problem, its hint on the line below.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps {
		if i == shownProblems {
			fmt.Fprintf(&b, "\n… and %d more", len(ps)-i)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.Error())
		if p.Hint != "" {
			b.WriteString("\n  " + p.Hint)
		}
	}
	return b.String()
}

// Unwrap gives each problem as an error, for errors.Is and errors.As.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// source is a text with a name, which turns byte offsets into lines and columns.
type source struct {
	path  string
	text  string
	lines []int32 // where each line begins
}

func newSource(path, text string) *source {
	src := &source{path: path, text: text, lines: make([]int32, 1, 64+len(text)/24)}
	for i := 0; ; {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			return src
		}
		i += n + 1
		src.lines = append(src.lines, int32(i))
	}
}

// line returns the line, counted from 1, in which the byte stands.
func (src *source) line(at int32) int {
	n, exact := slices.BinarySearch(src.lines, at)
	if exact {
		n++
	}
	return n
}

// position returns line and column, both counted from 1, the column in characters.
func (src *source) position(at int32) (line, col int) {
	line = src.line(at)
	start := src.lines[line-1]
	return line, utf8.RuneCountInString(src.text[start:at]) + 1
}

// inside returns the byte offset of a string's i-th byte. Where escapes make that a guess, it is the string's own.
func (src *source) inside(n *node, i int) int32 {
	from := int(n.at) + 1
	if i >= 0 && i <= len(n.text) && strings.HasPrefix(src.text[from:], n.text) {
		return int32(from + i)
	}
	return n.at
}
