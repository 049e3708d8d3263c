package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

func (s *Shell) substring(sl *syntax.Slice, t string) (string, error) {
	r := []rune(t)
	off, n, err := s.bounds(sl, len(r))
	if err != nil {
		return "", err
	}
	return string(r[off : off+n]), nil
}

// bounds evaluates ${x:off:len} against a length; both results are within it.
func (s *Shell) bounds(sl *syntax.Slice, size int) (off, n int, err error) {
	if sl.Offset != nil {
		v, err := s.arith(sl.Offset)
		if err != nil {
			return 0, 0, err
		}
		if v < 0 {
			v = max(0, v+int64(size))
		}
		off = int(min(v, int64(size)))
	}
	n = size - off
	if sl.Length != nil {
		v, err := s.arith(sl.Length)
		if err != nil {
			return 0, 0, err
		}
		if v < 0 {
			v = max(0, v+int64(n))
		}
		n = int(min(v, int64(n)))
	}
	return off, n, nil
}

func (s *Shell) sliceList(sl *syntax.Slice, v *paramValue) error {
	list := v.list
	positional := sl.Offset != nil
	if positional {
		list = append([]string{s.name}, list...)
	}
	off, n, err := s.bounds(sl, len(list))
	if err != nil {
		return err
	}
	v.list = list[off : off+n]
	return nil
}

func (s *Shell) replace(r *syntax.Replace, t string) (string, error) {
	pat, err := s.patternWord(r.Orig)
	if err != nil || pat == "" {
		return t, err
	}
	with, err := s.word(r.With)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i := 0; i <= len(t); {
		n := longest(pat, t[i:])
		if n < 0 || n == 0 {
			if i < len(t) {
				b.WriteByte(t[i])
			}
			i++
			continue
		}
		b.WriteString(with)
		i += n
		if !r.All {
			b.WriteString(t[i:])
			break
		}
	}
	return b.String(), nil
}

func longest(pat, t string) int {
	for n := len(t); n >= 0; n-- {
		if Match(pat, t[:n]) {
			return n
		}
	}
	return -1
}

// braces performs bash's brace expansion; other shells have none.
func (s *Shell) braces(w *syntax.Word) []*syntax.Word {
	if s.kind != Bash || !hasBrace(w) {
		return []*syntax.Word{w}
	}
	copied := &syntax.Word{Parts: w.Parts}
	if !syntax.SplitBraces(copied) {
		return []*syntax.Word{w}
	}
	return product(copied.Parts)
}

func hasBrace(w *syntax.Word) bool {
	for _, p := range w.Parts {
		if l, ok := p.(*syntax.Lit); ok && strings.Contains(l.Value, "{") {
			return true
		}
	}
	return false
}

// product lists the words that a word with lists of alternatives stands for, at most a thousand of them.
func product(parts []syntax.WordPart) []*syntax.Word {
	out := []*syntax.Word{{}}
	for _, part := range parts {
		choices := []*syntax.Word{{Parts: []syntax.WordPart{part}}}
		if b, ok := part.(*syntax.BraceExp); ok {
			choices = nil
			if b.Sequence {
				choices = sequence(b)
			} else {
				for _, elem := range b.Elems {
					choices = append(choices, product(elem.Parts)...)
				}
			}
		}
		var next []*syntax.Word
		for _, w := range out {
			for _, c := range choices {
				if len(next) > 1000 {
					return next
				}
				joined := append(append([]syntax.WordPart(nil), w.Parts...), c.Parts...)
				next = append(next, &syntax.Word{Parts: joined})
			}
		}
		out = next
	}
	return out
}

func sequence(b *syntax.BraceExp) []*syntax.Word {
	var out []*syntax.Word
	lo, hi := b.Elems[0].Lit(), b.Elems[1].Lit()
	add := func(text string) {
		out = append(out, &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{Value: text}}})
	}
	a, errA := parseInt(lo)
	z, errZ := parseInt(hi)
	if errA != nil || errZ != nil {
		if len(lo) == 1 && len(hi) == 1 {
			for c := lo[0]; c <= hi[0]; c++ {
				add(string(c))
			}
		}
		return out
	}
	for n := a; len(out) < 1000; {
		add(formatInt(n))
		if n == z {
			break
		}
		if a < z {
			n++
		} else {
			n--
		}
	}
	return out
}
