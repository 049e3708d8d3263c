package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"
)

// How often the screen takes up what the readers have read.
const (
	pullPeriod  = 250 * time.Millisecond
	plainPeriod = time.Second
)

// Run shows the console until the operator leaves it, ctx ends, or the terminal goes away. Whatever ends it, the terminal is restored
// and no run is touched. A fault of the console's own is a *CrashError that names its log.
func Run(ctx context.Context, cfg Config) error {
	cfg, err := cfg.complete()
	if err != nil {
		return err
	}
	if cfg.Tier == Line {
		return runLines(ctx, cfg)
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &work{ctx: ctx, ticks: true, period: pullEvery(cfg.Tier), halt: haltGroup, gone: make(chan struct{})}
	c := newConsole(cfg, w)
	c.restore(loadMemory(cfg))
	p := tea.NewProgram(c, options(cfg, w)...)
	over := make(chan struct{})
	w.wg.Go(func() { w.quitInOrder(ctx, cancel, p, over) })
	_, err = p.Run()
	close(over)
	cancel()
	w.close()
	if c.crash != "" {
		return &CrashError{Log: c.crash}
	}
	if n := len(c.active()); n > 0 {
		fmt.Fprintf(cfg.Output, "%s\n", goesOn(n))
	}
	if err := c.memory().save(cfg); err != nil {
		return fmt.Errorf("the console's place was not kept: %w", err)
	}
	if errors.Is(err, tea.ErrProgramKilled) || errors.Is(err, tea.ErrInterrupted) {
		return nil // a signal, a lost terminal, the end of ctx: the console is over, which is all that was asked
	}
	return err
}

// complete fills in what was left to be found out.
func (cfg Config) complete() (Config, error) {
	if cfg.Inventory == nil || cfg.Journal == nil {
		return cfg, errors.New("the console needs an inventory and a journal")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Input == nil {
		cfg.Input = os.Stdin
	}
	if cfg.Output == nil {
		cfg.Output = os.Stdout
	}
	if cfg.Env == nil {
		cfg.Env = os.Environ()
	}
	if cfg.Tier == Auto {
		cfg.Tier = cfg.Settings.Tier
	}
	if cfg.Tier == Auto {
		cfg.Tier = DetectTier(cfg.Env, isTerminal(cfg.Input) && isTerminal(cfg.Output))
	}
	return cfg, nil
}

func isTerminal(v any) bool {
	f, ok := v.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(f.Fd())
}

// pullEvery is how often what hosts say is taken up: seldom where bytes are dear.
func pullEvery(t Tier) time.Duration {
	if t == Plain {
		return plainPeriod
	}
	return pullPeriod
}

func options(cfg Config, w *work) []tea.ProgramOption {
	opts := []tea.ProgramOption{
		tea.WithoutSignalHandler(), tea.WithEnvironment(cfg.Env),
		tea.WithInput(escReader(cfg.Input, escWait(cfg), &w.lent, w.hungUp)), tea.WithOutput(writerFor(cfg)),
	}
	switch cfg.Tier {
	case Plain:
		opts = append(opts, tea.WithColorProfile(colorprofile.ASCII), tea.WithFPS(8))
	case Basic:
		opts = append(opts, tea.WithColorProfile(colorprofile.ANSI), tea.WithFPS(20))
	default:
		opts = append(opts, tea.WithFPS(60))
	}
	return opts
}

// writerFor is the writer that the program gets: in the plain tier one that sends no queries.
func writerFor(cfg Config) io.Writer {
	if cfg.Tier != Plain {
		return cfg.Output
	}
	return plainWriter(cfg.Output)
}

// quitInOrder ends the program when its terminal hangs up, somebody asks it to, or ctx ends; the framework knows nothing of SIGHUP, and
// ends with ctx before its own reader has. What the terminal is lent to ends by cancel: the program hears nothing before that.
func (w *work) quitInOrder(ctx context.Context, cancel func(), p *tea.Program, over <-chan struct{}) {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(ch)
	select {
	case <-over:
		return
	case <-ctx.Done():
	case <-ch:
	case <-w.gone:
	}
	cancel()
	go p.Quit() // it waits for the event loop, which may wait for the terminal; it returns when the program is over
	select {
	case <-over:
	case <-time.After(2 * time.Second): // the terminal takes no more: do not wait for it
		p.Kill()
	}
}

// work owns every goroutine of the console: they end with ctx, and Run waits for them.
type work struct {
	ctx    context.Context
	wg     sync.WaitGroup
	ticks  bool // pull by the clock; off in tests, which pull by hand
	period time.Duration
	first  tea.Cmd                     // what the screens read that were opened before the program ran
	lent   atomic.Bool                 // the terminal is somebody else's, or about to be
	halt   func(context.Context) error // stops the process until a shell brings it back; nil in tests, which share theirs

	gone chan struct{} // is closed when the terminal is gone
	hung sync.Once

	mu     sync.Mutex
	closed bool
}

// hungUp says that the terminal is gone.
func (w *work) hungUp() { w.hung.Do(func() { close(w.gone) }) }

// enter counts a command in; false says that the console is over.
func (w *work) enter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	w.wg.Add(1)
	return true
}

// close waits for everything to end.
func (w *work) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.wg.Wait()
}

// do makes a command of f. What it returns arrives in Update. A panic in it is a message like any other.
func (w *work) do(f func(ctx context.Context) tea.Msg) tea.Cmd {
	return func() (msg tea.Msg) {
		if !w.enter() {
			return nil
		}
		defer w.wg.Done()
		defer func() {
			if r := recover(); r != nil {
				msg = panicked(r)
			}
		}()
		return f(w.ctx)
	}
}

// goesOn says what the operator leaves behind.
func goesOn(n int) string {
	if n == 1 {
		return "one run goes on; start the console again to see it"
	}
	return fmt.Sprintf("%d runs go on; start the console again to see them", n)
}
