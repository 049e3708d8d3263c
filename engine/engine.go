package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// Clock is the time that the engine goes by. Tests have their own.
type Clock interface {
	Now() time.Time
	// Timer sends once on c after d; stop frees it before that.
	Timer(d time.Duration) (c <-chan time.Time, stop func() bool)
}

// Options are what an Engine may be told. The zero value is ready for use.
type Options struct {
	// Secrets are the values of the plan's secret parameters, by name. They go to hosts and nowhere else.
	Secrets map[string]string
	// Hold keeps a run with unknown hosts open, once nothing else is left to do, until an operator has decided about each: retry, skip
	// or abort. Without it such a run closes as Lost.
	Hold bool
	// Rules are how the plan's selectors and windows are read.
	Rules Rules
	Clock Clock
	// Up is how long this machine has been up, sleep included: what the clock is held against, to notice that it was set. nil or 0 = not known.
	Up func() time.Duration
	// Grace is how long a step has to end after TERM, and again after KILL; 0 = 15 s.
	Grace time.Duration
	// Settle is how long a resumed reboot waits for a restart that may have been ordered before it orders one itself; 0 = 2 min.
	Settle time.Duration
	// Slack is added to each step's time: where the clock runs faster than life, the machine beneath it does not.
	Slack time.Duration
	// Parse, Verdict and Render stand for ParseEmitted, Verdict and Plan.Rendered of package runbooks.
	Parse   func(s runbooks.Step, output []byte) (facts []runbooks.Fact, warnings []string)
	Verdict func(facts []runbooks.Fact) runbooks.CheckState
	Render  func(p *runbooks.Plan, step runbooks.StepID, host inventory.HostID) (string, error)
}

// The bounds of a step's output in memory and in the journal.
const (
	chunk    = 32 << 10               // bytes in one OutputRead, at most
	gather   = 100 * time.Millisecond // how long output waits for more of its kind
	timeout  = 10 * time.Minute       // of a step that names none
	tidyTime = 30 * time.Second       // for removing what a job left on its host
	glance   = time.Minute            // how often a run that waits for a time of day looks at the clock, which may be set meanwhile
)

// ErrLeftOpen says that the run was not carried to its end: the runner was told to stop. It can be resumed.
var ErrLeftOpen = errors.New("the run is left open")

// NotSaved says that the journal failed in mid-run. Nothing was started after that.
type NotSaved struct {
	Err error
	// Lost is what happened and is not in the journal; Left is what may still run on hosts. Both in words, sorted by host.
	Lost, Left []string
}

// Error is what happened, with everything that was not saved.
func (e *NotSaved) Error() string {
	s := "the run stopped, because its journal could not be written: " + e.Err.Error()
	for _, l := range e.Lost {
		s += "; not saved: " + l
	}
	for _, l := range e.Left {
		s += "; left running: " + l
	}
	return s
}

// Unwrap gives the journal's error.
func (e *NotSaved) Unwrap() error { return e.Err }

// Hint is what to do about it.
func (e *NotSaved) Hint() string {
	return "nothing new was started; make the journal's disk writable, then resume the run: steps on hosts are found again there"
}

// Engine carries runs out.
type Engine struct {
	rec   Recorder
	hands Hands
	reb   Rebooter
	opt   Options
	halt  chan struct{}
	once  sync.Once
}

// New is an engine that records with rec and works with hands and reb.
func New(rec Recorder, hands Hands, reb Rebooter, opt Options) *Engine {
	if opt.Clock == nil {
		opt.Clock = wall{}
	}
	if opt.Grace <= 0 {
		opt.Grace = 15 * time.Second
	}
	if opt.Settle <= 0 {
		opt.Settle = 2 * time.Minute
	}
	if opt.Parse == nil {
		opt.Parse = runbooks.ParseEmitted
	}
	if opt.Verdict == nil {
		opt.Verdict = runbooks.Verdict
	}
	if opt.Render == nil {
		opt.Render = func(p *runbooks.Plan, step runbooks.StepID, host inventory.HostID) (string, error) {
			return p.Rendered(step, host)
		}
	}
	return &Engine{rec: rec, hands: hands, reb: reb, opt: opt, halt: make(chan struct{})}
}

// Halt ends every Run of the engine at once: steps are left where they are, to be found again by a resume.
func (e *Engine) Halt() { e.once.Do(func() { close(e.halt) }) }

// Run carries the run out, from whatever its journal says has happened: start and resume are the same call. The caller has appended
// PlanAccepted and RunnerStarted and folded them into s; from here on Run owns s. It returns nil once the run's RunClosed is durable.
//
// A cancelled ctx finishes the steps that run, starts nothing new, and returns an error that wraps ErrLeftOpen and the cause that ctx was given; Halt
// does not wait for the steps either. A journal that fails gives a *NotSaved.
func (e *Engine) Run(ctx context.Context, s *journal.State, decisions <-chan Word) error {
	if s.Result != journal.Open {
		return nil
	}
	if s.Run == "" {
		return errors.New("the run has no accepted plan")
	}
	rules := e.opt.Rules
	rules.Accepted = s.Started
	plan, err := Compile(s.Plan(), rules)
	if err != nil {
		return fmt.Errorf("run %s cannot be carried out: %w", s.Run, err)
	}
	header, err := s.Plan().SecretHeader(e.opt.Secrets)
	if err != nil {
		return fmt.Errorf("run %s cannot be carried out: %w", s.Run, err)
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	r := &run{e: e, s: s, plan: plan, header: header, secrets: secrets(e.opt.Secrets), work: work, stop: stop, decisions: decisions, active: map[int]*attempt{}}
	r.box.bell = make(chan struct{}, 1)
	defer r.wg.Wait()
	if s.Runner.Resumed {
		rebase(s, e.opt.Clock.Now())
		r.tidy()
	}
	r.clockSet()
	return r.loop(ctx)
}
