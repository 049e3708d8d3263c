package inventory

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// syntaxError is why a text is not TOML, and at which byte.
type syntaxError struct {
	at   int
	msg  string
	hint string
	deep bool // TOML it may be, and nobody means it
}

func (e *syntaxError) Error() string { return e.msg }

// keyPart is one name of a dotted key.
type keyPart struct {
	name string
	at   int32
}

// tomlReader walks over the text once.
type tomlReader struct {
	s    string
	i    int
	root *node
	cur  *node // the table that keys go to
	slab []node
	tabs []branch
	key  []keyPart // of the key read last
}

// TooDeep is the byte at which a text of TOML has more values, or names of one key, inside each other than any that is meant, and the words
// for it; "" where it has not. What decodes TOML into Go's values may take time by the square of that depth, and does so before anything of
// the text is known: 400 kB held it for minutes.
func TooDeep(text string) (at int, msg string) {
	if !utf8.ValidString(text) {
		return 0, ""
	}
	if _, err := readTOML(text); err != nil && err.deep {
		return err.at, err.msg
	}
	return 0, ""
}

// readTOML reads a text that is valid UTF-8 and shorter than 2 GiB.
func readTOML(s string) (*node, *syntaxError) {
	r := &tomlReader{s: s}
	r.i = len(s) - len(strings.TrimPrefix(s, "\ufeff"))
	r.root = r.node(kindTable, byHeader, 0)
	r.cur = r.root
	for {
		if err := r.skipLines(); err != nil {
			return nil, err
		}
		if r.i >= len(r.s) {
			return r.root, nil
		}
		if err := r.expression(); err != nil {
			return nil, err
		}
		if err := r.endOfLine(); err != nil {
			return nil, err
		}
	}
}

// expression reads a header or a key with its value.
func (r *tomlReader) expression() *syntaxError {
	if r.s[r.i] == '[' {
		return r.header()
	}
	return r.keyValue(r.cur, 0)
}

func (r *tomlReader) node(k kind, o origin, at int) *node {
	if len(r.slab) == 0 {
		r.slab = make([]node, min(1024, 16+len(r.s)/32))
	}
	n := &r.slab[0]
	r.slab = r.slab[1:]
	n.kind, n.origin, n.at = k, o, int32(at)
	if k == kindTable || k == kindArray {
		if len(r.tabs) == 0 {
			r.tabs = make([]branch, min(1024, 4+len(r.s)/128))
		}
		n.branch = &r.tabs[0]
		r.tabs = r.tabs[1:]
	}
	return n
}

func (r *tomlReader) fail(at int, hint, format string, args ...any) *syntaxError {
	return &syntaxError{at: at, msg: fmt.Sprintf(format, args...), hint: hint}
}

// found describes what stands at r.i, for a message.
func (r *tomlReader) found() string {
	if r.i >= len(r.s) {
		return "the end of the file"
	}
	if c := r.s[r.i]; c == '\n' || c == '\r' {
		return "the end of the line"
	}
	c, _ := utf8.DecodeRuneInString(r.s[r.i:])
	return fmt.Sprintf("%q", c)
}

// peek returns the byte at r.i, 0 at the end.
func (r *tomlReader) peek() byte {
	if r.i < len(r.s) {
		return r.s[r.i]
	}
	return 0
}

func (r *tomlReader) skipBlanks() {
	for r.i < len(r.s) && (r.s[r.i] == ' ' || r.s[r.i] == '\t') {
		r.i++
	}
}

// newline takes a line's end if it stands here.
func (r *tomlReader) newline() bool {
	switch {
	case r.peek() == '\n' && r.i < len(r.s):
		r.i++
	case strings.HasPrefix(r.s[r.i:], "\r\n"):
		r.i += 2
	default:
		return false
	}
	return true
}

// skipLines passes over blanks, line ends and comments.
func (r *tomlReader) skipLines() *syntaxError {
	for {
		r.skipBlanks()
		switch {
		case r.newline():
		case r.peek() == '#':
			if err := r.comment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// comment takes a comment up to its line's end.
func (r *tomlReader) comment() *syntaxError {
	for ; r.i < len(r.s); r.i++ {
		c := r.s[r.i]
		if c == '\n' || strings.HasPrefix(r.s[r.i:], "\r\n") {
			return nil
		}
		if isControl(c) {
			return r.fail(r.i, "", "control character %#02x in a comment", c)
		}
	}
	return nil
}

// isControl says whether TOML allows the byte nowhere but as an escape.
func isControl(c byte) bool { return c < 0x20 && c != '\t' || c == 0x7f }

func (r *tomlReader) endOfLine() *syntaxError {
	r.skipBlanks()
	if r.peek() == '#' {
		if err := r.comment(); err != nil {
			return err
		}
	}
	if r.i < len(r.s) && !r.newline() {
		return r.fail(r.i, "one key a line", "expected the end of the line, found %s", r.found())
	}
	return nil
}

// header reads [a.b] or [[a.b]] and makes its table the current one.
func (r *tomlReader) header() *syntaxError {
	r.i++
	tables := r.peek() == '['
	if tables {
		r.i++
	}
	if err := r.readKey(); err != nil {
		return err
	}
	closing := "]"
	if tables {
		closing = "]]"
	}
	if !strings.HasPrefix(r.s[r.i:], closing) {
		return r.fail(r.i, "", "expected %q to close the header, found %s", closing, r.found())
	}
	r.i += len(closing)
	return r.open(tables)
}

// open walks from the root along r.key and opens the table that it names.
func (r *tomlReader) open(tables bool) *syntaxError {
	t := r.root
	last := r.key[len(r.key)-1]
	for i, part := range r.key[:len(r.key)-1] {
		e := t.get(part.name)
		if e == nil {
			n := r.node(kindTable, byPrefix, int(part.at))
			t.add(part.name, part.at, n)
			t = n
			continue
		}
		n := e.val
		if n.isTables() {
			n = n.items[len(n.items)-1]
		}
		if n.kind != kindTable || n.origin == byValue {
			return r.fail(int(part.at), "", "%q is already %s, which a header cannot add to", r.path(i+1), e.val.kind)
		}
		t = n
	}
	if tables {
		return r.openItem(t, last)
	}
	e := t.get(last.name)
	if e == nil {
		r.cur = r.node(kindTable, byHeader, int(last.at))
		t.add(last.name, last.at, r.cur)
		return nil
	}
	if e.val.kind != kindTable || e.val.origin != byPrefix {
		return r.fail(int(last.at), "", "%q is already defined", r.path(len(r.key)))
	}
	r.cur = e.val
	r.cur.origin, r.cur.at, e.at = byHeader, last.at, last.at
	return nil
}

// openItem appends a table to the array of tables that is t's key.
func (r *tomlReader) openItem(t *node, key keyPart) *syntaxError {
	r.cur = r.node(kindTable, byHeader, int(key.at))
	e := t.get(key.name)
	if e == nil {
		list := r.node(kindArray, byHeader, int(key.at))
		list.items = append(list.items, r.cur)
		t.add(key.name, key.at, list)
		return nil
	}
	if !e.val.isTables() {
		hint := ""
		if e.val.kind == kindTable {
			hint = "write it in double brackets every time: [[" + r.path(len(r.key)) + "]]"
		}
		return r.fail(int(key.at), hint, "%q is already %s", r.path(len(r.key)), e.val.kind)
	}
	e.val.items = append(e.val.items, r.cur)
	return nil
}

// path writes the first n parts of the key read last.
func (r *tomlReader) path(n int) string {
	var names []string
	for _, p := range r.key[:n] {
		names = append(names, p.name)
	}
	return strings.Join(names, ".")
}
