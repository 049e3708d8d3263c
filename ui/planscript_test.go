package ui

import (
	"testing"

	"tend/inventory"
	"tend/runbooks"
)

// TestScriptOfGear: a plan for hosts with and without a shell shows both what goes to sh and the line that a device gets, and for
// devices alone no script that goes nowhere.
func TestScriptOfGear(t *testing.T) {
	web := inventory.Host{Name: "web-1"}
	sw := []inventory.Host{{Name: "sw-1", Shell: "none"}, {Name: "sw-2", Shell: "none"}, {Name: "sw-3", Shell: "none"}}
	for _, c := range []struct {
		hosts []inventory.Host
		want  string
	}{
		{sw[:2], "# sent as it is to sw-[1-2], without a shell\nshow clock"},
		{append(sw, web), "# sent to sh on web-1\nsh -c \"$command\"\n\n# sent as it is to sw-[1-2], without a shell\nshow clock\n\n# sent as it is to sw-3, without a shell\nshow time"},
	} {
		s := &planScreen{proposal: proposal{plan: runbooks.Plan{Hosts: c.hosts, Params: map[string]string{"command": "show clock"},
			Vars:  map[inventory.HostID]map[string]string{"sw-3": {"command": "show time"}},
			Steps: []runbooks.Step{{ID: "run", Kind: runbooks.Script, Line: "command", Script: "sh -c \"$command\""}}}}}
		if got := s.script(0); got != c.want {
			t.Errorf("the script of %d hosts is\n%s\nwant\n%s", len(c.hosts), got, c.want)
		}
	}
}
