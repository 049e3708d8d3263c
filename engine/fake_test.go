package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// act is how a fake host behaves at one attempt of a step.
type act struct {
	takes  time.Duration
	output string
	exit   int
	err    error // instead of an exit
	stuck  bool  // runs until it is signalled (detached) or let go of (attached)
	deaf   bool  // ignores signals
}

// world is a fake machine room: hosts that keep detached jobs, and count what was done to them.
type world struct {
	does func(host inventory.HostID, step string, nth int) act // nth execution, from 1

	mu      sync.Mutex
	jobs    map[string]*job // by host and name
	runs    map[string]int  // executions by "host step"
	signals []string
	forgot  []string
	tidying time.Duration // how long a job's removal takes
	offsets []int64       // where orders wanted output from
	boots   map[inventory.HostID]int
	upAt    map[inventory.HostID]time.Time
	down    time.Duration // how long a restart takes
	linger  time.Duration // how long a host answers after a restart was ordered
	bootErr func(inventory.HostID) error
	dead    map[inventory.HostID]bool // never comes back
	now     int                       // steps at work
	peak    int
	byHost  map[inventory.HostID]bool
	twice   error
}

type job struct {
	act
	began time.Time
	over  chan struct{} // closed by a signal
	exit  int
}

func newWorld(does func(inventory.HostID, string, int) act) *world {
	if does == nil {
		does = func(inventory.HostID, string, int) act { return act{takes: time.Second, output: "hello\n"} }
	}
	return &world{does: does, jobs: map[string]*job{}, runs: map[string]int{}, boots: map[inventory.HostID]int{}, down: 40 * time.Second,
		upAt: map[inventory.HostID]time.Time{}, byHost: map[inventory.HostID]bool{}, dead: map[inventory.HostID]bool{}}
}

// Carry executes the order's script, whose text is the step's name.
func (w *world) Carry(ctx context.Context, o Order, sink func(int64, []byte) error) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	j := w.begin(o)
	defer w.end(o.Host.Name)
	if j.err != nil && NotStarted(j.err) {
		w.mu.Lock()
		delete(w.jobs, string(o.Host.Name)+"/"+o.Job)
		w.mu.Unlock()
		return 0, j.err
	}
	if err := w.feed(ctx, j, o.Offset, sink); err != nil {
		return 0, err
	}
	var end <-chan time.Time
	if !j.stuck {
		t := time.NewTimer(time.Until(j.began.Add(j.takes)))
		defer t.Stop()
		end = t.C
	}
	select {
	case <-end:
	case <-j.over:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return j.exit, j.err
}

func (w *world) feed(_ context.Context, j *job, from int64, sink func(int64, []byte) error) error {
	for from < int64(len(j.output)) {
		n := min(1000, int64(len(j.output))-from)
		if err := sink(from, []byte(j.output[from:from+n])); err != nil {
			return err
		}
		from += n
	}
	return nil
}

func (w *world) begin(o Order) *job {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now++; w.now > w.peak {
		w.peak = w.now
	}
	if w.byHost[o.Host.Name] {
		w.twice = fmt.Errorf("%s has two steps at once", o.Host.Name)
	}
	w.byHost[o.Host.Name] = true
	w.offsets = append(w.offsets, o.Offset)
	key := string(o.Host.Name) + "/" + o.Job
	if j := w.jobs[key]; j != nil && o.Job != "" {
		return j
	}
	name := string(o.Host.Name) + " " + o.Script
	j := &job{act: w.does(o.Host.Name, o.Script, w.runs[name]+1), began: time.Now(), over: make(chan struct{})}
	if j.act.err == nil || !NotStarted(j.act.err) {
		w.runs[name]++
	}
	j.exit = j.act.exit
	if o.Job != "" {
		w.jobs[key] = j
	}
	return j
}

func (w *world) end(h inventory.HostID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now--
	delete(w.byHost, h)
}

func (w *world) Forget(_ context.Context, h inventory.Host, name string) error {
	time.Sleep(w.tidying) // in a bubble's fake time
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forgot = append(w.forgot, name)
	delete(w.jobs, string(h.Name)+"/"+name)
	return nil
}

func (w *world) Signal(_ context.Context, h inventory.Host, name, sig string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.signals = append(w.signals, sig+" "+name)
	j := w.jobs[string(h.Name)+"/"+name]
	if j == nil {
		return errors.New("no such job")
	}
	if !j.deaf {
		j.exit = 143
		close(j.over)
		j.deaf = true
	}
	return nil
}

func (w *world) Identity(ctx context.Context, h inventory.Host) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bootErr != nil {
		if err := w.bootErr(h.Name); err != nil {
			return "", err
		}
	}
	up, now := w.upAt[h.Name], time.Now()
	switch {
	case up.IsZero():
		return fmt.Sprint("boot", w.boots[h.Name]), ctx.Err()
	case w.dead[h.Name] || now.After(up.Add(-w.down).Add(w.linger)) && now.Before(up):
		return "", errors.New("no route to host")
	case now.Before(up):
		return fmt.Sprint("boot", w.boots[h.Name]-1), ctx.Err()
	}
	return fmt.Sprint("boot", w.boots[h.Name]), ctx.Err()
}

func (w *world) Restart(_ context.Context, h inventory.Host) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.boots[h.Name]++
	w.upAt[h.Name] = time.Now().Add(w.down)
	return errors.New("connection closed")
}

// away is an error that says that nothing was begun.
type away struct{ text string }

func (e away) Error() string    { return e.text }
func (e away) NotStarted() bool { return true }
func (e away) Hint() string     { return "look at the cable" }

// plan makes a plan of n hosts "h00"… in one wave, with steps of the given names; a step's script is its name.
func plan(n int, steps ...runbooks.Step) runbooks.Plan {
	p := runbooks.Plan{Runbook: "test", Risk: runbooks.Change, Scope: "all"}
	var all []inventory.HostID
	for i := range n {
		id := inventory.HostID(fmt.Sprintf("h%02d", i))
		p.Hosts = append(p.Hosts, inventory.Host{Name: id, Site: "s1"})
		all = append(all, id)
	}
	p.Waves = []runbooks.Wave{{Name: "all", Hosts: all}}
	for _, s := range steps {
		if s.Kind == "" {
			s.Kind = runbooks.Script
		}
		if s.Risk == "" {
			s.Risk = runbooks.Change
		}
		s.Script, s.Phase = string(s.ID), runbooks.Main
		p.Steps = append(p.Steps, s)
	}
	return p
}

// waves cuts the plan's hosts into waves of the given sizes.
func waves(p runbooks.Plan, sizes ...int) runbooks.Plan {
	all := p.Waves[0].Hosts
	p.Waves = nil
	for i, n := range sizes {
		p.Waves = append(p.Waves, runbooks.Wave{Name: fmt.Sprint("wave ", i), Hosts: all[:n]})
		all = all[n:]
	}
	return p
}

// begun opens a run of the plan in the journal, and folds it.
func begun(t testing.TB, rec Recorder, p runbooks.Plan) *journal.State {
	t.Helper()
	s := journal.NewState()
	p.Digest = p.ComputeDigest()
	events, err := rec.Append(context.Background(), "261122-2213-k7f3", journal.PlanAccepted{Plan: p, By: journal.Who{User: "ops"}}, journal.RunnerStarted{PID: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		s.Apply(e)
	}
	return s
}

// carried runs the plan in the world to its end, in a bubble of fake time, and returns its state and events. That the bubble ends is
// the proof that no goroutine is left.
func carried(t *testing.T, p runbooks.Plan, w *world, opt Options, decide ...journal.Decided) (s *journal.State, events []journal.Event, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		book := journal.NewMemory("ops@test", nil)
		s = begun(t, book, p)
		ch := make(chan Word, len(decide))
		for _, d := range decide {
			ch <- Word{Decided: d}
		}
		err = New(book, w, w, opt).Run(context.Background(), s, ch)
		events = all(t, book, s.Run)
	})
	return s, events, err
}

func all(t testing.TB, book journal.Journal, run journal.RunID) (events []journal.Event) {
	t.Helper()
	for e, err := range book.Events(context.Background(), run, 0, false) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// story tells events in short lines, without the first two.
func story(events []journal.Event) (lines []string) {
	for _, e := range events[2:] {
		switch b := e.Body.(type) {
		case journal.WaveOpened:
			lines = append(lines, fmt.Sprint("open ", b.Wave))
		case journal.StepStarted:
			lines = append(lines, fmt.Sprintf("start %s %s #%d", b.Host, b.Step, b.Attempt))
		case journal.StepEnded:
			lines = append(lines, fmt.Sprintf("end %s %s #%d %s", b.Host, b.Step, b.Attempt, b.Outcome))
		case journal.RunClosed:
			lines = append(lines, "close "+b.Result.String())
		case journal.Decided:
			lines = append(lines, "decided "+string(b.Decision))
		}
	}
	return lines
}

func outcomes(s *journal.State) (list []string) {
	for _, h := range s.Hosts {
		list = append(list, h.Outcome.String())
	}
	return list
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
