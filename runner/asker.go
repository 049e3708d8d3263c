package runner

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// ErrNobody says that a question found nobody to answer it.
var ErrNobody = errors.New("nobody is there to answer")

// ErrDeclined says that a person answered no.
var ErrDeclined = errors.New("declined")

// Patience is how long a question waits for an answer.
const Patience = 5 * time.Minute

// Asker holds the questions that wait for a person. Every attached terminal sees them all; the first answer counts.
type Asker struct {
	mu     sync.Mutex
	next   int
	open   map[int]*pending
	watch  map[chan reply]struct{}
	closed bool
	mute   bool // every question is declined
}

type pending struct {
	q      Question
	answer chan request
}

// NewAsker returns an Asker without questions.
func NewAsker() *Asker {
	return &Asker{open: map[int]*pending{}, watch: map[chan reply]struct{}{}}
}

// Ask waits for an answer: until ctx ends, Patience runs out (ErrNobody), or a person declines (ErrDeclined).
func (a *Asker) Ask(ctx context.Context, q Question) (string, error) {
	p, err := a.add(q)
	if err != nil {
		return "", err
	}
	defer a.drop(p.q.ID)
	late := time.NewTimer(Patience)
	defer late.Stop()
	select {
	case r := <-p.answer:
		if !r.OK {
			return "", ErrDeclined
		}
		return r.Answer, nil
	case <-late.C:
		return "", ErrNobody
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (a *Asker) add(q Question) (*pending, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.closed:
		return nil, ErrNobody
	case a.mute && q.Kind != touch:
		return nil, ErrDeclined
	}
	a.next++
	q.ID = a.next
	p := &pending{q: q, answer: make(chan request, 1)}
	a.open[q.ID] = p
	a.tell(reply{Question: &q})
	return p, nil
}

// touch is the question that a key asks, not a host: it ends by itself.
const touch = "touch"

// Decline says no to every question that is open, and where later is set to all that come: who ends a run is not asked for what it would begin with.
func (a *Asker) Decline(later bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mute = a.mute || later
	for id, p := range a.open {
		if p.q.Kind == touch {
			continue
		}
		select {
		case p.answer <- request{ID: id}:
		default: // it has its answer
		}
	}
}

func (a *Asker) drop(id int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, id)
	a.tell(reply{Closed: id})
}

// tell is called under the lock. A watcher that does not read loses news rather than holding up the run; it is cut off instead.
func (a *Asker) tell(r reply) {
	for ch := range a.watch {
		select {
		case ch <- r:
		default:
			delete(a.watch, ch)
			close(ch)
		}
	}
}

// answer hands r to the question that it names.
func (a *Asker) answer(r request) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, ok := a.open[r.ID]
	if !ok {
		return errors.New("that question is answered already")
	}
	select {
	case p.answer <- r:
		return nil
	default:
		return errors.New("that question is answered already")
	}
}

// listen returns the questions that are open now and a channel of what comes, closed by stop or by Close.
func (a *Asker) listen() (now []Question, news chan reply, stop func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	news = make(chan reply, 64)
	for _, p := range a.open {
		now = append(now, p.q)
	}
	slices.SortFunc(now, func(x, y Question) int { return x.ID - y.ID }) // as they were asked, at every terminal
	if a.closed {
		close(news)
		return now, news, func() {}
	}
	a.watch[news] = struct{}{}
	return now, news, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if _, ok := a.watch[news]; ok {
			delete(a.watch, news)
			close(news)
		}
	}
}

// Close ends every listening; later questions find nobody.
func (a *Asker) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for ch := range a.watch {
		delete(a.watch, ch)
		close(ch)
	}
}
