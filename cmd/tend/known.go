package main

import (
	"context"

	"github.com/spf13/cobra"

	"tend/fleet"
	"tend/inventory"
	"tend/journal"
	"tend/quote"
)

// values answers a selector's questions about facts. The journal is read only where the selector asks for one.
func (a *app) values(ctx context.Context, inv *inventory.Inventory, _ []string) inventory.Values {
	var f *fleet.Fleet
	return func(host inventory.HostID, key string) (string, bool) {
		if f == nil {
			f = a.fleet(ctx, inv)
		}
		return f.Values(host, key)
	}
}

// fleet is how things stand, as far as the journal can be read.
func (a *app) fleet(ctx context.Context, inv *inventory.Inventory) *fleet.Fleet {
	f := fleet.New(inv)
	f.Refresh(a.now())
	book, err := a.book()
	if err != nil {
		return f
	}
	defer book.Close()
	for k, err := range book.Facts(ctx) {
		if err == nil {
			f.Known(k)
		}
	}
	for r, err := range book.lastRuns(ctx) {
		if err == nil {
			f.Ran(r)
		}
	}
	return f
}

func (a *app) noter(book *shelf) func(context.Context, journal.Noted) error {
	return func(ctx context.Context, n journal.Noted) error {
		_, err := book.Note(ctx, n)
		return err
	}
}

func (a *app) note(ctx context.Context, book *shelf, host inventory.HostID, text string) error {
	return a.noter(book)(ctx, journal.Noted{Host: host, Text: quote.Line(text), By: a.who()})
}

func (a *app) noteCmd() *cobra.Command {
	var host, run string
	c := &cobra.Command{
		Use: "note TEXT", Short: "Write a note into the journal", Args: cobra.ExactArgs(1),
		Example: "  tend note --host db-0712 \"fan 3 rattles\"\n  tend note --run last \"approved by Kim on the phone\"",
		RunE: func(c *cobra.Command, args []string) error {
			return a.withBook(func(book *shelf) error {
				n := journal.Noted{Host: inventory.HostID(host), Text: args[0], By: a.who()}
				if run != "" {
					id, err := a.find(c.Context(), book, run)
					if err != nil {
						return err
					}
					n.Run = id
				}
				return a.noter(book)(c.Context(), n)
			})
		},
	}
	c.Flags().StringVar(&host, "host", "", "the `host` that it is about")
	c.Flags().StringVar(&run, "run", "", "the `run` that it is about")
	return c
}
