package userland

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

type sortKey struct {
	from, fromChar, to, toChar int
	flags                      string
}

// Sort sorts lines: -n -r -u -k -t -h -V -f -b -s -o.
func Sort(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "nrufbdihVsgcCmzk:t:o:T:S:", map[string]byte{"numeric-sort": 'n', "reverse": 'r', "unique": 'u',
		"key": 'k', "field-separator": 't', "human-numeric-sort": 'h', "version-sort": 'V', "ignore-case": 'f', "stable": 's', "output": 'o', "check": 'c'})
	if !ok {
		return t.bad(2)
	}
	var flags string
	for _, o := range t.opts {
		if strings.IndexByte("nrfbdihVg", o.c) >= 0 {
			flags += string(o.c)
		}
	}
	var keys []sortKey
	for _, k := range t.all('k') {
		key, ok := parseKey(k, flags)
		if !ok {
			t.fail("invalid number at field start: invalid count at start of '%s'", k)
			return 2
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		keys = []sortKey{{from: 1, flags: flags}}
	}
	var lines []string
	t.each(func(name string, r io.Reader) {
		t.lines(name, r, func(line []byte, _ bool) bool {
			lines = append(lines, string(line))
			return true
		})
	})
	sep := t.val('t')
	less := func(a, b string) int {
		for _, k := range keys {
			if c := k.compare(a, b, sep); c != 0 {
				return c
			}
		}
		return 0
	}
	full := func(a, b string) int {
		c := less(a, b)
		if c == 0 && !t.has("su") {
			if c = strings.Compare(a, b); strings.Contains(flags, "r") {
				c = -c
			}
		}
		return c
	}
	if t.has("cC") {
		return boolInt(!slices.IsSortedFunc(lines, full))
	}
	slices.SortStableFunc(lines, full)
	if t.has("u") {
		lines = slices.CompactFunc(lines, func(a, b string) bool { return less(a, b) == 0 })
	}
	return t.writeSorted(lines)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (t *tool) writeSorted(lines []string) int {
	if name := t.val('o'); name != "" {
		f, err := t.p.Open(name, vfs.Write|vfs.Create|vfs.Trunc, 0o666)
		if err != nil {
			t.fail("open failed: %s: %s", name, errText(err))
			return 2
		}
		t.p.SetFD(1, f)
	}
	for _, l := range lines {
		t.out.WriteString(l)
		t.out.WriteByte('\n')
	}
	return t.end()
}

func parseKey(spec, global string) (k sortKey, ok bool) {
	a, b, two := strings.Cut(spec, ",")
	var fa, fb string
	k.from, k.fromChar, fa, ok = keyPos(a)
	if two && ok {
		k.to, k.toChar, fb, ok = keyPos(b)
	}
	if k.flags = fa + fb; k.flags == "" {
		k.flags = global
	}
	return k, ok && k.from > 0
}

func keyPos(s string) (field, char int, flags string, ok bool) {
	i := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if i >= 0 {
		s, flags = s[:i], s[i:]
	}
	f, c, dot := strings.Cut(s, ".")
	field, err := strconv.Atoi(f)
	if dot {
		char, _ = strconv.Atoi(c)
	}
	return field, char, flags, err == nil
}

// text is the part of a line that the key covers.
func (k sortKey) text(line, sep string) string {
	bounds := fieldBounds(line, sep)
	if k.from > len(bounds) {
		return ""
	}
	begin := bounds[k.from-1][0]
	if strings.Contains(k.flags, "b") || sep == "" && strings.ContainsAny(k.flags, "nhgV") {
		for begin < len(line) && (line[begin] == ' ' || line[begin] == '\t') {
			begin++
		}
	}
	begin = min(begin+max(0, k.fromChar-1), len(line))
	end := len(line)
	if k.to > 0 && k.to <= len(bounds) {
		end = bounds[k.to-1][1]
		if k.toChar > 0 {
			end = min(bounds[k.to-1][0]+k.toChar, len(line))
		}
	}
	if end < begin {
		return ""
	}
	return line[begin:end]
}

// fieldBounds splits a line; without a separator a field starts with the blanks before it.
func fieldBounds(line, sep string) [][2]int {
	var out [][2]int
	start := 0
	if sep != "" {
		for {
			i := strings.IndexByte(line[start:], sep[0])
			if i < 0 {
				return append(out, [2]int{start, len(line)})
			}
			out = append(out, [2]int{start, start + i})
			start += i + 1
		}
	}
	for start < len(line) {
		i := start
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		for i < len(line) && line[i] != ' ' && line[i] != '\t' {
			i++
		}
		out = append(out, [2]int{start, i})
		start = i
	}
	return out
}

func (k sortKey) compare(a, b, sep string) int {
	x, y := k.text(a, sep), k.text(b, sep)
	c := 0
	switch {
	case strings.Contains(k.flags, "V"):
		c = VersionCompare(x, y)
	case strings.ContainsAny(k.flags, "hg"):
		c = cmpFloat(humanNumber(x), humanNumber(y))
	case strings.Contains(k.flags, "n"):
		c = cmpFloat(leadingNumber(x), leadingNumber(y))
	case strings.Contains(k.flags, "f"):
		c = strings.Compare(strings.ToUpper(x), strings.ToUpper(y))
	default:
		c = strings.Compare(x, y)
	}
	if strings.Contains(k.flags, "r") {
		c = -c
	}
	return c
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func leadingNumber(s string) float64 {
	s = strings.TrimLeft(s, " \t")
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || i == 0 && s[i] == '-') {
		i++
	}
	f, _ := strconv.ParseFloat(s[:i], 64)
	return f
}

func humanNumber(s string) float64 {
	f := leadingNumber(s)
	s = strings.TrimLeft(strings.TrimSpace(s), "-0123456789.")
	if s != "" {
		for i, c := range "KMGTPE" {
			if unicode.ToUpper(rune(s[0])) == c {
				for range i + 1 {
					f *= 1024
				}
			}
		}
	}
	return f
}

// VersionCompare orders versions as sort -V does: runs of digits by value, "~" before everything.
func VersionCompare(a, b string) int {
	for a != "" || b != "" {
		da, ra := splitDigits(a, false)
		db, rb := splitDigits(b, false)
		if c := compareNonDigits(da, db); c != 0 {
			return c
		}
		na, ra := splitDigits(ra, true)
		nb, rb := splitDigits(rb, true)
		na, nb = strings.TrimLeft(na, "0"), strings.TrimLeft(nb, "0")
		if len(na) != len(nb) {
			return len(na) - len(nb)
		}
		if c := strings.Compare(na, nb); c != 0 {
			return c
		}
		a, b = ra, rb
	}
	return 0
}

func splitDigits(s string, digits bool) (head, rest string) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9') == digits {
		i++
	}
	return s[:i], s[i:]
}

func compareNonDigits(a, b string) int {
	order := func(s string, i int) int {
		switch {
		case i >= len(s):
			return 0
		case s[i] == '~':
			return -1
		case s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z':
			return int(s[i])
		}
		return int(s[i]) + 256
	}
	for i := 0; i < len(a) || i < len(b); i++ {
		if c := order(a, i) - order(b, i); c != 0 {
			return c
		}
	}
	return 0
}

// Uniq drops or counts repeated lines.
func Uniq(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "cduif:s:w:", map[string]byte{"count": 'c', "repeated": 'd', "unique": 'u', "ignore-case": 'i'})
	if !ok {
		return t.bad(1)
	}
	in := t.args
	t.args = in[:min(1, len(in))]
	var prev string
	n := 0
	emit := func() {
		if n == 0 || t.has("d") && n == 1 || t.has("u") && n > 1 {
			return
		}
		if t.has("c") {
			t.printf("%7d ", n)
		}
		t.printf("%s\n", prev)
	}
	key := func(s string) string {
		if t.has("i") {
			s = strings.ToLower(s)
		}
		return s
	}
	t.each(func(name string, r io.Reader) {
		t.lines(name, r, func(line []byte, _ bool) bool {
			if l := string(line); n > 0 && key(l) == key(prev) {
				n++
			} else {
				emit()
				prev, n = l, 1
			}
			return true
		})
	})
	emit()
	return t.end()
}
