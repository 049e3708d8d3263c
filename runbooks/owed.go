package runbooks

import (
	"fmt"
	"strings"

	"tend/inventory"
)

// OwedError says what an inventory, or the runbook itself, requires of a run and the run does not give.
type OwedError struct {
	Setting string // "require_ticket" or "require_reason"
	Hosts   []inventory.HostID
	Runbook string // that requires it; "" = the inventory does
}

func (e *OwedError) Error() string {
	if e.Runbook != "" {
		return fmt.Sprintf("%s needs a %s: a report has to give it", e.Runbook, e.What())
	}
	return fmt.Sprintf("this run needs a %s: the inventory sets %s for %s", e.What(), e.Setting, inventory.HostSet(e.Hosts))
}

// What is what lacks: "ticket" or "reason".
func (e *OwedError) What() string { return strings.TrimPrefix(e.Setting, "require_") }

// Hint says how it is given.
func (e *OwedError) Hint() string {
	if e.Setting == "require_ticket" {
		return "--ticket OPS-123; in the console, t on the plan"
	}
	return "--reason \"why\"; in the console, i on the plan"
}

// Owed says what hosts of the plan require to be told and was not, an *OwedError; nil = nothing. What only reads owes nothing. A run
// owes a reason before a ticket. Where what departs from a baseline is taken for right, it is always said why.
func (p *Plan) Owed(reason, ticket string) error {
	if p.Risk == Read {
		return nil
	}
	if p.Runbook == "accept-drift" && strings.TrimSpace(reason) == "" {
		return &OwedError{Setting: "require_reason", Runbook: p.Runbook}
	}
	return Owed(p.Hosts, reason, ticket)
}

// Owed says what hosts that are to be changed require to be told, by a run or by anything else, and was not.
func Owed(hosts []inventory.Host, reason, ticket string) error {
	for _, owed := range []struct {
		setting, given string
		by             func(inventory.Host) bool
	}{
		{"require_reason", reason, func(h inventory.Host) bool { return h.RequireReason }},
		{"require_ticket", ticket, func(h inventory.Host) bool { return h.RequireTicket }},
	} {
		if strings.TrimSpace(owed.given) != "" {
			continue
		}
		e := &OwedError{Setting: owed.setting}
		for _, h := range hosts {
			if owed.by(h) {
				e.Hosts = append(e.Hosts, h.Name)
			}
		}
		if len(e.Hosts) > 0 {
			return e
		}
	}
	return nil
}
