package ui

import (
	"fmt"
	"slices"
	"strings"

	"tend/inventory"
	"tend/runbooks"
)

// script is exactly what goes to sh on the first host that has one, and to gear without a shell; a host's own values stand before it and
// are listed under the differences.
func (s *planScreen) script(i int) string {
	step := s.plan.Steps[i]
	if step.Kind != runbooks.Script && step.Kind != runbooks.Check || len(s.plan.Hosts) == 0 {
		return stepText(step)
	}
	var parts []string
	if h := slices.IndexFunc(s.plan.Hosts, func(h inventory.Host) bool { return h.Shell != "none" }); h >= 0 {
		text, err := s.plan.Rendered(step.ID, s.plan.Hosts[h].Name)
		if err != nil {
			return stepText(step)
		}
		head := fmt.Sprintf("# sent to sh on %s", s.plan.Hosts[h].Name)
		if step.Become {
			head += ", as root"
		}
		parts = append(parts, head+"\n"+text)
	}
	parts = append(parts, s.lines(step.ID)...)
	if step.Undo != "" {
		parts = append(parts, "# undo, by hand:\n"+step.Undo)
	}
	return strings.Join(parts, "\n\n")
}

// lines are what goes to the hosts without a shell, once for all that get the same.
func (s *planScreen) lines(step runbooks.StepID) []string {
	var order []string
	hosts := map[string][]inventory.HostID{}
	for _, h := range s.plan.Hosts {
		if h.Shell != "none" {
			continue
		}
		line, err := s.plan.Rendered(step, h.Name)
		if err != nil {
			continue
		}
		if hosts[line] == nil {
			order = append(order, line)
		}
		hosts[line] = append(hosts[line], h.Name)
	}
	for i, line := range order {
		order[i] = fmt.Sprintf("# sent as it is to %s, without a shell\n%s", inventory.HostSet(hosts[line]), line)
	}
	return order
}
