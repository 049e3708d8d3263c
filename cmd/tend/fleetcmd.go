package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tend/fleet"
	"tend/inventory"
	"tend/journal"
	"tend/quote"
)

// fleetFlags are how postures are shown.
type fleetFlags struct {
	by, sort, prometheus string
	limit                int
	json                 bool
}

func (a *app) fleetCmd() *cobra.Command {
	var f fleetFlags
	c := &cobra.Command{
		Use: "fleet [SELECTOR…]", Short: "Show how every host stands, the riskiest first, and why",
		Long: `Show the posture of the fleet, from what the journal knows: state, updates, restarts, last patch, backups against what was promised, certificates, end of
support. It connects to no host. What is too old to count is unknown, and weighs too. Selectors ask for facts as well: security>0, state=fail, reboot=yes.`,
		Example: `  tend fleet
  tend fleet site=ams1 'security>0' --sort patched
  tend fleet --by service
  tend fleet --prometheus /var/lib/node_exporter/tend.prom`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.showFleet(c.Context(), f, strings.Join(args, " "))
		},
		ValidArgsFunction: a.completeSelector,
	}
	fl := c.Flags()
	fl.StringVar(&f.by, "by", "host", "what a line is: `host`, rack, site, service or group")
	fl.StringVar(&f.sort, "sort", "risk", "order hosts by `risk`, name, pending, security, patched or seen")
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
	if err := order(all, f.sort); err != nil {
		return err
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
	return a.printPostures(all)
}

// postures are those of the hosts that the selector means.
func (a *app) postures(ctx context.Context, inv *inventory.Inventory, scope string) ([]fleet.Posture, error) {
	now := a.now()
	fl := a.fleet(ctx, inv)
	var runs []journal.HostRun
	if book, err := a.book(); err == nil {
		for r, err := range book.lastRuns(ctx) {
			if err == nil {
				runs = append(runs, r)
			}
		}
		book.Close()
	}
	all := fleet.Postures(inv, fl, runs, now)
	if scope == "" {
		return all, nil
	}
	hosts, err := world{inv: inv}.hosts(scope, fl.Values)
	if err != nil {
		return nil, err
	}
	wanted := map[inventory.HostID]bool{}
	for _, h := range hosts {
		wanted[h.Name] = true
	}
	return slices.DeleteFunc(all, func(p fleet.Posture) bool { return !wanted[p.Host] }), nil
}

// order sorts postures, the ones to look at first.
func order(all []fleet.Posture, by string) error {
	fleet.SortByRisk(all)
	key := map[string]func(p *fleet.Posture) int64{
		"risk":     func(p *fleet.Posture) int64 { return -int64(p.Risk) },
		"pending":  func(p *fleet.Posture) int64 { return -int64(p.Pending) },
		"security": func(p *fleet.Posture) int64 { return -int64(p.Security) },
		"patched":  func(p *fleet.Posture) int64 { return p.Patched.Unix() },
		"seen":     func(p *fleet.Posture) int64 { return p.Seen.Unix() },
	}[by]
	switch {
	case by == "name":
		slices.SortStableFunc(all, func(a, b fleet.Posture) int { return inventory.CompareNames(string(a.Host), string(b.Host)) })
	case key == nil:
		return usage("risk, name, pending, security, patched or seen", "--sort cannot be %q", by)
	default:
		slices.SortStableFunc(all, func(a, b fleet.Posture) int { return int(min(max(key(&a)-key(&b), -1), 1)) })
	}
	return nil
}

func (a *app) printPostures(all []fleet.Posture) error {
	now := a.now()
	tw := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "RISK\tHOST\tRACK\tSTATE\tSEEN\tUPDATES\tSECURITY\tPATCHED\tWHY")
	for i := range all {
		p := &all[i]
		fmt.Fprintf(tw, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Risk, p.Host, dash(p.Site+"/"+p.Rack), p.State, since(now, p.Seen),
			count(p.Pending), count(p.Security), since(now, p.Patched), dash(quote.Line(strings.Join(p.Reasons, ", "))))
	}
	return tw.Flush()
}

func count(n int) string {
	if n < 0 {
		return "?"
	}
	return strconv.Itoa(n)
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
	tw := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(tw, "%s\tHOSTS\tSTATES\tUPDATES\tSECURITY\tREBOOT\tWORST\n", strings.ToUpper(f.by))
	for _, r := range rolled {
		fmt.Fprintf(tw, "%s\t%d\t%s\t%d\t%d\t%d\t%s (%d)\n", r.Name, r.Hosts, counts(r.States), r.Pending, r.Security, r.Reboot, r.Worst, r.Risk)
	}
	return tw.Flush()
}
