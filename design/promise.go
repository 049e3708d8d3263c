package design

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/inventory"
)

// What services promise: a backup, how much may be lost (RPO), how long they may be away (RTO), and until when they live.

func of(s inventory.Service) body { return body{service: s.Name, hosts: s.Hosts, line: s.Line} }

func (c *checker) noBackup() {
	for _, s := range c.inv.Services {
		switch {
		case s.Backup != "":
		case s.RPO > 0:
			c.found(of(s).finding(Critical, "it may lose "+span(s.RPO)+" at most, and has no backup", `set one up, and say so: backup = "restic, nightly, to bak-1210"`))
		default:
			c.found(of(s).finding(Note, "it has no backup", `where it keeps nothing, say so: backup = "none: rebuilt from git"`))
		}
	}
}

// rpoMissed holds the ages that were measured on the service's hosts against its RPO. A host that serves several services measures for
// all of them: facts do not say whose backup they are about.
func (c *checker) rpoMissed() {
	c.missed(func(s inventory.Service) time.Duration { return s.RPO }, c.backups, "the newest backup was %s old when it was measured, and %s may be lost",
		"look at the backup's job and its log; tend run backup-check service=%s shows the hosts")
	for _, s := range c.inv.Services {
		var none []inventory.HostID
		for _, id := range s.Hosts {
			if c.measured[id].none {
				none = append(none, id)
			}
		}
		if s.RPO > 0 && len(none) > 0 {
			f := of(s).finding(Critical, fmt.Sprintf("it may lose %s at most, and a check found no backup: %s", span(s.RPO), set(none)), "run the backup, and look at why it did not")
			f.Hosts = none
			c.found(f)
		}
	}
}

func (c *checker) rtoMissed() {
	c.missed(func(s inventory.Service) time.Duration { return s.RTO }, c.drills, "a restore took %s, and it is to be back within %s",
		"a faster restore, a standby, or an RTO that is true; service %s")
}

// missed finds the services whose hosts measured more than was promised, and names the worst of them.
func (c *checker) missed(promise func(inventory.Service) time.Duration, got func(inventory.HostID) (time.Duration, bool), what, hint string) {
	for _, s := range c.inv.Services {
		limit := promise(s)
		var worst time.Duration
		var late []inventory.HostID
		for _, id := range s.Hosts {
			if d, ok := got(id); ok && limit > 0 && d > limit {
				late, worst = append(late, id), max(worst, d)
			}
		}
		if len(late) > 0 {
			f := of(s).finding(Critical, fmt.Sprintf(what, span(worst), span(limit))+": "+set(late), fmt.Sprintf(hint, s.Name))
			f.Hosts = late
			c.found(f)
		}
	}
}

func (c *checker) backups(id inventory.HostID) (time.Duration, bool) {
	m := c.measured[id]
	return m.backup, m.backed
}

func (c *checker) drills(id inventory.HostID) (time.Duration, bool) {
	m := c.measured[id]
	return m.drill, m.drilled
}

func (c *checker) rpoUnmeasured() {
	for _, s := range c.inv.Services {
		known := slices.ContainsFunc(s.Hosts, func(id inventory.HostID) bool { _, ok := c.backups(id); return ok || c.measured[id].none })
		if s.RPO > 0 && s.Backup != "" && !known {
			c.found(of(s).finding(Warning, fmt.Sprintf("it may lose %s at most, and nobody has measured its backup's age in %s", span(s.RPO), span(c.BackupWithin)),
				fmt.Sprintf("tend run backup-check service=%s --set max_age=%s ..., every day", s.Name, span(s.RPO))))
		}
	}
}

func (c *checker) rtoUndrilled() {
	for _, s := range c.inv.Services {
		known := slices.ContainsFunc(s.Hosts, func(id inventory.HostID) bool { _, ok := c.drills(id); return ok })
		if s.RTO > 0 && s.Backup != "" && !known {
			c.found(of(s).finding(Note, fmt.Sprintf("it is to be back within %s, and no restore drill is on record in %s", span(s.RTO), span(c.DrillWithin)),
				"restore it somewhere, and let the drill's runbook emit how long that took: "+FactRestore+"=SECONDS"))
		}
	}
}

func (c *checker) rtoDepends() {
	c.depends(func(s, on inventory.Service) {
		switch {
		case s.RTO == 0:
		case on.RTO == 0:
			c.found(of(s).finding(Note, fmt.Sprintf("it is to be back within %s, and depends on %s, which promises nothing", span(s.RTO), on.Name), "an RTO for "+on.Name))
		case on.RTO > s.RTO:
			c.found(of(s).finding(Warning, fmt.Sprintf("it is to be back within %s, and depends on %s, which may be away for %s", span(s.RTO), on.Name, span(on.RTO)),
				"a shorter RTO there, a longer one here, or less dependence"))
		}
	})
}

// depends visits what each service depends on itself: what that depends on in turn is found there.
func (c *checker) depends(visit func(s, on inventory.Service)) {
	byName := map[string]inventory.Service{}
	for _, s := range c.inv.Services {
		byName[s.Name] = s
	}
	for _, s := range c.inv.Services {
		for _, d := range s.Depends {
			if on, ok := byName[d]; ok {
				visit(s, on)
			}
		}
	}
}

func (c *checker) endOfLife() {
	for _, s := range c.inv.Services {
		if f, ok := c.ends(s.EndOfLife, Critical, Warning); ok {
			c.found(of(s).finding(f, "its life "+ends(c.now, s.EndOfLife), "replace it, take it down, or decide anew until when it lives"))
		}
	}
}

// ends judges a last day: past, near, or (ok = false) neither or not declared. The day itself still counts.
func (c *checker) ends(last time.Time, past, near Severity) (Severity, bool) {
	switch {
	case last.IsZero():
		return 0, false
	case !c.now.Before(last.Add(day)):
		return past, true
	case last.Sub(c.now) <= c.Horizon:
		return near, true
	}
	return 0, false
}

func (c *checker) endOfLifeDepends() {
	c.depends(func(s, on inventory.Service) {
		if !s.EndOfLife.IsZero() && !on.EndOfLife.IsZero() && on.EndOfLife.Before(s.EndOfLife) {
			c.found(of(s).finding(Note, fmt.Sprintf("it lives until %s, and depends on %s, which ends on %s", date(s.EndOfLife), on.Name, date(on.EndOfLife)), "plan what takes the place of "+on.Name))
		}
	})
}

func (c *checker) noOwner() {
	owned := map[string]bool{}
	for _, s := range c.inv.Services {
		owned[s.Name] = s.Owner != ""
		if s.Owner == "" {
			c.found(of(s).finding(Warning, "nobody owns it", `owner = "..."`))
		}
	}
	orphans := buckets(c.inv.Hosts, func(h inventory.Host) (string, bool) {
		return h.Site, h.Owner == "" && !slices.ContainsFunc(h.Services, func(name string) bool { return owned[name] })
	})
	for _, b := range orphans {
		c.foundOn(Finding{Severity: Warning, Line: b.hosts[0].Line, Hint: `owner = "..." on the host, its rack, its site or in [defaults]`}, b.hosts, func(ids []inventory.HostID) string {
			return fmt.Sprintf("site %s: nobody owns %s: %s", b.key, plural(len(ids), "host"), set(ids))
		})
	}
}

// ungrouped finds hosts in no group, where some group is made of a tag that they bear. In a site where others with the tag are grouped,
// that is an oversight more likely than not.
func (c *checker) ungrouped() {
	type key struct{ site, tag string }
	tags := c.groupTags()
	grouped := map[key]bool{}
	for _, h := range c.inv.Hosts {
		for _, t := range h.Tags {
			if len(h.Groups) > 0 {
				grouped[key{h.Site, t}] = true
			}
		}
	}
	alone := buckets(c.inv.Hosts, func(h inventory.Host) (key, bool) {
		i := slices.IndexFunc(h.Tags, func(t string) bool { return tags[t] != "" })
		if len(h.Groups) > 0 || i < 0 {
			return key{}, false
		}
		return key{h.Site, h.Tags[i]}, true
	})
	for _, b := range alone {
		f := Finding{Severity: Note, Line: b.hosts[0].Line, Hint: "a group with max_down or a quorum; without one, a run takes down as many at once as its waves hold"}
		if grouped[b.key] {
			f.Severity = Warning
		}
		c.foundOn(f, b.hosts, func(ids []inventory.HostID) string {
			return fmt.Sprintf("site %s: %s tagged %s in no group, as others are in %s: %s", b.key.site, plural(len(ids), "host"), b.key.tag, tags[b.key.tag], set(ids))
		})
	}
}

// groupTags are the tags that groups are made of, each with the first such group.
func (c *checker) groupTags() map[string]string {
	tags := map[string]string{}
	for _, g := range c.inv.Groups {
		for _, term := range strings.Fields(g.Members) {
			list, ok := strings.CutPrefix(term, "tag=")
			if !ok {
				continue
			}
			for _, t := range strings.Split(list, ",") {
				if tags[t] == "" {
					tags[t] = g.Name
				}
			}
		}
	}
	return tags
}

// duplicateAddress finds hosts that are one machine for all that tend can see: the same address and port behind the same jump hosts, or
// names that differ in case alone, where no address is given: DNS takes them for one.
func (c *checker) duplicateAddress() {
	type key struct {
		addr string
		port int
		jump string
	}
	same := buckets(c.inv.Hosts, func(h inventory.Host) (key, bool) {
		k := key{strings.ToLower(cmp.Or(h.Addr, string(h.Name))), h.Port, strings.Join(h.Jump, " ")}
		if k.port == 0 {
			k.port = 22
		}
		return k, true
	})
	for _, b := range same {
		if len(b.hosts) < 2 {
			continue
		}
		f := Finding{Severity: Critical, Line: b.hosts[1].Line, Hint: "a run would work on one machine twice at once, and limits would count it twice: give each its own, or take one out"}
		ids := names(b.hosts)
		c.foundOn(f, b.hosts, func([]inventory.HostID) string {
			return fmt.Sprintf("%s port %d is the address of %s", b.key.addr, b.key.port, set(ids))
		})
	}
}
