package userland

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// Basename and Dirname cut paths.
func Basename(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "as:z", map[string]byte{"suffix": 's', "multiple": 'a'})
	if !ok || len(t.args) == 0 {
		return t.bad(1)
	}
	names, suffix := t.args, t.val('s')
	if !t.has("as") {
		if len(t.args) > 1 {
			suffix = t.args[1]
		}
		names = names[:1]
	}
	for _, n := range names {
		b := base(strings.TrimRight(n, "/"))
		if n != "" && strings.Trim(n, "/") == "" {
			b = "/"
		}
		if b != suffix {
			b = strings.TrimSuffix(b, suffix)
		}
		t.printf("%s\n", b)
	}
	return t.end()
}

// Dirname prints all but the last component.
func Dirname(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "z", nil)
	if !ok || len(t.args) == 0 {
		return t.bad(1)
	}
	for _, n := range t.args {
		d := strings.TrimRight(n, "/")
		i := strings.LastIndexByte(d, '/')
		switch {
		case d == "" && n != "":
			d = "/"
		case i < 0:
			d = "."
		default:
			if d = strings.TrimRight(d[:i], "/"); d == "" {
				d = "/"
			}
		}
		t.printf("%s\n", d)
	}
	return t.end()
}

// Seq counts.
func Seq(p *kernel.Proc, args []string) int {
	rest, sep, width := args[1:], "\n", false
	for len(rest) > 0 && (rest[0] == "-w" || strings.HasPrefix(rest[0], "-s")) {
		if rest[0] == "-w" {
			width = true
		} else if sep = rest[0][2:]; sep == "" && len(rest) > 1 {
			sep, rest = rest[1], rest[1:]
		}
		rest = rest[1:]
	}
	first, step, last := 1.0, 1.0, 0.0
	var err error
	num := func(s string) float64 {
		f, e := strconv.ParseFloat(s, 64)
		if e != nil {
			err = e
			fmt.Fprintf(p.Stderr(), "seq: invalid floating point argument: '%s'\n", s)
		}
		return f
	}
	switch len(rest) {
	case 1:
		last = num(rest[0])
	case 2:
		first, last = num(rest[0]), num(rest[1])
	case 3:
		first, step, last = num(rest[0]), num(rest[1]), num(rest[2])
	default:
		p.Stderr().Write([]byte("seq: missing operand\n"))
		return 1
	}
	if err != nil || step == 0 {
		return 1
	}
	t, _ := start(p, args[:1], "", nil)
	pad := 0
	if width {
		pad = len(strconv.FormatFloat(last, 'f', -1, 64))
	}
	for i := 0; i < 10_000_000 && !p.Dead(); i++ {
		v := first + float64(i)*step
		if step > 0 && v > last || step < 0 && v < last {
			break
		}
		if i > 0 {
			t.out.WriteString(sep)
		}
		text := strconv.FormatFloat(v, 'f', -1, 64)
		t.out.WriteString(strings.Repeat("0", max(0, pad-len(text))) + text)
	}
	if (step > 0 && first <= last) || (step < 0 && first >= last) {
		t.out.WriteByte('\n')
	}
	return t.end()
}

// Yes repeats itself until nobody reads.
func Yes(p *kernel.Proc, args []string) int {
	text := "y"
	if len(args) > 1 {
		text = strings.Join(args[1:], " ")
	}
	block := []byte(strings.Repeat(text+"\n", 1+4096/(len(text)+1)))
	for {
		if _, err := p.Stdout().Write(block); err != nil {
			return 1
		}
	}
}

// Sum prints checksums, or checks them with -c; the algorithm is in the command's name.
func Sum(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "cbtqsw", map[string]byte{"check": 'c', "quiet": 'q', "status": 's', "binary": 'b', "text": 't', "warn": 'w', "ignore-missing": 'w', "strict": 'w'})
	if !ok {
		return t.bad(1)
	}
	if t.has("c") {
		return t.checkSums()
	}
	t.each(func(name string, r io.Reader) {
		if d, ok := t.digest(name, r); ok {
			t.printf("%s  %s\n", d, name)
		}
	})
	return t.end()
}

func (t *tool) digest(name string, r io.Reader) (string, bool) {
	var h hash.Hash
	switch t.name {
	case "md5sum":
		h = md5.New()
	case "sha1sum":
		h = sha1.New()
	case "sha512sum":
		h = sha512.New()
	default:
		h = sha256.New()
	}
	if _, err := io.Copy(h, r); err != nil {
		t.fail("%s: %s", name, errText(err))
		return "", false
	}
	return hex.EncodeToString(h.Sum(nil)), true
}

func (t *tool) checkSums() int {
	bad, missing := 0, 0
	t.each(func(name string, r io.Reader) {
		t.lines(name, r, func(line []byte, _ bool) bool {
			sum, file, ok := strings.Cut(string(line), " ")
			file = strings.TrimLeft(file, " *")
			if !ok || file == "" {
				return true
			}
			in, ok := t.open(file)
			if !ok {
				missing++
				t.printf("%s: FAILED open or read\n", file)
				return true
			}
			got, _ := t.digest(file, in)
			if f, ok := in.(fileReader); ok {
				f.f.Close()
			}
			if got != strings.ToLower(sum) {
				bad++
				if !t.has("s") {
					t.printf("%s: FAILED\n", file)
				}
			} else if !t.has("qs") {
				t.printf("%s: OK\n", file)
			}
			return true
		})
	})
	if missing > 0 {
		t.fail("WARNING: %d listed file could not be read", missing)
	}
	if bad > 0 {
		if t.status = 1; !t.has("s") {
			t.fail("WARNING: %d computed checksum did NOT match", bad)
		}
	}
	return t.end()
}

// Base64 encodes, or decodes with -d.
func Base64(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "dDiw:", map[string]byte{"decode": 'd', "wrap": 'w', "ignore-garbage": 'i'})
	if !ok {
		return t.bad(1)
	}
	wrap := 76
	if v := t.val('w'); v != "" {
		wrap, _ = strconv.Atoi(v)
	}
	t.each(func(name string, r io.Reader) {
		b := t.slurp(name, r)
		if t.has("dD") {
			out, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(b)), ""))
			t.out.Write(out)
			if err != nil {
				t.fail("invalid input")
			}
			return
		}
		text := base64.StdEncoding.EncodeToString(b)
		for wrap > 0 && len(text) > wrap {
			t.printf("%s\n", text[:wrap])
			text = text[wrap:]
		}
		t.out.WriteString(text)
		if wrap > 0 && text != "" {
			t.out.WriteByte('\n')
		}
	})
	return t.end()
}

// Od dumps bytes: -A n|o|x|d, -t x1|o1|u1|c, -N count, -v.
func Od(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "A:t:N:vbcxj:w:", map[string]byte{"address-radix": 'A', "format": 't', "read-bytes": 'N'})
	if !ok {
		return t.bad(1)
	}
	format := t.val('t')
	if t.has("c") {
		format = "c"
	}
	var data []byte
	limit := int64(16 << 20)
	if v := t.val('N'); v != "" {
		limit, _ = amount(v)
	}
	t.each(func(name string, r io.Reader) {
		data = append(data, t.slurp(name, io.LimitReader(r, limit-int64(len(data))))...)
	})
	addr := func(n int) string {
		switch t.val('A') {
		case "n":
			return ""
		case "x":
			return fmt.Sprintf("%06x", n)
		case "d":
			return fmt.Sprintf("%07d", n)
		}
		return fmt.Sprintf("%07o", n)
	}
	for i := 0; i < len(data); i += 16 {
		t.out.WriteString(addr(i))
		for _, c := range data[i:min(i+16, len(data))] {
			t.out.WriteString(odByte(format, c))
		}
		t.out.WriteByte('\n')
	}
	if a := addr(len(data)); a != "" {
		t.printf("%s\n", a)
	}
	return t.end()
}

func odByte(format string, c byte) string {
	switch {
	case strings.HasPrefix(format, "x"):
		return fmt.Sprintf(" %02x", c)
	case strings.HasPrefix(format, "u"), strings.HasPrefix(format, "d"):
		return fmt.Sprintf(" %3d", c)
	case strings.HasPrefix(format, "c"):
		if k := strings.IndexByte("\x00\a\b\f\n\r\t\v", c); k >= 0 {
			return "  \\" + string("0abfnrtv"[k])
		}
		if c >= ' ' && c < 127 {
			return "   " + string(c)
		}
	}
	return fmt.Sprintf(" %03o", c)
}

// Which prints where commands are.
func Which(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "as", nil)
	if !ok {
		return t.bad(1)
	}
	for _, name := range t.args {
		path, err := p.Find(name)
		if err != nil {
			t.status = 1
			continue
		}
		t.printf("%s\n", path)
	}
	return t.end()
}

// Truncate sets a file's length.
func Truncate(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "s:c", map[string]byte{"size": 's'})
	if !ok {
		return t.bad(1)
	}
	n, ok := amount(t.val('s'))
	if !ok || n < 0 || n > 64<<20 {
		t.fail("Invalid number: '%s'", t.val('s'))
		return 1
	}
	for _, path := range t.args {
		old, _ := p.Sys.FS.ReadFile(p.Cred, p.Cwd, path)
		f, err := p.Open(path, vfs.Write|vfs.Create|vfs.Trunc, 0o666)
		if err == nil {
			old = append(old, make([]byte, max(0, n-int64(len(old))))...)
			_, err = f.Write(p, old[:n])
		}
		if err != nil {
			t.fail("cannot open '%s' for writing: %s", path, errText(err))
		}
	}
	return t.end()
}

// TTYName prints the terminal's name.
func TTYName(p *kernel.Proc, args []string) int {
	if !p.IsTTY(0) {
		fmt.Fprintln(p.Stdout(), "not a tty")
		return 1
	}
	fmt.Fprintln(p.Stdout(), "/dev/"+p.TTY().Name)
	return 0
}

// Stty sets the modes of the terminal that is its standard input: raw, cooked, sane, echo and their opposites.
func Stty(p *kernel.Proc, args []string) int {
	if !p.IsTTY(0) {
		fmt.Fprintln(p.Stderr(), "stty: 'standard input': Inappropriate ioctl for device")
		return 1
	}
	raw, echo := p.TTY().Modes()
	for _, a := range args[1:] {
		switch a {
		case "raw", "-cooked":
			raw = true
		case "-raw", "cooked":
			raw = false
		case "sane":
			raw, echo = false, true
		case "echo", "-echo":
			echo = a == "echo"
		default:
			fmt.Fprintf(p.Stderr(), "stty: invalid argument '%s'\n", a)
			return 1
		}
	}
	if !p.TTY().Mode(raw, echo) {
		fmt.Fprintln(p.Stderr(), "stty: 'standard input': unable to perform all requested operations")
		return 1
	}
	return 0
}

func sprint(n int64) string { return strconv.FormatInt(n, 10) }
