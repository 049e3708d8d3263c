package inventory

import (
	"net/netip"
	"strings"
	"testing"
)

// TestExample holds the example inventory, which is the lab's, to what is promised of it and what the lab needs.
func TestExample(t *testing.T) {
	inv, err := Load("../inventory.toml")
	if err != nil {
		t.Fatal(err)
	}
	racks := 0
	for _, s := range inv.Sites {
		racks += len(s.Racks)
	}
	if len(inv.Sites) < 3 || racks < 12 || len(inv.Hosts) < 120 || len(inv.Groups) < 4 || len(inv.Services) < 4 {
		t.Errorf("%d sites, %d racks, %d hosts, %d groups, %d services", len(inv.Sites), racks, len(inv.Hosts), len(inv.Groups), len(inv.Services))
	}
	for _, want := range []string{"debian-13", "ubuntu-24.04", "rocky-9", "sles-15.7", "alpine-3.23", "freebsd-14.4"} {
		if len(selectIDs(t, inv, "os="+want)) == 0 {
			t.Errorf("no host with %s", want)
		}
	}
	for _, tag := range []string{"web", "db", "cache", "lb", "k8s", "backup", "dns", "mon"} {
		if len(selectIDs(t, inv, "tag="+tag)) == 0 {
			t.Errorf("no host tagged %s", tag)
		}
	}
	twin := map[string]HostID{} // 10.x.y.z has its loopback twin at 127.x.y.z
	for _, h := range inv.Hosts {
		a, err := netip.ParseAddr(h.Addr)
		if err != nil || !a.Is4() || a.As4()[0] != 10 || a.As4()[1] == 0 {
			t.Errorf("%s has the address %q", h.Name, h.Addr)
		}
		if other, twice := twin[h.Addr]; twice {
			t.Errorf("%s and %s have the address %s", other, h.Name, h.Addr)
		}
		twin[h.Addr] = h.Name
		if h.Window == "" || h.Owner == "" || len(h.Jump) > 0 {
			t.Errorf("%s: window %q, owner %q, jump %q", h.Name, h.Window, h.Owner, h.Jump)
		}
	}
	for _, s := range inv.Services {
		if s.Owner == "" || s.RTO == 0 || s.EndOfLife.IsZero() {
			t.Errorf("service %s lacks an owner, an RTO or an end of life", s.Name)
		}
	}
	t.Logf("%d sites, %d racks, %d hosts", len(inv.Sites), racks, len(inv.Hosts))
}

// TestExampleGroups keeps the numbers that the example's comments tell.
func TestExampleGroups(t *testing.T) {
	inv, err := Load("../inventory.toml")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]struct {
		hosts string
		down  int
	}{
		"pg-main":   {"db-03[10,12],db-0410,db-07[12-13],db-0812", 1},
		"web-ams1":  {"", 3},
		"etcd-ams1": {"etcd-04[01-03]", 1},
	}
	for _, g := range inv.Groups {
		w, ok := want[g.Name]
		if !ok {
			continue
		}
		delete(want, g.Name)
		w.hosts = HostSet(expand(t, w.hosts))
		if g.MaxDown != w.down || w.hosts != "" && HostSet(g.Hosts) != w.hosts {
			t.Errorf("%s: %s, max_down %d; want %s, %d", g.Name, HostSet(g.Hosts), g.MaxDown, w.hosts, w.down)
		}
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
	if h, _ := inv.Host("db-0712"); h.Site != "nyc1" || h.Rack != "r07" || h.Unit != 12 || !h.Prod || strings.Join(h.Feeds, "") != "AB" {
		t.Errorf("db-0712: %+v", h)
	}
}

func expand(t *testing.T, s string) []HostID {
	t.Helper()
	ids, err := ExpandHostSet(s)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func selectIDs(t *testing.T, inv *Inventory, s string) []HostID {
	t.Helper()
	sel, err := ParseSelector(s)
	if err != nil {
		t.Fatal(err)
	}
	return inv.SelectIDs(sel, nil)
}
