package journal

import (
	"time"

	"tend/inventory"
	"tend/runbooks"
)

// HostPhase is where a host stands in its run.
type HostPhase int

// The phases.
const (
	Waiting HostPhase = iota // not begun
	AtWork                   // between two steps, or in one
	Ended                    // has its Outcome
)

// StepState is what is known of a host's step.
type StepState struct {
	Attempt int       // 0 = never started
	Free    int       // attempts that cost no try: lost with the runner, or before an operator's Retry
	Started time.Time // of the latest attempt
	Ended   time.Time
	Running bool // started, and no end recorded: after a crash this is what must be found on the host
	Job     string
	Outcome Outcome
	Exit    int
	Reason  string
	Hint    string
	Again   bool
	Offset  int64 // output bytes recorded of the latest attempt
}

// HostState is what is known of a host in a run.
type HostState struct {
	ID       inventory.HostID
	Wave     int
	Phase    HostPhase
	Outcome  Outcome // once Ended
	Step     int     // index into Plan.Steps of the step that runs or comes next; len(Steps) when through
	Steps    []StepState
	Facts    map[string]runbooks.Fact
	Ended    time.Time
	Answered *Decided // the answer to the current manual step
	Said     *Said    // the last decision about it that counted
	Warned   bool     // some step ended Warned
	Touched  bool     // a step that changes something was started
}

// State is a run, folded from its events. One owner mutates it by Apply; Hosts stand in the plan's order.
type State struct {
	Run      RunID
	Origin   OriginID
	Seq      uint64 // of the last event applied
	Accepted PlanAccepted
	Started  time.Time
	Last     time.Time // At of the last event
	Hosts    []HostState
	Wave     int // the latest opened; -1 = none
	WaveAt   time.Time
	Approved int // waves up to this index may open
	Paused   bool
	Approval *Said    // the last of a wave
	Abort    Decision // "", Abort or AbortHard
	Aborted  *Said    // the first word of it
	Result   Result
	Reason   string
	Closed   time.Time
	Runner   RunnerStarted
	// TurnedAway counts the logins that servers refused at the door and that were tried again.
	TurnedAway int
	// Tally counts the hosts by phase, and the ended ones by outcome.
	Tally Tally

	booted time.Time // when this machine was, as its clock stood in the latest event that tells
	index  map[inventory.HostID]int
	steps  map[runbooks.StepID]int
}

// Tally counts hosts.
type Tally struct {
	Waiting, AtWork int
	By              [len(outcomes)]int // the ended ones, by Outcome
}

// Bad is how many hosts count against the failure budget: failed, unreachable, refused or unknown.
func (t Tally) Bad() int {
	return t.By[Failed] + t.By[Unreachable] + t.By[Refused] + t.By[Unknown]
}

// NewState is a run of which nothing is known yet.
func NewState() *State { return &State{Wave: -1} }

// Plan is the plan that was accepted.
func (s *State) Plan() *runbooks.Plan { return &s.Accepted.Plan }

// Host returns the state of a host, or nil where the plan has no such host. It points into Hosts.
func (s *State) Host(id inventory.HostID) *HostState {
	i, ok := s.index[id]
	if !ok {
		return nil
	}
	return &s.Hosts[i]
}

// Index is the host's place in Hosts and in Plan.Hosts, or -1.
func (s *State) Index(id inventory.HostID) int {
	if i, ok := s.index[id]; ok {
		return i
	}
	return -1
}

// StepIndex is the step's place in the plan, or -1.
func (s *State) StepIndex(id runbooks.StepID) int {
	if i, ok := s.steps[id]; ok {
		return i
	}
	return -1
}

// Facts is the fold's answer to selectors: a host's fact in this run.
func (s *State) Facts(id inventory.HostID, key string) (string, bool) {
	h := s.Host(id)
	if h == nil {
		return "", false
	}
	f, ok := h.Facts[key]
	return f.Value, ok
}
