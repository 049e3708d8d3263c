package userland

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"tend/lab/kernel"
)

// Echo is /bin/echo: -n, -e and -E are options.
func Echo(p *kernel.Proc, args []string) int { return EchoWith(p, args, false) }

// EchoWith is echo for a shell; where escapes is set, backslashes are read and only -n is an option, as in dash.
func EchoWith(p *kernel.Proc, args []string, escapes bool) int {
	rest, newline := args[1:], true
	for len(rest) > 0 && len(rest[0]) > 1 && rest[0][0] == '-' {
		if escapes && rest[0] != "-n" || strings.Trim(rest[0][1:], "neE") != "" {
			break
		}
		for _, c := range rest[0][1:] {
			switch c {
			case 'n':
				newline = false
			case 'e':
				escapes = true
			case 'E':
				escapes = false
			}
		}
		rest = rest[1:]
	}
	text := strings.Join(rest, " ")
	if escapes && strings.Contains(text, `\`) {
		var stop bool
		text, stop = unescape(text, true)
		newline = newline && !stop
	}
	if newline {
		text += "\n"
	}
	if text == "" {
		return 0
	}
	if _, err := p.Stdout().Write([]byte(text)); err != nil {
		if !p.Dead() {
			p.Stderr().Write([]byte("echo: write error: " + errText(err) + "\n"))
		}
		return 1
	}
	return 0
}

// unescape reads backslash escapes; zero says that octal is \0nnn (echo, %b) and not \nnn (printf's format). stop is \c.
func unescape(s string, zero bool) (out string, stop bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if k := strings.IndexByte(`abfnrtv\e`, s[i]); k >= 0 {
			b.WriteByte("\a\b\f\n\r\t\v\\\x1b"[k])
			continue
		}
		switch {
		case s[i] == 'c':
			return b.String(), true
		case s[i] == 'x':
			n := digits(s[i+1:], 2, 16)
			v, err := strconv.ParseUint(s[i+1:i+1+n], 16, 8)
			if err != nil {
				b.WriteString(`\x`)
				continue
			}
			b.WriteByte(byte(v))
			i += n
		case s[i] == '0' && zero:
			n := digits(s[i+1:], 3, 8)
			v, _ := strconv.ParseUint("0"+s[i+1:i+1+n], 8, 16)
			b.WriteByte(byte(v))
			i += n
		case s[i] >= '0' && s[i] <= '7':
			n := digits(s[i:], 3, 8)
			v, _ := strconv.ParseUint(s[i:i+n], 8, 16)
			b.WriteByte(byte(v))
			i += n - 1
		case (s[i] == '"' || s[i] == '\'') && !zero:
			b.WriteByte(s[i])
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String(), false
}

func digits(s string, limit, base int) int {
	n := 0
	for n < limit && n < len(s) {
		c := s[n] | 0x20
		if !(s[n] >= '0' && s[n] <= '7' || base == 16 && (s[n] == '8' || s[n] == '9' || c >= 'a' && c <= 'f')) {
			break
		}
		n++
	}
	return n
}

// Printf is printf(1): the format is used again while arguments are left.
func Printf(p *kernel.Proc, args []string) int {
	rest := args[1:]
	if len(rest) > 0 && rest[0] == "--" {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		p.Stderr().Write([]byte("printf: usage: printf format [arg ...]\n"))
		return 2
	}
	f := &formatter{p: p, args: rest[1:]}
	for {
		before := len(f.args)
		f.run(rest[0])
		if f.stop || len(f.args) == 0 || len(f.args) == before {
			break
		}
	}
	if _, err := p.Stdout().Write([]byte(f.b.String())); err != nil && f.b.Len() > 0 {
		if !p.Dead() {
			p.Stderr().Write([]byte("printf: write error: " + errText(err) + "\n"))
		}
		return 1
	}
	return f.status
}

type formatter struct {
	p      *kernel.Proc
	b      strings.Builder
	args   []string
	stop   bool
	status int
}

func (f *formatter) next() (string, bool) {
	if len(f.args) == 0 {
		return "", false
	}
	a := f.args[0]
	f.args = f.args[1:]
	return a, true
}

func (f *formatter) run(format string) {
	for i := 0; i < len(format) && !f.stop; {
		j := strings.IndexByte(format[i:], '%')
		if j < 0 {
			j = len(format) - i
		}
		text, stop := unescape(format[i:i+j], false)
		f.b.WriteString(text)
		if f.stop = stop; stop {
			return
		}
		if i += j; i < len(format) {
			i = f.directive(format, i+1)
		}
	}
}

// directive formats the conversion whose % stands before i and returns the index after it.
func (f *formatter) directive(format string, i int) int {
	begin := i
	for i < len(format) && strings.IndexByte("-+ #0", format[i]) >= 0 {
		i++
	}
	flags := format[begin:i]
	width, i := f.size(format, i)
	prec := -1
	if i < len(format) && format[i] == '.' {
		prec, i = f.size(format, i+1)
		prec = max(prec, 0)
	}
	for i < len(format) && strings.IndexByte("hlLjzt", format[i]) >= 0 {
		i++
	}
	if i >= len(format) {
		f.b.WriteString("%" + format[begin:])
		return i
	}
	if width < -1 {
		flags, width = flags+"-", -width
	}
	f.convert(format[i], flags, width, prec)
	return i + 1
}

func (f *formatter) size(format string, i int) (int, int) {
	if i < len(format) && format[i] == '*' {
		a, _ := f.next()
		n, _ := strconv.Atoi(a)
		return max(min(n, 1<<16), -1<<16), i + 1
	}
	begin := i
	for i < len(format) && format[i] >= '0' && format[i] <= '9' {
		i++
	}
	if begin == i {
		return -1, i
	}
	n, _ := strconv.Atoi(format[begin:i])
	return min(n, 1<<16), i
}

func (f *formatter) convert(c byte, flags string, width, prec int) {
	text := ""
	switch c {
	case '%':
		f.b.WriteByte('%')
		return
	case 's':
		text, _ = f.next()
		text = cutBytes(text, prec)
	case 'b':
		a, _ := f.next()
		text, f.stop = unescape(a, true)
		text = cutBytes(text, prec)
	case 'c':
		a, _ := f.next()
		_, n := utf8.DecodeRuneInString(a)
		text = a[:min(n, 1)]
	case 'q':
		a, _ := f.next()
		text = shellQuote(a)
	case 'd', 'i':
		n := f.integer()
		text = sign(strconv.FormatInt(n, 10), flags, prec)
	case 'u', 'o', 'x', 'X':
		n := uint64(f.integer())
		base := map[byte]int{'u': 10, 'o': 8, 'x': 16, 'X': 16}[c]
		text = strconv.FormatUint(n, base)
		if strings.Contains(flags, "#") && n != 0 {
			text = map[byte]string{'o': "0", 'x': "0x", 'X': "0x"}[c] + text
		}
		if c == 'X' {
			text = strings.ToUpper(text)
		}
		text = sign(text, "", prec)
	case 'f', 'F', 'e', 'E', 'g', 'G':
		a, _ := f.next()
		n, err := strconv.ParseFloat(strings.TrimSpace(a), 64)
		if err != nil && a != "" {
			f.number(a)
		}
		if prec < 0 {
			prec = 6
		}
		text = sign(strconv.FormatFloat(n, c|0x20, prec, 64), flags, -1)
	default:
		f.p.Stderr().Write([]byte("printf: %" + string(c) + ": invalid directive\n"))
		f.status, f.stop = 1, true
		return
	}
	f.pad(text, flags, width, c)
}

func cutBytes(s string, n int) string {
	if n >= 0 && n < len(s) {
		return s[:n]
	}
	return s
}

func sign(text, flags string, prec int) string {
	neg := strings.HasPrefix(text, "-")
	body := strings.TrimPrefix(text, "-")
	body = strings.Repeat("0", max(0, prec-len(body))) + body
	switch {
	case neg:
		return "-" + body
	case strings.Contains(flags, "+"):
		return "+" + body
	case strings.Contains(flags, " "):
		return " " + body
	}
	return body
}

func (f *formatter) pad(text, flags string, width int, c byte) {
	n := max(0, width-len(text))
	switch {
	case strings.Contains(flags, "-"):
		f.b.WriteString(text + strings.Repeat(" ", n))
	case strings.Contains(flags, "0") && c != 's' && c != 'b' && c != 'c':
		k := 0
		if text != "" && strings.IndexByte("+- ", text[0]) >= 0 {
			k = 1
		}
		f.b.WriteString(text[:k] + strings.Repeat("0", n) + text[k:])
	default:
		f.b.WriteString(strings.Repeat(" ", n) + text)
	}
}

// integer reads the next argument as C would; 'x gives a character's code.
func (f *formatter) integer() int64 {
	a, ok := f.next()
	if !ok || a == "" {
		return 0
	}
	if a[0] == '\'' || a[0] == '"' {
		r, _ := utf8.DecodeRuneInString(a[1:])
		return int64(r)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(a), 0, 64)
	if err != nil {
		f.number(a)
		k := 0
		for k < len(a) && (a[k] >= '0' && a[k] <= '9' || k == 0 && a[k] == '-') {
			k++
		}
		n, _ = strconv.ParseInt(a[:k], 10, 64)
	}
	return n
}

func (f *formatter) number(a string) {
	f.p.Stderr().Write([]byte("printf: " + a + ": expected numeric value\n"))
	f.status = 1
}

func shellQuote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+-,") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
