package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tend/design"
	"tend/inventory"
	"tend/journal"
)

// checkFlags are what is checked, and how.
type checkFlags struct {
	without                        []string
	failOn                         string
	review, horizon, health, patch string
	json, rules                    bool
}

func (a *app) checkCmd() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use: "check", Short: "Say where the declared design is weak, and what would fall if something failed", Args: cobra.NoArgs,
		Long: `Hold the inventory's design and the journal's facts against rules: single points of failure, quorum, backups, recovery times, growth, ends
of life, hosts that nobody looks at. With --without, say what would fall if those hosts did. A finding is silenced by a comment line in the
inventory, with a reason and an end:
  # tend: ignore single-rack group=etcd-ams1 until 2027-06-30: the second rack is ordered`,
		Example: "  tend check\n  tend check --without rack=r07\n  tend check --without feed=A --json\n  tend check --review 2027-03-01 --patch-within 14d\n  tend check --fail-on warning   # for CI",
		RunE: func(c *cobra.Command, _ []string) error {
			if f.rules {
				for _, r := range design.Rules() {
					fmt.Fprintf(a.out, "%-22s %s\n", r.Rule, r.About)
				}
				return nil
			}
			inv, err := a.load()
			if err != nil {
				return err
			}
			if len(f.without) > 0 {
				return a.without(inv, f.without, f.json)
			}
			return a.check(c.Context(), inv, f)
		},
	}
	fl := c.Flags()
	fl.StringArrayVar(&f.without, "without", nil, "what if the hosts of this `selector` failed; may be repeated, for what fails together")
	fl.StringVar(&f.failOn, "fail-on", "critical", "exit with 1 from this severity on: note, warning or critical")
	fl.StringVar(&f.review, "review", "90d", "when capacity is reviewed next: in so many `days`, or a date")
	fl.StringVar(&f.horizon, "horizon", "180d", "find ends of life and of warranty up to so many `days` ahead, or up to a date")
	fl.StringVar(&f.health, "health-within", "7d", "find hosts without a health check for so many `days`")
	fl.StringVar(&f.patch, "patch-within", "35d", "find hosts that were not patched for so many `days`")
	fl.BoolVar(&f.json, "json", false, "print JSON")
	fl.BoolVar(&f.rules, "rules", false, "list the rules")
	return c
}

func (a *app) without(inv *inventory.Inventory, texts []string, asJSON bool) error {
	var all []inventory.Selector
	values := a.values(context.Background(), inv, nil)
	for _, text := range texts {
		sel, err := inventory.ParseSelector(text)
		if err == nil {
			err = inv.Check(sel)
		}
		if err != nil {
			return bad(err)
		}
		if len(inv.Select(sel, values)) == 0 { // that nothing would fall is no answer about hosts that are not there
			return usage("tend inventory list shows what there is", "no host matches %q", text)
		}
		all = append(all, sel)
	}
	impact := design.Without(inv, values, all...)
	if asJSON {
		return impact.JSON(a.out)
	}
	return impact.Text(a.out)
}

func (a *app) check(ctx context.Context, inv *inventory.Inventory, f checkFlags) error {
	var least design.Severity
	if err := least.UnmarshalText([]byte(strings.ToLower(f.failOn))); err != nil {
		return usage("--fail-on note, warning or critical", "%w", err)
	}
	o, err := a.checkOptions(ctx, inv, f)
	if err != nil {
		return err
	}
	rep := design.Check(inv, a.now(), o)
	if f.json {
		err = rep.JSON(a.out)
	} else {
		err = rep.Text(a.out)
	}
	if err != nil {
		return err
	}
	if code := rep.ExitCode(least); code != 0 {
		return silent(code)
	}
	return nil
}

// checkOptions gathers what the rules go by beside the inventory.
func (a *app) checkOptions(ctx context.Context, inv *inventory.Inventory, f checkFlags) (design.Options, error) {
	var o design.Options
	for _, t := range []struct {
		flag, text string
		to         *time.Duration
	}{{"--review", f.review, &o.Review}, {"--horizon", f.horizon, &o.Horizon}, {"--health-within", f.health, &o.HealthWithin}, {"--patch-within", f.patch, &o.PatchWithin}} {
		d, err := a.lasting(t.flag, t.text)
		if err != nil {
			return o, err
		}
		*t.to = d
	}
	file, err := os.ReadFile(inv.Path)
	if err != nil {
		return o, bad(err)
	}
	o.Facts, o.Silences = a.fleet(ctx, inv), design.Silences(file)
	return o, a.withBook(func(book *shelf) error {
		ix, err := book.index()
		if err != nil {
			return nil // rules that need past runs say that they could not be judged
		}
		for r, err := range ix.LastRuns(ctx) {
			if err != nil {
				return err
			}
			o.Runs = append(o.Runs, journal.HostRun(r))
		}
		o.Samples, err = ix.Samples(ctx, a.now().AddDate(0, 0, -90))
		return err
	})
}

// lasting reads a flag that says how long: 90d, 12h, or a day to come.
func (a *app) lasting(flag, text string) (time.Duration, error) {
	t, err := a.ago(text)
	d := a.now().Sub(t)
	if _, dated := time.Parse(time.DateOnly, text); dated == nil {
		d = -d
	}
	if err != nil || d <= 0 {
		return 0, usage(flag+" 90d, 12h, or a day to come: 2027-03-01", "%s: %q is no time ahead", flag, text)
	}
	return d, nil
}
