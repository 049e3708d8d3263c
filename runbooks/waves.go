package runbooks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tend/inventory"
)

// maxParallel is how many hosts may be at work at once, whatever anyone says.
const maxParallel = 1024

// fault is what is wrong with one key of a policy.
type fault struct{ key, message, advice string }

// problems is what is wrong with a policy.
func (p Policy) problems() []fault {
	var out []fault
	if p.Canary < 0 {
		out = append(out, fault{"canary", "canary must not be negative", ""})
	}
	if p.Parallel < 0 || p.Parallel > maxParallel {
		out = append(out, fault{"parallel", fmt.Sprintf("parallel must be between 1 and %d", maxParallel), ""})
	}
	if n, percent, err := portion(p.Batch); err != nil || !percent && n == 0 && p.Batch != "" {
		out = append(out, fault{"batch", fmt.Sprintf("batch is %q, and must be a number of hosts or a percentage", p.Batch), `such as "5" or "20%"`})
	}
	if _, _, err := portion(p.MaxFailures); err != nil {
		out = append(out, fault{"max_failures", fmt.Sprintf("max_failures is %q, and must be a number of hosts or a percentage", p.MaxFailures),
			`"3" stops at the 4th failure, "0" at the first, "10%" of 50 hosts at the 6th`})
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

// waves cuts hosts, in their order, into a canary and batches. A batch's percentage is of all hosts, rounded down, one at least.
func (p Policy) waves(hosts []inventory.Host) []Wave {
	names := make([]inventory.HostID, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name
	}
	var out []Wave
	canary := min(p.Canary, len(names))
	if canary > 0 {
		out = append(out, Wave{Name: "canary", Hosts: slices.Clone(names[:canary])})
	}
	rest, size := names[canary:], len(names)
	if p.Batch != "" {
		size = max(1, share(p.Batch, len(names)))
	}
	batches := (len(rest) + size - 1) / size
	for i := range batches {
		batch := rest[i*size : min((i+1)*size, len(rest))]
		out = append(out, Wave{Name: batchName(i+1, batches, canary > 0), Hosts: slices.Clone(batch)})
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
