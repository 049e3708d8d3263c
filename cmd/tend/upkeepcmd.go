package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tend/journal"
	"tend/journal/segments"
	"tend/quote"
	"tend/runbooks"
)

func (a *app) journalImport() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "import FILE|DIR…", Short: "Take in runs that another journal exported, or a whole journal or backup", Args: cobra.MinimumNArgs(1),
		Long: `Take in what "tend journal export" wrote on another machine, or every run of another journal's directory. Every chain is checked before anything is
kept. What is here already is recognised; what tells another story than ours is refused, and ours stays.`,
		Example: "  tend journal import run.jsonl\n  tend journal import /mnt/backup/journal\n  ssh jump tend journal export last | tend journal import -",
		RunE: func(c *cobra.Command, args []string) error {
			return a.withBook(func(book *shelf) error {
				var all []segments.Imported
				var errs error
				for _, arg := range args {
					got, err := a.importOne(c.Context(), book, arg)
					all = append(all, got...)
					errs = errors.Join(errs, err)
				}
				if err := a.printImported(all, asJSON); err != nil {
					return err
				}
				return errs
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON lines")
	return c
}

func (a *app) importOne(ctx context.Context, book *shelf, arg string) ([]segments.Imported, error) {
	if arg == "-" {
		return book.Import(ctx, a.in)
	}
	info, err := os.Stat(arg)
	if err != nil {
		return nil, bad(err)
	}
	var got []segments.Imported
	if info.IsDir() {
		got, err = book.Merge(ctx, arg)
	} else {
		got, err = importFile(ctx, book, arg)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("%s: %w", arg, err)
	case len(got) == 0:
		err = usage("name a journal's directory, a backup, or what tend journal export wrote", "%s: no run in it", arg)
	}
	return got, err
}

func importFile(ctx context.Context, book *shelf, path string) ([]segments.Imported, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := endless(f); err != nil {
		return nil, err
	}
	return book.Import(ctx, f)
}

func (a *app) printImported(all []segments.Imported, asJSON bool) error {
	if asJSON {
		return jsonLines(a, all)
	}
	tw := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	for _, i := range all {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", i.What, i.Origin, i.Run, plural(int(i.Events), "event"))
	}
	return tw.Flush()
}

func (a *app) journalBackup() *cobra.Command {
	return &cobra.Command{
		Use: "backup DIR", Short: "Copy the journal to a directory, while it is written; copies only what is new", Args: cobra.ExactArgs(1),
		Example: "  tend journal backup /mnt/backup/journal",
		RunE: func(c *cobra.Command, args []string) error {
			return a.withBook(func(book *shelf) error {
				n, err := book.Backup(c.Context(), args[0])
				if err != nil {
					return err
				}
				fmt.Fprintf(a.out, "%s copied to %s\n", plural(n, "segment"), quote.Line(args[0]))
				return nil
			})
		},
	}
}

func (a *app) journalKeep() *cobra.Command {
	var r segments.Retention
	var days int
	var size string
	var dry, asJSON bool
	c := &cobra.Command{
		Use: "keep", Short: "Let the oldest runs go; their summaries and last hashes stay, and the journal stays whole", Args: cobra.NoArgs,
		Long: `Remove the segments of runs that ended long ago, or of the oldest ones until the rest is small enough. A summary of each and its last hash stay in
the ledger, which a seal signs: verify misses nothing. With journal.seal = true in the settings that seal is made at once. Runs that are open or damaged are never removed. The recordings of shells go by the same age, and by a size of their own.`,
		Example: "  tend journal keep --days 1095 --dry-run\n  tend journal keep --size 2GB",
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if r.Bytes, err = bytesOf(size); err != nil {
				return err
			}
			if r.Age = time.Duration(days) * 24 * time.Hour; r.Age == 0 && r.Bytes == 0 {
				return usage("such as --days 1095, or --size 2GB", "say what is to be kept")
			}
			return a.withBook(func(book *shelf) error { return a.keep(c.Context(), book, r, dry, asJSON) })
		},
	}
	c.Flags().IntVar(&days, "days", 0, "keep runs that ended within so many `days`")
	c.Flags().StringVar(&size, "size", "", "keep as many runs as fit in this `size`: 500MB, 2GB")
	c.Flags().BoolVar(&dry, "dry-run", false, "only show what would go")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON lines")
	return c
}

// bytesOf reads 500MB or 2GB.
func bytesOf(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	for i, unit := range []string{"KB", "MB", "GB", "TB"} {
		if digits, ok := strings.CutSuffix(strings.ToUpper(s), unit); ok {
			n, err := strconv.ParseInt(digits, 10, 32)
			if err == nil && n > 0 {
				return n << (10 * (i + 1)), nil
			}
		}
	}
	return 0, usage("such as 500MB or 2GB", "%q is not a size", s)
}

func (a *app) keep(ctx context.Context, book *shelf, r segments.Retention, dry, asJSON bool) error {
	gone, err := book.Expired(ctx, r)
	if err != nil {
		return err
	}
	shells, err := book.ExpiredRecordings(ctx, r)
	if err != nil {
		return err
	}
	if asJSON {
		err = jsonLines(a, gone)
	} else {
		a.printGone(gone, shells)
	}
	if dry || err != nil || len(gone)+len(shells) == 0 {
		return err
	}
	seal, err := a.sealer(ctx)
	if err != nil {
		return &fault{code: 1, err: fmt.Errorf("nothing was removed, for what replaces it could not be signed: %w", err), hint: "load the key into the agent, or set journal.seal = false"}
	}
	if seal != nil {
		defer seal.Close()
	}
	if err := drop(ctx, book, gone, shells); err != nil {
		return err
	}
	what := plural(len(gone), "run") + " and " + plural(len(shells), "recording")
	if seal == nil {
		fmt.Fprintf(a.err, "removed %s; seal what is left: tend journal seal\n", what)
		return nil
	}
	sealed, err := book.Seal(ctx, seal)
	if err != nil {
		return fmt.Errorf("removed %s, and what is left was not sealed: %w", what, err)
	}
	fmt.Fprintf(a.err, "removed %s; their summaries and what is left are sealed by %s\n", what, quote.Line(sealed.Key))
	return nil
}

// drop removes recordings and runs; the ledger keeps the summaries.
func drop(ctx context.Context, book *shelf, gone []journal.RunSummary, shells []segments.ShellRecord) error {
	for i, sh := range shells {
		if err := book.DropRecording(ctx, sh); err != nil {
			return fmt.Errorf("after %s: %w", plural(i, "recording"), err)
		}
	}
	for i, sum := range gone {
		if err := book.Drop(ctx, sum.Run); err != nil {
			return fmt.Errorf("after %s: %w", plural(i, "run"), err)
		}
	}
	return nil
}

func (a *app) printGone(gone []journal.RunSummary, shells []segments.ShellRecord) {
	for _, sh := range shells {
		fmt.Fprintf(a.out, "%s  %s  the recording of a shell on %s\n", sh.Session, sh.Ended.Local().Format(time.DateOnly), quote.Line(string(sh.Host)))
	}
	if len(gone)+len(shells) == 0 {
		fmt.Fprintln(a.out, "nothing to remove")
	}
	for _, s := range gone {
		fmt.Fprintf(a.out, "%s  %s  %s on %s, %s\n", s.Run, s.Ended.Local().Format(time.DateOnly), s.Runbook, quote.Line(runbooks.ScopeName(s.Scope)), s.Result)
	}
}

func (a *app) journalVacuum() *cobra.Command {
	return &cobra.Command{
		Use: "vacuum", Short: "Give back room that the index no longer needs", Args: cobra.NoArgs,
		Example: "  tend journal vacuum",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withBook(func(book *shelf) error {
				ix, err := book.index()
				if err != nil {
					return err
				}
				before, after, err := ix.Vacuum(c.Context())
				if err != nil {
					return err
				}
				fmt.Fprintf(a.out, "the index: %d KB before, %d KB now\n", before>>10, after>>10)
				return nil
			})
		},
	}
}
