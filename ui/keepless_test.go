package ui

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// refuses makes hosts unable to keep a step, but for those that the plan has attached.
func refuses(hosts ...inventory.HostID) func(*Config) {
	return func(c *Config) {
		inv, plain := c.Inventory, c.Resolve
		c.Resolve = func(w Wish) (runbooks.Plan, error) {
			p, err := plain(w)
			if err != nil {
				return p, err
			}
			if p.Attached = w.Attached; len(w.Attached) > 0 {
				p.Warnings = append(p.Warnings, selectHosts(w.Attached)+": steps run on the connection")
				p.Digest = p.ComputeDigest()
			}
			return p, nil
		}
		c.Refusing = func(p *runbooks.Plan) (out []Refusal) {
			for _, h := range p.Hosts {
				if _, known := inv.Host(h.Name); known && slices.Contains(hosts, h.Name) && !slices.Contains(p.Attached, h.Name) {
					out = append(out, Refusal{h.Name, "no setsid and no nohup"})
				}
			}
			return out
		}
	}
}

// TestPlanOffersTheChoice: a host that cannot keep a step is named in the plan, and nothing starts before one of three words is typed.
func TestPlanOffersTheChoice(t *testing.T) {
	start := func() *driver {
		d := newDriver(t, 80, 24, refuses("web-02"))
		d.startsAs("r1")
		return d.toPlan().See("REFUSES   web-02 cannot keep a detached step: no setsid and no nohup", "1 host will refuse its steps", "s start  a attached  o leave-out")
	}
	d := start()
	d.Press("i").Type("weekly").Press("enter", "s").See("Type attached, leave-out or refuse (1 host):").Type("y").Press("enter").See("not typed as asked: nothing was done", "PLAN patch")
	d.Press("s").Type("attached").Press("enter").See("PLAN patch", "weekly").Miss("REFUSES")
	d.Press("s").See("Type nyc1/r01 to start:").Type("nyc1/r01").Press("enter").Pull().See("RUN r1 patch")
	if p := d.runs.started; len(p) != 1 || !slices.Equal(p[0].Attached, []inventory.HostID{"web-02"}) || d.runs.reasons[0] != "weekly/" {
		t.Fatalf("started %d with %v, %q", len(p), p[0].Attached, d.runs.reasons)
	}

	d = start()
	d.Press("o").See("7 hosts", "nyc1/r01 !web-02").Miss("REFUSES").Press("s").Type("7").Press("enter").Pull().See("RUN r1 patch")
	if p := d.runs.started; len(p) != 1 || len(p[0].Hosts) != 7 || p[0].Attached != nil {
		t.Fatalf("started %d, on %v", len(p), p[0].Hosts)
	}

	d = start()
	d.Press(":").Type("attached").Press("enter").Miss("REFUSES").Press("a").See("attached is not possible here: no host is known that cannot keep its steps")

	d = start()
	d.Press("s").Press("esc").Press("s").Type("refuse").Press("enter").See("Type nyc1/r01 to start:").Type("8").Press("enter").Pull().See("RUN r1 patch")
	if p := d.runs.started; len(p) != 1 || len(p[0].Hosts) != 8 || p[0].Attached != nil {
		t.Fatalf("started %d, on %v", len(p), p[0].Hosts)
	}
}

// TestNoHostWouldBeLeft: where all of them refuse, leaving them out is no choice, and a dry run needs none.
func TestNoHostWouldBeLeft(t *testing.T) {
	d := newDriver(t, 60, 20, refuses("db-01"))
	d.Press(":").Type("run patch db-01").Press("enter", "s").See("Type attached or refuse (1 host):")
	d.Press("esc", "o").See("leave-out is not possible here: no host would be left")
	for range 20 {
		d.Press("j")
	}
	d.Press("enter").See("These hosts cannot keep a detached step", "db-01: no setsid").Press("esc")
	d.Press("d").See("dry run").Miss("REFUSES").Press("a").See("attached is not possible here: what only reads")
}

// TestLineConsoleOffersTheChoice does the same in lines.
func TestLineConsoleOffersTheChoice(t *testing.T) {
	session := func(lines ...string) (*driver, string) {
		d := newDriver(t, 80, 24, refuses("db-01"))
		d.runs.start = func(p runbooks.Plan) journal.RunID {
			d.tell("r1", journal.PlanAccepted{Plan: p}, journal.RunClosed{Result: journal.Passed})
			return "r1"
		}
		var out bytes.Buffer
		cfg := d.c.cfg
		cfg.Tier, cfg.Output, cfg.Asks, cfg.Input = Line, &out, nil, strings.NewReader(strings.Join(lines, "\n")+"\n")
		if err := Run(context.Background(), cfg); err != nil {
			t.Fatal(err)
		}
		return d, out.String()
	}
	d, out := session("run patch db-01,db-02", "", "run patch db-01,db-02", "leave-out", "1", "quit")
	if len(d.runs.started) != 1 || len(d.runs.started[0].Hosts) != 1 || d.runs.started[0].Hosts[0].Name != "db-02" ||
		!strings.Contains(out, "db-01: no setsid and no nohup") || !strings.Contains(out, "not typed as asked: nothing was done") {
		t.Errorf("started %v\n%s", d.runs.started, out)
	}
	d, out = session("run patch db-01", "attached", "1", "quit")
	if len(d.runs.started) != 1 || len(d.runs.started[0].Attached) != 1 || !strings.Contains(out, "warning: db-01: steps run on the connection") {
		t.Errorf("started %v\n%s", d.runs.started, out)
	}
	if d, out = session("run patch db-01", "refuse", "1", "quit"); len(d.runs.started) != 1 || d.runs.started[0].Attached != nil {
		t.Errorf("started %v\n%s", d.runs.started, out)
	}
}

// TestPlanThatIsRefused is how it looks, everywhere, before and while it is asked.
func TestPlanThatIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, d *driver) {
		d.toPlan().Golden("plan-refused").Press("s").Golden("plan-refused-asks")
	}, refuses("web-02", "web-03"))
}
