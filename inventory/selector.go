package inventory

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Selector says which hosts are meant; the zero value means all. It is the one language for the command line, groups, services, runbooks
// and filter lines:
//
//	site=ams1 tag=web !rack=r07 web-[01-20] state=fail pending>0
//
// Terms stand side by side and must all hold. A comma within a value means or: site=ams1,nyc1. A term is
//
//	web-01  web-[01-20,25]  db-*  db-0?   hosts by name: ranges, and the globs * and ?
//	nyc1/r07  nyc1/*                      hosts by site and rack
//	all                                   every host
//	key=value  key!=value                 a comparison; ranges and globs work in values too
//	key>value  key<value  key>=value  key<=value
//	!term                                 not
//
// The keys of a host are site, rack (r07 or nyc1/r07), tag, group, service, feed, name, addr, unit, os and prod (yes or no); any other
// key is a fact, and Values is asked for it. os is asked there first, since facts outrank the inventory's hint. rack="" is a host
// outside any rack. Both sides are compared as numbers where both are numbers, else as text, in which
// runs of digits count as numbers for < and > ("5.9.1" < "5.10.0"). Quotes make a value plain text: kernel="5.10".
//
// What is not known matches nothing, neither state!=fail nor !state=fail; a host without a unit has no known unit. Only
// !key=* asks for the hosts of which the key is not known.
type Selector struct {
	text  string
	terms []term
}

type operator uint8

const (
	equal operator = iota
	notEqual
	greater
	less
	greaterEqual
	lessEqual
)

// String writes the operator as it is typed.
func (o operator) String() string { return [...]string{"=", "!=", ">", "<", ">=", "<="}[o] }

// term is one condition. A term without a key names hosts.
type term struct {
	not  bool
	key  string
	op   operator
	vals []pattern
	at   int // byte offset of the key, or of the first value, in the selector's text
}

// pattern is one value: text, or pieces where there is a glob or a range in it.
type pattern struct {
	text   string
	at     int // byte offset in the selector's text
	quoted bool
	pieces []globPiece
	site   *pattern // of a path "site/rack"; text and pieces are the rack's then
}

// All reports whether the selector has no condition at all.
func (s Selector) All() bool {
	for _, t := range s.terms {
		if t.not || t.key != "" || len(t.vals) != 1 || !t.vals[0].all() {
			return false
		}
	}
	return true
}

// String writes the selector in its plainest form, which parses to the same selector; all hosts are "all".
func (s Selector) String() string {
	if len(s.terms) == 0 {
		return "all"
	}
	var b strings.Builder
	for i, t := range s.terms {
		if i > 0 {
			b.WriteByte(' ')
		}
		t.write(&b)
	}
	return b.String()
}

func (t term) write(b *strings.Builder) {
	if t.not {
		b.WriteByte('!')
	}
	if t.key != "" {
		b.WriteString(t.key + t.op.String())
	}
	for i, p := range t.vals {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(p.String())
	}
}

// String writes the value as it may be typed.
func (p pattern) String() string {
	switch {
	case p.site != nil:
		return p.site.String() + "/" + p.text
	case p.quoted:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.text) + `"`
	}
	return p.text
}

// SelectorError is what is wrong with a selector, and where.
type SelectorError struct {
	Selector string
	Col      int // counted from 1, in characters
	Msg      string
	hint     string
	at       int
}

// Error gives the message with the column.
func (e *SelectorError) Error() string {
	return fmt.Sprintf("selector %q, column %d: %s", e.Selector, e.Col, e.Msg)
}

// Hint says what to do about it, "" where there is nothing to say.
func (e *SelectorError) Hint() string { return e.hint }

// Caret gives the selector and, on the line below, a caret under the column.
func (e *SelectorError) Caret() string {
	line := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return ' '
		}
		return r
	}, e.Selector)
	return line + "\n" + strings.Repeat(" ", e.Col-1) + "^"
}

// fail makes an error that points at the byte at of the text.
func fail(text string, at int, hint, format string, args ...any) *SelectorError {
	return &SelectorError{text, utf8.RuneCountInString(text[:at]) + 1, fmt.Sprintf(format, args...), hint, at}
}

// Facts returns the keys that the selector asks Values for, each once: those that are no host's keys.
func (s Selector) Facts() []string {
	var out []string
	for _, t := range s.terms {
		if t.key != "" && !slices.Contains(hostKeys, t.key) && !slices.Contains(out, t.key) {
			out = append(out, t.key)
		}
	}
	return out
}
