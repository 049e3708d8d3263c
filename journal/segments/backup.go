package segments

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tend/journal"
)

// Backup copies the journal to the directory dst, while it is written: each segment as far as it is durable, and the ledgers first, so
// that none knows of more than the copy holds. What dst holds already is not copied again. The copy is a journal: Verify and Open work
// on it. It returns how many segments were written.
func (s *Segments) Backup(ctx context.Context, dst string) (int, error) {
	dst, err := filepath.Abs(dst)
	if err != nil {
		return 0, err
	}
	if rel, err := filepath.Rel(s.dir, dst); err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
		return 0, fmt.Errorf("a backup of %s cannot lie within it", s.dir)
	}
	to := &Segments{dir: dst, origin: s.origin}
	if err := to.checkDir(dst); err != nil {
		return 0, err
	}
	origins, err := s.origins()
	if err != nil {
		return 0, err
	}
	n := 0
	for _, o := range origins {
		k, err := s.backupOrigin(ctx, to, o)
		if n += k; err != nil {
			return n, err
		}
	}
	return n, nil
}

func (s *Segments) backupOrigin(ctx context.Context, to *Segments, o journal.OriginID) (int, error) {
	if err := makeDir(to.originDir(o), 0o700); err != nil {
		return 0, err
	}
	n := 0
	copyOne := func(run journal.RunID) error {
		copied, err := s.backupOne(ctx, to, o, run)
		if copied {
			n++
		}
		return err
	}
	if err := copyOne(ledgerName); err != nil {
		return n, err
	}
	known, err := to.readLedger(ctx, o)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, journal.ErrDamaged) {
		return n, err
	}
	runs, err := s.runsOf(o)
	if err != nil {
		return n, err
	}
	for _, run := range append(runs, notesName) {
		if _, listed := known.opened[run]; !listed && run != notesName && s.isNew(ctx, o, run) {
			continue // begun since the ledger was copied: the next backup takes it
		}
		if err := copyOne(run); err != nil {
			return n, err
		}
	}
	k, err := s.backupCasts(ctx, to, o)
	return n + k, errors.Join(err, syncDir(to.originDir(o)))
}

// isNew reports whether a run that a ledger did not know when it was read is merely newer than that: its writer is about to enter it, or
// has. It is asked in this order, for what is let go of is in the ledger.
func (s *Segments) isNew(ctx context.Context, o journal.OriginID, run journal.RunID) bool {
	if locked(s.path(o, string(run))) {
		return true
	}
	l, err := s.readLedger(ctx, o)
	_, listed := l.opened[run]
	return err == nil && listed
}

// backupOne copies a segment, damaged or not, to a file that takes its name once it is whole.
func (s *Segments) backupOne(ctx context.Context, to *Segments, o journal.OriginID, run journal.RunID) (bool, error) {
	r, err := s.openAt(o, run)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer r.close()
	var size int64
	for {
		limit, _, err := r.limit()
		if err != nil {
			return false, err
		}
		if limit <= r.off {
			break
		}
		r.off, size = limit, limit
	}
	path := to.path(o, string(run))
	if same, err := sameEnd(path, r.f, size); same || err != nil {
		return false, err
	}
	f, err := os.CreateTemp(to.originDir(o), ".backup-*")
	if err != nil {
		return false, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := io.Copy(f, io.NewSectionReader(r.f, 0, size)); err != nil {
		return false, fmt.Errorf("back up run %s: %w", run, err)
	}
	if err := errors.Join(f.Sync(), ctx.Err()); err != nil {
		return false, err
	}
	return true, os.Rename(f.Name(), path)
}

// sameEnd reports whether the copy at path is as long as the segment and ends with the same hash.
func sameEnd(path string, f *os.File, size int64) (bool, error) {
	old, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer old.Close()
	info, err := old.Stat()
	if err != nil || info.Size() != size {
		return false, err
	}
	a, errA := readEnding(old, size)
	b, errB := readEnding(f, size)
	return errA == nil && errB == nil && a == b, nil
}
