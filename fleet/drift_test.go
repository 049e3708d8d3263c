package fleet

import (
	"slices"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

func compared(run string, at time.Time, pairs ...string) []journal.Known {
	var out []journal.Known
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, journal.Known{Host: "web-1", Run: journal.RunID(run), Step: "compare", At: at, Fact: runbooks.Fact{Key: pairs[i], Value: pairs[i+1]}})
	}
	return out
}

// TestDrift: a departure that a later comparison did not find is gone, a baseline that another hand changed is seen, and what is old is stale.
func TestDrift(t *testing.T) {
	inv, err := inventory.Parse("inventory.toml", []byte(postureRoom))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	f := New(inv)
	f.Refresh(now)
	if c := f.Drift("web-1"); !c.At.IsZero() || c.Baseline {
		t.Errorf("never compared: %+v", c)
	}
	f.Known(compared("r1", now.Add(-48*time.Hour), "drift", "3", "drift.users", "2", "drift.users/eve", "(none) -> uid 0", "drift.users/bob", "(none) -> uid 7", "drift.versions", "9",
		"drift.ports", "1", "drift.ports/tcp/80", "(none) -> 0.0.0.0", "baseline.kept", "1-2", "baseline.digest", "1-2")...)
	if c := f.Drift("web-1"); c.Total() != 3 || len(c.Departures) != 3 || c.Departures[0].Name != "bob" || c.Words() != "2 users, 1 ports" {
		t.Errorf("%+v", c)
	}
	f.Known(compared("r2", now.Add(-time.Hour), "drift", "1", "drift.users", "1", "drift.users/eve", "(none) -> uid 0", "drift.ports", "0", "baseline.digest", "9-9")...)
	c := f.Drift("web-1")
	if len(c.Departures) != 2 || c.Departures[0].Kind != "baseline" || c.Departures[1].Name != "eve" || c.Departures[1].Stale {
		t.Errorf("after another comparison: %+v", c)
	}
	all := Postures(inv, f, nil, now)
	p := all[0]
	if p.Drift.State != "crit" || p.Departures != 2 || !slices.Contains(p.Reasons, "baseline changed by another hand") {
		t.Errorf("posture %+v", p)
	}
	if v, ok := Values(all, now, nil)("web-1", "drift"); v != "2" || !ok {
		t.Errorf("drift is %q, %v", v, ok)
	}
	later := now.Add(9 * 24 * time.Hour)
	f.Refresh(later)
	if c := f.Drift("web-1"); !c.Departures[1].Stale {
		t.Errorf("after nine days: %+v", c)
	}
	if v, ok := Values(Postures(inv, f, nil, later), later, nil)("web-1", "drift"); ok {
		t.Errorf("what is stale has the value %q", v)
	}
	f.Known(compared("r3", later, "drift", "unknown")...)
	if c := f.Drift("web-1"); c.Baseline {
		t.Errorf("without a baseline: %+v", c)
	}
}

// TestSortAndFilterByAny: every column sorts, the worst first, and answers a selector, or says that it is not known.
func TestSortAndFilterByAny(t *testing.T) {
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	bad := Posture{Host: "bad", State: Fail, Word: "fail", Owner: "a", Pending: 9, Security: 4, Departures: 3, Risk: 90, Seen: now.AddDate(0, 0, -5), Patched: now.AddDate(0, 0, -61), Unread: []string{"drift"}}
	good := Posture{Host: "good", State: OK, Word: "ok", Owner: "b", Pending: 0, Security: 0, Departures: 0, Risk: 1, Seen: now, Patched: now}
	lost := Posture{Host: "lost", State: Never, Word: "never", Owner: "c", Pending: -1, Security: -1, Departures: -1, Risk: 30, Unread: []string{"health", "drift"}}
	for p, state := range map[*Posture]string{&bad: "crit", &good: "ok", &lost: "unknown"} {
		for _, c := range Columns {
			if r := p.Reading(c); r != nil {
				*r = Reading{State: state, Text: state, At: now}
			}
		}
	}
	first := map[string]inventory.HostID{"seen": "lost", "patched": "lost", "unread": "lost"}
	for _, c := range Columns {
		all := []Posture{good, lost, bad}
		if !Sort(all, c) {
			t.Fatalf("no column %s", c)
		}
		want := first[c]
		if want == "" {
			want = "bad"
		}
		if all[0].Host != want || c != "name" && c != "owner" && all[2].Host != "good" && c != "pending" && c != "security" {
			t.Errorf("by %s: %s %s %s", c, all[0].Host, all[1].Host, all[2].Host)
		}
		if cell := bad.Cell(c, now); cell == "" {
			t.Errorf("%s has no cell", c)
		}
	}
	if Sort([]Posture{good}, "colour") {
		t.Error("sorted by a column that is none")
	}
	all := []Posture{good, lost, bad}
	values := Values(all, now, func(inventory.HostID, string) (string, bool) { return "rest", true })
	for key, want := range map[string]string{"patched": "61", "seen": "5", "reboot": "yes", "backup": "crit", "drift": "3", "pending": "9", "risk": "90", "owner": "a", "unread": "1", "kernel": "rest"} {
		if v, ok := values("bad", key); v != want || !ok {
			t.Errorf("%s of bad is %q, %v, wanted %q", key, v, ok, want)
		}
	}
	for _, key := range []string{"patched", "seen", "pending", "security", "drift", "reboot"} {
		if v, ok := values("lost", key); ok {
			t.Errorf("%s of a host that was never seen is %q", key, v)
		}
	}
}

func TestRollUpTellsEverything(t *testing.T) {
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	crit := Reading{State: "crit"}
	all := []Posture{{Host: "a", Site: "s", Patched: now, Backup: crit, Restore: crit, Certs: crit, Support: crit, Drift: crit, Lease: crit, Unread: []string{"drift"}}, {Host: "b", Site: "s"}}
	r := RollUp(all, "site")[0]
	if r.Backup != 1 || r.Restore != 1 || r.Certs != 1 || r.Support != 1 || r.Drift != 1 || r.Lease != 1 || r.Unread != 1 || !r.Unpatched.IsZero() {
		t.Errorf("%+v", r)
	}
}
