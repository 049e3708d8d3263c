package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/journal"
	"tend/journal/index"
	"tend/quote"
)

func (a *app) journalReindex() *cobra.Command {
	return &cobra.Command{
		Use: "reindex", Short: "Build the index anew from the segments", Args: cobra.NoArgs,
		Example: "  tend journal reindex",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withBook(func(book *shelf) error {
				ix, err := book.index()
				if err != nil {
					return err
				}
				if err := ix.Reindex(c.Context()); err != nil {
					return err
				}
				runs, err := ix.Runs(c.Context(), journal.Query{})
				if err != nil {
					return err
				}
				fmt.Fprintf(a.out, "%s indexed\n", plural(len(runs), "run"))
				return nil
			})
		},
	}
}

func (a *app) journalSearch() *cobra.Command {
	var q index.Search
	var host, since, run string
	var asJSON bool
	c := &cobra.Command{
		Use: "search WORDS", Short: "Search what hosts said and what was run on them", Args: cobra.ExactArgs(1),
		Long: `Search the journal for events in which all the words stand; "in quotes" they must stand together, and a trailing * matches any
ending. The newest come first.`,
		Example: "  tend journal search 'no space left'\n  tend journal search '\"segfault at\"' --host db-0712 --since 7d\n  tend journal search 'linux-image*' --json",
		RunE: func(c *cobra.Command, args []string) error {
			q.Text, q.Host = args[0], inventory.HostID(host)
			if since != "" {
				t, err := a.ago(since)
				if err != nil {
					return err
				}
				q.Since = t
			}
			return a.withBook(func(book *shelf) error {
				if run != "" {
					id, err := a.find(c.Context(), book, run)
					if err != nil {
						return err
					}
					q.Run = id
				}
				return a.search(c.Context(), book, q, asJSON)
			})
		},
	}
	fl := c.Flags()
	fl.StringVar(&host, "host", "", "only what this `host` said, or what was done to it")
	fl.StringVar(&run, "run", "", "only this `run`")
	fl.StringVar(&q.Runbook, "runbook", "", "only runs of this `runbook`")
	fl.StringVar(&q.User, "user", "", "only runs that this `user` started")
	fl.StringVar(&since, "since", "", "only since: `7d`, 12h, or a date")
	fl.IntVar(&q.Limit, "limit", 50, "at most so many")
	fl.BoolVar(&asJSON, "json", false, "print the events as JSON lines")
	return c
}

func (a *app) search(ctx context.Context, book *shelf, q index.Search, asJSON bool) error {
	ix, err := book.index()
	if err != nil {
		return err
	}
	if err := ix.CatchUp(ctx); err != nil {
		return err
	}
	found, err := ix.Search(ctx, q)
	if err != nil {
		return bad(err)
	}
	enc := json.NewEncoder(a.out)
	for _, h := range found.Hits {
		if asJSON {
			if err := enc.Encode(h.Event); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(a.out, "%s  %s  %-12s %s\n", h.At.Local().Format("2006-01-02 15:04:05"), h.Run, dash(string(h.Host)), quote.Line(h.Snippet))
	}
	if len(found.Hits) == 0 && !asJSON {
		fmt.Fprintln(a.out, "nothing found")
	}
	if found.More && !asJSON {
		fmt.Fprintf(a.out, "there are more: raise --limit\n")
	}
	return nil
}
