package fleet

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tend/journal"
	"tend/runbooks"
)

// readings is a posture in one line: what is not "ok" of its readings, what is unread, its risk and why.
func readings(p Posture) string {
	var out []string
	for _, c := range []string{"reboot", "backup", "restore", "certs", "support", "drift", "lease"} {
		if r := p.Reading(c); r.State != "ok" {
			out = append(out, c+" "+r.State+" "+r.Text)
		}
	}
	return fmt.Sprintf("%s | %s | unread %s | %d: %s", p.Word, strings.Join(out, "; "), strings.Join(p.Unread, ","), p.Risk, strings.Join(p.Reasons, ", "))
}

// TestEveryReading: on a production host that is well in everything, each thing that is not shows in its own place, weighs, and says so in
// words; what is not known is named, and is never well.
func TestEveryReading(t *testing.T) {
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	hour, old := now.Add(-time.Hour), now.AddDate(0, 0, -3)
	well := []journal.Known{verdict(hour, "load", runbooks.CheckOK), fact(hour, "pending", "0"), fact(hour, "security", "0"), fact(hour, "changed", "1"), verdict(hour, "reboot", runbooks.CheckOK),
		fact(hour, "backup_age.pg", "60"), fact(hour, "restore_time", "7200"), verdict(hour, "cert:/a", runbooks.CheckOK), verdict(hour, "eol", runbooks.CheckOK), fact(hour, "drift", "0")}
	with := func(more ...journal.Known) []journal.Known { return append(well[:len(well):len(well)], more...) }
	without := func(key string) (rest []journal.Known) {
		for _, k := range well {
			if k.Fact.Key != key {
				rest = append(rest, k)
			}
		}
		return rest
	}
	for _, c := range []struct {
		name  string
		facts []journal.Known
		want  string
	}{
		{"well", well, "ok |  | unread  | 0: "},
		{"a check fails", with(verdict(now, "disk", runbooks.CheckCrit)), "fail |  | unread  | 60: disk, PROD"},
		{"a check warns", with(verdict(now, "disk", runbooks.CheckWarn)), "warn |  | unread  | 15: disk, PROD"},
		{"two checks warn", with(verdict(now, "disk", runbooks.CheckWarn), verdict(now, "a", runbooks.CheckWarn)), "warn |  | unread  | 15: a, PROD"},
		{"security", with(fact(now, "security", "3"), fact(now, "pending", "3")), "ok |  | unread  | 34: 3 security, PROD"},
		{"much security", with(fact(now, "security", "300"), fact(now, "pending", "301")), "ok |  | unread  | 63: 300 security, 1 other updates, PROD"},
		{"updates unknown", without("pending"), "ok |  | unread updates | 7: pending updates unknown, PROD"},
		{"never patched", without("changed"), "ok |  | unread  | 12: no patch run on record, PROD"},
		{"patched 35 days ago", append(without("changed"), fact(now.AddDate(0, 0, -35), "changed", "1")), "ok |  | unread  | 0: "},
		{"patched 36 days ago", append(without("changed"), fact(now.AddDate(0, 0, -36), "changed", "1")), "ok |  | unread  | 15: unpatched 36 days, PROD"},
		{"patched 400 days ago", append(without("changed"), fact(now.AddDate(0, 0, -400), "changed", "1")), "ok |  | unread  | 60: unpatched 400 days, PROD"},
		{"reboot due", with(verdict(now, "reboot", runbooks.CheckWarn)), "warn | reboot warn reboot | unread  | 15: reboot, PROD"},
		{"reboot due by a fact", append(without("reboot"), fact(now, "reboot_due", "yes")), "ok | reboot warn yes | unread  | 7: reboot due, PROD"},
		{"no reboot due by a fact", append(without("reboot"), fact(now, "reboot_due", "no")), "ok |  | unread  | 0: "},
		{"reboot due by another fact", append(without("reboot"), fact(now, "reboot", "yes")), "ok | reboot warn yes | unread  | 7: reboot due, PROD"},
		{"reboot unknown", without("reboot"), "ok | reboot unknown  | unread reboot | 4: reboot unknown, PROD"},
		{"backup old", with(fact(now, "backup_age.other", "3601")), "ok | backup crit 1h old, promised 1h | unread  | 30: backup 1h old, promised 1h, PROD"},
		{"backup just in time", with(fact(now, "backup_age.other", "3600")), "ok |  | unread  | 0: "},
		{"backup bad", with(verdict(now, "backup:pg", runbooks.CheckCrit)), "fail | backup crit backup:pg | unread  | 60: backup:pg, PROD"},
		{"backup bad and something else too", with(verdict(now, "backup:pg", runbooks.CheckCrit), verdict(now, "a", runbooks.CheckCrit)), "fail | backup crit backup:pg | unread  | 90: a, backup:pg, PROD"},
		{"reboot due and a check warns", with(verdict(now, "reboot", runbooks.CheckWarn), verdict(now, "a", runbooks.CheckWarn)), "warn | reboot warn reboot | unread  | 22: a, reboot due, PROD"},
		{"reboot due long ago", append(without("reboot"), fact(old, "reboot_due", "yes")), "ok | reboot unknown yes | unread reboot | 4: reboot unknown, PROD"},
		{"no reboot due long ago", append(without("reboot"), fact(old, "reboot_due", "no")), "ok | reboot unknown no | unread reboot | 4: reboot unknown, PROD"},
		{"backup fine by a check", with(verdict(now, "backup:pg", runbooks.CheckOK)), "ok |  | unread  | 0: "},
		{"backup unknown", without("backup_age.pg"), "ok | backup unknown  | unread backup | 15: backup unknown, PROD"},
		{"backup measured long ago", append(without("backup_age.pg"), fact(old, "backup_age.pg", "60")), "ok | backup unknown 1m old | unread backup | 15: backup unknown, PROD"},
		{"restore slow", with(fact(now, "restore_time.pg", "7201")), "ok | restore crit 2h to restore, promised 2h | unread  | 15: 2h to restore, promised 2h, PROD"},
		{"backup old and restore slow", with(fact(now, "backup_age.other", "3601"), fact(now, "restore_time.pg", "7201")), "ok | backup crit 1h old, promised 1h; restore crit 2h to restore, promised 2h | unread  | 45: backup 1h old, promised 1h, 2h to restore, promised 2h, PROD"},
		{"restore measured long ago", append(without("restore_time"), fact(old, "restore_time", "60")), "ok |  | unread  | 0: "},
		{"restore unknown", without("restore_time"), "ok | restore unknown  | unread restore | 7: restore never measured, PROD"},
		{"a restore that is no number", append(without("restore_time"), fact(now, "restore_time", "soon")), "ok | restore unknown  | unread restore | 7: restore never measured, PROD"},
		{"a certificate ends", with(verdict(now, "cert:/b", runbooks.CheckWarn)), "warn | certs warn cert:/b | unread  | 15: cert:/b, PROD"},
		{"a certificate ended", with(verdict(now, "cert:/b", runbooks.CheckCrit), verdict(now, "cert:/c", runbooks.CheckWarn)), "fail | certs crit cert:/b | unread  | 60: cert:/b, PROD"},
		{"support ends", with(verdict(now, "eol", runbooks.CheckWarn)), "warn | support warn eol | unread  | 15: eol, PROD"},
		{"support ended", with(verdict(now, "eol", runbooks.CheckCrit)), "fail | support crit eol | unread  | 60: eol, PROD"},
		{"drift", with(fact(now, "drift", "2"), fact(now, "drift.users", "2")), "ok | drift warn 2 users | unread  | 10: departs from its baseline: 2 users, PROD"},
		{"much drift", with(fact(now, "drift", "50"), fact(now, "drift.users", "50")), "ok | drift warn 50 users | unread  | 22: departs from its baseline: 50 users, PROD"},
		{"drift unknown", without("drift"), "ok | drift unknown  | unread drift | 4: never compared with a baseline, PROD"},
		{"no baseline", with(fact(now, "drift", "unknown")), "ok | drift unknown no baseline | unread drift | 4: no baseline, PROD"},
		{"compared nine days ago", append(without("drift"), fact(now.AddDate(0, 0, -9), "drift", "0")), "ok | drift unknown none | unread drift | 4: not compared with its baseline for eight days, PROD"},
		{"never looked at", nil, "never | reboot unknown ; backup unknown ; restore unknown ; certs unknown ; support unknown ; drift unknown ; lease unknown  | unread health,updates,reboot,drift,backup,restore | 45: never seen, PROD"},
	} {
		if got := readings(postureOf(t, now, map[string][]journal.Known{"db-1": c.facts})["db-1"]); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	busy := journal.HostRun{Host: "db-1", Runbook: "patch", Run: "r9", Started: now, Outcome: "running"}
	for _, c := range []struct {
		run  journal.HostRun
		want string
	}{
		{busy, "ok | lease warn run r9 patch | unread  | 0: "},
		{journal.HostRun{Host: "db-1", Runbook: "patch", Run: "r9", Started: now, Outcome: "unreachable"}, "down |  | unread  | 75: unreachable, PROD"},
		{journal.HostRun{Host: "db-1", Runbook: "patch", Run: "r9", Started: now, Outcome: "unknown"}, "unknown |  | unread health | 30: patch ended unseen, PROD"},
		{journal.HostRun{Host: "db-1", Runbook: "patch", Run: "r9", Started: now, Outcome: "failed"}, "fail |  | unread  | 60: patch failed, PROD"},
		{journal.HostRun{Host: "db-1", Runbook: "patch", Run: "r9", Started: now, Outcome: "skipped"}, "ok |  | unread  | 0: "},
		{journal.HostRun{Host: "db-1", Runbook: "patch", Run: "r9", Started: now, Outcome: "aborted"}, "ok |  | unread  | 0: "},
	} {
		if got := readings(postureOf(t, now, map[string][]journal.Known{"db-1": well}, c.run)["db-1"]); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.run.Outcome, got, c.want)
		}
	}
}

// TestSeenAndPatched: only what answered was seen, and only a patch run that ended well has patched.
func TestSeenAndPatched(t *testing.T) {
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	old := now.Add(-2 * time.Hour)
	known := map[string][]journal.Known{"db-1": {verdict(old, "load", runbooks.CheckOK)}}
	for _, c := range []struct {
		runbook, outcome string
		seen, patched    bool
	}{
		{"patch", "ok", true, true}, {"patch", "warn", true, true}, {"patch", "failed", true, false}, {"patch", "unreachable", false, false}, {"patch", "unknown", false, false},
		{"patch", "skipped", false, false}, {"patch", "running", false, false}, {"patch", "waiting", false, false}, {"health", "ok", true, false},
	} {
		p := postureOf(t, now, known, journal.HostRun{Host: "db-1", Runbook: c.runbook, Run: "r9", Started: now, Outcome: c.outcome})["db-1"]
		if p.Seen.Equal(now) != c.seen || p.Patched.Equal(now) != c.patched || !c.seen && !p.Seen.Equal(old) || !c.patched && !p.Patched.IsZero() {
			t.Errorf("%s %s: seen %v, patched %v", c.runbook, c.outcome, p.Seen, p.Patched)
		}
	}
	for outcome, seen := range map[journal.Outcome]bool{journal.OK: true, journal.Warned: true, journal.Failed: true, journal.Unreachable: false, journal.Unknown: false, journal.Skipped: false, journal.Aborted: false} {
		f := New(room())
		(&story{f: f, run: "r1", at: t0}).tell(plan("health", "look"), journal.StepStarted{Host: "db-1", Step: "look"}, journal.StepEnded{Host: "db-1", Step: "look", Outcome: outcome})
		if h, _ := f.Host("db-1"); h.Seen.IsZero() == seen {
			t.Errorf("%v, live: seen %v", outcome, h.Seen)
		}
	}
}

// TestCells: a reading in a few words has its state unless it is well, its age, and a question mark where it does not count.
func TestCells(t *testing.T) {
	now := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	at := now.Add(-3 * time.Hour)
	for want, r := range map[string]Reading{
		"?":                     {State: "unknown"},
		"none (3h)":             {Text: "none", State: "ok", At: at},
		"crit: gone (3h)":       {Text: "gone", State: "crit", At: at},
		"warn: 2 users":         {Text: "2 users", State: "warn"},
		"?1m old (3h)":          {Text: "1m old", State: "unknown", At: at},
		"?1m old":               {Text: "1m old", State: "ok", Stale: true},
		"?crit: 1m to restore":  {Text: "1m to restore", State: "crit", Stale: true},
		"?no baseline":          {Text: "no baseline", State: "unknown"},
		"yes: the kernel (3h)":  {Text: "yes: the kernel", State: "ok", At: at},
		"warn: cert:/a 9d (3h)": {Text: "cert:/a 9d", State: "warn", At: at},
	} {
		if got := r.cell(now); got != want {
			t.Errorf("%+v is %q, want %q", r, got, want)
		}
	}
	all := []Posture{{Host: "a", Word: "fail", Pending: -1, Security: 2, Reboot: Reading{State: "warn"}}, {Host: "b", Word: "ok", Reboot: Reading{State: "ok"}}, {Host: "c", Reboot: Reading{State: "unknown"}}}
	values := Values(all, now, nil)
	for key, want := range map[string]string{"state": "fail true", "security": "2 true", "pending": "-1 false", "reboot": "yes true", "patched": "", "owner": " false"} {
		v, ok := values("a", key)
		if got := fmt.Sprint(v, " ", ok); want != "" && got != want || want == "" && ok {
			t.Errorf("%s of a is %q", key, got)
		}
	}
	if v, ok := values("b", "reboot"); v != "no" || !ok {
		t.Errorf("b: %q %v", v, ok)
	}
	if _, ok := values("c", "reboot"); ok {
		t.Error("what is not known has a value")
	}
}
