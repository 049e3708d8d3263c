package inventory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// numbered is a host's name cut at the number that HostSet folds.
type numbered struct {
	prefix, digits, suffix string
	value                  uint64
}

// cutNumber cuts a name at the last number of its first label: "r07-web-0712.ams1" is "r07-web-", "0712", ".ams1".
func cutNumber(name string) numbered {
	label := name
	if dot := strings.IndexByte(name, '.'); dot >= 0 {
		label = name[:dot]
	}
	end := strings.LastIndexAny(label, "0123456789") + 1
	start := end
	for start > 0 && isDigit(label[start-1]) {
		start--
	}
	n := numbered{name[:start], name[start:end], name[end:], 0}
	if end == 0 || len(n.digits) > 18 {
		return numbered{prefix: name}
	}
	n.value, _ = strconv.ParseUint(n.digits, 10, 64) // 18 digits fit
	return n
}

// padded reports whether the number is written with a zero in front.
func (n numbered) padded() bool { return len(n.digits) > 1 && n.digits[0] == '0' }

// compare orders names so that those which fold into one range stand together and count up.
func (n numbered) compare(m numbered) int {
	if c := strings.Compare(n.prefix, m.prefix); c != 0 {
		return c
	}
	if c := strings.Compare(n.suffix, m.suffix); c != 0 {
		return c
	}
	if (n.digits == "") != (m.digits == "") {
		return len(n.digits) - len(m.digits)
	}
	if c := len(n.digits) - len(m.digits); c != 0 {
		return c
	}
	return strings.Compare(n.digits, m.digits)
}

// follows reports whether n is the next number after m, in a range that is or is not padded.
func (n numbered) follows(m numbered, padded bool) bool {
	return n.value == m.value+1 && (len(n.digits) == len(m.digits) || !padded && !n.padded())
}

// HostSet writes a set of hosts short: "db-01,web-[0711-0715,0720]". The result is sorted, names each host once, and is a selector
// as well. ExpandHostSet reads it back.
func HostSet(ids []HostID) string {
	names := make([]numbered, len(ids))
	for i, id := range ids {
		names[i] = cutNumber(string(id))
	}
	slices.SortFunc(names, numbered.compare)
	names = slices.Compact(names)
	var b strings.Builder
	for len(names) > 0 {
		n := 1
		for n < len(names) && names[0].digits != "" && names[n].prefix == names[0].prefix && names[n].suffix == names[0].suffix && names[n].digits != "" {
			n++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		writeFamily(&b, names[:n])
		names = names[n:]
	}
	return b.String()
}

// writeFamily writes names that differ in their number only.
func writeFamily(b *strings.Builder, names []numbered) {
	if len(names) == 1 {
		b.WriteString(names[0].prefix + names[0].digits + names[0].suffix)
		return
	}
	b.WriteString(names[0].prefix + "[")
	for i := 0; i < len(names); {
		last := i
		for last+1 < len(names) && names[last+1].follows(names[last], names[i].padded()) {
			last++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(names[i].digits)
		if last > i {
			b.WriteString("-" + names[last].digits)
		}
		i = last + 1
	}
	b.WriteString("]" + names[0].suffix)
}

// ExpandHostSet reads what HostSet writes, in the order in which it is written. It gives MaxRange hosts at most; an error has a
// Hint() string where there is something to do about it.
func ExpandHostSet(s string) ([]HostID, error) {
	var out []HostID
	for _, item := range splitOutside(s, ',') {
		if item == "" && s == "" {
			return nil, nil
		}
		t, err := parseTemplate(item)
		if err != nil {
			return nil, fmt.Errorf("host set %q: %w", s, err)
		}
		if len(out)+t.count() > MaxRange {
			return nil, fmt.Errorf("host set %q: more than %d hosts", s, MaxRange)
		}
		for _, name := range t.expand() {
			if !isName(name) {
				return nil, fmt.Errorf("host set %q: %q is not a host's name", s, name)
			}
			out = append(out, HostID(name))
		}
	}
	return out, nil
}

// splitOutside cuts at each sep that stands outside brackets and double quotes.
func splitOutside(s string, sep byte) []string {
	var out []string
	start, inBrackets, inQuotes := 0, false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case inQuotes && c == '\\':
			i++
		case c == '"':
			inQuotes = !inQuotes
		case inQuotes:
		case c == '[':
			inBrackets = true
		case c == ']':
			inBrackets = false
		case c == sep && !inBrackets:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// isName reports whether s may be the name of a host, site, rack, group, service or feed: letters, digits and ._- with a letter or
// digit first, so that a name needs no quotes in a selector and is no option to any command.
func isName(s string) bool {
	if s == "" || len(s) > 253 || strings.IndexByte("._-", s[0]) >= 0 {
		return false
	}
	for i := range len(s) {
		if !isBare(s[i]) && s[i] != '.' {
			return false
		}
	}
	return true
}

// isTag is isName, with colons allowed within: "role:db".
func isTag(s string) bool {
	return s != "" && s[0] != ':' && isName(strings.ReplaceAll(s, ":", "_"))
}
