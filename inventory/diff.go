package inventory

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Change is what became of one or more things of a kind between two inventories; several stand together where the same became of them.
type Change struct {
	Kind   string   `json:"kind"`             // "site", "rack", "host", "group", "service"
	What   string   `json:"what"`             // "added", "removed", "changed"
	Names  []string `json:"names"`            // of the things; a rack is SITE/RACK
	Fields []Field  `json:"fields,omitempty"` // what is said of what was added; what changed
}

// Field is one key's value before and after; "" = not declared.
type Field struct {
	Key  string `json:"key"`            // as the inventory writes it; "which are" tells the hosts that a service means
	From string `json:"from,omitempty"` // none = it was not declared
	To   string `json:"to,omitempty"`   // none = it is not declared any more
}

// String is the change in one line: `hosts changed: db-[1-2]: window: "a" -> "b"`.
func (c Change) String() string {
	names := strings.Join(c.Names, ", ")
	if c.Kind == "host" {
		ids := make([]HostID, len(c.Names))
		for i, n := range c.Names {
			ids[i] = HostID(n)
		}
		names = HostSet(ids)
	}
	kind := c.Kind
	if len(c.Names) > 1 {
		kind += "s"
	}
	var fields []string
	for _, f := range c.Fields {
		fields = append(fields, f.text(c.What))
	}
	s := fmt.Sprintf("%s %s: %s", kind, c.What, names)
	switch {
	case len(fields) == 0:
		return s
	case c.What == "changed":
		return s + ": " + strings.Join(fields, "; ")
	}
	return s + " (" + strings.Join(fields, ", ") + ")"
}

func (f Field) text(what string) string {
	show := func(s string) string {
		if s == "" {
			return "nothing"
		}
		return strconv.Quote(s)
	}
	switch what {
	case "added":
		return f.Key + " " + f.To
	case "removed":
		return f.Key + " " + f.From
	}
	return fmt.Sprintf("%s: %s -> %s", f.Key, show(f.From), show(f.To))
}

// Diff says what changed from a to b in meaning: where the declarations stand, how they are written, and which level a value comes from,
// does not count. Sites come first, then racks, hosts, groups and services; of each, what was removed, added, changed.
func Diff(a, b *Inventory) []Change {
	var out []Change
	for _, kind := range []struct {
		name string
		all  func(*Inventory) things
		tell []string // the keys that are said of what is added or removed
	}{
		{"site", (*Inventory).siteThings, nil},
		{"rack", (*Inventory).rackThings, nil},
		{"host", (*Inventory).hostThings, []string{"site", "rack"}},
		{"group", (*Inventory).groupThings, []string{"members", "max_down"}},
		{"service", (*Inventory).serviceThings, []string{"hosts"}},
	} {
		out = append(out, apart(kind.name, kind.all(a), kind.all(b), kind.tell)...)
	}
	return out
}

// things are those of a kind: their names in the file's order, and what is declared of each, as text.
type things struct {
	names  []string
	fields map[string]map[string]string
}

func (t *things) add(name string, fields map[string]string) {
	if t.fields == nil {
		t.fields = map[string]map[string]string{}
	}
	t.names = append(t.names, name)
	t.fields[name] = fields
}

func apart(kind string, a, b things, tell []string) []Change {
	var removed, added, changed folder
	for _, n := range a.names {
		if _, there := b.fields[n]; !there {
			removed.add(n, told(a.fields[n], nil, tell))
		}
	}
	for _, n := range b.names {
		was, there := a.fields[n]
		if !there {
			added.add(n, told(nil, b.fields[n], tell))
		} else if f := fieldsApart(was, b.fields[n]); len(f) > 0 {
			changed.add(n, f)
		}
	}
	return slices.Concat(removed.changes(kind, "removed"), added.changes(kind, "added"), changed.changes(kind, "changed"))
}

func told(from, to map[string]string, tell []string) []Field {
	var out []Field
	for _, k := range tell {
		if from[k]+to[k] != "" {
			out = append(out, Field{k, from[k], to[k]})
		}
	}
	return out
}

func fieldsApart(a, b map[string]string) []Field {
	var out []Field
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if a[k] != b[k] {
			out = append(out, Field{k, a[k], b[k]})
		}
	}
	return out
}

// folder puts names of which the same is said together, in the order of their first.
type folder struct {
	order []string
	names map[string][]string
	said  map[string][]Field
}

func (f *folder) add(name string, fields []Field) {
	key := fmt.Sprintf("%q", fields)
	if f.names == nil {
		f.names, f.said = map[string][]string{}, map[string][]Field{}
	}
	if f.names[key] == nil {
		f.order = append(f.order, key)
	}
	f.names[key], f.said[key] = append(f.names[key], name), fields
}

func (f *folder) changes(kind, what string) []Change {
	var out []Change
	for _, key := range f.order {
		out = append(out, Change{Kind: kind, What: what, Names: f.names[key], Fields: f.said[key]})
	}
	return out
}

func (inv *Inventory) siteThings() (t things) {
	for _, s := range inv.Sites {
		t.add(s.Name, map[string]string{"title": s.Title})
	}
	return t
}

func (inv *Inventory) rackThings() (t things) {
	for _, s := range inv.Sites {
		for _, r := range s.Racks {
			t.add(s.Name+"/"+r.Name, map[string]string{"units": unitsText(r.Units), "row": r.Row, "feeds": strings.Join(r.Feeds, " ")})
		}
	}
	return t
}

func (inv *Inventory) hostThings() (t things) {
	for i := range inv.Hosts {
		f := declared(inv.Hosts[i])
		for _, k := range []string{"name", "line", "groups", "services"} { // the last two follow from groups and services
			delete(f, k)
		}
		t.add(string(inv.Hosts[i].Name), f)
	}
	return t
}

func (inv *Inventory) groupThings() (t things) {
	for _, g := range inv.Groups {
		f := declared(g)
		delete(f, "name")
		delete(f, "line")
		f["hosts"], f["max_down"] = HostSet(g.Hosts), strconv.Itoa(g.MaxDown)
		t.add(g.Name, f)
	}
	return t
}

func (inv *Inventory) serviceThings() (t things) {
	for _, s := range inv.Services {
		t.add(s.Name, map[string]string{
			"owner": s.Owner, "hosts": s.Select, "which are": HostSet(s.Hosts), "rto": writeDuration(s.RTO), "rpo": writeDuration(s.RPO), "end_of_life": dayText(s.EndOfLife),
			"backup": s.Backup, "depends": strings.Join(s.Depends, " "),
		})
	}
	return t
}

// declared is a value's JSON form, key by key, as text; what is not declared is not there.
func declared(v any) map[string]string {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil // cannot be: plain data
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	out := map[string]string{}
	for k, r := range all {
		out[k] = plainText(r)
	}
	return out
}

// plainText is a JSON value as one would say it: strings bare, lists with blanks between, the rest as JSON.
func plainText(r json.RawMessage) string {
	var s string
	var list []string
	switch {
	case json.Unmarshal(r, &s) == nil:
		return strings.TrimSuffix(s, "T00:00:00Z") // a day, as the file has it
	case json.Unmarshal(r, &list) == nil:
		return strings.Join(list, " ")
	}
	return string(r)
}

func unitsText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func dayText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}
