package runbooks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tend/inventory"
)

// MaxParallel is how many hosts may be at work at once, whatever anyone says.
const MaxParallel = 1024

// fault is what is wrong with one key of a policy.
type fault struct{ key, message, advice string }

// problems is what is wrong with a policy.
func (p Policy) problems() []fault {
	var out []fault
	if p.Canary < 0 {
		out = append(out, fault{"canary", "canary must not be negative", ""})
	}
	if p.Parallel < 0 || p.Parallel > MaxParallel {
		out = append(out, fault{"parallel", fmt.Sprintf("parallel must be between 1 and %d", MaxParallel), ""})
	}
	if n, percent, err := portion(p.Batch); err != nil || !percent && n == 0 && p.Batch != "" {
		out = append(out, fault{"batch", fmt.Sprintf("batch is %q, and must be a number of hosts or a percentage", p.Batch), `such as "5" or "20%"`})
	}
	if _, _, err := portion(p.MaxFailures); err != nil {
		out = append(out, fault{"max_failures", fmt.Sprintf("max_failures is %q, and must be a number of hosts or a percentage", p.MaxFailures),
			`"3" stops at the 4th failure, "0" at the first, "10%" of 50 hosts at the 6th`})
	}
	if p.By != "" && !slices.Contains(Domains, p.By) {
		out = append(out, fault{"by", fmt.Sprintf("by is %q, and must be one of %s", p.By, strings.Join(Domains, ", ")), didYouMean(p.By, Domains)})
	}
	if p.Cutoff != "" {
		if _, err := parseDuration(p.Cutoff); err != nil {
			out = append(out, fault{"cutoff", fmt.Sprintf("cutoff %v", err), `such as "45m"`})
		}
	}
	if p.Pause != "" && p.Pause != "manual" {
		if _, err := parseDuration(p.Pause); err != nil {
			out = append(out, fault{"pause", fmt.Sprintf("pause %v, or manual", err), ""})
		}
	}
	return out
}

// portion reads "5" or "20%"; "" is 0.
func portion(s string) (n int, percent bool, err error) {
	if s == "" {
		return 0, false, nil
	}
	digits, percent := strings.CutSuffix(s, "%")
	u, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || percent && u > 100 {
		return 0, percent, fmt.Errorf("%q is neither a number nor a percentage", s)
	}
	return int(u), percent, nil
}

// share is how many of total a "5" or "20%" is; a percentage rounds down.
func share(s string, total int) int {
	n, percent, err := portion(s)
	if err != nil {
		return 0
	}
	if percent {
		return total * n / 100
	}
	return n
}

// Budget is how many hosts of total may fail before nothing new starts; unlimited says that there is no such number. The run stops
// when more than limit have failed. The semantics are AWS SSM's: a percentage rounds down.
func (p Policy) Budget(total int) (limit int, unlimited bool) {
	if p.MaxFailures == "" || p.MaxFailures == "100%" {
		return 0, true
	}
	return share(p.MaxFailures, total), false
}

// Domains are the failure domains that waves may keep to.
var Domains = []string{"site", "rack", "feed"}

// waves cuts hosts, in their order, into a canary and batches. A batch's percentage is of all hosts, or of its domain's hosts where
// waves keep to one, rounded down, one at least. Those who go last, because a group says so, have waves of their own behind all others.
func (p Policy) waves(hosts []inventory.Host, groups []inventory.Group) []Wave {
	early, late := apart(hosts, groups)
	canary := min(p.Canary, len(early))
	var out []Wave
	if canary > 0 {
		out = append(out, Wave{Name: "canary", Hosts: names(early[:canary])})
	}
	out = append(out, p.batches(early[canary:], len(hosts), "", canary > 0)...)
	return append(out, p.batches(late, len(hosts), "last", false)...)
}

// apart takes out the hosts that a group wants to go last; both keep their order.
func apart(hosts []inventory.Host, groups []inventory.Group) (early, late []inventory.Host) {
	last := map[inventory.HostID]bool{}
	for _, g := range groups {
		sel, err := inventory.ParseSelector(g.Last)
		if g.Last == "" || err != nil { // the inventory was read, so it is one
			continue
		}
		for _, h := range hosts {
			if slices.Contains(g.Hosts, h.Name) && sel.Match(h, nil) {
				last[h.Name] = true
			}
		}
	}
	for _, h := range hosts {
		if last[h.Name] {
			late = append(late, h)
		} else {
			early = append(early, h)
		}
	}
	return early, late
}

// batches cuts hosts, domain by domain in the order in which they first come.
func (p Policy) batches(hosts []inventory.Host, total int, prefix string, behindCanary bool) []Wave {
	var order []string
	of := map[string][]inventory.Host{}
	for _, h := range hosts {
		d := domain(h, p.By)
		if of[d] == nil {
			order = append(order, d)
		}
		of[d] = append(of[d], h)
	}
	var out []Wave
	for _, d := range order {
		rest, size := of[d], len(of[d])
		if p.Batch != "" {
			if p.By != "" {
				total = size
			}
			size = max(1, share(p.Batch, total))
		}
		n := (len(rest) + size - 1) / size
		for i := range n {
			out = append(out, Wave{Name: waveName(prefix, d, batchName(i+1, n, behindCanary)), Hosts: names(rest[i*size : min((i+1)*size, len(rest))])})
		}
	}
	return out
}

// domain is the host's failure domain; hosts of which it is not declared are in one together. Who has two feeds is in the domain of
// both: working on it tells nothing of either alone.
func domain(h inventory.Host, by string) string {
	d := ""
	switch by {
	case "":
		return ""
	case "site":
		d = h.Site
	case "rack":
		d = h.Rack
		if d != "" && h.Site != "" {
			d = h.Site + "/" + d
		}
	case "feed":
		d = strings.Join(slices.Sorted(slices.Values(h.Feeds)), "+")
	}
	if d == "" {
		return "no " + by
	}
	return by + " " + d
}

// waveName is "last, rack ams1/r07, batch 1 of 2" of what there is of that.
func waveName(prefix, domain, batch string) string {
	if (prefix != "" || domain != "") && (batch == "all" || batch == "the rest") {
		batch = ""
	}
	parts := slices.DeleteFunc([]string{prefix, domain, batch}, func(s string) bool { return s == "" })
	return strings.Join(parts, ", ")
}

func names(hosts []inventory.Host) []inventory.HostID {
	out := make([]inventory.HostID, len(hosts))
	for i, h := range hosts {
		out[i] = h.Name
	}
	return out
}

func batchName(n, of int, canary bool) string {
	switch {
	case of > 1:
		return fmt.Sprintf("batch %d of %d", n, of)
	case canary:
		return "the rest"
	default:
		return "all"
	}
}
