package main

import (
	"bytes"
	"testing"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// TestLastLinesOfPatch: what a run of patch changed and left is said in two lines, and of whom nobody looked afterwards; a dry run says who has nothing to
// do, and of whom that is not known.
func TestLastLinesOfPatch(t *testing.T) {
	facts := func(pairs ...string) map[string]runbooks.Fact {
		m := map[string]runbooks.Fact{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = runbooks.Fact{Key: pairs[i], Value: pairs[i+1]}
		}
		return m
	}
	quiet := facts("todo", "0", "left", "", "pending", "0", "restarts_due", "0", "reboot_due", "no")
	busy := func(more ...string) map[string]runbooks.Fact {
		return facts(append([]string{"todo", "2", "changed", "2", "changed.openssl", "1 -> 2", "changed.kernel", "6 -> 7", "left", "", "stale.cron.service", "x"}, more...)...)
	}
	for name, c := range map[string]struct {
		dry   bool
		hosts map[inventory.HostID]map[string]runbooks.Fact
		want  string
	}{
		"nothing": {false, map[inventory.HostID]map[string]runbooks.Fact{"a": quiet}, "\nchanged: no package\nleft: nothing: no reboot is due, no service runs old code, no update is pending\n"},
		"much": {false, map[inventory.HostID]map[string]runbooks.Fact{
			"web-01": busy("changed.bash", "1 -> 2", "reboot_due", "yes", "restarts_due", "3", "beside./etc/a.dpkg-dist", "x"), "web-02": busy("reboot_due", "yes", "restarts_due", "1", "pending", "2"),
			"web-03": quiet, "web-04": facts("todo", "1"), "web-05": nil},
			"\nchanged: 2 packages on 2 hosts (web-[01-02])\nleft: a reboot is due on 2 hosts (web-[01-02]); 4 services run old code on 2 hosts (web-[01-02]); " +
				"1 file lies beside a configuration file on web-01; 2 updates are still pending on web-02; not looked at afterwards: 2 hosts (web-[04-05])\n"},
		"dry": {true, map[inventory.HostID]map[string]runbooks.Fact{"a": quiet, "b": facts(), "c": facts("todo", "1", "do.x", "1 -> 2", "update.x", "1 -> 2 s security")},
			"\nc (1 host) would take 1 package, 1 of them for security:\n  x 1 -> 2 s security\n\nnothing to do: a\n\nnot known what is to do: b\n"},
		"another runbook": {false, map[inventory.HostID]map[string]runbooks.Fact{"a": facts("left", "1")}, ""},
	} {
		plan := runbooks.Plan{Runbook: "patch", Dry: c.dry, Steps: []runbooks.Step{{ID: "pending"}, {ID: "verify"}}}
		for _, id := range []inventory.HostID{"a", "b", "c", "web-01", "web-02", "web-03", "web-04", "web-05"} {
			if _, in := c.hosts[id]; in {
				plan.Hosts = append(plan.Hosts, inventory.Host{Name: id})
			}
		}
		s := journal.NewState()
		s.Apply(journal.Event{Run: "r", Body: journal.PlanAccepted{Plan: plan}})
		for i := range s.Hosts {
			s.Hosts[i].Facts = c.hosts[s.Hosts[i].ID]
		}
		var out bytes.Buffer
		printTransactions(&out, s)
		printChanges(&out, s)
		if out.String() != c.want {
			t.Errorf("%s:\n%swant\n%s", name, out.String(), c.want)
		}
	}
}
