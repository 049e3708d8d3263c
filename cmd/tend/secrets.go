package main

import (
	"context"
	"errors"
	"sync"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/remote"
	"tend/runner"
)

// secrets are the passwords that hosts of a run want to become root: one question serves them all. An answer is tried on one host first,
// and goes to the others once that one has taken it: a word that was mistyped is refused once, and not on a hundred hosts, where it might lock
// the account. That nobody answered, or that a person declined, is an answer for all of them as well. A host that comes back for the same word
// had it refused; then the question is asked anew, and hosts that come later get the new answer. They are kept in memory only.
type secrets struct {
	run     journal.RunID
	ask     func(context.Context, runner.Question) (string, error)
	turn    chan struct{} // held by who asks a person, and by the host on which an answer is tried; waiting for it can be cancelled
	held    map[string]*secret
	mu      sync.Mutex               // trial, where, given and refused
	trial   *secret                  // the answer that is being tried; it holds the turn
	where   inventory.HostID         // the host on which it is
	keep    *journal.Redactor        // hears of every answer, so that none is written
	given   map[inventory.HostID]int // the number of the answer that a host had last
	refused map[inventory.HostID]int // and of the last that it did not take
}

type secret struct {
	word   string
	err    error // in place of a word: nobody gave one
	number int   // from 1
	proved bool
	wrong  inventory.HostID // the host that refused it before any had taken it; "" = none
}

func newSecrets(run journal.RunID, asker *runner.Asker, keep *journal.Redactor) *secrets {
	return &secrets{run: run, ask: asker.Ask, keep: keep, turn: make(chan struct{}, 1), held: map[string]*secret{}, given: map[inventory.HostID]int{}, refused: map[inventory.HostID]int{}}
}

// give waits for an answer that suits the host; told must be called for every word that it gives.
func (s *secrets) give(ctx context.Context, h inventory.Host, kind string) (string, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	// Hosts share a password where they share how root is reached and who asks for it.
	key := kind + " as " + h.User
	have := s.held[key]
	if have == nil || have.number <= s.had(h.Name) || have.wrong != "" {
		next, err := s.question(ctx, h, kind, have)
		if err != nil {
			<-s.turn
			return "", err
		}
		have, s.held[key] = next, next
	}
	s.mu.Lock()
	s.given[h.Name] = have.number
	if have.err != nil {
		s.refused[h.Name] = have.number // nobody's answer: who comes back is asked again
	}
	if have.err != nil || have.proved {
		s.mu.Unlock()
		<-s.turn
		return have.word, have.err
	}
	s.trial, s.where = have, h.Name
	s.mu.Unlock()
	return have.word, nil
}

// question asks the person. That this host stopped waiting is its own affair; that nobody answers is everybody's.
func (s *secrets) question(ctx context.Context, h inventory.Host, kind string, last *secret) (*secret, error) {
	q := runner.Question{
		Run: s.run, Kind: "password", Host: h.Name, Text: quote.Line(kind + " password on " + string(h.Name)),
		Note: "it is sent to every host of this run that asks for the same, once this one has taken it",
	}
	next := &secret{number: 1}
	if last != nil {
		next.number = last.number + 1
	}
	switch {
	case last != nil && last.wrong != "" && last.wrong != h.Name:
		q.Note = "the last answer was wrong on " + string(last.wrong) + ", and was sent to no other host"
	case s.had(h.Name) > 0 && last != nil && last.err == nil:
		q.Note = "the last answer was wrong on this host"
	}
	next.word, next.err = s.ask(ctx, q)
	if next.err != nil && (ctx.Err() != nil || !errors.Is(next.err, runner.ErrDeclined) && !errors.Is(next.err, runner.ErrNobody)) {
		return nil, next.err
	}
	if next.err == nil {
		s.keep.Add(next.word)
	}
	return next, nil
}

// had is the number of the last answer that a host did not take; 0 = none.
func (s *secrets) had(h inventory.HostID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused[h]
}

// told ends the trial of an answer. A host that took it may ask again, in many sessions at once, since sudo remembers nothing from
// one to the next: it had no answer refused, and gets the same without a question.
func (s *secrets) told(h inventory.Host, _ string, v remote.Verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v != remote.Right {
		s.refused[h.Name] = s.given[h.Name]
	}
	if s.trial == nil || s.where != h.Name { // it had an answer that others have taken
		return
	}
	switch v {
	case remote.Right:
		s.trial.proved = true
	case remote.Wrong:
		s.trial.wrong = h.Name
	}
	s.trial = nil
	<-s.turn
}
