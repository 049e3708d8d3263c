package main

import (
	"bufio"
	"io"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"golang.org/x/term"

	"tend/quote"
)

// terminal reports whether s is one.
func terminal(s any) bool {
	f, ok := s.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// columns are how wide the terminal is that s writes to; 0 = it is none, or does not tell.
func columns(s any) int {
	f, ok := s.(*os.File)
	if !ok {
		return 0
	}
	cols, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return cols
}

// wide is how wide the terminal is that sees what is printed, through a pager or not; 0 = none does.
func (a *app) wide() int { return max(a.cols, columns(a.out)) }

// table prints a table whose last column holds words. On a terminal of so many columns those that do not fit beside the others stand below them,
// broken at blanks; 0 = a line each, however long.
func table(out io.Writer, cols int, fill func(tw io.Writer)) error {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fill(tw)
	if err := tw.Flush(); err != nil {
		return err
	}
	head, _, _ := strings.Cut(b.String(), "\n")
	last := strings.LastIndexByte(head, ' ') + 1
	for line := range strings.Lines(b.String()) {
		if text := []rune(strings.TrimRight(line, " \n")); cols > 0 && len(text) > cols && len(text) > last {
			words := atBlanks(string(text[last:]), max(cols-4, 1))
			line = strings.TrimRight(string(text[:last]), " ") + "\n    " + strings.Join(words, "\n    ") + "\n"
		}
		if _, err := io.WriteString(out, line); err != nil {
			return err
		}
	}
	return nil
}

// atBlanks breaks a line at its blanks into lines of w characters; a word that is longer stays whole, so that a path can be copied. 0 = no limit.
func atBlanks(s string, w int) []string {
	if w <= 0 {
		return []string{s}
	}
	var out []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > w:
			out, line = append(out, line), word
		default:
			line += " " + word
		}
	}
	return append(out, line)
}

// reflow breaks paragraphs at blanks, before the last column but one of a terminal; 0 = no limit. Lines that begin with a blank, and those of a
// table, stay as they are.
func reflow(text string, cols int) string {
	if cols <= 0 {
		return text
	}
	var b strings.Builder
	col := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == ' ' || line[0] == '|' {
			if col > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(line + "\n")
			col = 0
			continue
		}
		for _, word := range strings.Fields(line) {
			switch n := utf8.RuneCountInString(word); {
			case col == 0:
				col = n
			case col+1+n > cols-2:
				b.WriteByte('\n')
				col = n
			default:
				b.WriteByte(' ')
				col += 1 + n
			}
			b.WriteString(word)
		}
	}
	if col > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}

// readLine reads one line, byte by byte so that nothing behind it is taken from whoever reads next.
func readLine(in io.Reader) (string, error) {
	var b []byte
	one := bufio.NewReaderSize(in, 16)
	if f, ok := in.(*os.File); ok {
		if terminal(f) {
			return brokenOff(f, true, func() {})
		}
		return readFile(f)
	}
	for {
		c, err := one.ReadByte()
		if err != nil || c == '\n' {
			return strings.TrimRight(string(b), "\r"), err
		}
		b = append(b, c)
	}
}

func readFile(f *os.File) (string, error) {
	var b []byte
	var c [1]byte
	for {
		n, err := f.Read(c[:])
		if n == 1 && c[0] != '\n' {
			b = append(b, c[0])
		}
		if n == 1 && c[0] == '\n' || err != nil {
			return strings.TrimRight(string(b), "\r"), err
		}
	}
}

// sorted yields a map in the order of its keys.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

// joinCommand makes the shell text of the words behind "--": one word is shell text already, several are quoted apart.
func joinCommand(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		if strings.ContainsAny(w, " \t\n'\"\\$`|&;<>()*?[]{}~#!") || w == "" {
			if q, err := quote.Word(w); err == nil {
				out[i] = q
			}
		}
	}
	return strings.Join(out, " ")
}
