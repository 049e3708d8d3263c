package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/journal"
	"tend/journal/segments"
	"tend/quote"
	"tend/runbooks"
	"tend/ui"
)

func (a *app) journalCmd() *cobra.Command {
	c := &cobra.Command{
		Use: "journal", Short: "Look at what was done",
		Example: "  tend journal list\n  tend journal show last\n  tend journal search 'No space left'\n  tend journal verify",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.journalList(), a.journalShow(), a.journalExport(), a.journalVerify(), a.journalReindex(), a.journalSearch())
	c.AddCommand(a.journalSeal(), a.journalImport(), a.journalBackup(), a.journalKeep(), a.journalVacuum(), a.journalShells(), a.journalReplay(), a.journalFiles())
	return c
}

// withBook opens the journal for one command.
func (a *app) withBook(do func(*shelf) error) error {
	book, err := a.book()
	if err != nil {
		return err
	}
	defer book.Close()
	return do(book)
}

func (a *app) journalList() *cobra.Command {
	var q journal.Query
	var host, since string
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List runs, newest first", Args: cobra.NoArgs,
		Example: "  tend journal list --host db-0712 --since 7d\n  tend journal list --runbook patch --limit 5",
		RunE: func(c *cobra.Command, _ []string) error {
			q.Host = inventory.HostID(host)
			if since != "" {
				t, err := a.ago(since)
				if err != nil {
					return err
				}
				q.Since = t
			}
			return a.withBook(func(book *shelf) error { return a.listRuns(c.Context(), book, q, asJSON) })
		},
	}
	fl := c.Flags()
	fl.StringVar(&host, "host", "", "only runs that had this `host`")
	fl.StringVar(&q.Runbook, "runbook", "", "only runs of this `runbook`")
	fl.StringVar(&since, "since", "", "only runs since: `7d`, 12h, or a date such as 2026-11-01")
	fl.IntVar(&q.Limit, "limit", 50, "at most so many (0 = all)")
	fl.BoolVar(&asJSON, "json", false, "print JSON lines")
	return c
}

// ago reads "7d", "12h", a date, or a date and a time.
func (a *app) ago(s string) (time.Time, error) {
	for _, form := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339Nano} {
		if t, err := time.ParseInLocation(form, s, time.Local); err == nil {
			return t, nil
		}
	}
	if n, ok := strings.CutSuffix(s, "d"); ok {
		if days, err := strconv.ParseUint(n, 10, 16); err == nil {
			return a.now().AddDate(0, 0, -int(days)), nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return time.Time{}, usage("write 7d, 12h, 2026-11-01 or 2026-11-01T14:30", "%q is not a time", s)
	}
	return a.now().Add(-d), nil
}

func (a *app) listRuns(ctx context.Context, book *shelf, q journal.Query, asJSON bool) error {
	runs, err := book.Runs(ctx, q)
	if err != nil {
		return err
	}
	if asJSON {
		return jsonLines(a, runs)
	}
	if len(runs) == 0 {
		fmt.Fprintln(a.out, "no runs")
		return nil
	}
	return printRuns(a.out, a.wide(), runs)
}

// printRuns is a line a run. On a terminal that has no room for all of it the first to go is when a run started, which its name begins with, and then
// the end of its scope; the counts stand below where they do not fit. 0 columns = it is none.
func printRuns(out io.Writer, cols int, runs []journal.RunSummary) error {
	rows := [][]string{{"RUN", "STARTED", "BY", "RUNBOOK", "SCOPE", "HOSTS", "RESULT"}}
	for _, r := range runs {
		result := r.Result.String()
		if r.Damaged != "" {
			result += " DAMAGED"
		}
		rows = append(rows, []string{quote.Line(string(r.Run)), r.Started.Local().Format("2006-01-02 15:04"), quote.Line(r.By.User), quote.Line(r.Runbook),
			quote.Line(runbooks.ScopeName(r.Scope)), strconv.Itoa(r.Hosts), result})
	}
	const started, scope, least = 1, 4, 8
	sizes, all := make([]int, len(rows[0])), len("COUNTS")
	for i := range sizes {
		for _, r := range rows {
			sizes[i] = max(sizes[i], utf8.RuneCountInString(r[i]))
		}
		all += sizes[i] + 2
	}
	dated := cols == 0 || all <= cols
	if !dated {
		all -= sizes[started] + 2
	}
	room := sizes[scope]
	if cols > 0 && all > cols {
		room = max(room-(all-cols), least)
	}
	return table(out, cols, func(tw io.Writer) {
		for i, r := range rows {
			r[scope] = begun(r[scope], room)
			if !dated {
				r = slices.Delete(r, started, started+1)
			}
			said := "COUNTS"
			if i > 0 {
				said = counts(runs[i-1].Counts)
			}
			fmt.Fprintln(tw, strings.Join(append(r, said), "\t"))
		}
	})
}

// begun is the beginning of s in w characters, with a mark where some are missing.
func begun(s string, w int) string {
	if r := []rune(s); len(r) > w {
		return string(r[:max(w-1, 0)]) + "~"
	}
	return s
}

func counts(m map[string]int) string {
	var parts []string
	for k, n := range sorted(m) {
		parts = append(parts, fmt.Sprintf("%s:%d", k, n))
	}
	return strings.Join(parts, " ")
}

func (a *app) journalShow() *cobra.Command {
	var what showing
	var host string
	c := &cobra.Command{
		Use: "show RUN", Short: "Show a run: what was planned, done and answered", Args: cobra.ExactArgs(1),
		Example: "  tend journal show last\n  tend journal show last --output --host db-0712\n  tend journal show 261122-2213-k7f3 --json",
		RunE: func(c *cobra.Command, args []string) error {
			if what.json && host != "" {
				return usage("tend journal search --run RUN --host HOST --json prints a host's", "--json prints every event of the run, and --host what one host said")
			}
			return a.withBook(func(book *shelf) error {
				run, err := a.find(c.Context(), book, args[0])
				if err != nil {
					return err
				}
				if what.json {
					return a.showJSON(c.Context(), book, run)
				}
				what.host, what.output = inventory.HostID(host), what.output || host != ""
				return a.showLines(c.Context(), book, run, what)
			})
		},
		ValidArgsFunction: a.completeRunID,
	}
	c.Flags().BoolVar(&what.json, "json", false, "print the events as JSON lines")
	c.Flags().BoolVar(&what.output, "output", false, "print everything that the hosts said")
	c.Flags().StringVar(&host, "host", "", "print everything that this `host` said, and nothing of the others")
	return c
}

func (a *app) showJSON(ctx context.Context, book journal.Journal, run journal.RunID) error {
	enc := a.json()
	for e, err := range book.Events(ctx, run, 0, false) {
		if err != nil {
			return err
		}
		if err := enc.Encode(e); err != nil {
			return err
		}
	}
	return nil
}

// showing is what of a run is shown.
type showing struct {
	json, output bool
	host         inventory.HostID
}

func (a *app) showLines(ctx context.Context, book journal.Journal, run journal.RunID, what showing) error {
	if what.host != "" {
		s, err := folded(ctx, book, run)
		if err != nil {
			return bad(err)
		}
		if s.Host(what.host) == nil {
			return noHostOf(run, what.host)
		}
	}
	s, err := ui.Lines(a.out, book.Events(ctx, run, 0, false))
	if err != nil || !what.output {
		return err
	}
	return a.showOutput(ctx, book, s, what.host)
}

// showOutput writes what every host said, host by host and step by step, escaped.
func (a *app) showOutput(ctx context.Context, book journal.Journal, s *journal.State, only inventory.HostID) error {
	texts := map[inventory.HostID]map[int][]byte{}
	for e, err := range book.Events(ctx, s.Run, 0, false) {
		if err != nil {
			return err
		}
		out, ok := e.Body.(journal.OutputRead)
		i := s.StepIndex(out.Step)
		if !ok || i < 0 || only != "" && only != out.Host {
			continue
		}
		if texts[out.Host] == nil {
			texts[out.Host] = map[int][]byte{}
		}
		texts[out.Host][i] = append(texts[out.Host][i], out.Data...)
	}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		for k, st := range s.Plan().Steps {
			if text, ok := texts[h.ID][k]; ok {
				how := h.Steps[k].Outcome.String()
				switch o := h.Steps[k].Outcome; o {
				case journal.OK, journal.Warned, journal.Failed: // of the others no exit code is known
					how += fmt.Sprintf(", exit %d", h.Steps[k].Exit)
				}
				fmt.Fprintf(a.out, "\n--- %s %s: %s\n%s\n", h.ID, st.ID, how, strings.TrimRight(quote.Text(string(text)), "\n"))
			}
		}
	}
	return nil
}

func (a *app) journalExport() *cobra.Command {
	return &cobra.Command{
		Use: "export RUN", Short: "Write a run's segment, byte for byte, to standard output", Args: cobra.ExactArgs(1),
		Example: "  tend journal export last > run.jsonl",
		RunE: func(c *cobra.Command, args []string) error {
			return a.withBook(func(book *shelf) error {
				run, err := a.find(c.Context(), book, args[0])
				if err != nil {
					return err
				}
				return book.Export(c.Context(), run, a.out)
			})
		},
		ValidArgsFunction: a.completeRunID,
	}
}

func (a *app) journalVerify() *cobra.Command {
	var asJSON bool
	var against, signers string
	c := &cobra.Command{
		Use: "verify", Short: "Check every hash of the journal and name the first event that is wrong", Args: cobra.NoArgs,
		Long: `Check every hash of the journal and name the first event that is wrong. With --against, check as well that the journal still holds what a seal
says, and that the seal's signature is good: so a tail that was cut off is found, which no chain of hashes can show by itself.`,
		Example: "  tend journal verify\n  tend journal verify --against seal-2026-11.txt --signers ~/.ssh/allowed_signers",
		RunE: func(c *cobra.Command, _ []string) error {
			if signers != "" && against == "" {
				return usage("add --against FILE", "--signers says who may seal, and no seal is named")
			}
			return a.withBook(func(book *shelf) error {
				if against != "" {
					return a.verifyAgainst(c.Context(), book, against, signers, asJSON)
				}
				rep, err := book.Verify(c.Context())
				if err != nil {
					return err
				}
				return a.printReport(rep, asJSON)
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&against, "against", "", "a seal's `file`, as tend journal seal wrote it, alone or within other text; - reads it from standard input")
	c.Flags().StringVar(&signers, "signers", "", "accept the keys of this allowed_signers `file` only (ssh-keygen(1), ALLOWED SIGNERS)")
	return c
}

func (a *app) printReport(rep segments.Report, asJSON bool) error {
	if asJSON {
		if err := jsonLines(a, []segments.Report{rep}); err != nil {
			return err
		}
	} else {
		for _, p := range rep.Remarks {
			fmt.Fprintf(a.out, "remark: %s\n", quote.Line(p.String()))
		}
		for _, p := range rep.Problems {
			fmt.Fprintf(a.out, "DAMAGED: %s\n", quote.Line(p.String()))
		}
		recordings := ""
		if rep.Recordings > 0 {
			recordings = plural(rep.Recordings, "recording") + ", "
		}
		fmt.Fprintf(a.out, "%s, %s, %s%s\n", plural(rep.Segments, "segment"), plural(int(rep.Events), "event"), recordings, plural(len(rep.Problems), "problem"))
	}
	if len(rep.Problems) > 0 {
		return silent(1)
	}
	return nil
}
