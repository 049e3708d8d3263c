package userland

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// Cat copies files as they come, a chunk at a time.
func Cat(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "nAvetTsEbu", map[string]byte{"number": 'n', "show-all": 'A'})
	if !ok {
		return t.bad(1)
	}
	number, visible := t.has("nb"), t.has("Avet")
	count := 0
	t.each(func(name string, r io.Reader) {
		if number || visible {
			t.lines(name, r, func(line []byte, nl bool) bool {
				if count++; number {
					t.printf("%6d\t", count)
				}
				if visible {
					line = caret(line, t.has("Ae"))
				}
				t.out.Write(line)
				if nl {
					t.out.WriteByte('\n')
				}
				return true
			})
			return
		}
		t.copy(name, r)
	})
	return t.end()
}

// copy moves bytes without holding them back, so that a follower sees them at once.
func (t *tool) copy(name string, r io.Reader) {
	buf := make([]byte, 32<<10)
	for !t.p.Dead() {
		n, err := r.Read(buf)
		if n > 0 {
			if _, werr := t.p.Stdout().Write(buf[:n]); werr != nil {
				if !t.p.Dead() {
					t.fail("write error: %s", errText(werr))
				}
				return
			}
		}
		if err != nil {
			if err != io.EOF && !t.p.Dead() {
				t.fail("%s: %s", name, errText(err))
			}
			return
		}
	}
}

// caret is cat -v, with $ at the end of lines for -e.
func caret(line []byte, dollar bool) []byte {
	var b bytes.Buffer
	for _, c := range line {
		if c >= 128 {
			b.WriteString("M-")
			c -= 128
		}
		switch {
		case c == '\t':
			b.WriteByte(c)
		case c < 32:
			b.WriteByte('^')
			b.WriteByte(c + 64)
		case c == 127:
			b.WriteString("^?")
		default:
			b.WriteByte(c)
		}
	}
	if dollar {
		b.WriteByte('$')
	}
	return b.Bytes()
}

// Tee copies standard input to its output and to files.
func Tee(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "ai", map[string]byte{"append": 'a'})
	if !ok {
		return t.bad(1)
	}
	flags := vfs.Write | vfs.Create | vfs.Trunc
	if t.has("a") {
		flags = vfs.Write | vfs.Create | vfs.Append
	}
	var files []kernel.File
	for _, name := range t.args {
		f, err := p.Open(name, flags, 0o666)
		if err != nil {
			t.fail("%s: %s", name, errText(err))
			continue
		}
		defer f.Close()
		files = append(files, f)
	}
	buf := make([]byte, 16<<10)
	for {
		n, err := p.Read(0, buf)
		if n == 0 || err != nil {
			return t.end()
		}
		p.Stdout().Write(buf[:n])
		for _, f := range files {
			if _, err := f.Write(p, buf[:n]); err != nil {
				t.fail("%s", errText(err))
			}
		}
	}
}

// Wc counts lines, words and bytes.
func Wc(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "lwcmL", map[string]byte{"lines": 'l', "words": 'w', "bytes": 'c', "chars": 'm'})
	if !ok {
		return t.bad(1)
	}
	var sum [3]int
	show := func(n [3]int, name string) {
		var cols []string
		for i, letters := range []string{"l", "w", "cm"} {
			if t.has(letters) || !t.has("lwcmL") {
				cols = append(cols, strconv.Itoa(n[i]))
			}
		}
		if len(cols) > 1 || len(t.args) > 1 {
			for i := range cols {
				cols[i] = strings.Repeat(" ", max(0, 7-len(cols[i]))) + cols[i]
			}
		}
		if name != "" {
			cols = append(cols, name)
		}
		t.printf("%s\n", strings.Join(cols, " "))
	}
	t.each(func(name string, r io.Reader) {
		n := count(r)
		for i := range n {
			sum[i] += n[i]
		}
		if len(t.args) == 0 {
			name = ""
		}
		show(n, name)
	})
	if len(t.args) > 1 {
		show(sum, "total")
	}
	return t.end()
}

func count(r io.Reader) (n [3]int) {
	buf := make([]byte, 16<<10)
	word := false
	for {
		k, err := r.Read(buf)
		for _, c := range buf[:k] {
			if c == '\n' {
				n[0]++
			}
			space := c == ' ' || c >= '\t' && c <= '\r'
			if !space && !word {
				n[1]++
			}
			word = !space
		}
		n[2] += k
		if err != nil {
			return n
		}
	}
}

// Cut selects bytes, characters or fields of each line.
func Cut(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "b:c:f:d:sn", map[string]byte{"bytes": 'b', "characters": 'c', "fields": 'f', "delimiter": 'd', "only-delimited": 's'})
	if !ok {
		return t.bad(1)
	}
	how := t.last("bcf")
	if how == 0 {
		t.fail("you must specify a list of bytes, characters, or fields")
		return t.bad(1)
	}
	want, ok := ranges(t.val(how))
	if !ok {
		t.fail("invalid byte, character or field list")
		return t.bad(1)
	}
	delim := byte('\t')
	if d := t.val('d'); d != "" {
		delim = d[0]
	}
	t.each(func(name string, r io.Reader) {
		t.lines(name, r, func(line []byte, _ bool) bool {
			if how == 'f' {
				if bytes.IndexByte(line, delim) < 0 {
					if !t.has("s") {
						t.out.Write(line)
						t.out.WriteByte('\n')
					}
					return true
				}
				t.cutFields(line, delim, want)
				return true
			}
			for i, c := range line {
				if want(i + 1) {
					t.out.WriteByte(c)
				}
			}
			t.out.WriteByte('\n')
			return true
		})
	})
	return t.end()
}

func (t *tool) cutFields(line []byte, delim byte, want func(int) bool) {
	first := true
	for i, f := range bytes.Split(line, []byte{delim}) {
		if !want(i + 1) {
			continue
		}
		if !first {
			t.out.WriteByte(delim)
		}
		first = false
		t.out.Write(f)
	}
	t.out.WriteByte('\n')
}

// ranges parses "1,3-5,7-".
func ranges(list string) (func(int) bool, bool) {
	type span struct{ lo, hi int }
	var spans []span
	for _, item := range strings.Split(list, ",") {
		lo, hi, dash := strings.Cut(item, "-")
		a, errA := strconv.Atoi(lo)
		if lo == "" && dash {
			a, errA = 1, nil
		}
		b, errB := strconv.Atoi(hi)
		if !dash {
			b, errB = a, nil
		} else if hi == "" {
			b, errB = 1<<30, nil
		}
		if errA != nil || errB != nil || a < 1 || b < a {
			return nil, false
		}
		spans = append(spans, span{a, b})
	}
	return func(n int) bool {
		for _, s := range spans {
			if n >= s.lo && n <= s.hi {
				return true
			}
		}
		return false
	}, true
}
