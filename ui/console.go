package ui

import (
	"context"
	"iter"
	"time"

	tea "charm.land/bubbletea/v2"

	"tend/fleet"
	"tend/inventory"
	"tend/journal"
)

// console is the one tea.Model. Screens are plain structs on its stack; it holds what they share and does what they ask.
type console struct {
	cfg    Config
	pen    *pen
	w, h   int
	now    time.Time
	stack  []screen
	prompt *prompt
	note   note
	// leaving counts the presses of the key that leaves: the second one in a row does.
	leaving string
	fleet   *fleet.Fleet
	marks   map[inventory.HostID]bool
	watches map[journal.RunID]*watch
	known   *feed[standing]
	asks    questions
	typed   typedLines
	work    *work
	crash   string // the log file that a panic was written to
	looked  looks
	mouse   bool
}

// looks is when it was last looked for what others do, what was seen of it, and how much was heard of runs: their events, but for output.
type looks struct {
	alive, runs, since time.Time
	seen               map[journal.RunID]bool
	heard              uint64
}

type (
	// pullMsg says that it is time to take up what the feeds have read.
	pullMsg struct{}
	// doneMsg carries an action that a command came back with.
	doneMsg struct{ act action }
	// quietMsg is a doneMsg that nobody has asked for: it lets no age on the screen grow, so that an idle console writes nothing.
	quietMsg struct{ act action }
)

// then is a command's usual end: an action on the console, in Update.
func then(act action) tea.Msg { return doneMsg{act} }

func newConsole(cfg Config, w *work) *console {
	c := &console{
		cfg: cfg, work: w, w: 80, h: 24, now: cfg.Now(),
		fleet:   fleet.New(cfg.Inventory),
		marks:   map[inventory.HostID]bool{},
		watches: map[journal.RunID]*watch{},
		mouse:   cfg.Settings.Mouse,
		looked:  looks{alive: cfg.Now(), runs: cfg.Now(), since: cfg.Now(), seen: map[journal.RunID]bool{}},
	}
	c.fleet.Refresh(c.now)
	c.repaint(lightBackground(cfg))
	c.stack = []screen{newFleetScreen(c)}
	return c
}

// repaint takes the colours for a background.
func (c *console) repaint(light bool) {
	unicode := c.cfg.Tier == Full && utf8(c.cfg.Env, true) || c.cfg.Tier == Basic && utf8(c.cfg.Env, false)
	c.pen = newPenWith(c.cfg.Tier, unicode, light, c.cfg.Settings)
}

// Init starts the readers; nothing is waited for, so that the first picture is there at once.
func (c *console) Init() tea.Cmd {
	if c.cfg.Known != nil || c.cfg.Last != nil {
		c.known = newFeed(c.work.ctx, &c.work.wg, c.cfg.standings, func(standing) int { return 0 })
	}
	if c.cfg.Asks != nil {
		c.asks.feed = newFeed(c.work.ctx, &c.work.wg, c.readAsks, func(Ask) int { return 0 })
	}
	cmds := []tea.Cmd{c.tick(10 * time.Millisecond), c.loadOpen(), c.work.first}
	if c.cfg.Open != "" {
		cmds = append(cmds, c.openRun(c.cfg.Open))
	}
	if c.cfg.Tier == Full && c.cfg.Settings.Background == "" && c.work.ticks {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	return tea.Batch(cmds...)
}

func (c *console) tick(d time.Duration) tea.Cmd {
	if !c.work.ticks {
		return nil
	}
	return tea.Tick(d, func(time.Time) tea.Msg { return pullMsg{} })
}

// Update folds a message. A panic anywhere beneath ends the console, not the run: the cause goes to a file.
func (c *console) Update(msg tea.Msg) (m tea.Model, cmd tea.Cmd) {
	defer func() {
		if r := recover(); r != nil {
			m, cmd = c, c.crashed(r)
		}
	}()
	if c.crash != "" {
		return c, tea.Quit
	}
	return c, c.update(msg)
}

func (c *console) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		c.w, c.h = msg.Width, msg.Height
	case tea.KeyPressMsg:
		if c.work.lent.Load() {
			return nil
		}
		c.now = c.cfg.Now()
		c.fleet.Refresh(c.now)
		return c.keys(msg)
	case tea.BackgroundColorMsg:
		if c.cfg.Settings.Background == "" {
			c.repaint(!msg.IsDark())
		}
	case tea.MouseMsg:
		return c.mouseMsg(msg)
	case tea.PasteMsg:
		if c.work.lent.Load() {
			return nil
		}
		return c.paste(msg.Content)
	case pullMsg:
		return c.pull()
	case doneMsg:
		c.now = c.cfg.Now()
		return c.run(msg.act)
	case quietMsg:
		return c.run(msg.act)
	case panicMsg:
		return c.crashed(msg)
	}
	return nil
}

func (c *console) run(act action) tea.Cmd {
	if act == nil {
		return nil
	}
	return act(c)
}

func (c *console) top() screen { return c.stack[len(c.stack)-1] }

// pop leaves the screen on top; the first one stays.
func (c *console) pop() tea.Cmd {
	if len(c.stack) == 1 {
		return nil
	}
	if l, ok := c.top().(leaver); ok {
		l.Leave()
	}
	gone := c.top()
	c.stack = c.stack[:len(c.stack)-1]
	if f, ok := gone.(*form); ok {
		c.leftForm(f)
	}
	if r, ok := gone.(*runScreen); ok && r.w.ended && !c.shows(r.w) {
		delete(c.watches, r.w.run) // what is over is read again when it is wanted again
	}
	return nil
}

// shows reports whether some screen still shows the run.
func (c *console) shows(w *watch) bool {
	for _, s := range c.stack {
		if r, ok := s.(*runScreen); ok && r.w == w && w != nil {
			return true
		}
	}
	return false
}

// pullBudget is how long a pull may take before keys get their turn again.
const pullBudget = 8 * time.Millisecond

// pullRest is what is left to keys between two pulls of a backlog.
const pullRest = time.Millisecond

// pull takes up what the feeds have read. With a backlog it comes again at once, otherwise in its own time.
func (c *console) pull() tea.Cmd {
	start := time.Now()
	until := start.Add(pullBudget)
	changed, more := false, false
	for id, w := range c.watches {
		was := w.shape
		ch, m := w.pull(c.fleet, until, time.Now)
		c.looked.heard += w.shape - was
		changed, more = changed || ch, more || m
		if w.ended && w.err == nil && !c.shows(w) {
			delete(c.watches, id) // the fleet has folded it; who wants to see it reads it again
		}
	}
	if p, ok := c.top().(puller); ok {
		ch, m := p.Pull(time.Until(until))
		changed, more = changed || ch, more || m
	}
	ch, m := c.pullKnown(until)
	changed, more = changed || ch, more || m
	changed = c.pullAsks() || changed
	if now := c.cfg.Now(); changed || now.Sub(c.now) >= c.staleness() {
		c.now = now
		c.fleet.Refresh(now)
	}
	if more {
		return c.tick(pullRest)
	}
	return tea.Batch(c.tick(c.work.period), c.lookAlive(), c.lookRuns(), c.keepUp())
}

// staleness is how old the ages and clocks of a picture may grow while nothing happens: an idle console writes nothing, but a run that is at
// work and says nothing must be seen to be at work.
func (c *console) staleness() time.Duration {
	s, ok := c.top().(*runScreen)
	switch {
	case !ok || s.w.state.Result != journal.Open || s.w.state.Tally.AtWork <= len(s.w.manual()): // a person who is waited for may take all night
		return time.Minute
	case c.cfg.Tier == Plain:
		return 5 * time.Second
	}
	return time.Second
}

func (c *console) pullKnown(until time.Time) (changed, more bool) {
	for c.known != nil {
		items, left, ended, err := c.known.take(500)
		c.take(items)
		changed = changed || len(items) > 0
		if ended {
			c.known = nil
			if err != nil {
				c.note = note{text: "what the journal knows could not be read: " + err.Error(), bad: true}
			}
			return true, false
		}
		if !left || !time.Now().Before(until) {
			return changed, left
		}
	}
	return changed, false
}

// standing is one thing that is known of a host from earlier runs: a fact, or its part in a run.
type standing struct {
	known journal.Known
	ran   journal.HostRun
}

// standings are all of them, facts first.
func (cfg Config) standings(ctx context.Context) iter.Seq2[standing, error] {
	return func(yield func(standing, error) bool) {
		if cfg.Known != nil {
			for k, err := range cfg.Known(ctx) {
				if !yield(standing{known: k}, err) {
					return
				}
			}
		}
		if cfg.Last != nil {
			for r, err := range cfg.Last(ctx) {
				if !yield(standing{ran: r}, err) {
					return
				}
			}
		}
	}
}

func (c *console) take(items []standing) {
	known := make([]journal.Known, 0, len(items))
	for _, s := range items {
		if s.known.Host != "" {
			known = append(known, s.known)
		} else {
			c.fleet.Ran(s.ran)
		}
	}
	c.fleet.Known(known...)
}

// pulled counts the events taken up so far.
func (c *console) pulled() uint64 {
	n := c.fleet.Version()
	for _, w := range c.watches {
		n += w.version
	}
	if p, ok := c.top().(*pager); ok {
		n += uint64(p.store.len() + p.store.dropped)
	}
	return n
}
