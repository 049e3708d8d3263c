package journal_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

var epoch = time.Date(2026, 11, 22, 22, 13, 0, 0, time.UTC)

// small names, so that events often meet the plan's hosts and steps, and sometimes do not.
var (
	hostGen = rapid.Map(rapid.IntRange(0, 5), func(i int) inventory.HostID { return inventory.HostID(fmt.Sprintf("h%d", i)) })
	stepGen = rapid.Map(rapid.IntRange(0, 4), func(i int) runbooks.StepID { return runbooks.StepID(fmt.Sprintf("s%d", i)) })
	riskGen = rapid.SampledFrom([]runbooks.Risk{runbooks.Read, runbooks.Change, runbooks.Disrupt})
)

var planGen = rapid.Custom(func(t *rapid.T) runbooks.Plan {
	p := runbooks.Plan{Runbook: "x", Scope: "all"}
	for _, id := range rapid.SliceOfN(stepGen, 0, 4).Draw(t, "steps") { // duplicates too: Apply is total
		p.Steps = append(p.Steps, runbooks.Step{ID: id, Risk: riskGen.Draw(t, "risk"), Retries: rapid.IntRange(-1, 2).Draw(t, "retries"), Repeat: rapid.Bool().Draw(t, "repeat")})
	}
	for _, id := range rapid.SliceOfN(hostGen, 0, 5).Draw(t, "hosts") {
		p.Hosts = append(p.Hosts, inventory.Host{Name: id})
	}
	for range rapid.IntRange(0, 3).Draw(t, "waves") {
		p.Waves = append(p.Waves, runbooks.Wave{Hosts: rapid.SliceOfN(hostGen, 0, 3).Draw(t, "wave")})
	}
	return p
})

var decisions = []journal.Decision{journal.Pause, journal.Continue, journal.Approve, journal.Abort, journal.AbortHard, journal.Retry, journal.SkipHost, journal.SkipStep, journal.Answer, "dance"}

var bodyGen = rapid.Custom(func(t *rapid.T) journal.Body {
	host, step := hostGen.Draw(t, "host"), stepGen.Draw(t, "step")
	attempt := rapid.IntRange(-1, 3).Draw(t, "attempt")
	outcome := journal.Outcome(rapid.IntRange(-2, 9).Draw(t, "outcome"))
	number := rapid.IntRange(-3, 5).Draw(t, "number")
	switch rapid.IntRange(0, 13).Draw(t, "kind") {
	case 0:
		return journal.RunnerStarted{PID: number}
	case 1:
		return journal.WaveOpened{Wave: number}
	case 2:
		return journal.HostReached{Host: host}
	case 3, 4, 5:
		return journal.StepStarted{Host: host, Step: step, Attempt: attempt, Job: "j"}
	case 6:
		return journal.OutputRead{Host: host, Step: step, Attempt: attempt, Offset: rapid.Int64().Draw(t, "offset"), Data: []byte("x")}
	case 7:
		return journal.FactsRead{Host: host, Step: step, Facts: []runbooks.Fact{{Key: "k", Value: "v"}}}
	case 8, 9, 10:
		return journal.StepEnded{Host: host, Step: step, Attempt: attempt, Outcome: outcome, Again: rapid.Bool().Draw(t, "again")}
	case 11:
		return journal.Decided{Decision: rapid.SampledFrom(decisions).Draw(t, "decision"), Host: host, Step: step, Wave: number}
	case 12:
		return journal.Foreign{Name: "from_the_future", Raw: []byte(`{}`)}
	}
	return journal.RunClosed{Result: journal.Result(number)}
})

// eventsGen is any sequence of events, nearly always with a plan somewhere near its beginning.
var eventsGen = rapid.Custom(func(t *rapid.T) []journal.Event {
	bodies := rapid.SliceOfN(bodyGen, 0, 60).Draw(t, "bodies")
	for range rapid.IntRange(0, 2).Draw(t, "plans") {
		at := rapid.IntRange(0, min(2, len(bodies))).Draw(t, "at")
		plan := journal.PlanAccepted{Plan: planGen.Draw(t, "plan")}
		bodies = append(bodies[:at:at], append([]journal.Body{plan}, bodies[at:]...)...)
	}
	events := make([]journal.Event, len(bodies))
	for i, b := range bodies {
		events[i] = journal.Event{Origin: "o", Run: "r", Seq: uint64(i) + 1, At: epoch.Add(time.Duration(i) * time.Second), Body: b}
	}
	return events
})

// tally counts anew what Apply keeps count of.
func tally(s *journal.State) journal.Tally {
	var t journal.Tally
	for _, h := range s.Hosts {
		switch h.Phase {
		case journal.Waiting:
			t.Waiting++
		case journal.AtWork:
			t.AtWork++
		default:
			t.By[h.Outcome]++
		}
	}
	return t
}

// TestApplyIsTotal: whatever comes in whatever order, Apply neither panics nor loses count.
func TestApplyIsTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := journal.NewState()
		for _, e := range eventsGen.Draw(t, "events") {
			s.Apply(e)
			if got := tally(s); got != s.Tally {
				t.Fatalf("after %s: tally %+v, hosts %+v", e.Body.Kind(), s.Tally, got)
			}
			if s.Seq != e.Seq || !s.Last.Equal(e.At) {
				t.Fatalf("after event %d: seq %d, last %v", e.Seq, s.Seq, s.Last)
			}
			for i := range s.Hosts {
				checkHost(t, s, &s.Hosts[i])
			}
		}
		sum := s.Summary()
		n := 0
		for _, c := range sum.Counts {
			n += c
		}
		if n != sum.Hosts {
			t.Fatalf("%d hosts counted as %v", sum.Hosts, sum.Counts)
		}
	})
}

func checkHost(t *rapid.T, s *journal.State, h *journal.HostState) {
	if h.Step < 0 || h.Step > len(h.Steps) {
		t.Fatalf("host %s is at step %d of %d", h.ID, h.Step, len(h.Steps))
	}
	for i, st := range h.Steps {
		if st.Running && (st.Attempt < 1 || st.Started.IsZero()) {
			t.Fatalf("host %s: step %d runs and was never started: %+v", h.ID, i, st)
		}
	}
	if s.Retriable(h) && h.Steps[h.Step].Running {
		t.Fatalf("host %s: what runs would be tried again", h.ID)
	}
}

// TestApplyFoldsPrefixes: a state that is folded to some point, kept, and folded on is the state that is folded at once; and what has been
// through the codec folds as what has not. This is what resume, attach and replay rest on.
func TestApplyFoldsPrefixes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := eventsGen.Draw(t, "events")
		cut := rapid.IntRange(0, len(events)).Draw(t, "cut")
		whole, parts := journal.NewState(), journal.NewState()
		for _, e := range events {
			whole.Apply(e)
		}
		for _, part := range [][]journal.Event{events[:cut], events[cut:]} {
			for _, e := range part {
				raw, err := e.MarshalJSON()
				if err != nil {
					t.Fatal(err)
				}
				var back journal.Event
				if err := back.UnmarshalJSON(raw); err != nil {
					t.Fatal(err)
				}
				parts.Apply(back)
			}
		}
		whole.Result, parts.Result = 0, 0 // a result out of range is written as a word, and reads back as unknown
		whole.Accepted, parts.Accepted = journal.PlanAccepted{}, journal.PlanAccepted{}
		if !reflect.DeepEqual(whole, parts) {
			t.Fatalf("cut at %d:\nwhole %+v\nparts %+v", cut, whole, parts)
		}
	})
}

// TestForeignFoldsToNothing: what a newer build wrote moves only the sequence on.
func TestForeignFoldsToNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain, mixed := journal.NewState(), journal.NewState()
		for _, e := range eventsGen.Draw(t, "events") {
			plain.Apply(e)
			mixed.Apply(e)
			mixed.Apply(journal.Event{Seq: e.Seq, At: e.At, Body: journal.Foreign{Name: "x"}})
			mixed.Apply(journal.Event{Seq: e.Seq, At: e.At, Body: nil})
		}
		if !reflect.DeepEqual(plain, mixed) {
			t.Fatalf("%+v\n%+v", plain, mixed)
		}
	})
}
