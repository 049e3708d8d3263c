package inventory

import (
	"fmt"
	"slices"
	"strings"
)

// declaration is one host table, which may stand for many hosts: n of them, from the first on.
type declaration struct {
	at, unitAt int32
	first, n   int32
	rack       *rackDraft
}

// host reads a host table with all its ranges.
func (d *decoder) host(n *node, table string, base *hostDraft, r *rackDraft) {
	before := len(d.problems)
	d.draft = *base
	h := &d.draft
	var name, unit *entry
	d.scope(table, n, h, func(e *entry) {
		switch e.key {
		case "name":
			name = e
		case "unit":
			unit = e
		case "host_key":
			h.HostKey = d.checked(e, isHostKey, "is not a host key", "a fingerprint SHA256:…, or a line of ssh-keyscan without the name")
		case "face":
			h.Face = d.choice(e, "leave it out for the full depth", "", "front", "rear")
		}
	})
	if name == nil {
		d.nameless(n, table)
		return
	}
	names := d.hostNames(name)
	if names == nil {
		d.partial = true
		return
	}
	if h.HostKey != "" && len(names) > 1 {
		d.fail(n.get("host_key").val.at, "pin the keys of a range one by one, or in known_hosts", "%d hosts cannot share a host key", len(names))
	}
	at := name.val.at
	if e := n.get("addr"); e != nil {
		at = e.val.at // else it is inherited, and judged where it is used
	}
	addrs := d.addrs(h, names, at)
	var units []int
	decl := declaration{at: name.val.at, first: int32(len(d.inv.Hosts)), n: int32(len(names))}
	if unit != nil {
		units, decl.unitAt = d.units(unit, &h.Host, len(names), r), unit.val.at
	}
	if units != nil && len(d.problems) == before {
		decl.rack = r // what has a problem of its own causes no further ones
	}
	h.Jump = withoutSelf(h.Jump, names)
	h.Line = d.src.line(n.at)
	d.decls = append(d.decls, decl)
	d.spread(names, addrs, units)
}

// spread adds one host a name, all like the draft.
func (d *decoder) spread(names, addrs []string, units []int) {
	for i, name := range names {
		d.inv.Hosts = append(d.inv.Hosts, d.draft.Host)
		h := &d.inv.Hosts[len(d.inv.Hosts)-1]
		h.Name, h.Addr = HostID(name), ""
		if addrs != nil {
			h.Addr = addrs[i]
		}
		if units != nil {
			h.Unit = units[i]
		}
	}
}

// hostNames expands a host's name; nil = it has none that is sound.
func (d *decoder) hostNames(e *entry) []string {
	text := d.text(e)
	if e.val.kind != kindString {
		return nil
	}
	t, err := parseTemplate(text)
	if err != nil {
		d.fail(d.src.inside(e.val, err.at), err.hint, "%s", err.msg)
		return nil
	}
	n := t.count()
	if n > MaxRange {
		d.fail(e.val.at, "", "%q stands for more than %d hosts", text, MaxRange)
		return nil
	}
	if len(d.inv.Hosts)+n > MaxHosts {
		d.fail(e.val.at, "", "with these there are more than %d hosts", MaxHosts)
		return nil
	}
	names := t.expand()
	if !isName(names[0]) || !isName(names[len(names)-1]) || text == "all" {
		d.fail(e.val.at, "letters, digits and . _ - with a letter or digit first; a range as in web-[01-20]", "%s is not a host's name", Told(text))
		return nil
	}
	return names
}

// addrs gives each host its address; at is where to complain.
func (d *decoder) addrs(h *hostDraft, names []string, at int32) []string {
	if h.Addr == "" {
		return nil
	}
	if fault, hint := bracketed(h.Addr); fault != "" {
		d.fail(h.addr.val.at, hint, "%q %s", h.Addr, fault)
		return nil
	}
	t, err := parseTemplate(h.Addr)
	if err != nil {
		d.fail(d.src.inside(h.addr.val, err.at), err.hint, "%s", err.msg)
		return nil
	}
	perHost := strings.Contains(h.Addr, "{name}")
	if n := t.count(); n != len(names) && !(n == 1 && perHost) {
		hint := fmt.Sprintf("give addr a range of %d as well, such as \"10.1.7.[1-%d]\"", len(names), len(names))
		d.fail(at, hint, "%s for %s", plural(n, "address", "addresses"), plural(len(names), "host", "hosts"))
		return nil
	}
	addrs := t.expand()
	if len(addrs) < len(names) {
		addrs = slices.Repeat(addrs, len(names))
	}
	if strings.Contains(h.Addr, "{") {
		for i := range addrs {
			addrs[i] = strings.NewReplacer("{name}", names[i], "{site}", h.Site, "{rack}", h.Rack).Replace(addrs[i])
		}
	}
	for _, a := range addrs {
		if fault := addrFault(a); fault != "" {
			hint := ""
			if host, port, ok := strings.Cut(a, ":"); ok && allDigits(port) {
				hint = fmt.Sprintf("write addr = %q and port = %s", host, port)
			}
			d.fail(at, hint, "%q %s", a, fault)
			return nil
		}
	}
	return addrs
}

// units says where each of n hosts begins: a first unit from which they go upwards, or an array with one unit a host.
func (d *decoder) units(e *entry, h *Host, n int, r *rackDraft) []int {
	if r == nil {
		d.fail(e.at, "put the host into a [[site.rack]]", "a unit without a rack")
		return nil
	}
	if h.Height == 0 {
		h.Height = 1
	}
	units := make([]int, n)
	if e.val.kind != kindArray {
		first := d.number(e, 1, maxUnits)
		for i := range units {
			units[i] = first + i*h.Height
		}
		return units
	}
	if len(e.val.items) != n {
		d.fail(e.val.at, "", "%s for %s", plural(len(e.val.items), "unit", "units"), plural(n, "host", "hosts"))
		return nil
	}
	for i, item := range e.val.items {
		units[i] = d.number(&entry{e.key, e.at, item}, 1, maxUnits)
	}
	return units
}

// withoutSelf shortens an inherited chain for a jump host that stands in it itself: it is reached by what comes before.
func withoutSelf(jump []string, names []string) []string {
	for i, hop := range jump {
		if _, host, ok := cutLast(hop, "@"); ok {
			hop = host
		}
		if host, port, ok := cutLast(hop, ":"); ok && allDigits(port) {
			hop = host
		}
		if slices.Contains(names, hop) {
			return append([]string(nil), jump[:i]...) // nil where nothing is left
		}
	}
	return jump
}

// place puts the hosts into the order of the text, and into their racks.
func (d *decoder) place() {
	d.order()
	d.inv.byName = make(map[HostID]int32, len(d.inv.Hosts))
	d.inv.byTag = map[string][]int32{}
	for i := range d.decls {
		d.declare(&d.decls[i])
	}
	for _, s := range d.sites {
		for _, r := range s.racks {
			s.Racks = append(s.Racks, r.Rack)
		}
		d.inv.Sites = append(d.inv.Sites, s.Site)
	}
}

// order sorts the hosts by where they are declared; the tree hands a site's racks out before its own hosts.
func (d *decoder) order() {
	byText := func(a, b declaration) int { return int(a.at) - int(b.at) }
	if slices.IsSortedFunc(d.decls, byText) {
		return
	}
	slices.SortFunc(d.decls, byText)
	sorted := make([]Host, 0, len(d.inv.Hosts))
	for i := range d.decls {
		decl := &d.decls[i]
		hosts := d.inv.Hosts[decl.first : decl.first+decl.n]
		decl.first = int32(len(sorted))
		sorted = append(sorted, hosts...)
	}
	d.inv.Hosts = sorted
}

// declare enters one declaration's hosts into the indexes and the rack.
func (d *decoder) declare(decl *declaration) {
	var twice []HostID
	var before int32
	for i := decl.first; i < decl.first+decl.n; i++ {
		name := d.inv.Hosts[i].Name
		other, known := d.inv.byName[name]
		if !known {
			d.inv.byName[name] = i
			continue
		}
		if twice == nil {
			before = other
		}
		twice = append(twice, name)
	}
	if twice != nil {
		d.fail(decl.at, "", "duplicate host %s, first declared on line %d", HostSet(twice), d.inv.Hosts[before].Line)
	}
	for _, tag := range d.inv.Hosts[decl.first].Tags {
		for i := range decl.n {
			d.inv.byTag[tag] = append(d.inv.byTag[tag], decl.first+i)
		}
	}
	if decl.rack != nil {
		d.stack(decl)
	}
}

// stack puts one declaration's hosts into their rack, and reports the first that does not fit.
func (d *decoder) stack(decl *declaration) {
	r := decl.rack
	if r.slots[0] == nil {
		r.slots[0], r.slots[1] = make([]int32, r.Units+1), make([]int32, r.Units+1)
	}
	said := false
	for i := decl.first; i < decl.first+decl.n; i++ {
		h := &d.inv.Hosts[i]
		top := h.Unit + h.Height - 1
		if top > r.Units && !said {
			said = true
			d.fail(decl.unitAt, "", "%s at unit %s does not fit into rack %s/%s of %d units", h.Name, extent(h.Unit, top), r.Site, r.Name, r.Units)
		}
		for u := h.Unit; u <= min(top, r.Units); u++ {
			if other := r.take(u, h.Face, i); other >= 0 && !said {
				said = true
				o := &d.inv.Hosts[other]
				d.fail(decl.unitAt, "", "%s overlaps %s (line %d) at unit %d of rack %s/%s", h.Name, o.Name, o.Line, u, r.Site, r.Name)
			}
		}
	}
}

// extent writes "12" or "12-14".
func extent(from, to int) string {
	if from == to {
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d-%d", from, to)
}

// take marks a unit as taken by the host, and returns who has it already, or -1.
func (r *rackDraft) take(unit int, face string, host int32) int32 {
	other := int32(-1)
	for side, name := range [2]string{"front", "rear"} {
		switch slot := &r.slots[side][unit]; {
		case face != "" && face != name:
		case *slot > 0:
			other = *slot - 1
		default:
			*slot = host + 1
		}
	}
	return other
}

// plural writes "1 host" or "2 hosts".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
