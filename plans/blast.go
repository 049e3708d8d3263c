package plans

import (
	"fmt"
	"slices"
	"strings"

	"tend/inventory"
	"tend/runbooks"
)

// Blast is what a plan touches.
type Blast struct {
	Hosts    int           `json:"hosts"`              // how many
	Prod     int           `json:"prod"`               // how many of them serve production
	Sites    []string      `json:"sites"`              // their names
	Racks    int           `json:"racks"`              // how many
	Groups   []string      `json:"groups,omitempty"`   // that the hosts are members of
	Services []string      `json:"services,omitempty"` // that the hosts bear
	Risk     runbooks.Risk `json:"risk"`               // of its worst run: "read", "change" or "disrupt"
	Down     int           `json:"down"`               // how many hosts may be down at once, at most
}

// Blast says what the plan touches, and how much of it at once.
func (r *Resolved) Blast() Blast {
	b := Blast{Risk: runbooks.Read}
	racks := map[string]bool{}
	for _, h := range r.Hosts() {
		b.Hosts++
		if h.Prod {
			b.Prod++
		}
		if h.Rack != "" {
			racks[h.Site+"/"+h.Rack] = true
		}
		b.Sites, b.Groups, b.Services = append(b.Sites, h.Site), append(b.Groups, h.Groups...), append(b.Services, h.Services...)
	}
	b.Racks = len(racks)
	for _, l := range []*[]string{&b.Sites, &b.Groups, &b.Services} {
		slices.Sort(*l)
		*l = slices.Compact(*l)
	}
	for i := range r.Plans {
		p := &r.Plans[i]
		if p.Risk == runbooks.Disrupt || b.Risk == runbooks.Read {
			b.Risk = p.Risk
		}
		if p.Risk == runbooks.Disrupt {
			b.Down = max(b.Down, down(p))
		}
	}
	return b
}

// down is how many hosts a disrupting run may take down at once.
func down(p *runbooks.Plan) int {
	width := p.Policy.Parallel
	if width == 0 {
		width = runbooks.DefaultParallel
	}
	most := 0
	for _, w := range p.Waves {
		most = max(most, min(spared(p, w), width))
	}
	return max(most, 1)
}

// spared is how many hosts of a wave the groups let go at once, at most: every host counts in the first group that has it.
func spared(p *runbooks.Plan, w runbooks.Wave) int {
	left := map[inventory.HostID]bool{}
	for _, h := range w.Hosts {
		left[h] = true
	}
	free := 0
	for _, g := range p.Groups {
		n := 0
		for _, h := range g.Hosts {
			if left[h] {
				delete(left, h)
				n++
			}
		}
		free += min(n, g.MaxDown)
	}
	return free + len(left)
}

// String is the blast radius in words.
func (b Blast) String() string {
	s := fmt.Sprintf("%s in %s, %s; %s", count(b.Hosts, "host"), count(len(b.Sites), "site"), count(b.Racks, "rack"), b.Risk)
	if b.Risk == runbooks.Disrupt {
		s += fmt.Sprintf(", %d down at once at most", b.Down)
	}
	if b.Prod > 0 {
		s += fmt.Sprintf("; %d in production", b.Prod)
	}
	if len(b.Groups) > 0 {
		s += "; groups " + strings.Join(b.Groups, ", ")
	}
	if len(b.Services) > 0 {
		s += "; services " + strings.Join(b.Services, ", ")
	}
	return s
}
