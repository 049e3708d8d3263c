package runbooks

import (
	"fmt"
	"slices"
	"strings"

	"tend/inventory"
)

// Circumstances are what a plan takes from outside of runbook and inventory: the operator's word on windows, and who is down already.
type Circumstances struct {
	// OutsideWindow is why maintenance windows do not bind; "" = they do.
	OutsideWindow string
	// Down are hosts that count as down. Those that the plan works on itself, or that no group of the plan has, are left out.
	Down []DownMember
}

// Under returns the plan under circumstances, with its own digest. A plan that only reads minds neither windows nor groups, and is
// returned as it is. The error says that a group has no member to spare already.
func (p Plan) Under(c Circumstances) (Plan, error) {
	if p.Risk == Read {
		return p, nil
	}
	p.OutsideWindow, p.Down = c.OutsideWindow, p.outside(c.Down)
	if err := p.room(); err != nil {
		return Plan{}, err
	}
	p.Digest = p.ComputeDigest()
	return p, nil
}

// outside is those of the members that are down and not worked on here.
func (p Plan) outside(down []DownMember) []DownMember {
	if p.Risk != Disrupt {
		return nil
	}
	var out []DownMember
	for _, d := range down {
		ours := slices.ContainsFunc(p.Hosts, func(h inventory.Host) bool { return h.Name == d.Host })
		if !ours && slices.ContainsFunc(p.Groups, func(g inventory.Group) bool { return slices.Contains(g.Hosts, d.Host) }) {
			out = append(out, d)
		}
	}
	return out
}

// room sees that every group could spare a member.
func (p Plan) room() error {
	var full []string
	for _, g := range p.Groups {
		var down []string
		for _, d := range p.Down {
			if slices.Contains(g.Hosts, d.Host) {
				down = append(down, fmt.Sprintf("%s (%s)", d.Host, d.Why))
			}
		}
		if len(down) > 0 && len(down) >= g.MaxDown {
			full = append(full, fmt.Sprintf("group %s allows %d down, and %s", g.Name, g.MaxDown, strings.Join(down, ", ")))
		}
	}
	if len(full) == 0 {
		return nil
	}
	return &NoRoomError{strings.Join(full, "; ")}
}

// NoRoomError says that groups have no member to spare: every host of theirs in the plan would wait for ever.
type NoRoomError struct{ groups string }

// Error names the groups and who is down.
func (e *NoRoomError) Error() string { return "no member can be spared: " + e.groups }

// Hint says what to do about it.
func (e *NoRoomError) Hint() string {
	return "mend it and run health on it, leave the group's members out of the scope, or say --assume-up HOST"
}
