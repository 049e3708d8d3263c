package ui

import (
	"fmt"
	"slices"
	"strings"

	"tend/inventory"
	"tend/runbooks"
)

func (s *planScreen) targets() string {
	t := plural(len(s.plan.Hosts), "host")
	if s.prod > 0 {
		t += fmt.Sprintf(", %d of them PROD", s.prod)
	}
	return t
}

func (s *planScreen) groups() string {
	var parts []string
	in := map[inventory.HostID]bool{}
	for _, h := range s.plan.Hosts {
		in[h.Name] = true
	}
	for _, g := range s.plan.Groups {
		n := 0
		for _, id := range g.Hosts {
			if in[id] {
				n++
			}
		}
		down := ""
		if m := s.downIn(g); m > 0 {
			down = fmt.Sprintf("%d down already, ", m)
		}
		parts = append(parts, fmt.Sprintf("%s %d of %d, %s%d may be down", g.Name, n, len(g.Hosts), down, g.MaxDown))
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, "; ")
}

func (s *planScreen) warned() string {
	if n := len(s.plan.Warnings); n > 0 {
		return fmt.Sprintf("warnings %d (%s)", n, cut(first(s.plan.Warnings[0]), 20, "~"))
	}
	return ""
}

func (s *planScreen) order() string {
	p := s.plan.Policy
	var parts []string
	if n := s.downFirst(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d down already", n))
	}
	if p.Canary > 0 {
		parts = append(parts, fmt.Sprintf("canary %d", p.Canary))
	}
	switch {
	case p.Batch != "":
		parts = append(parts, "then batches of "+p.Batch)
	case p.Canary > 0:
		parts = append(parts, "then all the rest")
	default:
		parts = append(parts, "all at once")
	}
	if limit, unlimited := p.Budget(len(s.plan.Hosts)); !unlimited {
		parts = append(parts, fmt.Sprintf("stop at failure %d", limit+1))
	}
	if p.By != "" {
		parts = append(parts, "one "+p.By+" after the other")
	}
	if p.Cutoff != "" {
		parts = append(parts, "nothing new in a window's last "+p.Cutoff)
	}
	if p.Pause != "" {
		parts = append(parts, "pause "+p.Pause)
	}
	if p.Parallel != 0 {
		parts = append(parts, fmt.Sprintf("%d at once", p.Parallel))
	}
	return strings.Join(parts, ", ")
}

// downIn is how many members of a group count as down before anything is done.
func (s *planScreen) downIn(g inventory.Group) int {
	n := 0
	for _, d := range s.plan.Down {
		if slices.Contains(g.Hosts, d.Host) {
			n++
		}
	}
	return n
}

// downFirst is how many hosts make a wave before all others, since they are down already.
func (s *planScreen) downFirst() int {
	if len(s.plan.Down) == 0 || len(s.plan.Waves) == 0 {
		return 0
	}
	first := s.plan.Waves[0].Hosts
	for _, id := range first {
		if !slices.ContainsFunc(s.plan.Down, func(d runbooks.DownMember) bool { return d.Host == id }) {
			return 0
		}
	}
	return len(first)
}

func (s *planScreen) needs() string {
	var parts []string
	become, reboot, manual := false, false, false
	for _, st := range s.plan.Steps {
		become = become || st.Become
		reboot = reboot || st.Kind == runbooks.Reboot
		manual = manual || st.Kind == runbooks.Manual
	}
	if become {
		parts = append(parts, "root")
	}
	if reboot {
		parts = append(parts, fmt.Sprintf("REBOOT of up to %d", len(s.plan.Hosts)))
	}
	if manual {
		parts = append(parts, "a person in the room")
	}
	if len(s.plan.Secrets) > 0 {
		parts = append(parts, plural(len(s.plan.Secrets), "secret")+", asked for at the start")
	}
	if parts == nil {
		return "a login, nothing more"
	}
	return strings.Join(parts, ", ")
}

func (s *planScreen) undo() string {
	n := 0
	for _, st := range s.plan.Steps {
		if st.Undo != "" {
			n++
		}
	}
	switch {
	case s.plan.Risk == runbooks.Read:
		return "changes nothing"
	case n == 0:
		return "undo: none declared"
	}
	return fmt.Sprintf("undo: declared for %s", plural(n, "step"))
}

func (s *planScreen) params() string {
	defaults := map[string]string{}
	for _, p := range s.rb.Params {
		defaults[p.Name] = p.Default
	}
	var parts []string
	for _, k := range sortedKeys(s.plan.Params) {
		if v := s.plan.Params[k]; v != defaults[k] {
			parts = append(parts, k+"="+v)
		}
	}
	switch rest := len(s.plan.Params) - len(parts); {
	case len(s.plan.Params) == 0:
		return "none"
	case rest > 0:
		parts = append(parts, fmt.Sprintf("(%d as the runbook has them)", rest))
	}
	return strings.Join(parts, " ")
}

func (s *planScreen) hint() string {
	switch {
	case len(s.refusing) > 0 && !s.decided:
		return plural(len(s.refusing), "host") + " will refuse its steps: attached or leave-out decides, s asks"
	case s.plan.Dry:
		return "dry run: only what reads is left. y starts"
	case s.plan.Risk == runbooks.Read:
		return "risk: read, nothing is changed. y starts"
	}
	return "risk: " + string(s.plan.Risk) + ". s starts, after the typed confirmation"
}
