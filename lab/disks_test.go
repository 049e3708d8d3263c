package lab_test

import (
	"strings"
	"testing"

	"tend/lab"
	"tend/remote"
)

// TestDiskIsIdentified: replace-disk finds the disk that a simulated mirror has lost: its serial number, its array, and that it may go. The
// other one may not.
func TestDiskIsIdentified(t *testing.T) {
	l := serve(t, lab.Options{Seed: 3, Inventory: parse(t, "[defaults]\nbecome = \"sudo\"\n[[site]]\nname = \"s1\"\n[[site.rack]]\nname = \"r1\"\nunits = 42\n[[site.rack.host]]\nname = \"db-1\"\nunit = 3\naddr = \"10.9.0.1\"\nos = \"debian-12\"\n")})
	_, k := road(t, remote.Options{})
	h := l.Inventory().Hosts[0]
	inject(t, l, "degraded-raid")
	for disk, want := range map[string][]string{
		"sdb": {"disk.serial=LAB", "disk.array=md0", "no file system lies on it directly", "md0 is degraded by this very disk"},
		"sda": {"disk.serial=LAB", "disk.array=md0", "not by this disk"},
	} {
		p := plan(t, "replace-disk", h, map[string]string{"disk": disk})
		out, _ := carry(t, k, p, p.Steps[0], h)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: no %q in\n%s", disk, w, out)
			}
		}
	}
	// Who looks is connected to sshd, and that is nobody who uses the host: what listens is no connection.
	p := plan(t, "decommission", h, nil)
	if out, _ := carry(t, k, p, p.Steps[0], h); !strings.Contains(out, "@check\tconnections\tOK\t0") {
		t.Errorf("decommission sees\n%s", out)
	}
}
