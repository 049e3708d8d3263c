package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"tend/engine"
	"tend/inventory"
	"tend/journal"
	"tend/journal/segments"
	"tend/quote"
	"tend/remote"
	"tend/runner"
	"tend/ssh"
)

// runnerCmd is the run's own process. People never type it.
func (a *app) runnerCmd() *cobra.Command {
	return &cobra.Command{
		Use: "runner", Short: "Carry one run out (started by tend itself)", Hidden: true, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.runner(c.Context()) },
	}
}

func (a *app) runner(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGPIPE)
	out, ok := a.out.(io.WriteCloser)
	if !ok {
		out = os.Stdout
	}
	opened := func(err error) { runner.Report(out, err) }
	c, err := runner.Receive(a.in)
	if err != nil {
		opened(err)
		return err
	}
	book, err := segments.Open(c.Journal, c.Origin)
	if err != nil {
		opened(err)
		return err
	}
	defer book.Close()
	asker := runner.NewAsker()
	client, err := dialler(c, asker)
	if err != nil {
		opened(err)
		return err
	}
	defer client.Close()
	hands := newHands(client, c, book, asker)
	err = runner.Serve(ctx, c, book, asker, engine.New(book, hands, hands, engine.Options{Secrets: c.Secrets, Hold: c.Interactive}), opened)
	if errors.Is(err, engine.ErrLeftOpen) {
		return nil
	}
	return err
}

// dialler makes the SSH client that the commission describes.
func dialler(c runner.Commission, asker *runner.Asker) (*ssh.Client, error) {
	var r road
	if len(c.Road) > 0 {
		if err := json.Unmarshal(c.Road, &r); err != nil {
			return nil, err
		}
	}
	o := ssh.Options{Home: r.Home, AgentSocket: r.AgentSocket}
	if c.Interactive {
		o.Prompter = prompter{asker, c}
	}
	return ssh.New(o), nil
}

// prompter turns the road's questions into the run's.
type prompter struct {
	asker *runner.Asker
	c     runner.Commission
}

// Prompt declines unknown host keys where nobody at a screen can compare fingerprints: the error then says how to accept them.
func (p prompter) Prompt(ctx context.Context, q ssh.Question) (string, error) {
	if q.Kind == ssh.AskHostKey && !p.c.HostKeys {
		return "", ssh.ErrDeclined
	}
	answer, err := p.asker.Ask(ctx, runner.Question{
		Run: p.c.Run, Kind: string(q.Kind), Host: q.Host, Via: q.Via, Text: q.Text, Note: note(q), Echo: q.Echo,
	})
	if errors.Is(err, runner.ErrDeclined) {
		return "", ssh.ErrDeclined
	}
	return answer, err
}

func note(q ssh.Question) string {
	lines := []string{q.Note}
	if q.Fingerprint != "" {
		lines = append(lines, q.KeyType+" "+q.Fingerprint, q.Art)
	}
	if q.Attempt > 1 {
		lines = append(lines, "the last answer was wrong")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// hands joins the road and the detached step into what the engine asks for, and records each road as it is taken.
type hands struct {
	*remote.Keeper
	client *ssh.Client
	book   *segments.Segments
	run    journal.RunID
	taken  *roads
}

func newHands(client *ssh.Client, c runner.Commission, book *segments.Segments, asker *runner.Asker) hands {
	o := remote.Options{Remark: func(host inventory.HostID, _, text string) {
		// What cannot be recorded here stops the run at its next step, which says so.
		_, _ = book.Append(context.Background(), c.Run, journal.Remarked{Host: host, Text: quote.Line(text)})
	}}
	if c.Interactive {
		o.Secrets = func(ctx context.Context, h inventory.Host, kind string) (string, error) {
			return asker.Ask(ctx, runner.Question{Run: c.Run, Kind: "password", Host: h.Name, Text: kind})
		}
	}
	return hands{Keeper: remote.New(client, o), client: client, book: book, run: c.Run, taken: newRoads()}
}

// Carry carries the order out, and names in the journal the road that led there.
func (h hands) Carry(ctx context.Context, o engine.Order, sink func(int64, []byte) error) (int, error) {
	reached := func(offset int64, p []byte) error {
		if err := h.reach(ctx, o.Host.Name); err != nil {
			return err
		}
		return sink(offset, p)
	}
	return h.Keeper.Carry(ctx, remote.Order(o), reached)
}

func (h hands) reach(ctx context.Context, host inventory.HostID) error {
	r, ok := h.client.Road(host)
	key := r.HostKeyType + " " + r.Fingerprint
	if !ok || !h.taken.first(host, r.Since) {
		return nil
	}
	_, err := h.book.Append(ctx, h.run, journal.HostReached{Host: host, Addr: r.Addr, Via: r.Jumps, User: r.User, Key: key, Auth: r.Auth})
	return err
}
