package segments

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"tend/inventory"
	"tend/journal"
)

// cached is the summary of a segment that has ended, kept while its file stays as it was.
type cached struct {
	size int64
	mod  time.Time
	sum  journal.RunSummary
}

// Runs keeps journal.Journal's promise by folding every segment. It needs no index; the index makes it fast.
func (s *Segments) Runs(ctx context.Context, q journal.Query) ([]journal.RunSummary, error) {
	all, err := s.origins()
	if err != nil {
		return nil, err
	}
	var runs []journal.RunSummary
	for _, o := range all {
		ids, err := s.runsOf(o)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			sum, ok, err := s.summary(ctx, o, id, q)
			if err != nil {
				return nil, err
			}
			if ok {
				runs = append(runs, sum)
			}
		}
	}
	return journal.SortRuns(runs, q.Limit), nil
}

// summary folds one run, or takes it from memory. A segment that holds no event yet is no run.
func (s *Segments) summary(ctx context.Context, o journal.OriginID, run journal.RunID, q journal.Query) (journal.RunSummary, bool, error) {
	r, err := s.openAt(o, run)
	if errors.Is(err, os.ErrNotExist) {
		return journal.RunSummary{}, false, nil
	}
	if err != nil {
		return journal.RunSummary{Run: run, Origin: o, Damaged: err.Error()}, q == journal.Query{Limit: q.Limit}, nil
	}
	defer r.close()
	info, err := r.f.Stat()
	if err != nil {
		return journal.RunSummary{}, false, err
	}
	if sum, ok := s.remembered(r, info); ok && q.Host == "" {
		return sum, q.Matches(sum, nil), nil
	}
	st, err := r.fold(ctx)
	if err != nil {
		return journal.RunSummary{}, false, err
	}
	if st.sum.Events == 0 && st.sum.Damaged == "" {
		return st.sum, false, nil
	}
	if !st.sum.Ended.IsZero() && st.sum.Damaged == "" {
		s.remember(r, info, st.sum)
	}
	return st.sum, q.Matches(st.sum, st.hosts), nil
}

type folded struct {
	sum   journal.RunSummary
	hosts []inventory.Host
}

// fold reads a run to its end. Output counts but is not decoded. Damage ends the fold and is named; it is no error.
func (r *reader) fold(ctx context.Context) (folded, error) {
	st := journal.NewState()
	var err error
	for err == nil {
		var limit int64
		if limit, _, err = r.limit(); err != nil || limit <= r.off {
			break
		}
		from := r.off
		err = r.lines(limit, func(l line) error {
			if string(l.kind) == (journal.OutputRead{}).Kind() {
				st.Seq = l.seq
				return ctx.Err()
			}
			e, err := l.event(r.origin, r.run)
			if err != nil {
				return r.damaged(err.Error())
			}
			st.Apply(e)
			return ctx.Err()
		})
		if r.off == from {
			break
		}
	}
	f := folded{st.Summary(), st.Plan().Hosts}
	f.sum.Run, f.sum.Origin = r.run, r.origin
	if err != nil && ctx.Err() == nil {
		f.sum.Damaged = err.Error()
		err = nil
	}
	return f, err
}

func (s *Segments) remembered(r *reader, info os.FileInfo) (journal.RunSummary, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.sums[r.f.Name()]
	return c.sum, ok && c.size == info.Size() && c.mod.Equal(info.ModTime())
}

func (s *Segments) remember(r *reader, info os.FileInfo, sum journal.RunSummary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sums[r.f.Name()] = cached{info.Size(), info.ModTime(), sum}
}

// Orphans lists the runs of our origin that have not ended and that nobody writes, oldest first: their runner died.
func (s *Segments) Orphans(ctx context.Context) ([]journal.RunID, error) {
	ids, err := s.runsOf(s.origin)
	if err != nil {
		return nil, err
	}
	var orphans []journal.RunID
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		orphan, err := s.isOrphan(id)
		if err != nil {
			return nil, err
		}
		if orphan {
			orphans = append(orphans, id)
		}
	}
	return orphans, nil
}

// Owner is the origin that a run belongs to.
func (s *Segments) Owner(run journal.RunID) (journal.OriginID, error) { return s.find(run) }

// Written reports whether some process, whoever's it is, is at work on the run: it holds the segment.
func (s *Segments) Written(run journal.RunID) bool {
	o, err := s.find(run)
	return err == nil && locked(s.path(o, string(run)))
}

func (s *Segments) isOrphan(run journal.RunID) (bool, error) {
	if s.live(s.origin, run) != nil {
		return false, nil
	}
	f, err := os.Open(s.path(s.origin, string(run)))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	free, err := tryShared(f)
	if err != nil || !free {
		return false, err
	}
	defer unlock(f)
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	end, err := readEnding(f, info.Size())
	if err != nil { // a damaged run cannot be adopted; Runs and Verify name it
		return false, nil
	}
	return end.head.seq > 0 && end.kind != (journal.RunClosed{}).Kind(), nil
}

// Export writes the run's durable lines as they stand in its segment.
func (s *Segments) Export(ctx context.Context, run journal.RunID, w io.Writer) error {
	r, err := s.open(run)
	if err != nil {
		return err
	}
	defer r.close()
	for {
		limit, _, err := r.limit()
		if err != nil {
			return err
		}
		if limit <= r.off {
			break
		}
		from := r.off
		if err := r.lines(limit, func(line) error { return ctx.Err() }); err != nil {
			return err
		}
		if r.off == from {
			break
		}
		if _, err := io.Copy(w, io.NewSectionReader(r.f, from, r.off-from)); err != nil {
			return fmt.Errorf("export run %s: %w", run, err)
		}
	}
	if r.head.seq == 0 {
		return fmt.Errorf("run %s: %w", run, journal.ErrNoRun)
	}
	return nil
}
