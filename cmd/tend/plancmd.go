package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/plans"
	"tend/quote"
	"tend/runbooks"
)

//go:embed start/plan.toml
var startPlan string

// planCmds are the commands for maintenance plans, beside `tend plan RUNBOOK`.
func (a *app) planCmds() []*cobra.Command {
	return []*cobra.Command{a.planNew(), a.planShow(), a.planDiff(), a.planApprove(), a.planRun(), a.planCalendar()}
}

func (a *app) planNew() *cobra.Command {
	return &cobra.Command{
		Use: "new NAME [FILE]", Short: "Write a commented maintenance plan to begin with; never over a file that is there", Args: cobra.RangeArgs(1, 2),
		Example: "  tend plan new openssl-3.5              # ./plans/openssl-3.5.toml\n  tend plan new openssl-3.5 -            # print it",
		RunE: func(_ *cobra.Command, args []string) error {
			name := strings.TrimSuffix(args[0], ".toml")
			if err := plans.NameError(name); err != nil {
				return usage("letters, digits and . _ -", "%w", err)
			}
			path := filepath.Join("plans", name+".toml")
			if len(args) == 2 {
				path = args[1]
			}
			return a.begin(path, startPlan, "tend plan show "+typed(path))
		},
	}
}

// planned is a plan with what it was resolved against.
type planned struct {
	plans.Resolved
	world world
	pace  plans.Times
}

// planOf reads a plan's file as it is now, and makes every choice.
func (a *app) planOf(ctx context.Context, file string) (planned, error) {
	f, err := plans.Load(file)
	if err != nil {
		return planned{}, a.meantPlan(file, bad(err))
	}
	w, err := a.world(ctx)
	if err != nil {
		return planned{}, err
	}
	r, err := plans.Resolve(f, w.inv, w.lib, a.values(ctx, w.inv, nil))
	if err != nil {
		return planned{}, bad(err)
	}
	return planned{r, w, a.pace(ctx, booksOf(&r)...)}, nil
}

// meantPlan names the file where a plan's name was typed for it.
func (a *app) meantPlan(typedAs string, err error) error {
	path := filepath.Join("plans", strings.TrimSuffix(typedAs, ".toml")+".toml")
	if _, wrong := os.Stat(path); errors.Is(err, fs.ErrNotExist) && wrong == nil {
		return usage("did you mean "+typed(path)+"?", "%s: there is no such file", quote.Line(typedAs))
	}
	return err
}

func booksOf(r *plans.Resolved) []string {
	var names []string
	for _, p := range r.Plans {
		names = append(names, p.Runbook)
	}
	return names
}

func (a *app) planShow() *cobra.Command {
	var asJSON, scripts bool
	c := &cobra.Command{
		Use: "show FILE", Short: "Show what a maintenance plan would do: hosts, waves, time, blast radius, approvals", Args: cobra.ExactArgs(1),
		Long: `Resolve a maintenance plan against the inventory, the runbooks and the journal as they are now, and show what it would do. The time is that of
earlier runs in this journal, and says what it stands on; what never ran is unknown.`,
		Example: "  tend plan show plans/openssl-3.5.toml\n  tend plan show plans/openssl-3.5.toml --scripts\n  tend plan show plans/openssl-3.5.toml --json",
		RunE: func(c *cobra.Command, args []string) error {
			p, err := a.planOf(c.Context(), args[0])
			if err != nil {
				return err
			}
			standing, err := p.standing(a.now())
			if err != nil {
				return err
			}
			if asJSON {
				return a.encode(p.asJSON(standing, a.now()))
			}
			printMaintenance(a.out, &p, standing, a.now())
			for i := range p.Plans {
				if scripts {
					fmt.Fprintf(a.out, "\n=== run %d\n", i+1)
					printPlan(a.out, &p.Plans[i], true)
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&scripts, "scripts", false, "print each run's plan with the exact text of its steps, too")
	return c
}

// standing is how the plan stands with its approvers.
func (p *planned) standing(now time.Time) (plans.Standing, error) {
	all, err := plans.LoadApprovals(p.Path)
	if err != nil {
		return plans.Standing{}, bad(err)
	}
	return p.Judge(all, now), nil
}

// printMaintenance writes a plan for people.
func printMaintenance(w io.Writer, p *planned, s plans.Standing, now time.Time) {
	line := func(k, format string, args ...any) {
		fmt.Fprintf(w, "%-9s %s\n", k, quote.Line(fmt.Sprintf(format, args...)))
	}
	line("plan", "%s: %s (%s)", p.Name, p.Goal, p.Path)
	for _, f := range [][2]string{{"reason", p.Reason}, {"ticket", p.Ticket}, {"window", p.Window}, {"days", p.days(now)}} {
		if f[1] != "" {
			line(f[0], "%s", f[1])
		}
	}
	line("digest", "%s", p.Digest)
	line("touches", "%s", p.Blast())
	line("time", "%s", p.Estimate(&p.pace))
	for _, warning := range p.Warnings {
		line("warning", "%s", warning)
	}
	line("approval", "%s", s)
	for _, v := range s.Verdicts {
		line("", "%s", verdict(v))
	}
	fits := p.Fits(&p.pace, now)
	for i := range p.Plans {
		r := &p.Plans[i]
		line(fmt.Sprintf("run %d", i+1), "%s on %s = %s, %s; %s", r.Runbook, r.Scope, plural(len(r.Hosts), "host"), r.Risk, limits(r.Policy))
		for k, v := range sorted(r.Params) {
			if _, set := p.Runs[i].Set[k]; set {
				line("  set", "%s=%s", k, v)
			}
		}
		for _, wv := range r.Waves {
			line("  wave", "%s: %s", wv.Name, inventory.HostSet(wv.Hosts))
		}
		for _, f := range fits[i] {
			line("  window", "%s", f)
		}
		for _, warning := range r.Warnings {
			line("  warning", "%s", warning)
		}
	}
}

// days are the days on which the plan holds; and that today is none of them.
func (p *planned) days(now time.Time) string {
	s := days(p.From, p.Until)
	if ok, _ := p.Holds(now); !ok {
		s += "; it does not hold today"
	}
	return s
}

func days(from, until time.Time) string {
	switch {
	case from.IsZero() && until.IsZero():
		return ""
	case until.IsZero():
		return "from " + from.Format(time.DateOnly)
	case from.IsZero():
		return "until " + until.Format(time.DateOnly)
	}
	return from.Format(time.DateOnly) + " to " + until.Format(time.DateOnly)
}

func verdict(v plans.Verdict) string {
	s := fmt.Sprintf("%s at %s", v.By, v.At.UTC().Format("2006-01-02 15:04 MST"))
	switch {
	case v.Counts && v.Signed:
		return s + ": counts, signed"
	case v.Counts:
		return s + ": counts, not signed: the plan names no key for them"
	}
	return s + ": does not count: " + v.Why
}

// maintenanceJSON is what plan show --json prints.
type maintenanceJSON struct {
	Name     string         `json:"name"`               // the plan's
	File     string         `json:"file"`               // that it was read from
	Goal     string         `json:"goal"`               // what it is for
	Reason   string         `json:"reason,omitempty"`   // that its runs carry
	Ticket   string         `json:"ticket,omitempty"`   // that its runs carry
	Window   string         `json:"window,omitempty"`   // of those hosts that have none of their own
	Days     string         `json:"days,omitempty"`     // on which it may be run: "2026-11-01 to 2026-11-30"; none = any
	Digest   string         `json:"digest"`             // hex SHA-256 of what would be done, which approvals are for
	Blast    plans.Blast    `json:"blast"`              // what it touches
	Estimate plans.Estimate `json:"estimate"`           // how long all of its runs take
	Approval plans.Standing `json:"approval"`           // who has approved it, and who has not
	Approved bool           `json:"approved"`           // it may run, as far as its approvers are concerned
	Warnings []string       `json:"warnings,omitempty"` // what may void approvals without anybody's doing
	Runs     []runOfPlan    `json:"runs"`               // in the order in which they would be made
}

type runOfPlan struct {
	Plan runbooks.Plan `json:"plan"`           // as tend plan prints it
	Fits []plans.Fit   `json:"fits,omitempty"` // whether the work fits into its hosts' windows, one a window; none = windows do not bind it
}

func (p *planned) asJSON(s plans.Standing, now time.Time) maintenanceJSON {
	out := maintenanceJSON{p.Name, p.Path, p.Goal, p.Reason, p.Ticket, p.Window, days(p.From, p.Until), p.Digest, p.Blast(), p.Estimate(&p.pace), s, s.Approved(), p.Warnings, nil}
	fits := p.Fits(&p.pace, now)
	for i := range p.Plans {
		out.Runs = append(out.Runs, runOfPlan{p.Plans[i], fits[i]})
	}
	return out
}
