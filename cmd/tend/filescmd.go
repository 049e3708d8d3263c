package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/remote"
	"tend/runbooks"
	"tend/ssh"
)

// filesAtOnce is how many hosts a file goes to or comes from at one time: the line is shared by all of them.
const filesAtOnce = 8

func (a *app) pullCmd() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "pull SELECTOR PATH [DIR]", Short: "Bring a file from hosts, over SFTP, as the user who logs in", Args: cobra.RangeArgs(2, 3),
		Long: `Bring a file of any size from every host that the selector means, as DIR/HOST/PATH (DIR is the current directory where it is not given). What was cut
off is taken up where it ended, unless the file has changed; a file is whole or not there. A file that is there already is left as it is without --force.
Who pulled what, its size and its sum are written into the journal; the file itself is not. For files that only root may read, a runbook's fetch step.`,
		Example: "  tend pull db-0712 /var/log/postgresql/slow.log\n  tend pull 'site=ams1 tag=web' /etc/nginx/nginx.conf ./before",
		RunE: func(c *cobra.Command, args []string) error {
			to := "."
			if len(args) == 3 {
				to = args[2]
			}
			return a.pull(c.Context(), args[0], args[1], to, force)
		},
		ValidArgsFunction: a.completeSelector,
	}
	c.Flags().BoolVar(&force, "force", false, "write over files that are there")
	return c
}

func (a *app) pull(ctx context.Context, scope, from, to string, force bool) error {
	if err := hostPath(from); err != nil {
		return err
	}
	m := &mover{a: a, verb: "pull"}
	return m.each(ctx, scope, func(ctx context.Context, h inventory.Host, f *ssh.Files, p ssh.Progress) (string, error) {
		dst := filepath.Join(to, string(h.Name), filepath.FromSlash(strings.TrimPrefix(from, "/")))
		if _, err := os.Lstat(dst); err == nil && !force {
			return "", usage("--force writes over it", "%s is there already, and is left as it is", quote.Line(dst))
		}
		if err := os.MkdirAll(filepath.Dir(dst), 0o700); err != nil {
			return "", err
		}
		t, err := f.Fetch(from, dst, 0o600, p)
		return fmt.Sprintf("pulled %s to %s: %s", from, dst, moved(t)), err
	})
}

func (a *app) pushCmd() *cobra.Command {
	var mode, reason, ticket string
	var yes bool
	c := &cobra.Command{
		Use: "push SELECTOR FILE PATH", Short: "Put a file on hosts, over SFTP, as the user who logs in", Args: cobra.ExactArgs(3),
		Long: `Put a file of any size on every host that the selector means: beside its place first, then renamed, so that nobody reads half of it. What was cut off is
taken up where it ended. What will be done is shown and must be confirmed, a host on which a run is at work is left out, and so is one whose maintenance window
is shut. Who pushed what, its size and its sum are in the journal before anything is sent. For what only root may write, or what waits for waves and limits, a
runbook's copy step.`,
		Example: "  tend push rack=r07 ./firmware-2.18.bin /var/tmp/firmware.bin\n  tend push db-0712 dump.sql /srv/restore/dump.sql --mode 0600 --reason CHG-4711",
		RunE: func(c *cobra.Command, args []string) error {
			n, err := strconv.ParseUint(mode, 8, 12)
			if err != nil {
				return usage("such as --mode 0640", "%q is no octal mode", mode)
			}
			return a.push(c.Context(), pushing{args[0], args[1], args[2], fs.FileMode(n), reason, ticket, yes})
		},
		ValidArgsFunction: a.completeSelector,
	}
	c.Flags().StringVar(&mode, "mode", "0644", "the file's `mode` on the hosts")
	c.Flags().StringVar(&reason, "reason", "", "`why`; hosts of production, and those with require_reason, want one")
	c.Flags().StringVar(&ticket, "ticket", "", "the ticket `reference`; hosts with require_ticket want one")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

type pushing struct {
	scope, file, to string
	mode            fs.FileMode
	reason, ticket  string
	yes             bool
}

func (a *app) push(ctx context.Context, w pushing) error {
	if err := hostPath(w.to); err != nil {
		return err
	}
	st, err := os.Stat(w.file)
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", quote.Line(w.file))
	}
	if err != nil {
		return bad(err)
	}
	id := string(journal.NewRunID(a.now()))
	m := &mover{a: a, verb: "push", check: func(hosts []inventory.Host) error { return a.mayPush(hosts, w, st.Size()) }}
	return m.each(ctx, w.scope, func(ctx context.Context, h inventory.Host, f *ssh.Files, p ssh.Progress) (string, error) {
		src, err := os.Open(w.file)
		if err != nil {
			return "", err
		}
		defer src.Close()
		if err := m.note(ctx, h.Name, strings.TrimSpace(fmt.Sprintf("pushing %s (%d bytes) to %s %s %s", w.file, st.Size(), w.to, w.reason, w.ticket))); err != nil {
			return "", err
		}
		var t ssh.Transfer
		err = m.leased(ctx, h, id, func() (err error) { t, err = f.Push(src, w.to, w.mode, p); return err })
		return fmt.Sprintf("pushed %s to %s: %s", w.file, w.to, moved(t)), err
	})
}

// leased does something to a host under a lease of its own.
func (m *mover) leased(ctx context.Context, h inventory.Host, id string, do func() error) error {
	ps, err := m.a.pushes()
	if err != nil {
		return err
	}
	ps.book = m.book
	note, err := ps.begin(id, h.Name)
	if err != nil {
		return err
	}
	k, claim := m.keeper(), remote.Claim{Owner: string(m.a.origin()), Run: id, At: m.a.now()}
	if err := ps.acquire(ctx, k, h, claim, func(text string) error { return m.note(ctx, h.Name, text) }); err != nil {
		_ = ps.end(ctx, k, h, claim, note) // the answer may have been lost behind the claim
		return err
	}
	ps.tidy(h.Name)
	err = do()
	if kept := ps.end(ctx, k, h, claim, note); kept != nil {
		text := fmt.Sprintf("%s keeps the lease of push %s until a push or a run of this console reaches it again, or somebody says: tend host break %s", h.Name, id, typed(string(h.Name)))
		m.a.report(errors.New(text))
		return errors.Join(err, m.note(context.WithoutCancel(ctx), h.Name, text))
	}
	return err
}

// mayPush sees that the hosts may be changed now, and asks.
func (a *app) mayPush(hosts []inventory.Host, w pushing, size int64) error {
	if err := runbooks.Owed(hosts, w.reason, w.ticket); err != nil {
		return bad(err)
	}
	for _, h := range hosts {
		if w.reason == "" && h.Prod {
			return usage("--reason 'why'", "a change on %s needs a reason", h.Name)
		}
		if win, err := windowOf(h, a.now()); err != nil {
			return bad(err)
		} else if win != nil {
			if open, next := win.At(a.now()); !open {
				return usage("push then, or by a runbook's copy step, which can wait for it", "the maintenance window of %s is shut until %s", h.Name, next.Format(time.DateTime))
			}
		}
	}
	if w.yes {
		return nil
	}
	if !terminal(a.in) {
		return usage("add --yes", "nobody is there to confirm it")
	}
	want := strconv.Itoa(len(hosts))
	fmt.Fprintf(a.err, "%s (%d bytes) goes to %s on %s. Type %s to start: ", quote.Line(w.file), size, quote.Line(w.to), plural(len(hosts), "host"), want)
	return a.confirmed(want, "not started")
}

func hostPath(p string) error {
	if !path.IsAbs(p) || path.Clean(p) != p || p == "/" || strings.ContainsAny(p, "\x00\n") {
		return usage("such as /var/tmp/file", "%q is no absolute path of a file on a host", p)
	}
	return nil
}

func moved(t ssh.Transfer) string {
	s := fmt.Sprintf("%d bytes, SHA256 %s", t.Bytes, t.SHA256)
	if t.Resumed > 0 {
		s += fmt.Sprintf(", %d of them were there already", t.Resumed)
	}
	return s
}

// mover moves one file to or from many hosts.
type mover struct {
	a      *app
	verb   string
	check  func([]inventory.Host) error // before anything is sent; may be nil
	client *ssh.Client
	book   *shelf

	mu    sync.Mutex
	far   map[inventory.HostID][2]int64 // done, total
	shown time.Time
}

func (m *mover) keeper() *remote.Keeper {
	var o remote.Options
	road{JobRoot: m.a.getenv("TEND_JOB_ROOT")}.place(&o)
	return remote.New(m.client, o)
}

func (m *mover) note(ctx context.Context, h inventory.HostID, text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.a.note(ctx, m.book, h, text)
}

// each does one for every host, and says and records how it ended; an error where any host failed.
func (m *mover) each(ctx context.Context, scope string, one func(context.Context, inventory.Host, *ssh.Files, ssh.Progress) (string, error)) error {
	ctx, stop := untilSignal(ctx) // a host that is leased is given back
	defer stop()
	inv, err := m.a.load()
	if err != nil {
		return err
	}
	hosts, err := world{inv: inv}.hosts(scope, m.a.values(ctx, inv, []string{scope}))
	if err != nil {
		return err
	}
	if m.check != nil {
		if err := m.check(hosts); err != nil {
			return err
		}
	}
	m.client, m.far = ssh.New(m.a.sshOptions(inv)), map[inventory.HostID][2]int64{}
	defer m.client.Close()
	return m.a.withBook(func(book *shelf) error {
		m.book = book
		slots := make(chan struct{}, filesAtOnce)
		var wait sync.WaitGroup
		failed := 0
		for i, h := range hosts {
			slots <- struct{}{}
			if ctx.Err() != nil {
				wait.Wait() // nobody else counts then
				failed += len(hosts) - i
				break
			}
			wait.Go(func() {
				defer func() { <-slots }()
				text, err := m.one(ctx, h, one)
				m.mu.Lock()
				defer m.mu.Unlock()
				if m.end(ctx, h.Name, text, err) != nil {
					failed++
				}
			})
		}
		wait.Wait()
		if ctx.Err() != nil {
			return &fault{code: 3, err: fmt.Errorf("%s of %d did not get there: it was broken off", plural(failed, "host"), len(hosts)), hint: "the same command takes up what is there"}
		}
		if failed > 0 {
			fmt.Fprintf(m.a.err, "%s of %d failed\n", plural(failed, "host"), len(hosts))
			return silent(1)
		}
		return nil
	})
}

func (m *mover) one(ctx context.Context, h inventory.Host, one func(context.Context, inventory.Host, *ssh.Files, ssh.Progress) (string, error)) (string, error) {
	f, err := m.client.Files(ctx, h)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return one(ctx, h, f, func(done, total int64) { m.progress(h.Name, done, total) })
}

// end is called under the lock.
func (m *mover) end(ctx context.Context, h inventory.HostID, text string, err error) error {
	m.clear()
	if err != nil {
		if !strings.HasPrefix(err.Error(), string(h)+":") {
			err = fmt.Errorf("%s: %w", h, err)
		}
		m.a.report(err)
		text = m.verb + " failed: " + err.Error()
	} else {
		fmt.Fprintf(m.a.out, "%s: %s\n", h, quote.Line(text))
	}
	if nerr := m.a.note(context.WithoutCancel(ctx), m.book, h, text); nerr != nil {
		m.a.report(nerr)
		return nerr
	}
	return err
}

// progress shows, on a terminal and at most ten times a second, how much of all has been moved.
func (m *mover) progress(h inventory.HostID, done, total int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.far[h] = [2]int64{done, total}
	if !terminal(m.a.err) || time.Since(m.shown) < 100*time.Millisecond {
		return
	}
	m.shown = time.Now()
	var have, all int64
	for _, f := range m.far {
		have, all = have+f[0], all+f[1]
	}
	fmt.Fprintf(m.a.err, "\r%s: %d of %d MiB, %d%% ", plural(len(m.far), "host"), have>>20, all>>20, have*100/max(all, 1))
}

func (m *mover) clear() {
	if terminal(m.a.err) && !m.shown.IsZero() {
		fmt.Fprintf(m.a.err, "\r%48s\r", "")
	}
}
