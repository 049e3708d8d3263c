package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/quote"
)

func (a *app) inventoryDiff() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "diff [REV1 [REV2]]", Short: "Say what changed between two git revisions of the inventory, in meaning", Args: cobra.MaximumNArgs(2),
		Long: `Say what changed between the inventory in two git revisions, or in one (HEAD where none is named) and the file as it is now: sites, racks, hosts,
groups and services added, removed and changed. How it is written does not count: comments, order, ranges, and the level that a value comes from.
The exit code is 0 where nothing changed, and 1 where something did.`,
		Example: "  tend inventory diff\n  tend inventory diff v2026.10 HEAD\n  tend inventory diff main --json",
		RunE: func(c *cobra.Command, args []string) error {
			from, to := "HEAD", ""
			if len(args) > 0 {
				from = args[0]
			}
			if len(args) > 1 {
				to = args[1]
			}
			return a.diffInventories(c.Context(), from, to, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON lines")
	return c
}

func (a *app) diffInventories(ctx context.Context, from, to string, asJSON bool) error {
	x, err := a.inventoryIn(ctx, from)
	if err != nil {
		return err
	}
	y, err := a.inventoryIn(ctx, to)
	if err != nil {
		return err
	}
	changes := inventory.Diff(x, y)
	switch {
	case asJSON:
		err = jsonLines(a, changes)
	case len(changes) == 0:
		fmt.Fprintln(a.out, "nothing changed")
	}
	if !asJSON {
		for _, ch := range changes {
			fmt.Fprintln(a.out, quote.Line(ch.String()))
		}
	}
	if err == nil && len(changes) > 0 {
		err = silent(1)
	}
	return err
}

// inventoryIn is the inventory in a revision; "" = as it is now.
func (a *app) inventoryIn(ctx context.Context, rev string) (*inventory.Inventory, error) {
	if rev == "" {
		return a.load()
	}
	path, err := inventory.Find(a.inventory, a.getenv)
	if err != nil {
		return nil, bad(err)
	}
	data, err := gitFile(ctx, rev, path)
	if err != nil {
		return nil, bad(err)
	}
	inv, err := inventory.Parse(path, data)
	if err != nil {
		return nil, bad(fmt.Errorf("%s: %w", rev, err))
	}
	return inv, nil
}
