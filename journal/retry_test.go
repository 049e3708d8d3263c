package journal

import (
	"testing"
	"time"

	"tend/inventory"
	"tend/runbooks"
)

// told folds bodies of a run over one host "h" with the given steps.
func told(steps []runbooks.Step, bodies ...Body) *State {
	s := NewState()
	p := runbooks.Plan{Steps: steps, Hosts: []inventory.Host{{Name: "h"}}, Waves: []runbooks.Wave{{Hosts: []inventory.HostID{"h"}}}}
	for i, b := range append([]Body{PlanAccepted{Plan: p}}, bodies...) {
		s.Apply(Event{Run: "r", Seq: uint64(i + 1), At: time.Unix(int64(i), 0), Body: b})
	}
	return s
}

// TestWhatIsTriedAgain: the fold keeps a host at work exactly where the engine will try its step again.
func TestWhatIsTriedAgain(t *testing.T) {
	read, change := runbooks.Step{ID: "a", Risk: runbooks.Read}, runbooks.Step{ID: "a", Risk: runbooks.Change}
	with := func(s runbooks.Step, retries int, repeat bool) runbooks.Step {
		s.Retries, s.Repeat = retries, repeat
		return s
	}
	for _, c := range []struct {
		name  string
		step  runbooks.Step
		out   Outcome
		again bool
		want  bool
	}{
		{"a read that failed, no try left", read, Failed, false, false},
		{"a read that failed", with(read, 1, false), Failed, false, true},
		{"a read whose link broke", with(read, 1, false), Unknown, false, true},
		{"a read that was lost with the runner, no try left", read, Unknown, true, true},
		{"a change that failed", with(change, 1, false), Failed, false, false},
		{"a change that may be repeated and failed", with(change, 1, true), Failed, false, true},
		{"a change that may be repeated and is unknown", with(change, 1, true), Unknown, false, false},
		{"a change that never started", with(change, 1, false), Unreachable, true, true},
		{"a change that its host refused", with(change, 1, false), Refused, true, true},
		{"a change that never started, no try left", change, Unreachable, true, false},
		{"aborted", with(read, 1, true), Aborted, false, false},
	} {
		s := told([]runbooks.Step{c.step}, StepStarted{Host: "h", Step: "a", Attempt: 1},
			StepEnded{Host: "h", Step: "a", Attempt: 1, Outcome: c.out, Again: c.again})
		if got := s.Hosts[0].Phase == AtWork; got != c.want || s.Retriable(&s.Hosts[0]) != c.want {
			t.Errorf("%s: at work %t, retriable %t, want %t", c.name, got, s.Retriable(&s.Hosts[0]), c.want)
		}
	}
}

// TestLostTriesAreMadeGood: a try that died with the runner leaves as many tries as there were, however often that happens.
func TestLostTriesAreMadeGood(t *testing.T) {
	bodies := []Body{}
	for n := 1; n <= 3; n++ {
		lost := StepEnded{Host: "h", Step: "a", Attempt: n, Outcome: Unknown, Again: true}
		bodies = append(bodies, StepStarted{Host: "h", Step: "a", Attempt: n}, lost, lost) // told twice, it counts once
	}
	s := told([]runbooks.Step{{ID: "a", Risk: runbooks.Read, Retries: 1}}, bodies...)
	if st := s.Hosts[0].Steps[0]; st.Attempt != 3 || st.Free != 3 {
		t.Errorf("%+v", st)
	}
	fail := func(n int) []Body {
		return []Body{StepStarted{Host: "h", Step: "a", Attempt: n}, StepEnded{Host: "h", Step: "a", Attempt: n, Outcome: Failed}}
	}
	bodies = append(bodies, fail(4)...)
	s = told(s.Plan().Steps, bodies...)
	if s.Hosts[0].Phase != AtWork {
		t.Errorf("the first failure that counts used up both tries: %+v", s.Hosts[0])
	}
	s = told(s.Plan().Steps, append(bodies, fail(5)...)...)
	if s.Hosts[0].Phase != Ended || s.Hosts[0].Outcome != Failed {
		t.Errorf("%+v", s.Hosts[0])
	}
	s = told(s.Plan().Steps, append(append(bodies, fail(5)...), Decided{Decision: Retry, Host: "h"})...)
	if st := s.Hosts[0].Steps[0]; s.Hosts[0].Phase != AtWork || st.Free != 5 {
		t.Errorf("an operator's word gives all tries back: %+v", s.Hosts[0])
	}
}

func TestDecisionsThatComeTooLate(t *testing.T) {
	steps := []runbooks.Step{{ID: "a"}, {ID: "b", Kind: runbooks.Manual}}
	through := []Body{StepStarted{Host: "h", Step: "a", Attempt: 1}, StepEnded{Host: "h", Step: "a", Attempt: 1, Outcome: OK}}
	if s := told(steps[:1], append(through, Decided{Decision: SkipHost, Host: "h"})...); s.Hosts[0].Outcome != OK {
		t.Errorf("a host that is through was skipped: %s", s.Hosts[0].Outcome)
	}
	asked := append(through, StepStarted{Host: "h", Step: "b", Attempt: 1})
	if s := told(steps, append(asked, Decided{Decision: Answer, Host: "h", Step: "a", OK: true})...); s.Hosts[0].Answered != nil {
		t.Error("the answer to another step was taken")
	}
	if s := told(steps, append(asked, Decided{Decision: Answer, Host: "h", Step: "b", OK: true})...); s.Hosts[0].Answered == nil {
		t.Error("the answer was not taken")
	}
}

func TestHostOnWhichNothingRanIsSkipped(t *testing.T) {
	skip := StepEnded{Host: "h", Step: "a", Outcome: Skipped}
	if s := told([]runbooks.Step{{ID: "a"}}, skip); s.Hosts[0].Outcome != Skipped {
		t.Errorf("%s", s.Hosts[0].Outcome)
	}
	s := told([]runbooks.Step{{ID: "a"}, {ID: "b"}}, skip, StepStarted{Host: "h", Step: "b", Attempt: 1},
		StepEnded{Host: "h", Step: "b", Attempt: 1, Outcome: OK})
	if s.Hosts[0].Outcome != OK {
		t.Errorf("%s", s.Hosts[0].Outcome)
	}
}
