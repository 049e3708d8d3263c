package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/runbooks"
)

func (a *app) journalFiles() *cobra.Command {
	var host, to string
	var force, asJSON bool
	c := &cobra.Command{
		Use: "files RUN", Short: "List the files that a run brought from its hosts, or write them out", Args: cobra.ExactArgs(1),
		Long: `List the files that fetch steps of a run brought, with their sizes and sums as they were on the hosts. With --to, write them into a directory, as
DIR/HOST/PATH; each is whole or not there, readable by you only, and a file that is there already and differs is not written over without --force.`,
		Example: "  tend journal files last\n  tend journal files last --to ./fetched --host db-0712",
		RunE: func(c *cobra.Command, args []string) error {
			return a.withBook(func(book *shelf) error {
				run, err := a.find(c.Context(), book, args[0])
				if err != nil {
					return err
				}
				if asJSON {
					return a.filesJSON(c.Context(), book, run, inventory.HostID(host), to, force)
				}
				return a.files(c.Context(), book, run, inventory.HostID(host), to, force)
			})
		},
		ValidArgsFunction: a.completeRunID,
	}
	c.Flags().StringVar(&host, "host", "", "only of this `host`")
	c.Flags().StringVar(&to, "to", "", "write them into this `directory`")
	c.Flags().BoolVar(&force, "force", false, "write over files that are there and differ")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON lines")
	return c
}

// fetchedFile is what journal files --json prints.
type fetchedFile struct {
	Host   inventory.HostID `json:"host"`   // that it came from
	File   string           `json:"file"`   // on the host; with --to, where it was written
	Bytes  int              `json:"bytes"`  // how long it is
	SHA256 string           `json:"sha256"` // as it was on the host
}

func (a *app) filesJSON(ctx context.Context, book journal.Journal, run journal.RunID, only inventory.HostID, to string, force bool) error {
	var all []fetchedFile
	err := fetched(ctx, book, run, only, func(h inventory.HostID, s runbooks.Step, f runbooks.Fetched) error {
		name, err := brought(to, h, s, f, force)
		if err != nil {
			return err
		}
		all = append(all, fetchedFile{h, name, len(f.Data), f.SHA256})
		return nil
	})
	return errors.Join(jsonLines(a, all), err)
}

func (a *app) files(ctx context.Context, book journal.Journal, run journal.RunID, only inventory.HostID, to string, force bool) error {
	tw := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	n := 0
	err := fetched(ctx, book, run, only, func(h inventory.HostID, s runbooks.Step, f runbooks.Fetched) error {
		if n++; n == 1 {
			fmt.Fprintln(tw, "HOST\tFILE\tBYTES\tSHA256")
		}
		name, err := brought(to, h, s, f, force)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(tw, "%s\t%s\t%d\t%s\n", h, quote.Line(name), len(f.Data), f.SHA256)
		return err
	})
	if err := tw.Flush(); err != nil {
		return err
	}
	if err == nil && n == 0 {
		fmt.Fprintln(a.out, "no file was fetched")
	}
	return err
}

// fetchedName is where a step's file goes beneath its host's directory: its path on the host, or the step's name where the path depends on
// the host's parameters. Both are the runbook's words, none the host's.
func fetchedName(s runbooks.Step) string {
	if strings.Contains(s.Fetch, "{{") {
		return string(s.ID)
	}
	return filepath.FromSlash(strings.TrimPrefix(s.Fetch, "/"))
}

// brought writes a fetched file beneath a directory, where one is given, and says where the file is to be found.
func brought(to string, h inventory.HostID, s runbooks.Step, f runbooks.Fetched, force bool) (name string, err error) {
	if to == "" {
		return s.Fetch, nil
	}
	if name, err = beneath(to, h, s); err != nil {
		return "", err
	}
	return name, keepFile(name, f, force)
}

// beneath is a fetched file's place in a directory. A run that was imported was planned by somebody else: its names may lead anywhere.
func beneath(to string, h inventory.HostID, s runbooks.Step) (string, error) {
	name := fetchedName(s)
	if host := string(h); !filepath.IsLocal(host) || filepath.Base(host) != host || !filepath.IsLocal(name) {
		return "", &fault{code: 1, err: fmt.Errorf("%s of %s is not written: its name leads out of %s", quote.Line(s.Fetch), quote.Line(string(h)), quote.Line(to)),
			hint: "the run was planned elsewhere, by somebody who means harm; leave out --to to see what it brought"}
	}
	return filepath.Join(to, string(h), name), nil
}

// fetched calls do for every file that a step of the run brought, in the order in which they came; one at a time is held.
func fetched(ctx context.Context, book journal.Journal, run journal.RunID, only inventory.HostID, do func(inventory.HostID, runbooks.Step, runbooks.Fetched) error) error {
	type place struct {
		host inventory.HostID
		step runbooks.StepID
	}
	var steps []runbooks.Step
	said := map[place][]byte{}
	brings := func(id runbooks.StepID) int {
		return slices.IndexFunc(steps, func(s runbooks.Step) bool { return s.ID == id && s.Fetch != "" })
	}
	for e, err := range book.Events(ctx, run, 0, false) {
		if err != nil {
			return err
		}
		switch b := e.Body.(type) {
		case journal.PlanAccepted:
			steps = b.Plan.Steps
		case journal.StepStarted:
			delete(said, place{b.Host, b.Step})
		case journal.OutputRead:
			if p := (place{b.Host, b.Step}); brings(b.Step) >= 0 && (only == "" || only == b.Host) {
				said[p] = append(said[p], b.Data...)
			}
		case journal.StepEnded:
			p := place{b.Host, b.Step}
			i := brings(b.Step)
			if i < 0 || said[p] == nil || b.Outcome != journal.OK && b.Outcome != journal.Warned {
				continue
			}
			f, err := runbooks.ParseFetched(said[p])
			if err != nil {
				return fmt.Errorf("%s, step %s: %w", b.Host, b.Step, err)
			}
			delete(said, p)
			if err := do(b.Host, steps[i], f); err != nil {
				return err
			}
		}
	}
	return nil
}

// keepFile writes a file that a host gave: the same one again is no news, another is not written over.
func keepFile(name string, f runbooks.Fetched, force bool) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return bad(err)
	}
	if have, err := os.ReadFile(name); err == nil && string(have) == string(f.Data) {
		return nil
	}
	return putAs(name, f.Data, 0o600, force)
}
