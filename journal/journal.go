package journal

import (
	"context"
	"errors"
	"iter"
	"time"

	"tend/inventory"
)

// Journal is the record. journal/journaltest holds the suite that every implementation passes.
type Journal interface {
	// Append writes the bodies as the run's next events and returns them once they are durable. Concurrent calls share one
	// sync (group commit); the events of one call stay together and in order. The first Append of a run makes this process its
	// only writer until Release; ErrBusy says that another process is. After a failed write or sync every later Append of that
	// run fails: what is on disk is not guessed at. Only a full disk leaves a way to end in order: what was half written is cut
	// off again, and a reserve takes StepEnded, Decided, Remarked and RunClosed. After RunClosed comes ErrClosed. Where ctx ends
	// before the disk has answered, the error wraps ErrNotSaved and ctx's, and the events may stand all the same. The bodies are
	// the journal's from then on: nobody changes their slices and maps.
	Append(ctx context.Context, run RunID, bodies ...Body) ([]Event, error)
	// Events yields the run's durable events with Seq > after, in order. With follow it waits for more, whichever process
	// writes them, and ends after RunClosed or with ctx (then yielding ctx's error). A torn tail is not an event. A run without
	// a durable event is ErrNoRun, except that with follow a run that is being begun is waited for.
	Events(ctx context.Context, run RunID, after uint64, follow bool) iter.Seq2[Event, error]
	// Runs lists the runs that match, newest first. A damaged run is listed as far as it can be read, and says so.
	Runs(ctx context.Context, q Query) ([]RunSummary, error)
}

// The errors that an implementation wraps.
var (
	ErrBusy     = errors.New("another process is writing this run")
	ErrNoRun    = errors.New("no such run")
	ErrClosed   = errors.New("the run has ended")
	ErrDamaged  = errors.New("the journal is damaged")
	ErrNotSaved = errors.New("the journal could not save the event")
)

// Query narrows Runs. Zero values match everything.
type Query struct {
	Host    inventory.HostID
	Runbook string
	Since   time.Time
	Until   time.Time
	Open    bool // only runs without a RunClosed
	Limit   int
}

// RunSummary is a run in one line.
type RunSummary struct {
	Run     RunID          `json:"run"`              // its name, which sorts by time: "261122-2213-k7f3"
	Origin  OriginID       `json:"origin"`           // the user and machine that wrote it: "ops@console1"
	Runbook string         `json:"runbook"`          // its name
	Scope   string         `json:"scope"`            // the selector as typed
	By      Who            `json:"by"`               // who started it
	Reason  string         `json:"reason,omitempty"` // as its user gave it
	Ticket  string         `json:"ticket,omitempty"` // as its user gave it
	Started time.Time      `json:"started"`          // when its plan was accepted
	Ended   time.Time      `json:"ended,omitzero"`   // none = it has not
	Result  Result         `json:"result"`           // "open" (not ended), "passed", "failed" (a host failed or was not reached), "stopped" (too many failed), "aborted" or "unknown"
	Hosts   int            `json:"hosts"`            // how many its plan has
	Counts  map[string]int `json:"counts"`           // hosts by Outcome's word, and "waiting", "running"
	Events  uint64         `json:"events"`           // how many its record has
	// Maintenance is the plan that the run is part of; none = a run of its own.
	Maintenance *Maintenance `json:"maintenance,omitempty"`
	Damaged     string       `json:"damaged,omitempty"` // what is wrong with the record, if anything
}
