package userland

import (
	"bytes"
	"io"
	"strings"

	"tend/lab/kernel"
	"tend/textdiff"
)

// Paste joins lines of files, or with -s all lines of one.
func Paste(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "sd:", map[string]byte{"serial": 's', "delimiters": 'd'})
	if !ok {
		return t.bad(1)
	}
	delims := "\t"
	if t.has("d") {
		delims, _ = unescape(t.val('d'), false)
	}
	sep := func(i int) string {
		if delims == "" {
			return ""
		}
		return delims[i%len(delims) : i%len(delims)+1]
	}
	var cols [][]string
	t.each(func(name string, r io.Reader) {
		text := strings.TrimSuffix(string(t.slurp(name, r)), "\n")
		cols = append(cols, strings.Split(text, "\n"))
	})
	if t.has("s") {
		for _, lines := range cols {
			for i, l := range lines {
				if i > 0 {
					t.out.WriteString(sep(i - 1))
				}
				t.out.WriteString(l)
			}
			t.out.WriteByte('\n')
		}
		return t.end()
	}
	if len(t.args) == 2 && t.args[0] == "-" && t.args[1] == "-" {
		cols = [][]string{every(cols[0], 2, 0), every(cols[0], 2, 1)}
	}
	for row := 0; ; row++ {
		more := false
		var b strings.Builder
		for c, lines := range cols {
			if c > 0 {
				b.WriteString(sep(c - 1))
			}
			if row < len(lines) {
				more = true
				b.WriteString(lines[row])
			}
		}
		if !more {
			return t.end()
		}
		t.printf("%s\n", b.String())
	}
}

func every(lines []string, n, from int) []string {
	var out []string
	for i := from; i < len(lines); i += n {
		out = append(out, lines[i])
	}
	return out
}

// Comm compares sorted files.
func Comm(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "123", nil)
	if !ok || len(t.args) != 2 {
		return t.bad(1)
	}
	var cols [2][]string
	i := 0
	t.each(func(name string, r io.Reader) {
		text := strings.TrimSuffix(string(t.slurp(name, r)), "\n")
		if text != "" {
			cols[i%2] = strings.Split(text, "\n")
		}
		i++
	})
	a, b := cols[0], cols[1]
	show := func(col byte, line string) {
		if t.has(string(col)) {
			return
		}
		for c := byte('1'); c < col; c++ {
			if !t.has(string(c)) {
				t.out.WriteByte('\t')
			}
		}
		t.printf("%s\n", line)
	}
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			show('1', a[0])
			a = a[1:]
		case len(a) == 0 || b[0] < a[0]:
			show('2', b[0])
			b = b[1:]
		default:
			show('3', a[0])
			a, b = a[1:], b[1:]
		}
	}
	return t.end()
}

// Cmp compares two files; Diff says only whether and where they differ, line by line.
func Cmp(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "sl", map[string]byte{"quiet": 's', "silent": 's'})
	if !ok || len(t.args) != 2 {
		return t.bad(2)
	}
	var data [][]byte
	t.each(func(name string, r io.Reader) { data = append(data, t.slurp(name, r)) })
	if len(data) < 2 {
		return 2
	}
	if bytes.Equal(data[0], data[1]) {
		return 0
	}
	n := 0
	for n < len(data[0]) && n < len(data[1]) && data[0][n] == data[1][n] {
		n++
	}
	if !t.has("s") {
		if n == len(data[0]) || n == len(data[1]) {
			t.fail("EOF on %s after byte %d", t.args[boolInt(n == len(data[1]) && n != len(data[0]))], n)
		} else {
			t.printf("%s %s differ: byte %d, line %d\n", t.args[0], t.args[1], n+1, 1+bytes.Count(data[0][:n], []byte("\n")))
		}
	}
	t.status = 1
	return t.end()
}

// Diff prints a plain or unified difference of two files, by longest common subsequence.
func Diff(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "uqsU:bwNrai", map[string]byte{"unified": 'u', "brief": 'q'})
	if !ok || len(t.args) != 2 {
		return t.bad(2)
	}
	var data [][]string
	t.each(func(name string, r io.Reader) {
		data = append(data, strings.SplitAfter(string(t.slurp(name, r)), "\n"))
	})
	if len(data) < 2 {
		return 2
	}
	a, b := trimLast(data[0]), trimLast(data[1])
	if strings.Join(a, "") == strings.Join(b, "") {
		return t.end()
	}
	t.status = 1
	if t.has("q") {
		t.printf("Files %s and %s differ\n", t.args[0], t.args[1])
		return t.end()
	}
	if t.has("uU") {
		t.printf("--- %s\n+++ %s\n@@ -1,%d +1,%d @@\n", t.args[0], t.args[1], len(a), len(b))
	}
	marks := map[byte]string{'-': "< ", '+': "> ", ' ': ""}
	for _, d := range textdiff.Lines(a, b) {
		line := strings.TrimSuffix(d.Text, "\n")
		if t.has("uU") {
			t.printf("%c%s\n", d.Mark, line)
		} else if d.Mark != ' ' {
			t.printf("%s%s\n", marks[d.Mark], line)
		}
	}
	return t.end()
}

func trimLast(l []string) []string {
	if n := len(l); n > 0 && l[n-1] == "" {
		return l[:n-1]
	}
	return l
}

// Column aligns columns with -t, else copies.
func Column(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "ts:o:nx", map[string]byte{"table": 't', "separator": 's'})
	if !ok {
		return t.bad(1)
	}
	var rows [][]string
	var width []int
	t.each(func(name string, r io.Reader) {
		t.lines(name, r, func(line []byte, _ bool) bool {
			cells := strings.Fields(string(line))
			if s := t.val('s'); s != "" {
				cells = strings.Split(string(line), s)
			}
			if !t.has("t") {
				cells = []string{string(line)}
			}
			for i, c := range cells {
				if i == len(width) {
					width = append(width, 0)
				}
				width[i] = max(width[i], len(c))
			}
			rows = append(rows, cells)
			return true
		})
	})
	for _, cells := range rows {
		for i, c := range cells {
			if i < len(cells)-1 {
				c += strings.Repeat(" ", width[i]-len(c)+2)
			}
			t.out.WriteString(c)
		}
		t.out.WriteByte('\n')
	}
	return t.end()
}

// Rev reverses lines.
func Rev(p *kernel.Proc, args []string) int {
	return mapLines(p, args, func(_ int, s string) string {
		r := []rune(s)
		for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
			r[i], r[j] = r[j], r[i]
		}
		return string(r)
	})
}

func mapLines(p *kernel.Proc, args []string, fn func(n int, s string) string) int {
	t, ok := start(p, args, "ab:", nil)
	if !ok {
		return t.bad(1)
	}
	n := 0
	t.each(func(name string, r io.Reader) {
		t.lines(name, r, func(line []byte, _ bool) bool {
			n++
			t.printf("%s\n", fn(n, string(line)))
			return true
		})
	})
	return t.end()
}
