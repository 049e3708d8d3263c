package engine

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// closing looks at the world in the moment that the run's end is to be recorded.
type closing struct {
	Recorder
	look func()
}

func (c closing) Append(ctx context.Context, run journal.RunID, bodies ...journal.Body) ([]journal.Event, error) {
	for _, b := range bodies {
		if _, ends := b.(journal.RunClosed); ends {
			c.look()
		}
	}
	return c.Recorder.Append(ctx, run, bodies...)
}

// TestNothingIsLeftWhenARunCloses: jobs are removed before the end is recorded. Nobody takes a closed run up again, to look for them.
func TestNothingIsLeftWhenARunCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(nil)
		w.tidying = 5 * time.Second
		left := -1
		book := closing{journal.NewMemory("ops@test", nil), func() { w.mu.Lock(); left = len(w.jobs); w.mu.Unlock() }}
		s := begun(t, book, plan(3, runbooks.Step{ID: "a"}))
		if err := New(book, w, w, Options{}).Run(context.Background(), s, nil); err != nil || left != 0 {
			t.Errorf("%v; %d jobs are left where the run is closed", err, left)
		}
	})
}

func TestTwoStepsOnTwoHosts(t *testing.T) {
	w := newWorld(nil)
	p := plan(2, runbooks.Step{ID: "look", Risk: runbooks.Read}, runbooks.Step{ID: "upgrade"})
	p.Policy.Parallel = 1
	s, events, err := carried(t, p, w, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"open 0",
		"start h00 look #1", "end h00 look #1 ok", "start h00 upgrade #1", "end h00 upgrade #1 ok",
		"start h01 look #1", "end h01 look #1 ok", "start h01 upgrade #1", "end h01 upgrade #1 ok", "close passed"}
	if got := story(events); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if s.Result != journal.Passed || w.runs["h00 upgrade"] != 1 || len(w.forgot) != 2 || len(w.jobs) != 0 {
		t.Errorf("result %s, runs %v, forgot %v, jobs left %d", s.Result, w.runs, w.forgot, len(w.jobs))
	}
	if !strings.HasPrefix(w.forgot[0], "261122-2213-k7f3-upgrade-h00-1") {
		t.Errorf("job %q", w.forgot[0])
	}
}

func TestRetriesBackOffAndAFailedHostStops(t *testing.T) {
	w := newWorld(func(h inventory.HostID, step string, nth int) act {
		if step == "flaky" && nth < 3 || h == "h01" {
			return act{exit: 1, output: "E: no\n"}
		}
		return act{}
	})
	p := plan(2, runbooks.Step{ID: "flaky", Risk: runbooks.Read, Retries: 2}, runbooks.Step{ID: "last"})
	s, events, err := carried(t, p, w, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := outcomes(s); !slices.Equal(got, []string{"ok", "failed"}) || s.Result != journal.SomeFailed {
		t.Errorf("%v, %s", got, s.Result)
	}
	if took := events[len(events)-1].At.Sub(events[0].At); took < 3*time.Second || took > 4*time.Second {
		t.Errorf("back-off of 1 s and 2 s took %s", took)
	}
	if r := s.Hosts[1].Steps[0].Reason; r != "exit 1: E: no" || w.runs["h01 last"] != 0 || w.runs["h01 flaky"] != 3 {
		t.Errorf("reason %q, runs %v", r, w.runs)
	}
}
