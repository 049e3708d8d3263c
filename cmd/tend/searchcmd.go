package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/journal"
	"tend/journal/index"
	"tend/quote"
	"tend/ui"
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

// searching is what flags add to a search.
type searching struct {
	host, since, until, run, runbook, user string
	limit                                  int
	json                                   bool
}

func (a *app) journalSearch() *cobra.Command {
	var f searching
	c := &cobra.Command{
		Use: "search WORDS|CONDITION…", Short: "Search what hosts said and what was run on them", Args: cobra.MinimumNArgs(1),
		Long: `Search the journal for events in which all the words stand; "in quotes" they must stand together, and a trailing * matches any
ending. The newest come first. Conditions stand among the words: those of a selector about the host (host=web-[01-20], site=ams1, !tag=canary), and
run=, runbook=, who=, result=, kind=, since= and until=. Conditions but for host= ask the inventory as it is now, and what is known of hosts now.`,
		Example: "  tend journal search 'no space left'\n  tend journal search '\"segfault at\"' host=db-0712 since=7d\n" +
			"  tend journal search 'linux-image*' site=ams1 runbook=patch result=failed --json\n  tend journal search kind=noted who=kim since=2026-11-01",
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := index.Ask(f.text(args), a.ago); err != nil {
				return bad(err) // before the journal is opened
			}
			return a.withBook(func(book *shelf) error {
				asked, err := a.asked(c.Context(), book, f.text(args))
				if err != nil {
					return err
				}
				asked.Limit = f.limit
				return a.search(c.Context(), book, asked, f.json)
			})
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.host, "host", "", "only what this `host` said, or what was done to it")
	fl.StringVar(&f.run, "run", "", "only this `run`")
	fl.StringVar(&f.runbook, "runbook", "", "only runs of this `runbook`")
	fl.StringVar(&f.user, "user", "", "only runs that this `user` started")
	fl.StringVar(&f.since, "since", "", "only since: `7d`, 12h, or a date")
	fl.StringVar(&f.until, "until", "", "only before: `7d`, 12h, or a date")
	fl.IntVar(&f.limit, "limit", 50, "at most so many")
	fl.BoolVar(&f.json, "json", false, "print the events as JSON lines")
	return c
}

// text is the search as it would be typed without flags.
func (f searching) text(args []string) string {
	text := strings.Join(args, " ")
	for _, c := range []struct{ key, value string }{{"host", f.host}, {"run", f.run}, {"runbook", f.runbook}, {"who", f.user}, {"since", f.since}, {"until", f.until}} {
		if c.value != "" {
			text += fmt.Sprintf(" %s=\"%s\"", c.key, c.value)
		}
	}
	return text
}

// hostsOf are the hosts that the journal knows and the selector means. What it asks but for names, the inventory answers.
func (a *app) hostsOf(ctx context.Context, ix *index.Index, text string) ([]inventory.HostID, error) {
	sel, err := inventory.ParseSelector(text)
	if err != nil {
		return nil, bad(err)
	}
	inv, err := a.load()
	if err != nil && !namesOnly(text) {
		return nil, err
	}
	if inv == nil {
		inv = &inventory.Inventory{}
	}
	known, err := ix.Hosts(ctx)
	if err != nil {
		return nil, err
	}
	hosts, values := []inventory.HostID{}, a.values(ctx, inv, nil)
	for _, id := range known {
		h, ok := inv.Host(id)
		if !ok { // gone since
			h = inventory.Host{Name: id}
		}
		if sel.Match(h, values) {
			hosts = append(hosts, id)
		}
	}
	return hosts, nil
}

func namesOnly(selector string) bool {
	for _, t := range strings.Fields(selector) {
		if !strings.HasPrefix(strings.TrimPrefix(t, "!"), "name") {
			return false
		}
	}
	return true
}

// ready brings the index up to the segments, and says of which hosts the search is.
func (a *app) ready(ctx context.Context, book *shelf, q *index.Asked) (*index.Index, error) {
	ix, err := book.index()
	if err != nil {
		return nil, err
	}
	if err := ix.CatchUp(ctx); err != nil {
		return nil, err
	}
	if q.Selector != "" {
		if q.Hosts, err = a.hostsOf(ctx, ix, q.Selector); err != nil {
			return nil, err
		}
	}
	return ix, nil
}

// patience is after how long a search that goes on shows what it has: with what one part of the index takes at most, and reading the page
// out of the journal, that is done within 200 ms.
const patience = 80 * time.Millisecond

// hitPage is how many hits the screen asks for at a time.
const hitPage = 200

// searcher searches for the screen.
func (a *app) searcher(book *shelf) ui.Search {
	return func(ctx context.Context, text string, before int64) (ui.Hits, error) {
		q, err := a.asked(ctx, book, text)
		if err != nil {
			return ui.Hits{}, err
		}
		q.Limit, q.Before, q.Patience = hitPage, before, patience
		ix, err := a.ready(ctx, book, &q)
		if err != nil {
			return ui.Hits{}, err
		}
		found, err := ix.Search(ctx, q.Search)
		hits := ui.Hits{Next: found.Next, Unseen: found.Unseen}
		for _, h := range found.Hits {
			hit := ui.Hit{Seq: h.Seq, At: h.At, Host: h.Host, Kind: h.Body.Kind(), Line: h.Snippet, Marks: h.Marks}
			if h.Run != "notes" {
				hit.Run = h.Run
			}
			if _, output := h.Body.(journal.OutputRead); !output {
				hit.Text, _ = index.TextOf(h.Body)
			}
			hits.Hits = append(hits.Hits, hit)
		}
		return hits, err
	}
}

// asked reads a search as it was typed; the run may be "last", or the beginning of a name.
func (a *app) asked(ctx context.Context, book *shelf, text string) (index.Asked, error) {
	q, err := index.Ask(text, a.ago)
	if err != nil {
		return q, bad(err)
	}
	if q.Run != "" && q.Run != "notes" {
		q.Run, err = a.find(ctx, book, string(q.Run))
	}
	return q, err
}

// search prints hits as they are found, until a page is full or all is looked through.
func (a *app) search(ctx context.Context, book *shelf, q index.Asked, asJSON bool) error {
	ix, err := a.ready(ctx, book, &q)
	if err != nil {
		return err
	}
	q.Limit, q.Patience = cmp.Or(max(q.Limit, 0), 50), patience
	for left, told := q.Limit, false; ; {
		found, err := ix.Search(ctx, q.Search)
		if err != nil {
			return bad(err)
		}
		if err := a.printHits(found.Hits, asJSON); err != nil {
			return err
		}
		left -= len(found.Hits)
		switch {
		case !found.Unseen.IsZero() && left > 0:
			if !told && terminal(a.err) {
				fmt.Fprintf(a.err, "so much for what is newer than %s; looking further back ... (Ctrl-C ends it)\n", found.Unseen.Local().Format(time.DateTime))
			}
			q.Before, q.Limit, told = found.Next, left, true
			continue
		case asJSON:
		case found.Next > 0:
			fmt.Fprintf(a.out, "there are more: raise --limit\n")
		case left == q.Limit:
			fmt.Fprintln(a.out, "nothing found")
		}
		return nil
	}
}

func (a *app) printHits(hits []index.Hit, asJSON bool) error {
	enc := a.json()
	for _, h := range hits {
		if asJSON {
			if err := enc.Encode(h.Event); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(a.out, "%s  %s  %-12s %s\n", h.At.Local().Format("2006-01-02 15:04:05"), h.Run, dash(string(h.Host)), quote.Line(h.Snippet))
	}
	return nil
}
