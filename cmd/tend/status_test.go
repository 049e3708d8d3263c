package main

import (
	"strings"
	"testing"

	"tend/fleet"
	"tend/inventory"
)

// TestGearInTheStatus: what is asked of a person can be done: no runbook is named for gear without a shell, and it is told of all the same.
func TestGearInTheStatus(t *testing.T) {
	var s status
	s.hosts([]fleet.Posture{{Host: "web", State: fleet.Down}, {Host: "pdu", State: fleet.Down}, {Host: "new", State: fleet.Never},
		{Host: "ups", State: fleet.Never}, {Host: "switch", State: fleet.Fail}}, map[inventory.HostID]bool{"pdu": true, "ups": true, "switch": true})
	var got []string
	for _, m := range s.Matters {
		got = append(got, m.What+": "+m.Do)
	}
	want := "1 host down: tend run facts web; 1 host without a shell down: tend fleet pdu; 1 host failing: tend fleet switch; 1 host not looked at: tend run health new"
	if strings.Join(got, "; ") != want {
		t.Errorf("%s", strings.Join(got, "; "))
	}
}
