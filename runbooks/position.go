package runbooks

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// positions knows where in a TOML file each key and each value stands. It is built only from files that the TOML library has
// accepted, so that it may assume valid TOML; on anything that it does not expect it stops, and what follows has no position.
type positions struct {
	src   string
	i     int
	key   map[string]int // offset of the key, by path
	value map[string]int // offset of the value's first byte, by path
	count map[string]int // how many tables an array of tables has so far
}

// locate finds every key of src. A path joins keys by a NUL; elements of arrays count from 0.
func locate(src string) *positions {
	p := &positions{src: src, key: map[string]int{}, value: map[string]int{}, count: map[string]int{}}
	table := ""
	for {
		p.blank()
		switch {
		case p.i >= len(src):
			return p
		case src[p.i] == '[':
			table = p.header()
		default:
			if !p.pair(table) {
				return p
			}
		}
	}
}

// lineCol turns an offset into a line and a column, both from 1, the column in characters.
func (p *positions) lineCol(offset int) (line, col int) {
	before := p.src[:min(offset, len(p.src))]
	start := strings.LastIndexByte(before, '\n') + 1
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[start:])
}

// within turns a byte offset in a decoded string value into the offset in the file that it came from.
func (p *positions) within(path string, decoded int) int {
	start, ok := p.value[path]
	if !ok {
		return p.key[path]
	}
	return unquote(p.src, start, decoded)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "\x00" + key
}

// header reads "[a.b]" or "[[a.b]]" and returns the table's path.
func (p *positions) header() string {
	at, many := p.i, strings.HasPrefix(p.src[p.i:], "[[")
	p.i++
	if many {
		p.i++
	}
	keys, _ := p.dotted()
	p.i += len("]")
	if many {
		p.i += len("]")
	}
	path := ""
	for i, k := range keys {
		path = join(path, k)
		last := i == len(keys)-1
		if last && many {
			n := p.count[path]
			p.count[path]++
			p.note(path, at)
			path = join(path, strconv.Itoa(n))
		} else if n := p.count[path]; n > 0 {
			path = join(path, strconv.Itoa(n-1))
		}
	}
	p.note(path, at)
	return path
}

func (p *positions) note(path string, at int) {
	if _, ok := p.key[path]; !ok {
		p.key[path] = at
	}
}

// pair reads "key = value" into table; false where it finds something else.
func (p *positions) pair(table string) bool {
	at := p.i
	keys, ok := p.dotted()
	if !ok || p.i >= len(p.src) || p.src[p.i] != '=' {
		return false
	}
	path := table
	for _, k := range keys {
		path = join(path, k)
		p.note(path, at)
	}
	p.i++
	p.blank()
	p.val(path)
	return true
}

// dotted reads a key, "a.b" or "a", and the blanks after it.
func (p *positions) dotted() (keys []string, ok bool) {
	for p.i < len(p.src) {
		p.spaces()
		start := p.i
		if c := p.at(); c == '"' || c == '\'' {
			p.str()
			keys = append(keys, unquoted(p.src[start:p.i]))
		} else {
			for p.i < len(p.src) && bare(p.src[p.i]) {
				p.i++
			}
			if p.i == start {
				return keys, false
			}
			keys = append(keys, p.src[start:p.i])
		}
		p.spaces()
		if p.at() != '.' {
			return keys, true
		}
		p.i++
	}
	return keys, false
}

func (p *positions) val(path string) {
	p.value[path] = p.i
	switch p.at() {
	case '"', '\'':
		p.str()
	case '[':
		p.list(']', func(n int) bool {
			elem := join(path, strconv.Itoa(n))
			p.note(elem, p.i)
			p.val(elem)
			return true
		})
	case '{':
		p.list('}', func(int) bool { return p.pair(path) })
	default:
		for p.i < len(p.src) && !strings.ContainsRune(",]}#\n", rune(p.src[p.i])) {
			p.i++
		}
	}
}

// list reads an array or an inline table, whose elements item reads.
func (p *positions) list(end byte, item func(n int) bool) {
	p.i++
	for n := 0; p.i < len(p.src); n++ {
		p.blank()
		if p.at() == end {
			p.i++
			return
		}
		before := p.i
		if !item(n) || p.i == before {
			p.i = len(p.src)
			return
		}
		p.blank()
		if p.at() == ',' {
			p.i++
		}
	}
}

// str passes over a string of any of the four kinds.
func (p *positions) str() {
	quote := p.src[p.i]
	mark := strings.Repeat(string(quote), 3)
	if !strings.HasPrefix(p.src[p.i:], mark) {
		mark = mark[:1]
	}
	p.i += len(mark)
	for p.i < len(p.src) && !strings.HasPrefix(p.src[p.i:], mark) {
		if quote == '"' && p.src[p.i] == '\\' {
			p.i++
		}
		p.i++
	}
	p.i = min(p.i+len(mark), len(p.src))
	for n := 0; len(mark) == 3 && n < 2 && p.at() == quote; n++ { // up to two quotes may stand before the closing three
		p.i++
	}
}

func (p *positions) at() byte {
	if p.i < len(p.src) {
		return p.src[p.i]
	}
	return 0
}

func (p *positions) spaces() {
	for p.i < len(p.src) && (p.src[p.i] == ' ' || p.src[p.i] == '\t') {
		p.i++
	}
}

// blank passes over white space, newlines and comments.
func (p *positions) blank() {
	for p.i < len(p.src) {
		switch p.src[p.i] {
		case ' ', '\t', '\r', '\n':
			p.i++
		case '#':
			for p.i < len(p.src) && p.src[p.i] != '\n' {
				p.i++
			}
		default:
			return
		}
	}
}

func bare(c byte) bool {
	return c == '_' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
