package fleet

import (
	"slices"
	"strconv"
	"strings"

	"tend/inventory"
	"tend/journal"
)

// Values answers selectors such as `state=fail pending>0`; it is an inventory.Values. Keys are "state" (ok, warn, fail, down,
// unknown, never), "pending", "security", "reboot" (yes or no), "last" (the outcome of the host's last run), "runbook" (that run's),
// and the key of any fact. A stale fact has no value: it matches nothing.
func (f *Fleet) Values(id inventory.HostID, key string) (string, bool) {
	i, ok := f.index[id]
	if !ok {
		return "", false
	}
	h := &f.hosts[i]
	switch key {
	case "state":
		return strings.ToLower(h.view.State.String()), true
	case FactPending, FactSecurity:
		n := h.view.Pending
		if key == FactSecurity {
			n = h.view.Security
		}
		return strconv.Itoa(n), n >= 0
	case "last":
		return h.view.Last.Outcome.String(), h.view.Last.Run != "" && !h.view.Last.Running
	case "runbook":
		return h.view.Last.Runbook, h.view.Last.Run != ""
	}
	if key == FactReboot {
		return map[bool]string{true: "yes", false: "no"}[h.view.Reboot], h.view.Reboot || h.view.NoReboot
	}
	k, ok := h.facts.at(key)
	if !ok || !f.Fresh(k.At) {
		return "", false
	}
	return k.Fact.Value, true
}

// Value is a fresh fact of the host, or "".
func (f *Fleet) Value(id inventory.HostID, key string) string {
	v, _ := f.Values(id, key)
	return v
}

// sorted puts the checks first, worst first, then the other facts by key.
func sorted(known facts) []journal.Known {
	list := slices.Clone(known)
	slices.SortFunc(list, func(a, b journal.Known) int {
		if a.Fact.Check != b.Fact.Check {
			if a.Fact.Check {
				return -1
			}
			return 1
		}
		if a.Fact.Check && a.Fact.State != b.Fact.State {
			return stateOf(a.Fact.State).Rank() - stateOf(b.Fact.State).Rank()
		}
		return strings.Compare(a.Fact.Key, b.Fact.Key)
	})
	return list
}
