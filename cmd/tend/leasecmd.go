package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/remote"
	"tend/ssh"
)

// leaseRow is the lease of one host, as the host tells it.
type leaseRow struct {
	Host     inventory.HostID `json:"host"`               // its name
	Held     bool             `json:"held"`               // a run is at work here
	Run      string           `json:"run,omitempty"`      // that run
	Owner    string           `json:"owner,omitempty"`    // whose it is: "ops@console1"
	Since    time.Time        `json:"since,omitzero"`     // by the owner's clock
	Seen     *time.Duration   `json:"seen_ns,omitempty"`  // how long ago its process was last here; none = not known
	Rebooted bool             `json:"rebooted,omitempty"` // the host was restarted since
}

func rowOf(h inventory.HostID, l remote.Lease, held bool) leaseRow {
	if !held {
		return leaseRow{Host: h}
	}
	row := leaseRow{Host: h, Held: true, Run: l.Run, Owner: l.Owner, Since: l.At.UTC(), Rebooted: l.Rebooted}
	if l.Seen >= 0 && !l.Rebooted {
		row.Seen = &l.Seen
	}
	return row
}

func (a *app) hostLease() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "lease HOST", Short: "Show which run is at work on a host, as the host itself says", Args: cobra.ExactArgs(1),
		Example: "  tend host lease db-0712",
		RunE: func(c *cobra.Command, args []string) error {
			return a.atHost(args[0], func(k *remote.Keeper, h inventory.Host) error {
				l, held, err := k.Inspect(c.Context(), h)
				switch {
				case err != nil:
					return err
				case asJSON:
					return jsonLines(a, []leaseRow{rowOf(h.Name, l, held)})
				case !held:
					fmt.Fprintf(a.out, "%s: no run is at work here\n", h.Name)
				default:
					fmt.Fprintf(a.out, "%s: %s\n", h.Name, quote.Line(l.String()))
					fmt.Fprint(a.out, a.fate(c.Context(), l, h.Name))
				}
				return nil
			})
		},
		ValidArgsFunction: a.completeHost,
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) hostBreak() *cobra.Command {
	var yes bool
	var reason string
	c := &cobra.Command{
		Use: "break HOST", Short: "Break the lease that a dead run left on a host", Args: cobra.ExactArgs(1),
		Long: `Break the lease that a run left on a host. Do this only when that run is certainly dead: two runs on one host are what the lease
prevents. The lease is shown first and its run's name must be typed, unless --yes is given; the decision is written into the journal.`,
		Example: "  tend host break db-0712 --reason \"console1 burnt down\"",
		RunE: func(c *cobra.Command, args []string) error {
			return a.atHost(args[0], func(k *remote.Keeper, h inventory.Host) error {
				return a.breakLease(c.Context(), k, h, yes, reason)
			})
		},
		ValidArgsFunction: a.completeHost,
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "break it without asking")
	c.Flags().StringVar(&reason, "reason", "", "why, for the journal")
	return c
}

func (a *app) breakLease(ctx context.Context, k *remote.Keeper, h inventory.Host, yes bool, reason string) error {
	l, held, err := k.Inspect(ctx, h)
	if err != nil || !held {
		if err == nil {
			fmt.Fprintf(a.out, "%s: no run is at work here\n", h.Name)
		}
		return err
	}
	fmt.Fprintf(a.err, "%s: %s\n%s", h.Name, quote.Line(l.String()), a.fate(ctx, l, h.Name))
	if !yes {
		if !terminal(a.in) {
			return usage("add --yes", "nobody is there to confirm it")
		}
		fmt.Fprintf(a.err, "Type %s to break its lease: ", quote.Line(l.Run))
		if err := a.confirmed(l.Run, "not broken"); err != nil {
			return err
		}
	}
	// Recorded before it is done, so that no lease is ever broken unseen.
	return a.withBook(func(book *shelf) error {
		text := fmt.Sprintf("broke the lease of run %s of %s (%s) %s", l.Run, l.Owner, l.String(), reason)
		if err := a.note(ctx, book, h.Name, text); err != nil {
			return err
		}
		if err := k.Break(ctx, h, l); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s: broken\n", h.Name)
		return nil
	})
}

// fate is a line on what has become of the lease's run, where that is this console's: who looks at a lease must know whether to wait for it. The host
// cannot tell.
func (a *app) fate(ctx context.Context, l remote.Lease, h inventory.HostID) string {
	if l.Owner != string(a.origin()) {
		return ""
	}
	book, err := a.book()
	if err != nil {
		return ""
	}
	defer book.Close()
	run := journal.RunID(l.Run)
	s, err := folded(ctx, book, run)
	switch {
	case err != nil:
		return ""
	case s.Result == journal.Open && book.Written(run):
		return fmt.Sprintf("  that run is at work: tend attach %s\n", run)
	case s.Result == journal.Open:
		return fmt.Sprintf("  that run was left behind: tend resume %s takes it up\n", run)
	}
	if step := atLarge(s, l, h); step != "" {
		return fmt.Sprintf("  that run has ended (%s), and nobody knows how its step %s ended here: look at the host, then tend host break %s\n", s.Result, step, typed(string(h)))
	}
	return fmt.Sprintf("  that run has ended (%s) and could not give the host back: the next run or push of this console has it\n", s.Result)
}

// atHost gives do a keeper for one host of the inventory.
func (a *app) atHost(name string, do func(*remote.Keeper, inventory.Host) error) error {
	inv, err := a.load()
	if err != nil {
		return err
	}
	h, err := one(inv, name)
	if err != nil {
		return err
	}
	client := ssh.New(a.sshOptions(inv))
	defer client.Close()
	var o remote.Options
	road{JobRoot: a.getenv("TEND_JOB_ROOT")}.place(&o)
	return do(remote.New(client, o), h)
}
