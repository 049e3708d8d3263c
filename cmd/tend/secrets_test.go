package main

import (
	"context"
	"sync"
	"testing"

	"tend/inventory"
	"tend/journal"
	"tend/runner"
)

// TestOneQuestionServesAllHosts: a hundred hosts want the same password; one question is asked, and one more where it was wrong.
func TestOneQuestionServesAllHosts(t *testing.T) {
	asker := runner.NewAsker()
	asked := 0
	s := newSecrets("r", asker, journal.NewRedactor())
	s.ask = func(context.Context, runner.Question) (string, error) {
		asked++
		return []string{"first", "second"}[asked-1], nil
	}
	var wait sync.WaitGroup
	for i := range 100 {
		wait.Go(func() {
			h := inventory.Host{Name: inventory.HostID(rune('a' + i)), User: "ops"}
			if w, err := s.give(t.Context(), h, "sudo"); err != nil || w != "first" {
				t.Errorf("%q, %v", w, err)
			}
		})
	}
	wait.Wait()
	if asked != 1 {
		t.Fatalf("asked %d times", asked)
	}
	h := inventory.Host{Name: "a", User: "ops"}
	for _, name := range []inventory.HostID{"a", "b", "zz"} {
		h.Name = name
		if w, err := s.give(t.Context(), h, "sudo"); err != nil || w != "second" {
			t.Errorf("%s: %q, %v", name, w, err)
		}
	}
	if asked != 2 {
		t.Fatalf("asked %d times after a wrong answer", asked)
	}
	h.User = "other"
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.turn <- struct{}{}
	if _, err := s.give(ctx, h, "sudo"); err == nil {
		t.Fatal("waiting for another's question was not cancelled")
	}
}
