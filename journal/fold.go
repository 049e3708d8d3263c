package journal

import (
	"time"

	"tend/inventory"
	"tend/runbooks"
)

// Apply folds one event into the state. It is total: an event that does not fit what is known (an unknown host, a step out of
// order, a foreign kind) changes nothing but Seq. No clock, no I/O.
func (s *State) Apply(e Event) {
	s.Seq, s.Last = e.Seq, e.At
	switch b := e.Body.(type) {
	case PlanAccepted:
		s.open(e, b)
	case RunnerStarted:
		s.tookUp(e.At, b)
	case Remarked:
		s.clockSet(milliseconds(b.ClockSet))
	case WaveOpened:
		if b.Wave > s.Wave && b.Wave < len(s.Plan().Waves) {
			s.Wave, s.WaveAt = b.Wave, e.At
		}
	case HostReached:
		s.TurnedAway += b.TurnedAway
	case StepStarted:
		s.started(e.At, b)
	case OutputRead:
		if st := s.step(b.Host, b.Step, b.Attempt); st != nil {
			st.Offset = max(st.Offset, b.Offset+int64(len(b.Data)))
		}
	case FactsRead:
		s.learn(b)
	case StepEnded:
		s.ended(e.At, b)
	case Decided:
		s.decided(e.At, b)
	case RunClosed:
		s.Result, s.Reason, s.Closed = b.Result, b.Reason, e.At
	}
}

func (s *State) open(e Event, b PlanAccepted) {
	if s.index != nil {
		return
	}
	s.Run, s.Origin, s.Accepted, s.Started, s.Wave, s.WaveAt = e.Run, e.Origin, b, e.At, -1, e.At
	p := s.Plan()
	s.Hosts = make([]HostState, len(p.Hosts))
	s.index = make(map[inventory.HostID]int, len(p.Hosts))
	s.steps = make(map[runbooks.StepID]int, len(p.Steps))
	for i, st := range p.Steps {
		s.steps[st.ID] = i
	}
	all := make([]StepState, len(p.Hosts)*len(p.Steps)) // one allocation: 10,000 hosts are common
	for i, h := range p.Hosts {
		n := len(p.Steps)
		s.Hosts[i] = HostState{ID: h.Name, Steps: all[i*n : (i+1)*n : (i+1)*n]}
		s.index[h.Name] = i
	}
	for w, wave := range p.Waves {
		for _, id := range wave.Hosts {
			if h := s.Host(id); h != nil {
				h.Wave = w
			}
		}
	}
	s.Tally = Tally{Waiting: len(s.Hosts)}
}

func (s *State) started(at time.Time, b StepStarted) {
	h, i := s.Host(b.Host), s.StepIndex(b.Step)
	if h == nil || i < 0 || b.Attempt <= h.Steps[i].Attempt {
		return
	}
	s.move(h, AtWork, Unknown, at)
	h.Step, h.Answered = i, nil
	h.Steps[i] = StepState{Attempt: b.Attempt, Free: h.Steps[i].Free, Started: at, Running: true, Job: b.Job}
	if s.Plan().Steps[i].Risk != runbooks.Read {
		h.Touched = true
	}
}

func (s *State) step(host inventory.HostID, step runbooks.StepID, attempt int) *StepState {
	h, i := s.Host(host), s.StepIndex(step)
	if h == nil || i < 0 || h.Steps[i].Attempt != attempt {
		return nil
	}
	return &h.Steps[i]
}

func (s *State) learn(b FactsRead) {
	h := s.Host(b.Host)
	if h == nil {
		return
	}
	if h.Facts == nil {
		h.Facts = make(map[string]runbooks.Fact, len(b.Facts))
	}
	for _, f := range b.Facts {
		h.Facts[f.Key] = f
	}
}

// ended moves the host on, or ends it. A step that may still be tried again keeps its host AtWork: the engine decides that by
// looking at the plan, so that it and the fold never disagree.
func (s *State) ended(at time.Time, b StepEnded) {
	h, i := s.Host(b.Host), s.StepIndex(b.Step)
	if h == nil || i < 0 || i != h.Step {
		return
	}
	st := &h.Steps[i]
	if b.Attempt != st.Attempt {
		return
	}
	if b.Outcome < 0 || int(b.Outcome) >= len(outcomes) {
		b.Outcome = Unknown
	}
	if st.Running && b.Outcome == Unknown && b.Again {
		st.Free++ // lost with the runner: it costs no try, so that a resumed run ends as an undisturbed one
	}
	st.Running, st.Ended, st.Outcome, st.Exit = false, at, b.Outcome, b.Exit
	st.Reason, st.Hint, st.Again = b.Reason, b.Hint, b.Again
	h.Warned = h.Warned || b.Outcome == Warned
	switch {
	case b.Outcome.Good():
		s.forward(h, at)
	case s.Retriable(h):
		s.move(h, AtWork, Unknown, at)
	default:
		s.move(h, Ended, b.Outcome, at)
	}
}

func (s *State) forward(h *HostState, at time.Time) {
	h.Step++
	h.Answered = nil
	if h.Step < len(h.Steps) {
		s.move(h, AtWork, Unknown, at)
		return
	}
	s.move(h, Ended, h.sum(), at)
}

// sum is the outcome of a host that is through: Skipped where no step was wanted.
func (h *HostState) sum() Outcome {
	if h.Warned {
		return Warned
	}
	for i := range h.Steps {
		if h.Steps[i].Outcome != Skipped {
			return OK
		}
	}
	return Skipped
}

// Retriable reports whether the host's current step may be tried again without asking anyone. It failed, or certainly never
// started, or only reads; it may be repeated (or never started); and tries are left. A try that was lost with the runner
// (Unknown, Again) is always made good. What changes a host and ended Unknown is never repeated by itself.
func (s *State) Retriable(h *HostState) bool {
	if h.Step >= len(h.Steps) {
		return false
	}
	st, step := h.Steps[h.Step], s.Plan().Steps[h.Step]
	if st.Running || st.Attempt == 0 {
		return false
	}
	if st.Outcome == Unknown && st.Again {
		return true
	}
	read := step.Risk == runbooks.Read
	if st.Attempt-st.Free > step.Retries || !(st.Again || step.Repeat || read) {
		return false
	}
	return st.Outcome == Failed || st.Outcome == Unreachable || st.Outcome == Refused || st.Outcome == Unknown && read
}

func (s *State) decided(at time.Time, b Decided) {
	switch b.Decision {
	case Pause:
		s.Paused = true
	case Continue:
		s.Paused = false
	case Approve:
		if b.Wave > s.Approved {
			s.Approved, s.Approval = b.Wave, &Said{b, at}
		}
	case Abort, AbortHard:
		if s.Abort == "" {
			s.Aborted = &Said{b, at}
		}
		if s.Abort != AbortHard {
			s.Abort = b.Decision
		}
	case Retry, SkipHost, SkipStep, Answer:
		if h := s.Host(b.Host); h != nil {
			s.decidedHost(at, h, b)
		}
	}
}

func (s *State) decidedHost(at time.Time, h *HostState, b Decided) {
	if h.Step < len(h.Steps) && h.Steps[h.Step].Running && b.Decision != Answer {
		return // what runs is never decided away
	}
	said := &Said{b, at}
	switch b.Decision {
	case Retry:
		if h.Phase == Ended && !h.Outcome.Good() && h.Step < len(h.Steps) && s.stands(h, b) {
			h.Said = said
			st := &h.Steps[h.Step]
			st.Free = st.Attempt // the operator's word gives the step all its tries again
			s.move(h, AtWork, Unknown, at)
		}
	case SkipHost:
		if h.Phase != Ended || !h.Outcome.Good() {
			h.Said = said
			s.move(h, Ended, Skipped, at)
		}
	case SkipStep:
		if h.Phase == Ended && !h.Outcome.Good() && h.Step < len(h.Steps) && s.stands(h, b) {
			h.Said, h.Warned = said, true
			s.forward(h, at)
		}
	case Answer:
		if h.Step < len(h.Steps) && s.stands(h, b) {
			h.Said, h.Answered = said, &said.Decided
		}
	}
}

// move keeps the tally beside the phases.
func (s *State) move(h *HostState, to HostPhase, out Outcome, at time.Time) {
	s.count(h, -1)
	h.Phase, h.Outcome = to, out
	if to == Ended {
		h.Ended = at
	}
	s.count(h, +1)
}

func (s *State) count(h *HostState, by int) {
	switch h.Phase {
	case Waiting:
		s.Tally.Waiting += by
	case AtWork:
		s.Tally.AtWork += by
	case Ended:
		s.Tally.By[h.Outcome] += by
	}
}
