package journal_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/inventory"
	"tend/journal"
	"tend/journal/journaltest"
	"tend/runbooks"
)

// TestLateAgreesWithTheFold: a decision that is said to count changes something, and one about a host or a wave that would change nothing,
// or what somebody else decided, is said to be late.
func TestLateAgreesWithTheFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := eventsGen.Draw(t, "events")
		d := journal.Decided{
			Decision: rapid.SampledFrom(decisions[:9]).Draw(t, "what"), Host: hostGen.Draw(t, "at"), Step: stepGen.Draw(t, "of"), Attempt: rapid.IntRange(0, 3).Draw(t, "try"),
			Wave: rapid.IntRange(0, 5).Draw(t, "wave"), By: journal.Who{User: "ann"},
		}
		before, after := fold(events), fold(events)
		late := before.Late(d)
		after.Apply(journal.Event{Seq: before.Seq, At: before.Last, Body: d})
		same := reflect.DeepEqual(before, after)
		stays := d.Decision == journal.Pause || d.Decision == journal.Continue || d.Decision == journal.Abort || d.Decision == journal.AbortHard
		switch {
		case late != nil && !errors.As(late, new(*journal.TooLate)):
			t.Fatalf("%v is no TooLate", late)
		case before.Result != journal.Open && late == nil:
			t.Fatalf("%s counts for a run that has ended", d.Decision)
		case stays || before.Result != journal.Open || before.Abort != "":
		case late == nil && same:
			t.Fatalf("%+v counts, and changes nothing", d)
		case late != nil && !same && d.Decision != journal.Answer && d.Decision != journal.Approve:
			t.Fatalf("%+v is late (%v), and would change something", d, late)
		}
		if granted := before.Granted(d); late == nil && granted != (stays && same) {
			t.Fatalf("%s: granted %t; it changes something: %t", d.Decision, granted, !same)
		}
		if late == nil && !stays {
			if err := after.Late(d); err == nil {
				t.Fatalf("%+v counts twice", d)
			}
		}
	})
}

func fold(events []journal.Event) *journal.State {
	s := journal.NewState()
	for _, e := range events {
		s.Apply(e)
	}
	return s
}

// TestLateSaysWhoseWordCounts: by whom, from where and when.
func TestLateSaysWhoseWordCounts(t *testing.T) {
	s := journal.NewState()
	apply := func(bodies ...journal.Body) {
		for _, b := range bodies {
			s.Apply(journal.Event{Run: "r", Seq: s.Seq + 1, At: epoch.Add(time.Duration(s.Seq) * time.Second), Body: b})
		}
	}
	p := runbooks.Plan{Steps: []runbooks.Step{{ID: "swap", Kind: runbooks.Manual}}}
	p.Hosts = []inventory.Host{{Name: "a"}}
	p.Waves = []runbooks.Wave{{Name: "all", Hosts: []inventory.HostID{"a"}}}
	answer := journal.Decided{Decision: journal.Answer, Host: "a", Step: "swap", Attempt: 1, OK: true, By: journal.Who{User: "ann\x1b", From: "console1 pts/3"}}
	apply(journal.PlanAccepted{Plan: p}, journal.WaveOpened{})
	says := func(d journal.Decided, want string) {
		t.Helper()
		err := s.Late(d)
		if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", d.Decision, err, want)
		}
	}
	says(answer, "a waits for no answer")
	apply(journal.StepStarted{Host: "a", Step: "swap", Attempt: 1})
	says(answer, "")
	says(journal.Decided{Decision: journal.Answer, Host: "a", Step: "swap", Attempt: 2}, "a waits for no answer")
	says(journal.Decided{Decision: journal.SkipHost, Host: "a"}, "a is at work on swap, and what runs is not decided away")
	says(journal.Decided{Decision: journal.Retry, Host: "zz"}, `the run has no host "zz"`)
	says(journal.Decided{Decision: journal.Approve, Wave: 1 << 20}, "no wave waits for approval")
	says(journal.Decided{Decision: journal.Approve}, "no wave waits for approval")
	apply(answer)
	says(answer, `a waits for no answer: it was answered already, by ann\x1b (console1 pts/3) at `+epoch.Add(3*time.Second).Local().Format(time.DateTime))
	apply(journal.StepEnded{Host: "a", Step: "swap", Attempt: 1, Outcome: journal.OK})
	says(answer, "it was answered already, by ann")
	says(journal.Decided{Decision: journal.Retry, Host: "a"}, "a was decided about already (answer), by ann")
	apply(journal.Decided{Decision: journal.Abort, By: journal.Who{User: "bob"}})
	says(journal.Decided{Decision: journal.Retry, Host: "a"}, "the run was aborted, by bob at ")
	says(journal.Decided{Decision: journal.Continue}, "the run was aborted, by bob at ")
	says(journal.Decided{Decision: journal.AbortHard}, "")
	apply(journal.RunClosed{Result: journal.WasAborted})
	says(journal.Decided{Decision: journal.AbortHard}, "the run has ended (aborted)")
}

// TestOneWaveWaitsAtATime: the next one waits once all hosts of those before have ended, and no longer than until it is approved.
func TestOneWaveWaitsAtATime(t *testing.T) {
	t.Parallel()
	s := journal.NewState()
	waits := func(want int, bodies ...journal.Body) {
		t.Helper()
		for _, b := range bodies {
			s.Apply(journal.Event{Run: "r", Seq: s.Seq + 1, At: epoch, Body: b})
		}
		if got := s.Waits(); got != want {
			t.Errorf("after %T: wave %d waits, want %d", bodies[len(bodies)-1], got, want)
		}
	}
	p := runbooks.Plan{Policy: runbooks.Policy{Pause: "manual"}, Steps: []runbooks.Step{{ID: "x", Kind: runbooks.Script}}}
	for i, h := range []inventory.HostID{"a", "b", "c"} {
		p.Hosts = append(p.Hosts, inventory.Host{Name: h})
		p.Waves = append(p.Waves, runbooks.Wave{Name: fmt.Sprint("w", i), Hosts: []inventory.HostID{h}})
	}
	waits(-1, journal.PlanAccepted{Plan: p})
	waits(-1, journal.WaveOpened{Wave: 0})
	waits(1, journal.StepStarted{Host: "a", Step: "x", Attempt: 1}, journal.StepEnded{Host: "a", Step: "x", Attempt: 1, Outcome: journal.OK})
	waits(-1, journal.Decided{Decision: journal.Approve, Wave: 1})
	waits(-1, journal.WaveOpened{Wave: 1})
	waits(2, journal.StepStarted{Host: "b", Step: "x", Attempt: 1}, journal.StepEnded{Host: "b", Step: "x", Attempt: 1, Outcome: journal.Failed})
	waits(-1, journal.WaveOpened{Wave: 2}, journal.StepStarted{Host: "c", Step: "x", Attempt: 1}, journal.StepEnded{Host: "c", Step: "x", Attempt: 1, Outcome: journal.OK})
}

// TestAnswerIsHeldAgainstWhatTheHostTold: the label of another disk is no answer, unless whoever gives it says why, and repeats the host's word.
func TestAnswerIsHeldAgainstWhatTheHostTold(t *testing.T) {
	p := journaltest.Plan("swap", "a")
	p.Plan.Steps = []runbooks.Step{{ID: "swap", Kind: runbooks.Manual, Asks: []runbooks.Ask{{Name: "old", Type: "text", Is: "disk.serial"}, {Name: "bay", Type: "text"}}}}
	told := journal.FactsRead{Host: "a", Step: "swap", Facts: []runbooks.Fact{{Key: "disk.serial", Value: "WD-WCC4N0123456"}}}
	for _, c := range []struct {
		old, reason string
		ok, silent  bool
		want        bool
	}{
		{old: "WCC4N0123456", ok: true, want: true},
		{old: "WCC4N0123457", ok: true},
		{old: "WCC4N0123457", ok: true, reason: "bay 4 was hot"},
		{old: "WCC4N0123457", ok: true, reason: "WD-WCC4N0123456 is the controller's volume", want: true},
		{old: "WCC4N0123457", reason: "pushed back in", want: true},
		{old: "WCC4N0123457", ok: true, silent: true, want: true}, // the disk does not tell its number
		{ok: true, want: true},                                    // what lacks is said elsewhere
	} {
		bodies := []journal.Body{p, journal.WaveOpened{}, told, journal.StepStarted{Host: "a", Step: "swap", Attempt: 1}}
		if c.silent {
			bodies[2] = journal.Remarked{}
		}
		s := journal.NewState()
		for i, b := range bodies {
			s.Apply(journal.Event{Run: "r1", Seq: uint64(i + 1), Body: b})
		}
		err := s.Contradicted(journal.Decided{Decision: journal.Answer, Host: "a", Step: "swap", OK: c.ok, Reason: c.reason, Answers: map[string]string{"old": c.old, "bay": "4"}})
		if (err == nil) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
