package segments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"

	"tend/journal"
)

// List lists every segment of every origin, the notes included, in no order that means anything.
func (s *Segments) List(ctx context.Context) ([]journal.Segment, error) {
	all, err := s.origins()
	if err != nil {
		return nil, err
	}
	var list []journal.Segment
	for _, o := range all {
		runs, err := s.runsOf(o)
		if err != nil {
			return nil, err
		}
		for _, run := range append(runs, notesName) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			info, err := os.Stat(s.path(o, string(run)))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("run %s: %w", run, err)
			}
			list = append(list, journal.Segment{Origin: o, Run: run, Size: info.Size(), Modified: info.ModTime()})
		}
	}
	return list, nil
}

// From yields the durable events behind a place, chain checked, with their places. Bodies of the kinds to skip are not decoded: they
// are nil. journal.ErrDamaged says that the segment is not (or no longer) chained as the place says.
func (s *Segments) From(ctx context.Context, p journal.Place, skip ...string) iter.Seq2[journal.Placed, error] {
	return func(yield func(journal.Placed, error) bool) {
		r, err := s.openAt(p.Origin, p.Run)
		if err != nil {
			yield(journal.Placed{}, err)
			return
		}
		defer r.close()
		r.off, r.head = p.Offset, head{p.Seq, p.Hash}
		for {
			limit, _, err := r.limit()
			from := r.off
			if err == nil && limit > r.off {
				err = r.lines(limit, func(l line) error { return r.placed(ctx, l, skip, yield) })
			}
			if err != nil && !errors.Is(err, errStop) {
				yield(journal.Placed{}, err)
			}
			if err != nil || r.off == from {
				return
			}
		}
	}
}

func (r *reader) placed(ctx context.Context, l line, skip []string, yield func(journal.Placed, error) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := journal.Placed{Offset: r.off - r.last, Next: r.off}
	p.Event = journal.Event{Origin: r.origin, Run: r.run, Seq: l.seq, Prev: l.prev, Hash: l.hash}
	if !slices.Contains(skip, string(l.kind)) {
		e, err := l.event(r.origin, r.run)
		if err != nil {
			return r.damaged(err.Error())
		}
		p.Event = e
	}
	if !yield(p, nil) {
		return errStop
	}
	return nil
}

// At reads the event whose line begins at the place's Offset. Where Seq is not zero it must be that event.
func (s *Segments) At(p journal.Place) (journal.Event, error) {
	r, err := s.openAt(p.Origin, p.Run)
	if err != nil {
		return journal.Event{}, err
	}
	defer r.close()
	info, err := r.f.Stat()
	if err != nil {
		return journal.Event{}, err
	}
	r.off = p.Offset
	b, err := r.fill(min(info.Size(), p.Offset+4<<10))
	if err == nil && b == nil {
		b, err = r.fill(info.Size())
	}
	if err != nil {
		return journal.Event{}, err
	}
	b, _, _ = bytes.Cut(b, []byte("\n"))
	l, err := parseLine(b)
	if err != nil || l.hash != l.sum || p.Seq != 0 && l.seq != p.Seq {
		return journal.Event{}, r.damaged(fmt.Sprintf("no event at byte %d", p.Offset))
	}
	return l.event(p.Origin, p.Run)
}
