package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tend/journal"
	"tend/runbooks"
)

// runFlags are shared by run, plan and exec.
type runFlags struct {
	choice
	yes, json, detach bool
	reason, ticket    string
	set               []string
	wait              bool
	every             string // how long to wait before it is run again; "" = once
}

func (f *runFlags) bind(c *cobra.Command) {
	fl := c.Flags()
	fl.StringArrayVar(&f.set, "set", nil, "set a parameter, as `name=value`; may be repeated")
	fl.IntVar(&f.policy.Canary, "canary", 0, "hosts in the first wave (-1 = no canary)")
	fl.StringVar(&f.policy.Batch, "batch", "", "hosts in each later wave: `5`, 20%, or 100% for all the rest")
	fl.StringVar(&f.policy.By, "by", "", "waves keep to one `domain` each: site, rack or feed")
	fl.StringVar(&f.policy.Cutoff, "cutoff", "", "how long before the end of its window a host is not begun any more, such as `45m`")
	fl.IntVar(&f.policy.Parallel, "parallel", 0, "hosts at work at once (0 = the runbook's, else "+strconv.Itoa(runbooks.DefaultParallel)+")")
	fl.StringVar(&f.policy.MaxFailures, "max-failures", "", "how many hosts may fail before nothing new starts: `3` stops at the 4th, 0 at the first, 10%")
	fl.StringVar(&f.policy.Pause, "pause", "", "between waves: `manual`, or a time such as 5m")
	fl.BoolVar(&f.json, "json", false, "print JSON")
	fl.StringVar(&f.outsideWindow, "outside-window", "", "work outside of maintenance windows, for this `reason`; it is recorded")
	fl.StringArrayVar(&f.assumeUp, "assume-up", nil, "count this `host` as up, though the journal knows it as down; may be repeated")
	fl.StringArrayVar(&f.attached, "attached", nil, "run the steps of this `host` on the connection, where it cannot keep them: a lost link may end them; may be repeated")
}

func (f *runFlags) bindRun(c *cobra.Command) {
	f.bind(c)
	fl := c.Flags()
	fl.BoolVarP(&f.yes, "yes", "y", false, "start without asking")
	fl.BoolVar(&f.wait, "wait", false, "start now, and wait for maintenance windows that are shut")
	fl.BoolVar(&f.detach, "detach", false, "start, print the run's name, and leave it to itself")
	fl.StringVar(&f.reason, "reason", "", "why, for the journal")
	fl.StringVar(&f.ticket, "ticket", "", "the ticket, for the journal")
}

func (a *app) runCmd() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run RUNBOOK [SELECTOR…]",
		Short: "Run a runbook on the hosts that the selector means",
		Long: `Run a runbook on hosts. The run is carried out by a process of its own: closing this terminal does not stop it.
Without a selector it means all hosts. A runbook that changes something shows its plan and asks first, unless --yes is given.
Ctrl-C stops watching, not the run.`,
		Example: `  tend run health site=ams1
  tend run patch tag=web --set scope=security --canary 1 --batch 20%
  tend run patch tag=web --dry-run
  tend run health tag=db --watch 1m
  tend run reboot db-0712 --reason "new kernel" --ticket OPS-123`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f.runbook, f.scope, f.choice.set = args[0], args[1:], f.set
			return a.run(c.Context(), f)
		},
		ValidArgsFunction: a.completeRun,
	}
	f.bindRun(c)
	c.Flags().StringVar(&f.every, "watch", "", "run it again at this `interval` (1m), and show what changed; only for what reads")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "run only the steps that read, and change nothing")
	return c
}

func (a *app) execCmd() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "exec [SELECTOR…] -- COMMAND",
		Short: "Run one shell command on the hosts that the selector means",
		Example: `  tend exec rack=r07 -- uptime
  tend exec 'web-[01-20]' --yes -- 'systemctl is-active nginx'`,
		RunE: func(c *cobra.Command, args []string) error {
			dash := c.ArgsLenAtDash()
			if dash < 0 || dash == len(args) {
				return usage("tend exec SELECTOR -- COMMAND", "say what to run behind --")
			}
			f.runbook, f.scope = "exec", args[:dash]
			f.choice.set = append(f.set, "command="+joinCommand(args[dash:]))
			return a.run(c.Context(), f)
		},
		ValidArgsFunction: a.completeSelector,
	}
	f.bindRun(c)
	return c
}

func (a *app) planCmd() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "plan RUNBOOK [SELECTOR…]",
		Short: "Show exactly what a run would do; write, compare, approve and run maintenance plans",
		Long: `With a runbook, show exactly what a run of it would do, how long that took before, and whether it fits the hosts' windows; nothing is touched.
The commands below are for maintenance plans: files in git that say what is to be done, why, where, when, and who must approve.`,
		Example: "  tend plan patch site=ams1 --canary 1\n  tend plan patch site=ams1 --json\n  tend plan new openssl-3.5\n  tend plan show plans/openssl-3.5.toml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f.runbook, f.scope, f.choice.set = args[0], args[1:], f.set
			return a.plan(c.Context(), f)
		},
		ValidArgsFunction: a.completeRun,
	}
	f.bind(c)
	c.AddCommand(a.planCmds()...)
	return c
}

func (a *app) plan(ctx context.Context, f runFlags) error {
	if strings.HasSuffix(f.runbook, ".toml") {
		return usage("tend plan show "+typed(f.runbook), "%s is a file, and here stands a runbook's name", f.runbook)
	}
	p, err := a.prepare(ctx, f.choice)
	if err != nil {
		return err
	}
	if f.json {
		return a.encode(p.plan)
	}
	printPlan(a.out, &p.plan, true, a.paceLines(ctx, &p.plan)...)
	return nil
}

func (a *app) prepare(ctx context.Context, c choice) (prepared, error) {
	w, err := a.world(ctx)
	if err != nil {
		return prepared{}, err
	}
	return w.prepare(c, a.values(ctx, w.inv, c.scope))
}

func (a *app) run(ctx context.Context, f runFlags) error {
	p, err := a.prepare(ctx, f.choice)
	if err != nil {
		return err
	}
	if f.every != "" {
		return a.again(ctx, p, f)
	}
	if err := f.waits(&p.plan, a.now()); err != nil {
		return err
	}
	if err := p.plan.Owed(f.reason, f.ticket); err != nil { // before anything is typed
		return bad(err)
	}
	if p, err = a.offerAttached(ctx, p, &f); err != nil {
		return err
	}
	if err := a.confirm(ctx, &p.plan, f); err != nil {
		return err
	}
	tty := terminal(a.in)
	// From here on the run may be at work: Ctrl-C must not leave without saying so.
	watched, stop := untilSignal(ctx)
	defer stop()
	run, err := a.start(ctx, p, how{interactive: tty, reason: f.reason, ticket: f.ticket})
	if err != nil {
		return bad(err)
	}
	if f.detach {
		return a.printBegun(ctx, run, f.json)
	}
	return a.watch(watched, run, watching{json: f.json, answer: tty})
}

// printBegun prints the name of a run that is left to itself: as JSON the event that it began with, which bears it.
func (a *app) printBegun(ctx context.Context, run journal.RunID, asJSON bool) error {
	if !asJSON {
		fmt.Fprintln(a.out, run)
		return nil
	}
	return a.withBook(func(book *shelf) error {
		for e, err := range book.Events(ctx, run, 0, false) {
			if err != nil {
				return err
			}
			return a.json().Encode(e)
		}
		return nil
	})
}

// confirm shows the plan of a run that changes something, and wants the scope typed. Reading needs no confirmation.
func (a *app) confirm(ctx context.Context, p *runbooks.Plan, f runFlags) error {
	if err := a.attended(p, f); err != nil || f.yes || p.Risk == runbooks.Read {
		return err
	}
	var more [][2]string
	if windowed(p) {
		more = a.paceLines(ctx, p)
	}
	printPlan(a.err, p, false, more...)
	want := confirmation(p)
	fmt.Fprintf(a.err, "\n%s. Type %s to start: ", blast(p), want)
	return a.confirmed(want, "not started")
}

// attended refuses a run that somebody must confirm where nobody can.
func (a *app) attended(p *runbooks.Plan, f runFlags) error {
	if f.yes || p.Risk == runbooks.Read || terminal(a.in) {
		return nil
	}
	return usage("add --yes once tend plan shows what you mean", "this run changes %s and nobody is there to confirm it", plural(len(p.Hosts), "host"))
}

// confirmation is what must be typed: the scope where it is short, else the number of hosts.
func confirmation(p *runbooks.Plan) string {
	if p.Scope != "" && len(p.Scope) <= 24 {
		return p.Scope
	}
	return strconv.Itoa(len(p.Hosts))
}

func blast(p *runbooks.Plan) string {
	verb := "changes"
	if p.Risk == runbooks.Disrupt {
		verb = "takes down, in turn,"
	}
	prod := 0
	for _, h := range p.Hosts {
		if h.Prod {
			prod++
		}
	}
	return fmt.Sprintf("%s %s %s (%d PROD)", p.Runbook, verb, plural(len(p.Hosts), "host"), prod)
}
