package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/plans"
	"tend/quote"
	"tend/runbooks"
)

func (a *app) planDiff() *cobra.Command {
	var asJSON, approved bool
	c := &cobra.Command{
		Use: "diff A [B]", Short: "Compare two maintenance plans, or two revisions of one, in meaning", Args: cobra.RangeArgs(1, 2),
		Long: `Compare what two maintenance plans would do: hosts, runs, steps, limits, estimated time and blast radius. A and B are files, or REVISION:FILE for a file
as it was in git; then the inventory and the runbooks beside it are those of that revision as well, where they lie in git. A alone is compared with itself
at HEAD, or with --approved in the revision that its approvals were committed with. The exit code is 0 where both are the same, and 1 where they are not.`,
		Example: "  tend plan diff plans/openssl-3.5.toml\n  tend plan diff HEAD~3:plans/openssl-3.5.toml plans/openssl-3.5.toml\n  tend plan diff plans/a.toml plans/b.toml --json",
		RunE: func(c *cobra.Command, args []string) error {
			if approved && len(args) != 1 {
				return usage("name one file, or leave --approved out", "--approved compares one plan with itself")
			}
			if len(args) == 1 {
				rev := "HEAD"
				if approved {
					var err error
					if rev, err = approvedRevision(c.Context(), args[0]); err != nil {
						return err
					}
				}
				args = []string{rev + ":" + args[0], args[0]}
			}
			return a.diffPlans(c.Context(), args[0], args[1], asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&approved, "approved", false, "compare with the revision that the plan's approvals were last committed in")
	return c
}

func (a *app) diffPlans(ctx context.Context, from, to string, asJSON bool) error {
	x, err := a.planAt(ctx, from)
	if err != nil {
		return err
	}
	y, err := a.planAt(ctx, to)
	if err != nil {
		return err
	}
	pace := a.pace(ctx, append(booksOf(&x), booksOf(&y)...)...)
	d := plans.Compare(&x, &y, &pace)
	if asJSON {
		err = a.encode(d)
	} else {
		a.printDiff(d)
	}
	if err == nil && !d.Same {
		err = silent(1)
	}
	return err
}

func (a *app) printDiff(d plans.Diff) {
	say := func(format string, args ...any) { fmt.Fprintln(a.out, quote.Line(fmt.Sprintf(format, args...))) }
	if d.Same {
		say("the same: what is approved of one is approved of the other")
		return
	}
	for _, s := range d.Plan {
		say("plan: %s", s)
	}
	if len(d.Added) > 0 {
		say("hosts added: %s", inventory.HostSet(d.Added))
	}
	if len(d.Dropped) > 0 {
		say("hosts dropped: %s", inventory.HostSet(d.Dropped))
	}
	for _, r := range d.Runs {
		for _, s := range r.Changes {
			say("run %s: %s", r.Run, s)
		}
	}
	say("time before: %s", d.Before.Estimate)
	say("time after:  %s", d.After.Estimate)
	say("touches before: %s", d.Before.Blast)
	say("touches after:  %s", d.After.Blast)
}

// planAt resolves a plan's file, or REVISION:FILE with the inventory and the runbooks of that revision.
func (a *app) planAt(ctx context.Context, arg string) (plans.Resolved, error) {
	rev, file, ok := strings.Cut(arg, ":")
	if _, err := os.Stat(arg); err == nil || !ok {
		p, err := a.planOf(ctx, arg)
		return p.Resolved, err
	}
	if rev == "" || file == "" {
		return plans.Resolved{}, usage("such as HEAD~1:plans/openssl.toml", "%q is neither a file nor REVISION:FILE", arg)
	}
	data, err := gitFile(ctx, rev, file)
	if err != nil {
		return plans.Resolved{}, bad(err)
	}
	f, err := plans.Parse(file, data, func(path string) ([]byte, error) { return gitFile(ctx, rev, path) })
	if err != nil {
		return plans.Resolved{}, bad(fmt.Errorf("%s: %w", rev, err))
	}
	inv, err := a.inventoryAt(ctx, rev)
	if err != nil {
		return plans.Resolved{}, err
	}
	lib, err := a.libraryAt(ctx, rev, inv)
	if err != nil {
		return plans.Resolved{}, err
	}
	r, err := plans.Resolve(f, inv, lib, a.values(ctx, inv, nil))
	if err != nil {
		return r, bad(fmt.Errorf("%s: %w", rev, err))
	}
	return r, nil
}

// inventoryAt is the inventory as it was in a revision; as it is now, and that is said, where it does not lie in git there.
func (a *app) inventoryAt(ctx context.Context, rev string) (*inventory.Inventory, error) {
	inv, err := a.inventoryIn(ctx, rev)
	if errors.Is(err, errNotInGit) {
		fmt.Fprintf(a.err, "the inventory is taken as it is now: %s\n", quote.Line(err.Error()))
		return a.load()
	}
	return inv, err
}

// libraryAt is the runbooks as they were in a revision: those beside the inventory. What is in the home directory is as it is now.
func (a *app) libraryAt(ctx context.Context, rev string, inv *inventory.Inventory) (runbooks.Library, error) {
	dir, err := os.MkdirTemp("", "tend-runbooks-")
	if err != nil {
		return runbooks.Library{}, err
	}
	defer os.RemoveAll(dir)
	beside := filepath.Join(filepath.Dir(inv.Path), "runbooks")
	if _, err := gitObject(ctx, filepath.Dir(inv.Path), rev, "./"); err != nil {
		return a.library(inv) // not in git: as they are now
	}
	if err := gitDir(ctx, rev, beside, dir); err != nil {
		return runbooks.Library{}, bad(err)
	}
	dirs := []string{dir}
	if c, err := a.configDir(); err == nil {
		dirs = append(dirs, filepath.Join(c, "runbooks"))
	}
	lib, err := runbooks.Open(dirs...)
	if err != nil {
		return lib, bad(fmt.Errorf("%s: %w", rev, err))
	}
	return lib, nil
}
