package inventory

import (
	"math"
	"slices"
	"strings"
	"time"
)

// membership is a group or a service on its way to its hosts.
type membership struct {
	kind    string // "group" or "service"
	name    string
	named   *entry // the key of the name
	line    int
	depends []*node // the services that a service needs
	key     *entry  // of the selector; nil = there is none
	sel     Selector
	sound   bool // the selector could be read, and so could those of the groups and services that it refers to
	hosts   []HostID
	maxDown *entry
	quorum  *entry
	state   visit
}

// visit is how far the walk along group= and service= has come.
type visit uint8

const (
	unseen visit = iota
	walking
	done
)

// members reads groups and services, and gives them their hosts.
func (d *decoder) members(root *node) {
	var all []*membership
	for _, n := range d.tables(root, "group") {
		all = append(all, d.group(n))
	}
	groups := len(all)
	for _, n := range d.tables(root, "service") {
		all = append(all, d.service(n))
	}
	d.unique(all)
	d.checkDepends(all[groups:])
	if d.partial {
		return // a selector may miss hosts that are there, but could not be read
	}
	for _, m := range all {
		d.resolve(m, all, nil)
	}
	for i := range d.inv.Hosts { // resolve filled these in its own order
		d.inv.Hosts[i].Groups, d.inv.Hosts[i].Services = nil, nil
	}
	for i, m := range all {
		if i < groups {
			g := &d.inv.Groups[i]
			g.Hosts = m.hosts
			d.limit(m, g)
		} else {
			d.inv.Services[i-groups].Hosts = m.hosts
		}
		d.enlist(m)
	}
}

// group reads a [[group]].
func (d *decoder) group(n *node) *membership {
	m := &membership{kind: "group", named: n.get("name"), line: d.src.line(n.at)}
	g := Group{Line: m.line}
	for i := range n.keys {
		e := &n.keys[i]
		switch e.key {
		case "name":
			g.Name = d.name(e, "group")
		case "members":
			g.Members, m.key = d.text(e), e
		case "max_down":
			m.maxDown = e
		case "quorum":
			m.quorum = e
			g.Quorum = d.number(e, 1, math.MaxInt32)
		case "drain":
			g.Drain = d.text(e)
		case "drain_proof":
			g.DrainProof = d.text(e)
		case "undrain":
			g.Undrain = d.text(e)
		case "undrain_proof":
			g.UndrainProof = d.text(e)
		case "become":
			g.Become = d.flag(e)
		case "drain_timeout":
			g.DrainTimeout = d.duration(e)
		case "soak":
			g.Soak = d.duration(e)
		case "last":
			g.Last = d.lastOf(e)
		default:
			d.unknownKey("group", *e)
		}
	}
	if m.maxDown == nil && m.quorum == nil && !misspelt(n, "max_down", "group") && !misspelt(n, "quorum", "group") {
		d.fail(n.at, "max_down = 1 lets one member be down at a time, 0 none; quorum = 2 keeps two up", "this group has neither max_down nor quorum")
	}
	m.name = g.Name
	d.inv.Groups = append(d.inv.Groups, g)
	d.selector(m, n, "members")
	return m
}

// lastOf reads the selector of the members that go last.
func (d *decoder) lastOf(e *entry) string {
	text := d.text(e)
	if e.val.kind != kindString {
		return ""
	}
	if strings.TrimSpace(text) == "" {
		d.fail(e.val.at, `the members that go last: last = "tag=primary"`, "an empty selector")
	} else if _, err := ParseSelector(text); err != nil {
		d.selectorFault(&membership{key: e}, err.(*SelectorError))
	}
	return text
}

// service reads a [[service]].
func (d *decoder) service(n *node) *membership {
	m := &membership{kind: "service", named: n.get("name"), line: d.src.line(n.at)}
	s := Service{Line: m.line}
	for i := range n.keys {
		e := &n.keys[i]
		switch e.key {
		case "name":
			s.Name = d.name(e, "service")
		case "hosts":
			s.Select, m.key = d.text(e), e
		case "owner":
			s.Owner = d.words(e)
		case "backup":
			s.Backup = d.words(e)
		case "rto":
			s.RTO = d.duration(e)
		case "rpo":
			s.RPO = d.duration(e)
		case "end_of_life":
			s.EndOfLife = d.day(e)
		case "depends":
			s.Depends = d.union(nil, e, isName, "is not the name of a service", "")
			m.depends = textsOf(e.val)
		default:
			d.unknownKey("service", *e)
		}
	}
	m.name = s.Name
	d.inv.Services = append(d.inv.Services, s)
	d.selector(m, n, "hosts")
	return m
}

// textsOf returns the items of an array, or the one value that stands for it.
func textsOf(n *node) []*node {
	if n.kind == kindArray {
		return n.items
	}
	return []*node{n}
}

// misspelt reports whether the table has an unknown key that is a slip of the one that is missing: one complaint is enough.
func misspelt(n *node, key, table string) bool {
	return slices.ContainsFunc(n.keys, func(e entry) bool {
		return !slices.Contains(tableKeys[table], e.key) && near(e.key, []string{key}) != ""
	})
}

// selector reads the membership's selector and says what is missing.
func (d *decoder) selector(m *membership, n *node, key string) {
	if m.named == nil && !misspelt(n, "name", m.kind) {
		d.fail(n.at, "", "this %s has no name", m.kind)
	}
	if m.key == nil && misspelt(n, key, m.kind) {
		return
	}
	if m.key == nil {
		d.fail(n.at, "a selector: "+key+" = \"tag=db site=ams1\"", "this %s has no %s", m.kind, key)
		return
	}
	if m.key.val.kind != kindString {
		return
	}
	if strings.TrimSpace(m.key.val.text) == "" {
		d.fail(m.key.val.at, "all hosts are \"all\"", "an empty selector")
		return
	}
	sel, err := ParseSelector(m.key.val.text)
	if err != nil {
		d.selectorFault(m, err.(*SelectorError))
		return
	}
	m.sel, m.sound = sel, true
}

// selectorFault reports what is wrong with a selector, at its column in the file.
func (d *decoder) selectorFault(m *membership, err *SelectorError) {
	d.fail(d.src.inside(m.key.val, err.at), err.hint, "%s", err.Msg)
}

// duration reads a duration above zero.
func (d *decoder) duration(e *entry) (out time.Duration) {
	s := d.text(e)
	if e.val.kind != kindString {
		return 0
	}
	out, ok := parseDuration(s)
	if !ok || out == 0 {
		d.fail(e.val.at, "write it as 15m, 1h30m, 7d or 2w", "%s cannot be %q", e.key, s)
		return 0
	}
	return out
}

// unique reports names that stand twice.
func (d *decoder) unique(all []*membership) {
	seen := map[string]int{}
	for _, m := range all {
		key := m.kind + " " + m.name
		if first, twice := seen[key]; twice && m.name != "" {
			d.fail(m.named.val.at, "", "%s %q is already declared on line %d", m.kind, m.name, first)
			continue
		}
		seen[key] = m.line
	}
}

// checkDepends reports services that depend on what is not there, or on themselves by any way round.
func (d *decoder) checkDepends(services []*membership) {
	byName := map[string]*membership{}
	for _, m := range services {
		byName[m.name] = m
	}
	names, _ := d.inv.names("service")
	for _, m := range services {
		for _, n := range m.depends {
			if byName[n.text] == nil && n.kind == kindString && isName(n.text) {
				d.fail(n.at, didYouMean(n.text, names), "there is no service %q", n.text)
			}
		}
	}
	for _, m := range services {
		d.dependsWalk(m, byName, nil)
	}
	for _, m := range services {
		m.state = unseen // resolve walks anew
	}
}

func (d *decoder) dependsWalk(m *membership, byName map[string]*membership, path []*membership) {
	if m.state != unseen {
		return
	}
	m.state = walking
	path = append(path, m)
	for _, n := range m.depends {
		other := byName[n.text]
		if other != nil && other.state == walking {
			d.fail(n.at, "", "service %s depends on itself: %s", other.name, circle(path, other))
		} else if other != nil {
			d.dependsWalk(other, byName, path)
		}
	}
	m.state = done
}

// circle writes the way from a membership back to itself.
func circle(path []*membership, back *membership) string {
	var names []string
	for _, step := range path[slices.Index(path, back):] {
		names = append(names, step.name)
	}
	return strings.Join(append(names, back.name), " → ")
}

// tooMany is after how many problems nobody looks any more for what may have been meant by a name.
const tooMany = 50

// resolve finds the hosts of a membership, those that its selector refers to first. Path is the way that led here.
func (d *decoder) resolve(m *membership, all []*membership, path []*membership) {
	if m.state != unseen || !m.sound {
		return
	}
	m.state = walking
	path = append(path, m)
	for i := range m.sel.terms {
		t := &m.sel.terms[i]
		if t.key != "group" && t.key != "service" {
			continue
		}
		for j := range t.vals {
			if !d.follow(m, t, &t.vals[j], all, path) {
				m.state, m.sound = done, false
				return
			}
		}
	}
	m.state = done
	if err := (checker{d.inv, m.sel.text, len(d.problems) < tooMany}).check(m.sel, nil); err != nil {
		m.sound = false
		d.selectorFault(m, err)
		return
	}
	m.hosts = d.inv.SelectIDs(m.sel, nil)
	if len(m.hosts) == 0 {
		m.sound = false
		d.fail(d.src.inside(m.key.val, 0), "", "%s %s has no host", m.kind, m.name)
	}
	d.enlist(m)
}

// follow resolves what one value of group= or service= refers to; false = that leads back here, or is not sound itself.
func (d *decoder) follow(m *membership, t *term, p *pattern, all, path []*membership) bool {
	for _, other := range all {
		if other.kind != t.key || !p.match(other.name) || other == m && p.open() {
			continue
		}
		if other.state == walking {
			d.fail(d.src.inside(m.key.val, p.at), "", "%s %s refers to itself: %s", other.kind, other.name, circle(path, other))
			return false
		}
		if d.resolve(other, all, path); !other.sound {
			return false
		}
	}
	return true
}

// enlist tells the hosts what they are members of.
func (d *decoder) enlist(m *membership) {
	for _, id := range m.hosts {
		h := &d.inv.Hosts[d.inv.byName[id]]
		if m.kind == "group" {
			h.Groups = append(h.Groups, m.name)
		} else {
			h.Services = append(h.Services, m.name)
		}
	}
}
