package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// askTime is how long Runs may take over one request. Its work is small: a message to another process.
const askTime = 20 * time.Second

// loadOpen looks for runs that are still open, to follow those that are alive and to offer them.
func (c *console) loadOpen() tea.Cmd {
	cfg, depth := c.cfg, len(c.stack)
	return c.work.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		alive, open, err := cfg.found(ctx)
		if err == nil && slices.ContainsFunc(open, func(r journal.RunSummary) bool { return !slices.Contains(alive, r.Run) }) {
			alive, open, err = cfg.found(ctx) // one that ended between the two questions looks left behind: it is not there any more
		}
		if err != nil {
			return then(warnOf(err.Error()))
		}
		return then(func(c *console) tea.Cmd { return c.offer(open, alive, depth) })
	})
}

// found asks which runs have a process, and then which are open.
func (cfg Config) found(ctx context.Context) (alive []journal.RunID, open []journal.RunSummary, err error) {
	if cfg.Runs != nil {
		if alive, err = cfg.Runs.Alive(ctx); err != nil {
			return nil, nil, fmt.Errorf("runs at work could not be listed: %w", err)
		}
	}
	if open, err = cfg.Journal.Runs(ctx, journal.Query{Open: true, Limit: 20}); err != nil {
		return nil, nil, fmt.Errorf("the journal could not be read: %w", err)
	}
	return alive, open, nil
}

// offer follows what is alive, and says that it is there. A run that is at work and only reads wants nobody: the status line names it.
func (c *console) offer(open []journal.RunSummary, alive []journal.RunID, depth int) tea.Cmd {
	for _, id := range alive {
		c.follow(id)
	}
	open = slices.DeleteFunc(open, func(r journal.RunSummary) bool {
		return slices.Contains(alive, r.Run) && c.onlyReads(r.Runbook) || c.shows(c.watches[r.Run])
	})
	if len(open) == 0 || c.cfg.Open != "" {
		return nil
	}
	if len(c.stack) > depth { // what somebody has opened meanwhile is not covered
		c.note = note{text: plural(len(open), "run") + " not ended; " + cmp.Or(c.keyTo("journal"), ":journal") + " lists " + map[bool]string{true: "it", false: "them"}[len(open) == 1]}
		return nil
	}
	return c.run(push(newOffer(c, open, alive)))
}

func (c *console) onlyReads(runbook string) bool {
	return slices.ContainsFunc(c.cfg.Library, func(b runbooks.Runbook) bool { return b.Name == runbook && b.Risk == runbooks.Read })
}

// How often it is looked whether the runs that are followed still have a process and others have begun, and which runs have come and
// gone in between.
const (
	lookEvery = 5 * time.Second
	runsEvery = 15 * time.Second
)

// lookAlive finds out which runs have a process: one that nobody works on must not look at work, and one that was started elsewhere is
// named in the status line as well.
func (c *console) lookAlive() tea.Cmd {
	now := c.cfg.Now()
	if c.cfg.Runs == nil || now.Sub(c.looked.alive) < lookEvery {
		return nil
	}
	c.looked.alive = now
	runs := c.cfg.Runs
	return c.work.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		alive, err := runs.Alive(ctx)
		if err != nil {
			return nil // it is asked again; the journal's own words stand meanwhile
		}
		return quietMsg{func(c *console) tea.Cmd { return c.tookAlive(alive, now) }}
	})
}

func (c *console) tookAlive(alive []journal.RunID, asked time.Time) tea.Cmd {
	for _, id := range alive {
		c.follow(id)
	}
	for id, w := range c.watches {
		switch {
		case slices.Contains(alive, id):
			w.missed = 0
		case w.missed != 1 || w.heard == w.version: // of one that is being read, the end may still come
			w.missed++
		}
		w.heard = w.version
		if w.missed == 1 && w.state.Result == journal.Open {
			c.looked.alive = asked.Add(time.Second - lookEvery)
		}
	}
	return nil
}

// lookRuns reads the runs that others have started and ended since, so that the fleet shows what they found.
func (c *console) lookRuns() tea.Cmd {
	now := c.cfg.Now()
	if now.Sub(c.looked.runs) < runsEvery {
		return nil
	}
	c.looked.runs = now
	j, since := c.cfg.Journal, c.looked.since
	return c.work.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		found, err := j.Runs(ctx, journal.Query{Since: since, Limit: 50})
		if err != nil {
			return nil
		}
		return quietMsg{func(c *console) tea.Cmd {
			for _, r := range found {
				if !c.looked.seen[r.Run] {
					c.follow(r.Run)
				}
			}
			return nil
		}}
	})
}

// resume takes up a run whose process is gone.
func (c *console) resume(run journal.RunID) tea.Cmd {
	r, ok := c.cfg.Runs.(Resumer)
	if !ok {
		c.note = note{text: "runs cannot be taken up from here", bad: true}
		return nil
	}
	c.note = note{text: "taking the run up ..."}
	return c.work.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		if err := r.Resume(ctx, run); err != nil {
			return then(warnOf("not taken up: " + withHint(err)))
		}
		return then(func(c *console) tea.Cmd {
			c.follow(run).missed = 0
			c.note = note{text: "taken up again"}
			return nil
		})
	})
}

// follow makes the run be read, from its first event; once for each run.
func (c *console) follow(id journal.RunID) *watch {
	if w := c.watches[id]; w != nil {
		return w
	}
	j := c.cfg.Journal
	w := &watch{run: id, state: journal.NewState()}
	w.feed = newFeed(c.work.ctx, &c.work.wg, func(ctx context.Context) iter.Seq2[journal.Event, error] {
		return j.Events(ctx, id, 0, true)
	}, eventCost)
	c.watches[id], c.looked.seen[id] = w, true
	return w
}

// openRun shows a run: one at work or one of years ago, by the same screen.
func (c *console) openRun(id journal.RunID) tea.Cmd {
	w := c.follow(id)
	c.stack = append(c.stack, newRunScreen(c, w))
	c.looked.alive = time.Time{}
	return tea.Batch(c.tick(0), c.lookAlive())
}

// openHost shows a host.
func (c *console) openHost(id inventory.HostID) tea.Cmd {
	s := newHostScreen(c, id)
	c.stack = append(c.stack, s)
	return s.load(c)
}

// openJournal shows the runs, those of one host where it is named.
func (c *console) openJournal(host inventory.HostID) tea.Cmd {
	s := newJournalScreen(c, host)
	c.stack = append(c.stack, s)
	return s.load(c)
}

// resolve asks for a plan; on is what to do with it, failed with its error.
func (c *console) resolve(wish Wish, on func(proposal) action, failed func(error) action) tea.Cmd {
	if c.cfg.Resolve == nil {
		c.note = note{text: "no plan can be made here", bad: true}
		return nil
	}
	cfg := c.cfg
	return c.work.do(func(context.Context) tea.Msg {
		p, err := cfg.propose(wish)
		if err != nil {
			return then(failed(err))
		}
		return then(on(p))
	})
}

// start begins a run and shows it.
func (c *console) start(plan runbooks.Plan, reason, ticket string) tea.Cmd {
	runs := c.cfg.Runs
	c.note = note{text: "starting " + plan.Runbook + " ..."}
	return c.work.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		id, err := runs.Start(ctx, plan, reason, ticket)
		if err != nil {
			return then(warnOf("not started: " + withHint(err)))
		}
		return then(func(c *console) tea.Cmd {
			c.leaveWizard()
			c.note = note{}
			return c.openRun(id)
		})
	})
}

// leaveWizard goes back to where the run was wished for: Esc on a run leads there, not to its plan.
func (c *console) leaveWizard() {
	for {
		switch c.top().(type) {
		case *planScreen, *form, *picker:
			c.pop()
		default:
			return
		}
	}
}

// decide hands decisions to a run. What came of them is seen in the journal.
func (c *console) decide(run journal.RunID, said string, ds ...journal.Decided) tea.Cmd {
	runs, who := c.cfg.Runs, c.cfg.Who
	if runs == nil {
		c.note = note{text: "nothing can be decided from here", bad: true}
		return nil
	}
	return c.work.do(func(ctx context.Context) tea.Msg {
		told, err := decideAll(ctx, runs, run, who, said, ds)
		if err != nil {
			return then(warnOf(withHint(err)))
		}
		return then(say(told))
	})
}

// decideAll hands decisions to a run, one behind the other, and says what became of them. One that comes too late, because somebody else's
// came first, keeps back none of the others.
func decideAll(ctx context.Context, runs Runs, run journal.RunID, who journal.Who, said string, ds []journal.Decided) (string, error) {
	var late *journal.TooLate
	n := 0
	for _, d := range ds {
		d.By = who
		ctx, cancel := context.WithTimeout(ctx, askTime)
		err := runs.Decide(ctx, run, d)
		cancel()
		switch first := (*journal.TooLate)(nil); {
		case err == nil:
			n++
		case !errors.As(err, &first):
			return "", fmt.Errorf("%s was not accepted: %w", said, err)
		case late == nil:
			late = first
		}
	}
	switch {
	case late == nil:
		return said + ": the run has it, and it is recorded", nil
	case len(ds) > 1:
		return "", fmt.Errorf("%s counts for %d of %s: %w", said, n, plural(len(ds), "host"), late)
	}
	return "", fmt.Errorf("%s came too late: %w", said, late)
}

// withHint is an error with what to do about it.
func withHint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" && !strings.Contains(err.Error(), h.Hint()) {
		return fmt.Sprintf("%v (%s)", err, h.Hint())
	}
	return err.Error()
}
