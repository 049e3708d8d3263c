package report

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// ErrNoPlan says that the events hold no accepted plan, so that there is nothing to report.
var ErrNoPlan = errors.New("these events hold no accepted plan")

// Fold reads a run's events once. A journal that is damaged on the way is reported as far as it can be read, and the report says so; any
// other error (of the context, of the disk) is returned.
func Fold(events iter.Seq2[journal.Event, error], l Limits) (*Run, error) {
	r := &Run{State: journal.NewState(), limits: l.withDefaults(), tails: map[attemptID]*tail{}}
	for e, err := range events {
		if errors.Is(err, journal.ErrDamaged) && r.opened() {
			r.Damaged = err.Error()
			break
		}
		if err != nil {
			return nil, err
		}
		r.apply(e)
	}
	if !r.opened() {
		return nil, ErrNoPlan
	}
	r.finish()
	return r, nil
}

func (r *Run) opened() bool { return r.State.Run != "" }

// Add takes in an event of another segment that belongs to the run: a note on it, or a seal. Others change nothing.
func (r *Run) Add(e journal.Event) {
	switch b := e.Body.(type) {
	case journal.Noted:
		if b.Run == r.State.Run {
			r.Notes = append(r.Notes, Note{e.At, b})
		}
	case journal.Sealed:
		r.Seals = append(r.Seals, Seal{e.At, b})
	}
}

func (r *Run) apply(e journal.Event) {
	r.chain(e)
	if b, ok := e.Body.(journal.FactsRead); ok {
		r.changed(b) // before the state forgets what was
	}
	before := r.State.Wave
	r.State.Apply(e)
	switch b := e.Body.(type) {
	case journal.PlanAccepted:
		r.open()
	case journal.RunnerStarted:
		r.Runners = append(r.Runners, Runner{e.At, b})
	case journal.WaveOpened:
		if r.State.Wave != before {
			r.Waves[r.State.Wave].Opened = e.At
		}
	case journal.HostReached:
		if h := r.host(b.Host); h != nil {
			h.Roads = append(h.Roads, Road{e.At, b})
		}
	case journal.StepStarted:
		r.started(e, b)
	case journal.OutputRead:
		r.output(b)
	case journal.StepEnded:
		r.ended(e, b)
	case journal.Decided:
		r.Decisions = append(r.Decisions, Decision{e.At, b})
	case journal.Remarked:
		r.Remarks = append(r.Remarks, Remark{e.At, b})
	case journal.Noted:
		r.Notes = append(r.Notes, Note{e.At, b})
	case journal.Sealed:
		r.Seals = append(r.Seals, Seal{e.At, b})
	}
}

// chain holds that each event names the one before it.
func (r *Run) chain(e journal.Event) {
	if r.Broken == "" && (e.Seq != r.Events+1 || e.Prev != r.Head) {
		r.Broken = fmt.Sprintf("event %d does not follow event %d", e.Seq, r.Events)
	}
	r.Events, r.Head = e.Seq, e.Hash
}

func (r *Run) open() {
	if r.Hosts != nil {
		return
	}
	p := r.State.Plan()
	r.Hosts = make([]Host, len(p.Hosts))
	for i, h := range p.Hosts {
		r.Hosts[i] = Host{Place: h, Steps: make([]Step, len(p.Steps))}
	}
	for _, w := range p.Waves {
		r.Waves = append(r.Waves, Wave{Wave: w})
	}
}

func (r *Run) host(id inventory.HostID) *Host {
	if i := r.State.Index(id); i >= 0 && i < len(r.Hosts) {
		return &r.Hosts[i]
	}
	return nil
}

func (r *Run) step(id inventory.HostID, step runbooks.StepID) (*Host, *Step) {
	h, i := r.host(id), r.State.StepIndex(step)
	if h == nil || i < 0 || i >= len(h.Steps) {
		return nil, nil
	}
	return h, &h.Steps[i]
}

func (s *Step) last() int {
	if len(s.Tries) == 0 {
		return 0
	}
	return s.Tries[len(s.Tries)-1].Attempt
}

func (r *Run) started(e journal.Event, b journal.StepStarted) {
	h, s := r.step(b.Host, b.Step)
	if h == nil || b.Attempt <= s.last() {
		return
	}
	if h.Started.IsZero() {
		h.Started = e.At
	}
	s.Tries = append(s.Tries, Try{Attempt: b.Attempt, Started: e.At, Job: b.Job})
	r.tails[attemptID{b.Host, b.Step, b.Attempt}] = &tail{}
}

func (r *Run) output(b journal.OutputRead) {
	if t := r.tails[attemptID{b.Host, b.Step, b.Attempt}]; t != nil {
		t.add(b.Offset, b.Data, r.limits.Output)
	}
}

func (r *Run) ended(e journal.Event, b journal.StepEnded) {
	h, s := r.step(b.Host, b.Step)
	if h == nil {
		return
	}
	if b.Attempt != s.last() || b.Attempt > 0 && !s.Tries[len(s.Tries)-1].Ended.IsZero() {
		return
	}
	if b.Attempt == 0 {
		s.Tries = append(s.Tries, Try{}) // skipped, or found unreachable, without a beginning
	}
	t := &s.Tries[len(s.Tries)-1]
	t.Ended, t.Outcome, t.Exit, t.Reason, t.Hint = e.At, b.Outcome, b.Exit, b.Reason, b.Hint
	id := attemptID{b.Host, b.Step, b.Attempt}
	if out := r.tails[id]; !b.Outcome.Good() && out != nil && out.next > 0 {
		r.show(t, out)
	}
	delete(r.tails, id)
}

// show keeps a failure's output, as long as there is room.
func (r *Run) show(t *Try, out *tail) {
	if r.shown >= r.limits.Outputs {
		r.Unshown++
		return
	}
	r.shown++
	t.Output = out.end(r.limits.Output)
}

// changed remembers what a fact was before it became another.
func (r *Run) changed(b journal.FactsRead) {
	h, s := r.host(b.Host), r.State.Host(b.Host)
	if h == nil || s == nil {
		return
	}
	for _, f := range b.Facts {
		old, known := s.Facts[f.Key]
		if _, noted := h.first[f.Key]; noted || !known || old.Check || f.Check || old.Value == f.Value {
			continue
		}
		if h.first == nil {
			h.first = map[string]string{}
		}
		h.first[f.Key] = old.Value
	}
}

// finish takes from the state how all ended.
func (r *Run) finish() {
	r.tails = nil
	for i := range r.Hosts {
		h, s := &r.Hosts[i], &r.State.Hosts[i]
		switch s.Phase {
		case journal.Waiting:
			h.Word = waiting
		case journal.AtWork:
			h.Word = running
		default:
			h.Word, h.Ended = s.Outcome.String(), s.Ended
		}
		for j := range h.Steps {
			h.Steps[j].Word = r.word(h.Steps[j])
		}
		h.learnt(s.Facts, r.limits.Changes)
	}
}

// word is how a step stands: a try without an end is running, and unknown once the run is over.
func (r *Run) word(s Step) string {
	if len(s.Tries) == 0 {
		return ""
	}
	t := s.Tries[len(s.Tries)-1]
	if t.Ended.IsZero() && r.State.Closed.IsZero() {
		return running
	}
	return t.Outcome.String()
}

// ran is what a patch tells of each package: old and new version.
const ran = "changed."

// learnt sorts out what the facts say: what changed, and which checks do not stand at OK.
func (h *Host) learnt(facts map[string]runbooks.Fact, most int) {
	for key, f := range facts {
		before, changed := h.first[key]
		switch {
		case f.Check && f.State != runbooks.CheckOK:
			h.Checks = append(h.Checks, f)
		case strings.HasPrefix(key, ran):
			h.Changes = append(h.Changes, reported(key, f.Value))
		case changed && before != f.Value:
			h.Changes = append(h.Changes, Change{key, before, f.Value})
		}
	}
	h.first = nil
	slices.SortFunc(h.Changes, func(a, b Change) int { return cmp.Compare(a.Key, b.Key) })
	slices.SortFunc(h.Checks, func(a, b runbooks.Fact) int {
		return cmp.Or(cmp.Compare(badness(b), badness(a)), cmp.Compare(a.Key, b.Key))
	})
	if n := len(h.Changes) - most; n > 0 {
		h.Changes, h.More = h.Changes[:most], n
	}
}

func reported(key, value string) Change {
	if before, after, ok := strings.Cut(value, " -> "); ok {
		return Change{key, before, after}
	}
	return Change{Key: key, After: value}
}

func badness(f runbooks.Fact) int {
	switch f.State {
	case runbooks.CheckCrit:
		return 2
	case runbooks.CheckUnknown:
		return 1
	}
	return 0
}

type attemptID struct {
	host    inventory.HostID
	step    runbooks.StepID
	attempt int
}

// tail keeps the end of an output.
type tail struct {
	data []byte
	next int64 // the offset behind data
}

// add joins a piece. What was there already is dropped, and what is missing in between is marked.
func (t *tail) add(offset int64, data []byte, most int) {
	if end := offset + int64(len(data)); end <= t.next {
		return
	} else if offset < t.next {
		data = data[t.next-offset:]
	} else if offset > t.next {
		t.data = fmt.Appendf(t.data, "\n[%d bytes are missing]\n", offset-t.next)
		t.next = offset
	}
	t.data = append(t.data, data...)
	t.next += int64(len(data))
	if len(t.data) > 4*most {
		t.data = bytes.Clone(t.data[len(t.data)-2*most:])
	}
}

// end is the last of the output, from the beginning of a line where there is one.
func (t *tail) end(most int) *Output {
	d := t.data
	if len(d) > most {
		d = d[len(d)-most:]
		if i := bytes.IndexByte(d, '\n'); i >= 0 && i < len(d)-1 {
			d = d[i+1:]
		}
		for i := 0; i < utf8.UTFMax && len(d) > 1 && !utf8.RuneStart(d[0]); i++ {
			d = d[1:]
		}
	}
	return &Output{Data: bytes.Clone(d), Before: max(t.next-int64(len(d)), 0)}
}
