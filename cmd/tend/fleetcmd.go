package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tend/fleet"
	"tend/inventory"
)

// fleetFlags are how postures are shown.
type fleetFlags struct {
	by, sort, prometheus string
	limit                int
	json, wide           bool
}

func (a *app) fleetCmd() *cobra.Command {
	var f fleetFlags
	c := &cobra.Command{
		Use: "fleet [SELECTOR…]", Short: "Show how every host stands, the riskiest first, and why",
		Long: `Show the posture of the fleet, from what the journal knows: state, updates, restarts, last patch, backups against what was promised, certificates, end of
support, drift, and which run is at work. It connects to no host. What is too old to count is unknown, and weighs too.

Selectors ask for what is shown as well: security>0, state=fail, reboot=yes, patched>30 and seen>2 (days), risk>=50, drift>0, backup=crit, certs=warn,
support=crit, unread>0, and for any fact: kernel=6.1*.`,
		Example: `  tend fleet
  tend fleet site=ams1 'security>0' --sort patched
  tend fleet --by service
  tend fleet 'patched>30' 'drift>0' --wide
  tend fleet --prometheus /var/lib/node_exporter/tend.prom`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.showFleet(c.Context(), f, strings.Join(args, " "))
		},
		ValidArgsFunction: a.completeSelector,
	}
	fl := c.Flags()
	fl.StringVar(&f.by, "by", "host", "what a line is: `host`, rack, site, service or group")
	fl.StringVar(&f.sort, "sort", "risk", "order hosts by `risk`, name, state, seen, pending, security, reboot, patched, backup, restore, certs, support, drift, lease, unread or owner")
	fl.BoolVar(&f.wide, "wide", false, "show every value, each with its age; a question mark is what is stale or was never read")
	fl.IntVar(&f.limit, "limit", 0, "at most so many lines (0 = all)")
	fl.BoolVar(&f.json, "json", false, "print JSON lines")
	fl.StringVar(&f.prometheus, "prometheus", "", "write metrics to this `file` for a text-file collector; - prints them")
	return c
}

func (a *app) showFleet(ctx context.Context, f fleetFlags, scope string) error {
	inv, err := a.load()
	if err != nil {
		return err
	}
	all, err := a.postures(ctx, inv, scope)
	if err != nil {
		return err
	}
	if !fleet.Sort(all, f.sort) {
		return usage(strings.Join(fleet.Columns, ", "), "--sort cannot be %q", f.sort)
	}
	switch {
	case f.prometheus != "":
		return a.metrics(all, f.prometheus)
	case f.by != "host":
		return a.showRolled(all, f)
	case f.limit > 0:
		all = all[:min(f.limit, len(all))]
	}
	if f.json {
		return jsonLines(a, all)
	}
	return a.printPostures(all, f.wide)
}

// postures are those of the hosts that the selector means.
func (a *app) postures(ctx context.Context, inv *inventory.Inventory, scope string) ([]fleet.Posture, error) {
	now := a.now()
	fl, runs := a.fleetAndRuns(ctx, inv)
	all := fleet.Postures(inv, fl, runs, now)
	if scope == "" {
		return all, nil
	}
	hosts, err := world{inv: inv}.hosts(scope, fleet.Values(all, now, fl.Values))
	if err != nil {
		return nil, err
	}
	wanted := map[inventory.HostID]bool{}
	for _, h := range hosts {
		wanted[h.Name] = true
	}
	return slices.DeleteFunc(all, func(p fleet.Posture) bool { return !wanted[p.Host] }), nil
}

// narrow are the columns that fit beside the reasons; the others come with --wide.
var narrow = []string{"risk", "name", "state", "seen", "pending", "security", "patched"}

func (a *app) printPostures(all []fleet.Posture, wide bool) error {
	now := a.now()
	columns := narrow
	if wide {
		columns = fleet.Columns
	}
	heads := map[string]string{"name": "HOST\tRACK", "pending": "UPDATES"}
	return table(a.out, a.wide(), func(tw io.Writer) {
		for _, c := range columns {
			fmt.Fprintf(tw, "%s\t", cmp.Or(heads[c], strings.ToUpper(c)))
		}
		fmt.Fprintln(tw, "WHY")
		for i := range all {
			p := &all[i]
			for _, c := range columns {
				cell := dash(p.Cell(c, now))
				if c == "name" {
					cell += "\t" + dash(p.Site+"/"+p.Rack)
				}
				fmt.Fprintf(tw, "%s\t", cell)
			}
			fmt.Fprintln(tw, dash(strings.Join(p.Reasons, ", ")))
		}
	})
}

func since(now, at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return fleet.Age(now.Sub(at))
}

func (a *app) showRolled(all []fleet.Posture, f fleetFlags) error {
	if !slices.Contains([]string{"site", "rack", "service", "group"}, f.by) {
		return usage("host, rack, site, service or group", "--by cannot be %q", f.by)
	}
	rolled := fleet.RollUp(all, f.by)
	if f.limit > 0 {
		rolled = rolled[:min(f.limit, len(rolled))]
	}
	if f.json {
		return jsonLines(a, rolled)
	}
	now := a.now()
	tw := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(tw, "%s\tHOSTS\tSTATES\tUPDATES\tSECURITY\tREBOOT\tBACKUP\tRESTORE\tCERTS\tSUPPORT\tDRIFT\tPATCHED\tSEEN\tUNREAD\tWORST\n", strings.ToUpper(f.by))
	for _, r := range rolled {
		pending, security, reboot := r.Sums()
		fmt.Fprintf(tw, "%s\t%d\t%s\t%v\t%v\t%v\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%d\t%s (%d)\n", dash(r.Name), r.Hosts, counts(r.States), pending, security, reboot,
			r.Backup, r.Restore, r.Certs, r.Support, r.Drift, since(now, r.Unpatched), since(now, r.Oldest), r.Unread, r.Worst, r.Risk)
	}
	return tw.Flush()
}
