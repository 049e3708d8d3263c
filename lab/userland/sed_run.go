package userland

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tend/lab/vfs"
)

// cycle runs the script on the pattern space once.
func (s *sed) cycle() {
	for pc := 0; pc < len(s.cmds); pc++ {
		c := s.cmds[pc]
		if s.p.Dead() {
			s.quit = true
			return
		}
		if !s.selects(c) {
			if c.c == '{' {
				pc = c.jump
			}
			continue
		}
		switch c.c {
		case 'b':
			pc = c.jump
		case 't', 'T':
			if s.subbed == (c.c == 't') {
				pc = c.jump
			}
			s.subbed = false
		default:
			if s.perform(c) {
				return
			}
		}
	}
}

// perform runs one command; true ends the cycle.
func (s *sed) perform(c *sedCmd) bool {
	switch c.c {
	case 'd':
		s.deleted = true
		return true
	case 'D':
		s.deleted = true
		if i := strings.IndexByte(s.pattern, '\n'); i >= 0 {
			s.pattern, s.restart = s.pattern[i+1:], true
		}
		return true
	case 'p':
		s.w.WriteString(s.pattern + "\n")
	case 'P':
		first, _, _ := strings.Cut(s.pattern, "\n")
		s.w.WriteString(first + "\n")
	case 'q', 'Q':
		s.quit, s.status = true, c.n
		s.deleted = c.c == 'Q'
		return true
	case 'n', 'N':
		return s.nextLine(c.c == 'N')
	case 'h':
		s.hold = s.pattern
	case 'H':
		s.hold += "\n" + s.pattern
	case 'g':
		s.pattern = s.hold
	case 'G':
		s.pattern += "\n" + s.hold
	case 'x':
		s.pattern, s.hold = s.hold, s.pattern
	case 'z':
		s.pattern = ""
	case 'c':
		s.deleted = true
		if !c.active || c.b == nil {
			s.w.WriteString(c.text)
		}
		return true
	default:
		s.output(c)
	}
	return false
}

// output runs the commands that print, substitute or translate.
func (s *sed) output(c *sedCmd) {
	switch c.c {
	case 'a':
		s.after = append(s.after, c.text)
	case 'i':
		s.w.WriteString(c.text)
	case '=':
		s.w.WriteString(strconv.Itoa(s.line) + "\n")
	case 'r':
		if b, err := s.p.Sys.FS.ReadFile(s.p.Cred, s.p.Cwd, c.text); err == nil {
			s.after = append(s.after, string(b))
		}
	case 'w':
		s.writeTo(c.text)
	case 's':
		s.substitute(c)
	case 'y':
		s.pattern = strings.Map(func(r rune) rune {
			if to, ok := c.table[r]; ok {
				return to
			}
			return r
		}, s.pattern)
	case 'l':
		s.w.WriteString(string(caret([]byte(s.pattern), true)) + "\n")
	}
}

func (s *sed) nextLine(join bool) bool {
	if s.done {
		s.quit = true
		if !join || s.silent {
			s.deleted = s.silent
		}
		return true
	}
	if !join {
		if !s.silent {
			s.put(s.pattern)
		}
		s.pattern, _ = s.advance()
		return false
	}
	line, _ := s.advance()
	s.pattern += "\n" + line
	return false
}

func (s *sed) writeTo(path string) {
	switch path {
	case "/dev/stdout":
		s.w.WriteString(s.pattern + "\n")
		return
	case "/dev/stderr":
		s.p.Stderr().Write([]byte(s.pattern + "\n"))
		return
	}
	f := s.files[path]
	if f == nil {
		var err error
		if f, err = s.p.Open(path, vfs.Write|vfs.Create|vfs.Trunc, 0o666); err != nil {
			s.fail("couldn't open file %s: %s", path, errText(err))
			return
		}
		s.files[path] = f
	}
	f.Write(s.p, []byte(s.pattern+"\n"))
}

func (s *sed) substitute(c *sedCmd) {
	re := c.re
	if c.empty {
		re = s.lastRe
	}
	if re == nil {
		return
	}
	s.lastRe = re
	src := s.pattern
	nth := max(c.nth, 1)
	var b strings.Builder
	pos, count := 0, 0
	limit := nth
	if c.global {
		limit = -1
	}
	for _, m := range re.FindAllStringSubmatchIndex(src, limit) {
		if count++; count < nth {
			continue
		}
		b.WriteString(src[pos:m[0]])
		s.expandRepl(&b, c.repl, src, m)
		pos = m[1]
		if !c.global {
			break
		}
	}
	if count < nth {
		return
	}
	b.WriteString(src[pos:])
	s.pattern, s.subbed = b.String(), true
	if c.print {
		s.w.WriteString(s.pattern + "\n")
	}
	if c.write != "" {
		s.writeTo(c.write)
	}
}

// expandRepl writes the replacement with its groups and case changes.
func (s *sed) expandRepl(b *strings.Builder, parts []replPart, src string, m []int) {
	var mode, once byte
	for _, p := range parts {
		if p.mode != 0 {
			switch p.mode {
			case 'u', 'l':
				once = p.mode
			case 'E':
				mode = 0
			default:
				mode = p.mode
			}
			continue
		}
		text := p.text
		if p.group >= 0 {
			if text = ""; 2*p.group+1 < len(m) && m[2*p.group] >= 0 {
				text = src[m[2*p.group]:m[2*p.group+1]]
			}
		}
		switch mode {
		case 'U':
			text = strings.ToUpper(text)
		case 'L':
			text = strings.ToLower(text)
		}
		if once != 0 && text != "" {
			r, n := utf8.DecodeRuneInString(text)
			if once == 'u' {
				r = unicode.ToUpper(r)
			} else {
				r = unicode.ToLower(r)
			}
			text, once = string(r)+text[n:], 0
		}
		b.WriteString(text)
	}
}
