package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tend/fleet"
	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/report"
)

func (a *app) driftCmd() *cobra.Command {
	var what []string
	var versions, asJSON bool
	c := &cobra.Command{
		Use: "drift [SELECTOR…]", Short: "Show what departs from the hosts' baselines; accept it, or put it right",
		Long: `Show what the latest comparisons of hosts with their baselines found, the same departure once with all its hosts. It connects to no host:
"tend run drift" compares, "tend run commission" keeps a first baseline. What was compared more than eight days ago is marked as stale.
Versions of packages that are there before and after are left out, because patching changes them; --versions shows them.

Exit code 1 where something departs.`,
		Example: `  tend run drift site=ams1
  tend drift site=ams1
  tend drift --what users,sudoers --json
  tend drift accept db-0712 --what users --reason "kim joined the team"
  tend drift fix db-0712 --what sudoers,sysctl`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := driftKinds(what, fleet.Kinds); err != nil {
				return err
			}
			return a.showDrift(c.Context(), strings.Join(args, " "), what, versions, asJSON)
		},
		ValidArgsFunction: a.completeSelector,
	}
	fl := c.Flags()
	fl.StringSliceVar(&what, "what", nil, "only these `kinds`: users, sudoers, ports, sysctl, units, files, mounts, packages, versions, baseline")
	fl.BoolVar(&versions, "versions", false, "versions of packages as well")
	fl.BoolVar(&asJSON, "json", false, "print JSON lines, one a departure")
	c.AddCommand(a.driftRunCmd("accept", "accept-drift"), a.driftRunCmd("fix", "undo-drift"), a.deviationsCmd())
	return c
}

func driftKinds(what, known []string) error {
	for _, k := range what {
		if !slices.Contains(known, k) {
			return usage(strings.Join(known, ", "), "there is no kind %q", k)
		}
	}
	return nil
}

// driftRunCmd is a run of a runbook on the kinds that are named.
func (a *app) driftRunCmd(verb, book string) *cobra.Command {
	var f runFlags
	var what []string
	var remove bool
	words := map[string][2]string{
		"accept": {"Make what is there now the baseline, with a reason", `  tend drift accept db-0712 --what users --reason "kim joined the team"`},
		"fix":    {"Put right what departs from the baseline, by a run", "  tend drift fix db-0712 --what sudoers,sysctl --dry-run\n  tend drift fix db-0712 --what files --remove"},
	}[verb]
	c := &cobra.Command{
		Use: verb + " SELECTOR…", Short: words[0], Args: cobra.MinimumNArgs(1), Example: words[1],
		RunE: func(c *cobra.Command, args []string) error {
			if len(what) == 0 {
				return usage("--what users,sudoers, say", "name the kinds of departures that you mean")
			}
			if err := driftKinds(what, kept()); err != nil {
				return err
			}
			if verb == "accept" && strings.TrimSpace(f.reason) == "" {
				return usage(`--reason "…"`, "say why the departures are right")
			}
			f.runbook, f.scope = book, args
			f.choice.set = append(slices.Clone(f.set), "what="+strings.Join(what, " "))
			if remove {
				f.choice.set = append(f.choice.set, "remove=yes")
			}
			return a.run(c.Context(), f)
		},
		ValidArgsFunction: a.completeSelector,
	}
	f.bindRun(c)
	c.Flags().StringSliceVar(&what, "what", nil, "these `kinds`: packages, units, ports, users, sudoers, sysctl, mounts, files")
	if verb == "fix" {
		c.Flags().BoolVar(&f.dryRun, "dry-run", false, "only look, and change nothing")
		c.Flags().BoolVar(&remove, "remove", false, "also remove, lock or move away what was added")
	}
	return c
}

// kept are the kinds that a baseline has.
func kept() []string {
	return slices.DeleteFunc(slices.Clone(fleet.Kinds), func(k string) bool { return k == "baseline" || k == "versions" })
}

func (a *app) showDrift(ctx context.Context, scope string, what []string, versions, asJSON bool) error {
	inv, err := a.load()
	if err != nil {
		return err
	}
	fl := a.fleet(ctx, inv)
	hosts, err := world{inv: inv}.hosts(scope, fl.Values)
	if err != nil {
		return err
	}
	d := drifted{states: map[string][]inventory.HostID{}}
	for _, h := range hosts {
		d.add(h, fl.Drift(h.Name), a.now(), func(k string) bool {
			if len(what) > 0 {
				return slices.Contains(what, k)
			}
			return versions || k != "versions"
		})
	}
	if asJSON {
		err = jsonLines(a, d.all)
	} else {
		err = a.printDrift(d)
	}
	if err == nil && len(d.all) > 0 {
		return silent(1)
	}
	return err
}

// drifted is what departs on many hosts.
type drifted struct {
	all    []fleet.Departure
	states map[string][]inventory.HostID // "never compared", "no baseline", "as the baseline says", and so on
	more   int                           // departures that hosts counted and did not list
}

func (d *drifted) add(h inventory.Host, c fleet.Compared, now time.Time, wanted func(kind string) bool) {
	n := 0
	for _, dep := range c.Departures {
		if wanted(dep.Kind) {
			d.all = append(d.all, dep)
			n++
		}
	}
	counted := 0
	for k, v := range c.Counts {
		if wanted(k) {
			counted += v
		}
	}
	d.more += max(counted-n, 0)
	word := "as the baseline says"
	switch {
	case h.Shell == "none":
		return
	case c.At.IsZero():
		word = "never compared"
	case !c.Baseline:
		word = "without a baseline"
	case counted > 0:
		word = "departing"
	case now.Sub(c.At) > 8*24*time.Hour:
		word = "not compared for eight days"
	}
	d.states[word] = append(d.states[word], h.Name)
}

func (a *app) printDrift(d drifted) error {
	type key struct{ kind, name, was, is string }
	hosts := map[key][]inventory.HostID{}
	oldest := map[key]time.Time{}
	var order []key
	for _, dep := range d.all {
		k := key{dep.Kind, dep.Name, dep.Was, dep.Is}
		if _, ok := hosts[k]; !ok {
			order = append(order, k)
			oldest[k] = dep.At
		}
		hosts[k] = append(hosts[k], dep.Host)
		if dep.At.Before(oldest[k]) {
			oldest[k] = dep.At
		}
	}
	slices.SortStableFunc(order, func(x, y key) int {
		if c := slices.Index(fleet.Kinds, x.kind) - slices.Index(fleet.Kinds, y.kind); c != 0 {
			return c
		}
		return len(hosts[y]) - len(hosts[x])
	})
	if len(order) > 0 {
		tw := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(tw, "KIND\tWHAT\tWAS -> IS\tREAD\tHOSTS")
		for _, k := range order {
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", k.kind, quote.Line(short(k.name, 60)), quote.Line(short(k.was, 50)+" -> "+short(k.is, 50)), staleness(a.now(), oldest[k]),
				short(inventory.HostSet(hosts[k]), 60))
		}
		if err := tw.Flush(); err != nil {
			return err
		}
	}
	if d.more > 0 {
		fmt.Fprintf(a.out, "and %d more, which the hosts counted and did not list\n", d.more)
	}
	for word, ids := range sorted(d.states) {
		fmt.Fprintf(a.out, "%s %s: %s\n", plural(len(ids), "host"), word, short(inventory.HostSet(ids), 100))
	}
	return nil
}

// staleness is an age, marked where it is too old to count.
func staleness(now, at time.Time) string {
	age := fleet.Age(now.Sub(at))
	if now.Sub(at) > 8*24*time.Hour {
		return "?" + age
	}
	return age
}

func (a *app) deviationsCmd() *cobra.Command {
	var since string
	var asJSON bool
	c := &cobra.Command{
		Use: "deviations", Short: "List what was done apart from the design in a period, for a report", Args: cobra.NoArgs,
		Long: `List what was done apart from the declared design: drift that was accepted or put right, runs from an inventory that was not committed, or that no
git repository holds, runs outside of maintenance windows, commands and shells by hand, leases that were broken.
Each with who, when, where, and the reason where one was given.`,
		Example: "  tend drift deviations --since 30d\n  tend drift deviations --since 2026-11-01 --json",
		RunE: func(c *cobra.Command, _ []string) error {
			from, err := a.ago(since)
			if err != nil {
				return err
			}
			var all []report.Deviation
			if err := a.withBook(func(book *shelf) error {
				all, err = deviations(c.Context(), book, from)
				return err
			}); err != nil {
				return err
			}
			if asJSON {
				return jsonLines(a, all)
			}
			return a.printDeviations(all, from)
		},
	}
	c.Flags().StringVar(&since, "since", "30d", "of the time since: `30d`, or a date")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON lines")
	return c
}

func (a *app) printDeviations(all []report.Deviation, from time.Time) error {
	if len(all) == 0 {
		fmt.Fprintf(a.out, "nothing was done apart from the design since %s\n", from.Local().Format("2006-01-02"))
		return nil
	}
	tw := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "WHEN\tWHAT\tON\tBY\tRUN\tREASON")
	for _, d := range all {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", d.At.Local().Format("2006-01-02 15:04"), quote.Line(short(d.What, 80)), dash(short(d.On, 40)), dash(d.By), dash(string(d.Run)),
			dash(strings.TrimSpace(d.Ticket+" "+d.Reason)))
	}
	return tw.Flush()
}

// deviations reads how each run of the period began, and the notes.
func deviations(ctx context.Context, book *shelf, from time.Time) ([]report.Deviation, error) {
	runs, err := book.Runs(ctx, journal.Query{Since: from})
	if err != nil {
		return nil, err
	}
	var all []report.Deviation
	for _, r := range runs {
		acc, ok := accepted(ctx, book, r.Run)
		if !ok {
			continue
		}
		for _, what := range report.Departing(acc) {
			all = append(all, report.Deviation{At: r.Started, What: what, Run: r.Run, On: r.Scope, By: r.By.User, Reason: r.Reason, Ticket: r.Ticket})
		}
	}
	for e, err := range book.Events(ctx, "notes", 0, false) {
		if err != nil {
			break // no notes yet
		}
		if d, ok := report.Aside(e); ok && !e.At.Before(from) {
			all = append(all, d)
		}
	}
	slices.SortStableFunc(all, func(x, y report.Deviation) int { return y.At.Compare(x.At) })
	return all, nil
}

// accepted is how a run began.
func accepted(ctx context.Context, book *shelf, run journal.RunID) (journal.PlanAccepted, bool) {
	for e, err := range book.Events(ctx, run, 0, false) {
		if err != nil {
			break
		}
		if b, ok := e.Body.(journal.PlanAccepted); ok {
			return b, true
		}
	}
	return journal.PlanAccepted{}, false
}
