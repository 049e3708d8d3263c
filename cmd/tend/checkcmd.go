package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tend/design"
	"tend/inventory"
	"tend/journal"
)

func (a *app) checkCmd() *cobra.Command {
	var without, failOn string
	var asJSON, rules bool
	c := &cobra.Command{
		Use: "check", Short: "Say where the declared design is weak, and what would fall if something failed", Args: cobra.NoArgs,
		Long: `Hold the inventory's design and the journal's facts against rules: single points of failure, quorum, backups, recovery times, ends
of life, hosts that nobody looks at. With --without, say what would fall if those hosts did. A finding is silenced by a comment line in the
inventory, with a reason and an end:
  # tend: ignore single-rack group=etcd-ams1 until 2027-06-30: the second rack is ordered`,
		Example: "  tend check\n  tend check --without rack=r07\n  tend check --without feed=A --json\n  tend check --fail-on warning   # for CI",
		RunE: func(c *cobra.Command, _ []string) error {
			if rules {
				for _, r := range design.Rules() {
					fmt.Fprintf(a.out, "%-22s %s\n", r.Rule, r.About)
				}
				return nil
			}
			inv, err := a.load()
			if err != nil {
				return err
			}
			if without != "" {
				return a.without(inv, without, asJSON)
			}
			return a.check(c, inv, failOn, asJSON)
		},
	}
	fl := c.Flags()
	fl.StringVar(&without, "without", "", "what if the hosts of this `selector` failed")
	fl.StringVar(&failOn, "fail-on", "critical", "exit with 1 from this severity on: note, warning or critical")
	fl.BoolVar(&asJSON, "json", false, "print JSON")
	fl.BoolVar(&rules, "rules", false, "list the rules")
	return c
}

func (a *app) without(inv *inventory.Inventory, text string, asJSON bool) error {
	sel, err := inventory.ParseSelector(text)
	if err == nil {
		err = inv.Check(sel)
	}
	if err != nil {
		return bad(err)
	}
	impact := design.Without(inv, sel, a.values(context.Background(), inv, nil))
	if asJSON {
		return impact.JSON(a.out)
	}
	return impact.Text(a.out)
}

func (a *app) check(c *cobra.Command, inv *inventory.Inventory, failOn string, asJSON bool) error {
	var least design.Severity
	if err := least.UnmarshalText([]byte(strings.ToLower(failOn))); err != nil {
		return usage("--fail-on note, warning or critical", "%w", err)
	}
	file, err := os.ReadFile(inv.Path)
	if err != nil {
		return bad(err)
	}
	o := design.Options{Facts: a.fleet(c.Context(), inv), Silences: design.Silences(file)}
	err = a.withBook(func(book *shelf) error {
		ix, err := book.index()
		if err != nil {
			return nil // rules that need past runs say that they could not be judged
		}
		for r, err := range ix.LastRuns(c.Context()) {
			if err != nil {
				return err
			}
			o.Runs = append(o.Runs, journal.HostRun(r))
		}
		return nil
	})
	if err != nil {
		return err
	}
	rep := design.Check(inv, a.now(), o)
	if asJSON {
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
