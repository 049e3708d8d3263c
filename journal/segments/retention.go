package segments

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"tend/journal"
)

// Retention says what may go. Zero values keep everything.
type Retention struct {
	Age   time.Duration // runs that ended longer ago
	Bytes int64         // the oldest runs, until the segments of our origin are no larger together
}

// Expired lists the runs of our origin that a retention lets go, oldest first. Runs that have not ended, or are damaged, stay.
func (s *Segments) Expired(ctx context.Context, r Retention) ([]journal.RunSummary, error) {
	all, err := s.Runs(ctx, journal.Query{})
	if err != nil {
		return nil, err
	}
	sizes, total := map[journal.RunID]int64{}, int64(0)
	for _, sum := range all {
		if info, err := os.Stat(s.path(s.origin, string(sum.Run))); sum.Origin == s.origin && err == nil {
			sizes[sum.Run] = info.Size()
			total += info.Size()
		}
	}
	var gone []journal.RunSummary
	for i := len(all) - 1; i >= 0; i-- {
		sum := all[i]
		if sum.Origin != s.origin || sum.Ended.IsZero() || sum.Damaged != "" {
			continue
		}
		old := r.Age > 0 && s.now().Sub(sum.Ended) > r.Age
		large := r.Bytes > 0 && total > r.Bytes
		if old || large {
			gone = append(gone, sum)
			total -= sizes[sum.Run]
		}
	}
	return gone, nil
}

// Drop removes the segment of a run that has ended. Its summary and its last hash stay in the ledger, which a seal signs: the chain of
// what was stays whole, and Verify misses nothing. A run that is not whole is not dropped: journal.ErrDamaged.
func (s *Segments) Drop(ctx context.Context, run journal.RunID) error {
	if s.readOnly {
		return fmt.Errorf("run %s: %w: the journal is not open for writing", run, journal.ErrNotSaved)
	}
	if err := s.Release(run); err != nil {
		return err
	}
	var rep Report
	if err := s.verifyOrigin(ctx, s.origin, []journal.RunID{run}, &rep); err != nil {
		return err
	}
	if !rep.OK() {
		return &Fault{Text: fmt.Sprintf("run %s was not dropped", run), Advice: "tend journal verify shows what is wrong with it", Err: damage{errors.New(rep.Problems[0].String())}}
	}
	sum, _, err := s.summary(ctx, s.origin, run, journal.Query{})
	if err != nil {
		return err
	}
	path := s.path(s.origin, string(run))
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(rep.Heads) == 0 {
		return fmt.Errorf("run %s: %w", run, journal.ErrNoRun)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := lock(ctx, f, writerPatience); err != nil {
		return fmt.Errorf("run %s: %w", run, err)
	}
	if !rep.Heads[0].Ended {
		return fmt.Errorf("run %s has not ended, and was not dropped: %w", run, journal.ErrBusy)
	}
	h := rep.Heads[0]
	if err := s.ledger(ctx, dropped{Run: run, Events: h.Events, Last: h.Last, Bytes: rep.Bytes, Summary: sum}); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	_ = os.Remove(strings.TrimSuffix(path, suffix) + markSuffix)
	return syncDir(s.originDir(s.origin))
}

// Dropped lists what retention has removed from our origin, in no order that means anything.
func (s *Segments) Dropped(ctx context.Context) ([]journal.RunSummary, error) {
	l, err := s.readLedger(ctx, s.origin)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []journal.RunSummary
	for _, d := range l.dropped {
		all = append(all, d.Summary)
	}
	return journal.SortRuns(all, 0), nil
}
