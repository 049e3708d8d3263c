package ui

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"tend/runbooks"
)

func (d *driver) paced() {
	d.c.cfg.Pace = func(_ context.Context, p *runbooks.Plan) [][2]string {
		return [][2]string{{"time", "about 12 min for " + p.Runbook}, {"window", "db-01: does not fit\x1b[2J"}, {"window", "db-02: fits"}, {"window", "db-03: fits"}}
	}
}

// TestPlanSaysHowLong: the plan shows what the journal tells of its time, its first lines above the steps and all of them on demand.
func TestPlanSaysHowLong(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.paced()
	d.toPlan().Pull().See("about 12 min for patch").See("db-01: does not fit").See("db-02: fits")
	if text := strings.Join(d.Screen(), "\n"); strings.Contains(text, "db-03: fits") || strings.Contains(text, "\x1b[2J") {
		t.Error(text)
	}
	d.Press("d").Pull().See("about 12 min for patch").See("dry run")
}

// TestLineConsoleSaysHowLong does the same in lines.
func TestLineConsoleSaysHowLong(t *testing.T) {
	d := newDriver(t, 80, 24)
	d.paced()
	var out bytes.Buffer
	cfg := d.c.cfg
	cfg.Tier, cfg.Output, cfg.Asks = Line, &out, nil
	cfg.Input = strings.NewReader("run patch db-01\nno\nquit\n")
	if err := Run(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "time: about 12 min for patch") || !strings.Contains(text, "window: db-03: fits") || strings.Contains(text, "\x1b") {
		t.Error(text)
	}
}
