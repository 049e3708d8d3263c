package ui

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"tend/journal"
	"tend/runbooks"
)

// owing makes every host require a reason and a ticket.
func (d *driver) owing() {
	hosts := d.c.cfg.Inventory.Hosts
	for i := range hosts {
		hosts[i].RequireReason, hosts[i].RequireTicket = true, true
	}
}

// TestStartAsksForWhatIsOwed: a reason and a ticket where the inventory requires them; nothing starts without.
func TestStartAsksForWhatIsOwed(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.owing()
	d.startsAs("r1")
	d.toPlan().Press("s").See("require_reason. Reason:").Press("enter").See("this run needs a reason: the inventory sets require_reason for")
	d.Press("s").Type("weekly").Press("enter").See("require_ticket. Ticket:").Press("esc").See("PLAN patch")
	d.Press("s").See("require_ticket. Ticket:").Type("OPS-1").Press("enter").See("Type nyc1/r01 to start:").Type("nyc1/r01").Press("enter").Pull().See("RUN r1 patch")
	if len(d.runs.reasons) != 1 || d.runs.reasons[0] != "weekly/OPS-1" {
		t.Errorf("started with %q", d.runs.reasons)
	}
	d = newDriver(t, 80, 24)
	d.owing()
	d.startsAs("r2")
	d.Press("j", "r", "enter").See("PLAN health").Press("y").Pull().See("RUN r2 health") // reading owes nothing
}

// TestLineConsoleAsksForWhatIsOwed does the same in lines.
func TestLineConsoleAsksForWhatIsOwed(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.owing()
	d.runs.start = func(p runbooks.Plan) journal.RunID {
		d.tell("r1", journal.PlanAccepted{Plan: p}, journal.RunClosed{Result: journal.Passed})
		return "r1"
	}
	var out bytes.Buffer
	cfg := d.c.cfg
	cfg.Tier, cfg.Output, cfg.Asks = Line, &out, nil
	cfg.Input = strings.NewReader("run patch db-01\n\nrun patch db-01\nweekly\nOPS-1\ndb-01\nquit\n")
	if err := Run(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	if len(d.runs.reasons) != 1 || d.runs.reasons[0] != "weekly/OPS-1" || !strings.Contains(out.String(), "this run needs a reason") {
		t.Errorf("started with %q:\n%s", d.runs.reasons, out.String())
	}
}
