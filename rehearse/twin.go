package rehearse

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"tend/inventory"
	"tend/runbooks"
)

// Cast is the inventory whose twin is rehearsed on: each host with the operating system that the journal last knew, with none of the
// troubles that a pretend machine room would make up (the tag "healthy"), and open at any hour. The path stays the inventory's, so that
// the runbooks beside it are found.
func Cast(inv *inventory.Inventory, known inventory.Values) *inventory.Inventory {
	cast := *inv // keeps its index of names: the hosts stay in their order
	cast.Hosts = slices.Clone(inv.Hosts)
	for i := range cast.Hosts {
		h := &cast.Hosts[i]
		if id, ok := known(h.Name, "os.id"); ok && id != "" {
			version, _ := known(h.Name, "os.version")
			h.OS = strings.TrimSuffix(id+"-"+version, "-")
		}
		if !slices.Contains(h.Tags, "healthy") {
			h.Tags = append(slices.Clone(h.Tags), "healthy")
		}
		h.Window = ""
	}
	return &cast
}

// Troubles are the faults that make the twin what the journal last knew of its hosts, as "HOST:FAULT": how many updates are pending, a
// unit that has failed, who was down.
func Troubles(hosts []inventory.Host, known inventory.Values) []string {
	var out []string
	add := func(h inventory.HostID, fault string) { out = append(out, string(h)+":"+fault) }
	for _, h := range hosts {
		if n, ok := known(h.Name, "pending"); ok && n != "" && !strings.HasPrefix(n, "-") {
			add(h.Name, "pending="+n)
		}
		if units, ok := known(h.Name, "units.failed"); ok && units != "" && units != "none" {
			add(h.Name, "failed-unit="+strings.Fields(units)[0])
		}
		if state, _ := known(h.Name, "state"); state == "down" {
			add(h.Name, "dead")
		}
	}
	return out
}

// misfortunes are what Chaos chooses from: what happens to hosts in maintenance nights.
var misfortunes = []string{"die-in=upgrade", "never-returns", "upgrade-fails", "disk-full", "lock-held=unattended-upgr", "mirror-down", "flap=2s", "dead"}

// Chaos lets n things go wrong, each on another host, always the same ones for the same seed.
func Chaos(hosts []inventory.Host, n int, seed uint64) []string {
	dice := rand.New(rand.NewPCG(seed, uint64(len(hosts))))
	var out []string
	for _, i := range dice.Perm(len(hosts))[:min(n, len(hosts))] {
		out = append(out, string(hosts[i].Name)+":"+misfortunes[dice.IntN(len(misfortunes))])
	}
	return out
}

// Safe reports why a plan may not be rehearsed: some host of it could be a real one. A twin's host answers on loopback, with a key that
// the twin's own file knows, and is reached through nobody but other hosts of the twin. find looks a host or a jump host up.
func Safe(p *runbooks.Plan, knownHosts string, find func(inventory.HostID) (inventory.Host, bool)) error {
	jumps := map[string]bool{}
	for _, h := range p.Hosts {
		if err := ours(h, knownHosts); err != nil {
			return err
		}
		for _, j := range h.Jump {
			jumps[j] = true
		}
	}
	for _, j := range slices.Sorted(maps.Keys(jumps)) {
		h, ok := find(inventory.HostID(j))
		if !ok {
			return fmt.Errorf("the jump host %s is not the twin's", j)
		}
		if err := ours(h, knownHosts); err != nil {
			return fmt.Errorf("the jump host %s: %w", j, err)
		}
		for _, on := range h.Jump {
			if !jumps[on] {
				return fmt.Errorf("the jump host %s is reached through %s, which is not the twin's", j, on)
			}
		}
	}
	return nil
}

func ours(h inventory.Host, knownHosts string) error {
	addr, err := netip.ParseAddr(h.Addr)
	switch {
	case err != nil || !addr.IsLoopback():
		return fmt.Errorf("%s has the address %q, which is not the twin's", h.Name, h.Addr)
	case !slices.Equal(h.KnownHosts, []string{knownHosts}) || len(h.Identity) != 1:
		return fmt.Errorf("%s has keys that are not the twin's", h.Name)
	}
	return nil
}
