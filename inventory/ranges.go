package inventory

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// MaxRange is how many names one range may stand for.
const MaxRange = 100_000

// rangeError is what is wrong with a range, at which byte of the text.
type rangeError struct {
	at        int
	msg, hint string
}

func (e *rangeError) Error() string { return e.msg }

// Hint says what to do about it.
func (e *rangeError) Hint() string { return e.hint }

// span is a run of numbers, "001-120"; both ends belong to it.
type span struct {
	lo, hi uint64
	width  int // digits, where numbers are padded with zeros; else 0
}

func (s span) count() int {
	if n := s.hi - s.lo; n < math.MaxInt32 {
		return int(n) + 1
	}
	return math.MaxInt32
}

// write appends the i-th number.
func (s span) write(b []byte, i int) []byte {
	var digits [20]byte
	d := strconv.AppendUint(digits[:0], s.lo+uint64(i), 10)
	for n := len(d); n < s.width; n++ {
		b = append(b, '0')
	}
	return append(b, d...)
}

// holds reports whether the text is one of the numbers, written as the span writes it.
func (s span) holds(text string) bool {
	if !allDigits(text) || len(text) > 18 {
		return false
	}
	if s.width > 0 && len(text) != s.width || s.width == 0 && len(text) > 1 && text[0] == '0' {
		return false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return err == nil && s.lo <= n && n <= s.hi
}

// piece is a part of a template: fixed text, or numbers.
type piece struct {
	text  string
	spans []span
}

// template is a text with ranges in it, such as "web-[001-120]" or "r[1-2]-n[01-03,07]".
type template []piece

// parseTemplate reads the ranges of a text; without a bracket it is one fixed piece.
func parseTemplate(s string) (template, *rangeError) {
	var t template
	for rest := s; ; {
		at := len(s) - len(rest)
		open := strings.IndexAny(rest, "[]")
		if open < 0 {
			if rest != "" || t == nil {
				t = append(t, piece{text: rest})
			}
			return t, nil
		}
		if rest[open] == ']' {
			return nil, &rangeError{at + open, "\"]\" without \"[\"", ""}
		}
		if open > 0 {
			t = append(t, piece{text: rest[:open]})
		}
		spans, n, err := parseSpans(rest[open:])
		if err != nil {
			err.at += at + open
			return nil, err
		}
		t = append(t, piece{spans: spans})
		rest = rest[open+n:]
	}
}

// parseSpans reads "[01-03,07]" at the beginning of s and says how long it is.
func parseSpans(s string) ([]span, int, *rangeError) {
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return nil, 0, &rangeError{0, "\"[\" without \"]\"", "a range is written web-[01-20]"}
	}
	var spans []span
	at := 1
	for item := range strings.SplitSeq(s[1:end], ",") {
		sp, err := parseSpan(item)
		if err != nil {
			err.at += at
			return nil, 0, err
		}
		spans = append(spans, sp)
		at += len(item) + 1
	}
	return spans, end + 1, nil
}

// parseSpan reads "07" or "01-03".
func parseSpan(s string) (span, *rangeError) {
	lo, hi, isRange := strings.Cut(s, "-")
	if !isRange {
		hi = lo
	}
	if !allDigits(lo) || !allDigits(hi) || len(lo) > 18 || len(hi) > 18 {
		return span{}, &rangeError{0, fmt.Sprintf("%q is not a range of numbers", s), "a range is written [01-20], a list [01-03,07]"}
	}
	var sp span
	sp.lo, _ = strconv.ParseUint(lo, 10, 64) // 18 digits fit
	sp.hi, _ = strconv.ParseUint(hi, 10, 64)
	if len(lo) > 1 && lo[0] == '0' || len(hi) > 1 && hi[0] == '0' {
		sp.width = len(lo)
		if len(hi) != len(lo) {
			return span{}, &rangeError{0, fmt.Sprintf("%q: one end is padded with zeros and the other is not as long", s),
				"write both ends with as many digits: [001-120]"}
		}
	}
	if sp.lo > sp.hi {
		return span{}, &rangeError{0, fmt.Sprintf("%q runs backwards", s), ""}
	}
	return sp, nil
}

// count is how many texts the template stands for, MaxRange+1 where there are more than MaxRange.
func (t template) count() int {
	total := 1
	for _, p := range t {
		if p.spans == nil {
			continue
		}
		n := 0
		for _, s := range p.spans {
			n = min(n+s.count(), MaxRange+1)
		}
		total = min(total*n, MaxRange+1)
	}
	return total
}

// ranged reports whether there is any range in it.
func (t template) ranged() bool { return len(t) != 1 || t[0].spans != nil }

// expand writes out all texts; the last range runs fastest.
func (t template) expand() []string {
	if !t.ranged() {
		return []string{t[0].text}
	}
	out := make([]string, 0, t.count())
	var b [64]byte
	t.expandInto(&out, b[:0])
	return out
}

func (t template) expandInto(out *[]string, prefix []byte) {
	if len(t) == 0 {
		*out = append(*out, string(prefix))
		return
	}
	if t[0].spans == nil {
		t[1:].expandInto(out, append(prefix, t[0].text...))
		return
	}
	for _, s := range t[0].spans {
		for i := range s.count() {
			t[1:].expandInto(out, s.write(prefix, i))
		}
	}
}
