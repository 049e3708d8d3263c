package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// errCrash is the end of a process, as far as an engine can see its own.
var errCrash = errors.New("killed")

// mortal records until a number of events is durable, then no more: an append may be cut in its middle.
type mortal struct {
	journal.Journal
	left int
}

func (m *mortal) Append(ctx context.Context, run journal.RunID, bodies ...journal.Body) ([]journal.Event, error) {
	n := min(m.left, len(bodies))
	m.left -= n
	events, err := m.Journal.Append(ctx, run, bodies[:n]...)
	if err == nil && m.left == 0 {
		err = errCrash
	}
	return events, err
}

// refold is the state that a new process reads from the journal.
func refold(t testing.TB, book journal.Journal, run journal.RunID) *journal.State {
	t.Helper()
	s := journal.NewState()
	for _, e := range all(t, book, run) {
		s.Apply(e)
	}
	if s.Result != journal.Open {
		return s
	}
	events, err := book.Append(context.Background(), run, journal.RunnerStarted{PID: 2, Resumed: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Apply(events[0])
	return s
}

// survived carries the plan out with a runner that dies after each of the given numbers of events and is followed by another one
// after the given absence. It must be called in a bubble.
func survived(t testing.TB, p runbooks.Plan, w *world, absence time.Duration, deaths ...int) (*journal.State, []journal.Event) {
	t.Helper()
	book := journal.NewMemory("ops@test", nil)
	s := begun(t, book, p)
	for _, n := range deaths {
		if n == 0 {
			continue
		}
		err := New(&mortal{book, n}, w, w, Options{}).Run(context.Background(), s, nil)
		if err == nil {
			break // the run was over before that
		}
		if !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		time.Sleep(absence) // in the bubble's time
		s = refold(t, book, s.Run)
	}
	if err := New(book, w, w, Options{}).Run(context.Background(), s, nil); err != nil {
		t.Fatal(err)
	}
	return s, all(t, book, s.Run)
}

// outputs are what the journal holds of each step's last attempt, and checks that no byte is missing or doubled.
func outputs(t testing.TB, events []journal.Event) map[string]string {
	t.Helper()
	out, attempt := map[string]string{}, map[string]int{}
	for _, e := range events {
		b, ok := e.Body.(journal.OutputRead)
		if !ok {
			continue
		}
		key := fmt.Sprint(b.Host, " ", b.Step)
		if attempt[key] != b.Attempt {
			out[key], attempt[key] = "", b.Attempt
		}
		if b.Offset != int64(len(out[key])) {
			t.Fatalf("%s: output at %d, where %d were recorded", key, b.Offset, len(out[key]))
		}
		if len(b.Data) > chunk {
			t.Fatalf("%s: a chunk of %d bytes", key, len(b.Data))
		}
		out[key] += string(b.Data)
	}
	return out
}

// essence is what must be the same however often the runner died.
func essence(s *journal.State) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %q\n", s.Result, s.Reason)
	for _, h := range s.Hosts {
		fmt.Fprintf(&b, "%s %s", h.ID, h.Outcome)
		for _, st := range h.Steps {
			fmt.Fprintf(&b, " %s/%d/%q", st.Outcome, st.Attempt-st.Free, st.Reason)
		}
		for _, k := range sortedKeys(h.Facts) {
			if k == rebootOrdered {
				continue // a note for the next runner: one that died before it was durable does without
			}
			fmt.Fprintf(&b, " %s=%s", k, h.Facts[k].Value)
		}
		fmt.Fprintln(&b)
	}
	return b.String()
}

// patchPlan is 3 hosts x 4 steps: one that only reads, one that changes and talks much, a reboot, and one for some hosts only.
func patchPlan() runbooks.Plan {
	p := waves(plan(3,
		runbooks.Step{ID: "look", Risk: runbooks.Read, Emits: "facts", Retries: 1, Facts: []runbooks.FactSpec{{Key: "pending", Type: "int"}}},
		runbooks.Step{ID: "upgrade", Emits: "facts", Facts: []runbooks.FactSpec{{Key: "changed", Type: "int"}}},
		runbooks.Step{ID: "reboot", Kind: runbooks.Reboot, Risk: runbooks.Disrupt, When: "changed>0"},
		runbooks.Step{ID: "after"},
	), 1, 2)
	p.Policy = runbooks.Policy{Parallel: 2, Pause: "1m"}
	return p
}

// patchWorld: h00's look fails at first, h01 changes nothing, h02's last step fails. Everything comes out after a while.
func patchWorld() *world {
	long := strings.Repeat("unpacking a package of some length\n", 2500)
	return newWorld(func(h inventory.HostID, step string, nth int) act {
		switch {
		case step == "look" && h == "h00" && nth == 1:
			return act{takes: time.Second, output: "pending=?\n", exit: 1}
		case step == "look":
			return act{takes: time.Second, output: "pending=4\n"}
		case step == "upgrade" && h == "h01":
			return act{takes: time.Minute, output: long + "changed=0\n"}
		case step == "upgrade":
			return act{takes: time.Minute, output: long + "changed=4\n"}
		case h == "h02":
			return act{takes: time.Second, output: "E: broken\n", exit: 100}
		}
		return act{takes: time.Second}
	})
}

// steady is a world where a look never fails: how often a look runs is not counted, and what fails at first must not depend on it.
func steady(w *world) *world {
	does := w.does
	w.does = func(h inventory.HostID, step string, nth int) act { return does(h, step, nth+1) }
	return w
}

func TestCrashAfterEveryEvent(t *testing.T) {
	for _, absence := range []time.Duration{0, 20 * time.Second, 3 * time.Hour} {
		var want string
		var wantOut map[string]string
		total := 0
		synctest.Test(t, func(t *testing.T) {
			w := steady(patchWorld())
			s, events := survived(t, patchPlan(), w, 0)
			want, wantOut, total = essence(s), outputs(t, events), len(events)
			checkOnce(t, w)
		})
		if total < 40 || !strings.Contains(want, "failed") {
			t.Fatalf("the undisturbed run has %d events and ends as\n%s", total, want)
		}
		for n := 1; n <= total; n++ {
			synctest.Test(t, func(t *testing.T) {
				w := steady(patchWorld())
				s, events := survived(t, patchPlan(), w, absence, n)
				if got := essence(s); got != want {
					t.Errorf("killed after event %d, away for %s: ends as\n%swant\n%s", n, absence, got, want)
				}
				if got := outputs(t, events); !maps.Equal(got, wantOut) {
					t.Errorf("killed after event %d, away for %s: the output differs", n, absence)
				}
				checkOnce(t, w)
			})
		}
	}
}

// checkOnce wants every side effect to have happened exactly once.
func checkOnce(t testing.TB, w *world) {
	t.Helper()
	for _, h := range []string{"h00", "h01", "h02"} {
		for _, step := range []string{"upgrade", "after"} {
			if n := w.runs[h+" "+step]; n != 1 {
				t.Errorf("%s ran %d times on %s", step, n, h)
			}
		}
	}
	if !reflect.DeepEqual(w.boots, map[inventory.HostID]int{"h00": 1, "h02": 1}) {
		t.Errorf("restarts: %v", w.boots)
	}
	if w.twice != nil {
		t.Error(w.twice)
	}
	if len(w.jobs) > 0 {
		t.Errorf("left on hosts: %v", slices.Sorted(maps.Keys(w.jobs)))
	}
}

// TestRandomRunsSurviveRandomDeaths: random plans, random ends, and a runner that dies at random again and again.
func TestRandomRunsSurviveRandomDeaths(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlan(rt)
		seed := rapid.IntRange(0, 1<<20).Draw(rt, "seed")
		deaths := rapid.SliceOfN(rapid.IntRange(1, 40), 0, 5).Draw(rt, "deaths")
		absence := time.Duration(rapid.IntRange(0, 1000).Draw(rt, "absence")) * time.Second
		var problem error
		synctest.Test(t, func(st *testing.T) {
			w, x := chaos(seed), chaos(seed)
			want, _ := survived(st, autoApproved(p), w, 0)
			got, events := survived(st, autoApproved(p), x, absence, deaths...)
			outputs(st, events)
			problem = errors.Join(compare(p, w, x), limits(p, events), x.twice)
			if essence(want) != essence(got) && calm(p) {
				problem = errors.Join(problem, fmt.Errorf("undisturbed:\n%sdisturbed by %v:\n%s", essence(want), deaths, essence(got)))
			}
		})
		if problem != nil {
			rt.Fatal(problem)
		}
	})
}

// autoApproved is the plan without a pause that waits for a person.
func autoApproved(p runbooks.Plan) runbooks.Plan {
	if p.Policy.Pause == "manual" {
		p.Policy.Pause = ""
	}
	return p
}

// calm reports whether the end of a run cannot depend on which of two hosts is faster: no limit joins their fates.
func calm(p runbooks.Plan) bool {
	return budget(p.Policy.MaxFailures, len(p.Hosts)) >= len(p.Hosts) && (p.Risk != runbooks.Disrupt || len(p.Groups) == 0)
}

// chaos is a world in which what a step does is drawn from its name and how often it ran, and nothing else.
func chaos(seed int) *world {
	return newWorld(func(h inventory.HostID, step string, nth int) act {
		n := seed
		for _, c := range []byte(string(h) + step) {
			n = (n*31 + int(c)) % 1_000_003
		}
		a := act{takes: time.Duration(n%97) * time.Second, output: strings.Repeat("x", n%50_000)}
		switch n % 11 {
		case 0:
			a.exit = 1
		case 1:
			a.err = away{"no route to host"}
		case 2:
			a.err = errors.New("the link broke, and the job's directory is gone")
		}
		return a
	})
}

// compare wants what may not be repeated to have run as often in a disturbed world as in an undisturbed one, where no limit differs.
func compare(p runbooks.Plan, undisturbed, disturbed *world) error {
	var problems []error
	for _, step := range p.Steps {
		for _, h := range p.Hosts {
			name := fmt.Sprint(h.Name, " ", step.ID)
			n := disturbed.runs[name]
			if step.Risk != runbooks.Read && !step.Repeat && n > 1 {
				problems = append(problems, fmt.Errorf("%s ran %d times", name, n))
			}
			if step.Risk != runbooks.Read && calm(p) && n != undisturbed.runs[name] {
				problems = append(problems, fmt.Errorf("%s ran %d times, undisturbed %d", name, n, undisturbed.runs[name]))
			}
		}
	}
	return errors.Join(problems...)
}

// limits replays the journal in a sim, which checks every limit at every event.
func limits(p runbooks.Plan, events []journal.Event) (err error) {
	book := &noting{}
	m := newSim(book, p)
	for _, e := range events[1:] {
		m.now = e.At
		m.apply(e.Body)
		if book.err != nil {
			return book.err
		}
	}
	return nil
}

// noting is a rapid.TB that notes a failure instead of ending its test.
type noting struct {
	rapid.TB
	err error
}

func (n *noting) Fatalf(format string, args ...any) { n.err = fmt.Errorf(format, args...) }

func TestStepWhoseTruthIsLostIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ inventory.HostID, step string, _ int) act {
			if step == "a" {
				return act{takes: time.Second, err: errors.New("the host was reinstalled")}
			}
			return act{}
		})
		p := plan(2, runbooks.Step{ID: "a", Retries: 3, Repeat: true}, runbooks.Step{ID: "b"})
		s, events := survived(t, p, w, time.Minute, 6)
		if s.Result != journal.Lost || s.Hosts[0].Outcome != journal.Unknown || w.runs["h00 a"] != 1 || w.runs["h00 b"] != 0 {
			t.Errorf("%s %s %v\n%q", s.Result, s.Hosts[0].Outcome, w.runs, story(events))
		}
		if r := s.Hosts[0].Steps[0].Reason; r != "the host was reinstalled" {
			t.Errorf("reason %q", r)
		}
	})
}

// TestAdoptedStepIsReadFromWhereItWas: output that is recorded is not fetched again, unless it is to be parsed.
func TestAdoptedStepIsReadFromWhereItWas(t *testing.T) {
	for _, emits := range []string{"", "facts"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(func(inventory.HostID, string, int) act {
				return act{takes: time.Minute, output: "n=1\n" + strings.Repeat("y", chunk+100)}
			})
			p := plan(1, runbooks.Step{ID: "a", Emits: emits, Facts: []runbooks.FactSpec{{Key: "n", Type: "int"}}})
			s, events := survived(t, p, w, time.Second, 3) // open, start, the first chunk
			want := map[string][]int64{"": {0, chunk - reread}, "facts": {0, 0}}[emits]
			if !reflect.DeepEqual(w.offsets, want) {
				t.Errorf("emits %q: read from %v, want %v", emits, w.offsets, want)
			}
			if n := len(outputs(t, events)["h00 a"]); n != chunk+104 || s.Result != journal.Passed {
				t.Errorf("%d bytes, %s", n, s.Result)
			}
			if v, _ := s.Facts("h00", "n"); emits == "facts" && v != "1" {
				t.Errorf("fact %q", v)
			}
		})
	}
}

func TestResumeOfAnEndedRunDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(nil)
		book := journal.NewMemory("ops@test", nil)
		s := begun(t, book, plan(1, runbooks.Step{ID: "a"}))
		e := New(book, w, w, Options{})
		if err := e.Run(context.Background(), s, nil); err != nil {
			t.Fatal(err)
		}
		n := len(all(t, book, s.Run))
		if err := e.Run(context.Background(), s, nil); err != nil || len(all(t, book, s.Run)) != n {
			t.Errorf("%v, %d events, were %d", err, len(all(t, book, s.Run)), n)
		}
	})
}

func TestKeptOutputIsCutAtLines(t *testing.T) {
	const keep = keepFacts
	k := kept{limit: keep}
	line := []byte(strings.Repeat("m", 99) + "\n")
	for range 5 * keep / 100 {
		k.add(line)
	}
	p, cut := k.bytes()
	if !cut || len(p) > 3*keep || len(p) < keep || bytes.Count(p, line)*100 != len(p) {
		t.Errorf("cut %t, %d bytes, %d whole lines", cut, len(p), bytes.Count(p, line))
	}
	short := kept{limit: 100}
	short.add([]byte("a=1\nb"))
	if p, cut := short.bytes(); cut || string(p) != "a=1\nb" {
		t.Errorf("%q %t", p, cut)
	}
}
