package fleet

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

const postureRoom = `
[[site]]
name = "ams1"
[[site.rack]]
name = "r1"
[[site.rack.host]]
name = "web-[1-3]"
tags = ["web", "internet"]
[[site.rack.host]]
name = "db-1"
prod = true
[[site.host]]
name = "pdu-1"
shell = "none"
[[group]]
name = "web"
members = "tag=web"
max_down = 1
[[service]]
name = "shop"
hosts = "db-1"
rpo = "1h"
rto = "2h"
`

func postureOf(t *testing.T, now time.Time, facts map[string][]journal.Known, runs ...journal.HostRun) map[string]Posture {
	t.Helper()
	inv, err := inventory.Parse("inventory.toml", []byte(postureRoom))
	if err != nil {
		t.Fatal(err)
	}
	f := New(inv)
	f.Refresh(now)
	for host, list := range facts {
		for _, k := range list {
			k.Host, k.Run, k.Step = inventory.HostID(host), "r", "s"
			f.Known(k)
		}
	}
	for _, r := range runs {
		f.Ran(r)
	}
	out := map[string]Posture{}
	for _, p := range Postures(inv, f, runs, now) {
		out[string(p.Host)] = p
	}
	return out
}

func fact(at time.Time, key, value string) journal.Known {
	return journal.Known{At: at, Fact: runbooks.Fact{Key: key, Value: value}}
}

func verdict(at time.Time, key string, state runbooks.CheckState) journal.Known {
	return journal.Known{At: at, Fact: runbooks.Fact{Key: key, Check: true, State: state}}
}

// TestPostureSaysWhy: every value has its place, and the reasons come in words, the heaviest first.
func TestPostureSaysWhy(t *testing.T) {
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	hour := now.Add(-time.Hour)
	all := postureOf(t, now, map[string][]journal.Known{
		"web-1": {verdict(hour, "load", runbooks.CheckOK), fact(hour, "pending", "6"), fact(hour, "security", "4"), fact(now.AddDate(0, 0, -61), "changed", "3"), fact(hour, "reboot_due", "no"), fact(hour, "drift", "0")},
		"web-2": {verdict(hour, "load", runbooks.CheckOK), fact(hour, "pending", "0"), fact(hour, "security", "0"), fact(hour, "changed", "3"), fact(hour, "reboot_due", "no"), fact(hour, "drift", "0")},
		"db-1": {verdict(hour, "load", runbooks.CheckOK), fact(hour, "pending", "0"), fact(hour, "changed", "1"), fact(hour, "backup_age.pg", "7200"),
			fact(hour, "restore_time.pg", "600"), verdict(hour, "cert:/etc/a.pem", runbooks.CheckWarn)},
	})
	if got := strings.Join(all["web-1"].Reasons, ", "); got != "4 security, unpatched 61 days, 2 other updates, internet-facing" {
		t.Errorf("web-1: %s", got)
	}
	if p := all["web-2"]; p.Risk != 0 || len(p.Reasons) != 0 {
		t.Errorf("web-2 is well: %+v", p)
	}
	db := all["db-1"]
	if db.Backup.State != "crit" || db.Backup.Text != "2h old, promised 60m" && db.Backup.Text != "2h old, promised 1h" || db.Restore.State != "ok" || db.Certs.State != "warn" {
		t.Errorf("db-1: %+v", db)
	}
	if !slices.Contains(db.Reasons, "PROD") || !strings.HasPrefix(db.Reasons[0], "backup 2h old") {
		t.Errorf("db-1: %v", db.Reasons)
	}
	if p := all["web-3"]; p.Word != "never" || p.Risk == 0 || p.Reasons[0] != "never seen" || p.Backup.State != "unknown" {
		t.Errorf("web-3: %+v", p)
	}
	if p := all["pdu-1"]; p.Risk != 0 {
		t.Errorf("gear without a shell: %+v", p)
	}
	departs := journal.Known{At: hour, Fact: runbooks.Fact{Key: "departs", Value: "2", Check: true, State: runbooks.CheckWarn, Text: "2 users: users/ann, users/eve"}}
	all = postureOf(t, now, map[string][]journal.Known{"web-2": {departs, fact(hour, "pending", "0"), fact(hour, "security", "0"), fact(hour, "changed", "3"),
		fact(hour, "reboot_due", "no"), fact(hour, "drift", "2"), fact(hour, "drift.users", "2")}})
	if got := strings.Join(all["web-2"].Reasons, ", "); got != "departs 2: 2 users: users/ann, users/eve, internet-facing" {
		t.Errorf("what departs is told once: %s", got)
	}
}

// TestStaleIsUnknown: what was well two days ago is not well now.
func TestStaleIsUnknown(t *testing.T) {
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	old := now.AddDate(0, 0, -3)
	p := postureOf(t, now, map[string][]journal.Known{
		"db-1": {verdict(old, "load", runbooks.CheckOK), fact(old, "pending", "0"), fact(old, "backup_age.pg", "60"), verdict(old, "cert:/a", runbooks.CheckOK)},
	})["db-1"]
	if p.Word != "unknown" || p.Pending != -1 || p.Backup.State != "unknown" || !p.Backup.Stale || p.Certs.State != "unknown" || p.Risk == 0 {
		t.Errorf("%+v", p)
	}
	if !slices.Contains(p.Reasons, "backup unknown") {
		t.Errorf("%v", p.Reasons)
	}
}

// TestRollUp: a rack is as bad as its worst host, and counts only what is known.
func TestRollUp(t *testing.T) {
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	byHost := postureOf(t, now, map[string][]journal.Known{
		"web-1": {verdict(now, "load", runbooks.CheckOK), fact(now, "pending", "6"), fact(now, "security", "4")},
		"web-2": {verdict(now, "load", runbooks.CheckCrit), fact(now, "pending", "2")},
	}, journal.HostRun{Host: "web-2", Runbook: "patch", Run: "r2", Started: now.Add(-time.Minute), Outcome: "ok"})
	var all []Posture
	for _, p := range byHost {
		all = append(all, p)
	}
	SortByRisk(all)
	if all[0].Risk < all[1].Risk {
		t.Errorf("%d before %d", all[0].Risk, all[1].Risk)
	}
	if byHost["web-2"].Patched.IsZero() {
		t.Error("a patch run that ended well is not seen")
	}
	g := RollUp(all, "group")
	if len(g) != 1 || g[0].Name != "web" || g[0].Hosts != 3 || g[0].Pending != 8 || g[0].Security != 4 || g[0].States["fail"] != 1 || g[0].States["never"] != 1 || g[0].Worst != "web-2" || !g[0].Oldest.IsZero() {
		t.Errorf("%+v", g)
	}
	if r := RollUp(all, "rack"); len(r) != 2 || RollUp(all, "nothing") != nil {
		t.Errorf("%+v", r)
	}
}
