package inventory

import (
	"strings"
)

// maxDepth is how deep arrays, inline tables and the names of a dotted key may stand in each other.
const maxDepth = 100

func (r *tomlReader) deep(at int) *syntaxError {
	err := r.fail(at, "", "more than %d values inside each other", maxDepth)
	err.deep = true
	return err
}

// keyValue reads "key = value" into the table t.
func (r *tomlReader) keyValue(t *node, depth int) *syntaxError {
	if err := r.readKey(); err != nil {
		return err
	}
	if r.peek() != '=' {
		return r.fail(r.i, "", "expected \"=\" after the key, found %s", r.found())
	}
	names, last := len(r.key), r.key[len(r.key)-1]
	t, err := r.dots(t)
	if err != nil {
		return err
	}
	if t.get(last.name) != nil {
		return r.fail(int(last.at), "", "%q is already defined", r.path(len(r.key)))
	}
	r.i++
	r.skipBlanks()
	val, err := r.value(depth + names - 1)
	if err != nil {
		return err
	}
	t.add(last.name, last.at, val)
	return nil
}

// dots walks along all parts of r.key but the last, and makes the tables that they imply.
func (r *tomlReader) dots(t *node) (*node, *syntaxError) {
	for i, part := range r.key[:len(r.key)-1] {
		e := t.get(part.name)
		if e == nil {
			n := r.node(kindTable, byDots, int(part.at))
			t.add(part.name, part.at, n)
			t = n
			continue
		}
		if e.val.kind != kindTable || e.val.origin != byDots {
			return nil, r.fail(int(part.at), "", "%q is already defined, so a dotted key cannot add to it", r.path(i+1))
		}
		t = e.val
	}
	return t, nil
}

// readKey reads a bare, quoted or dotted key into r.key, and the blanks after it.
func (r *tomlReader) readKey() *syntaxError {
	r.key = r.key[:0]
	for {
		r.skipBlanks()
		at := r.i
		name, err := r.keyName()
		if err != nil {
			return err
		}
		if r.key = append(r.key, keyPart{name, int32(at)}); len(r.key) > maxDepth {
			return r.deep(at)
		}
		r.skipBlanks()
		if r.peek() != '.' {
			return nil
		}
		r.i++
	}
}

func (r *tomlReader) keyName() (string, *syntaxError) {
	at := r.i
	switch r.peek() {
	case '"':
		if strings.HasPrefix(r.s[r.i:], `"""`) {
			return "", r.fail(at, "", "a key cannot be a multi-line string")
		}
		return r.basicString()
	case '\'':
		if strings.HasPrefix(r.s[r.i:], `'''`) {
			return "", r.fail(at, "", "a key cannot be a multi-line string")
		}
		return r.literalString()
	}
	for r.i < len(r.s) && isBare(r.s[r.i]) {
		r.i++
	}
	if r.i == at {
		return "", r.fail(at, "", "expected a key, found %s", r.found())
	}
	return r.s[at:r.i], nil
}

// isBare says whether a key may hold the byte without quotes.
func isBare(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}

// value reads any value.
func (r *tomlReader) value(depth int) (*node, *syntaxError) {
	if depth > maxDepth {
		return nil, r.deep(r.i)
	}
	at := r.i
	switch r.peek() {
	case '"', '\'':
		s, err := r.stringValue()
		if err != nil {
			return nil, err
		}
		n := r.node(kindString, byValue, at)
		n.text = s
		return n, nil
	case '[':
		return r.array(depth)
	case '{':
		return r.inlineTable(depth)
	}
	return r.scalar()
}

// array reads "[1, 2]", with line ends and comments wherever blanks may stand.
func (r *tomlReader) array(depth int) (*node, *syntaxError) {
	n := r.node(kindArray, byValue, r.i)
	r.i++
	for {
		if err := r.skipLines(); err != nil {
			return nil, err
		}
		if r.peek() == ']' {
			r.i++
			return n, nil
		}
		if r.i >= len(r.s) {
			return nil, r.fail(int(n.at), "", "this array is never closed")
		}
		item, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
		if done, err := r.separator(n, ']'); err != nil || done {
			return n, err
		}
	}
}

// separator takes what follows an item: a comma, or the closing byte, which ends the value.
func (r *tomlReader) separator(n *node, closing byte) (done bool, err *syntaxError) {
	if err := r.skipLines(); err != nil {
		return false, err
	}
	switch {
	case r.i >= len(r.s):
		return false, r.fail(int(n.at), "", "this %s is never closed", strings.TrimPrefix(strings.TrimPrefix(n.kind.String(), "an "), "a "))
	case r.s[r.i] == ',':
		r.i++
		return false, nil
	case r.s[r.i] == closing:
		r.i++
		return true, nil
	}
	return false, r.fail(r.i, "", "expected \",\" or %q, found %s", string(closing), r.found())
}

// inlineTable reads "{a = 1, b = 2}"; TOML 1.1 allows line ends and a last comma in it.
func (r *tomlReader) inlineTable(depth int) (*node, *syntaxError) {
	n := r.node(kindTable, byValue, r.i)
	r.i++
	for {
		if err := r.skipLines(); err != nil {
			return nil, err
		}
		if r.peek() == '}' {
			r.i++
			return n, nil
		}
		if r.i >= len(r.s) {
			return nil, r.fail(int(n.at), "", "this table is never closed")
		}
		if err := r.keyValue(n, depth+1); err != nil {
			return nil, err
		}
		if done, err := r.separator(n, '}'); err != nil || done {
			return n, err
		}
	}
}
