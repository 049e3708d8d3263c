package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
)

// Plans are the maintenance plans: kept in git, approved, rehearsed, and run as they were approved. Each function may read files and the
// journal and take its time; one that is nil cannot be done from here.
type Plans struct {
	// Names are the plans that were found when the console began, for completion. Look takes such a name, or a path.
	Names []string
	Look  func(ctx context.Context, plan string) (PlanPage, error)
	// Compare says what the plan does otherwise than in a revision: "approved" for the one that its approvals were committed with.
	Compare func(ctx context.Context, path, revision string) (string, error)
	// Rehearse carries the plan out on a twin of the fleet, with these things going wrong, and returns its report.
	Rehearse func(ctx context.Context, path, troubles string) (string, error)
	// Approve writes an approval and says where. Its error wraps ErrWantsKey or ErrWantsPassphrase where it could not sign without.
	Approve func(context.Context, PlanApproval) (string, error)
	// Start leaves the plan to a process of its own, from its run first on, and returns the first run that this begins.
	Start func(ctx context.Context, path, digest string, first int) (journal.RunID, error)
}

// What an approval that is signed may lack.
var (
	ErrWantsKey        = errors.New("no key to sign with")
	ErrWantsPassphrase = errors.New("the key has a passphrase")
)

// PlanApproval is one person's yes to what was shown, and what it is signed with.
type PlanApproval struct {
	Path, Digest, By, Key string
	Passphrase            []byte // kept nowhere
}

// PlanPage is a maintenance plan as it stands now.
type PlanPage struct {
	Name, Path, Digest string
	Shown              string // the path as it is shown; "" = as it is
	Text               string // what it would do, and how it stands with its approvers
	Scripts            string // the plans of all its runs, with the exact text of their steps
	Blast              string // what it touches, in a few words
	Runs               int
	Hosts              []inventory.HostID
	Prod               bool
	Revision           string   // what it is compared with where nobody says otherwise
	Approvers          []string // the one that this account is comes first, and alone
	NoApprove, NoStart string   // why not; "" = it can
	Waits              string   // the window that is shut, and when it opens; "" = it begins at once
}

// maintenance is a maintenance plan, with what can be done about it.
type maintenance struct {
	cfg  Config
	page PlanPage
	list list
}

// openMaintenance reads a plan, shows it, and goes on with then.
func openMaintenance(plan string, after func(*maintenance) action) action {
	return func(c *console) tea.Cmd {
		if c.cfg.Plans.Look == nil {
			c.note = note{text: "plans cannot be read from here", bad: true}
			return nil
		}
		c.note = note{text: "reading " + plan + " ..."}
		cfg, depth := c.cfg, len(c.stack)
		return c.work.do(func(ctx context.Context) tea.Msg {
			page, err := cfg.Plans.Look(ctx, plan)
			if err != nil {
				return then(warnOf(withHint(err)))
			}
			return then(func(c *console) tea.Cmd {
				if c.note = (note{}); len(c.stack) != depth {
					return nil // the operator has gone elsewhere meanwhile
				}
				s := &maintenance{cfg: cfg, page: page}
				return tea.Batch(c.run(push(s)), c.run(after(s)))
			})
		})
	}
}

func stay(*maintenance) action { return nothing }

// planVerb is something that can be done about a plan.
type planVerb struct {
	keys, name, help string
	foot             bool
	why              func(Config, *PlanPage) string // page is nil where it is not read yet
	do               func(*maintenance) action
}

var planVerbs = []planVerb{
	{"d", "difference", "what it does otherwise than in a revision: as committed, or as approved", true, func(c Config, _ *PlanPage) string {
		return missing(c.Plans.Compare == nil)
	}, (*maintenance).difference},
	{"a", "approve", "approve what is shown, after typing its name; signed where the plan asks for it", true, func(c Config, p *PlanPage) string {
		return firstOf(readsOnly(c.Readonly)(), missing(c.Plans.Approve == nil), p.noApprove())
	}, (*maintenance).approve},
	{"t", "rehearse", "try it on a twin of the fleet, with things going wrong; nothing real is touched", true, func(c Config, _ *PlanPage) string {
		return missing(c.Plans.Rehearse == nil)
	}, (*maintenance).rehearse},
	{"s", "start", "run it as approved, after typing its name", true, func(c Config, p *PlanPage) string {
		return firstOf(readsOnly(c.Readonly)(), missing(c.Plans.Start == nil), p.noStart())
	}, (*maintenance).start},
}

func missing(yes bool) string {
	if yes {
		return "it cannot be done from here"
	}
	return ""
}

func (p *PlanPage) noApprove() string {
	if p == nil {
		return ""
	}
	return p.NoApprove
}

func (p *PlanPage) noStart() string {
	if p == nil {
		return ""
	}
	return p.NoStart
}

func firstOf(reasons ...string) string {
	for _, r := range reasons {
		if r != "" {
			return r
		}
	}
	return ""
}

// Binds are the plan's verbs.
func (s *maintenance) Binds() []bind {
	var verbs []bind
	for _, v := range planVerbs {
		verbs = append(verbs, bind{keys: v.keys, name: v.name, help: v.help, foot: v.foot, why: func() string { return v.why(s.cfg, &s.page) }, do: func() action { return v.do(s) }})
	}
	verbs = append(verbs,
		bind{keys: "enter l", name: "scripts", help: "each run's plan, with the exact text of its steps", foot: true, do: func() action {
			return push(newTextPager("SCRIPTS", s.page.Name, s.page.Scripts))
		}},
		bind{keys: "o", name: "hosts", help: "its hosts, on the fleet screen", foot: true, do: func() action { return onFleet(s.page.Hosts) }},
		bind{keys: "w", name: "write", help: "write what is shown to a file", do: func() action { return savePrompt(s.page.Name+"-plan.txt", s.page.Text) }},
		bind{keys: "ctrl+r", name: "reload", help: "read the plan, its approvals and the inventory again", do: func() action { return s.reload }},
	)
	return append(verbs, s.list.binds()...)
}

// binds of a line of the calendar that is about a plan: the plan is shown first, whatever is to be done.
func planBinds(cfg Config, path string) []bind {
	var out []bind
	for _, v := range planVerbs {
		out = append(out, bind{keys: v.keys, name: v.name, help: v.help, foot: v.foot, why: func() string {
			if path == "" {
				return "the line is about no plan"
			}
			return v.why(cfg, nil)
		}, do: func() action {
			return openMaintenance(path, func(s *maintenance) action {
				if why := v.why(cfg, &s.page); why != "" {
					return warnOf(v.name + " is not possible here: " + why)
				}
				return v.do(s)
			})
		}})
	}
	return out
}

func (s *maintenance) reload(c *console) tea.Cmd {
	return c.work.do(func(ctx context.Context) tea.Msg {
		page, err := s.cfg.Plans.Look(ctx, s.page.Path)
		if err != nil {
			return then(warnOf(withHint(err)))
		}
		return then(func(*console) tea.Cmd {
			s.page = page
			return nil
		})
	})
}

func (s *maintenance) difference() action {
	return ask(&prompt{label: "compare with revision (HEAD, HEAD~3, approved):", field: newField(s.page.Revision), enter: func(rev string) action {
		if rev = strings.TrimSpace(rev); rev == "" {
			return say("no revision, no difference")
		}
		return s.told("DIFFERENCE", s.page.Name+" since "+rev, "comparing ...", func(ctx context.Context) (string, error) { return s.cfg.Plans.Compare(ctx, s.page.Path, rev) })
	}})
}

func (s *maintenance) rehearse() action {
	return ask(&prompt{label: "what goes wrong (nothing; chaos 3; web-01:dead):", field: newField(""), enter: func(text string) action {
		return s.told("REHEARSAL", s.page.Name, "rehearsing "+s.page.Name+" on a twin of the fleet; nothing real is touched ...", func(ctx context.Context) (string, error) {
			return s.cfg.Plans.Rehearse(ctx, s.page.Path, text)
		})
	}})
}

// told shows a text that takes its time to be made. What the operator has opened meanwhile is not covered.
func (s *maintenance) told(name, scope, meanwhile string, text func(context.Context) (string, error)) action {
	return func(c *console) tea.Cmd {
		c.note = note{text: meanwhile}
		return c.work.do(func(ctx context.Context) tea.Msg {
			words, err := text(ctx)
			if err != nil {
				return then(warnOf(withHint(err)))
			}
			return then(func(c *console) tea.Cmd {
				if c.top() != s || c.prompt != nil {
					c.note = note{text: strings.ToLower(name) + " of " + s.page.Name + " is ready; do it again to see it"}
					return nil
				}
				return c.run(push(newProse(name, scope, words)))
			})
		})
	}
}

// approve asks who approves, where this account is none of the plan's approvers, and wants the plan's name typed.
func (s *maintenance) approve() action {
	if len(s.page.Approvers) == 1 {
		return s.approveAs(s.page.Approvers[0])
	}
	return ask(&prompt{label: "who approves (" + strings.Join(s.page.Approvers, ", ") + "):", field: newField(""), enter: func(who string) action {
		if who = strings.TrimSpace(who); !slices.Contains(s.page.Approvers, who) {
			return warnOf(fmt.Sprintf("%q is no approver of the plan: nothing was done", who))
		}
		return s.approveAs(who)
	}})
}

func (s *maintenance) approveAs(who string) action {
	label := fmt.Sprintf("approve digest %.12s as %s. Type %s:", s.page.Digest, who, s.page.Name)
	return ask(typedPrompt(label, []string{s.page.Name}, s.approved(PlanApproval{Path: s.page.Path, Digest: s.page.Digest, By: who})))
}

// approved writes the approval, and asks for the key or its passphrase where it cannot be signed without.
func (s *maintenance) approved(p PlanApproval) action {
	return func(c *console) tea.Cmd {
		return c.work.do(func(ctx context.Context) tea.Msg {
			said, err := s.cfg.Plans.Approve(ctx, p)
			switch {
			case errors.Is(err, ErrWantsPassphrase) && p.Passphrase == nil:
				return then(s.ifHere(ask(s.passphrase(p))))
			case errors.Is(err, ErrWantsKey) && p.Key == "":
				return then(s.ifHere(ask(&prompt{label: "the agent has no key of " + p.By + "; the key's file:", field: newField("~/.ssh/id_ed25519"), enter: func(path string) action {
					p.Key = strings.TrimSpace(path)
					return s.approved(p)
				}})))
			case err != nil:
				return then(warnOf("not approved: " + withHint(err)))
			}
			return then(func(c *console) tea.Cmd {
				c.note = note{text: said}
				return s.reload(c)
			})
		})
	}
}

// ifHere does something only where the plan is still what the operator looks at.
func (s *maintenance) ifHere(act action) action {
	return func(c *console) tea.Cmd {
		if c.top() != s || c.prompt != nil {
			return warnOf("not approved: you went elsewhere before it was signed")(c)
		}
		return c.run(act)
	}
}

func (s *maintenance) passphrase(p PlanApproval) *prompt {
	f := newField("")
	f.masked = true
	return &prompt{label: "passphrase of " + p.Key + ":", field: f, enter: func(text string) action {
		p.Passphrase = []byte(text)
		return s.approved(p)
	}}
}

// start wants the plan's name typed; a number behind it begins with a later run.
func (s *maintenance) start() action {
	label := s.page.Blast + ". Type " + s.page.Name + " to start"
	if s.page.Runs > 1 {
		label += fmt.Sprintf(" (%s 2: from run 2)", s.page.Name)
	}
	if s.page.Waits != "" {
		label = s.page.Waits + ". Type " + s.page.Name + " to start and wait"
	}
	return ask(&prompt{label: label + ":", field: newField(""), typed: true, enter: func(text string) action {
		rest, ok := strings.CutPrefix(strings.TrimSpace(text), s.page.Name)
		first, err := strconv.Atoi(strings.TrimSpace(rest))
		if rest == "" {
			first, err = 1, nil
		}
		if !ok || err != nil || first < 1 || first > s.page.Runs {
			return say("not typed as asked: nothing was done")
		}
		return s.begin(first)
	}})
}

func (s *maintenance) begin(first int) action {
	return func(c *console) tea.Cmd {
		c.note = note{text: "starting " + s.page.Name + " ..."}
		return c.work.do(func(ctx context.Context) tea.Msg {
			run, err := s.cfg.Plans.Start(ctx, s.page.Path, s.page.Digest, first)
			if err != nil {
				return then(warnOf("not started: " + withHint(err)))
			}
			return then(func(c *console) tea.Cmd {
				c.note = note{}
				return c.openRun(run)
			})
		})
	}
}

// View is the plan in words, wrapped.
func (s *maintenance) View(a area) frame {
	f := frame{name: "MAINTENANCE", scope: s.page.Name, prod: s.page.Prod, right: plural(len(s.page.Hosts), "host"), sub: a.text(firstOf(s.page.Shown, s.page.Path)), subEnd: a.text(fmt.Sprintf("digest %.12s", s.page.Digest))}
	var lines []string
	for l := range strings.Lines(s.page.Text) {
		lines = append(lines, hung(a.text(strings.TrimRight(l, "\n")), a.w-2)...)
	}
	from, to := s.list.window(len(lines), a.h)
	for i := from; i < to; i++ {
		line := "  " + lines[i]
		if i == s.list.at {
			line = a.chosen("> "+lines[i], a.w)
		}
		f.body = append(f.body, line)
	}
	f.status = a.text(firstOf(s.page.NoStart, s.page.Waits, s.page.Blast))
	return f
}

// hung is clean text in lines of w cells, all but the first behind the names.
func hung(s string, w int) []string {
	out := wrap(s, w)[:1]
	rest := strings.TrimLeft(s[len(out[0]):], " ")
	if rest == "" {
		return out
	}
	for _, l := range wrap(rest, w-hang) {
		out = append(out, strings.Repeat(" ", hang)+l)
	}
	return out
}

// hang is how far a plan's words stand behind its names; what is wrapped stands there too.
const hang = 10
