package userland

import (
	"io"
	"strconv"
	"strings"
	"time"

	"tend/lab/kernel"
)

// oldStyle turns "-5" into "-n5", as head and tail still take it.
func oldStyle(args []string) []string {
	if len(args) > 1 && len(args[1]) > 1 && args[1][0] == '-' && args[1][1] >= '0' && args[1][1] <= '9' {
		return append([]string{args[0], "-n" + args[1][1:]}, args[2:]...)
	}
	return args
}

// amount reads a count with an optional suffix.
func amount(s string) (int64, bool) {
	mult := int64(1)
	if n := len(s); n > 0 {
		switch s[n-1] {
		case 'k', 'K':
			mult, s = 1<<10, s[:n-1]
		case 'm', 'M':
			mult, s = 1<<20, s[:n-1]
		case 'b':
			mult, s = 512, s[:n-1]
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n * mult, err == nil
}

var headTailLong = map[string]byte{"lines": 'n', "bytes": 'c', "quiet": 'q', "silent": 'q', "verbose": 'v', "follow": 'f', "sleep-interval": 's', "pid": 'P', "retry": 'R'}

// Head prints the first lines or bytes; it reads no more than it needs.
func Head(p *kernel.Proc, args []string) int {
	t, ok := start(p, oldStyle(args), "n:c:qv", headTailLong)
	if !ok {
		return t.bad(1)
	}
	how, n := t.last("nc"), int64(10)
	if how != 0 {
		if n, ok = amount(t.val(how)); !ok {
			t.fail("invalid number of lines: '%s'", t.val(how))
			return t.end()
		}
	}
	i := 0
	t.each(func(name string, r io.Reader) {
		t.title(name, i)
		i++
		switch {
		case n < 0:
			t.headBut(name, r, how, -n)
		case how == 'c':
			t.headBytes(r, n)
		default:
			left := n
			if left > 0 {
				t.lines(name, r, func(line []byte, nl bool) bool {
					t.out.Write(line)
					if nl {
						t.out.WriteByte('\n')
					}
					left--
					return left > 0
				})
			}
		}
	})
	return t.end()
}

func (t *tool) headBytes(r io.Reader, n int64) {
	buf := make([]byte, 32<<10)
	for n > 0 {
		k, err := r.Read(buf[:min(int64(len(buf)), n)])
		t.out.Write(buf[:k])
		n -= int64(k)
		if err != nil {
			return
		}
	}
}

func (t *tool) headBut(name string, r io.Reader, how byte, n int64) {
	b := t.slurp(name, r)
	if how == 'c' {
		t.out.Write(b[:max(0, int64(len(b))-n)])
		return
	}
	lines := strings.SplitAfter(string(b), "\n")
	if len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	for _, l := range lines[:max(0, int64(len(lines))-n)] {
		t.out.WriteString(l)
	}
}

func (t *tool) title(name string, i int) {
	if (len(t.args) > 1 || t.has("v")) && !t.has("q") {
		if i > 0 {
			t.out.WriteByte('\n')
		}
		if name == "-" {
			name = "standard input"
		}
		t.printf("==> %s <==\n", name)
	}
}

// Tail prints the last lines or bytes, or from the Nth on (+N), and follows (-f).
func Tail(p *kernel.Proc, args []string) int {
	t, ok := start(p, oldStyle(args), "n:c:qvfFs:P:R", headTailLong)
	if !ok {
		return t.bad(1)
	}
	how, val := t.last("nc"), "10"
	if how != 0 {
		val = t.val(how)
	}
	from := strings.HasPrefix(val, "+")
	n, ok := amount(strings.TrimLeft(val, "+-"))
	if !ok {
		t.fail("invalid number of lines: '%s'", val)
		return t.end()
	}
	i := 0
	t.each(func(name string, r io.Reader) {
		t.title(name, i)
		i++
		t.tailOne(name, r, how == 'c', from, n)
		if t.has("fF") && i == max(1, len(t.args)) {
			t.follow(r)
		}
	})
	return t.end()
}

func (t *tool) tailOne(name string, r io.Reader, bytes, from bool, n int64) {
	if f := t.seekable(r, bytes, from, n); f {
		t.copyOut(r)
		return
	}
	b := t.slurp(name, r)
	start := int64(0)
	switch {
	case bytes && from:
		start = max(n-1, 0)
	case bytes:
		start = int64(len(b)) - n
	case from:
		for k := int64(1); k < n && start < int64(len(b)); k++ {
			j := strings.IndexByte(string(b[start:]), '\n')
			if j < 0 {
				start = int64(len(b))
				break
			}
			start += int64(j) + 1
		}
	default:
		start = lastLines(b, n)
	}
	t.out.Write(b[min(max(start, 0), int64(len(b))):])
}

func lastLines(b []byte, n int64) int64 {
	if n == 0 {
		return int64(len(b))
	}
	i := len(b)
	if i > 0 && b[i-1] == '\n' {
		i--
	}
	for ; i > 0; i-- {
		if b[i-1] == '\n' {
			if n--; n == 0 {
				return int64(i)
			}
		}
	}
	return 0
}

// seekable moves a regular file to where "tail -c +N" or "-c N" starts, so that a long file is not read for it.
func (t *tool) seekable(r io.Reader, bytes, from bool, n int64) bool {
	fr, ok := r.(fileReader)
	if !ok || !bytes {
		return false
	}
	d, ok := fr.f.(interface {
		SeekTo(int64)
		Size() int64
	})
	if !ok {
		return false
	}
	if from {
		d.SeekTo(max(n-1, 0))
	} else {
		d.SeekTo(max(d.Size()-n, 0))
	}
	return true
}

func (t *tool) copyOut(r io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if _, werr := t.out.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}

// follow prints what is appended until the process ends or nobody reads.
func (t *tool) follow(r io.Reader) {
	if t.out.Flush() != nil {
		return
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if _, werr := t.p.Stdout().Write(buf[:n]); werr != nil {
				return
			}
			continue
		}
		if err != nil && err != io.EOF || !t.p.Sleep(time.Second) {
			return
		}
	}
}
