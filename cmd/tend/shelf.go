package main

import (
	"context"
	"errors"
	"iter"
	"sync"

	"tend/journal"
	"tend/journal/index"
	"tend/journal/segments"
)

// shelf is the journal as commands and screens use it: the segments, and their index for whoever looks something up. The index is
// opened when it is first needed, and where it cannot be had the segments answer for it, more slowly.
type shelf struct {
	*segments.Segments
	once sync.Once
	ix   *index.Index
	err  error
}

func (s *shelf) index() (*index.Index, error) {
	s.once.Do(func() { s.ix, s.err = index.Open(index.Where(s.Dir()), s.Segments) })
	return s.ix, s.err
}

// Runs asks the index, or the segments themselves.
func (s *shelf) Runs(ctx context.Context, q journal.Query) ([]journal.RunSummary, error) {
	ix, err := s.index()
	if err != nil {
		return s.Segments.Runs(ctx, q)
	}
	return ix.Runs(ctx, q)
}

// Facts yields the latest that the journal knows of every host.
func (s *shelf) Facts(ctx context.Context) iter.Seq2[journal.Known, error] {
	ix, err := s.index()
	if err != nil {
		return func(yield func(journal.Known, error) bool) { yield(journal.Known{}, err) }
	}
	return ix.Facts(ctx)
}

// Close closes both.
func (s *shelf) Close() error {
	var err error
	if s.ix != nil {
		err = s.ix.Close()
	}
	return errors.Join(err, s.Segments.Close())
}
