package runner

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"tend/engine"
	"tend/journal"
)

// TestAbortDeclinesWhatIsAsked: a run that waits for a password ends when it is aborted, and not minutes later. A step that was at work before
// may still have to be asked for, unless the abort is a hard one.
func TestAbortDeclinesWhatIsAsked(t *testing.T) {
	for _, d := range []journal.Decision{journal.Abort, journal.AbortHard} {
		t.Run(string(d), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { declines(t, d) })
		})
	}
}

func declines(t *testing.T, d journal.Decision) {
	asker, decisions := NewAsker(), make(chan engine.Word)
	srv := &server{asker: asker, decisions: decisions, ctx: t.Context()}
	got := make(chan error, 1)
	ask := func(ctx context.Context, kind string) {
		go func() { _, err := asker.Ask(ctx, Question{Kind: kind}); got <- err }()
		synctest.Wait()
	}
	decide := func(d journal.Decision) {
		t.Helper()
		go func() { (<-decisions).Told(nil) }() // the engine, which takes every word
		if err := srv.decide(&journal.Decided{Decision: d}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	}
	ask(t.Context(), "password")
	if decide(journal.Pause); len(got) > 0 {
		t.Fatalf("a pause declines it: %v", <-got)
	}
	decide(d)
	if err := <-got; !errors.Is(err, ErrDeclined) {
		t.Fatal(err)
	}
	gone, leave := context.WithCancel(t.Context())
	defer leave()
	ask(gone, touch)
	asker.Decline(false)
	if synctest.Wait(); len(got) > 0 {
		t.Fatalf("a touch is not the run's to decline: %v", <-got)
	}
	leave()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("a touch that is given up: %v", err)
	}
	if d == journal.AbortHard {
		if _, err := asker.Ask(t.Context(), Question{Kind: "password"}); !errors.Is(err, ErrDeclined) {
			t.Errorf("after a hard abort: %v", err)
		}
	}
}

// TestDecisionBehindTheEnd: whoever decides as the run ends hears that this was too late, as one whom another was faster than does.
func TestDecisionBehindTheEnd(t *testing.T) {
	for _, taken := range []bool{false, true} {
		ctx, end := context.WithCancel(t.Context())
		srv := &server{asker: NewAsker(), decisions: make(chan engine.Word), ctx: ctx}
		if taken {
			go func() { <-srv.decisions; end() }()
		} else {
			end()
		}
		var late *journal.TooLate
		if err := srv.decide(&journal.Decided{Decision: journal.Pause}); !errors.As(err, &late) || late.Hint() == "" {
			t.Errorf("taken %v: %v", taken, err)
		}
		end()
	}
}
