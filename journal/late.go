package journal

import (
	"fmt"
	"strings"
	"time"

	"tend/quote"
	"tend/runbooks"
)

// Said is a decision that counted, and when.
type Said struct {
	Decided
	At time.Time
}

// TooLate says that a decision changes nothing where its run stands: it does not count, and is not recorded. By and At are whose decision
// counted in its place; none = nobody's.
type TooLate struct {
	Text string    `json:"text"`
	By   Who       `json:"by,omitzero"`
	At   time.Time `json:"at,omitzero"`
	Next string    `json:"next,omitempty"` // what to do about it
}

func (e *TooLate) Error() string {
	switch {
	case e.At.IsZero():
		return e.Text
	case e.By.From == "":
		return fmt.Sprintf("%s, by %s at %s", e.Text, quote.Line(e.By.User), e.At.Local().Format(time.DateTime))
	}
	return fmt.Sprintf("%s, by %s (%s) at %s", e.Text, quote.Line(e.By.User), quote.Line(e.By.From), e.At.Local().Format(time.DateTime))
}

// Hint is what to do about it.
func (e *TooLate) Hint() string { return e.Next }

func late(said *Said, format string, args ...any) error {
	e := &TooLate{Text: fmt.Sprintf(format, args...), Next: "tend journal show says where the run stands, and who decided what"}
	if said != nil {
		e.By, e.At = said.By, said.At
	}
	return e
}

// Late says why a decision does not count where the run stands now, as a *TooLate; nil = it counts. Who pauses, continues or aborts what
// is paused, at work or aborted already has what they wish for. It is asked before a decision is recorded, so that of two people who
// decide the same at the same time one is told that the other was first.
func (s *State) Late(d Decided) error {
	stays := d.Decision == Pause || d.Decision == Continue || d.Decision == Abort || d.Decision == AbortHard
	switch {
	case s.Result != Open:
		return late(nil, "the run has ended (%s)", s.Result)
	case d.Decision == Continue && s.Abort != "":
		return late(s.Aborted, "the run was aborted")
	case stays:
		return nil
	case s.Abort != "":
		return late(s.Aborted, "the run was aborted")
	case d.Decision == Approve:
		return s.lateApproval(d)
	}
	h := s.Host(d.Host)
	switch {
	case h == nil:
		return late(nil, "the run has no host %q", d.Host)
	case d.Decision == Answer:
		return s.lateAnswer(h, d)
	case s.running(h):
		return late(h.Said, "%s is at work on %s, and what runs is not decided away", h.ID, s.Plan().Steps[h.Step].ID)
	case d.Decision == SkipHost && h.Phase != Ended:
		return nil
	}
	return s.lateRepair(h, d)
}

// Granted reports whether what a decision wishes for is so already: who pauses what is paused, or aborts what was aborted, is not late, and
// has no reason to say it again. It is not recorded a second time.
func (s *State) Granted(d Decided) bool {
	switch d.Decision {
	case Pause:
		return s.Paused
	case Continue:
		return !s.Paused
	case Abort:
		return s.Abort != ""
	case AbortHard:
		return s.Abort == AbortHard
	}
	return false
}

// Waits is the wave that waits for an approval, or -1.
func (s *State) Waits() int {
	next := s.Wave + 1
	if s.Result != Open || s.Plan().Policy.Pause != "manual" || next == 0 || next >= len(s.Plan().Waves) || s.Approved >= next {
		return -1
	}
	for i := range s.Hosts {
		if s.Hosts[i].Wave <= s.Wave && s.Hosts[i].Phase != Ended {
			return -1
		}
	}
	return next
}

// lateApproval: a wave that has begun, or that was approved, needs no approval any more.
func (s *State) lateApproval(d Decided) error {
	last := min(d.Wave, len(s.Plan().Waves)-1)
	switch {
	case last > max(s.Approved, s.Wave):
		return nil
	case last > 0 && last <= s.Approved:
		return late(s.Approval, "%s was approved already", s.Plan().Waves[last].Name)
	}
	return late(nil, "no wave waits for approval")
}

func (s *State) lateAnswer(h *HostState, d Decided) error {
	switch {
	case s.running(h) && s.Plan().Steps[h.Step].Kind == runbooks.Manual && s.stands(h, d) && h.Answered == nil:
		return nil
	case h.Said != nil && h.Said.Decision == Answer:
		return late(h.Said, "%s waits for no answer: it was answered already", h.ID)
	}
	return late(nil, "%s waits for no answer", h.ID)
}

// Contradicted says, as a *TooLate, which answer to a manual step is not what the host told before: it stands on the label of another disk. Who
// knows that it is right all the same says so in the reason, and repeats what the host told. nil = none is, or the step was not done.
func (s *State) Contradicted(d Decided) error {
	i := s.StepIndex(d.Step)
	if d.Decision != Answer || !d.OK || i < 0 {
		return nil
	}
	for _, q := range s.Plan().Steps[i].Asks {
		told, _ := s.Facts(d.Host, q.Is)
		told, typed := strings.TrimSpace(told), strings.TrimSpace(d.Answers[q.Name])
		if q.Is == "" || told == "" || typed == "" || runbooks.Agrees(typed, told) || strings.Contains(d.Reason, told) {
			continue
		}
		return &TooLate{Text: fmt.Sprintf("%s: %s is not what %s told, %s", q.Name, quote.Line(typed), d.Host, quote.Line(told)),
			Next: "if it is another one, put it back; if it is right all the same, say why in the reason, and repeat " + quote.Line(told)}
	}
	return nil
}

// lateRepair: what did not end badly needs no retry, and nothing is skipped of it.
func (s *State) lateRepair(h *HostState, d Decided) error {
	bad := h.Phase == Ended && !h.Outcome.Good()
	switch {
	case bad && d.Decision == SkipHost, bad && h.Step < len(h.Steps) && s.stands(h, d):
		return nil
	case h.Said != nil:
		return late(h.Said, "%s was decided about already (%s)", h.ID, h.Said.Decision)
	case h.Phase != Ended:
		return late(nil, "%s has not ended, and is not failed", h.ID)
	}
	return late(nil, "%s stands at no failed step: it ended %s", h.ID, h.Outcome)
}

func (s *State) running(h *HostState) bool { return h.Step < len(h.Steps) && h.Steps[h.Step].Running }

// stands reports whether the host stands where the decision saw it: at that step, and at that attempt of it.
func (s *State) stands(h *HostState, d Decided) bool {
	return (d.Step == "" || d.Step == s.Plan().Steps[h.Step].ID) && (d.Attempt == 0 || d.Attempt == h.Steps[h.Step].Attempt)
}
