package engine

import (
	"fmt"
	"slices"
	"strings"

	"tend/journal"
	"tend/runbooks"
)

// close ends the run, and names who was taken out of service and not brought back.
func (t *turn) close(r journal.Result, reason string) {
	parts := []string{reason, t.stayOut()}
	t.do(Close{Result: r, Reason: strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")})
}

// stayOut is "still out of service: db-1 (pg-main)", or "". A host stays out where its draining was begun, whatever came of it, and it
// was not proved that it is back.
func (t *turn) stayOut() string {
	var who []string
	for i := range t.s.Hosts {
		h := &t.s.Hosts[i]
		out := map[string]bool{}
		for k := range h.Steps {
			switch step := &t.c.plan.Steps[k]; {
			case step.Group == "" || h.Steps[k].Attempt == 0:
			case step.Phase == runbooks.Main:
				out[step.Group] = true
			case h.Steps[k].Outcome.Good() && !h.Steps[k].Running:
				delete(out, step.Group)
			}
		}
		for _, step := range t.c.plan.Steps { // in the plan's order, each group once
			if out[step.Group] {
				who = append(who, fmt.Sprintf("%s (%s)", h.ID, step.Group))
				delete(out, step.Group)
			}
		}
	}
	if len(who) == 0 {
		return ""
	}
	return "still out of service: " + strings.Join(firstFew(who, 5), ", ")
}

// takenOut says, of a step that brings a host back into a group, whether the host was taken out; tied is false for all other steps.
// Facts cannot tell: the work between may have changed them.
func (c *Compiled) takenOut(s *journal.State, host, step int) (taken, tied bool) {
	group := c.plan.Steps[step].Group
	if group == "" || c.plan.Steps[step].Phase != runbooks.After {
		return false, false
	}
	for k := range c.plan.Steps[:step] {
		if c.plan.Steps[k].Group == group {
			return s.Hosts[host].Steps[k].Attempt > 0, true
		}
	}
	return false, false
}
