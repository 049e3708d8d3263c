package main

import (
	"context"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"tend/journal"
	"tend/report"
)

// forms are the kinds of report.
var forms = []string{"markdown", "html", "json", "junit"}

func (a *app) reportCmd() *cobra.Command {
	var since, form string
	c := &cobra.Command{
		Use: "report [RUN…]", Short: "Write what was planned, done and decided, to hand over",
		Long: `Write a report of runs to standard output: what was planned, what was done on which host, who decided what, failures with their
output, a time-line. HTML is one file without a network, and prints. With --since it is the period's report: all its runs in a table, what was done
apart from the design in it (tend drift deviations), and each run.`,
		Example: "  tend report last > report.md\n  tend report last --format html > report.html\n  tend report --since 7d --format junit > junit.xml",
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(forms, form) {
				return usage("--format markdown, html, json or junit", "no format %q", form)
			}
			if len(args) > 0 && since != "" {
				return usage("leave one of the two out", "name runs or say since when, not both")
			}
			if len(args) == 0 && since == "" {
				return usage("tend report last, or tend report --since 7d", "name runs, or say since when")
			}
			return a.withBook(func(book *shelf) error {
				if since != "" {
					return a.reportPeriod(c.Context(), book, since, form)
				}
				return a.reportRuns(c.Context(), book, args, form)
			})
		},
		ValidArgsFunction: a.completeRunID,
	}
	c.Flags().StringVar(&form, "format", "markdown", "one of `markdown`, html, json, junit")
	c.Flags().StringVar(&since, "since", "", "all runs since: `7d`, 12h, or a date")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(forms, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// reportRuns writes the runs that were named.
func (a *app) reportRuns(ctx context.Context, book *shelf, names []string, form string) error {
	var ids []journal.RunID
	for _, n := range names {
		id, err := a.find(ctx, book, n)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	runs, err := reported(ctx, book, ids)
	if err != nil {
		return err
	}
	return map[string]func(io.Writer, ...*report.Run) error{
		"markdown": report.Markdown, "html": report.HTML, "json": report.JSON, "junit": report.JUnit,
	}[form](a.out, runs...)
}

// reportPeriod writes the time since then, the oldest run first.
func (a *app) reportPeriod(ctx context.Context, book *shelf, since, form string) error {
	from, err := a.ago(since)
	if err != nil {
		return err
	}
	sums, err := book.Runs(ctx, journal.Query{Since: from})
	if err != nil {
		return err
	}
	var ids []journal.RunID
	for _, s := range slices.Backward(sums) {
		ids = append(ids, s.Run)
	}
	p := &report.Period{Since: from, Until: a.now()}
	if p.Runs, err = reported(ctx, book, ids); err != nil {
		return err
	}
	if p.Deviations, err = deviations(ctx, book, from); err != nil {
		return err
	}
	return map[string]func(io.Writer) error{"markdown": p.Markdown, "html": p.HTML, "json": p.JSON, "junit": p.JUnit}[form](a.out)
}

// reported folds runs, with the notes on each and the seal that holds it.
func reported(ctx context.Context, book *shelf, ids []journal.RunID) ([]*report.Run, error) {
	var runs []*report.Run
	for _, id := range ids {
		r, err := report.Fold(book.Events(ctx, id, 0, false), report.Limits{})
		if err != nil {
			return nil, err
		}
		sealed := false
		for e, err := range book.Events(ctx, "notes", 0, false) {
			if err != nil {
				break // there are none
			}
			switch b := e.Body.(type) {
			case journal.Noted:
				if b.Run == id {
					r.Add(e)
				}
			case journal.Sealed: // the first behind the run's end: it holds the whole run
				if !sealed && r.State.Result != journal.Open && !e.At.Before(r.State.Closed) {
					r.Add(e)
					sealed = true
				}
			}
		}
		runs = append(runs, r)
	}
	return runs, nil
}
