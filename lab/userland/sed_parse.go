package userland

import (
	"fmt"
	"regexp"
	"strings"
)

type sedAddr struct {
	kind  byte // 'n' line, '$' last, '/' expression, '~' first~step, '+' count after the first
	n     int
	step  int
	re    *regexp.Regexp
	empty bool // "//": the last expression used
}

type sedCmd struct {
	a, b   *sedAddr
	negate bool
	c      byte
	text   string
	label  string
	re     *regexp.Regexp
	empty  bool
	repl   []replPart
	global bool
	print  bool
	nth    int
	write  string
	table  map[rune]rune
	n      int
	jump   int // index of a "}" or of a label
	active bool
	until  int
}

// replPart is a piece of a replacement: text, or the group n; up and down are \U \L \u \l \E.
type replPart struct {
	text  string
	group int // -1 for text
	mode  byte
}

type sedParser struct {
	src      string
	i        int
	extended bool
	cmds     []*sedCmd
	open     []int
}

func (p *sedParser) errorf(format string, a ...any) error {
	return fmt.Errorf("-e expression #1, char %d: %s", p.i, fmt.Sprintf(format, a...))
}

func (p *sedParser) skip(set string) {
	for p.i < len(p.src) && strings.IndexByte(set, p.src[p.i]) >= 0 {
		p.i++
	}
}

// parseSed reads a script into commands, with the jumps of blocks and labels resolved.
func parseSed(src string, extended bool) ([]*sedCmd, error) {
	p := &sedParser{src: src, extended: extended}
	for {
		p.skip(" \t\n;")
		if p.i >= len(p.src) {
			break
		}
		if err := p.command(); err != nil {
			return nil, err
		}
	}
	if len(p.open) > 0 {
		return nil, p.errorf("unmatched `{'")
	}
	return p.cmds, p.link()
}

func (p *sedParser) link() error {
	labels := map[string]int{}
	for i, c := range p.cmds {
		if c.c == ':' {
			labels[c.label] = i
		}
	}
	for _, c := range p.cmds {
		if strings.IndexByte("btT", c.c) < 0 {
			continue
		}
		c.jump = len(p.cmds)
		if c.label != "" {
			at, ok := labels[c.label]
			if !ok {
				return fmt.Errorf("-e expression #1, char %d: can't find label for jump to `%s'", len(p.src), c.label)
			}
			c.jump = at
		}
	}
	return nil
}

func (p *sedParser) address() (*sedAddr, error) {
	if p.i >= len(p.src) {
		return nil, nil
	}
	c := p.src[p.i]
	switch {
	case c >= '0' && c <= '9':
		n := p.number()
		if p.i < len(p.src) && p.src[p.i] == '~' {
			p.i++
			return &sedAddr{kind: '~', n: n, step: p.number()}, nil
		}
		return &sedAddr{kind: 'n', n: n}, nil
	case c == '$':
		p.i++
		return &sedAddr{kind: '$'}, nil
	case c == '/' || c == '\\':
		if c == '\\' {
			p.i++
		}
		if p.i >= len(p.src) {
			return nil, p.errorf("unterminated address regex")
		}
		delim := p.src[p.i]
		p.i++
		pat, ok := p.until(delim, true)
		if !ok {
			return nil, p.errorf("unterminated address regex")
		}
		fold := false
		if p.i < len(p.src) && p.src[p.i] == 'I' {
			fold = true
			p.i++
		}
		if pat == "" {
			return &sedAddr{kind: '/', empty: true}, nil
		}
		re, err := compileRegex(pat, p.extended, fold)
		return &sedAddr{kind: '/', re: re}, err
	}
	return nil, nil
}

func (p *sedParser) number() int {
	n := 0
	for p.i < len(p.src) && p.src[p.i] >= '0' && p.src[p.i] <= '9' {
		n = n*10 + int(p.src[p.i]-'0')
		p.i++
	}
	return n
}

// until reads up to an unescaped delimiter. In an expression the delimiter inside [...] counts as text in GNU sed only where
// it is escaped, so no bracket is looked at.
func (p *sedParser) until(delim byte, regex bool) (string, bool) {
	var b strings.Builder
	for p.i < len(p.src) {
		c := p.src[p.i]
		if c == delim {
			p.i++
			return b.String(), true
		}
		if c == '\\' && p.i+1 < len(p.src) {
			p.i++
			next := p.src[p.i]
			if next == delim && (regex || delim != '&') {
				if regex && delim != '/' && strings.IndexByte("|()+?{}.*[]^$", delim) >= 0 && !p.extended {
					b.WriteByte('\\')
				}
			} else {
				b.WriteByte('\\')
			}
			b.WriteByte(next)
			p.i++
			continue
		}
		if c == '\n' && regex {
			return "", false
		}
		b.WriteByte(c)
		p.i++
	}
	return "", false
}

func (p *sedParser) command() error {
	c := &sedCmd{}
	var err error
	if c.a, err = p.address(); err != nil {
		return err
	}
	if c.a != nil {
		p.skip(" \t")
		if p.i < len(p.src) && p.src[p.i] == ',' {
			p.i++
			p.skip(" \t")
			if p.i < len(p.src) && p.src[p.i] == '+' {
				p.i++
				c.b = &sedAddr{kind: '+', n: p.number()}
			} else if c.b, err = p.address(); err != nil || c.b == nil {
				return p.errorf("unexpected `,'")
			}
		}
	}
	p.skip(" \t")
	for p.i < len(p.src) && p.src[p.i] == '!' {
		c.negate = true
		p.i++
		p.skip(" \t")
	}
	if p.i >= len(p.src) {
		return p.errorf("missing command")
	}
	c.c = p.src[p.i]
	p.i++
	p.cmds = append(p.cmds, c)
	return p.body(c)
}

func (p *sedParser) body(c *sedCmd) error {
	switch c.c {
	case '#':
		p.line()
		p.cmds = p.cmds[:len(p.cmds)-1]
	case '{':
		p.open = append(p.open, len(p.cmds)-1)
	case '}':
		if len(p.open) == 0 {
			return p.errorf("unexpected `}'")
		}
		p.cmds[p.open[len(p.open)-1]].jump = len(p.cmds) - 1
		p.open = p.open[:len(p.open)-1]
	case 'a', 'i', 'c':
		c.text = p.text()
	case ':', 'b', 't', 'T':
		p.skip(" \t")
		begin := p.i
		for p.i < len(p.src) && p.src[p.i] != '\n' && p.src[p.i] != ';' && (c.c == ':' || p.src[p.i] != '}') {
			p.i++
		}
		c.label = strings.TrimSpace(p.src[begin:p.i])
	case 'r', 'w':
		p.skip(" \t")
		c.text = p.line()
	case 'q', 'Q', 'l':
		p.skip(" \t")
		c.n = p.number()
	case 's':
		return p.substitute(c)
	case 'y':
		return p.transliterate(c)
	case 'd', 'D', 'g', 'G', 'h', 'H', 'n', 'N', 'p', 'P', 'x', '=', 'z', 'F':
	default:
		return p.errorf("unknown command: `%c'", c.c)
	}
	return nil
}

func (p *sedParser) line() string {
	begin := p.i
	for p.i < len(p.src) && p.src[p.i] != '\n' {
		p.i++
	}
	return p.src[begin:p.i]
}

// text reads what a, i and c take: the rest of the line, or the lines after "a\".
func (p *sedParser) text() string {
	p.skip(" \t")
	if strings.HasPrefix(p.src[p.i:], "\\\n") {
		p.i += 2
	} else if strings.HasPrefix(p.src[p.i:], "\\") {
		p.i++
	}
	var b strings.Builder
	for p.i < len(p.src) {
		ch := p.src[p.i]
		p.i++
		if ch == '\\' && p.i < len(p.src) {
			b.WriteByte(p.src[p.i])
			p.i++
			continue
		}
		if ch == '\n' {
			break
		}
		b.WriteByte(ch)
	}
	return b.String() + "\n"
}

func (p *sedParser) substitute(c *sedCmd) error {
	if p.i >= len(p.src) {
		return p.errorf("unterminated `s' command")
	}
	delim := p.src[p.i]
	p.i++
	pat, ok := p.until(delim, true)
	if !ok {
		return p.errorf("unterminated `s' command")
	}
	repl, ok := p.until(delim, false)
	if !ok {
		return p.errorf("unterminated `s' command")
	}
	fold := false
	for p.i < len(p.src) && strings.IndexByte("; \t\n}", p.src[p.i]) < 0 {
		f := p.src[p.i]
		switch {
		case f == 'g':
			c.global = true
		case f == 'p':
			c.print = true
		case f == 'i' || f == 'I':
			fold = true
		case f >= '1' && f <= '9':
			c.nth = p.number()
			continue
		case f == 'w':
			p.i++
			p.skip(" \t")
			c.write = p.line()
			continue
		default:
			return p.errorf("unknown option to `s'")
		}
		p.i++
	}
	c.repl = parseRepl(repl)
	if c.empty = pat == ""; c.empty {
		return nil
	}
	re, err := compileRegex(pat, p.extended, fold)
	c.re = re
	return err
}

func parseRepl(s string) []replPart {
	var out []replPart
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			out = append(out, replPart{text: b.String(), group: -1})
			b.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '&':
			flush()
			out = append(out, replPart{group: 0})
		case s[i] == '\\' && i+1 < len(s):
			i++
			switch c := s[i]; {
			case c >= '0' && c <= '9':
				flush()
				out = append(out, replPart{group: int(c - '0')})
			case c == 'n':
				b.WriteByte('\n')
			case c == 't':
				b.WriteByte('\t')
			case strings.IndexByte("ULEul", c) >= 0:
				flush()
				out = append(out, replPart{group: -1, mode: c})
			default:
				b.WriteByte(c)
			}
		default:
			b.WriteByte(s[i])
		}
	}
	flush()
	return out
}

func (p *sedParser) transliterate(c *sedCmd) error {
	delim := p.src[p.i]
	p.i++
	from, ok1 := p.until(delim, false)
	to, ok2 := p.until(delim, false)
	a, z := []rune(unquoteSed(from)), []rune(unquoteSed(to))
	if !ok1 || !ok2 || len(a) != len(z) {
		return p.errorf("strings for `y' command are different lengths")
	}
	c.table = map[rune]rune{}
	for i, r := range a {
		c.table[r] = z[i]
	}
	return nil
}

func unquoteSed(s string) string {
	return strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\\`, `\`).Replace(s)
}
