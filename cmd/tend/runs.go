package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/runbooks"
	"tend/runner"
	"tend/ui"
)

// find turns what was typed into a run: its name, an unambiguous part of it, or "last".
func (a *app) find(ctx context.Context, book journal.Journal, typed string) (journal.RunID, error) {
	for _, err := range book.Events(ctx, journal.RunID(typed), 0, false) {
		if err == nil {
			return journal.RunID(typed), nil // named whole: no list of all runs is wanted
		}
		break
	}
	runs, err := book.Runs(ctx, journal.Query{})
	if err != nil {
		return "", err
	}
	if typed == "last" && len(runs) > 0 {
		return runs[0].Run, nil
	}
	var hits []journal.RunID
	for _, r := range runs {
		if string(r.Run) == typed {
			return r.Run, nil
		}
		if strings.HasPrefix(string(r.Run), typed) || strings.HasSuffix(string(r.Run), typed) {
			hits = append(hits, r.Run)
		}
	}
	switch len(hits) {
	case 0:
		return "", usage("tend journal list shows them", "no run %q", typed)
	case 1:
		return hits[0], nil
	}
	return "", usage("type more of it", "%q could be any of %d runs, such as %s and %s", typed, len(hits), hits[0], hits[1])
}

func (a *app) alive(ctx context.Context) (map[journal.RunID]bool, error) {
	dir, err := a.journalDir()
	if err != nil {
		return nil, err
	}
	runs, err := runner.Alive(ctx, a.runtimeDir(), dir)
	set := map[journal.RunID]bool{}
	for _, r := range runs {
		set[r] = true
	}
	return set, err
}

func (a *app) runsCmd() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "runs", Short: "List the runs that have not ended: alive, or waiting to be resumed", Args: cobra.NoArgs,
		Example: "  tend runs",
		RunE: func(c *cobra.Command, _ []string) error {
			book, err := a.book()
			if err != nil {
				return err
			}
			defer book.Close()
			open, err := book.Runs(c.Context(), journal.Query{Open: true})
			if err != nil {
				return err
			}
			alive, err := a.alive(c.Context())
			if err != nil {
				return err
			}
			return a.printRuns(book, open, alive, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON lines")
	return c
}

// openRun is what runs --json prints.
type openRun struct {
	journal.RunSummary
	Alive bool `json:"alive"` // whether its process is at work; else it was left behind
}

func (a *app) printRuns(book *shelf, open []journal.RunSummary, alive map[journal.RunID]bool, asJSON bool) error {
	if asJSON {
		all := make([]openRun, len(open))
		for i, r := range open {
			all[i] = openRun{r, alive[r.Run] || book.Written(r.Run)}
		}
		return jsonLines(a, all)
	}
	if len(open) == 0 {
		fmt.Fprintln(a.out, "no open run")
		return nil
	}
	tw := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "RUN\tSTATE\tRUNBOOK\tSCOPE\tHOSTS\tBY\tSTARTED")
	for _, r := range open {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", r.Run, book.standing(r.Run, alive[r.Run]), r.Runbook, quote.Line(runbooks.ScopeName(r.Scope)), r.Hosts, quote.Line(r.By.User), r.Started.Local().Format("2006-01-02 15:04"))
	}
	return tw.Flush()
}

// standing is whether an open run has a process, and what may be done where it has none; listens says that its socket answers.
func (s *shelf) standing(run journal.RunID, listens bool) string {
	o, foreign := s.owner(run)
	switch {
	case listens:
		return "alive"
	case s.Written(run) && foreign:
		return "alive, of " + o
	case s.Written(run):
		return "alive, begun in another session"
	case foreign:
		return "left behind by " + o
	}
	return "left behind: tend resume " + string(run)
}

func (a *app) attachCmd() *cobra.Command {
	var lines bool
	c := &cobra.Command{
		Use: "attach RUN", Short: "Open the live screen of a run, with full control", Args: cobra.ExactArgs(1),
		Example: "  tend attach last\n  tend attach 261122-2213-k7f3 --lines",
		RunE: func(c *cobra.Command, args []string) error {
			settings, err := a.settings()
			if err != nil {
				return err
			}
			tier, err := a.tier(settings.Tier)
			if err != nil {
				return err
			}
			run, err := a.named(c.Context(), args[0])
			if err != nil {
				return err
			}
			if lines || tier == ui.Line || !terminal(a.out) { // the line console would show the run, and ask nothing that it asks
				return a.watch(c.Context(), run, watching{answer: terminal(a.in)})
			}
			return a.console(c.Context(), run)
		},
		ValidArgsFunction: a.completeRunID,
	}
	c.Flags().BoolVar(&lines, "lines", false, "print lines instead of opening the screen")
	a.screenFlags(c)
	return c
}

// named opens the journal just long enough to find a run.
func (a *app) named(ctx context.Context, typed string) (journal.RunID, error) {
	book, err := a.book()
	if err != nil {
		return "", err
	}
	defer book.Close()
	return a.find(ctx, book, typed)
}

func (a *app) resumeCmd() *cobra.Command {
	var detach bool
	c := &cobra.Command{
		Use: "resume RUN", Short: "Take up a run whose process was killed", Args: cobra.ExactArgs(1),
		Long: `Take up a run whose process was killed or lost its machine. Every step that was under way is looked for on its host: its
output and exit code are taken, nothing is run twice, and what cannot be known is said to be unknown.`,
		Example: "  tend resume last",
		RunE: func(c *cobra.Command, args []string) error {
			run, err := a.named(c.Context(), args[0])
			if err != nil {
				return err
			}
			tty := terminal(a.in)
			if err := a.resume(c.Context(), run, how{interactive: tty}); err != nil {
				return bad(err)
			}
			if detach {
				fmt.Fprintln(a.out, run)
				return nil
			}
			return a.watch(c.Context(), run, watching{answer: tty})
		},
		ValidArgsFunction: a.completeOpenRun,
	}
	c.Flags().BoolVar(&detach, "detach", false, "leave it to itself at once")
	return c
}

// decideCmds are the decisions that can be made on a live run from the command line.
func (a *app) decideCmds() []*cobra.Command {
	hard := false
	abort := a.decideCmd("abort RUN", "End a run: what is running finishes, nothing new starts", 1, func([]string) journal.Decided {
		if hard {
			return journal.Decided{Decision: journal.AbortHard}
		}
		return journal.Decided{Decision: journal.Abort}
	})
	abort.Long = `End a run: what is running finishes, nothing new starts. What is still at work is told at once, and what keeps the run from its host, if that
is so: the run waits for a host that is not reached. With --hard the steps are signalled; one that has not ended within a minute, also because its
host is not reached, is let go of and recorded as UNKNOWN: it may still run there, and until tend host break HOST its lease stays.`
	abort.Flags().BoolVar(&hard, "hard", false, "also signal the steps that are running on the hosts")
	host := func(d journal.Decision) func([]string) journal.Decided {
		return func(args []string) journal.Decided {
			return journal.Decided{Decision: d, Host: inventory.HostID(args[1])}
		}
	}
	wave := 0
	approve := a.decideCmd("approve RUN", "Let the wave of a run begin that waits for it", 1, func([]string) journal.Decided {
		return journal.Decided{Decision: journal.Approve, Wave: wave}
	})
	approve.Flags().IntVar(&wave, "wave", 0, "the `number` of the last wave that may begin, counted from 0 (0 = the one that waits)")
	return []*cobra.Command{
		abort, approve,
		a.decideCmd("pause RUN", "Start nothing new in a run until it is continued", 1, func([]string) journal.Decided { return journal.Decided{Decision: journal.Pause} }),
		a.decideCmd("continue RUN", "Let a paused run go on", 1, func([]string) journal.Decided { return journal.Decided{Decision: journal.Continue} }),
		a.decideCmd("retry RUN HOST", "Run a host's failed step again", 2, host(journal.Retry)),
		a.decideCmd("skip RUN HOST", "Leave a host out of the rest of a run", 2, host(journal.SkipHost)),
		a.answerCmd(),
	}
}

func (a *app) decideCmd(use, short string, n int, make func(args []string) journal.Decided) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(n),
		Example: "  tend " + strings.NewReplacer("RUN", "last", "HOST", "db-0712").Replace(use) + " --reason \"disk is full\"",
		RunE: func(c *cobra.Command, args []string) error {
			d := make(args)
			d.By, d.Reason = a.who(), reason
			if d.Host != "" || d.Decision == journal.Approve && d.Wave == 0 {
				if _, err := a.stands(c.Context(), args[0], &d); err != nil {
					return err
				}
			}
			return a.decide(c.Context(), args[0], d)
		},
		ValidArgsFunction: a.completeRunHost,
	}
	c.Flags().StringVar(&reason, "reason", "", "why, for the journal")
	return c
}

func (a *app) decide(ctx context.Context, typed string, d journal.Decided) error {
	run, err := a.named(ctx, typed)
	if err != nil {
		return err
	}
	cl, err := a.client(run)
	if err != nil {
		return err
	}
	err = cl.Decide(ctx, d)
	var late *journal.TooLate
	if errors.As(err, &late) {
		return usage(late.Hint(), "%w", late)
	}
	if errors.Is(err, runner.ErrGone) {
		return a.unheard(run)
	}
	if err == nil {
		a.tellStopped(ctx, run, d.Decision)
	}
	return err
}
