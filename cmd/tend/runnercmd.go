package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"tend/engine"
	"tend/journal"
	"tend/journal/segments"
	"tend/quote"
	"tend/runner"
	"tend/ssh"
)

// runnerCmd is the run's own process. People never type it.
func (a *app) runnerCmd() *cobra.Command {
	return &cobra.Command{
		Use: "runner", Short: "Carry one run out (started by tend itself)", Hidden: true, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			refused := false
			err := a.runner(c.Context(), &refused)
			if refused { // whoever started us has been told; the log is of the process that carries the run out
				return silent(2)
			}
			return err
		},
	}
}

// atWork begins the log's line of a process that has opened its run: what stands above it another one said.
const atWork = "the run is carried out by process "

func (a *app) runner(ctx context.Context, refused *bool) error {
	headroom()
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGPIPE)
	out, ok := a.out.(io.WriteCloser)
	if !ok {
		out = os.Stdout
	}
	opened := func(err error) {
		if *refused = err != nil; !*refused {
			fmt.Fprintln(a.err, atWork+strconv.Itoa(os.Getpid()))
		}
		runner.Report(out, err)
	}
	c, err := runner.Receive(a.in)
	if err != nil {
		opened(err)
		return err
	}
	if c.Accepted != nil {
		spacious(roomFor(len(c.Accepted.Plan.Hosts)))
	}
	book, err := segments.Open(c.Journal, c.Origin, append(slices.Clone(a.disk), segments.SharedByMode(c.Journal))...)
	if err != nil {
		opened(err)
		return err
	}
	defer book.Close()
	asker := runner.NewAsker()
	var r road
	if err := json.Unmarshal(c.Road, &r); err != nil {
		opened(err)
		return err
	}
	client := dialler(c, r, asker, remarks(book, c.Run))
	defer client.Close()
	secret := r.redactor()
	for _, v := range c.Secrets {
		secret.Add(v)
	}
	hands := newHands(client, c, r, book, asker, secret)
	hands.pushes, _ = a.pushes() // without a home there are none
	hands.pushes.origin, hands.pushes.book = string(c.Origin), book
	if c.Accepted == nil {
		if err := hands.held(ctx, book); err != nil {
			opened(err)
			return err
		}
	}
	hands.beat(ctx, leaseBeat, client.Linked)
	defer hands.resting.stop()
	eng := engine.New(recorder{journal.Redact(book, secret), hands}, hands, hands, engine.Options{
		Secrets: c.Secrets, Hold: c.Interactive, Up: runner.SinceBoot, Rules: engine.Rules{Window: windowOf},
	})
	ctx, stop := onTerm(ctx, eng.Halt)
	defer stop()
	return r.sealed(ctx, book, c.Run, runner.Serve(ctx, c, book, asker, eng, opened))
}

// sealed seals a run that has ended well, where that is wanted, and says how its process ends: one that leaves its run open as it was told to
// has done nothing wrong.
func (r road) sealed(ctx context.Context, book *segments.Segments, run journal.RunID, err error) error {
	switch {
	case errors.Is(err, engine.ErrLeftOpen):
		return nil
	case err == nil && r.Seal:
		return r.seal(ctx, book, run)
	}
	return err
}

// onTerm ends ctx at the first SIGTERM, so that what runs is finished and nothing new is started, and halts at the second.
func onTerm(ctx context.Context, halt func()) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals, done := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, syscall.SIGTERM)
	var wait sync.WaitGroup
	wait.Go(func() {
		for _, do := range []func(){func() { cancel(errTerm) }, halt} {
			select {
			case <-signals:
				do()
			case <-done:
				return
			}
		}
	})
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		wait.Wait()
		cancel(nil)
	}
}

// errTerm is why a run is left open, as its journal says it.
var errTerm = errors.New("it got SIGTERM")

// remarks records what the road passed over: an ssh_config option without effect, a key file that cannot be read, too few open files.
func remarks(book journal.Journal, run journal.RunID) func(ssh.Warning) {
	return func(w ssh.Warning) {
		// What cannot be recorded here stops the run at its next step, which says so.
		_, _ = book.Append(context.Background(), run, journal.Remarked{Host: w.Host, Text: w.Text})
	}
}

// dialler makes the SSH client that the commission describes.
func dialler(c runner.Commission, r road, asker *runner.Asker, warn func(ssh.Warning)) *ssh.Client {
	o := ssh.Options{Home: r.Home, AgentSocket: r.AgentSocket, Hosts: r.find, Warn: warn}
	if c.Interactive {
		o.Prompter = prompter{asker.Ask, c, warn}
	}
	return ssh.New(o)
}

// prompter turns the road's questions into the run's.
type prompter struct {
	ask    func(context.Context, runner.Question) (string, error)
	c      runner.Commission
	record func(ssh.Warning)
}

// Prompt declines unknown host keys where nobody at a screen can compare fingerprints: the error then says how to accept them.
func (p prompter) Prompt(ctx context.Context, q ssh.Question) (string, error) {
	if q.Kind == ssh.AskHostKey && !p.c.HostKeys {
		return "", ssh.ErrDeclined
	}
	answer, err := p.ask(ctx, runner.Question{
		Run: p.c.Run, Kind: string(q.Kind), Host: q.Host, Via: q.Via, Text: q.Text, Note: note(q), Echo: q.Echo,
	})
	if errors.Is(err, runner.ErrDeclined) {
		return "", ssh.ErrDeclined
	}
	if err == nil && q.Kind == ssh.AskHostKey && q.Accepts(answer) {
		p.record(ssh.Warning{Host: q.Host, Text: quote.Line("accepted at the screen: " + q.KeyType + " " + q.Fingerprint + ", a host key that was not known")})
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
