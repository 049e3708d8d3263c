package shell

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"tend/lab/vfs"
)

// expander turns words into fields. Each piece of a word is added as quoted or as unquoted text; unquoted results of
// expansions are split at IFS.
type expander struct {
	s       *Shell
	split   bool // field splitting and pathname expansion
	pattern bool // the result is wanted as a pattern: quoted characters escaped
	heredoc bool

	out     []string
	lit     []byte
	pat     []byte // the field as a pattern, from the first unquoted special character on
	inPat   bool
	meta    bool
	has     bool // the field exists, though it may be empty
	afterWS bool // a field was just ended by IFS white space
}

func (e *expander) quoted(str string) {
	e.has, e.afterWS = true, false
	if e.inPat {
		e.pat = appendEscaped(e.pat, str)
	}
	e.lit = append(e.lit, str...)
}

func (e *expander) plain(str string) {
	if str == "" {
		return
	}
	e.has, e.afterWS = true, false
	if !e.inPat && strings.ContainsAny(str, `*?[\`) {
		e.inPat = true
		e.pat = appendEscaped(e.pat[:0], string(e.lit))
	}
	if e.inPat {
		e.pat = append(e.pat, str...)
		e.meta = true
	}
	e.lit = append(e.lit, str...)
}

func appendEscaped(dst []byte, str string) []byte {
	for i := 0; i < len(str); i++ {
		switch str[i] {
		case '*', '?', '[', ']', '\\', '!', '-', '^':
			dst = append(dst, '\\')
		}
		dst = append(dst, str[i])
	}
	return dst
}

// flush ends the field.
func (e *expander) flush() {
	if !e.has {
		return
	}
	if e.meta && !e.s.opt.noglob && hasMeta(string(e.pat)) {
		if found := e.s.glob(string(e.pat)); len(found) > 0 {
			e.out = append(e.out, found...)
			e.reset()
			return
		}
	}
	e.out = append(e.out, string(e.lit))
	e.reset()
}

func (e *expander) reset() {
	e.lit, e.pat, e.inPat, e.meta, e.has = e.lit[:0], e.pat[:0], false, false, false
}

// splitAdd adds the result of an unquoted expansion.
func (e *expander) splitAdd(str string) {
	if !e.split {
		e.plain(str)
		return
	}
	ifs := e.s.ifs()
	start := -1
	for i := 0; i < len(str); i++ {
		c := str[i]
		if strings.IndexByte(ifs, c) < 0 {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			e.plain(str[start:i])
			start = -1
		}
		e.delimiter(c == ' ' || c == '\t' || c == '\n')
	}
	if start >= 0 {
		e.plain(str[start:])
	}
}

func (e *expander) delimiter(white bool) {
	switch {
	case e.has:
		e.flush()
		e.afterWS = white
	case white:
	case e.afterWS:
		e.afterWS = false // white space and a separator are one delimiter
	default:
		e.out = append(e.out, "")
	}
}

func (s *Shell) ifs() string {
	if v, ok := s.lookup("IFS"); ok {
		return v.val
	}
	return " \t\n"
}

// fields expands the words of a command.
func (s *Shell) fields(words []*syntax.Word) ([]string, error) {
	out := make([]string, 0, len(words))
	for _, w := range words {
		if lit := plainLit(w); lit != "" {
			out = append(out, lit)
			continue
		}
		for _, w := range s.braces(w) {
			e := expander{s: s, split: true, out: out}
			if err := e.parts(w.Parts, false); err != nil {
				return nil, err
			}
			e.flush()
			out = e.out
		}
	}
	return out, nil
}

// plainLit is the text of a word in which nothing is to be expanded.
func plainLit(w *syntax.Word) string {
	if len(w.Parts) != 1 {
		return ""
	}
	l, ok := w.Parts[0].(*syntax.Lit)
	if !ok || strings.ContainsAny(l.Value, "\\*?[~{") {
		return ""
	}
	return l.Value
}

// word expands without splitting or globbing, as in an assignment.
func (s *Shell) word(w *syntax.Word) (string, error) {
	if w == nil {
		return "", nil
	}
	if lit := plainLit(w); lit != "" {
		return lit, nil
	}
	e := expander{s: s}
	if err := e.parts(w.Parts, false); err != nil {
		return "", err
	}
	return string(e.lit), nil
}

// patternWord expands to a pattern in which what was quoted is escaped.
func (s *Shell) patternWord(w *syntax.Word) (string, error) {
	if w == nil {
		return "", nil
	}
	e := expander{s: s, pattern: true, inPat: true}
	if err := e.parts(w.Parts, false); err != nil {
		return "", err
	}
	return string(e.pat), nil
}

// document expands a here-document's body.
func (s *Shell) document(w *syntax.Word) (string, error) {
	if w == nil {
		return "", nil
	}
	e := expander{s: s, heredoc: true}
	if err := e.parts(w.Parts, true); err != nil {
		return "", err
	}
	return string(e.lit), nil
}

func (e *expander) parts(parts []syntax.WordPart, quoted bool) error {
	for i, part := range parts {
		var err error
		switch part := part.(type) {
		case *syntax.Lit:
			e.literal(part.Value, quoted, i == 0, len(parts) == 1)
		case *syntax.SglQuoted:
			text := part.Value
			if part.Dollar {
				text = ansiC(text)
			}
			e.quoted(text)
		case *syntax.DblQuoted:
			err = e.dblQuoted(part.Parts)
		case *syntax.ParamExp:
			err = e.param(part, quoted)
		case *syntax.CmdSubst:
			var text string
			if text, err = e.s.substitute(part); err == nil {
				e.value(text, quoted)
			}
		case *syntax.ArithmExp:
			var n int64
			if n, err = e.s.arith(part.X); err == nil {
				e.value(strconv.FormatInt(n, 10), quoted)
			}
		case *syntax.ExtGlob:
			e.plain(part.Op.String() + part.Pattern.Value + ")")
		default:
			err = &fatal{"Syntax error: process substitution is not supported"}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *expander) value(text string, quoted bool) {
	if quoted {
		e.quoted(text)
	} else {
		e.splitAdd(text)
	}
}

// dblQuoted makes a field even of nothing, unless all it held was an empty "$@".
func (e *expander) dblQuoted(parts []syntax.WordPart) error {
	had := e.has
	if err := e.parts(parts, true); err != nil {
		return err
	}
	if !e.has && !had && len(parts) == 1 && isAt(parts[0]) {
		return nil
	}
	e.quoted("")
	return nil
}

func isAt(p syntax.WordPart) bool {
	pe, ok := p.(*syntax.ParamExp)
	return ok && pe.Param != nil && (pe.Param.Value == "@" || indexIs(pe.Index, "@")) && !pe.Length
}

// literal adds source text, in which a backslash quotes.
func (e *expander) literal(str string, quoted, first, only bool) {
	if first && !quoted && strings.HasPrefix(str, "~") {
		str = e.tilde(str, only)
	}
	for {
		i := strings.IndexByte(str, '\\')
		if i < 0 || i == len(str)-1 {
			e.source(str, quoted)
			return
		}
		e.source(str[:i], quoted)
		c := str[i+1]
		if quoted && !(c == '\\' || c == '$' || c == '`' || c == '"' && !e.heredoc) {
			e.quoted(`\`)
			str = str[i+1:]
			e.quoted(str[:1])
			str = str[1:]
			continue
		}
		e.quoted(str[i+1 : i+2])
		str = str[i+2:]
	}
}

func (e *expander) source(str string, quoted bool) {
	if quoted {
		if str != "" {
			e.quoted(str)
		}
		return
	}
	e.plain(str)
}

// tilde expands ~ and ~user at the start of a word and returns the rest.
func (e *expander) tilde(str string, only bool) string {
	name, rest := str[1:], ""
	if i := strings.IndexByte(name, '/'); i >= 0 {
		name, rest = name[:i], name[i:]
	} else if !only {
		return str
	}
	home, ok := e.s.get("HOME"), true
	if name != "" {
		home, ok = e.s.homeOf(name)
	}
	if !ok || strings.ContainsAny(name, `\*?[`) {
		return str
	}
	e.quoted(home)
	return rest
}

// homeOf looks a user up in the lab host's own passwd file.
func (s *Shell) homeOf(user string) (string, bool) {
	b, err := s.p.Sys.FS.ReadFile(vfs.Cred{}, "/", "/etc/passwd")
	if err != nil {
		return "", false
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) >= 6 && f[0] == user {
			return f[5], true
		}
	}
	return "", false
}

// ansiC reads the escapes of $'...'.
func ansiC(str string) string {
	var b strings.Builder
	for i := 0; i < len(str); i++ {
		if str[i] != '\\' || i+1 == len(str) {
			b.WriteByte(str[i])
			continue
		}
		i++
		if k := strings.IndexByte(`abefnrtv\'"?`, str[i]); k >= 0 {
			b.WriteByte("\a\b\x1b\f\n\r\t\v\\'\"?"[k])
			continue
		}
		n := 0
		base, digits := 8, 3
		if str[i] == 'x' {
			base, digits, i = 16, 2, i+1
		}
		for n < digits && i+n < len(str) && isDigit(str[i+n], base) {
			n++
		}
		v, err := strconv.ParseUint(str[i:i+n], base, 32)
		if err != nil {
			b.WriteByte('\\')
			i--
			continue
		}
		b.WriteByte(byte(v))
		i += n - 1
	}
	return b.String()
}

func isDigit(c byte, base int) bool {
	if base == 8 {
		return c >= '0' && c <= '7'
	}
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
