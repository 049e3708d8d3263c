package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/inventory"
)

// facing are tags that say that strangers can reach the host.
var facing = []string{"internet", "public", "dmz", "edge", "internet-facing"}

// weight is one reason for attention.
type weight struct {
	points int
	reason string
}

// weigh adds up what makes the host a risk, in words. What is not known weighs too: unknown is not OK. Production and hosts that
// strangers can reach weigh half as much again each.
func (s *survey) weigh(p *Posture, h *inventory.Host, v *Host, rpo, rto time.Duration) {
	if h.Shell == "none" {
		return // gear that takes no runbooks: nothing of this can be known
	}
	all := slices.Concat(s.health(v), s.updates(p), s.recovery(p, rpo, rto), s.ends(p), s.departs(p))
	if len(all) == 0 {
		return
	}
	slices.SortStableFunc(all, func(a, b weight) int { return b.points - a.points })
	for _, w := range all {
		if !slices.Contains(p.Reasons, w.reason) { // a check that fails, and the rule about what it looks at, are one thing: it counts once
			p.Risk += w.points
			p.Reasons = append(p.Reasons, w.reason)
		}
	}
	if slices.ContainsFunc(h.Tags, func(t string) bool { return slices.Contains(facing, t) }) {
		p.Risk += p.Risk / 2
		p.Reasons = append(p.Reasons, "internet-facing")
	}
	if h.Prod {
		p.Risk += p.Risk / 2
		p.Reasons = append(p.Reasons, "PROD")
	}
}

func (s *survey) health(v *Host) []weight {
	why := v.Why(s.now)
	switch v.State {
	case Never:
		return []weight{{30, "never seen"}}
	case Down:
		return []weight{{50, why}}
	case Fail:
		return []weight{{40, why}}
	case Warn:
		return []weight{{10, why}}
	case Unknown:
		return []weight{{20, why}}
	}
	return nil
}

func (s *survey) updates(p *Posture) []weight {
	var out []weight
	if p.Security > 0 {
		out = append(out, weight{20 + min(20, p.Security), fmt.Sprintf("%d security", p.Security)})
	}
	if other := p.Pending - max(p.Security, 0); other > 0 {
		out = append(out, weight{2, fmt.Sprintf("%d other updates", other)})
	}
	if p.Pending < 0 && p.State != Never {
		out = append(out, weight{5, "pending updates unknown"})
	}
	switch days := int(s.now.Sub(p.Patched).Hours() / 24); {
	case p.Patched.IsZero() && p.State != Never:
		out = append(out, weight{8, "no patch run on record"})
	case !p.Patched.IsZero() && days > 35:
		out = append(out, weight{10 + min(30, (days-35)/5), fmt.Sprintf("unpatched %d days", days)})
	}
	switch {
	case p.Reboot.State == "warn" || p.Reboot.State == "crit":
		out = append(out, weight{5, due(p)})
	case p.Reboot.State == "unknown" && p.State != Never:
		out = append(out, weight{3, "reboot unknown"})
	}
	return out
}

// due is that a restart is due; in the check's own words where that is what the host warns of, so that it counts once.
func due(p *Posture) string {
	if p.Reboot.Text == p.Why {
		return p.Why
	}
	return "reboot due"
}

// recovery weighs what a restore would need.
func (s *survey) recovery(p *Posture, rpo, rto time.Duration) []weight {
	var out []weight
	if p.State == Never {
		return nil // one reason for everything
	}
	switch {
	case p.Backup.State == "crit" && strings.HasPrefix(p.Backup.Text, factBackup): // a check, in the words that health has it by
		out = append(out, weight{20, p.Backup.Text})
	case p.Backup.State == "crit":
		out = append(out, weight{20, "backup " + p.Backup.Text})
	case rpo > 0 && (p.Backup.State == "unknown" || p.Backup.Stale):
		out = append(out, weight{10, "backup unknown"})
	}
	switch { // a bad backup does not make it good
	case p.Restore.State == "crit":
		out = append(out, weight{10, p.Restore.Text})
	case rto > 0 && p.Restore.State == "unknown":
		out = append(out, weight{5, "restore never measured"})
	}
	return out
}

func (s *survey) ends(p *Posture) []weight {
	var out []weight
	for _, r := range []struct {
		Reading
		crit, warn int
	}{{p.Certs, 20, 8}, {p.Support, 25, 8}} {
		switch r.State {
		case "crit":
			out = append(out, weight{r.crit, r.Text})
		case "warn":
			out = append(out, weight{r.warn, r.Text})
		}
	}
	return out
}

// Rolled is a set of hosts in numbers, under the name of what they share.
type Rolled struct {
	Name     string         `json:"name"`     // of the site, service or group; a rack is SITE/RACK
	Hosts    int            `json:"hosts"`    // how many
	States   map[string]int `json:"states"`   // hosts by state
	Pending  int            `json:"pending"`  // over the hosts where that is known
	Security int            `json:"security"` // over the hosts where that is known
	Reboot   int            `json:"reboot"`   // hosts that want a restart, of those where that is known
	Unknown  Unread         `json:"unknown"`  // of how many hosts those three are not known
	Backup   int            `json:"backup"`   // hosts whose backup is older than promised, or bad
	Restore  int            `json:"restore"`  // hosts whose restore took longer than promised
	Certs    int            `json:"certs"`    // hosts with a certificate that has ended, or soon will
	Support  int            `json:"support"`  // hosts whose system is out of support, or soon will be
	Drift    int            `json:"drift"`    // hosts that depart from their baseline
	Lease    int            `json:"lease"`    // hosts that a run is at work on
	Unread   int            `json:"unread"`   // hosts of which something is stale or was never read
	// Unpatched is when the host was patched that was not patched for longest; zero where one never was.
	Unpatched time.Time        `json:"unpatched,omitzero"`
	Risk      int              `json:"risk"`            // the greatest of its hosts
	Worst     inventory.HostID `json:"worst"`           // that host
	Oldest    time.Time        `json:"oldest,omitzero"` // when the host was seen that was not seen for longest; zero where one never was
}

// Unread is of how many hosts the numbers of a Rolled are not known.
type Unread struct {
	Pending  int `json:"pending"`  // hosts
	Security int `json:"security"` // hosts
	Reboot   int `json:"reboot"`   // hosts
}

// Sums are updates, security updates and restarts, with what is not known of them.
func (r *Rolled) Sums() (pending, security, reboot Sum) {
	return Sum{r.Pending, r.Hosts - r.Unknown.Pending, r.Unknown.Pending}, Sum{r.Security, r.Hosts - r.Unknown.Security, r.Unknown.Security},
		Sum{r.Reboot, r.Hosts - r.Unknown.Reboot, r.Unknown.Reboot}
}

// RollUp adds postures up by "site", "rack", "service" or "group"; a host of several counts in each. The riskiest come first.
func RollUp(all []Posture, by string) []Rolled {
	at := map[string]int{}
	var out []Rolled
	for i := range all {
		for _, name := range names(&all[i], by) {
			k, ok := at[name]
			if !ok {
				k = len(out)
				at[name] = k
				out = append(out, Rolled{Name: name, States: map[string]int{}, Oldest: all[i].Seen, Unpatched: all[i].Patched})
			}
			out[k].add(&all[i])
		}
	}
	slices.SortStableFunc(out, func(a, b Rolled) int {
		if a.Risk != b.Risk {
			return b.Risk - a.Risk
		}
		return inventory.CompareNames(a.Name, b.Name)
	})
	return out
}

func names(p *Posture, by string) []string {
	switch by {
	case "site":
		return []string{p.Site}
	case "rack":
		return []string{p.Site + "/" + p.Rack}
	case "service":
		return p.Services
	case "group":
		return p.Groups
	}
	return nil
}

func (r *Rolled) add(p *Posture) {
	r.Hosts++
	r.States[p.Word]++
	r.Pending += max(p.Pending, 0)
	r.Security += max(p.Security, 0)
	for _, u := range []struct {
		n   *int
		yes bool
	}{{&r.Unknown.Pending, p.Pending < 0}, {&r.Unknown.Security, p.Security < 0}, {&r.Unknown.Reboot, p.Reboot.State == "unknown"}} {
		if u.yes {
			*u.n++
		}
	}
	for _, c := range []struct {
		n *int
		r *Reading
	}{{&r.Reboot, &p.Reboot}, {&r.Backup, &p.Backup}, {&r.Restore, &p.Restore}, {&r.Certs, &p.Certs}, {&r.Support, &p.Support}, {&r.Drift, &p.Drift}, {&r.Lease, &p.Lease}} {
		if c.r.State == "warn" || c.r.State == "crit" {
			*c.n++
		}
	}
	if len(p.Unread) > 0 {
		r.Unread++
	}
	if p.Patched.Before(r.Unpatched) {
		r.Unpatched = p.Patched
	}
	if p.Risk > r.Risk || r.Worst == "" {
		r.Risk, r.Worst = p.Risk, p.Host
	}
	if p.Seen.Before(r.Oldest) {
		r.Oldest = p.Seen
	}
}
