package segments_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
)

// faulty is a file layer that fails where it is told to. Only files whose name holds match are touched.
type faulty struct {
	mu    sync.Mutex
	match string
	write func(f *os.File, b []byte) (int, error)
	sync  func(f *os.File) error
	cut   error
}

type faultyFile struct {
	*os.File
	by *faulty
}

func (x *faulty) wrap(f *os.File) segments.File { return faultyFile{f, x} }

func (x *faulty) set(do func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	do()
}

func (f faultyFile) mine() bool { return strings.Contains(filepath.Base(f.Name()), f.by.match) }

func (f faultyFile) Write(b []byte) (int, error) {
	f.by.mu.Lock()
	write := f.by.write
	f.by.mu.Unlock()
	if write != nil && f.mine() {
		return write(f.File, b)
	}
	return f.File.Write(b)
}

func (f faultyFile) Sync() error {
	f.by.mu.Lock()
	sync := f.by.sync
	f.by.mu.Unlock()
	if sync != nil && f.mine() {
		return sync(f.File)
	}
	return f.File.Sync()
}

func (f faultyFile) Truncate(n int64) error {
	f.by.mu.Lock()
	defer f.by.mu.Unlock()
	if f.by.cut != nil && f.mine() {
		return f.by.cut
	}
	return f.File.Truncate(n)
}

func begin(t *testing.T, x *faulty) (string, *segments.Segments) {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir, segments.WithFiles(x.wrap))
	add(t, s, journaltest.Plan("health", "a"))
	return dir, s
}

func add(t *testing.T, s *segments.Segments, bodies ...journal.Body) {
	t.Helper()
	if _, err := s.Append(t.Context(), "r1", bodies...); err != nil {
		t.Fatal(err)
	}
}

// refused wants of an error that it says in one line what was not saved, why, and what to do.
func refused(t *testing.T, err, cause error) {
	t.Helper()
	var hint interface{ Hint() string }
	switch {
	case !errors.Is(err, journal.ErrNotSaved) || !errors.Is(err, cause):
		t.Errorf("error %v, want ErrNotSaved for %v", err, cause)
	case !errors.As(err, &hint) || hint.Hint() == "":
		t.Errorf("error %v gives no hint", err)
	case strings.Contains(err.Error(), "\n") || strings.Count(err.Error(), "could not save") != 1 || !strings.Contains(err.Error(), "r1"):
		t.Errorf("not one clear line: %q", err)
	}
}

func kinds(t *testing.T, s *segments.Segments) string {
	t.Helper()
	var all []string
	for e, err := range s.Events(t.Context(), "r1", 0, false) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e.Body.Kind())
	}
	return strings.Join(all, " ")
}

// fresh reads what another process would.
func fresh(t *testing.T, dir string) *segments.Segments {
	t.Helper()
	s, err := segments.Open(dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDiskFull: what was half written is cut off, nothing new starts, and the reserve lets the run be ended.
func TestDiskFull(t *testing.T) {
	x := &faulty{match: "r1"}
	dir, s := begin(t, x)
	reserve := filepath.Join(dir, string(origin), "reserve")
	if info, err := os.Stat(reserve); err != nil || info.Size() < 256<<10 {
		t.Fatalf("the reserve: %v, %v", info, err)
	}
	x.set(func() {
		x.write = func(f *os.File, b []byte) (int, error) {
			if _, err := os.Stat(reserve); err == nil { // full, until the reserve is given back
				n, _ := f.Write(b[:len(b)/2])
				return n, syscall.ENOSPC
			}
			return f.Write(b)
		}
	})
	_, err := s.Append(t.Context(), "r1", journal.OutputRead{Host: "a", Data: []byte("lost")})
	refused(t, err, syscall.ENOSPC)
	_, err = s.Append(t.Context(), "r1", journal.StepStarted{Host: "a", Step: "check", Attempt: 1})
	refused(t, err, syscall.ENOSPC)
	if _, err := os.Stat(reserve); err != nil {
		t.Errorf("the reserve was spent on what is no ending: %v", err)
	}
	events, err := s.AppendThen(t.Context(), "r1", []journal.Body{journal.StepEnded{Host: "a", Step: "check", Outcome: journal.Unknown}}, func([]journal.Event) []journal.Body {
		return []journal.Body{journal.StepStarted{Host: "a", Step: "check", Attempt: 2}}
	})
	if err != nil || len(events) != 1 {
		t.Fatalf("an ending on a full disk: %d events, %v", len(events), err)
	}
	add(t, s, journal.RunClosed{Result: journal.Lost})
	if got := kinds(t, fresh(t, dir)); got != "plan_accepted step_ended run_closed" {
		t.Errorf("the run reads %s", got)
	}
	if rep := verify(t, s); !rep.OK() || len(rep.Remarks) > 0 {
		t.Errorf("%v %v", rep.Problems, rep.Remarks)
	}
}

// TestSyncFails: after a failed sync nobody knows what the disk holds, so the run is over for this process, endings too.
func TestSyncFails(t *testing.T) {
	x := &faulty{match: "r1"}
	dir, s := begin(t, x)
	x.set(func() { x.sync = func(*os.File) error { return syscall.EIO } })
	_, err := s.Append(t.Context(), "r1", journal.Remarked{Text: "lost"})
	refused(t, err, syscall.EIO)
	x.set(func() { x.sync = nil }) // the next sync would lie, as Linux's does
	_, err = s.Append(t.Context(), "r1", journal.RunClosed{})
	refused(t, err, syscall.EIO)
	if got := kinds(t, fresh(t, dir)); got != "plan_accepted" {
		t.Errorf("the run reads %s", got)
	}
	if err := s.Release("r1"); err != nil {
		t.Error(err)
	}
	if got := kinds(t, s); got != "plan_accepted" {
		t.Errorf("after the release: %s", got)
	}
	if rep := verify(t, s); !rep.OK() {
		t.Error(rep.Problems)
	}
}

// TestWriteFails covers what write(2) can answer besides a full disk.
func TestWriteFails(t *testing.T) {
	short := errors.New("")
	cases := map[string]struct {
		n     int
		err   error
		cause error
		cut   error
		after string // what another process reads then
	}{
		"EIO":                           {n: 0, err: syscall.EIO, cause: syscall.EIO},
		"EIO in the middle":             {n: 30, err: syscall.EIO, cause: syscall.EIO},
		"a short write":                 {n: 30, err: nil, cause: short},
		"ENOSPC, and it cannot be cut":  {n: 30, err: syscall.ENOSPC, cause: syscall.ENOSPC, cut: syscall.EIO},
		"EDQUOT, and it cannot be cut":  {n: 1, err: syscall.EDQUOT, cause: syscall.EDQUOT, cut: syscall.EIO},
		"read-only file system by then": {n: 0, err: syscall.EROFS, cause: syscall.EROFS},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			x := &faulty{match: "r1"}
			dir, s := begin(t, x)
			x.set(func() {
				x.cut = c.cut
				x.write = func(f *os.File, b []byte) (int, error) {
					n, _ := f.Write(b[:c.n])
					return n, c.err
				}
			})
			_, err := s.Append(t.Context(), "r1", journal.Remarked{Text: "lost"})
			if c.cause == short {
				refused(t, err, journal.ErrNotSaved)
			} else {
				refused(t, err, c.cause)
			}
			x.set(func() { x.write = nil })
			if _, err = s.Append(t.Context(), "r1", journal.RunClosed{}); !errors.Is(err, journal.ErrNotSaved) {
				t.Errorf("a poisoned run took an event: %v", err)
			}
			if err := s.Release("r1"); err != nil {
				t.Error(err)
			}
			if got := kinds(t, fresh(t, dir)); got != "plan_accepted" {
				t.Errorf("the run reads %s", got)
			}
			x.set(func() { x.cut = nil })
			add(t, s, journal.RunClosed{}) // a resume, once the disk is well again
			if rep := verify(t, s); !rep.OK() || len(rep.Remarks) > 0 {
				t.Errorf("%v %v", rep.Problems, rep.Remarks)
			}
		})
	}
}

// TestLedgerFails: a run that the ledger does not know is not begun.
func TestLedgerFails(t *testing.T) {
	x := &faulty{match: "ledger", write: func(*os.File, []byte) (int, error) { return 0, syscall.EIO }}
	s := open(t, t.TempDir(), segments.WithFiles(x.wrap))
	_, err := s.Append(t.Context(), "r1", journaltest.Plan("health", "a"))
	refused(t, err, syscall.EIO)
	for _, err := range s.Events(t.Context(), "r1", 0, false) {
		if !errors.Is(err, journal.ErrNoRun) {
			t.Errorf("the refused event can be read: %v", err)
		}
	}
	x.set(func() { x.write = nil })
	if err := s.Release("r1"); err != nil {
		t.Error(err)
	}
	add(t, s, journaltest.Plan("health", "a"))
}

// TestWaitersFail: every append that shares a failed batch, or waits behind it, is refused.
func TestWaitersFail(t *testing.T) {
	x := &faulty{match: "r1"}
	dir, s := begin(t, x)
	gate, in := make(chan struct{}), make(chan struct{}, 100)
	x.set(func() {
		x.sync = func(*os.File) error {
			in <- struct{}{}
			<-gate
			return syscall.EIO
		}
	})
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() {
			if i > 0 {
				<-in // the first is in its sync: the others gather behind it
				in <- struct{}{}
			}
			_, errs[i] = s.Append(t.Context(), "r1", journal.Remarked{Text: "x"})
		})
	}
	<-in
	in <- struct{}{}
	close(gate)
	wg.Wait()
	for _, err := range errs {
		refused(t, err, syscall.EIO)
	}
	if got := kinds(t, fresh(t, dir)); got != "plan_accepted" {
		t.Errorf("the run reads %s", got)
	}
}

// TestStuckDisk: an append whose disk does not answer ends with its context; and what is not synced is shown to nobody.
func TestStuckDisk(t *testing.T) {
	x := &faulty{match: "r1"}
	dir, s := begin(t, x)
	gate, in := make(chan struct{}), make(chan struct{})
	x.set(func() {
		x.sync = func(f *os.File) error {
			in <- struct{}{}
			<-gate
			return f.Sync()
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := s.Append(ctx, "r1", journal.Remarked{Text: "late"})
		done <- err
	}()
	<-in
	other := fresh(t, dir)
	for _, j := range []*segments.Segments{s, other} {
		if got := kinds(t, j); got != "plan_accepted" {
			t.Errorf("before the sync was done: %s", got)
		}
	}
	if rep := verify(t, other); !rep.OK() || len(rep.Remarks) > 0 {
		t.Errorf("%v %v", rep.Problems, rep.Remarks)
	}
	cancel()
	if err := <-done; !errors.Is(err, journal.ErrNotSaved) || !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	x.set(func() { x.sync = nil })
	close(gate)
	add(t, s, journal.RunClosed{})
	if got := kinds(t, other); got != "plan_accepted remarked run_closed" {
		t.Errorf("in the end: %s", got)
	}
}

// TestClockSetBack: order is by seq; the clock only says what it said.
func TestClockSetBack(t *testing.T) {
	at := time.Date(2026, 11, 22, 22, 13, 0, 0, time.UTC)
	s := open(t, t.TempDir(), segments.WithClock(func() time.Time { at = at.Add(-time.Hour); return at }))
	add(t, s, journaltest.Plan("health", "a"))
	add(t, s, journal.Remarked{Text: "x"})
	add(t, s, journal.RunClosed{})
	if got := kinds(t, s); got != "plan_accepted remarked run_closed" {
		t.Error(got)
	}
	if rep := verify(t, s); !rep.OK() {
		t.Error(rep.Problems)
	}
	if runs, err := s.Runs(t.Context(), journal.Query{}); err != nil || len(runs) != 1 || runs[0].Events != 3 {
		t.Errorf("%v, %v", runs, err)
	}
}

// TestWhatNeverBeganIsNotToBeResumed: of a run whose first events could not be saved there is nothing to resume; a full disk is said to be one.
func TestWhatNeverBeganIsNotToBeResumed(t *testing.T) {
	x := &faulty{match: "r1"}
	s := open(t, t.TempDir(), segments.WithFiles(x.wrap))
	x.set(func() { x.write = func(*os.File, []byte) (int, error) { return 0, syscall.ENOSPC } })
	_, err := s.Append(t.Context(), "r1", journaltest.Plan("health", "a"))
	refused(t, err, syscall.ENOSPC)
	var hint interface{ Hint() string }
	if !errors.As(err, &hint) || strings.Contains(hint.Hint(), "resume") || !strings.Contains(hint.Hint(), "free some space") {
		t.Errorf("%v", err)
	}
}
