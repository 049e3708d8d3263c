package main

import (
	"context"
	"errors"
	"os"
	"strings"

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
	f, _ := a.fleetAndRuns(ctx, inv)
	return f
}

// fleetAndRuns is how things stand, and every host's part in the latest run of each runbook.
func (a *app) fleetAndRuns(ctx context.Context, inv *inventory.Inventory) (*fleet.Fleet, []journal.HostRun) {
	f := fleet.New(inv)
	f.Refresh(a.now())
	book, err := a.book()
	if err != nil {
		return f, nil
	}
	defer book.Close()
	var known []journal.Known // of one host: they come together
	for k, err := range book.Facts(ctx) {
		if err != nil {
			continue
		}
		if len(known) > 0 && known[0].Host != k.Host {
			f.Known(known...)
			known = known[:0]
		}
		known = append(known, k)
	}
	f.Known(known...)
	var runs []journal.HostRun
	for r, err := range book.lastRuns(ctx) {
		if err == nil {
			f.Ran(r)
			runs = append(runs, r)
		}
	}
	return f, runs
}

func (a *app) noter(book *shelf) func(context.Context, journal.Noted) error {
	return func(ctx context.Context, n journal.Noted) error {
		own, err := a.settings()
		if err != nil {
			return err // what must not be recorded is not known
		}
		_, err = book.Note(ctx, redactorOf(own.Journal.Redact).Body(n))
		return err
	}
}

func (a *app) note(ctx context.Context, book *shelf, host inventory.HostID, text string) error {
	return a.noter(book)(ctx, journal.Noted{Host: host, Text: quote.Line(text), By: a.who()})
}

func (a *app) noteCmd() *cobra.Command {
	var host, run string
	c := &cobra.Command{
		Use: "note [TEXT]", Short: "Write a note into the journal; without a text, in $EDITOR", Args: cobra.MaximumNArgs(1),
		Example: "  tend note --host db-0712 \"fan 3 rattles\"\n  tend note --run last \"approved by Kim on the phone\"",
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.notable(c.Context(), inventory.HostID(host)); err != nil {
				return err // before it is written
			}
			text, err := a.noteText(c.Context(), args)
			if err != nil {
				return err
			}
			return a.withBook(func(book *shelf) error {
				n := journal.Noted{Host: inventory.HostID(host), Text: text, By: a.who()}
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

// notable refuses a note on a host that neither the inventory nor the journal knows: nobody would find it. Where there is no inventory
// to be read, any name is taken.
func (a *app) notable(ctx context.Context, host inventory.HostID) error {
	if host == "" {
		return nil
	}
	inv, err := a.load()
	if err != nil {
		return nil
	}
	_, unknown := one(inv, string(host))
	if unknown == nil {
		return nil
	}
	return a.withBook(func(book *shelf) error {
		for r, err := range book.lastRuns(ctx) { // it may be gone from the inventory since
			if err == nil && r.Host == host {
				return nil
			}
		}
		return unknown
	})
}

// noteText is what was typed, or what is written in an editor.
func (a *app) noteText(ctx context.Context, args []string) (string, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	f, err := os.CreateTemp("", "tend-note-*.txt")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(f.Close(), a.edit(ctx, f.Name())); err != nil {
		return "", err
	}
	data, err := os.ReadFile(f.Name())
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return "", usage("", "the note is empty, and nothing was written")
	}
	return text, nil
}
