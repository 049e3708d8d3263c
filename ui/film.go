package ui

import (
	"context"
	"iter"
	"strings"
	"time"

	"tend/journal"
)

// moment is a place in a run at which something changed, or a second of it went by while hosts spoke.
type moment struct {
	seq   uint64
	at    time.Time
	pos   time.Duration // since the run's first event; a clock that was set back meanwhile adds nothing
	tells bool          // somebody would say it in words: a step of the way
	bad   bool          // a step that did not end well
}

// reel is a run's moments, in their order, and where among them a film stands.
type reel struct {
	moments []moment
	coming  *feed[moment] // nil = all of them are there
	err     error
	at      int           // the moment that is shown
	pos     time.Duration // where the clock stands: at the moment, or on its way to the next
	speed   int           // a place in filmSpeeds
	playing bool
	clocked time.Time // when the clock was last looked at
}

// filmSpeeds are how many seconds of a run go by in one.
var filmSpeeds = [...]int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}

const (
	// filmLength is how long a film may take unless its speed is chosen; filmSilence is how long nothing may happen in it.
	filmLength  = time.Minute
	filmSilence = 2 * time.Second
)

// moments reads a run's.
func moments(j journal.Journal, run journal.RunID) func(context.Context) iter.Seq2[moment, error] {
	return func(ctx context.Context) iter.Seq2[moment, error] {
		return func(yield func(moment, error) bool) {
			var last, kept moment
			for e, err := range j.Events(ctx, run, 0, false) {
				if err != nil {
					yield(moment{}, err)
					return
				}
				m := moment{seq: e.Seq, at: e.At, pos: last.pos}
				if last.seq > 0 {
					m.pos += max(e.At.Sub(last.at), 0)
				}
				m.tells, m.bad = happening(e)
				last = m
				if !m.tells && kept.seq > 0 && m.pos-kept.pos < time.Second {
					continue
				}
				kept = m
				if !yield(m, nil) {
					return
				}
			}
			if last.seq > kept.seq {
				yield(last, nil)
			}
		}
	}
}

// happening reports whether an event is told in words, and whether it is a step that went wrong.
func happening(e journal.Event) (tells, wrong bool) {
	switch b := e.Body.(type) {
	case journal.PlanAccepted, journal.WaveOpened, journal.StepStarted, journal.Decided, journal.Remarked, journal.RunClosed:
		return true, false
	case journal.RunnerStarted:
		return b.Resumed, false
	case journal.StepEnded:
		return true, !b.Outcome.Good() && b.Outcome != journal.Skipped
	}
	return false, false
}

// pull takes up moments that were read since.
func (r *reel) pull() (changed, more bool) {
	if r.coming == nil {
		return false, false
	}
	got, left, ended, err := r.coming.take(4096)
	r.moments = append(r.moments, got...)
	if ended {
		r.coming, r.err = nil, err
	}
	return len(got) > 0 || ended, left
}

// length is how long the run took.
func (r *reel) length() time.Duration {
	if len(r.moments) == 0 {
		return 0
	}
	return r.moments[len(r.moments)-1].pos
}

// fitting is the least speed at which the whole run takes no longer than filmLength.
func (r *reel) fitting() int {
	for i, s := range filmSpeeds {
		if r.length() <= filmLength*time.Duration(s) {
			return i
		}
	}
	return len(filmSpeeds) - 1
}

// goTo shows a moment, and the clock with it.
func (r *reel) goTo(i int) {
	r.at = min(max(i, 0), max(len(r.moments)-1, 0))
	if len(r.moments) > 0 {
		r.pos = r.moments[r.at].pos
	}
}

// find is the next moment that is wanted, in the direction by; -1 = there is none.
func (r *reel) find(by int, wanted func(moment) bool) int {
	for i := r.at + by; i >= 0 && i < len(r.moments); i += by {
		if wanted(r.moments[i]) {
			return i
		}
	}
	return -1
}

// goToTime shows the last moment at that place or before it.
func (r *reel) goToTime(pos time.Duration) {
	i := 0
	for i+1 < len(r.moments) && r.moments[i+1].pos <= pos {
		i++
	}
	r.goTo(i)
	r.pos = min(max(pos, 0), r.length())
}

// pass lets the clock go on, and reports whether another moment has come.
func (r *reel) pass(now time.Time) bool {
	took := now.Sub(r.clocked)
	r.clocked = now
	if !r.playing || r.coming != nil {
		return false
	}
	speed := time.Duration(filmSpeeds[r.speed])
	if next := r.at + 1; next < len(r.moments) { // silence is shortened
		r.pos = max(r.pos, r.moments[next].pos-filmSilence*speed)
	}
	r.pos += max(took, 0) * speed
	was := r.at
	for r.at+1 < len(r.moments) && r.moments[r.at+1].pos <= r.pos {
		r.at++
	}
	if r.at+1 >= len(r.moments) {
		r.playing, r.pos = false, r.length()
	}
	return r.at != was
}

// clock is the time of day where the film stands.
func (r *reel) clock() time.Time {
	if len(r.moments) == 0 {
		return time.Time{}
	}
	m := r.moments[r.at]
	return m.at.Add(max(r.pos-m.pos, 0))
}

// strip is a run's time in w cells: what went by, where the film stands, what is to come; failures are marked in both.
func (r *reel) strip(p *pen, w int) string {
	cells := make([]byte, w)
	cell := func(pos time.Duration) int {
		if r.length() <= 0 {
			return w - 1
		}
		return min(int(int64(w)*int64(pos/time.Millisecond)/max(int64(r.length()/time.Millisecond), 1)), w-1)
	}
	here := cell(r.pos)
	for i := range cells {
		cells[i] = map[bool]byte{true: '#', false: '.'}[i < here]
	}
	for _, m := range r.moments {
		if m.bad {
			cells[cell(m.pos)] = 'X'
		}
	}
	cells[here] = '>'
	var b strings.Builder
	for _, c := range cells {
		switch c {
		case '#':
			b.WriteString(p.full)
		case '.':
			b.WriteString(p.empty)
		case 'X':
			b.WriteString(p.paint(bad, "X"))
		default:
			b.WriteString(p.paint(title, ">"))
		}
	}
	return b.String()
}

// of is the journal as far as the run is shown: of a moment that is past, nothing behind it.
func (w *watch) of(j journal.Journal) journal.Journal {
	if !w.past {
		return j
	}
	return upTo{j, w.state.Seq}
}

// upTo is a journal that knows nothing of what came behind one event of a run.
type upTo struct {
	journal.Journal
	seq uint64
}

// Events ends with the event.
func (j upTo) Events(ctx context.Context, run journal.RunID, after uint64, _ bool) iter.Seq2[journal.Event, error] {
	return func(yield func(journal.Event, error) bool) {
		for e, err := range j.Journal.Events(ctx, run, after, false) {
			if err == nil && e.Seq > j.seq || !yield(e, err) {
				return
			}
		}
	}
}
