package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// The facts that a posture reads beside those of Fleet. The built-in runbooks emit them.
const (
	factChanged   = "changed"      // how many packages a patch changed
	factBackupAge = "backup_age."  // prefix: a backup's age in seconds, when it was measured
	factBackup    = "backup:"      // prefix of a check
	factRestore   = "restore_time" // seconds that a restore took; with a suffix where there are several
	factCert      = "cert:"        // prefix of a check
	factSupport   = "eol"          // a check: the end of the system's support
	factReasons   = "reboot_reasons"
)

// Reading is one value of a posture. The zero Reading is what nobody knows.
type Reading struct {
	Text  string    `json:"text,omitempty"`  // "4", "2026-11-01", "yes: kernel"; "" = not known
	State string    `json:"state"`           // "ok", "warn", "crit", "unknown"
	At    time.Time `json:"at,omitzero"`     // when it was read
	Stale bool      `json:"stale,omitempty"` // it was read too long ago to count
}

// Known reports whether there is a value.
func (r Reading) Known() bool { return r.Text != "" }

// Posture is how a host stands in everything that its keeper answers for.
type Posture struct {
	Host     inventory.HostID `json:"host"`               // its name
	Site     string           `json:"site"`               // where it stands
	Rack     string           `json:"rack,omitempty"`     // within the site
	Groups   []string         `json:"groups,omitempty"`   // that it is a member of
	Services []string         `json:"services,omitempty"` // that it bears
	Owner    string           `json:"owner,omitempty"`    // who to ask
	Prod     bool             `json:"prod,omitempty"`     // it serves production
	State    State            `json:"-"`
	Word     string           `json:"state"`            // "never" (looked at), "unknown", "down", "fail", "warn" or "ok"
	Why      string           `json:"why,omitempty"`    // the worst thing known of it; none = it is ok
	Seen     time.Time        `json:"seen,omitzero"`    // when it last answered; none = never
	Pending  int              `json:"pending"`          // updates that wait; -1 = not known
	Security int              `json:"security"`         // those of them that close a security hole; -1 = not known
	Reboot   Reading          `json:"reboot"`           // whether a restart is due, and for what
	Patched  time.Time        `json:"patched,omitzero"` // when a patch run last ended well; zero = never, as far as the journal goes
	Backup   Reading          `json:"backup"`           // how old the newest is, held against what the host's services promise
	Restore  Reading          `json:"restore"`          // how long the last one took, held against what the host's services promise
	Certs    Reading          `json:"certs"`            // the worst certificate of those that were looked at
	Support  Reading          `json:"support"`          // the end of the operating system's support
	Drift    Reading          `json:"drift"`            // what departs from the baseline
	Lease    Reading          `json:"lease"`            // which run is at work on the host, as far as the journal knows
	// Departures is how many things depart from the baseline; -1 = not known.
	Departures int `json:"departures"`
	// Unread are the names of the values above that are stale or were never read, in this order: health, updates, reboot, drift; and backup
	// and restore where something was promised.
	Unread []string `json:"unread,omitempty"`
	// Risk orders hosts by how much they want attention; it has no unit. Reasons say why, the heaviest first.
	Risk    int      `json:"risk"`
	Reasons []string `json:"reasons,omitempty"` // the heaviest first
}

// Postures folds what is known into one posture a host, in the inventory's order. runs are the latest of each runbook on each host.
func Postures(inv *inventory.Inventory, f *Fleet, runs []journal.HostRun, now time.Time) []Posture {
	s := survey{inv: inv, f: f, now: now, patched: map[inventory.HostID]time.Time{}, services: map[string]inventory.Service{}}
	for _, sv := range inv.Services {
		s.services[sv.Name] = sv
	}
	for _, r := range runs {
		if r.Runbook == "patch" && (r.Outcome == journal.OK.String() || r.Outcome == journal.Warned.String()) && r.Started.After(s.patched[r.Host]) && f.can(r.Started) {
			s.patched[r.Host] = r.Started
		}
	}
	out := make([]Posture, len(inv.Hosts))
	for i := range inv.Hosts {
		out[i] = s.host(&inv.Hosts[i])
	}
	return out
}

type survey struct {
	inv      *inventory.Inventory
	f        *Fleet
	now      time.Time
	patched  map[inventory.HostID]time.Time
	services map[string]inventory.Service
}

func (s *survey) host(h *inventory.Host) Posture {
	v, _ := s.f.Host(h.Name)
	p := Posture{
		Host: h.Name, Site: h.Site, Rack: h.Rack, Groups: h.Groups, Services: h.Services, Owner: h.Owner, Prod: h.Prod,
		State: v.State, Word: strings.ToLower(v.State.String()), Why: v.Why(s.now), Seen: v.Seen, Departures: -1, Pending: v.Pending, Security: v.Security, Patched: s.patched[h.Name],
	}
	rpo, rto := s.promises(h)
	known := s.f.facts(h.Name)
	for i := range known { // of two readings that are as bad, the first by name is told
		if postured(known[i].Fact.Key) {
			s.read(&p, known[i], rpo, rto)
		}
	}
	if k, ok := s.f.restart(known); ok {
		p.Reboot = s.due(k)
	}
	s.drift(&p, known)
	s.lease(&p, &v)
	for _, r := range []*Reading{&p.Reboot, &p.Backup, &p.Restore, &p.Certs, &p.Support, &p.Drift, &p.Lease} {
		if r.State == "" {
			r.State = "unknown"
		}
	}
	s.unread(&p, rpo, rto)
	s.weigh(&p, h, &v, rpo, rto)
	return p
}

// promises are the strictest RPO and RTO of the services that the host bears; 0 = none.
func (s *survey) promises(h *inventory.Host) (rpo, rto time.Duration) {
	for _, name := range h.Services {
		sv := s.services[name]
		if sv.RPO > 0 && (rpo == 0 || sv.RPO < rpo) {
			rpo = sv.RPO
		}
		if sv.RTO > 0 && (rto == 0 || sv.RTO < rto) {
			rto = sv.RTO
		}
	}
	return rpo, rto
}

// postured reports whether a posture is about the fact; most of what is known of a host is not, and is not looked at.
func postured(key string) bool {
	switch key {
	case factChanged, factSupport:
		return true
	}
	for _, prefix := range []string{factBackupAge, factBackup, factRestore, factCert} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// read takes one fact into the posture.
func (s *survey) read(p *Posture, k journal.Known, rpo, rto time.Duration) {
	key := k.Fact.Key
	switch {
	case key == factChanged:
		if k.At.After(p.Patched) && s.f.can(k.At) {
			p.Patched = k.At
		}
	case strings.HasPrefix(key, factBackupAge):
		s.worse(&p.Backup, s.measured(k, rpo, "old"))
	case strings.HasPrefix(key, factBackup) && k.Fact.Check && k.Fact.State == runbooks.CheckCrit:
		s.worse(&p.Backup, s.check(k))
	case key == factRestore || strings.HasPrefix(key, factRestore+"."):
		s.worse(&p.Restore, s.measured(k, rto, "to restore"))
	case strings.HasPrefix(key, factCert) && k.Fact.Check:
		s.worse(&p.Certs, s.check(k))
	case key == factSupport && k.Fact.Check:
		p.Support = s.check(k)
	}
}

// check is a check as a reading. A stale one is unknown, whatever it said.
func (s *survey) check(k journal.Known) Reading {
	r := Reading{Text: Words(k.Fact), State: strings.ToLower(k.Fact.State.String()), At: k.At, Stale: !s.f.Fresh(k.At)}
	if r.Stale {
		r.State = "unknown"
	}
	return r
}

// due is whether a restart is due, as a reading. A stale one is unknown, as a check is.
func (s *survey) due(k journal.Known) Reading {
	if k.Fact.Check {
		return s.check(k)
	}
	r := Reading{Text: k.Fact.Value, State: "ok", At: k.At, Stale: !s.f.Fresh(k.At)}
	switch {
	case r.Stale:
		r.State = "unknown"
	case truth(k.Fact.Value):
		r.State = "warn"
	}
	return r
}

// measured holds a number of seconds against what was promised.
func (s *survey) measured(k journal.Known, limit time.Duration, what string) Reading {
	n, err := strconv.ParseInt(strings.TrimSpace(k.Fact.Value), 10, 64)
	if err != nil || n < 0 || n > 1<<33 {
		return Reading{}
	}
	d := time.Duration(n) * time.Second
	r := Reading{Text: Age(d) + " " + what, State: "ok", At: k.At}
	if what == "old" { // it has grown older since
		r.Stale = !s.f.Fresh(k.At)
	}
	switch {
	case r.Stale:
		r.State = "unknown"
	case limit > 0 && d > limit:
		r.Text, r.State = r.Text+", promised "+Age(limit), "crit"
	}
	return r
}

var readingRanks = map[string]int{"crit": 0, "warn": 1, "unknown": 2, "ok": 3, "": 4}

// worse keeps the worse of two readings.
func (s *survey) worse(have *Reading, r Reading) {
	if readingRanks[r.State] < readingRanks[have.State] {
		*have = r
	}
}

// SortByRisk puts the hosts that want attention most first; of equals, by name.
func SortByRisk(all []Posture) {
	slices.SortStableFunc(all, func(a, b Posture) int {
		return cmp.Or(cmp.Compare(b.Risk, a.Risk), cmp.Compare(a.State.Rank(), b.State.Rank()), inventory.CompareNames(string(a.Host), string(b.Host)))
	})
}

// Days writes how long ago something was in whole days: "today", "61 days ago".
func Days(now, at time.Time) string {
	switch d := int(now.Sub(at).Hours() / 24); {
	case d < 1:
		return "today"
	case d == 1:
		return "1 day ago"
	default:
		return fmt.Sprintf("%d days ago", d)
	}
}
