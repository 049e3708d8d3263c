package engine

import (
	"fmt"
	"strings"
	"time"

	"tend/journal"
	"tend/runbooks"
)

// Next decides what happens now, from what has happened and the time alone. It reads the state and never changes it. It reads the
// plan anew each time; who asks again and again keeps a Compiled.
func Next(s *journal.State, now time.Time) []Action {
	c, err := Compile(s.Plan(), Rules{})
	if err != nil {
		if s.Result != journal.Open || s.Run == "" {
			return nil
		}
		return []Action{Close{Result: journal.Stopped, Reason: "the plan cannot be carried out: " + err.Error()}}
	}
	return c.Next(s, now)
}

// Next is the function Next over a plan that was read before. The state must be of that plan.
//
// Its rules, in their order: what runs is followed to its end; a host at work goes on to its next step while a slot is free, unless
// the run is paused or aborted; a new host is admitted while the wave, the parallel limit, the failure budget, its window and every
// group that it is in allow it; a wave opens when all hosts of the one before have ended and its pause is over; the run closes when
// nothing is at work and nothing can start any more.
func (c *Compiled) Next(s *journal.State, now time.Time) []Action {
	if s.Result != journal.Open || s.Run == "" {
		return nil
	}
	t := &turn{c: c, s: s, now: now, free: c.parallel}
	t.work()
	if s.Abort == "" && !s.Paused && !t.spent() {
		t.admit()
		t.open()
	}
	t.end()
	return t.actions
}

// turn is one call of Next.
type turn struct {
	c       *Compiled
	s       *journal.State
	now     time.Time
	actions []Action
	free    int       // steps that may still be started
	began   bool      // something was started, opened or ended: the run is not at its end
	held    []int     // waiting hosts of open waves that could not start now
	wake    time.Time // the earliest time at which a window opens
	down    []int     // members that are down, by group; nil until it was counted
	taken   []int     // those of them whom this run took down, or cannot bring back
}

func (t *turn) do(a Action) {
	t.actions = append(t.actions, a)
	t.began = true
}

// work takes the hosts at work on. Steps that run come first: they hold their slots.
func (t *turn) work() {
	idle := make([]int, 0, 8)
	for i, left := 0, t.s.Tally.AtWork; i < len(t.s.Hosts) && left > 0; i++ {
		h := &t.s.Hosts[i]
		if h.Phase != journal.AtWork {
			continue
		}
		left--
		if h.Step < len(h.Steps) && h.Steps[h.Step].Running {
			t.free--
			t.running(h)
		} else {
			idle = append(idle, i)
		}
	}
	for _, i := range idle {
		t.onward(i)
	}
}

// running follows a step to its end. What waits for time or for a person ends here: no host is asked.
func (t *turn) running(h *journal.HostState) {
	step, st := &t.c.plan.Steps[h.Step], &h.Steps[h.Step]
	switch {
	case step.Kind != runbooks.Manual && step.Kind != runbooks.Wait:
		t.actions = append(t.actions, Follow{Host: h.ID, Step: step.ID})
	case t.s.Abort != "":
		t.do(End{Host: h.ID, Step: step.ID, Outcome: journal.Aborted, Reason: "the run was aborted"})
	case step.Kind == runbooks.Wait:
		t.when(st.Started.Add(step.For), End{Host: h.ID, Step: step.ID, Outcome: journal.OK})
	case h.Answered != nil:
		t.do(answered(h, step))
	case step.Timeout > 0:
		t.when(st.Started.Add(step.Timeout), End{Host: h.ID, Step: step.ID, Outcome: failure(step, st),
			Reason: fmt.Sprintf("nobody answered within %s", step.Timeout)})
	}
}

// answered ends a manual step as its operator said.
func answered(h *journal.HostState, step *runbooks.Step) End {
	e := End{Host: h.ID, Step: step.ID, Outcome: journal.OK, Reason: h.Answered.Reason}
	if h.Answered.OK {
		return e
	}
	e.Outcome = failure(step, &h.Steps[h.Step])
	if e.Reason == "" {
		e.Reason = "answered: not done"
	}
	return e
}

// when does a at its time, or asks to be woken then.
func (t *turn) when(at time.Time, a Action) {
	if t.now.Before(at) {
		t.actions = append(t.actions, Wake{At: at})
		return
	}
	t.do(a)
}

// onward takes a host at work to its next step, or tries the last one again.
func (t *turn) onward(i int) {
	h := &t.s.Hosts[i]
	switch {
	case h.Step >= len(h.Steps): // cannot be: the fold ends such a host
	case t.s.Abort != "":
		t.do(End{Host: h.ID, Step: t.c.plan.Steps[h.Step].ID, Outcome: journal.Aborted, Reason: abortedBefore(&h.Steps[h.Step])})
	case t.s.Paused || t.free <= 0:
	case h.Steps[h.Step].Attempt > 0:
		t.again(h)
	default:
		t.start(i)
	}
}

// abortedBefore is why a step that does not run is ended: it never began, or was to be tried again.
func abortedBefore(st *journal.StepState) string {
	if st.Attempt == 0 {
		return "the run was aborted before this step began"
	}
	return strings.TrimSuffix("the run was aborted before another try; the last: "+st.Reason, "; the last: ")
}

func (t *turn) again(h *journal.HostState) {
	st := &h.Steps[h.Step]
	due := st.Ended.Add(backOff(st.Attempt - st.Free))
	if t.now.Before(due) && !t.now.Before(st.Ended) { // where the clock was set back, nobody waits for it to come round again
		t.actions = append(t.actions, Wake{At: due})
		return
	}
	t.free--
	t.do(Start{Host: h.ID, Step: t.c.plan.Steps[h.Step].ID, Attempt: st.Attempt + 1, After: due})
}

// backOff is how long the try after the given number of failed ones waits: 1 s, 2 s, 4 s, up to a minute.
func backOff(failed int) time.Duration {
	if failed <= 0 {
		return 0
	}
	return min(time.Second<<min(failed-1, 6), time.Minute)
}

// start begins the host's next step that is wanted, and ends those before it that are not.
func (t *turn) start(i int) {
	h := &t.s.Hosts[i]
	for k := h.Step; k < len(h.Steps); k++ {
		id := t.c.plan.Steps[k].ID
		ok, why := t.c.matches(t.s, i, k)
		if ok {
			t.free--
			t.do(Start{Host: h.ID, Step: id, Attempt: h.Steps[k].Attempt + 1})
			return
		}
		t.do(End{Host: h.ID, Step: id, Outcome: journal.Skipped, Reason: why})
	}
}

// admit takes new hosts of the open waves to work.
func (t *turn) admit() {
	room := min(t.free, t.c.parallel-t.s.Tally.AtWork)
	for w := 0; w <= t.s.Wave && w < len(t.c.waves) && room > 0; w++ {
		for _, i := range t.c.waves[w] {
			if t.s.Hosts[i].Phase != journal.Waiting {
				continue
			}
			if room == 0 {
				return
			}
			if t.may(i) {
				t.take(i)
				t.start(i)
				room--
			} else {
				t.held = append(t.held, i)
			}
		}
	}
}

// open opens the next wave once every host of the waves before it has ended.
func (t *turn) open() {
	w := t.s.Wave + 1
	if t.began || len(t.held) > 0 || t.s.Tally.AtWork > 0 || t.s.Tally.Waiting == 0 || w >= len(t.c.waves) {
		return
	}
	switch {
	case w == 0 || t.s.Approved >= w:
		t.do(Open{Wave: w})
	case t.c.pause.manual:
		t.do(Ask{Wave: w, Why: fmt.Sprintf("%s waits for approval", t.c.plan.Waves[w].Name)})
	default:
		t.soak(w)
	}
}

// soak opens the wave when the pause behind the last host's end is over.
func (t *turn) soak(w int) {
	last := t.s.WaveAt
	for _, i := range t.c.waves[w-1] {
		if e := t.s.Hosts[i].Ended; e.After(last) {
			last = e
		}
	}
	at := last.Add(t.c.pause.length)
	t.when(at, Open{Wave: w})
	if t.now.Before(at) {
		t.do(Ask{Wave: -1, Why: fmt.Sprintf("%s begins at %s (pause = %s)", t.c.plan.Waves[w].Name, at.In(t.now.Location()).Format("Mon 15:04:05 MST"), t.c.plan.Policy.Pause)})
	}
}

// end closes the run where nothing is at work and nothing can start any more.
func (t *turn) end() {
	s := t.s
	switch {
	case t.began || s.Tally.AtWork > 0:
		if s.Paused && s.Abort == "" {
			t.do(Ask{Wave: -1, Why: "the run is paused"})
		}
	case s.Abort != "":
		t.close(journal.WasAborted, left("aborted", s.Tally.Waiting))
	case s.Paused && (s.Tally.Waiting > 0 || s.Tally.Bad() > 0):
		t.do(Ask{Wave: -1, Why: "the run is paused"})
	case s.Tally.Waiting == 0:
		t.close(result(s.Tally), bad(s.Tally))
	case t.spent():
		t.close(journal.Stopped, t.spentWhy())
	case !t.wake.IsZero():
		t.do(Wake{At: t.wake})
		t.do(Ask{Wave: -1, Why: fmt.Sprintf("%s outside the maintenance window, which opens at %s", count(len(t.held), "host is", "hosts are"),
			t.wake.Format("Mon 2 Jan 15:04 MST"))})
	default:
		t.close(journal.Stopped, t.heldWhy())
	}
}
