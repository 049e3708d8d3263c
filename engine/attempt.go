package engine

import (
	"context"
	"sync"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// attempt is one attempt at a host's step, while it is in flight: one goroutine, and while it is made to end a second one.
type attempt struct {
	e       *Engine
	box     *mailbox
	at      int // the host's place in the plan
	host    inventory.Host
	step    *runbooks.Step
	n, free int
	job     string
	script  string
	adopted bool
	before  string // of an adopted reboot: the identity before, "" where no restart can have been ordered
	ordered bool   // of an adopted reboot: the restart was ordered

	deadline time.Time
	tap      *tap
	ctx      context.Context
	cancel   context.CancelFunc
	over     chan struct{} // closed when the hands have let go
	saved    chan bool     // whether the end is durable
	bodies   []journal.Body
	broken   error // the hands could not go on, because what they had to record was not saved
	known    bool  // the step ran to its end: nothing of it is left on the host but its record

	mu        sync.Mutex
	ending    ending
	signalled bool   // the host has passed a signal on
	trouble   string // why the last signal did not arrive
}

// ending is why a step is made to end before its time.
type ending int

const (
	_ ending = iota
	timedOut
	aborted
)

// ends notes that the step is made to end; false where it is already.
func (a *attempt) ends(why ending) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ending != 0 {
		return false
	}
	a.ending = why
	return true
}

func (a *attempt) why() ending {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ending
}

// limit is how long the step may take.
func (a *attempt) limit() time.Duration {
	if a.step.Timeout > 0 {
		return a.step.Timeout
	}
	return timeout
}

// reread is how much of a recorded output is read again by a resume: its last line may be the reason of a failure.
const reread = 4 << 10

// resume makes the attempt one that an earlier runner began. What parses its output must see all of it, so that is read again from
// its start; what is recorded already is not recorded twice. Its time counts anew: whether it began before the runner ended, nobody
// knows here, and a package manager that is killed too early does more harm than one that is killed too late.
func (a *attempt) resume(st journal.StepState, facts map[string]runbooks.Fact, now time.Time) {
	a.adopted = true
	a.deadline = now.Add(a.limit() + a.e.opt.Slack)
	from := max(st.Offset-reread, 0)
	if a.step.Emits != "" {
		from = 0
	}
	hide := a.tap.mask.secrets
	a.tap = newTap(a, a.box, from, st.Offset)
	a.tap.mask.secrets = hide
	if a.before, a.ordered = rebootTraces(facts, a); a.step.Kind == runbooks.Reboot && !a.ordered {
		a.deadline = a.deadline.Add(a.e.opt.Settle) // the restart may yet have to be ordered
	}
}

// work is the worker: it carries the step out, hands its end to the loop, and cleans up behind it once that is durable.
func (a *attempt) work() {
	defer a.cancel()
	if a.step.Kind == runbooks.Reboot {
		a.bodies = a.reboot()
	} else {
		a.bodies = a.carry()
	}
	close(a.over)
	a.box.end(a)
	if <-a.saved && a.known && a.job != "" {
		_ = a.within(tidyTime, func(ctx context.Context) error { return a.e.hands.Forget(ctx, a.host, a.job) })
	}
}

// carry has the hands carry a script out, and judges how it went.
func (a *attempt) carry() []journal.Body {
	o := Order{Host: a.host, Script: a.script, Become: a.step.Become, Private: len(a.tap.mask.secrets) > 0, Job: a.job, Offset: a.tap.next, Adopt: a.adopted,
		Changes: a.step.Risk != runbooks.Read && a.host.Shell != "none"}
	exit, err := a.e.hands.Carry(a.ctx, o, func(offset int64, p []byte) error { return a.tap.sink(a.ctx, offset, p) })
	a.known = err == nil
	return a.judge(exit, err)
}

// kill ends a step before its time. A detached one is asked, then made to; what only reads is let go of.
func (a *attempt) kill() {
	if a.job == "" {
		a.cancel()
		return
	}
	for _, sig := range []string{"TERM", "KILL"} {
		err := a.within(a.e.opt.Grace, func(ctx context.Context) error { return a.e.hands.Signal(ctx, a.host, a.job, sig) })
		a.passed(sig, err)
		c, stop := a.e.opt.Clock.Timer(a.e.opt.Grace)
		select {
		case <-a.over:
			stop()
			return
		case <-c:
		}
	}
	a.cancel()
}

// passed notes what became of a signal.
func (a *attempt) passed(sig string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.trouble = "signal " + sig + ": " + err.Error()
		return
	}
	a.signalled, a.trouble = true, ""
}

// within calls f with a context that ends after d, with the attempt's, or with the attempt itself.
func (a *attempt) within(d time.Duration, f func(context.Context) error) error {
	return within(a.ctx, a.e.opt.Clock, d, f)
}

// sleep waits for d; false where the attempt ends before.
func (a *attempt) sleep(d time.Duration) bool {
	c, stop := a.e.opt.Clock.Timer(d)
	defer stop()
	select {
	case <-c:
		return true
	case <-a.ctx.Done():
		return false
	}
}

// record makes events durable before the worker goes on.
func (a *attempt) record(bodies ...journal.Body) error {
	n := note{bodies: bodies, done: make(chan error, 1)}
	a.box.note(n)
	return <-n.done
}
