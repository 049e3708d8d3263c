package engine

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// handed carries a plan out with a runner that dies after so many events, and hands what is left to a second one.
func handed(t *testing.T, p runbooks.Plan, w *world, events int, first, second Options) (*journal.State, []journal.Event) {
	t.Helper()
	book := journal.NewMemory("ops@test", nil)
	s := begun(t, book, p)
	if err := New(&mortal{book, events}, w, w, first).Run(context.Background(), s, nil); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // in the bubble's time
	s = refold(t, book, s.Run)
	if err := New(book, w, w, second).Run(context.Background(), s, nil); err != nil {
		t.Fatal(err)
	}
	return s, all(t, book, s.Run)
}

// TestTakenUpOrNot: what becomes of a step whose runner died is one outcome and one sentence.
func TestTakenUpOrNot(t *testing.T) {
	minute := func(inventory.HostID, string, int) act { return act{takes: time.Minute, output: "hello\n"} }
	broken := Options{Render: func(*runbooks.Plan, runbooks.StepID, inventory.HostID) (string, error) {
		return "", errors.New("no file")
	}}
	attached := plan(1, runbooks.Step{ID: "a", Risk: runbooks.Change})
	attached.Attached = []inventory.HostID{"h00"}
	for name, c := range map[string]struct {
		p      runbooks.Plan
		second Options
		out    journal.Outcome
		reason string
		remark []string
		runs   int
	}{
		"detached":    {p: plan(1, runbooks.Step{ID: "a", Risk: runbooks.Change}), out: journal.OK, remark: []string{"h00 taken up again where the last runner left it"}, runs: 1},
		"attached":    {p: attached, reason: "the runner ended while it ran, and nothing on the host tells how it ended"},
		"only read":   {p: plan(1, runbooks.Step{ID: "a", Risk: runbooks.Read}), out: journal.OK, runs: 1},
		"no script":   {p: plan(1, runbooks.Step{ID: "a", Risk: runbooks.Change}), second: broken, reason: "the runner ended while it ran, and its script cannot be made again: no file"},
		"no script r": {p: plan(1, runbooks.Step{ID: "a", Risk: runbooks.Read}), second: broken, reason: "the runner ended while it ran, and its script cannot be made again: no file"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(minute)
				s, events := handed(t, c.p, w, 2, Options{}, c.second) // the wave, the step's start
				st := s.Hosts[0].Steps[0]
				if st.Outcome != c.out || st.Reason != c.reason || w.runs["h00 a"] != c.runs || !slices.Equal(remarks(events), c.remark) {
					t.Errorf("%s %q, %d runs, remarks %q", st.Outcome, st.Reason, w.runs["h00 a"], remarks(events))
				}
			})
		})
	}
}

// TestAScriptThatCannotBeMadeIsNotBegun: the step has failed, said why, and nothing was sent; the run ends.
func TestAScriptThatCannotBeMadeIsNotBegun(t *testing.T) {
	w := newWorld(nil)
	opt := Options{Render: func(_ *runbooks.Plan, _ runbooks.StepID, h inventory.HostID) (string, error) {
		if h == "h00" {
			return "", errors.New("no file")
		}
		return "a", nil
	}}
	s, _, err := carried(t, plan(2, runbooks.Step{ID: "a", Risk: runbooks.Change}), w, opt)
	if st := s.Hosts[0].Steps[0]; err != nil || st.Outcome != journal.Failed || st.Reason != "the script cannot be made: no file" || len(w.runs) != 1 || s.Result != journal.SomeFailed {
		t.Errorf("%v: %s %q, %v, %s", err, st.Outcome, st.Reason, w.runs, s.Result)
	}
}

// TestSecretsStayHiddenInWhatIsTakenUp: the output that a second runner reads, some of it again, is masked as the first one's was.
func TestSecretsStayHiddenInWhatIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const secret = "hunter2 hunter2"
		w := newWorld(func(inventory.HostID, string, int) act {
			return act{takes: time.Minute, output: "a " + secret + strings.Repeat("z", chunk) + secret + "\n", exit: 1}
		})
		p := plan(1, runbooks.Step{ID: "a", Risk: runbooks.Change})
		p.Params = map[string]string{"password": "(secret)"}
		p.Secrets = []runbooks.Param{{Name: "password", Type: "string", Secret: true}}
		opt := Options{Secrets: map[string]string{"password": secret}}
		s, events := handed(t, p, w, 3, opt, opt) // the wave, the start, the first chunk
		for _, e := range events {
			if raw, err := journal.EncodeBody(e.Body); err != nil || bytes.Contains(raw, []byte("hunter2")) {
				t.Errorf("%.200s %v", raw, err)
			}
		}
		if n := len(outputs(t, events)["h00 a"]); n != chunk+2*len(secret)+3 || s.Result != journal.SomeFailed {
			t.Errorf("%d bytes, %s", n, s.Result)
		}
	})
}
