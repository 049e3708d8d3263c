package inventory

import (
	"strconv"
	"strings"
)

// verdict is a term's answer. What is not known stays so under a negation, and selects nothing.
type verdict uint8

const (
	no verdict = iota
	sure
	unknown
)

func truth(b bool) verdict {
	if b {
		return sure
	}
	return no
}

func (v verdict) not() verdict {
	switch v {
	case no:
		return sure
	case sure:
		return no
	}
	return unknown
}

// Match reports whether the selector means the host. A nil v knows no facts.
func (s Selector) Match(h Host, v Values) bool { return s.match(&h, v) }

func (s Selector) match(h *Host, v Values) bool {
	for i := range s.terms {
		if s.terms[i].eval(h, v) != sure {
			return false
		}
	}
	return true
}

func (t *term) eval(h *Host, v Values) verdict {
	got := t.test(h, v)
	if t.not {
		if got == unknown && t.op == equal && len(t.vals) == 1 && t.vals[0].any() {
			return sure // !key=*: the hosts of which the key is not known
		}
		return got.not()
	}
	return got
}

// test is eval without the negation.
func (t *term) test(h *Host, v Values) verdict {
	switch t.key {
	case "":
		return truth(t.any(func(p *pattern) bool { return p.names(h) }))
	case "site":
		return t.equals(h.Site)
	case "name":
		return t.equals(string(h.Name))
	case "rack":
		hit := t.any(func(p *pattern) bool { return p.inRack(h) })
		return truth(hit == (t.op == equal))
	case "tag":
		return t.contains(h.Tags)
	case "group":
		return t.contains(h.Groups)
	case "service":
		return t.contains(h.Services)
	case "feed":
		return t.contains(h.Feeds)
	case "prod":
		hit := t.any(func(p *pattern) bool { want, _ := yes(p.text); return want == h.Prod })
		return truth(hit == (t.op == equal))
	}
	value, ok := t.value(h, v)
	if !ok {
		return unknown
	}
	return t.compare(value)
}

// any reports whether one of the values passes. Patterns go by pointer: a fleet of 10,000 is matched at every key typed.
func (t *term) any(pass func(*pattern) bool) bool {
	for i := range t.vals {
		if pass(&t.vals[i]) {
			return true
		}
	}
	return false
}

// value is the value of a key that may be unknown.
func (t *term) value(h *Host, v Values) (string, bool) {
	switch t.key {
	case "unit":
		return strconv.Itoa(h.Unit), h.Unit > 0
	case "addr":
		return h.Addr, h.Addr != ""
	}
	if v != nil {
		if value, ok := v(h.Name, t.key); ok {
			return value, true
		}
	}
	if t.key == "os" {
		return h.OS, h.OS != ""
	}
	return "", false
}

// names reports whether a bare pattern means the host.
func (p *pattern) names(h *Host) bool {
	if p.site != nil {
		return p.inRack(h)
	}
	return p.all() || p.match(string(h.Name))
}

// inRack reports whether the host stands in the rack.
func (p *pattern) inRack(h *Host) bool {
	if p.site == nil {
		return p.match(h.Rack)
	}
	return h.Rack != "" && p.site.match(h.Site) && p.match(h.Rack)
}

// equals holds one text against the values of = or !=.
func (t *term) equals(value string) verdict {
	return truth(t.any(func(p *pattern) bool { return p.match(value) }) == (t.op == equal))
}

// contains holds many texts against the values of = or !=.
func (t *term) contains(values []string) verdict {
	hit := t.any(func(p *pattern) bool {
		for _, v := range values {
			if p.match(v) {
				return true
			}
		}
		return len(values) == 0 && p.quoted && p.text == ""
	})
	return truth(hit == (t.op == equal))
}

// compare holds a value that is known against the term.
func (t *term) compare(value string) verdict {
	if t.op <= notEqual {
		hit := t.any(func(p *pattern) bool { return p.same(value) })
		return truth(hit == (t.op == equal))
	}
	c, ok := t.vals[0].order(value)
	if !ok {
		return unknown
	}
	switch t.op {
	case greater:
		return truth(c > 0)
	case less:
		return truth(c < 0)
	case greaterEqual:
		return truth(c >= 0)
	}
	return truth(c <= 0)
}

// same is match, or equality as numbers.
func (p *pattern) same(value string) bool {
	if p.match(value) {
		return true
	}
	if p.quoted || p.pieces != nil {
		return false
	}
	a, okA := number(p.text)
	b, okB := number(value)
	return okA && okB && a == b
}

// order compares the host's value with the pattern's. A number compares with numbers only.
func (p *pattern) order(value string) (int, bool) {
	want, isNumber := number(p.text)
	if p.quoted || !isNumber {
		return natural(value, p.text), true
	}
	got, ok := number(value)
	switch {
	case !ok:
		return 0, false
	case got < want:
		return -1, true
	case got > want:
		return 1, true
	}
	return 0, true
}

// number reads a decimal number; no hexadecimals, infinities or underscores.
func number(s string) (float64, bool) {
	if strings.Trim(s, "0123456789+-.eE") != "" || s == "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// natural orders texts with each run of digits counted as one number.
func natural(a, b string) int {
	for a != "" && b != "" {
		if isDigit(a[0]) && isDigit(b[0]) {
			da, db := digits(a), digits(b)
			na, nb := strings.TrimLeft(da, "0"), strings.TrimLeft(db, "0")
			if len(na) != len(nb) {
				return len(na) - len(nb)
			}
			if c := strings.Compare(na, nb); c != 0 {
				return c
			}
			a, b = a[len(da):], b[len(db):]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

// digits is the run of digits that s begins with.
func digits(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
}

// CompareNames orders names as people do: each run of digits counts as one number, so that web-2 comes before web-10.
func CompareNames(a, b string) int { return natural(a, b) }
