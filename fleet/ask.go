package fleet

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/inventory"
)

// Columns are the values of a posture that hosts are filtered and sorted by, in the order in which they are listed.
var Columns = []string{"risk", "name", "state", "seen", "pending", "security", "reboot", "patched", "backup", "restore", "certs", "support", "drift", "lease", "unread", "owner"}

// Reading is the posture's reading under a column's name; nil for what is no reading.
func (p *Posture) Reading(column string) *Reading {
	switch column {
	case "reboot":
		return &p.Reboot
	case "backup":
		return &p.Backup
	case "restore":
		return &p.Restore
	case "certs":
		return &p.Certs
	case "support":
		return &p.Support
	case "drift":
		return &p.Drift
	case "lease":
		return &p.Lease
	}
	return nil
}

// Value is what a selector compares: numbers for risk, pending, security, drift (departures) and unread (how many values are not known);
// whole days since for seen and patched; yes or no for reboot; ok, warn, crit or unknown for the other readings. ok is false where it is
// not known: such a host matches neither patched>30 nor patched<30.
func (p *Posture) Value(column string, now time.Time) (value string, ok bool) {
	days := func(at time.Time) (string, bool) { return strconv.Itoa(int(now.Sub(at).Hours() / 24)), !at.IsZero() }
	switch column {
	case "risk":
		return strconv.Itoa(p.Risk), true
	case "state":
		return p.Word, true
	case "seen":
		return days(p.Seen)
	case "patched":
		return days(p.Patched)
	case "pending":
		return strconv.Itoa(p.Pending), p.Pending >= 0
	case "security":
		return strconv.Itoa(p.Security), p.Security >= 0
	case "drift":
		return strconv.Itoa(p.Departures), p.Departures >= 0 && !p.Drift.Stale
	case "unread":
		return strconv.Itoa(len(p.Unread)), true
	case "owner":
		return p.Owner, p.Owner != ""
	case "reboot":
		return map[bool]string{true: "yes", false: "no"}[p.Reboot.State == "warn" || p.Reboot.State == "crit"], p.Reboot.State != "unknown"
	}
	if r := p.Reading(column); r != nil {
		return r.State, true
	}
	return "", false
}

// Values answers selectors from postures, and from rest what they do not have: other facts. rest may be nil.
func Values(all []Posture, now time.Time, rest inventory.Values) inventory.Values {
	at := make(map[inventory.HostID]*Posture, len(all))
	for i := range all {
		at[all[i].Host] = &all[i]
	}
	return func(id inventory.HostID, key string) (string, bool) {
		if p := at[id]; p != nil && slices.Contains(Columns, key) {
			return p.Value(key, now)
		}
		if rest == nil {
			return "", false
		}
		return rest(id, key)
	}
}

// Sort orders postures by a column, what wants attention most first: the greatest number, the worst reading, the longest ago. Unknown stands
// behind what is certainly bad, and before what is well. Of equals the riskiest come first. It reports whether there is such a column.
func Sort(all []Posture, column string) bool {
	if !slices.Contains(Columns, column) {
		return false
	}
	SortByRisk(all)
	slices.SortStableFunc(all, func(a, b Posture) int { return compareBy(&a, &b, column) })
	return true
}

func compareBy(a, b *Posture, column string) int {
	switch column {
	case "name":
		return inventory.CompareNames(string(a.Host), string(b.Host))
	case "owner":
		return cmp.Compare(a.Owner, b.Owner)
	case "state":
		return cmp.Compare(a.State.Rank(), b.State.Rank())
	case "seen":
		return a.Seen.Compare(b.Seen)
	case "patched":
		return a.Patched.Compare(b.Patched)
	case "pending":
		return cmp.Compare(b.Pending, a.Pending)
	case "security":
		return cmp.Compare(b.Security, a.Security)
	case "unread":
		return cmp.Compare(len(b.Unread), len(a.Unread))
	case "drift":
		return cmp.Or(cmp.Compare(readingRanks[a.Drift.State], readingRanks[b.Drift.State]), cmp.Compare(b.Departures, a.Departures))
	}
	if r := a.Reading(column); r != nil {
		return cmp.Compare(readingRanks[r.State], readingRanks[b.Reading(column).State])
	}
	return 0
}

// Cell is a column's value in a few words, with its age where it has one: "ok 3h", "crit: 26h old, promised 1h 3h". What is stale or not known
// is marked with a question mark.
func (p *Posture) Cell(column string, now time.Time) string {
	number := func(n int) string {
		if n < 0 {
			return "?"
		}
		return strconv.Itoa(n)
	}
	when := func(at time.Time) string {
		if at.IsZero() {
			return "never"
		}
		return Age(now.Sub(at))
	}
	switch column {
	case "risk":
		return strconv.Itoa(p.Risk)
	case "name":
		return string(p.Host)
	case "state":
		return p.State.String()
	case "seen":
		return when(p.Seen)
	case "patched":
		return when(p.Patched)
	case "pending":
		return number(p.Pending)
	case "security":
		return number(p.Security)
	case "unread":
		return strings.Join(p.Unread, ",")
	case "owner":
		return p.Owner
	}
	if r := p.Reading(column); r != nil {
		return r.cell(now)
	}
	return ""
}

func (r *Reading) cell(now time.Time) string {
	text := r.Text
	if text == "" {
		return "?"
	}
	if r.State != "ok" && r.State != "unknown" {
		text = r.State + ": " + text
	}
	if !r.At.IsZero() {
		text += " (" + Age(now.Sub(r.At)) + ")"
	}
	if r.Stale || r.State == "unknown" {
		text = "?" + text
	}
	return text
}
