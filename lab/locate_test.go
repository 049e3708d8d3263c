package lab_test

import (
	"strings"
	"testing"

	"tend/lab"
	"tend/remote"
)

// TestLocate: the controller's light blinks for as long as was asked, and goes off; the serial number is printed for the label.
func TestLocate(t *testing.T) {
	l := serve(t, lab.Options{Seed: 3})
	_, k := road(t, remote.Options{})
	for seconds, want := range map[string]string{"90": "Chassis identify interval: 90 seconds", "0": "Chassis identify interval: off"} {
		h := l.Inventory().Hosts[0]
		p := plan(t, "locate", h, map[string]string{"seconds": seconds})
		for _, s := range p.Steps {
			out, exit := carry(t, k, p, s, h)
			if exit != 0 || !strings.Contains(out, want) || !strings.Contains(out, "serial number: LAB") {
				t.Errorf("seconds=%s: exit %d\n%s", seconds, exit, out)
			}
		}
	}
}
