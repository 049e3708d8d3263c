package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tend/inventory"
	"tend/journal"
	"tend/journal/asciicast"
	"tend/journal/segments"
	"tend/quote"
	"tend/ui"
)

func (a *app) journalShells() *cobra.Command {
	var host, since string
	var asJSON bool
	c := &cobra.Command{
		Use: "shells", Short: "List interactive shells, newest first: who, where, why, and whether they were recorded", Args: cobra.NoArgs,
		Example: "  tend journal shells --host db-0712 --since 30d",
		RunE: func(c *cobra.Command, _ []string) error {
			var from time.Time
			if since != "" {
				var err error
				if from, err = a.ago(since); err != nil {
					return err
				}
			}
			return a.withBook(func(book *shelf) error {
				all, err := book.Shells(c.Context())
				if err != nil {
					return err
				}
				all = slices.DeleteFunc(all, func(r segments.ShellRecord) bool {
					return host != "" && r.Host != inventory.HostID(host) || r.Opened.Before(from)
				})
				if asJSON {
					return jsonLines(a, all)
				}
				return a.printShells(all)
			})
		},
	}
	c.Flags().StringVar(&host, "host", "", "only shells on this `host`")
	c.Flags().StringVar(&since, "since", "", "only shells since: `7d`, 12h, or a date")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON lines")
	return c
}

func (a *app) printShells(all []segments.ShellRecord) error {
	if len(all) == 0 {
		fmt.Fprintln(a.out, "no shells")
		return nil
	}
	tw := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "SHELL\tOPENED\tBY\tHOST\tENDED\tRECORDING\tREASON")
	for _, r := range all {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Session, r.Opened.Local().Format("2006-01-02 15:04"), quote.Line(r.By.User), quote.Line(string(r.Host)),
			shellEnd(r), recordingWords(r), dash(r.Reason))
	}
	return tw.Flush()
}

func shellEnd(r segments.ShellRecord) string {
	switch {
	case r.Closed == nil && r.Live:
		return "open"
	case r.Closed == nil:
		return "not known"
	case r.Closed.Reason != "":
		return quote.Line(r.Closed.Reason)
	}
	return fmt.Sprintf("exit %d after %s", r.Closed.Exit, r.Ended.Sub(r.Opened).Round(time.Second))
}

func recordingWords(r segments.ShellRecord) string {
	switch {
	case !r.Recorded:
		return "none"
	case r.Closed != nil && r.Closed.Recording != nil:
		return fmt.Sprintf("%d bytes", r.Closed.Recording.Bytes)
	}
	return "not closed"
}

func (a *app) journalReplay() *cobra.Command {
	var p asciicast.Pace
	var text, raw bool
	c := &cobra.Command{
		Use: "replay SHELL", Short: "Show a recorded shell as it was: at its own pace on a terminal, else as text", Args: cobra.ExactArgs(1),
		Long: `Show what a recorded shell showed, as fast as it did. Space pauses, "." steps, f and b go ten seconds on and back, + and - change
the speed, q ends. Only what paints and moves the cursor
reaches the terminal. Where the output is no terminal, or with --text, the session is written as lines of text with their times; --raw writes the
recording itself, an asciicast v3. A recording that is not as the journal says is shown with a warning, and the exit code is 1.`,
		Example: "  tend journal replay last\n  tend journal replay 261129-0712-k7f3 --speed 4 --idle 2s\n  tend journal replay last --text | less\n  tend journal replay last --raw > shell.cast",
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := untilSignal(c.Context()) // the terminal is made what it was
			defer stop()
			return a.withBook(func(book *shelf) error {
				r, err := findShell(ctx, book, args[0])
				if err != nil {
					return err
				}
				return a.replay(ctx, book, r, p, text, raw)
			})
		},
		ValidArgsFunction: a.completeShell,
	}
	c.Flags().Float64Var(&p.Speed, "speed", 1, "so many `times` as fast")
	c.Flags().DurationVar(&p.Idle, "idle", 0, "let no pause be longer than this `time`: 2s")
	c.Flags().BoolVar(&text, "text", false, "write lines of text, with their times")
	c.Flags().BoolVar(&raw, "raw", false, "write the recording itself")
	c.MarkFlagsMutuallyExclusive("text", "raw")
	return c
}

// findShell finds a recorded shell by its name, by the beginning or the end of one, or the last.
func findShell(ctx context.Context, book *shelf, typed string) (segments.ShellRecord, error) {
	all, err := book.Shells(ctx)
	if err != nil {
		return segments.ShellRecord{}, err
	}
	var hits []segments.ShellRecord
	for _, r := range all {
		id := string(r.Session)
		switch {
		case !r.Recorded && id == typed:
			return r, usage("record_shell = true at the host, or record_shells = true under [journal] of config.toml", "shell %s was not recorded", id)
		case r.Recorded && (id == typed || typed == "last"):
			return r, nil
		case r.Recorded && (strings.HasPrefix(id, typed) || strings.HasSuffix(id, typed)):
			hits = append(hits, r)
		}
	}
	switch len(hits) {
	case 0:
		return segments.ShellRecord{}, usage("tend journal shells shows them", "no recorded shell %q", typed)
	case 1:
		return hits[0], nil
	}
	return hits[0], usage("type more of it", "%q could be any of %d shells, such as %s and %s", typed, len(hits), hits[0].Session, hits[1].Session)
}

func (a *app) completeShell(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	_ = a.withBook(func(book *shelf) error {
		all, err := book.Shells(c.Context())
		for _, r := range all {
			if r.Recorded && len(args) == 0 {
				ids = append(ids, string(r.Session)+"\t"+string(r.Host))
			}
		}
		return err
	})
	return ids, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func (a *app) replay(ctx context.Context, book *shelf, r segments.ShellRecord, p asciicast.Pace, text, raw bool) error {
	problem := book.CheckRecording(r)
	if problem != nil {
		fmt.Fprintf(a.err, "DAMAGED: %s\n", quote.Line(problem.String()))
	}
	f, err := book.OpenRecording(r)
	if err != nil {
		return err
	}
	defer f.Close()
	switch {
	case raw:
		_, err = io.Copy(a.out, f)
	case text || !terminal(a.out) || !terminal(a.in):
		err = a.castText(r, f)
	default:
		err = a.play(ctx, r, f, p, a.in, a.out)
	}
	if err == nil && problem != nil {
		return silent(1)
	}
	return err
}

// castText writes a session as lines.
func (a *app) castText(r segments.ShellRecord, f io.Reader) error {
	_, events, err := asciicast.Read(f)
	if err != nil {
		return fmt.Errorf("the recording of shell %s: %w", r.Session, err)
	}
	fmt.Fprintf(a.out, "%s\n", shellTitle(r))
	for l, err := range asciicast.Lines(events) {
		if err != nil {
			return fmt.Errorf("the recording of shell %s: %w", r.Session, err)
		}
		fmt.Fprintf(a.out, "%9.1fs  %s\n", l.At.Seconds(), quote.Text(l.Text))
	}
	return nil
}

func shellTitle(r segments.ShellRecord) string {
	return quote.Line(strings.TrimSpace(fmt.Sprintf("shell on %s by %s, %s  %s", r.Host, r.By.User, r.Opened.Local().Format("2006-01-02 15:04:05"), r.Reason)))
}

// play shows a session on the terminal, in its own time.
func (a *app) play(ctx context.Context, r segments.ShellRecord, f io.ReadSeeker, p asciicast.Pace, in io.Reader, out io.Writer) error {
	h, events, err := asciicast.Read(f)
	if err != nil {
		return fmt.Errorf("the recording of shell %s: %w", r.Session, err)
	}
	tty, ok := in.(*os.File)
	if !ok {
		tty, ok = a.in.(*os.File)
	}
	if !ok {
		return usage("", "a replay needs a terminal")
	}
	small := ""
	if cols, rows, err := term.GetSize(int(tty.Fd())); err == nil && (cols < h.Term.Cols || rows < h.Term.Rows) {
		small = fmt.Sprintf("; it was %dx%d, and this terminal is smaller", h.Term.Cols, h.Term.Rows)
	}
	keys, stop, err := rawKeys(tty)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(out, "-- %s: space pauses, f b on and back, + - the speed, q ends%s\r\n", shellTitle(r), small)
	again, err := asciicast.Play(ctx, out, events, p, keys)
	for again != nil && err == nil {
		if _, err = f.Seek(0, io.SeekStart); err != nil {
			break
		}
		if _, events, err = asciicast.Read(f); err != nil {
			break
		}
		fmt.Fprintf(out, "%s\x1b[H\x1b[2J", asciicast.Reset)
		again, err = asciicast.Play(ctx, out, events, *again, keys)
	}
	fmt.Fprintf(out, "%s\r\n-- the end of shell %s\r\n", asciicast.Reset, r.Session)
	return err
}

// rawKeys reads single keys from a terminal until stop.
func rawKeys(tty *os.File) (<-chan byte, func(), error) {
	in, err := newKeyboard(tty)
	if err != nil {
		return nil, nil, err
	}
	was, err := term.MakeRaw(int(tty.Fd()))
	if err != nil {
		in.Stop()
		return nil, nil, err
	}
	keys, done, ended := make(chan byte), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer close(keys)
		var b [1]byte
		for {
			if n, err := in.Read(b[:]); err != nil || n == 0 {
				return
			}
			select {
			case keys <- b[0]:
			case <-done:
				return
			}
		}
	}()
	return keys, func() {
		close(done)
		in.Stop()
		<-ended
		_ = term.Restore(int(tty.Fd()), was)
	}, nil
}

// shells are those of the journal, for the screen.
type shells struct {
	a    *app
	book *shelf
}

// List is the shells on a host, or all, newest first.
func (s shells) List(ctx context.Context, host inventory.HostID) ([]ui.ShellEntry, error) {
	_, rerr := s.book.RecoverShells(ctx)
	all, err := s.book.Shells(ctx)
	var out []ui.ShellEntry
	for _, r := range all {
		if host == "" || r.Host == host {
			out = append(out, ui.ShellEntry{ID: r.Session, Host: r.Host, User: r.By.User, Reason: r.Reason, Opened: r.Opened, End: shellEnd(r), Recorded: r.Recorded})
		}
	}
	return out, errors.Join(err, rerr)
}

// Lines is a recorded shell as text.
func (s shells) Lines(ctx context.Context, id journal.RunID) iter.Seq2[ui.ShellLine, error] {
	return func(yield func(ui.ShellLine, error) bool) {
		r, f, err := s.open(ctx, id)
		if err != nil {
			yield(ui.ShellLine{}, err)
			return
		}
		defer f.Close()
		if p := s.book.CheckRecording(r); p != nil && !yield(ui.ShellLine{Text: "-- DAMAGED: " + p.String()}, nil) {
			return
		}
		_, events, err := asciicast.Read(f)
		if err != nil {
			yield(ui.ShellLine{}, err)
			return
		}
		for l, err := range asciicast.Lines(events) {
			if !yield(ui.ShellLine{At: r.Opened.Add(l.At), Text: l.Text}, err) {
				return
			}
		}
	}
}

// Replay shows a recorded shell on the terminal, in its own time.
func (s shells) Replay(ctx context.Context, id journal.RunID, in io.Reader, out io.Writer) error {
	r, f, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.a.play(ctx, r, f, asciicast.Pace{Speed: 1, Idle: 3 * time.Second}, in, out)
}

func (s shells) open(ctx context.Context, id journal.RunID) (segments.ShellRecord, *os.File, error) {
	r, err := findShell(ctx, s.book, string(id))
	if err != nil {
		return r, nil, err
	}
	f, err := s.book.OpenRecording(r)
	return r, f, err
}
