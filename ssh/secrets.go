package ssh

import (
	"context"
	"sync"
)

// secrets shares answers between hosts. The first host to get a new answer tries it; the others wait until it was accepted
// somewhere. So a typing mistake costs one failed login, not one on each of a hundred hosts, and no lock-out.
type secrets struct {
	mu sync.Mutex
	by map[string]*secret
}

// verdict is what became of an answer.
type verdict int

const (
	untried  verdict = iota // never sent: it may be tried elsewhere
	unjudged                // sent, and the host never said: whoever wants one asks again
	right
	wrong
)

type secret struct {
	turn  chan struct{} // holds a token while somebody asks or tries
	value string
	good  bool
	held  bool // value is untried
	wrong int
	given error // why nobody will be asked again
}

func (s *secrets) of(key string) *secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by = map[string]*secret{}
	}
	if s.by[key] == nil {
		s.by[key] = &secret{turn: make(chan struct{}, 1)}
	}
	return s.by[key]
}

// get returns an answer that was accepted before, or asks for one. The caller must call done with what became of it; until then, if
// it is new, others wait. Nobody is asked once most answers were wrong.
func (s *secret) get(ctx context.Context, most int, ask func(attempt int) (string, error)) (value string, done func(verdict), err error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return "", nil, context.Cause(ctx)
	}
	if s.good || s.given != nil {
		defer func() { <-s.turn }()
		return s.value, func(verdict) {}, s.given
	}
	if s.wrong >= most {
		defer func() { <-s.turn }()
		return "", nil, faultf(AuthFailed, "%d wrong answers; not asking again", s.wrong)
	}
	if s.held {
		return s.value, s.settler(s.value), nil
	}
	value, err = ask(s.wrong + 1)
	if err != nil {
		if ctx.Err() == nil {
			s.given = err // declined, or nobody there: do not ask again for each host
		}
		<-s.turn
		return "", nil, err
	}
	return value, s.settler(value), nil
}

func (s *secret) settle(value string, v verdict) {
	s.value, s.held, s.good = "", false, false
	switch v {
	case untried:
		s.value, s.held = value, true
	case right:
		s.value, s.good = value, true
	case wrong:
		s.wrong++
	}
	<-s.turn
}

func (s *secret) settler(value string) func(verdict) {
	var once sync.Once
	return func(v verdict) { once.Do(func() { s.settle(value, v) }) }
}
