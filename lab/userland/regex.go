package userland

import (
	"fmt"
	"regexp"
	"strings"
)

// compileRegex translates a POSIX expression, basic or extended, into Go's. Matches are leftmost-longest. Back-references
// inside the expression are not supported and are an error.
func compileRegex(pat string, extended, fold bool) (*regexp.Regexp, error) {
	src, err := translate(pat, extended)
	if err != nil {
		return nil, err
	}
	flags := "(?s)"
	if fold {
		flags = "(?si)"
	}
	re, err := regexp.Compile(flags + src)
	if err != nil {
		return nil, fmt.Errorf("Invalid regular expression")
	}
	re.Longest()
	return re, nil
}

type translator struct {
	b        strings.Builder
	pat      string
	i        int
	extended bool
	start    bool // at a place where an anchor or a literal * stands
	depth    int
}

func translate(pat string, extended bool) (string, error) {
	t := &translator{pat: pat, extended: extended, start: true}
	for t.i < len(pat) {
		if err := t.step(); err != nil {
			return "", err
		}
	}
	if t.depth != 0 {
		return "", fmt.Errorf("Unmatched ( or \\(")
	}
	return t.b.String(), nil
}

func (t *translator) step() error {
	c := t.pat[t.i]
	start := t.start
	t.start = false
	switch {
	case c == '[':
		return t.bracket()
	case c == '\\':
		return t.escape()
	case c == '*' && start:
		if !t.extended {
			t.b.WriteString(`\*`)
		}
		t.i++
	case c == '^':
		if start || t.extended {
			t.b.WriteByte('^')
		} else {
			t.b.WriteString(`\^`)
		}
		t.start = start || t.extended
		t.i++
	case c == '$':
		if t.extended || t.i+1 == len(t.pat) || strings.HasPrefix(t.pat[t.i+1:], `\)`) || strings.HasPrefix(t.pat[t.i+1:], `\|`) {
			t.b.WriteByte('$')
		} else {
			t.b.WriteString(`\$`)
		}
		t.i++
	case strings.IndexByte("(){}|+?", c) >= 0:
		if t.extended {
			t.operator(c)
		} else {
			t.b.WriteByte('\\')
			t.b.WriteByte(c)
		}
		t.i++
	default:
		t.b.WriteByte(c) // ".", "*" and ordinary characters
		t.i++
	}
	return nil
}

func (t *translator) operator(c byte) {
	switch c {
	case '(':
		t.depth++
		t.start = true
	case ')':
		t.depth--
	case '|':
		t.start = true
	case '{':
		rest := t.pat[t.i:]
		end := strings.IndexByte(rest, '}')
		if end < 0 || strings.Trim(rest[1:end], "0123456789,") != "" || end == 1 {
			t.b.WriteString(`\{`)
			return
		}
	}
	t.b.WriteByte(c)
}

func (t *translator) escape() error {
	if t.i+1 >= len(t.pat) {
		return fmt.Errorf("Trailing backslash")
	}
	c := t.pat[t.i+1]
	t.i += 2
	switch {
	case !t.extended && strings.IndexByte("(){}|+?", c) >= 0:
		t.i--
		t.operatorAt(c)
		t.i++
	case strings.IndexByte("wWsSbB", c) >= 0:
		t.b.WriteByte('\\')
		t.b.WriteByte(c)
	case c == '<' || c == '>':
		t.b.WriteString(`\b`)
	case c == 'n':
		t.b.WriteString(`\n`)
	case c == 't':
		t.b.WriteString(`\t`)
	case c >= '1' && c <= '9':
		return fmt.Errorf("back-references are not supported in the lab")
	case c == '`':
		t.b.WriteString(`\A`)
	case c == '\'':
		t.b.WriteString(`\z`)
	default:
		t.b.WriteString(regexp.QuoteMeta(string(c)))
	}
	return nil
}

// operatorAt writes a basic expression's \( \) \{ \} \| \+ \?.
func (t *translator) operatorAt(c byte) {
	switch c {
	case '(':
		t.depth++
		t.start = true
	case ')':
		t.depth--
	case '|':
		t.start = true
	}
	t.b.WriteByte(c)
}

// bracket copies [...]: a backslash in it stands for itself, and "]" may come first.
func (t *translator) bracket() error {
	p := t.pat
	i := t.i + 1
	t.b.WriteByte('[')
	if i < len(p) && p[i] == '^' {
		t.b.WriteByte('^')
		i++
	}
	for first := true; ; first = false {
		if i >= len(p) {
			return fmt.Errorf("Unmatched [, [^, [:, [., or [=")
		}
		switch {
		case p[i] == ']' && !first:
			t.b.WriteByte(']')
			t.i = i + 1
			return nil
		case strings.HasPrefix(p[i:], "[:"):
			n := strings.Index(p[i:], ":]")
			if n < 0 {
				return fmt.Errorf("Unmatched [, [^, [:, [., or [=")
			}
			t.b.WriteString(p[i : i+n+2])
			i += n + 2
			continue
		case p[i] == '\\' && i+1 < len(p) && (p[i+1] == 'n' || p[i+1] == 't'):
			t.b.WriteString(p[i : i+2]) // GNU sed reads these two
			i++
		case strings.IndexByte(`[]\&~`, p[i]) >= 0:
			t.b.WriteByte('\\')
			t.b.WriteByte(p[i])
		case p[i] == '-' && (first || i+1 < len(p) && p[i+1] == ']'):
			t.b.WriteString(`\-`)
		default:
			t.b.WriteByte(p[i])
		}
		i++
	}
}
