package shell

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tend/lab/vfs"
)

// Match reports whether s matches a shell pattern: * ? [set] [!set] and backslash to quote one character.
func Match(pat, s string) bool {
	starPat, starStr := -1, 0
	i, j := 0, 0
	for j < len(s) {
		if i < len(pat) {
			if pat[i] == '*' {
				starPat, starStr = i, j
				i++
				continue
			}
			if ni, nj, ok := matchOne(pat, i, s, j); ok {
				i, j = ni, nj
				continue
			}
		}
		if starPat < 0 {
			return false
		}
		_, size := utf8.DecodeRuneInString(s[starStr:])
		starStr += size
		i, j = starPat+1, starStr
	}
	for i < len(pat) && pat[i] == '*' {
		i++
	}
	return i == len(pat)
}

// matchOne matches one pattern element at i against one character at j.
func matchOne(pat string, i int, s string, j int) (int, int, bool) {
	r, size := utf8.DecodeRuneInString(s[j:])
	switch pat[i] {
	case '?':
		return i + 1, j + size, true
	case '[':
		if end, ok, valid := bracket(pat, i, r); valid {
			return end, j + size, ok
		}
	case '\\':
		if i+1 < len(pat) {
			i++
		}
	}
	want, wsize := utf8.DecodeRuneInString(pat[i:])
	return i + wsize, j + size, want == r && pat[i:i+wsize] == s[j:j+size]
}

// bracket evaluates a [...] at i; valid is false where it is not closed, so that the "[" stands for itself.
func bracket(pat string, i int, r rune) (end int, ok, valid bool) {
	k := i + 1
	negate := k < len(pat) && (pat[k] == '!' || pat[k] == '^')
	if negate {
		k++
	}
	for firstItem := true; k < len(pat) && (pat[k] != ']' || firstItem); firstItem = false {
		if strings.HasPrefix(pat[k:], "[:") {
			if n := strings.Index(pat[k:], ":]"); n > 0 {
				ok = ok || inClass(pat[k+2:k+n], r)
				k += n + 2
				continue
			}
		}
		lo, n := bracketChar(pat[k:])
		k += n
		hi := lo
		if k+1 < len(pat) && pat[k] == '-' && pat[k+1] != ']' {
			hi, n = bracketChar(pat[k+1:])
			k += 1 + n
		}
		ok = ok || lo <= r && r <= hi
	}
	if k >= len(pat) {
		return 0, false, false
	}
	return k + 1, ok != negate, true
}

func bracketChar(s string) (rune, int) {
	if s[0] == '\\' && len(s) > 1 {
		r, n := utf8.DecodeRuneInString(s[1:])
		return r, n + 1
	}
	return utf8.DecodeRuneInString(s)
}

func inClass(class string, r rune) bool {
	lower, upper, digit := r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9'
	switch class {
	case "alpha":
		return lower || upper
	case "digit":
		return digit
	case "alnum":
		return lower || upper || digit
	case "upper":
		return upper
	case "lower":
		return lower
	case "space":
		return r == ' ' || r >= '\t' && r <= '\r'
	case "blank":
		return r == ' ' || r == '\t'
	case "punct":
		return r > ' ' && r < 0x7f && !lower && !upper && !digit
	case "xdigit":
		return digit || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F'
	case "cntrl":
		return r < ' ' || r == 0x7f
	case "print":
		return r >= ' ' && r < 0x7f
	case "graph":
		return r > ' ' && r < 0x7f
	}
	return false
}

// hasMeta reports whether an escaped pattern has an active * ? or [.
func hasMeta(pat string) bool {
	for i := 0; i < len(pat); i++ {
		switch pat[i] {
		case '\\':
			i++
		case '*', '?', '[':
			return true
		}
	}
	return false
}

func unescape(pat string) string {
	if strings.IndexByte(pat, '\\') < 0 {
		return pat
	}
	var b strings.Builder
	for i := 0; i < len(pat); i++ {
		if pat[i] == '\\' && i+1 < len(pat) {
			i++
		}
		b.WriteByte(pat[i])
	}
	return b.String()
}

// glob expands an escaped pattern into the sorted paths that exist; none means that the word stands for itself.
func (s *Shell) glob(pat string) []string {
	found := []string{""}
	if strings.HasPrefix(pat, "/") {
		found[0] = "/"
	}
	parts := strings.Split(strings.TrimLeft(pat, "/"), "/")
	for i, part := range parts {
		last := i == len(parts)-1
		var next []string
		for _, dir := range found {
			next = append(next, s.globIn(dir, part, last)...)
		}
		found = next
	}
	slices.Sort(found)
	return found
}

// globIn lists the paths in dir (which ends in a slash or is empty) that one component matches.
func (s *Shell) globIn(dir, part string, last bool) []string {
	p := s.p
	tail := "/"
	if last {
		tail = ""
	}
	if !hasMeta(part) {
		path := dir + unescape(part)
		if part == "" {
			return []string{dir}
		}
		if _, err := p.Sys.FS.Lstat(p.Cred, p.Cwd, path); err != nil {
			return nil
		}
		return []string{path + tail}
	}
	at := dir
	if at == "" {
		at = "."
	}
	list, err := p.Sys.FS.ReadDir(p.Cred, p.Cwd, at)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range list {
		if e.Name[0] == '.' && part[0] != '.' || !Match(part, e.Name) {
			continue
		}
		if !last && e.Kind != vfs.Directory {
			i, err := p.Sys.FS.Stat(p.Cred, p.Cwd, dir+e.Name)
			if err != nil || !i.IsDir() {
				continue
			}
		}
		out = append(out, dir+e.Name+tail)
	}
	return out
}
