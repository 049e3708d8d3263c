package design

import (
	"fmt"
	"slices"
	"strings"

	"tend/inventory"
)

// A single point of failure: something whose loss takes a group below what it needs.

// body is a group or a service: what falls.
type body struct {
	group, service string
	hosts          []inventory.HostID
	quorum         int
	line           int
}

func (b body) name() string {
	if b.group != "" {
		return "group " + b.group
	}
	return "service " + b.service
}

func (b body) finding(s Severity, what, hint string) Finding {
	return Finding{Severity: s, Group: b.group, Service: b.service, Hosts: b.hosts, Line: b.line, What: b.name() + ": " + what, Hint: hint}
}

// bodies are the groups, and those services that are not just one of them by another name; of two hosts at least.
func (c *checker) bodies() []body {
	var list []body
	for _, g := range c.inv.Groups {
		if len(g.Hosts) > 1 {
			list = append(list, body{group: g.Name, hosts: g.Hosts, quorum: g.Quorum, line: g.Line})
		}
	}
	for _, s := range c.inv.Services {
		same := slices.ContainsFunc(c.inv.Groups, func(g inventory.Group) bool { return slices.Equal(g.Hosts, s.Hosts) })
		if len(s.Hosts) > 1 && !same {
			list = append(list, body{service: s.Name, hosts: s.Hosts, line: s.Line})
		}
	}
	return list
}

// domains looks for a domain of failure whose loss takes the body below its quorum; of says in which one a host
// stands, if in any, and where is "in " or "on " and its kind.
func (c *checker) domains(b body, where string, of func(inventory.Host) (string, bool), severity Severity, hint string) {
	for _, d := range buckets(c.hosts(b.hosts), of) {
		left := len(b.hosts) - len(d.hosts)
		switch {
		case left == 0:
			c.found(b.finding(severity, fmt.Sprintf("%s are %s %s", all(len(b.hosts)), where, d.key), hint))
		case left < b.quorum:
			c.found(b.finding(severity, fmt.Sprintf("%s %s holds %d of %d members (%s); without it the quorum of %d is lost",
				where[3:], d.key, len(d.hosts), len(b.hosts), set(names(d.hosts)), b.quorum), hint))
		}
	}
}

func (c *checker) racks() {
	for _, b := range c.bodies() {
		c.domains(b, "in rack", rackOf, Warning, "spread them over racks, so that one switch, one PDU or one pair of hands cannot take them all")
	}
}

func rackOf(h inventory.Host) (string, bool) { return h.Site + "/" + h.Rack, h.Rack != "" }

func (c *checker) feeds() {
	for _, b := range c.bodies() {
		c.domains(b, "on power feed", feedOf, Warning, "connect a second feed, or spread them over feeds")
	}
}

// feedOf is the one feed that a host hangs on; a host with two bears the loss of either.
func feedOf(h inventory.Host) (string, bool) {
	if len(h.Feeds) != 1 {
		return "", false
	}
	return h.Feeds[0] + " of " + h.Site, true
}

// sites are a note only: to stand in one site is the point of many a group. One that is part of another, which spans sites, is none.
func (c *checker) sites() {
	if len(c.inv.Sites) < 2 {
		return
	}
	site := func(h inventory.Host) (string, bool) { return h.Site, true }
	var wide []map[inventory.HostID]bool
	for _, g := range c.inv.Groups {
		if len(buckets(c.hosts(g.Hosts), site)) > 1 {
			wide = append(wide, asSet(g.Hosts))
		}
	}
	for _, b := range c.bodies() {
		if !slices.ContainsFunc(wide, func(w map[inventory.HostID]bool) bool { return within(b.hosts, w) }) {
			c.domains(b, "in site", site, Note, "fine where the service bears the loss of a site; else let another site hold a part")
		}
	}
}

func asSet(ids []inventory.HostID) map[inventory.HostID]bool {
	m := make(map[inventory.HostID]bool, len(ids))
	for _, id := range ids {
		m[id] = true
	}
	return m
}

func within(ids []inventory.HostID, set map[inventory.HostID]bool) bool {
	return !slices.ContainsFunc(ids, func(id inventory.HostID) bool { return !set[id] })
}

func (c *checker) oneHost() {
	for _, s := range c.inv.Services {
		if len(s.Hosts) != 1 {
			continue
		}
		what := "it runs on " + string(s.Hosts[0]) + " alone"
		if s.RTO > 0 {
			what += ", and is to be back within " + span(s.RTO)
		}
		b := body{service: s.Name, hosts: s.Hosts, line: s.Line}
		c.found(b.finding(Warning, what, "a second host, or a restore that was tried and is fast enough"))
	}
}

// jumpHosts finds the hops that a whole site is reached through. A hop is known by its host, whoever logs in there.
func (c *checker) jumpHosts() {
	total := map[string]int{}
	behind := map[string]map[string]int{} // hop, site: hosts
	first := map[string]int{}
	var hops []string
	for _, h := range c.inv.Hosts {
		total[h.Site]++
		for _, hop := range hopsOf(h) {
			if behind[hop] == nil {
				behind[hop], first[hop] = map[string]int{}, h.Line
				hops = append(hops, hop)
			}
			behind[hop][h.Site]++
		}
	}
	for _, hop := range hops {
		c.jumpHost(hop, total, behind[hop], first[hop])
	}
}

func (c *checker) jumpHost(hop string, total, behind map[string]int, line int) {
	self, ours := c.inv.Host(inventory.HostID(hop))
	var whole []string
	hosts := 0
	for _, s := range c.inv.Sites {
		n := total[s.Name]
		if ours && self.Site == s.Name {
			n-- // it is not behind itself
		}
		if behind[s.Name] > 1 && behind[s.Name] >= n {
			whole, hosts = append(whole, s.Name), hosts+behind[s.Name]
		}
	}
	if len(whole) == 0 {
		return
	}
	f := Finding{Severity: Warning, Line: line, Hint: "a second jump host for a part of them, or a road around it for the day it is down",
		What: fmt.Sprintf("jump host %s: %s of %s are reached through it alone", hop, all(hosts), strings.Join(whole, ", "))}
	if ours {
		f.Hosts, f.Line = []inventory.HostID{self.Name}, self.Line
	}
	c.found(f)
}

// hopsOf are the hosts that a host is reached through, without user and port, each once.
func hopsOf(h inventory.Host) []string {
	var hops []string
	for _, j := range h.Jump {
		j = j[strings.LastIndexByte(j, '@')+1:]
		if rest, ok := strings.CutPrefix(j, "["); ok { // [address]:port
			j, _, _ = strings.Cut(rest, "]")
		} else if strings.Count(j, ":") == 1 {
			j, _, _ = strings.Cut(j, ":")
		}
		if j != "" && j != string(h.Name) && !slices.Contains(hops, j) {
			hops = append(hops, j)
		}
	}
	return hops
}

func (c *checker) maxDown() {
	for _, g := range c.inv.Groups {
		n := len(g.Hosts)
		b := body{group: g.Name, hosts: g.Hosts, line: g.Line}
		switch {
		case n > 0 && g.MaxDown >= n:
			c.found(b.finding(Critical, fmt.Sprintf("max_down of %d lets all %d members go down together", g.MaxDown, n), fmt.Sprintf("max_down = %d at most", n-1)))
		case g.Quorum > 0 && g.MaxDown > n-g.Quorum:
			c.found(b.finding(Critical, fmt.Sprintf("max_down of %d leaves %d of %d members, fewer than the quorum of %d", g.MaxDown, n-g.MaxDown, n, g.Quorum),
				fmt.Sprintf("max_down = %d at most", max(n-g.Quorum, 0))))
		case g.Quorum == 0 && n > 2 && 2*g.MaxDown >= n:
			c.found(b.finding(Note, fmt.Sprintf("max_down of %d takes half or more of the %d members at once, and no quorum is declared", g.MaxDown, n),
				fmt.Sprintf("quorum = %d where a majority must stay up; else a smaller max_down", n/2+1)))
		}
	}
}

func (c *checker) neverDown() {
	for _, g := range c.inv.Groups {
		if g.MaxDown == 0 && len(g.Hosts) > 0 {
			b := body{group: g.Name, hosts: g.Hosts, line: g.Line}
			c.found(b.finding(Note, "no member may ever be down, so no patch and no reboot will reach it", "one more member makes max_down = 1 possible; else patch it by hand, and silence this"))
		}
	}
}
