package main

import (
	"context"
	"errors"
	"testing"

	"tend/journal"
)

// unlisted is a journal whose list of runs is not to be asked for: it may have to be made of all of them.
type unlisted struct{ *journal.Memory }

var errListed = errors.New("the list of all runs was asked for")

func (unlisted) Runs(context.Context, journal.Query) ([]journal.RunSummary, error) {
	return nil, errListed
}

// TestARunNamedWholeIsFoundAlone: who names a run whole waits for no list of all runs; part of a name is looked up in it.
func TestARunNamedWholeIsFoundAlone(t *testing.T) {
	book := unlisted{journal.NewMemory("ops@test", nil)}
	const run = "261122-2213-k7f3"
	if _, err := book.Append(t.Context(), run, journal.Remarked{Text: "there"}); err != nil {
		t.Fatal(err)
	}
	if got, err := (&app{}).find(t.Context(), book, run); err != nil || got != run {
		t.Errorf("%q, %v", got, err)
	}
	for _, part := range []string{"k7f3", "last", "261122-2213-aaaa", ""} {
		if got, err := (&app{}).find(t.Context(), book, part); !errors.Is(err, errListed) {
			t.Errorf("%q was found as %q, %v, without the list", part, got, err)
		}
	}
}
