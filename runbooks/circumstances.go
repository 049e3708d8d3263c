package runbooks

import (
	"slices"
	"time"

	"tend/inventory"
)

// Circumstances are what a plan takes from outside of runbook and inventory: the operator's word on windows, and who is down already.
type Circumstances struct {
	// OutsideWindow is why maintenance windows do not bind; "" = they do.
	OutsideWindow string
	// Down are hosts that count as down. Those that no group of the plan has are left out.
	Down []DownMember
	// Attached are hosts whose steps run on the connection, on the operator's word. Those that the plan does not work on are left out.
	Attached []inventory.HostID
	// Now is when the run would be accepted: maintenance windows are held against the other limits from then. The zero time = they are not.
	Now time.Time
}

// Under returns the plan under circumstances, with its own digest. A plan that only reads minds neither windows nor groups, and is
// returned as it is. The error is a *ConflictError where its limits forbid it, whatever happens.
func (p Plan) Under(c Circumstances) (Plan, error) {
	if p.Risk == Read {
		return p, nil
	}
	p.OutsideWindow, p.Down = c.OutsideWindow, p.members(c.Down)
	p.Attached = slices.DeleteFunc(slices.Clone(c.Attached), func(h inventory.HostID) bool { return !p.worksOn(h) })
	waves := p.Waves
	p.Waves = p.mendFirst()
	if err := p.conflict(waves, c.Now); err != nil {
		return Plan{}, err
	}
	p.Digest = p.ComputeDigest()
	return p, nil
}

// members is those that are down and members of a group of the plan.
func (p Plan) members(down []DownMember) []DownMember {
	if p.Risk != Disrupt {
		return nil
	}
	var out []DownMember
	for _, d := range down {
		if slices.ContainsFunc(p.Groups, func(g inventory.Group) bool { return slices.Contains(g.Hosts, d.Host) }) {
			out = append(out, d)
		}
	}
	return out
}

// mendFirst is the plan's waves with those before all others who are down already: as long as they are, their groups may have no member
// to spare, and a wave of well ones would wait for a later one for ever.
func (p Plan) mendFirst() []Wave {
	var first []inventory.HostID
	for _, h := range p.Hosts {
		if p.isDown(h.Name) {
			first = append(first, h.Name)
		}
	}
	if len(first) == 0 {
		return p.Waves
	}
	out := []Wave{{Name: "down already", Hosts: first}}
	for _, w := range p.Waves {
		w.Hosts = slices.DeleteFunc(slices.Clone(w.Hosts), p.isDown)
		if len(w.Hosts) > 0 {
			out = append(out, w)
		}
	}
	return out
}

func (p Plan) isDown(h inventory.HostID) bool {
	return slices.ContainsFunc(p.Down, func(d DownMember) bool { return d.Host == h })
}

func (p Plan) worksOn(h inventory.HostID) bool {
	return slices.ContainsFunc(p.Hosts, func(o inventory.Host) bool { return o.Name == h })
}
