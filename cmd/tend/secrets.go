package main

import (
	"context"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/runner"
)

// secrets are the passwords that hosts of a run want to become root: one question serves them all. A host that comes back for the same
// word had it refused; then the question is asked anew, and hosts that come later get the new answer. They are kept in memory only.
type secrets struct {
	run   journal.RunID
	ask   func(context.Context, runner.Question) (string, error)
	turn  chan struct{} // one question at a time; waiting for it can be cancelled
	held  map[string]secret
	keep  *journal.Redactor        // hears of every answer, so that none is written
	given map[inventory.HostID]int // the number of the answer that a host had last
}

type secret struct {
	word   string
	number int // from 1
}

func newSecrets(run journal.RunID, asker *runner.Asker, keep *journal.Redactor) *secrets {
	return &secrets{run: run, ask: asker.Ask, keep: keep, turn: make(chan struct{}, 1), held: map[string]secret{}, given: map[inventory.HostID]int{}}
}

func (s *secrets) give(ctx context.Context, h inventory.Host, kind string) (string, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	// Hosts share a password where they share how root is reached and who asks for it.
	key := kind + " as " + h.User
	have := s.held[key]
	if have.number > s.given[h.Name] {
		s.given[h.Name] = have.number
		return have.word, nil
	}
	q := runner.Question{
		Run: s.run, Kind: "password", Host: h.Name, Text: quote.Line(kind + " password on " + string(h.Name)),
		Note: "it is sent to every host of this run that asks for the same",
	}
	if s.given[h.Name] > 0 {
		q.Note = "the last answer was wrong on this host"
	}
	word, err := s.ask(ctx, q)
	if err != nil {
		return "", err
	}
	s.keep.Add(word)
	have = secret{word, have.number + 1}
	s.held[key], s.given[h.Name] = have, have.number
	return word, nil
}
