package design

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// The facts that rules go by. All but FactRestore are emitted by the built-in runbooks.
const (
	FactBackupAge = "backup_age."  // prefix: the newest backup's age in seconds (backup-check)
	FactBackup    = "backup:"      // prefix of a check: CRIT without an age = there is none (backup-check, health)
	FactRestore   = "restore_time" // how long a restore drill took, in seconds; with a suffix (".pg") where there are several
	FactHealth    = "load"         // a check that every health run emits
	FactPatched   = "changed"      // how many packages a patch changed
	FactOS        = "os.id"        // the distribution, as os-release names it (facts)
	FactOSVersion = "os.version"
	FactSupport   = "eol" // a check: the end of the distribution's support (health, security-posture)
)

// measured is what a host's facts and runs come to.
type measured struct {
	health, patch time.Time     // the latest of each that saw the host; zero = none
	backup        time.Duration // the worst of the ages that are fresh; backed = there is one
	backed        bool
	none          bool // a fresh check found no backup at all
	drill         time.Duration
	drilled       bool
	os, version   string
	support       journal.Known // the latest verdict on the OS's support
}

func (c *checker) measure() {
	c.measured = make(map[inventory.HostID]measured, len(c.inv.Hosts))
	if c.Facts != nil {
		for i := range c.inv.Hosts {
			id := c.inv.Hosts[i].Name
			c.measured[id] = c.fold(c.Facts.Facts(id))
		}
	}
	for _, r := range c.Runs {
		m, at := c.measured[r.Host], r.Started
		var o journal.Outcome
		if _ = o.UnmarshalText([]byte(r.Outcome)); o != journal.OK && o != journal.Warned && !(o == journal.Failed && r.Runbook == "health") {
			continue // a patch that failed is none; a health check that found failures is one
		}
		switch {
		case r.Runbook == "health" && at.After(m.health):
			m.health = at
		case r.Runbook == "patch" && at.After(m.patch):
			m.patch = at
		}
		c.measured[r.Host] = m
	}
}

// fold takes what is known of one host together.
func (c *checker) fold(facts []journal.Known) measured {
	var m measured
	ages := map[string]bool{}
	for _, k := range facts {
		key := k.Fact.Key
		switch {
		case key == FactHealth && k.Fact.Check:
			m.health = k.At
		case key == FactPatched:
			m.patch = k.At
		case key == FactOS:
			m.os = k.Fact.Value
		case key == FactOSVersion:
			m.version = k.Fact.Value
		case key == FactSupport && k.Fact.Check:
			m.support = k
		case strings.HasPrefix(key, FactBackupAge):
			if d, ok := seconds(k.Fact.Value); ok && c.now.Sub(k.At) <= c.BackupWithin {
				m.backup, m.backed, ages[key[len(FactBackupAge):]] = max(m.backup, d), true, true
			}
		case key == FactRestore || strings.HasPrefix(key, FactRestore+"."):
			if d, ok := seconds(k.Fact.Value); ok && c.now.Sub(k.At) <= c.DrillWithin {
				m.drill, m.drilled = max(m.drill, d), true
			}
		}
	}
	m.none = slices.ContainsFunc(facts, func(k journal.Known) bool {
		name, ok := strings.CutPrefix(k.Fact.Key, FactBackup)
		return ok && k.Fact.Check && k.Fact.State == runbooks.CheckCrit && !ages[name] && k.Fact.Value == "" && c.now.Sub(k.At) <= c.BackupWithin
	})
	return m
}

// seconds reads a fact of whole seconds; what cannot be read, or cannot be, is not known.
func seconds(s string) (time.Duration, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n < 0 || n > int64(1<<63-1)/int64(time.Second) {
		return 0, false
	}
	return time.Duration(n) * time.Second, true
}

func (c *checker) noHealth() {
	c.overdue("without a health check", c.HealthWithin, func(m measured) time.Time { return m.health }, "tend run health %s, every day")
}

func (c *checker) noPatch() {
	c.overdue("not patched", c.PatchWithin, func(m measured) time.Time { return m.patch }, "tend run patch %s, in its window")
}

// overdue finds, site by site, the hosts that something was not done to for longer than limit. Gear without a shell takes no runbooks.
func (c *checker) overdue(what string, limit time.Duration, last func(measured) time.Time, hint string) {
	late := buckets(c.inv.Hosts, func(h inventory.Host) (string, bool) {
		return h.Site, h.Shell != "none" && c.now.Sub(last(c.measured[h.Name])) > limit
	})
	for _, b := range late {
		f := Finding{Severity: Warning, Line: c.siteLine(b.key), Hint: fmt.Sprintf(hint, "site="+b.key)}
		c.foundOn(f, b.hosts, func(ids []inventory.HostID) string {
			never, oldest := 0, c.now
			for _, id := range ids {
				if at := last(c.measured[id]); at.IsZero() {
					never++
				} else if at.Before(oldest) {
					oldest = at
				}
			}
			text := fmt.Sprintf("site %s: %s %s in %s", b.key, plural(len(ids), "host"), what, span(limit))
			if never > 0 {
				text += fmt.Sprintf(", %d of them never", never)
			}
			if never < len(ids) {
				text += ", the longest " + ago(c.now, oldest)
			}
			return text + ": " + set(ids)
		})
	}
}

func (c *checker) siteLine(name string) int {
	for _, s := range c.inv.Sites {
		if s.Name == name {
			return s.Line
		}
	}
	return 0
}
