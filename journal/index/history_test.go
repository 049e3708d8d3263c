package index_test

import (
	"reflect"
	"testing"
	"time"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/runbooks"
)

// past leaves something of every kind that is asked for over time.
func past(t testing.TB, j journal.Journal) {
	t.Helper()
	pending := func(facts ...runbooks.Fact) journal.FactsRead {
		return journal.FactsRead{Host: "a", Step: "check", Facts: append(facts, runbooks.Fact{Key: "pending", Value: "1"},
			runbooks.Fact{Key: "disk:/var", Value: "42", Unit: "%", Check: true, State: runbooks.CheckOK})}
	}
	ssl := runbooks.Fact{Key: "update.openssl", Value: "3.0 -> 3.1 Debian security"}
	for i, facts := range []journal.FactsRead{pending(ssl), pending(ssl), pending()} {
		run := journal.RunID([]string{"p0", "p1", "p2"}[i])
		add(t, j, run, journaltest.Plan("health", "a", "b"), journal.StepStarted{Host: "a", Step: "check", Attempt: 1}, facts,
			journal.StepEnded{Host: "a", Step: "check", Attempt: 1, Outcome: journal.Failed}, journal.Decided{Decision: journal.Pause, By: journal.Who{User: "kim"}})
		add(t, j, run, journal.Decided{Decision: journal.Continue, By: journal.Who{User: "ann"}}, journal.RunClosed{Result: journal.Passed})
	}
	plan := journaltest.Plan("exec", "a", "b")
	plan.Plan.Params = map[string]string{"command": "uptime"}
	add(t, j, "p3", plan, journal.RunClosed{Result: journal.Passed})
}

func TestHistory(t *testing.T) {
	b := open(t)
	past(t, b)
	check := func(what string) {
		t.Helper()
		ctx, since := t.Context(), time.Now().Add(-24*time.Hour)
		spent, err := b.x.Spent(ctx, since)
		if err != nil || len(spent) != 3 || spent[0].Step != "check" || spent[0].Hosts != 1 || spent[0].Failed != 1 || spent[0].Slowest != "a" {
			t.Errorf("%s: spent %+v, %v", what, spent, err)
		}
		stood, err := b.x.Stood(ctx, since)
		if err != nil || len(stood) != 3 || stood[0].What != "pause" || stood[0].Who != "ann" || stood[0].For <= 0 {
			t.Errorf("%s: stood %+v, %v", what, stood, err)
		}
		typed, err := b.x.Typed(ctx, since)
		if err != nil || len(typed) != 1 || typed[0].Command != "uptime" || typed[0].Hosts != 2 {
			t.Errorf("%s: typed %+v, %v", what, typed, err)
		}
		samples, err := b.x.Samples(ctx, since)
		if err != nil || len(samples) < 1 || len(samples) > 2 || samples[0].Key != "disk:/var" || samples[0].Value != 42 { // two where midnight passed
			t.Errorf("%s: samples %+v, %v", what, samples, err)
		}
		updates, err := b.x.Updates(ctx, since)
		if err != nil || len(updates) != 1 {
			t.Fatalf("%s: updates %+v, %v", what, updates, err)
		}
		if u := updates[0]; u.Name != "openssl" || u.Version != "3.1" || !u.Security || !u.Last.After(u.First) || !u.Gone.After(u.Last) || !u.Published.Equal(u.First) {
			t.Errorf("%s: update %+v", what, u)
		}
		if late, err := b.x.Spent(ctx, time.Now().Add(time.Hour)); err != nil || len(late) != 0 {
			t.Errorf("%s: spent in the future: %+v, %v", what, late, err)
		}
	}
	check("folded as it came")
	was := everything(t, b)
	if err := b.x.Reindex(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("built anew")
	if is := everything(t, b); !reflect.DeepEqual(was, is) {
		t.Errorf("built anew it says\n%+v\nand as it came it said\n%+v", is, was)
	}
}

func everything(t testing.TB, b both) (all []any) {
	t.Helper()
	spent, err := b.x.Spent(t.Context(), time.Time{})
	do2(t, err)
	stood, err := b.x.Stood(t.Context(), time.Time{})
	do2(t, err)
	updates, err := b.x.Updates(t.Context(), time.Time{})
	do2(t, err)
	return []any{spent, stood, updates}
}

func do2(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
