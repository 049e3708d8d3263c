package main

import (
	"context"
	"strconv"
	"sync"
	"time"

	"tend/journal"
	"tend/runner"
	"tend/ui"
)

// asks gathers the questions of every live run for the screen.
type asks struct {
	a    *app
	wait sync.WaitGroup
}

// lookEvery is how often new runs are looked for: a person waits for the question, nothing else does.
const lookEvery = 500 * time.Millisecond

// Asks yields the questions of all live runs until ctx ends.
func (s *asks) Asks(ctx context.Context) <-chan ui.Ask {
	out := make(chan ui.Ask)
	s.wait.Go(func() {
		defer close(out)
		var listeners sync.WaitGroup
		defer listeners.Wait()
		var mu sync.Mutex
		at := map[journal.RunID]bool{}
		for {
			for run := range s.alive(ctx) {
				mu.Lock()
				known := at[run]
				at[run] = true
				mu.Unlock()
				if known {
					continue
				}
				listeners.Go(func() {
					s.listen(ctx, run, out)
					mu.Lock()
					delete(at, run)
					mu.Unlock()
				})
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(lookEvery):
			}
		}
	})
	return out
}

func (s *asks) alive(ctx context.Context) map[journal.RunID]bool {
	set, err := s.a.alive(ctx)
	if err != nil {
		return nil
	}
	return set
}

func (s *asks) listen(ctx context.Context, run journal.RunID, out chan<- ui.Ask) {
	cl, err := s.a.client(run)
	if err != nil {
		return
	}
	for n, err := range cl.Questions(ctx) {
		if err != nil {
			return
		}
		ask := ui.Ask{Run: run, ID: strconv.Itoa(n.Closed), Gone: true}
		if n.Question != nil {
			ask = shown(*n.Question)
		}
		select {
		case out <- ask:
		case <-ctx.Done():
			return
		}
	}
}

// shown is a question as the screen draws it. Trust in a host's key is typed out, so that no key in flight can give it.
func shown(q runner.Question) ui.Ask {
	ask := ui.Ask{Run: q.Run, ID: strconv.Itoa(q.ID), Host: q.Host, Title: q.Text, Text: q.Note, Secret: !q.Echo}
	if q.Via != "" {
		ask.Title += " (asked by " + q.Via + ")"
	}
	if q.Kind == "host key" {
		ask.Secret, ask.Words = false, "yes"
	}
	return ask
}

// Answer hands the operator's answer to the run.
func (s *asks) Answer(ctx context.Context, a ui.Ask, answer string, ok bool) error {
	cl, err := s.a.client(a.Run)
	if err != nil {
		return err
	}
	id, err := strconv.Atoi(a.ID)
	if err != nil {
		return err
	}
	return cl.Answer(ctx, id, answer, ok)
}
