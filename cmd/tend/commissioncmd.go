package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/ssh"
)

// commissioning are the flags of commission.
type commissioning struct {
	runFlags
	list string
}

func (a *app) commissionCmd() *cobra.Command {
	var f commissioning
	c := &cobra.Command{
		Use: "commission SELECTOR…", Short: "Take new hosts into service: their keys as one decision, their facts, and a baseline", Args: cobra.MinimumNArgs(1),
		Long: `Take new hosts into service, in three steps, each of which must end well before the next begins:

  1. their host keys are collected, shown as one table, held against --list, and accepted as one decision
     (as by "tend host keys --accept")
  2. "tend run facts" reads what they are
  3. "tend run commission" looks whether they are ready, and keeps the baseline against which drift is measured

A key that changed, was revoked, differs from the list or is not in it, and a host that cannot be reached, stop it before anything runs. Keys that are
known already are no question any more. --yes asks nothing, and accepts a new key only where --list has it.`,
		Example: "  tend commission rack=r07 --list provider-keys.txt\n  tend commission web-0801 --set min_mem=32000 --reason 'new in r08'",
		RunE: func(c *cobra.Command, args []string) error {
			f.runbook, f.scope, f.choice.set = "commission", args, f.set
			return a.takeIn(c.Context(), f)
		},
		ValidArgsFunction: a.completeSelector,
	}
	fl := c.Flags()
	fl.StringVar(&f.list, "list", "", "a `file` with the keys that the hosts should have")
	fl.StringArrayVar(&f.set, "set", nil, "set a parameter of the runbook commission, as `name=value`; may be repeated")
	fl.BoolVarP(&f.yes, "yes", "y", false, "do not ask; new keys must be in --list")
	fl.BoolVar(&f.wait, "wait", false, "start now, and wait for maintenance windows that are shut")
	fl.StringVar(&f.outsideWindow, "outside-window", "", "work outside of maintenance windows, for this `reason`; it is recorded")
	fl.StringVar(&f.reason, "reason", "", "why, for the journal")
	fl.StringVar(&f.ticket, "ticket", "", "the ticket, for the journal")
	return c
}

// takeIn takes hosts into service. What is wrong with the last step's parameters is said before the first.
func (a *app) takeIn(ctx context.Context, f commissioning) error {
	p, err := a.prepare(ctx, f.choice)
	if err != nil {
		return err
	}
	if err := f.waits(&p.plan, a.now()); err != nil {
		return err
	}
	if err := p.plan.Owed(f.reason, f.ticket); err != nil {
		return bad(err)
	}
	if err := a.pin(ctx, p.inv, p.plan.Hosts, f); err != nil {
		return err
	}
	if err := a.attended(&p.plan, f.runFlags); err != nil {
		return err // before the facts are read
	}
	look := f.runFlags
	look.runbook, look.choice.set = "facts", nil
	if err := a.run(ctx, look); err != nil {
		return err
	}
	return a.run(ctx, f.runFlags)
}

// pin sees that every host's key is known, and asks once for all that are new.
func (a *app) pin(ctx context.Context, inv *inventory.Inventory, hosts []inventory.Host, f commissioning) error {
	list, err := a.keyList(f.list)
	if err != nil {
		return bad(err)
	}
	client := ssh.New(a.sshOptions(inv))
	defer client.Close()
	rows := collectKeys(ctx, client, hosts)
	compareKeys(rows, list)
	kf := keyFlags{list: f.list, accept: true, yes: f.yes}
	if err := a.printKeys(rows, kf); err != nil {
		return err
	}
	distrusted := func(r *hostKeyRow) bool { return r.bad() || list != nil && r.State == keyNew && r.List != inList }
	var out []inventory.HostID
	for _, r := range rows {
		if distrusted(r) {
			out = append(out, r.Host)
		}
	}
	if len(out) > 0 {
		return &fault{code: 1, err: fmt.Errorf("nothing is commissioned: no key can be trusted of %s", inventory.HostSet(out)),
			hint: "the table says why; put it right, or leave them out: add !name to the selector"}
	}
	if !slices.ContainsFunc(rows, func(r *hostKeyRow) bool { return r.State == keyNew }) {
		return nil
	}
	return a.acceptKeys(ctx, client, rows, kf)
}
