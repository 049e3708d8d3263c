package main

import (
	"context"
	"errors"

	"tend/journal"
	"tend/runbooks"
	"tend/runner"
	"tend/ui"
)

// console opens the screen: on the fleet, or on a run.
func (a *app) console(ctx context.Context, open journal.RunID) error {
	w, err := a.world(ctx)
	if err != nil {
		return err
	}
	book, err := a.book()
	if err != nil {
		return err
	}
	defer book.Close()
	state, err := a.stateDir()
	if err != nil {
		return err
	}
	settings, err := a.settings()
	if err != nil {
		return err
	}
	tier, err := a.tier(settings.Tier)
	if err != nil {
		return err
	}
	runs := &runs{a: a, w: w, book: book, secrets: map[string]map[string]string{}}
	asks := &asks{a: a}
	defer asks.wait.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return ui.Run(ctx, ui.Config{
		Inventory: w.inv, Library: w.lib.All(), Broken: w.lib.Broken(), Journal: book, Runs: runs, Asks: asks,
		Known: book.Facts, Last: book.lastRuns, Shell: a.shell(book, w.inv), Shells: shells{a, book}, Search: a.searcher(book), Settings: settings,
		Resolve: runs.resolve, Refusing: w.refusing, Pace: a.paceLines, Note: a.noter(book), Sheet: a.sheet(w.inv, tier), Plans: a.plansForScreen(w.inv), Now: a.now, Tier: tier, Readonly: a.readonly, Who: a.who(), StateDir: state, Fresh: a.fresh,
		Input: a.in, Output: a.out, Env: a.environ(), Open: open,
	})
}

// tier is the one that was asked for, else that of the settings, else the terminal's.
func (a *app) tier(chosen ui.Tier) (ui.Tier, error) {
	t, err := ui.ParseTier(a.tierFlag)
	if err != nil {
		return t, usage("see tend --help", "--tier: %w", err)
	}
	if t == ui.Auto {
		t = chosen
	}
	if t == ui.Auto {
		t = ui.DetectTier(a.environ(), terminal(a.in) && terminal(a.out))
	}
	return t, nil
}

// environ is what a terminal is judged by.
func (a *app) environ() []string {
	var env []string
	for _, k := range []string{"TERM", "COLORTERM", "NO_COLOR", "ACCESSIBLE", "LANG", "LC_ALL", "LC_CTYPE", "TERM_PROGRAM", "WT_SESSION", "ConEmuPID", "TMUX", "STY", "SSH_TTY", "SSH_CONNECTION", "COLORFGBG", "DISPLAY", "WAYLAND_DISPLAY", "EDITOR", "VISUAL", "PAGER"} {
		if v := a.getenv(k); v != "" {
			env = append(env, k+"="+v)
		}
	}
	return env
}

// runs lets the screen start and steer runs, which are processes of their own.
type runs struct {
	a       *app
	w       world
	book    *shelf
	secrets map[string]map[string]string // by the digest of the plan that was resolved
}

func (r *runs) resolve(wish ui.Wish) (runbooks.Plan, error) {
	c := choice{runbook: wish.Runbook, scope: []string{wish.Select}}
	for k, v := range sorted(wish.Params) {
		c.set = append(c.set, k+"="+v)
	}
	for _, h := range wish.Attached {
		c.attached = append(c.attached, string(h))
	}
	for _, h := range wish.AssumeUp {
		c.assumeUp = append(c.assumeUp, string(h))
	}
	if wish.Policy != nil {
		c.policy = *wish.Policy
	}
	p, err := r.w.prepare(c, nil)
	if err != nil {
		return runbooks.Plan{}, err
	}
	if len(p.secrets) > 0 {
		r.secrets[p.plan.Digest] = p.secrets
	}
	return p.plan, nil
}

// Start opens a run. The operator is at the screen, so that questions, those about host keys too, find someone.
func (r *runs) Start(ctx context.Context, plan runbooks.Plan, reason, ticket string) (journal.RunID, error) {
	p := prepared{plan: plan, secrets: r.secrets[plan.Digest], inv: r.w.inv}
	return r.a.start(ctx, p, how{interactive: true, hostKeys: true, reason: reason, ticket: ticket})
}

// Decide hands a decision to the run's process; a run that was left behind is taken up by deciding Continue.
func (r *runs) Decide(ctx context.Context, run journal.RunID, d journal.Decided) error {
	cl, err := r.a.client(run)
	if err != nil {
		return err
	}
	if err = cl.Decide(ctx, d); errors.Is(err, runner.ErrGone) {
		return r.a.unheard(run)
	}
	return err
}

// Resume takes up a run whose process is gone.
func (r *runs) Resume(ctx context.Context, run journal.RunID) error {
	return r.a.resume(ctx, run, how{interactive: true, hostKeys: true})
}

// Alive lists the runs that have a process.
func (r *runs) Alive(ctx context.Context) ([]journal.RunID, error) {
	dir, err := r.a.journalDir()
	if err != nil {
		return nil, err
	}
	alive, err := runner.Alive(ctx, r.a.runtimeDir(), dir)
	if err != nil {
		return nil, err
	}
	others, err := r.book.outOfReach(ctx, alive)
	return append(alive, others...), err
}
