package inventory

import (
	"crypto/sha256"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxBytes is how large an inventory file may be, MaxHosts how many hosts it may stand for.
const (
	MaxBytes = 16 << 20
	MaxHosts = 200_000
)

// Parse reads an inventory. Path is for messages only. The error is Problems: everything that is wrong, in the order of the text,
// except that a text that is no TOML gives the first error alone. Of a text with a problem nothing is returned.
func Parse(path string, data []byte) (*Inventory, error) {
	text := string(data)
	if p := unreadable(path, text); p != nil {
		return nil, Problems{*p}
	}
	src := newSource(path, text)
	root, bad := readTOML(src.text)
	if bad != nil {
		line, col := src.position(int32(bad.at))
		return nil, Problems{{File: path, Line: line, Col: col, Msg: bad.msg, Hint: bad.hint}}
	}
	d := &decoder{src: src, inv: &Inventory{Path: path, Digest: sha256.Sum256(data)}, windows: map[string]error{}, bySite: map[string]*siteDraft{}}
	d.inv.Hosts = make([]Host, 0, countHosts(root))
	d.file(root)
	d.place()
	d.members(root)
	if len(d.problems) > 0 {
		return nil, d.sorted()
	}
	return d.inv, nil
}

// unreadable is why the bytes are not even a text.
func unreadable(path, text string) *Problem {
	if len(text) > MaxBytes {
		return &Problem{File: path, Msg: "larger than 16 MiB", Hint: "host ranges keep an inventory short: name = \"web-[001-120]\""}
	}
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return &Problem{File: path, Line: 1, Col: 1, Msg: "this is UTF-16", Hint: "save it as UTF-8"}
	}
	if utf8.ValidString(text) {
		return nil
	}
	at := 0
	for at < len(text) {
		r, n := utf8.DecodeRuneInString(text[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	line, col := newSource(path, text).position(int32(at))
	return &Problem{File: path, Line: line, Col: col, Msg: "this is not UTF-8", Hint: "save it as UTF-8"}
}

// decoder turns the tree into an inventory and collects what is wrong.
type decoder struct {
	src      *source
	inv      *Inventory
	problems []located
	windows  map[string]error // those that were read already
	sites    []*siteDraft
	bySite   map[string]*siteDraft
	decls    []declaration
	draft    hostDraft // of the host that is being read: one for all, since it is large
	partial  bool      // a host, rack or site could not be made out, so that a selector may miss it through no fault of its own
}

// located is a problem on its way, with its place in bytes.
type located struct {
	at        int32
	msg, hint string
}

// siteDraft and rackDraft are what hosts inherit from.
type siteDraft struct {
	Site
	base   hostDraft
	racks  []*rackDraft
	byName map[string]*rackDraft
}

type rackDraft struct {
	Rack
	base  hostDraft
	slots [2][]int32 // the host at each unit, front and rear: its index + 1
}

// sorted gives the problems in the order of the text.
func (d *decoder) sorted() Problems {
	slices.SortStableFunc(d.problems, func(a, b located) int { return int(a.at) - int(b.at) })
	out := make(Problems, len(d.problems))
	for i, p := range d.problems {
		line, col := d.src.position(p.at)
		out[i] = Problem{File: d.src.path, Line: line, Col: col, Msg: p.msg, Hint: p.hint}
	}
	return out
}

// file reads the top level: defaults first, sites next, since hosts may refer to them.
func (d *decoder) file(root *node) {
	var base hostDraft
	if e := root.get("defaults"); e != nil && d.isTable(e) {
		d.scope("defaults", e.val, &base, nil)
	}
	for _, n := range d.tables(root, "site") {
		d.site(n, &base)
	}
	for _, n := range d.tables(root, "host") {
		d.topHost(n, &base)
	}
	for _, e := range root.keys {
		if !slices.Contains(tableKeys["file"], e.key) {
			d.unknownKey("file", e)
		}
	}
}

// countHosts is how many hosts the tables stand for, so that no copying is needed to make room for them.
func countHosts(n *node) int {
	total := 0
	for _, e := range n.keys {
		if e.val.kind != kindArray || e.key != "site" && e.key != "rack" && e.key != "host" {
			continue
		}
		for _, item := range e.val.items {
			switch {
			case item.kind != kindTable:
			case e.key != "host":
				total += countHosts(item)
			default:
				total++
				if name := item.get("name"); name != nil && strings.IndexByte(name.val.text, '[') >= 0 {
					t, _ := parseTemplate(name.val.text)
					total += t.count() - 1
				}
			}
		}
	}
	return min(total, MaxHosts)
}

// tables returns the tables of [[key]], and complains where it is anything else.
func (d *decoder) tables(parent *node, key string) []*node {
	e := parent.get(key)
	if e == nil {
		return nil
	}
	if e.val.kind == kindTable {
		d.lose(e.at, "write it in double brackets: [["+key+"]]", "%s must be an array of tables", key)
		return nil
	}
	if e.val.kind != kindArray {
		d.lose(e.val.at, "", "%s must be an array of tables, not %s", key, e.val.kind)
		return nil
	}
	for _, n := range e.val.items {
		if n.kind != kindTable {
			d.lose(n.at, "", "%s must be an array of tables; this is %s", key, n.kind)
			return nil
		}
	}
	return e.val.items
}

func (d *decoder) isTable(e *entry) bool {
	if e.val.kind != kindTable {
		d.fail(e.val.at, "", "%s must be a table, not %s", e.key, e.val.kind)
		return false
	}
	return true
}

// site reads a [[site]] with its racks and hosts.
func (d *decoder) site(n *node, base *hostDraft) {
	s := &siteDraft{base: *base, byName: map[string]*rackDraft{}}
	s.Line = d.src.line(n.at)
	d.scope("site", n, &s.base, func(e *entry) {
		switch e.key {
		case "name":
			s.Name = d.name(e, "site")
		case "title":
			s.Title = d.words(e)
		}
	})
	if e := n.get("name"); e == nil {
		d.nameless(n, "site")
	} else if other := d.bySite[s.Name]; other != nil {
		d.fail(e.val.at, "", "site %q is already declared on line %d", s.Name, other.Line)
	} else if s.Name != "" {
		d.bySite[s.Name] = s
	}
	s.base.Site = s.Name
	d.sites = append(d.sites, s)
	for _, n := range d.tables(n, "rack") {
		d.rack(n, s)
	}
	for _, n := range d.tables(n, "host") {
		d.host(n, "host", &s.base, nil)
	}
}

// nameless complains about a site, rack or host without a name, unless the key is there with a slip in it.
func (d *decoder) nameless(n *node, table string) {
	d.partial = true
	if !misspelt(n, "name", table) {
		d.fail(n.at, "", "this %s has no name", strings.TrimPrefix(table, "top "))
	}
}

// The height of a rack where none is given, and the tallest there is.
const (
	defaultUnits = 42
	maxUnits     = 100
)

// rack reads a [[site.rack]] with its hosts.
func (d *decoder) rack(n *node, s *siteDraft) {
	r := &rackDraft{base: s.base}
	r.Site, r.Line, r.Units = s.Name, d.src.line(n.at), defaultUnits
	d.scope("rack", n, &r.base, func(e *entry) {
		switch e.key {
		case "name":
			r.Name = d.name(e, "rack")
		case "units":
			r.Units = d.number(e, 1, maxUnits)
		case "row":
			r.Row = d.words(e)
		}
	})
	if e := n.get("name"); e == nil {
		d.nameless(n, "rack")
	} else if other := s.byName[r.Name]; other != nil {
		d.fail(e.val.at, "", "rack %q of site %s is already declared on line %d", r.Name, s.Name, other.Line)
	} else if r.Name != "" {
		s.byName[r.Name] = r
	}
	r.Feeds = r.base.Feeds
	r.base.Rack = r.Name
	s.racks = append(s.racks, r)
	for _, n := range d.tables(n, "host") {
		d.host(n, "host", &r.base, r)
	}
}

// topHost reads a [[host]] of the top level, which may say where it stands.
func (d *decoder) topHost(n *node, base *hostDraft) {
	site, rack := n.get("site"), n.get("rack")
	if site == nil {
		if rack != nil {
			d.lose(rack.at, "say which site it is in as well: site = \"…\"", "a rack without a site")
		}
		d.host(n, "top host", base, nil)
		return
	}
	s := d.bySite[d.text(site)]
	if s == nil && site.val.kind == kindString {
		d.lose(site.val.at, didYouMean(site.val.text, d.siteNames()), "there is no site %q", site.val.text)
	}
	if s == nil {
		return
	}
	if rack == nil {
		d.host(n, "top host", &s.base, nil)
		return
	}
	r := s.byName[d.text(rack)]
	if r == nil && rack.val.kind == kindString {
		names := slices.Sorted(maps.Keys(s.byName))
		d.lose(rack.val.at, didYouMean(rack.val.text, names), "site %s has no rack %q", s.Name, rack.val.text)
	}
	if r == nil {
		return
	}
	d.host(n, "top host", &r.base, r)
}

func (d *decoder) siteNames() []string {
	return slices.Sorted(maps.Keys(d.bySite))
}
