package userland

import (
	"bytes"
	"io"
	"strings"

	"tend/lab/kernel"
)

// Tr translates, squeezes or deletes bytes.
func Tr(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "+cCdst", map[string]byte{"delete": 'd', "squeeze-repeats": 's', "complement": 'c'})
	if !ok || len(t.args) == 0 {
		if ok {
			t.fail("missing operand")
		}
		return t.bad(1)
	}
	set1 := trSet(t.args[0])
	if t.has("cC") {
		set1 = complement(set1)
	}
	var set2 []byte
	if len(t.args) > 1 {
		set2 = trSet(t.args[1])
	}
	var table [256]int
	var inSet, squeeze [256]bool
	for i := range table {
		table[i] = i
	}
	for i, c := range set1 {
		inSet[c] = true
		if len(set2) > 0 && !t.has("d") {
			table[c] = int(set2[min(i, len(set2)-1)])
		}
	}
	sq := set2
	if len(set2) == 0 {
		sq = set1
	}
	for _, c := range sq {
		squeeze[c] = t.has("s")
	}
	last := -1
	buf := make([]byte, 8<<10)
	for {
		n, err := p.Read(0, buf)
		for _, c := range buf[:n] {
			if t.has("d") && inSet[c] {
				continue
			}
			o := byte(table[c])
			if squeeze[o] && last == int(o) {
				continue
			}
			last = int(o)
			t.out.WriteByte(o)
		}
		if n == 0 || err != nil {
			return t.end()
		}
	}
}

func trSet(s string) []byte {
	s, _ = unescape(s, false)
	var out []byte
	for i := 0; i < len(s); i++ {
		if strings.HasPrefix(s[i:], "[:") {
			if n := strings.Index(s[i:], ":]"); n > 0 {
				for c := range 256 {
					if classByte(s[i+2:i+n], byte(c)) {
						out = append(out, byte(c))
					}
				}
				i += n + 1
				continue
			}
		}
		if i+2 < len(s) && s[i+1] == '-' && s[i+2] >= s[i] {
			for c := int(s[i]); c <= int(s[i+2]); c++ {
				out = append(out, byte(c))
			}
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}

func classByte(class string, c byte) bool {
	lower, upper, digit := c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9'
	switch class {
	case "lower":
		return lower
	case "upper":
		return upper
	case "digit":
		return digit
	case "alpha":
		return lower || upper
	case "alnum":
		return lower || upper || digit
	case "space":
		return c == ' ' || c >= '\t' && c <= '\r'
	case "blank":
		return c == ' ' || c == '\t'
	case "cntrl":
		return c < 32 || c == 127
	case "print":
		return c >= 32 && c < 127
	case "graph":
		return c > 32 && c < 127
	case "punct":
		return c > 32 && c < 127 && !lower && !upper && !digit
	case "xdigit":
		return digit || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
	}
	return false
}

func complement(set []byte) []byte {
	var has [256]bool
	for _, c := range set {
		has[c] = true
	}
	var out []byte
	for c := range 256 {
		if !has[c] {
			out = append(out, byte(c))
		}
	}
	return out
}

// Rev, Tac and Nl are small line filters.
func Tac(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "", nil)
	if !ok {
		return t.bad(1)
	}
	t.each(func(name string, r io.Reader) {
		lines := bytes.SplitAfter(t.slurp(name, r), []byte("\n"))
		for i := len(lines) - 1; i >= 0; i-- {
			t.out.Write(lines[i])
		}
	})
	return t.end()
}
