package report

import (
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// Limits keep a report within bounds; 0 = the default.
type Limits struct {
	Output  int // bytes of output shown of each failure: the last; 4096
	Outputs int // failures whose output is shown; 100
	Detail  int // a run of more hosts tells the steps of those only that did not end as ok; 100
	Changes int // changed facts that are told of a host; 50
}

func (l Limits) withDefaults() Limits {
	for field, d := range map[*int]int{&l.Output: 4096, &l.Outputs: 100, &l.Detail: 100, &l.Changes: 50} {
		if *field <= 0 {
			*field = d
		}
	}
	return l
}

// Run is a run, folded for a report. Its strings are as the journal holds them: each writer quotes what it writes.
type Run struct {
	State     *journal.State
	Hosts     []Host // in the plan's order
	Waves     []Wave
	Decisions []Decision
	Remarks   []Remark
	Notes     []Note
	Runners   []Runner
	Seals     []Seal
	// Head is the hash of the last event read, Events how many were read.
	Head   journal.Hash
	Events uint64
	// Broken says where the events that were read do not follow one another, and Damaged why they could not be read to their end; "" =
	// neither. That each event's own hash is right is for the journal's verify to say.
	Broken  string
	Damaged string
	// Unshown is how many failures' outputs were left out for want of room.
	Unshown int

	limits Limits
	tails  map[attemptID]*tail
	shown  int
}

// ID is the run's name.
func (r *Run) ID() journal.RunID { return r.State.Run }

// Host is a host's part in the run.
type Host struct {
	Place   inventory.Host
	Word    string    // an Outcome's word, or "waiting", "running"
	Started time.Time // of its first step; zero = never
	Ended   time.Time
	Roads   []Road
	Steps   []Step // as the plan has them
	Changes []Change
	More    int // changes beyond the limit
	Checks  []runbooks.Fact
	first   map[string]string // the value that a fact had before it changed in this run
}

// Road is a connection that was made.
type Road struct {
	At time.Time `json:"at"`
	journal.HostReached
}

// Step is a step on one host. A step that was never begun has no tries, unless it was found to be not wanted.
type Step struct {
	Word  string // an Outcome's word, "running", or "" = not come to
	Tries []Try
}

// Try is one attempt at a step.
type Try struct {
	Attempt int       // 0 = it was skipped, and never begun
	Started time.Time // zero = never
	Ended   time.Time // zero = no end is recorded
	Outcome journal.Outcome
	Exit    int
	Reason  string
	Hint    string
	Job     string
	Output  *Output // of a failure
}

// Output is the end of what a try wrote, raw; Before is how many bytes stood before it.
type Output struct {
	Data   []byte
	Before int64
}

// Change is a fact that was another after the run than before. Before is "" where the run itself reports the change.
type Change struct {
	Key    string `json:"key"`
	Before string `json:"before,omitempty"`
	After  string `json:"after"`
}

// Wave is a wave of the plan; Opened is zero where it never was.
type Wave struct {
	runbooks.Wave
	Opened time.Time
}

// Decision is what an operator decided, and when.
type Decision struct {
	At time.Time `json:"at"`
	journal.Decided
}

// Remark is something that an operator should know.
type Remark struct {
	At time.Time `json:"at"`
	journal.Remarked
}

// Note is a note by a person.
type Note struct {
	At time.Time `json:"at"`
	journal.Noted
}

// Runner is a process that took the run up.
type Runner struct {
	At time.Time `json:"at"`
	journal.RunnerStarted
}

// Seal is a signature over a journal that holds the run.
type Seal struct {
	At time.Time `json:"at"`
	journal.Sealed
}

// Bad reports whether the host did not end well: failed, refused, unreachable, unknown, aborted, or still on its way in a run that is over.
func (h Host) Bad() bool {
	switch h.Word {
	case journal.OK.String(), journal.Warned.String(), journal.Skipped.String(), waiting, running:
		return false
	}
	return true
}

const (
	waiting = "waiting"
	running = "running"
)
