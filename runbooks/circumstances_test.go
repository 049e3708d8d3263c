package runbooks

import (
	"strings"
	"testing"

	"tend/inventory"
)

func circumstancesPlan(t *testing.T, risk string) Plan {
	t.Helper()
	rb, err := Parse("x.toml", []byte("title = \"x\"\nrisk = \""+risk+"\"\n[[step]]\nid = \"a\"\nscript = \"true\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	groups := []inventory.Group{{Name: "db", Hosts: []inventory.HostID{"db-1", "db-2", "db-3"}, MaxDown: 1}, {Name: "web", Hosts: []inventory.HostID{"web-1", "web-2", "web-3"}, MaxDown: 2}}
	p, err := Resolve(rb, "", []inventory.Host{{Name: "db-1"}, {Name: "web-1"}}, groups, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestUnder: what is down outside of the plan is in the plan and in its digest, and where nothing can be spared there is no plan.
func TestUnder(t *testing.T) {
	p := circumstancesPlan(t, "disrupt")
	down := func(hosts ...inventory.HostID) (c Circumstances) {
		for _, h := range hosts {
			c.Down = append(c.Down, DownMember{h, "unreachable"})
		}
		return c
	}
	got, err := p.Under(down("web-2", "web-1", "mail-1"))
	if err != nil || len(got.Down) != 2 || got.Down[0].Host != "web-2" || got.Digest == p.Digest || got.Digest != got.ComputeDigest() {
		t.Errorf("%v %+v", err, got.Down)
	}
	if w := got.Waves; len(w) != 2 || w[0].Name != "down already" || len(w[0].Hosts) != 1 || w[0].Hosts[0] != "web-1" || w[1].Hosts[0] != "db-1" {
		t.Errorf("who is down already goes first: %+v", w)
	}
	_, err = p.Under(down("db-2"))
	if err == nil || !strings.Contains(err.Error(), "x can never begin on db-1, since these together forbid it: group db allows 1 of its 3 members down; db-2 is down already (unreachable)") {
		t.Errorf("%v", err)
	}
	out, err := p.Under(Circumstances{OutsideWindow: "the vendor is on the phone"})
	if err != nil || out.OutsideWindow == "" || out.Digest == p.Digest {
		t.Errorf("%v %+v", err, out)
	}
	read := circumstancesPlan(t, "read")
	same, err := read.Under(down("db-2"))
	if err != nil || same.Digest != read.Digest || same.Down != nil {
		t.Errorf("a plan that reads: %v %+v", err, same)
	}
}
