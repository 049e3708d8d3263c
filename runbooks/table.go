package runbooks

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// table reads one table of a TOML file key by key. Every problem goes to its file's list, with its place; a key that nobody asked
// for is a problem too, once close is called.
type table struct {
	*file
	path  string
	m     map[string]any
	asked []string
}

// file is what the tables of a file share.
type file struct {
	source   string
	pos      *positions
	problems Problems
	beside   func(name string) ([]byte, error) // reads a file beside this one; nil = there is none
	ours     bool                              // built in: its scripts were parsed by the tests, with every shell there is
}

func (f *file) problem(offset int, advice, format string, args ...any) {
	line, col := f.pos.lineCol(offset)
	f.problems = append(f.problems, Problem{Source: f.source, Line: line, Col: col, Message: fmt.Sprintf(format, args...), Advice: advice})
}

// wrong adds a problem at the value of key, or at the table where it has no such key.
func (t *table) wrong(key, advice, format string, args ...any) {
	t.problem(t.offset(key), advice, format, args...)
}

func (t *table) offset(key string) int {
	if at, ok := t.pos.value[join(t.path, key)]; ok {
		return at
	}
	if at, ok := t.pos.key[join(t.path, key)]; ok {
		return at
	}
	return t.pos.key[t.path]
}

func (t *table) get(key string) (any, bool) {
	t.asked = append(t.asked, key)
	v, ok := t.m[key]
	return v, ok
}

// value returns a key's value where it is a T; anything else is a problem that says what was wanted.
func value[T any](t *table, key, wanted string) (v T, ok bool) {
	any, there := t.get(key)
	if !there {
		return v, false
	}
	if v, ok = any.(T); !ok {
		t.wrong(key, "", "%s must be %s", key, wanted)
	}
	return v, ok
}

func (t *table) text(key string) string {
	s, _ := value[string](t, key, "a string in quotes")
	return s
}

func (t *table) yes(key string) bool {
	b, _ := value[bool](t, key, "true or false")
	return b
}

func (t *table) number(key string) *int {
	n, ok := value[int64](t, key, "a whole number")
	if !ok {
		return nil
	}
	i := int(n)
	return &i
}

// says reports whether a key is there and is not the empty text.
func (t *table) says(key string) bool {
	v, there := t.m[key]
	return there && v != ""
}

// word is a text that must be one of options; "" and absent are the same.
func (t *table) word(key string, options ...string) string {
	s := t.text(key)
	if s != "" && !slices.Contains(options, s) {
		t.wrong(key, didYouMean(s, options), "%s is %q, which is none of %s", key, s, strings.Join(options, ", "))
		return ""
	}
	return s
}

func (t *table) duration(key string) time.Duration {
	s := t.text(key)
	if s == "" {
		return 0
	}
	d, err := parseDuration(s)
	if err != nil {
		t.wrong(key, `write it as "90s", "15m", "2h" or "3d"`, "%s: %v", key, err)
	}
	return d
}

// plain is a number or a string, as text: `batch = 5` and `batch = "20%"`.
func (t *table) plain(key string) string {
	v, ok := t.get(key)
	if !ok {
		return ""
	}
	s, ok := scalar(v)
	if !ok {
		t.wrong(key, "", "%s must be a string or a number", key)
	}
	return s
}

// scalar is a TOML value as the text of a parameter.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case bool:
		if v {
			return "yes", true
		}
		return "no", true
	}
	return "", false
}

// words is an array of strings.
func (t *table) words(key string) []string {
	list, _ := value[[]any](t, key, "an array of strings")
	var out []string
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			t.problem(t.pos.key[join(join(t.path, key), strconv.Itoa(i))], "", "%s must hold strings only", key)
			continue
		}
		out = append(out, s)
	}
	return out
}

// child is the table under key; nil where there is none.
func (t *table) child(key string) *table {
	m, ok := value[map[string]any](t, key, "a table")
	if !ok {
		return nil
	}
	return &table{file: t.file, path: join(t.path, key), m: m}
}

// children are the tables of an array of tables, or of an array of inline tables.
func (t *table) children(key string) []*table {
	v, there := t.get(key)
	var maps []map[string]any
	switch v := v.(type) {
	case []map[string]any:
		maps = v
	case []any:
		for _, e := range v {
			m, ok := e.(map[string]any)
			if !ok {
				t.wrong(key, "", "%s must hold tables only", key)
				return nil
			}
			maps = append(maps, m)
		}
	default:
		if there {
			t.wrong(key, fmt.Sprintf("write [[%s]], with two brackets", key), "%s must be an array of tables", key)
		}
		return nil
	}
	out := make([]*table, len(maps))
	for i, m := range maps {
		out[i] = &table{file: t.file, path: join(join(t.path, key), strconv.Itoa(i)), m: m}
	}
	return out
}

// keys are the table's keys in the file's order.
func (t *table) keys() []string {
	var out []string
	for k := range t.m {
		out = append(out, k)
	}
	at := func(i int) int { return t.pos.key[join(t.path, out[i])] }
	sort.Slice(out, func(i, j int) bool {
		if at(i) != at(j) {
			return at(i) < at(j)
		}
		return out[i] < out[j]
	})
	return out
}

// close makes a problem of every key that was not asked for.
func (t *table) close() {
	for _, k := range t.keys() {
		if !slices.Contains(t.asked, k) {
			known := slices.Compact(slices.Sorted(slices.Values(t.asked)))
			t.problem(t.pos.key[join(t.path, k)], didYouMean(k, known), "unknown key %q", k)
		}
	}
}
