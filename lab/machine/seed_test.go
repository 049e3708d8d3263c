package machine

import (
	"os"
	"testing"

	"tend/inventory"
)

// demoSeed is lab.DemoSeed, which this package may not import.
const demoSeed = 2991

// TestDemoFleet: the example inventory shows every kind of trouble at least once, and seven hosts in eight are well.
func TestDemoFleet(t *testing.T) {
	b, err := os.ReadFile("../../inventory.toml")
	if err != nil {
		t.Fatal(err)
	}
	inv, err := inventory.Parse("inventory.toml", b)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string][]inventory.HostID{}
	ill := 0
	for _, h := range inv.Hosts {
		tr := TraitsOf(demoSeed, h, distroOf(h.OS))
		bad := false
		for what, is := range map[string]bool{"dead": tr.Dead, "full disk": tr.FullMount != "", "failed unit": len(tr.FailedUnits) > 0, "degraded mirror": tr.Degraded,
			"reboot due": tr.RebootDue, "clock": tr.NTPOff, "hot": tr.Hot, "certificate": tr.CertDays < 21, "slow": tr.Slow, "memory": tr.OOM > 0, "errors": tr.Errors > 20} {
			if is {
				kinds[what] = append(kinds[what], h.Name)
				bad = true
			}
		}
		if len(tr.Held) > 0 {
			kinds["held back"] = append(kinds["held back"], h.Name)
		}
		if bad {
			ill++
		}
	}
	t.Logf("%d of %d: %v", ill, len(inv.Hosts), kinds)
	if len(kinds) != 12 {
		t.Errorf("only %d kinds of trouble", len(kinds))
	}
	if share := float64(ill) / float64(len(inv.Hosts)); share < 0.05 || share > 0.2 {
		t.Errorf("%.0f per cent of the hosts have something", 100*share)
	}
	if len(kinds["dead"]) != 1 {
		t.Errorf("dead: %v", kinds["dead"])
	}
}

// TestTraitsArePure: seed and name decide, and nothing else.
func TestTraitsArePure(t *testing.T) {
	d := distroOf("debian-12")
	a := inventory.Host{Name: "web-0001", OS: "debian-12", Unit: 3}
	if x, y := TraitsOf(7, a, d), TraitsOf(7, a, d); x.DaysUp != y.DaysUp || x.Pending != y.Pending || x.CertDays != y.CertDays {
		t.Errorf("%+v\n%+v", x, y)
	}
	b := a
	b.Name = "web-0002"
	if x, y := TraitsOf(7, a, d), TraitsOf(7, b, d); x.DaysUp == y.DaysUp && x.CertDays == y.CertDays && x.Pending == y.Pending {
		t.Error("two hosts are the same")
	}
}
