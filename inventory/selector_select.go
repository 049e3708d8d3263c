package inventory

import "slices"

// Select returns the hosts that the selector means, in the inventory's order. A nil v knows no facts.
func (inv *Inventory) Select(s Selector, v Values) []Host {
	var out []Host
	inv.each(s, v, func(i int32) { out = append(out, inv.Hosts[i]) })
	return out
}

// SelectIDs is Select, for the names alone.
func (inv *Inventory) SelectIDs(s Selector, v Values) []HostID {
	var out []HostID
	inv.each(s, v, func(i int32) { out = append(out, inv.Hosts[i].Name) })
	return out
}

// each calls visit with the index of each host that the selector means.
func (inv *Inventory) each(s Selector, v Values, visit func(int32)) {
	if few, ok := inv.candidates(s); ok {
		for _, i := range few {
			if s.match(&inv.Hosts[i], v) {
				visit(i)
			}
		}
		return
	}
	for i := range inv.Hosts {
		if s.match(&inv.Hosts[i], v) {
			visit(int32(i))
		}
	}
}

// candidates returns the hosts that an index finds for one of the selector's terms, in order; ok is false where none helps. It is
// what keeps a thousand groups over ten thousand hosts from costing ten million matches.
func (inv *Inventory) candidates(s Selector) (found []int32, ok bool) {
	if inv.byName == nil {
		return nil, false // put together by hand, without Parse
	}
	for i := range s.terms {
		t := &s.terms[i]
		if t.not || t.op != equal {
			continue
		}
		switch t.key {
		case "", "name":
			found, ok = inv.named(t)
		case "tag":
			found, ok = inv.tagged(t)
		}
		if ok {
			slices.Sort(found)
			return slices.Compact(found), true
		}
	}
	return nil, false
}

// named looks names and ranges up, as long as they stand for fewer hosts than there are.
func (inv *Inventory) named(t *term) ([]int32, bool) {
	var found []int32
	total := 0
	for i := range t.vals {
		p := &t.vals[i]
		if p.site != nil || p.all() && t.key == "" || p.open() {
			return nil, false
		}
		tpl, err := parseTemplate(p.text)
		if total += tpl.count(); err != nil || total > len(inv.Hosts) {
			return nil, false
		}
		for _, name := range tpl.expand() {
			if h, ok := inv.byName[HostID(name)]; ok {
				found = append(found, h)
			}
		}
	}
	return found, true
}

func (inv *Inventory) tagged(t *term) ([]int32, bool) {
	var found []int32
	for i := range t.vals {
		if p := &t.vals[i]; !p.literal() || p.text == "" {
			return nil, false
		}
		found = append(found, inv.byTag[t.vals[i].text]...)
	}
	return found, true
}
