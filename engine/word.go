package engine

import (
	"cmp"

	"tend/journal"
)

// Word is a decision on its way into a run, and who waits to hear what became of it.
type Word struct {
	journal.Decided
	// Told is called once, and must not wait: with nil when the decision counts and is durable, or what it wishes for was so already; with a
	// *journal.TooLate where it does not count, with a *NotSaved where the journal failed. It is never called where the run ends before it has
	// looked. It may be nil.
	Told func(error)
}

func (w Word) tell(err error) {
	if w.Told != nil {
		w.Told(err)
	}
}

// obey records the decisions that are there, one behind the other: each is held against what the ones before it have changed. Of those who
// decide the same at the same time one is told that it counts, and the others whose does.
func (r *run) obey() (heard bool, err error) {
	for _, w := range r.hear() {
		if err == nil {
			heard = true
			if why := cmp.Or(r.s.Late(w.Decided), r.s.Contradicted(w.Decided)); why != nil {
				w.tell(why)
				continue
			}
			if !r.s.Granted(w.Decided) {
				err = r.save(w.Decided)
			}
		}
		w.tell(err)
	}
	return heard, err
}

// hear takes the decisions that are there.
func (r *run) hear() []Word {
	heard := r.decided
	r.decided = nil
	for {
		select {
		case w, ok := <-r.decisions:
			if !ok {
				r.decisions = nil
				return heard
			}
			heard = append(heard, w)
		default:
			return heard
		}
	}
}
