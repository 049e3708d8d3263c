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
)

// The facts of drift. The built-in runbooks drift, accept-drift, undo-drift and commission emit them.
const (
	FactDrift    = "drift"           // how many things depart from the baseline, or "unknown"
	checkDeparts = "departs"         // the same in words, as a check
	driftPrefix  = "drift."          // drift.KIND = how many; drift.KIND/NAME = was -> is
	factDigest   = "baseline.digest" // of the baseline as it lies on the host
	factKept     = "baseline.kept"   // of the baseline when it was kept
)

// driftPatience is how long a comparison with the baseline counts: eight days, so that a weekly one keeps it known.
const driftPatience = 8 * 24 * time.Hour

// Departure is one thing that departs from a host's baseline.
type Departure struct {
	Host  inventory.HostID `json:"host"`            // where it is so
	Kind  string           `json:"kind"`            // packages, versions, units, ports, users, sudoers, sysctl, mounts, files, baseline
	Name  string           `json:"name"`            // of the thing, such as an account or a unit
	Was   string           `json:"was"`             // "(none)" where it was not there
	Is    string           `json:"is"`              // "(none)" where it is gone
	At    time.Time        `json:"at"`              // when the comparison was read
	Run   journal.RunID    `json:"run"`             // the run that compared
	Stale bool             `json:"stale,omitempty"` // the comparison is more than eight days old
}

// Kinds of departures, in the order in which they want attention.
var Kinds = []string{"baseline", "users", "sudoers", "ports", "sysctl", "units", "files", "mounts", "packages", "versions"}

// Compared is a comparison of a host with its baseline: the latest, of each kind.
type Compared struct {
	At         time.Time // of the newest comparison; zero = there was none
	Baseline   bool      // the host has one
	Departures []Departure
	Counts     map[string]int // by kind, versions with them; more than Departures lists where there are many
}

// Total is how many things depart. Versions of packages do not count: patching changes them.
func (c Compared) Total() int {
	n := 0
	for k, v := range c.Counts {
		if k != "versions" {
			n += v
		}
	}
	return n
}

// Drift is how a host compares with its baseline. A departure of an earlier comparison that a later one did not find is gone.
func (f *Fleet) Drift(id inventory.HostID) Compared {
	i, ok := f.index[id]
	if !ok {
		return Compared{}
	}
	return f.compared(id, f.hosts[i].facts)
}

func (f *Fleet) compared(id inventory.HostID, known facts) Compared {
	c := Compared{Counts: map[string]int{}}
	total, ok := known.at(FactDrift)
	if !ok {
		return c
	}
	c.At, c.Baseline = total.At, total.Fact.Value != "unknown"
	for i := range known {
		k := &known[i]
		kind, isDrift := strings.CutPrefix(k.Fact.Key, driftPrefix)
		if !isDrift {
			continue
		}
		kind, name, item := strings.Cut(kind, "/")
		count, _ := known.at(driftPrefix + kind)
		if count.At.After(c.At) {
			c.At = count.At
		}
		if !item {
			if n, err := strconv.Atoi(k.Fact.Value); err == nil && n > 0 {
				c.Counts[kind] = n
			}
			continue
		}
		was, is, ok := strings.Cut(k.Fact.Value, " -> ")
		if !ok || count.Run != k.Run || count.Step != k.Step {
			continue
		}
		c.Departures = append(c.Departures, Departure{Host: id, Kind: kind, Name: name, Was: was, Is: is, At: k.At, Run: k.Run, Stale: !f.now.Before(k.At.Add(driftPatience))})
	}
	digest, _ := known.at(factDigest)
	kept, _ := known.at(factKept)
	if kept.Fact.Value != "" && digest.Fact.Value != kept.Fact.Value && !digest.At.Before(kept.At) {
		c.Counts["baseline"] = 1
		c.Departures = append(c.Departures, Departure{Host: id, Kind: "baseline", Name: "(changed by another hand)", Was: kept.Fact.Value, Is: digest.Fact.Value, At: digest.At, Run: digest.Run})
	}
	slices.SortFunc(c.Departures, func(a, b Departure) int {
		return cmp.Or(slices.Index(Kinds, a.Kind)-slices.Index(Kinds, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return c
}

// Words is a comparison in a few words: "3: 2 users, 1 port".
func (c Compared) Words() string {
	if c.Total() == 0 {
		return "none"
	}
	var parts []string
	for _, k := range Kinds {
		if n := c.Counts[k]; n > 0 && k != "versions" {
			parts = append(parts, fmt.Sprintf("%d %s", n, k))
		}
	}
	return strings.Join(parts, ", ")
}

// drift takes the comparison into the posture.
func (s *survey) drift(p *Posture, known facts) {
	if _, compared := known.at(FactDrift); !compared {
		return
	}
	c := s.f.Drift(p.Host)
	p.Drift = Reading{Text: c.Words(), State: "ok", At: c.At, Stale: !s.now.Before(c.At.Add(driftPatience))}
	switch {
	case !c.Baseline:
		p.Drift.Text, p.Drift.State = "no baseline", "unknown"
		return
	case c.Counts["baseline"] > 0:
		p.Drift.State = "crit"
	case p.Drift.Stale:
		p.Drift.State = "unknown"
	case c.Total() > 0:
		p.Drift.State = "warn"
	}
	p.Departures = c.Total()
}

// lease says which run is at work on the host. The journal knows of its own runs only; `tend host lease` asks the host itself.
func (s *survey) lease(p *Posture, v *Host) {
	if v.Seen.IsZero() && v.Last.Run == "" {
		return
	}
	p.Lease = Reading{Text: "free", State: "ok", At: v.Last.At}
	if v.Last.Running {
		p.Lease = Reading{Text: "run " + string(v.Last.Run) + " " + v.Last.Runbook, State: "warn", At: v.Last.At}
	}
}

// unread names what is not known of the host, so that a gap is seen beside what is known.
func (s *survey) unread(p *Posture, rpo, rto time.Duration) {
	for _, v := range []struct {
		name string
		gap  bool
	}{
		{"health", p.State == Never || p.State == Unknown},
		{"updates", p.Pending < 0},
		{"reboot", p.Reboot.State == "unknown" || p.Reboot.Stale},
		{"drift", p.Drift.State == "unknown" || p.Drift.Stale},
		{"backup", rpo > 0 && (p.Backup.State == "unknown" || p.Backup.Stale)},
		{"restore", rto > 0 && (p.Restore.State == "unknown" || p.Restore.Stale)},
	} {
		if v.gap {
			p.Unread = append(p.Unread, v.name)
		}
	}
}

func (s *survey) departs(p *Posture) []weight {
	switch p.Drift.State {
	case "crit":
		return []weight{{25, "baseline changed by another hand"}}
	case "warn":
		return []weight{{5 + min(p.Departures, 10), checked(p, "departs from its baseline: "+p.Drift.Text)}}
	case "unknown":
		if p.State != Never {
			return []weight{{3, checked(p, unheld(p))}}
		}
	}
	return nil
}

// checked is in the words of the comparison's own check where that is what the host warns of, so that it counts once.
func checked(p *Posture, words string) string {
	if strings.HasPrefix(p.Why, checkDeparts+" ") {
		return p.Why
	}
	return words
}

// unheld is why it is not known whether the host departs from its baseline.
func unheld(p *Posture) string {
	switch {
	case p.Drift.Text == "":
		return "never compared with a baseline"
	case p.Departures < 0:
		return p.Drift.Text
	}
	return "not compared with its baseline for eight days"
}
