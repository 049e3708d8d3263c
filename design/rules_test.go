package design

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// room is a site with what is put into it.
func room(racks, rest string) string { return "[[site]]\nname = \"s\"\n" + racks + "\n" + rest }

// host is a host in rack r, with more keys.
func host(rack, name, more string) string {
	return fmt.Sprintf("[[site.rack]]\nname = %q\n[[site.rack.host]]\nname = %q\n%s\n", rack, name, more)
}

const (
	three  = "[[group]]\nname = \"g\"\nmembers = \"all\"\nquorum = 2\n"
	owned  = "owner = \"us\"\nos = \"debian-13\"\n"
	shop   = "[[service]]\nname = \"shop\"\nhosts = \"all\"\nowner = \"us\"\n"
	backed = "backup = \"restic\"\n"
)

func facts(host inventory.HostID, age time.Duration, list ...runbooks.Fact) known {
	k := known{}
	for _, f := range list {
		k[host] = append(k[host], journal.Known{Host: host, Fact: f, At: now.Add(-age)})
	}
	return k
}

type known map[inventory.HostID][]journal.Known

func (k known) Facts(id inventory.HostID) []journal.Known { return k[id] }

func fact(key, value string) runbooks.Fact { return runbooks.Fact{Key: key, Value: value} }

func check(key string, s runbooks.CheckState, text string) runbooks.Fact {
	return runbooks.Fact{Key: key, Check: true, State: s, Text: text}
}

// growing is a disk that was measured for thirty days, grew by so much a day, and stands at 15 days' growth above from today.
func growing(host inventory.HostID, from, daily float64) []journal.Sample {
	var list []journal.Sample
	for i := range 31 {
		list = append(list, journal.Sample{Host: host, Key: "disk:/var", At: now.AddDate(0, 0, i-30), Value: from + daily*float64(i)})
	}
	return list
}

func ignore(s string) Options { return Options{Silences: Silences([]byte("# tend: " + s))} }

// cases are small inventories. What is the text that the rule's finding holds, "" = it must not fire.
var cases = []struct {
	rule     Rule
	about    string
	toml     string
	o        Options
	severity Severity
	what     string
}{
	{SingleRack, "all in one", room(host("r1", "a[1-3]", ""), three), Options{}, Warning, "group g: all 3 hosts are in rack s/r1"},
	{SingleRack, "two of three in one, with a quorum of two", room(host("r1", "a[1-2]", "")+host("r2", "a3", ""), three), Options{}, Warning,
		"rack s/r1 holds 2 of 3 members (a[1-2]); without it the quorum of 2 is lost"},
	{SingleRack, "spread", room(host("r1", "a1", "")+host("r2", "a2", "")+host("r3", "a3", ""), three), Options{}, 0, ""},
	{SingleRack, "without racks nobody knows", room("[[site.host]]\nname = \"a[1-3]\"", three), Options{}, 0, ""},
	{SingleRack, "a service", room(host("r1", "a[1-2]", ""), shop), Options{}, Warning, "service shop: both hosts are in rack s/r1"},
	{SingleRack, "silenced", room(host("r1", "a[1-3]", ""), three), ignore("ignore single-rack group=g until 2027-01-01: one rack only"), 0, ""},
	{SingleRack, "silenced for another", room(host("r1", "a[1-3]", ""), three+strings.Replace(three, `"g"`, `"h"`, 1)), ignore("ignore single-rack group=h until 2027-01-01: x"),
		Warning, "group g"},
	{SingleRack, "silenced by its hosts", room(host("r1", "a[1-3]", ""), three), ignore("ignore single-rack rack=s/r1 until 2027-01-01: x"), 0, ""},
	{SingleRack, "the silence's last day", room(host("r1", "a[1-3]", ""), three), ignore("ignore single-rack until 2026-11-22: x"), 0, ""},
	{SingleRack, "the silence is over", room(host("r1", "a[1-3]", ""), three), ignore("ignore single-rack until 2026-11-21: x"), Warning, "group g"},

	{SingleFeed, "one", room(host("r1", "a[1-3]", `feeds = ["A"]`), three), Options{}, Warning, "group g: all 3 hosts are on power feed A of s"},
	{SingleFeed, "a quorum on one", room(host("r1", "a[1-2]", `feeds = ["A"]`)+host("r2", "a3", `feeds = ["A", "B"]`), three), Options{}, Warning, "power feed A of s holds 2 of 3"},
	{SingleFeed, "two each", room(host("r1", "a[1-3]", `feeds = ["A", "B"]`), three), Options{}, 0, ""},
	{SingleFeed, "not declared", room(host("r1", "a[1-3]", ""), three), Options{}, 0, ""},

	{SingleSite, "where there are two", room(host("r1", "a[1-3]", ""), "[[site]]\nname = \"t\"\n[[site.host]]\nname = \"b\"\n"+strings.Replace(three, "all", "site=s", 1)), Options{}, Note, "group g: all 3 hosts are in site s"},
	{SingleSite, "there is one", room(host("r1", "a[1-3]", ""), three), Options{}, 0, ""},
	{SingleSite, "part of one that spans", room(host("r1", "a[1-3]", ""), "[[site]]\nname = \"t\"\n[[site.host]]\nname = \"b\"\n"+
		strings.Replace(three, "all", "site=s", 1)+strings.Replace(three, `"g"`, `"h"`, 1)), Options{}, 0, ""},

	{OneHost, "one", room(host("r1", "a", ""), shop+"rto = \"1h\"\n"), Options{}, Warning, "service shop: it runs on a alone, and is to be back within 1h"},
	{OneHost, "two", room(host("r1", "a[1-2]", ""), shop), Options{}, 0, ""},

	{JumpHost, "a whole site", "[[site]]\nname = \"s\"\njump = \"ops@gate.example.net:2222\"\n" + host("r1", "a[1-3]", ""), Options{}, Warning, "jump host gate.example.net: all 3 hosts of s"},
	{JumpHost, "an address and its port", "[[site]]\nname = \"s\"\njump = \"ops@[2001:db8::1]:22\"\n" + host("r1", "a[1-3]", ""), Options{}, Warning, "jump host 2001:db8::1: all 3 hosts of s"},
	{JumpHost, "a bare address", "[[site]]\nname = \"s\"\njump = \"2001:db8::1\"\n" + host("r1", "a[1-3]", ""), Options{}, Warning, "jump host 2001:db8::1: all 3 hosts of s"},
	{JumpHost, "an inventory host", "[[site]]\nname = \"s\"\njump = \"gate\"\n" + host("r1", "a[1-3]", "") + host("r2", "gate", ""), Options{}, Warning, "jump host gate: all 3 hosts of s"},
	{JumpHost, "two of them share it", "[[site]]\nname = \"s\"\n" + host("r1", "a[1-2]", `jump = "g1"`) + host("r2", "b[1-2]", `jump = "g2"`), Options{}, 0, ""},

	{NeverDown, "none", room(host("r1", "a[1-3]", ""), strings.Replace(three, "quorum = 2", "max_down = 0", 1)), Options{}, Note, "group g: no member may ever be down"},
	{NeverDown, "one", room(host("r1", "a[1-3]", ""), three), Options{}, 0, ""},
	{MaxDown, "half", room(host("r1", "a[1-4]", ""), strings.Replace(three, "quorum = 2", "max_down = 2", 1)), Options{}, Note, "max_down of 2 takes half or more of the 4 members"},
	{MaxDown, "less than half", room(host("r1", "a[1-5]", ""), strings.Replace(three, "quorum = 2", "max_down = 2", 1)), Options{}, 0, ""},

	{NoBackup, "an RPO", room(host("r1", "a[1-3]", ""), shop+"rpo = \"15m\"\n"), Options{}, Critical, "service shop: it may lose 15m at most, and has no backup"},
	{NoBackup, "nothing promised", room(host("r1", "a[1-3]", ""), shop), Options{}, Note, "service shop: it has no backup"},
	{NoBackup, "a backup", room(host("r1", "a[1-3]", ""), shop+backed), Options{}, 0, ""},

	{RPOMissed, "too old", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", time.Hour, fact("backup_age.pg", "3600"))}, Critical, "the newest backup was 1h old when it was measured, and 15m may be lost: a2"},
	{RPOMissed, "none at all", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", time.Hour, check("backup:pg", runbooks.CheckCrit, "there is no backup"))}, Critical, "a check found no backup: a2"},
	{RPOMissed, "young enough", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", time.Hour, fact("backup_age.pg", "899"))}, 0, ""},
	{RPOMissed, "measured too long ago", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", 30*time.Hour, fact("backup_age.pg", "9999"))}, 0, ""},
	{RPOUnmeasured, "measured too long ago", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", 30*time.Hour, fact("backup_age.pg", "1"))}, Warning, "nobody has measured its backup's age in 1d2h"},
	{RPOUnmeasured, "not a number", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", time.Hour, fact("backup_age.pg", "-4"))}, Warning, "nobody has measured"},
	{RPOMissed, "the older of two", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", time.Hour, fact("backup_age.pg", "3600"), fact("backup_age.files", "60"))}, Critical, "was 1h old when it was measured"},
	{RPOMissed, "the older of two, told last", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", time.Hour, fact("backup_age.files", "60"), fact("backup_age.pg", "3600"))}, Critical, "was 1h old when it was measured"},
	{RPOMissed, "a check that finds it old, and its age says what is promised", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", time.Hour, fact("backup_age.pg", "60"), check("backup:pg", runbooks.CheckCrit, "old"))}, 0, ""},
	{RPOMissed, "another one is there", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", time.Hour, fact("backup_age.files", "60"), check("backup:pg", runbooks.CheckCrit, "none"))}, Critical, "a check found no backup: a2"},
	{RPOMissed, "a check that only warns", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", time.Hour, check("backup:pg", runbooks.CheckWarn, "hm"))}, 0, ""},
	{RPOMissed, "a check that measured something", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", time.Hour, runbooks.Fact{Key: "backup:pg", Check: true, State: runbooks.CheckCrit, Value: "9"})}, 0, ""},
	{RPOMissed, "none at all, long ago", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", 30*time.Hour, check("backup:pg", runbooks.CheckCrit, "there is no backup"))}, 0, ""},
	{RPOUnmeasured, "more than can be", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", time.Hour, fact("backup_age.pg", "9223372037"))}, Warning, "nobody has measured"},
	{RPOUnmeasured, "measured", room(host("r1", "a[1-3]", ""), shop+backed+"rpo = \"15m\"\n"), Options{Facts: facts("a2", time.Hour, fact("backup_age.pg", "1"))}, 0, ""},

	{RTOMissed, "too slow", room(host("r1", "a[1-3]", ""), shop+backed+"rto = \"1h\"\n"), Options{Facts: facts("a1", 30*day, fact("restore_time", "5400"))}, Critical, "a restore took 1h30m, and it is to be back within 1h: a1"},
	{RTOMissed, "fast enough", room(host("r1", "a[1-3]", ""), shop+backed+"rto = \"1h\"\n"), Options{Facts: facts("a1", 30*day, fact("restore_time.pg", "3600"))}, 0, ""},
	{RTOMissed, "the slower of two", room(host("r1", "a[1-3]", ""), shop+backed+"rto = \"1h\"\n"), Options{Facts: facts("a1", 30*day, fact("restore_time.a", "5400"), fact("restore_time.b", "60"))}, Critical, "a restore took 1h30m"},
	{RTOMissed, "the slower of two, told last", room(host("r1", "a[1-3]", ""), shop+backed+"rto = \"1h\"\n"), Options{Facts: facts("a1", 30*day, fact("restore_time.b", "60"), fact("restore_time.a", "5400"))}, Critical, "a restore took 1h30m"},
	{RTOMissed, "tried too long ago", room(host("r1", "a[1-3]", ""), shop+backed+"rto = \"1h\"\n"), Options{Facts: facts("a1", 366*day, fact("restore_time", "5400"))}, 0, ""},
	{RTOUndrilled, "too long ago", room(host("r1", "a[1-3]", ""), shop+backed+"rto = \"1h\"\n"), Options{Facts: facts("a1", 366*day, fact("restore_time", "60"))}, Note, "no restore drill is on record in 365d"},
	{RTOUndrilled, "another fact", room(host("r1", "a[1-3]", ""), shop+backed+"rto = \"1h\"\n"), Options{Facts: facts("a1", 30*day, fact("restore_timeout", "60"))}, Note, "no restore drill is on record in 365d"},
	{RTOUndrilled, "never", room(host("r1", "a[1-3]", ""), shop+backed+"rto = \"1h\"\n"), Options{Facts: known{}}, Note, "no restore drill is on record in 365d"},
	{RTOUndrilled, "done", room(host("r1", "a[1-3]", ""), shop+backed+"rto = \"1h\"\n"), Options{Facts: facts("a1", 30*day, fact("restore_time.pg", "60"))}, 0, ""},

	{RTODepends, "later than what needs it", room(host("r1", "a[1-3]", ""), shop+"rto = \"15m\"\ndepends = [\"db\"]\n"+strings.Replace(shop, `"shop"`, `"db"`, 1)+"rto = \"1h\"\n"), Options{}, Warning, "depends on db, which may be away for 1h"},
	{RTODepends, "promises nothing", room(host("r1", "a[1-3]", ""), shop+"rto = \"15m\"\ndepends = [\"db\"]\n"+strings.Replace(shop, `"shop"`, `"db"`, 1)), Options{}, Note, "depends on db, which promises nothing"},
	{RTODepends, "soon enough", room(host("r1", "a[1-3]", ""), shop+"rto = \"15m\"\ndepends = [\"db\"]\n"+strings.Replace(shop, `"shop"`, `"db"`, 1)+"rto = \"15m\"\n"), Options{}, 0, ""},

	{EndOfLife, "over", room(host("r1", "a[1-3]", ""), shop+"end_of_life = 2026-11-20\n"), Options{}, Critical, "its life ended on 2026-11-20, 2 days ago"},
	{EndOfLife, "its last day", room(host("r1", "a[1-3]", ""), shop+"end_of_life = 2026-11-22\n"), Options{}, Warning, "its life ends on 2026-11-22, today"},
	{EndOfLife, "far off", room(host("r1", "a[1-3]", ""), shop+"end_of_life = 2028-01-01\n"), Options{}, 0, ""},
	{EndOfLifeDepends, "outlives", room(host("r1", "a[1-3]", ""), shop+"end_of_life = 2029-01-01\ndepends = [\"db\"]\n"+strings.Replace(shop, `"shop"`, `"db"`, 1)+"end_of_life = 2028-01-01\n"), Options{}, Note, "depends on db, which ends on 2028-01-01"},
	{EndOfLifeDepends, "ends with it", room(host("r1", "a[1-3]", ""), shop+"end_of_life = 2029-01-01\ndepends = [\"db\"]\n"+strings.Replace(shop, `"shop"`, `"db"`, 1)+"end_of_life = 2029-01-01\n"), Options{}, 0, ""},

	{Warranty, "over", room(host("r1", "a[1-3]", "warranty = 2026-01-01"), ""), Options{}, Warning, "the warranty of 3 hosts ended on 2026-01-01, 325 days ago: a[1-3]"},
	{Warranty, "near", room(host("r1", "a[1-3]", "warranty = 2026-12-01"), ""), Options{}, Note, "ends on 2026-12-01, in 9 days"},
	{Warranty, "far off", room(host("r1", "a[1-3]", "warranty = 2029-12-01"), ""), Options{}, 0, ""},
	{Warranty, "silenced", room(host("r1", "a[1-3]", "warranty = 2026-12-01"), ""), ignore("ignore warranty all until 2027-01-01: spares in the shelf"), 0, ""},

	{HardwareEnd, "over", room(host("r1", "a[1-3]", "end_of_life = 2026-01-01"), ""), Options{}, Warning, "the hardware's life of 3 hosts ended on 2026-01-01, 325 days ago: a[1-3]"},
	{HardwareEnd, "within a horizon that was asked for", room(host("r1", "a", "end_of_life = 2029-12-01"), ""), Options{Horizon: 2000 * day}, Note, "the hardware's life of 1 host ends on 2029-12-01"},
	{HardwareEnd, "far off", room(host("r1", "a[1-3]", "end_of_life = 2029-12-01"), ""), Options{}, 0, ""},

	{Capacity, "full before the review", room(host("r1", "a", ""), ""), Options{Samples: growing("a", 60, 0.5)}, Warning,
		"a: disk /var is 75% full, grows by 0.5 points a day, and is full in 50 days (48 to 52), on 2027-01-11; the next review is in 90d"},
	{Capacity, "an earlier review", room(host("r1", "a", ""), ""), Options{Samples: growing("a", 60, 0.5), Review: 30 * day}, 0, ""},
	{Capacity, "only the fast end", room(host("r1", "a", ""), ""), Options{Samples: growing("a", 60, 0.5), Review: 49 * day}, Note, "the next review is in 49d"},
	{Capacity, "level", room(host("r1", "a", ""), ""), Options{Samples: growing("a", 60, 0)}, 0, ""},
	{Capacity, "of a host that is gone", room(host("r1", "a", ""), ""), Options{Samples: growing("b", 60, 0.5)}, 0, ""},
	{Capacity, "silenced", room(host("r1", "a", ""), ""), Options{Samples: growing("a", 60, 0.5), Silences: ignore("ignore capacity a until 2027-01-01: the new disk is on its way").Silences}, 0, ""},

	{OSEndOfLife, "over", room(host("r1", "a[1-3]", `os = "centos-7"`), ""), Options{}, Critical, "centos 7: support ended on 2024-06-30"},
	{OSEndOfLife, "long-term support", room(host("r1", "a[1-3]", `os = "debian-12"`), ""), Options{}, Warning, "long-term support goes on until 2028-06-30"},
	{OSEndOfLife, "not in the table", room(host("r1", "a[1-3]", `os = "plan9-4"`), ""), Options{}, Note, "the end of support of plan9 4 is not known"},
	{OSEndOfLife, "nothing said", room(host("r1", "a[1-3]", ""), ""), Options{}, Note, "nothing is known of the operating system: 3 hosts"},
	{OSEndOfLife, "the host knows better", room(host("r1", "a", `os = "centos-7"`), ""), Options{Facts: facts("a", 99*day, fact("os.id", "rocky"), fact("os.version", "9.4"))}, 0, ""},
	{OSEndOfLife, "the host's check knows best", room(host("r1", "a", `os = "centos-7"`), ""), Options{Facts: facts("a", 99*day, check("eol", runbooks.CheckOK, "extended support"))}, 0, ""},
	{OSEndOfLife, "the host's check", room(host("r1", "a", `os = "rocky-9"`), ""), Options{Facts: facts("a", 99*day, check("eol", runbooks.CheckCrit, "ours ended"))}, Critical, "ours ended: 1 host: a"},
	{OSEndOfLife, "supported", room(host("r1", "a", `os = "rocky-9"`), ""), Options{}, 0, ""},
	{OSEndOfLife, "never ends", room(host("r1", "a", `os = "arch"`), ""), Options{}, 0, ""},

	{NoOwner, "a host", room(host("r1", "a[1-3]", ""), ""), Options{}, Warning, "site s: nobody owns 3 hosts: a[1-3]"},
	{NoOwner, "a service", room(host("r1", "a[1-3]", owned), strings.Replace(shop, "owner", "#", 1)), Options{}, Warning, "service shop: nobody owns it"},
	{NoOwner, "through its service", room(host("r1", "a[1-3]", ""), shop), Options{}, 0, ""},

	{NoHealth, "never", room(host("r1", "a[1-3]", ""), ""), Options{Facts: facts("a2", time.Hour, check("load", runbooks.CheckOK, ""))}, Warning, "site s: 2 hosts without a health check in 7d, 2 of them never: a[1,3]"},
	{NoHealth, "too long ago", room(host("r1", "a", ""), ""), Options{Facts: facts("a", 9*day, check("load", runbooks.CheckOK, ""))}, Warning, "site s: 1 host without a health check in 7d, the longest 9 days ago: a"},
	{NoHealth, "just in time", room(host("r1", "a", ""), ""), Options{Facts: facts("a", 7*day, check("load", runbooks.CheckOK, ""))}, 0, ""},
	{NoHealth, "in time", room(host("r1", "a", ""), ""), Options{Facts: facts("a", 6*day, check("load", runbooks.CheckCrit, ""))}, 0, ""},
	{NoHealth, "in time by the index", room(host("r1", "a", ""), ""), Options{Runs: []journal.HostRun{{Host: "a", Runbook: "health", Started: now.Add(-day), Outcome: "failed"}}}, 0, ""},
	{NoHealth, "gear without a shell", room(host("r1", "a", `shell = "none"`), ""), Options{Facts: known{}}, 0, ""},
	{NoPatch, "failed", room(host("r1", "a", ""), ""), Options{Runs: []journal.HostRun{{Host: "a", Runbook: "patch", Started: now.Add(-day), Outcome: "failed"}}}, Warning, "site s: 1 host not patched in 35d, 1 of them never: a"},
	{NoPatch, "in time", room(host("r1", "a", ""), ""), Options{Runs: []journal.HostRun{{Host: "a", Runbook: "patch", Started: now.Add(-day), Outcome: "warn"}}}, 0, ""},
	{NoPatch, "in time by its facts", room(host("r1", "a", ""), ""), Options{Facts: facts("a", 34*day, fact("changed", "12"))}, 0, ""},

	{Ungrouped, "beside grouped ones", room(host("r1", "a[1-3]", `tags = ["web"]`), "[[group]]\nname = \"g\"\nmembers = \"tag=web !a3\"\nmax_down = 1\n"), Options{}, Warning, "site s: 1 host tagged web in no group, as others are in g: a3"},
	{Ungrouped, "no group is made of it", room(host("r1", "a[1-3]", `tags = ["web"]`), "[[group]]\nname = \"g\"\nmembers = \"a[1-2]\"\nmax_down = 1\n"), Options{}, 0, ""},

	{DuplicateAddress, "the same", room(host("r1", "a", `addr = "10.0.0.1"`)+host("r2", "b", "addr = \"10.0.0.1\"\nport = 22"), ""), Options{}, Critical, "10.0.0.1 port 22 is the address of a,b"},
	{DuplicateAddress, "names that differ in case alone", room(host("r1", "web-1", "")+host("r2", "Web-1", ""), ""), Options{}, Critical, "web-1 port 22 is the address of Web-1,web-1"},
	{DuplicateAddress, "such names at two addresses", room(host("r1", "web-1", `addr = "10.0.0.1"`)+host("r2", "Web-1", `addr = "10.0.0.2"`), ""), Options{}, 0, ""},
	{DuplicateAddress, "another port", room(host("r1", "a", `addr = "10.0.0.1"`)+host("r2", "b", "addr = \"10.0.0.1\"\nport = 2222"), ""), Options{}, 0, ""},
	{DuplicateAddress, "behind another jump host", room(host("r1", "a", `addr = "10.0.0.1"`)+host("r2", "b", "addr = \"10.0.0.1\"\njump = \"gate\""), ""), Options{}, 0, ""},

	{BadSilence, "no such rule", room(host("r1", "a", ""), ""), ignore("ignore singel-rack until 2027-01-01: x"), Critical, "there is no rule singel-rack"},
	{BadSilence, "no reason", room(host("r1", "a", ""), ""), ignore("ignore single-rack until 2027-01-01:"), Critical, "it gives no reason"},
	{BadSilence, "no day", room(host("r1", "a", ""), ""), ignore("ignore single-rack until 2027-13-01: x"), Critical, "its last day is not a date"},
	{BadSilence, "no end", room(host("r1", "a", ""), ""), ignore("ignore single-rack group=g"), Critical, "it is not of the form"},
	{BadSilence, "no such group", room(host("r1", "a", ""), ""), ignore("ignore single-rack group=g until 2027-01-01: x"), Critical, "there is no group"},
	{BadSilence, "itself", room(host("r1", "a", ""), ""), ignore("ignore expired-silence until 2027-01-01: x"), Critical, "silences are not silenced"},
	{BadSilence, "sound", room(host("r1", "a", ""), ""), ignore("ignore warranty until 2027-01-01: x"), 0, ""},
	{ExpiredSilence, "over", room(host("r1", "a", ""), ""), ignore("ignore warranty until 2026-11-21: x"), Warning, "it ended on 2026-11-21"},
	{ExpiredSilence, "its last day", room(host("r1", "a", ""), ""), ignore("ignore warranty until 2026-11-22: x"), 0, ""},
	{UnusedSilence, "nothing found", room(host("r1", "a", ""), ""), ignore("ignore warranty until 2027-01-01: x"), Note, "it silences nothing"},
	{UnusedSilence, "used", room(host("r1", "a", ""), ""), ignore("ignore no-owner until 2027-01-01: x"), 0, ""},
	{UnusedSilence, "not judged", room(host("r1", "a", ""), ""), ignore("ignore no-patch until 2027-01-01: x"), 0, ""},
}

func TestRules(t *testing.T) {
	fires, still := map[Rule]bool{MaxDown: true}, map[Rule]bool{}
	for _, c := range cases {
		t.Run(string(c.rule)+"/"+c.about, func(t *testing.T) {
			inv, err := inventory.Parse("t.toml", []byte(c.toml))
			if err != nil {
				t.Fatalf("%v\n%s", err, c.toml)
			}
			r := Check(inv, now, c.o)
			got := ofRule(r, c.rule)
			if c.what == "" {
				still[c.rule] = true
				if len(got) > 0 {
					t.Errorf("found %+v", got)
				}
				return
			}
			fires[c.rule] = true
			if len(got) != 1 {
				t.Fatalf("%d findings: %+v", len(got), got)
			}
			if f := got[0]; f.Severity != c.severity || !strings.Contains(f.What, c.what) || f.Line == 0 || f.Hint == "" {
				t.Errorf("found %+v\nwant %s %q, a line and a hint", f, c.severity, c.what)
			}
		})
	}
	for _, r := range Rules() {
		if !fires[r.Rule] || !still[r.Rule] || r.About == "" {
			t.Errorf("%s: has a case that fires: %v, one that does not: %v, says what it is about: %q", r.Rule, fires[r.Rule], still[r.Rule], r.About)
		}
	}
}

func ofRule(r Report, rule Rule) []Finding {
	var list []Finding
	for _, f := range r.Findings {
		if f.Rule == rule {
			list = append(list, f)
		}
	}
	return list
}

// TestMaxDownByHand: Parse refuses what these two find, so that only an inventory put together by hand can hold it.
func TestMaxDownByHand(t *testing.T) {
	hosts := []inventory.Host{{Name: "a", Site: "s"}, {Name: "b", Site: "s"}, {Name: "c", Site: "s"}}
	for want, g := range map[string]inventory.Group{
		"max_down of 2 leaves 1 of 3 members, fewer than the quorum of 2": {Name: "g", Hosts: []inventory.HostID{"a", "b", "c"}, MaxDown: 2, Quorum: 2, Line: 7},
		"max_down of 3 lets all 3 members go down together":               {Name: "g", Hosts: []inventory.HostID{"a", "b", "c"}, MaxDown: 3, Line: 7},
	} {
		got := ofRule(Check(&inventory.Inventory{Hosts: hosts, Groups: []inventory.Group{g}}, now, Options{}), MaxDown)
		if len(got) != 1 || got[0].Severity != Critical || !strings.Contains(got[0].What, want) || got[0].Line != 7 {
			t.Errorf("found %+v, want %q", got, want)
		}
	}
}

// TestSilenced: what is silenced stays in the report, with its reason; of hosts, only those that are meant.
func TestSilenced(t *testing.T) {
	inv, err := inventory.Parse("t.toml", []byte(room(host("r1", "a[1-3]", "warranty = 2026-12-01"), "")))
	if err != nil {
		t.Fatal(err)
	}
	r := Check(inv, now, ignore("ignore warranty a[1-2] until 2027-01-01: spares in the shelf"))
	loud := ofRule(r, Warranty)
	if len(loud) != 1 || fmt.Sprint(loud[0].Hosts) != "[a3]" || !strings.Contains(loud[0].What, "1 host ") {
		t.Errorf("found %+v", loud)
	}
	if len(r.Silenced) != 1 || fmt.Sprint(r.Silenced[0].Hosts) != "[a1 a2]" || r.Silenced[0].Reason != "spares in the shelf" || date(r.Silenced[0].Until) != "2027-01-01" {
		t.Errorf("silenced %+v", r.Silenced)
	}
}

// TestExitCode counts from the severity that is asked for.
func TestExitCode(t *testing.T) {
	r := Report{Findings: []Finding{{Severity: Warning}}}
	if r.ExitCode(Note) != 1 || r.ExitCode(Warning) != 1 || r.ExitCode(Critical) != 0 || (Report{}).ExitCode(Note) != 0 {
		t.Error("exit codes are wrong")
	}
}

// TestUnjudged: without facts the rules that want them are named, and found nothing.
func TestUnjudged(t *testing.T) {
	inv, err := inventory.Parse("t.toml", []byte(room(host("r1", "a[1-3]", ""), shop+backed+"rto = \"1h\"\nrpo = \"1h\"\n")))
	if err != nil {
		t.Fatal(err)
	}
	if r := Check(inv, now, Options{}); len(r.Unjudged) != 7 {
		t.Errorf("unjudged: %v", r.Unjudged)
	}
	if r := Check(inv, now, Options{Facts: known{}}); len(r.Unjudged) != 0 || len(ofRule(r, NoPatch)) != 1 {
		t.Errorf("with facts: %+v", r)
	}
}

// TestSupportTable reads each line of the table that the runbooks carry to the hosts.
func TestSupportTable(t *testing.T) {
	if n := len(releases()); n < 50 {
		t.Errorf("%d releases", n)
	}
	for _, r := range releases() {
		if r.id == "" || r.version == "" || r.end.IsZero() && r.version != "-" {
			t.Errorf("%+v cannot be read", r)
		}
	}
}
