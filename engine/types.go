package engine

import (
	"context"
	"errors"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// Action is one thing that Next wants done now. The set is closed.
type Action interface{ action() }

// The actions.
type (
	// Open lets a wave begin.
	Open struct{ Wave int }
	// Start begins an attempt at a host's step; StepStarted must be durable first.
	Start struct {
		Host    inventory.HostID
		Step    runbooks.StepID
		Attempt int
		// After is the earliest time, where a retry backs off; zero = now.
		After time.Time
	}
	// Follow takes up a step that the journal says was started and did not end. Where the engine is already at it, it is ignored.
	Follow struct {
		Host inventory.HostID
		Step runbooks.StepID
	}
	// End records an end that needs no work on the host: a step whose `when` does not match, a host that an abort ends.
	End struct {
		Host    inventory.HostID
		Step    runbooks.StepID
		Outcome journal.Outcome
		Reason  string
	}
	// Wake asks for Next to be called again at the time At, for a pause between waves or a back-off.
	Wake struct{ At time.Time }
	// Ask says that the run waits for an operator: approval of Wave, with the reason in words.
	Ask struct {
		Wave int
		Why  string
	}
	// Close ends the run.
	Close struct {
		Result journal.Result
		Reason string
	}
)

func (Open) action()   {}
func (Start) action()  {}
func (Follow) action() {}
func (End) action()    {}
func (Wake) action()   {}
func (Ask) action()    {}
func (Close) action()  {}

// Recorder makes events durable; journal.Journal is one.
type Recorder interface {
	Append(ctx context.Context, run journal.RunID, bodies ...journal.Body) ([]journal.Event, error)
}

// Binder is a Recorder that makes what follows from events durable together with them.
type Binder interface {
	// AppendThen is Append of the bodies and, in the same batch, of what then gives when it has seen their events, which are not durable
	// at that time. Then is called once at most and must not touch the journal; where it is not called, or what it gives cannot be taken,
	// only the bodies' events are returned.
	AppendThen(ctx context.Context, run journal.RunID, bodies []journal.Body, then func([]journal.Event) []journal.Body) ([]journal.Event, error)
}

// Order is one attempt at a step, as the hands carry it out.
type Order struct {
	Host   inventory.Host
	Script string // complete: what goes to sh
	Become bool
	// Private says that the script holds a secret: nobody who may list the host's processes may see it.
	Private bool
	// Job is the detached job's name on the host, "" = attached. It was journalled before the order is given.
	Job string
	// Offset is how much output is recorded already.
	Offset int64
	// Adopt says that the job was ordered before: find it, and start it only where it certainly never began.
	Adopt bool
	// Changes says that the step changes something: the host must be this run's, be it that the step is detached or not.
	Changes bool
}

// Hands carry orders out on hosts. An exit code with a nil error means that the step ran to its end. An error means that nobody
// knows, unless errors.As finds NotStarted() bool returning true; Ended() bool returning true says that it was seen to end, without an
// exit status, and Answered() bool that the host was reached and would not start it. Output goes to sink piece by piece with its offset, in order,
// without a gap and without a repeat; an error from sink ends the order at once (the job on the host goes on).
// package remote has the implementation; tests have their own.
type Hands interface {
	// Carry runs the order to its end, over as many connections as that takes.
	Carry(ctx context.Context, o Order, sink func(offset int64, p []byte) error) (exit int, err error)
	// Forget removes what the job left on the host, once its end is durable here. Best effort.
	Forget(ctx context.Context, h inventory.Host, job string) error
	// Signal asks the job's process group to end: "TERM" or "KILL".
	Signal(ctx context.Context, h inventory.Host, job string, sig string) error
}

// Rebooter restarts a host and says when it is really another boot. Identity returns the host's boot identity (boot_id and PID
// 1's start time); Restart sends the order to restart and forgets the connection.
type Rebooter interface {
	Identity(ctx context.Context, h inventory.Host) (string, error)
	Restart(ctx context.Context, h inventory.Host) error
}

// NotStarted reports whether err says that the work certainly never began.
func NotStarted(err error) bool {
	var e interface{ NotStarted() bool }
	return errors.As(err, &e) && e.NotStarted()
}

// sawEnd reports that err is about work that was seen to end, though not with what exit status: what only reads has told all that it
// has to tell. Whether a change was made, nobody knows.
func sawEnd(err error) bool {
	var e interface{ Ended() bool }
	return errors.As(err, &e) && e.Ended()
}

// Hint is what to do about err, or "".
func Hint(err error) string {
	var e interface{ Hint() string }
	if errors.As(err, &e) {
		return e.Hint()
	}
	return ""
}
