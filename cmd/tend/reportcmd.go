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
output, a time-line. HTML is one file without a network, and prints.`,
		Example: "  tend report last > report.md\n  tend report last --format html > report.html\n  tend report --since 7d --format junit > junit.xml",
		RunE: func(c *cobra.Command, args []string) error {
			write, ok := map[string]func(io.Writer, ...*report.Run) error{
				"markdown": report.Markdown, "html": report.HTML, "json": report.JSON, "junit": report.JUnit,
			}[form]
			if !ok {
				return usage("--format markdown, html, json or junit", "no format %q", form)
			}
			if (len(args) == 0) == (since == "") {
				return usage("tend report last, or tend report --since 7d", "name runs, or say since when")
			}
			return a.withBook(func(book *shelf) error {
				runs, err := a.reported(c.Context(), book, args, since)
				if err != nil {
					return err
				}
				return write(a.out, runs...)
			})
		},
		ValidArgsFunction: a.completeRunID,
	}
	c.Flags().StringVar(&form, "format", "markdown", "one of `markdown`, html, json, junit")
	c.Flags().StringVar(&since, "since", "", "all runs since: `7d`, 12h, or a date")
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(forms, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// reported folds the runs that were asked for, the oldest first.
func (a *app) reported(ctx context.Context, book *shelf, names []string, since string) ([]*report.Run, error) {
	var ids []journal.RunID
	for _, n := range names {
		id, err := a.find(ctx, book, n)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if since != "" {
		from, err := a.ago(since)
		if err != nil {
			return nil, err
		}
		sums, err := book.Runs(ctx, journal.Query{Since: from})
		if err != nil {
			return nil, err
		}
		for _, s := range slices.Backward(sums) {
			ids = append(ids, s.Run)
		}
	}
	var runs []*report.Run
	for _, id := range ids {
		r, err := report.Fold(book.Events(ctx, id, 0, false), report.Limits{})
		if err != nil {
			return nil, err
		}
		for e, err := range book.Events(ctx, "notes", 0, false) {
			if err != nil {
				break // there are none
			}
			if n, ok := e.Body.(journal.Noted); ok && n.Run == id {
				r.Add(e)
			}
		}
		runs = append(runs, r)
	}
	return runs, nil
}
