package ui

import (
	"slices"
	"strings"

	"tend/fleet"
	"tend/inventory"
)

// rowKind is what a row of the fleet's tree is about.
type rowKind int

const (
	siteRow rowKind = iota
	rackRow
	hostRow
)

// row is one line of the tree: host is a place in the inventory.
type row struct {
	kind       rowKind
	site, rack string
	host       int
}

// path names the row: "nyc1", "nyc1/r07". A host's is that of its rack.
func (r row) path() string {
	if r.kind == siteRow || r.rack == "" {
		return r.site
	}
	return r.site + "/" + r.rack
}

// tree is the inventory as sites, racks and hosts, and which of it is unfolded.
type tree struct {
	inv   *inventory.Inventory
	fleet *fleet.Fleet
	sites []siteNode
	shut  map[string]bool // paths that are folded
	// hosts says which hosts are wanted; nil = all.
	hosts   func(i int) bool
	byState bool // hosts within a rack: worst first, else in the inventory's order
}

type siteNode struct {
	name  string
	racks []rackNode
}

type rackNode struct {
	name  string
	hosts []int
}

// openBelow is the number of hosts up to which a tree starts with its racks unfolded.
const openBelow = 24

func newTree(inv *inventory.Inventory, f *fleet.Fleet) *tree {
	t := &tree{inv: inv, fleet: f, shut: map[string]bool{}, byState: true}
	sites := map[string]int{}
	racks := map[[2]string]int{}
	site := func(name string) *siteNode {
		i, ok := sites[name]
		if !ok {
			i = len(t.sites)
			sites[name] = i
			t.sites = append(t.sites, siteNode{name: name})
		}
		return &t.sites[i]
	}
	rack := func(s *siteNode, name string) *rackNode {
		key := [2]string{s.name, name}
		i, ok := racks[key]
		if !ok {
			i = len(s.racks)
			racks[key] = i
			s.racks = append(s.racks, rackNode{name: name})
			t.shut[s.name+"/"+name] = name != "" && len(inv.Hosts) > openBelow
		}
		return &s.racks[i]
	}
	for _, s := range inv.Sites {
		node := site(s.Name)
		for _, r := range s.Racks {
			rack(node, r.Name)
		}
	}
	for i, h := range inv.Hosts {
		r := rack(site(h.Site), h.Rack)
		r.hosts = append(r.hosts, i)
	}
	return t
}

// rows are the lines that show. With a wish for some hosts, folds are ignored and what is empty is left out.
func (t *tree) rows(into []row) []row {
	into = into[:0]
	for _, s := range t.sites {
		from := len(into)
		into = append(into, row{kind: siteRow, site: s.name})
		if t.hosts == nil && t.shut[s.name] {
			continue
		}
		for _, r := range s.racks {
			into = t.rackRows(into, s.name, r)
		}
		if t.hosts != nil && len(into) == from+1 {
			into = into[:from]
		}
	}
	return into
}

func (t *tree) rackRows(into []row, site string, r rackNode) []row {
	from := len(into)
	if r.name != "" {
		into = append(into, row{kind: rackRow, site: site, rack: r.name})
		if t.hosts == nil && t.shut[site+"/"+r.name] {
			return into
		}
	}
	first := len(into)
	for _, i := range r.hosts {
		if t.hosts == nil || t.hosts(i) {
			into = append(into, row{kind: hostRow, site: site, rack: r.name, host: i})
		}
	}
	if t.hosts != nil && len(into) == first {
		return into[:from]
	}
	if t.byState {
		slices.SortStableFunc(into[first:], func(a, b row) int {
			return t.fleet.At(a.host).State.Rank() - t.fleet.At(b.host).State.Rank()
		})
	}
	return into
}

// under are the hosts of a row, those that are wanted.
func (t *tree) under(r row) []int {
	if r.kind == hostRow {
		return []int{r.host}
	}
	var out []int
	for _, s := range t.sites {
		if s.name != r.site {
			continue
		}
		for _, k := range s.racks {
			if r.kind == rackRow && k.name != r.rack {
				continue
			}
			for _, i := range k.hosts {
				if t.hosts == nil || t.hosts(i) {
					out = append(out, i)
				}
			}
		}
	}
	return out
}

// all are all hosts that are wanted.
func (t *tree) all() []int {
	var out []int
	for _, s := range t.sites {
		out = append(out, t.under(row{kind: siteRow, site: s.name})...)
	}
	return out
}

// fold folds or unfolds a row, where it can be.
func (t *tree) fold(r row, shut bool) {
	if r.kind != hostRow {
		t.shut[strings.TrimSuffix(r.path(), "/")] = shut
	}
}

// foldAll folds or unfolds every rack.
func (t *tree) foldAll(shut bool) {
	for _, s := range t.sites {
		t.shut[s.name] = false
		for _, r := range s.racks {
			t.shut[s.name+"/"+r.name] = shut && r.name != ""
		}
	}
}
