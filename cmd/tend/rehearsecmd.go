package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tend/engine"
	"tend/inventory"
	"tend/journal"
	"tend/journal/segments"
	"tend/lab"
	"tend/plans"
	"tend/rehearse"
	"tend/runner"
	"tend/ssh"
)

// rehearsing are the flags of rehearse.
type rehearsing struct {
	runFlags
	faults  []string
	chaos   int
	seed    uint64
	drop    string
	away    time.Duration
	speed   float64
	journal string
}

func (a *app) rehearseCmd() *cobra.Command {
	var f rehearsing
	c := &cobra.Command{
		Use: "rehearse PLAN.toml | RUNBOOK [SELECTOR…]", Short: "Carry a plan out on a twin of the fleet, with things going wrong, and say whether its limits held",
		Long: `Rehearse a maintenance plan, or one runbook, before the night: the very same engine, runbooks, waves and limits, against simulated twins of
your hosts, made from the inventory and from what the journal last knew of each (system, pending updates, failed units, who is down). Nothing
real is touched. Windows do not bind; what would ask a person is answered, and told.

Let things go wrong with --fault (tend lab --list-faults), with --chaos N and a --seed, or with --drop-site. The report says how each run would
have ended, whether a group ever had more members down than it may, whether quorum was lost, how long it took, and who would have been asked what.

Exit codes: 0 all runs ended well and every limit held, 1 a run did not end well, 3 a limit was broken or an outcome is unknown.`,
		Example: `  tend rehearse plans/openssl-3.5.toml
  tend rehearse patch site=ams1 --fault 'web-0101:die-in=upgrade' --fault 'db-0712:never-returns'
  tend rehearse patch tag=web --chaos 3 --seed 7 --json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f.runbook, f.scope, f.choice.set = args[0], args[1:], f.set
			return a.rehearse(c.Context(), f)
		},
		ValidArgsFunction: a.completeRun,
	}
	f.bind(c)
	fl := c.Flags()
	fl.StringArrayVar(&f.faults, "fault", nil, "inject a `HOST:FAULT`, such as web-0001:dead; may be repeated")
	fl.IntVar(&f.chaos, "chaos", 0, "let so many things go wrong on hosts of the plan, chosen by --seed")
	fl.Uint64Var(&f.seed, "seed", 1, "what --chaos chooses by; the same seed gives the same rehearsal")
	fl.StringVar(&f.drop, "drop-site", "", "the link to this `site` drops once a step that changes something is at work there")
	fl.DurationVar(&f.away, "drop-for", 10*time.Minute, "how long the link is away, in rehearsed time")
	fl.Float64Var(&f.speed, "speed", 100, "how many times faster than life")
	fl.StringVar(&f.journal, "journal", "", "keep the rehearsal's journal in this `directory`, for tend report and tend attach")
	return c
}

func (a *app) rehearse(ctx context.Context, f rehearsing) error {
	ctx, stop := untilSignal(ctx) // its machine room and its directory go with it
	defer stop()
	s, err := a.stage(ctx, f)
	if err != nil {
		return err
	}
	defer s.close()
	r, err := s.perform(ctx, f)
	if ctx.Err() != nil {
		return &fault{code: 3, err: errors.New("the rehearsal was broken off"), hint: "nothing of it is left; begin it anew"}
	}
	if err != nil {
		return err
	}
	if f.json {
		enc := a.json()
		enc.SetIndent("", "  ")
		err = enc.Encode(r)
	} else {
		err = r.Write(a.out)
	}
	switch {
	case err != nil:
		return err
	case !r.Held() || slices.ContainsFunc(r.Runs, func(run rehearse.Run) bool { return run.Counts[journal.Unknown.String()] > 0 }):
		return silent(3)
	case !r.Passed():
		return silent(1)
	}
	return nil
}

// stage is where a rehearsal happens: the twin's machine room, and a world whose hosts are the twin's.
type stage struct {
	a      *app
	dir    string
	lab    *lab.Lab
	world  world
	find   func(inventory.HostID) (inventory.Host, bool) // of the twin's hosts and jump hosts
	known  inventory.Values
	book   *segments.Segments
	clock  *rehearse.Clock
	end    context.CancelFunc
	report rehearse.Report

	dropped bool // the link to a site was
}

func (a *app) stage(ctx context.Context, f rehearsing) (s *stage, err error) {
	w, err := a.world(ctx)
	if err != nil {
		return nil, err
	}
	s = &stage{a: a, clock: rehearse.NewClock(f.speed), known: a.values(ctx, w.inv, nil)}
	s.report = rehearse.Report{Subject: f.runbook, Speed: f.speed, Known: rehearse.Troubles(w.inv.Hosts, s.known), Faults: f.faults}
	if s.dir, err = os.MkdirTemp("", "tend-rehearsal-"); err != nil {
		return nil, err
	}
	ctx, s.end = context.WithCancel(ctx)
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if err := s.build(ctx, w, f.speed); err != nil {
		return nil, err
	}
	if f.journal == "" {
		f.journal = filepath.Join(s.dir, "journal")
	}
	if s.book, err = segments.Open(absolute(f.journal), a.origin(), segments.WithClock(s.clock.Now)); err != nil {
		return nil, bad(err)
	}
	return s, nil
}

// build serves the twin of a world: its fleet, and beside it the jump hosts that are no part of the fleet.
func (s *stage) build(ctx context.Context, w world, speed float64) (err error) {
	cast := rehearse.Cast(w.inv, s.known)
	jumps := rehearse.JumpsOf(cast)
	fleet := len(cast.Hosts)
	cast.Hosts = append(cast.Hosts, jumps.Hosts...)
	if s.lab, err = serve(ctx, s.dir, cast, speed, s.report.Known); err != nil {
		return err
	}
	twin := *s.lab.Inventory()
	served := twin.Hosts[fleet:]
	twin.Hosts = twin.Hosts[:fleet:fleet]
	twin.Path = w.inv.Path // what lies beside the inventory belongs to the rehearsal too
	s.world = world{inv: &twin, lib: w.lib, now: w.now, down: w.down}
	s.find = jumps.Find(&twin, served)
	for _, h := range served {
		s.report.Jumps = append(s.report.Jumps, h.Name)
	}
	return nil
}

// serve opens the twin's machine room.
func serve(ctx context.Context, dir string, cast *inventory.Inventory, speed float64, known []string) (*lab.Lab, error) {
	faults, err := faultsOf(known)
	if err != nil {
		return nil, err
	}
	l, err := lab.Serve(ctx, lab.Options{Inventory: cast, Dir: filepath.Join(dir, "twin"), Speed: speed, Faults: faults, Jumps: true})
	if err != nil {
		return nil, bad(err)
	}
	return l, nil
}

func faultsOf(texts []string) ([]lab.Fault, error) {
	var out []lab.Fault
	for _, t := range texts {
		ft, err := lab.ParseFault(t)
		if err != nil {
			return nil, usage("tend lab --list-faults", "%w", err)
		}
		out = append(out, ft)
	}
	return out, nil
}

func (s *stage) close() {
	s.end()
	if s.lab != nil {
		s.lab.Wait()
	}
	if s.book != nil {
		_ = s.book.Close() // a rehearsal's journal; nothing is lost with it
	}
	_ = os.RemoveAll(s.dir)
}

// perform rehearses every run in order, up to the first that does not end well.
func (s *stage) perform(ctx context.Context, f rehearsing) (*rehearse.Report, error) {
	all, goOn, err := s.plans(f)
	if err != nil {
		return nil, err
	}
	if err := s.trouble(all, &f); err != nil {
		return nil, err
	}
	for i, p := range all {
		if err := rehearse.Safe(&p.plan, filepath.Join(s.dir, "twin", "known_hosts"), s.find); err != nil {
			return nil, fmt.Errorf("this must not be rehearsed: %w", err)
		}
		run, err := s.run(ctx, p, f)
		if err != nil {
			return nil, err
		}
		s.report.Runs = append(s.report.Runs, run)
		if run.Result != journal.Passed.String() && !goOn[i] {
			s.report.Left = len(all) - i - 1
			break
		}
	}
	if f.drop != "" && !s.dropped {
		s.report.Remarks = append(s.report.Remarks, fmt.Sprintf("The link to %s never dropped: no step that changes something said a word there.", f.drop))
	}
	s.report.Remarks = append(s.report.Remarks, s.report.Idle()...)
	return &s.report, nil
}

// plans are the runs, resolved against the twin, and whether each may fail without ending the plan.
func (s *stage) plans(f rehearsing) ([]prepared, []bool, error) {
	if !strings.HasSuffix(f.runbook, ".toml") {
		p, err := s.world.prepare(f.choice, s.known)
		return []prepared{p}, []bool{false}, err
	}
	file, err := plans.Load(f.runbook)
	if err != nil {
		return nil, nil, bad(err)
	}
	r, err := plans.Resolve(file, s.world.inv, s.world.lib, s.known)
	if err != nil {
		return nil, nil, bad(err)
	}
	s.report.Subject = r.Name
	var all []prepared
	var goOn []bool
	for i, p := range r.Plans {
		if p, err = s.world.circumstances(p, f.choice); err != nil {
			return nil, nil, err
		}
		all, goOn = append(all, prepared{plan: p, inv: s.world.inv}), append(goOn, r.Runs[i].GoOn)
	}
	return all, goOn, nil
}

// trouble lets go wrong what was asked for.
func (s *stage) trouble(all []prepared, f *rehearsing) error {
	if f.chaos > 0 {
		var hosts []inventory.Host
		for _, p := range all {
			for _, h := range p.plan.Hosts {
				if !slices.ContainsFunc(hosts, func(o inventory.Host) bool { return o.Name == h.Name }) {
					hosts = append(hosts, h)
				}
			}
		}
		s.report.Seed = f.seed
		s.report.Faults = append(s.report.Faults, rehearse.Chaos(hosts, f.chaos, f.seed)...)
	}
	faults, err := faultsOf(s.report.Faults)
	if err != nil {
		return err
	}
	for _, ft := range faults {
		if err := s.lab.Inject(ft); err != nil {
			return usage("tend inventory list shows what there is", "%w", err)
		}
	}
	if f.drop != "" {
		if len(s.of(f.drop)) == 0 {
			return usage("tend inventory list shows what there is", "--drop-site: no host stands in a site %q", f.drop)
		}
		s.report.Faults = append(s.report.Faults, fmt.Sprintf("the link to %s drops for %s once a step that changes something is at work there", f.drop, f.away))
	}
	return nil
}

// of names the hosts of a site.
func (s *stage) of(site string) []string {
	var out []string
	for _, h := range s.world.inv.Hosts {
		if h.Site == site {
			out = append(out, string(h.Name))
		}
	}
	return out
}

// run carries one plan out on the twin, with the engine that real runs have.
func (s *stage) run(ctx context.Context, p prepared, f rehearsing) (rehearse.Run, error) {
	id := journal.NewRunID(s.clock.Now())
	c := runner.Commission{Run: id, Origin: s.a.origin()}
	asker := runner.NewAsker()
	client := ssh.New(ssh.Options{
		ConfigFiles: []string{}, Home: s.dir, AgentSocket: "none", Hosts: s.find, Warn: remarks(s.book, id),
		ConnectTimeout: 3 * time.Second, AuthTimeout: 5 * time.Second,
	})
	defer client.Close()
	secret := journal.NewRedactor()
	hands := newHands(client, c, road{}, s.book, asker, secret)
	eng := engine.New(recorder{journal.Redact(s.book, secret), hands}, hands, hands, engine.Options{
		Secrets: p.secrets, Clock: s.clock, Slack: time.Duration(10 * f.speed * float64(time.Second)),
	})
	accepted := s.a.accepted(ctx, p, how{reason: "rehearsal"})
	state := journal.NewState()
	events, err := s.book.Append(ctx, id, *accepted)
	if err != nil {
		return rehearse.Run{}, err
	}
	for _, e := range events {
		state.Apply(e)
	}
	decisions := make(chan engine.Word, 64)
	ended := make(chan error, 1)
	go func() { ended <- eng.Run(ctx, state, decisions) }()
	run, err := s.watch(ctx, id, decisions, f)
	if err2 := <-ended; err == nil {
		err = err2
	}
	return run, err
}

// watch follows the run, answers what would have been asked, and drops a site's link.
func (s *stage) watch(ctx context.Context, id journal.RunID, decisions chan<- engine.Word, f rehearsing) (rehearse.Run, error) {
	w := rehearse.NewWatch()
	var back *time.Timer
	defer func() {
		if back != nil {
			back.Stop()
		}
	}()
	working := map[inventory.HostID]bool{} // hosts of the site with a step that changes something
	for e, err := range s.book.Events(ctx, id, 0, true) {
		if err != nil {
			return w.Run(), err
		}
		if d := w.Apply(e); d != nil {
			decisions <- engine.Word{Decided: *d}
		}
		switch b := e.Body.(type) {
		case journal.StepStarted:
			working[b.Host] = b.Job != "" && f.drop != "" && slices.Contains(s.of(f.drop), string(b.Host))
		case journal.OutputRead: // the step is at work: it has said something
			if working[b.Host] && !s.dropped {
				s.dropped, back = true, s.cutOff(f)
			}
		}
	}
	return w.Run(), nil
}

// cutOff drops the link to a site, and brings it back when its time is over.
func (s *stage) cutOff(f rehearsing) *time.Timer {
	dead := lab.Fault{Hosts: strings.Join(s.of(f.drop), ","), Name: "dead"}
	_ = s.lab.Inject(dead) // the site has hosts: trouble looked
	return time.AfterFunc(s.clock.Life(f.away), func() {
		dead.Off = true
		_ = s.lab.Inject(dead)
	})
}
