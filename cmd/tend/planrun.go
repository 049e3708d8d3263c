package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tend/journal"
	"tend/plans"
	"tend/runbooks"
)

// planRunning are the flags of plan run.
type planRunning struct {
	runFlags
	first  int    // the run to begin with, from 1
	digest string // that the plan must have; "" = any
	asked  bool   // somebody at a console answers what its runs ask, though nobody is at its terminal
}

func (a *app) planRun() *cobra.Command {
	f := planRunning{first: 1}
	c := &cobra.Command{
		Use: "run FILE", Short: "Run a maintenance plan as it was approved: its runbooks in order, up to the first that fails", Args: cobra.ExactArgs(1),
		Long: `Run a maintenance plan. It is resolved once, refused without the approvals that it asks for, and then its runbooks are run in order, each as by "tend run";
the plan's name, digest, ticket and reason stand in the journal with each. The first run that does not end well is the last, unless the plan says go_on.

Ctrl-C stops watching: the run at work goes on, and those after it are not begun. --detach leaves the whole plan to a process of its own, which no
closed terminal stops. --first N begins with a later run. --digest DIGEST refuses the plan where it has changed since that was noted down.`,
		Example: "  tend plan run plans/openssl-3.5.toml\n  tend plan run plans/openssl-3.5.toml --wait --yes\n  tend plan run plans/openssl-3.5.toml --first 2\n  tend plan run plans/openssl-3.5.toml --wait --detach",
		RunE: func(c *cobra.Command, args []string) error {
			p, err := a.planOf(c.Context(), args[0])
			if err != nil {
				return err
			}
			return a.carryOut(c.Context(), &p, f)
		},
	}
	fl := c.Flags()
	fl.BoolVarP(&f.yes, "yes", "y", false, "start without asking")
	fl.BoolVar(&f.wait, "wait", false, "start now, and wait for maintenance windows that are shut")
	fl.BoolVar(&f.json, "json", false, "print the runs' events as JSON lines")
	fl.StringVar(&f.outsideWindow, "outside-window", "", "work outside of maintenance windows, for this `reason`; it is recorded")
	fl.StringArrayVar(&f.assumeUp, "assume-up", nil, "count this `host` as up, though the journal knows it as down; may be repeated")
	fl.StringArrayVar(&f.attached, "attached", nil, "run the steps of this `host` on the connection, where it cannot keep them: a lost link may end them; may be repeated")
	fl.BoolVar(&f.detach, "detach", false, "start, and leave the plan to itself: all its runs are begun without this terminal")
	fl.StringVar(&f.digest, "digest", "", "run only if this is the plan's `digest`, or its beginning")
	fl.BoolVar(&f.asked, "asked", false, "the console answers what its runs ask")
	_ = fl.MarkHidden("asked") // there is such a flag
	fl.IntVar(&f.first, "first", 1, "begin with this run of the plan: its `number`")
	return c
}

// carryOut runs the plan's runbooks in order.
func (a *app) carryOut(ctx context.Context, p *planned, f planRunning) error {
	standing, err := a.permitted(p, f)
	if err != nil {
		return err
	}
	if !f.yes {
		if !terminal(a.in) {
			return usage("add --yes once tend plan show shows what you mean", "the plan runs on %s and nobody is there to confirm it", plural(len(p.Hosts()), "host"))
		}
		printMaintenance(a.err, p, standing, a.now())
		if err := a.typed(fmt.Sprintf("\nThe plan %s touches %s. Type %s to start: ", p.Name, p.Blast(), p.Name), p.Name, "not started"); err != nil {
			return err
		}
	}
	if f.detach {
		return a.leave(p, f)
	}
	m := journal.Maintenance{Plan: p.Name, Digest: p.Digest, Of: len(p.Plans), Approved: approvedBy(standing)}
	var failed error
	for i := f.first - 1; i < len(p.Plans); i++ {
		m.Run = i + 1
		err := a.runOfPlan(ctx, p, i, m, f)
		switch {
		case err == nil:
		case p.Runs[i].GoOn && failedOnly(err):
			failed = err
		default:
			a.stopped(p, i, err)
			return err
		}
	}
	return failed
}

// permitted refuses a plan that may not run: not today, not without the approvals that it asks for, not in a window that comes too late.
func (a *app) permitted(p *planned, f planRunning) (plans.Standing, error) {
	if f.first < 1 || f.first > len(p.Plans) {
		return plans.Standing{}, usage("tend plan show lists them", "--first %d: the plan has %s", f.first, plural(len(p.Plans), "run"))
	}
	if f.digest != "" && (len(f.digest) < 8 || !strings.HasPrefix(p.Digest, f.digest)) {
		return plans.Standing{}, usage("tend plan diff shows what changed", "the plan %s has the digest %s, not %s", p.Name, p.Digest, f.digest)
	}
	now := a.now()
	if ok, why := p.Holds(now); !ok {
		return plans.Standing{}, usage("its from and until say so; a change of them needs new approvals", "the plan %s does not hold today: %s", p.Name, why)
	}
	s, err := p.standing(now)
	if err != nil {
		return s, err
	}
	if !s.Approved() {
		return s, lacking(p, s)
	}
	c := f.choice
	for i := f.first - 1; i < len(p.Plans); i++ {
		q := p.Plans[i]
		q.OutsideWindow = c.outsideWindow
		if err := p.late(&q, now); err != nil {
			return s, err
		}
		if err := q.Owed(p.why(), p.Ticket); err != nil {
			return s, bad(err)
		}
		if err := f.waits(&q, now); err != nil && (i == f.first-1 || onlyReads(p.Plans[f.first-1:i])) {
			return s, err
		}
	}
	return s, nil
}

// onlyReads reports whether the runs wait for no window and are done soon: what comes behind them will find the windows as they are now.
func onlyReads(ps []runbooks.Plan) bool {
	return !slices.ContainsFunc(ps, func(p runbooks.Plan) bool { return p.Windowed() })
}

// why is the reason that the journal gets.
func (p *planned) why() string {
	if p.Reason != "" {
		return p.Reason
	}
	return p.Goal
}

// late refuses a run whose windows open only after the plan's last day.
func (p *planned) late(q *runbooks.Plan, now time.Time) error {
	for _, s := range shutWindows(q, now) {
		if ok, why := p.Holds(s.next.open); !ok {
			return usage("", "the window opens too late, for %s: %s", why, s)
		}
	}
	return nil
}

// lacking says which approvals are missing, and why those that are there do not count.
func lacking(p *planned, s plans.Standing) error {
	text := fmt.Sprintf("the plan %s is not approved: %s", p.Name, s)
	for _, v := range s.Verdicts {
		if !v.Counts {
			text += "\n  " + verdict(v)
		}
	}
	return usage("tend plan approve "+typed(p.Path), "%s", text)
}

func approvedBy(s plans.Standing) []string {
	var out []string
	for _, v := range s.Verdicts {
		switch {
		case v.Counts && v.Signed:
			out = append(out, v.By+" (signed)")
		case v.Counts:
			out = append(out, v.By)
		}
	}
	return out
}

// runOfPlan starts the nth run under the circumstances of the moment, and follows it to its end.
func (a *app) runOfPlan(ctx context.Context, p *planned, n int, m journal.Maintenance, f planRunning) error {
	plan, err := p.world.circumstances(p.Plans[n], f.choice)
	if err != nil {
		return err
	}
	if err := f.waits(&plan, a.now()); err != nil {
		return err
	}
	tty := terminal(a.in)
	run, err := a.start(ctx, prepared{plan: plan, inv: p.world.inv}, how{interactive: tty || f.asked, hostKeys: f.asked, reason: p.why(), ticket: p.Ticket, plan: &m})
	if err != nil {
		return bad(err)
	}
	return a.watch(ctx, run, watching{json: f.json, answer: tty})
}

// failedOnly reports whether a run ended, and badly; not that it was aborted, or that nobody knows.
func failedOnly(err error) bool {
	var s silent
	return errors.As(err, &s) && s == 1
}

// stopped says what is not done, and how to go on. A run that is not watched any more may end well yet.
func (a *app) stopped(p *planned, i int, err error) {
	left, next := len(p.Plans)-i-1, i+1
	var s silent
	if errors.As(err, &s) && s == 3 && left > 0 {
		next++
	}
	fmt.Fprintf(a.err, "the plan %s stopped at run %d of %d, %s", p.Name, i+1, len(p.Plans), p.Plans[i].Runbook)
	if left > 0 {
		fmt.Fprintf(a.err, "; %s not begun", plural(left, "run"))
	}
	fmt.Fprintf(a.err, ". tend plan run %s --first %d goes on from there\n", typed(p.Path), next)
}
