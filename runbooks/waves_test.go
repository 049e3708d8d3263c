package runbooks

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tend/inventory"
)

// TestWavesOverDomains: waves keep to one failure domain, and primaries go last.
func TestWavesOverDomains(t *testing.T) {
	hosts := []inventory.Host{
		{Name: "a1", Site: "ams1", Rack: "r1", Feeds: []string{"A"}}, {Name: "a2", Site: "ams1", Rack: "r2", Feeds: []string{"B", "A"}, Tags: []string{"primary"}},
		{Name: "a3", Site: "ams1", Rack: "r1", Feeds: []string{"A"}}, {Name: "f1", Site: "fra1", Rack: "r1", Feeds: []string{"A", "B"}}, {Name: "f2", Site: "fra1"},
	}
	group := []inventory.Group{{Name: "db", Hosts: []inventory.HostID{"a1", "a2"}, Last: "tag=primary"}}
	for want, c := range map[string]struct {
		p      Policy
		groups []inventory.Group
	}{
		"all: a1,a2,a3,f1,f2": {},
		"rack ams1/r1: a1,a3; rack ams1/r2: a2; rack fra1/r1: f1; no rack: f2":                                                           {p: Policy{By: "rack"}},
		"canary: a1; site ams1, batch 1 of 2: a2; site ams1, batch 2 of 2: a3; site fra1, batch 1 of 2: f1; site fra1, batch 2 of 2: f2": {p: Policy{By: "site", Canary: 1, Batch: "50%"}},
		"feed A: a1,a3; feed A+B: a2,f1; no feed: f2":                                                                                    {p: Policy{By: "feed"}},
		"canary: a1; the rest: a3,f1,f2; last: a2":                                                                                       {p: Policy{Canary: 1}, groups: group},
		"site ams1: a1,a3; site fra1: f1,f2; last, site ams1: a2":                                                                        {p: Policy{By: "site"}, groups: group},
	} {
		if got := wavesText(c.p.waves(hosts, c.groups)); got != want {
			t.Errorf("%+v:\n%s, want\n%s", c.p, got, want)
		}
	}
	for _, bad := range []Policy{{By: "row"}, {Cutoff: "soon"}} {
		if len(bad.problems()) != 1 {
			t.Errorf("%+v: %v", bad, bad.problems())
		}
	}
}

func wavesText(waves []Wave) string {
	var out []string
	for _, w := range waves {
		var names []string
		for _, h := range w.Hosts {
			names = append(names, string(h))
		}
		out = append(out, w.Name+": "+strings.Join(names, ","))
	}
	return strings.Join(out, "; ")
}

// TestWavesOfRandomFleets: whatever the fleet, every host is in one wave and once, no wave mixes domains, and who goes last does.
func TestWavesOfRandomFleets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "hosts")
		hosts := make([]inventory.Host, n)
		group := inventory.Group{Name: "g", Last: "tag=primary"}
		for i := range hosts {
			h := inventory.Host{Name: inventory.HostID(fmt.Sprint("h", i)), Site: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "site"), Rack: rapid.SampledFrom([]string{"", "r1", "r2"}).Draw(t, "rack")}
			if rapid.Bool().Draw(t, "primary") {
				h.Tags = []string{"primary"}
			}
			hosts[i] = h
			if rapid.Bool().Draw(t, "member") {
				group.Hosts = append(group.Hosts, h.Name)
			}
		}
		p := Policy{By: rapid.SampledFrom([]string{"", "site", "rack", "feed"}).Draw(t, "by"), Canary: rapid.IntRange(0, 3).Draw(t, "canary"),
			Batch: rapid.SampledFrom([]string{"", "1", "3", "20%", "100%"}).Draw(t, "batch")}
		place := map[inventory.HostID]int{}
		waves := p.waves(hosts, []inventory.Group{group})
		for w, wave := range waves {
			for _, id := range wave.Hosts {
				if _, twice := place[id]; twice {
					t.Fatalf("%s goes twice", id)
				}
				place[id] = w
			}
		}
		if len(place) != n {
			t.Fatalf("%d of %d hosts go", len(place), n)
		}
		early, late := -1, len(waves)
		for _, h := range hosts {
			if slices.Contains(h.Tags, "primary") && slices.Contains(group.Hosts, h.Name) {
				late = min(late, place[h.Name])
			} else {
				early = max(early, place[h.Name])
			}
			for _, o := range hosts {
				if w := place[h.Name]; w == place[o.Name] && waves[w].Name != "canary" && domain(h, p.By) != domain(o, p.By) {
					t.Fatalf("%s and %s are in one wave", h.Name, o.Name)
				}
			}
		}
		if early >= late {
			t.Fatalf("a primary goes in wave %d, and others up to %d", late, early)
		}
	})
}
