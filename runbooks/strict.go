package runbooks

import (
	"sort"
	"strings"
	"time"
)

// Table reads one table of a strict TOML file key by key, for files that are written beside runbooks, such as maintenance plans: every
// problem is kept with its line and column, and a key that nobody asked for is one.
type Table struct{ t *table }

// ReadStrict reads a TOML file by way of its top table. Source names the file in errors. The error is a Problems: everything that is
// wrong, in the file's order.
func ReadStrict(source string, data []byte, read func(Table)) error {
	if len(data) > maxFile {
		return Problems{{Source: source, Message: "is larger than 1 MiB"}}
	}
	raw, problems := values(source, data)
	if problems != nil {
		return problems
	}
	f := &file{source: source, pos: locate(string(data))}
	t := &table{file: f, m: raw}
	read(Table{t})
	t.close()
	sort.SliceStable(f.problems, func(i, j int) bool {
		a, b := f.problems[i], f.problems[j]
		return a.Line < b.Line || a.Line == b.Line && a.Col < b.Col
	})
	return f.problems.err()
}

// Text is a string's value; "" where the key is not there.
func (t Table) Text(key string) string { return t.t.text(key) }

// Plain is a number or a string, as text.
func (t Table) Plain(key string) string { return t.t.plain(key) }

// Number is a whole number; nil where the key is not there.
func (t Table) Number(key string) *int { return t.t.number(key) }

// Yes is true or false; false where the key is not there.
func (t Table) Yes(key string) bool { return t.t.yes(key) }

// Day is a date, at midnight UTC; zero where the key is not there.
func (t Table) Day(key string) time.Time {
	d, ok := value[time.Time](t.t, key, "a date, such as 2027-01-31")
	if !ok {
		return time.Time{}
	}
	if d.Location().String() != "date-local" { // so the library calls a date without a time
		t.t.wrong(key, "write 2027-01-31", "%s must be a date without a time", key)
	}
	y, m, day := d.Date()
	return time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
}

// Tables are those of an array of tables. The caller closes each.
func (t Table) Tables(key string) []Table {
	var out []Table
	for _, c := range t.t.children(key) {
		out = append(out, Table{c})
	}
	return out
}

// Values reads a table of parameters as they would be typed: strings, numbers, yes or no, lists of strings.
func (t Table) Values(key string) map[string]string {
	c := t.t.child(key)
	if c == nil {
		return nil
	}
	out := map[string]string{}
	for _, k := range c.keys() {
		if _, list := c.m[k].([]any); list {
			out[k] = strings.Join(c.words(k), " ")
			continue
		}
		out[k] = c.plain(k)
	}
	return out
}

// Policy reads the keys of [waves] that stand in this table. What is not there is zero.
func (t Table) Policy() Policy { return t.t.file.waves(t.t) }

// Wrong adds a problem at the value of key, or at the table where it has no such key.
func (t Table) Wrong(key, advice, format string, args ...any) {
	t.t.wrong(key, advice, format, args...)
}

// Close makes a problem of every key that was not asked for.
func (t Table) Close() { t.t.close() }
