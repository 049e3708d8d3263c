package rehearse

import (
	"slices"
	"strings"

	"tend/inventory"
)

// Jumps are the twins of jump hosts. Those that the inventory lists are the twin's hosts anyway; for each of the others there is a host
// that is no part of the fleet: no selector means it.
type Jumps struct {
	Hosts []inventory.Host            // the others, to be served beside the fleet
	names map[string]inventory.HostID // what a host calls its jump host: whose twin that is
}

// JumpsOf gathers the jump hosts of the inventory, as its hosts name them: [user@]host[:port].
func JumpsOf(inv *inventory.Inventory) *Jumps {
	j := &Jumps{names: map[string]inventory.HostID{}}
	for _, h := range inv.Hosts {
		for _, spec := range h.Jump {
			if _, known := j.names[spec]; !known {
				j.names[spec] = j.twin(inv, spec)
			}
		}
	}
	return j
}

// twin finds or makes the twin of a jump host. One host that two users log in to is two twins, for a pretend host has one login.
func (j *Jumps) twin(inv *inventory.Inventory, spec string) inventory.HostID {
	if _, ok := inv.Host(inventory.HostID(spec)); ok {
		return inventory.HostID(spec)
	}
	user, name := cutHop(spec)
	if _, ok := inv.Host(inventory.HostID(name)); ok {
		return inventory.HostID(name)
	}
	h := inventory.Host{Name: inventory.HostID(name), User: user, OS: "debian-13", Tags: []string{"healthy"}}
	for _, other := range j.Hosts {
		switch {
		case other.Name == h.Name && other.User == user:
			return h.Name
		case other.Name == h.Name:
			h.Name = inventory.HostID(user + "@" + name)
		}
	}
	if !slices.ContainsFunc(j.Hosts, func(o inventory.Host) bool { return o.Name == h.Name }) {
		j.Hosts = append(j.Hosts, h)
	}
	return h.Name
}

// cutHop takes [user@]host[:port] apart; the twin has ports of its own.
func cutHop(spec string) (user, host string) {
	i := strings.LastIndexByte(spec, '@')
	user, host = spec[:max(i, 0)], spec[i+1:]
	if rest, ok := strings.CutPrefix(host, "["); ok {
		host, _, _ = strings.Cut(rest, "]")
	} else if strings.Count(host, ":") == 1 {
		host, _, _ = strings.Cut(host, ":")
	}
	return user, host
}

// Find looks a host of the twin up, or a jump host as hosts name it. served are the Hosts with the addresses that they have now.
func (j *Jumps) Find(twin *inventory.Inventory, served []inventory.Host) func(inventory.HostID) (inventory.Host, bool) {
	return func(id inventory.HostID) (inventory.Host, bool) {
		if name, ok := j.names[string(id)]; ok {
			id = name
		}
		if h, ok := twin.Host(id); ok {
			return h, true
		}
		if i := slices.IndexFunc(served, func(h inventory.Host) bool { return h.Name == id }); i >= 0 {
			return served[i], true
		}
		return inventory.Host{}, false
	}
}
