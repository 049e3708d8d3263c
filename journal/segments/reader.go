package segments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tend/journal"
)

// Events keeps journal.Journal's promise. The chain is checked on the way: the first line that is not as it was written ends the
// sequence with journal.ErrDamaged.
func (s *Segments) Events(ctx context.Context, run journal.RunID, after uint64, follow bool) iter.Seq2[journal.Event, error] {
	return func(yield func(journal.Event, error) bool) {
		r, err := s.open(run)
		if err != nil {
			yield(journal.Event{}, err)
			return
		}
		defer r.close()
		for {
			more, err := r.round(ctx, after, yield)
			switch {
			case errors.Is(err, errStop):
				return
			case err != nil:
				yield(journal.Event{}, err)
				return
			case !follow:
				if r.head.seq == 0 {
					yield(journal.Event{}, fmt.Errorf("run %s: %w", run, journal.ErrNoRun))
				}
				return
			}
			if err := r.wait(ctx, more); err != nil {
				yield(journal.Event{}, err)
				return
			}
		}
	}
}

// errStop says that the consumer has enough, or that the run has ended.
var errStop = errors.New("stop")

// reader reads a segment as far as it is durable.
type reader struct {
	s      *Segments
	run    journal.RunID
	origin journal.OriginID
	f      *os.File
	head   head  // of the last line read
	line   int   // its number, from 1
	off    int64 // of the next line
	last   int64 // length of the last line, its newline included
	kind   string
	buf    []byte // bytes from off on, within mem
	mem    []byte
	since  time.Time // it follows since then
	busyAt time.Time
	torn   int64 // the size at which nothing but a torn tail was left
}

func (s *Segments) open(run journal.RunID) (*reader, error) {
	o, err := s.find(run)
	if err != nil {
		return nil, err
	}
	return s.openAt(o, run)
}

func (s *Segments) openAt(o journal.OriginID, run journal.RunID) (*reader, error) {
	f, err := os.Open(s.path(o, string(run)))
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", run, err)
	}
	now := time.Now()
	return &reader{s: s, run: run, origin: o, f: f, since: now, busyAt: now}, nil
}

func (r *reader) close() { r.f.Close() }

// round yields what is durable now. The channel that it returns is closed when there is more, where the writer is of this process;
// it is nil where it is not.
func (r *reader) round(ctx context.Context, after uint64, yield func(journal.Event, error) bool) (<-chan struct{}, error) {
	for {
		limit, more, err := r.limit()
		if err != nil || limit <= r.off {
			return more, err
		}
		from := r.off
		err = r.lines(limit, func(l line) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if l.seq <= after {
				return nil
			}
			e, err := l.event(r.origin, r.run)
			if err != nil {
				return r.damaged(err.Error())
			}
			if !yield(e, nil) {
				return errStop
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if r.kind == (journal.RunClosed{}).Kind() {
			return nil, errStop
		}
		if r.off > from {
			r.busyAt = time.Now()
		}
		if r.off < limit { // a torn tail: nothing will come but by another writer
			r.torn = limit
			return more, nil
		}
	}
}

// limit is how many bytes of the segment may be shown.
func (r *reader) limit() (int64, <-chan struct{}, error) {
	if w := r.s.live(r.origin, r.run); w != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.durable.size, w.more, nil
	}
	info, err := r.f.Stat()
	if err != nil {
		return 0, nil, err
	}
	size := info.Size()
	if size < r.off {
		return 0, nil, r.damaged("the file was cut while it was read")
	}
	if size == r.off {
		return size, nil, nil
	}
	mark := r.mark()
	if mark > r.off {
		return min(mark, size), nil, nil
	}
	if size == r.torn {
		return r.off, nil, nil
	}
	return r.orphaned(mark == 0)
}

// mark is the durable length that the run's writer has published.
func (r *reader) mark() int64 { return readMark(strings.TrimSuffix(r.f.Name(), suffix) + markSuffix) }

// letGo is how long a writer may take between removing its mark and letting go of its lock, or between taking the lock and making one.
const letGo = 250 * time.Millisecond

// orphaned decides about bytes behind the mark: they are nothing yet while a writer lives; else they are synced here and trusted. A
// writer without a mark is just coming or going: it is waited for, or a run that has this moment ended would seem to be none.
func (r *reader) orphaned(unmarked bool) (int64, <-chan struct{}, error) {
	free, err := tryShared(r.f)
	for until := time.Now().Add(letGo); unmarked && err == nil && !free && time.Now().Before(until); free, err = tryShared(r.f) {
		time.Sleep(time.Millisecond) // another process's lock
		if r.mark() > r.off {
			return r.limit()
		}
	}
	if err != nil {
		return 0, nil, fmt.Errorf("lock %s: %w", r.f.Name(), err)
	}
	if !free {
		return r.off, nil, nil
	}
	defer unlock(r.f)
	info, err := r.f.Stat()
	if err != nil {
		return 0, nil, err
	}
	if err := datasync(r.f); err != nil && !errors.Is(err, unix.EROFS) && !errors.Is(err, unix.EINVAL) {
		return 0, nil, fmt.Errorf("sync %s: %w", r.f.Name(), err)
	}
	return info.Size(), nil, nil
}

// live is this process's own writer of the run, if there is one.
func (s *Segments) live(o journal.OriginID, run journal.RunID) *writer {
	if o != s.origin {
		return nil
	}
	s.mu.Lock()
	w := s.writers[run]
	s.mu.Unlock()
	if w == nil {
		return nil
	}
	select {
	case <-w.ready:
	default:
		return nil
	}
	if w.disk == nil {
		return nil
	}
	return w
}

// lines hands the whole lines up to limit to do, in order, checking the chain. The line's slices are valid during the call only.
func (r *reader) lines(limit int64, do func(line) error) error {
	for r.off < limit {
		b, err := r.fill(limit)
		if err != nil {
			return err
		}
		if b == nil {
			return nil
		}
		for {
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				break
			}
			if err := r.one(b[:i], do); err != nil {
				return err
			}
			b = b[i+1:]
			r.buf = b
		}
	}
	return nil
}

func (r *reader) one(b []byte, do func(line) error) error {
	l, err := parseLine(b)
	switch {
	case err != nil:
		return r.damaged(err.Error())
	case !l.follows(r.head):
		return r.damaged("not as it was written")
	}
	r.head = head{l.seq, l.hash}
	r.line++
	r.last = int64(len(b)) + 1
	r.off += r.last
	if r.kind != string(l.kind) {
		r.kind = string(l.kind)
	}
	return do(l)
}

const chunk = 256 << 10

// fill returns bytes from off on with at least one newline in them, or nil where up to limit there is none.
func (r *reader) fill(limit int64) ([]byte, error) {
	for {
		have := int64(len(r.buf))
		n := min(limit-r.off-have, max(chunk, have)) // a long line doubles what is read
		if n <= 0 {
			r.buf = nil // a torn tail may be cut off and written anew
			return nil, nil
		}
		if have+n > int64(len(r.mem)) {
			r.mem = make([]byte, have+n)
		}
		b := r.mem[:have+n]
		copy(b, r.buf)
		got, err := r.f.ReadAt(b[have:], r.off+have)
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("read %s: %w", r.f.Name(), err)
		}
		r.buf = b[:have+int64(got)]
		if bytes.IndexByte(r.buf[have:], '\n') >= 0 {
			return r.buf, nil
		}
		if got == 0 {
			r.buf = nil
			return nil, nil
		}
	}
}

func (r *reader) damaged(why string) error {
	return &Fault{
		Text:   fmt.Sprintf("run %s: %v", r.run, journal.ErrDamaged),
		Advice: "tend journal verify says what was done to it",
		Err:    damage{fmt.Errorf("%s:%d (event %d): %s", r.f.Name(), r.line+1, r.head.seq+1, why)},
	}
}

// damage is the cause of a journal.ErrDamaged, which its text does not repeat.
type damage struct{ error }

func (d damage) Is(target error) bool { return target == journal.ErrDamaged }

// The pace of a follower who must look for himself. A run that rests costs five looks a second. One at work is followed within a few
// milliseconds at its beginning, so that what is short is seen at once, and later as often as a screen is drawn: each look finds more, and
// a look costs the same whatever it finds.
const (
	fastest = 5 * time.Millisecond
	drawn   = 16 * time.Millisecond
	slowest = 200 * time.Millisecond
)

// pace is how long a follower waits for its next look, who has followed for so long and has seen nothing new for a while.
func pace(followed, quiet time.Duration) time.Duration {
	return max(min(max(followed/64, fastest), drawn), min(quiet/16, slowest))
}

func (r *reader) wait(ctx context.Context, more <-chan struct{}) error {
	if more != nil {
		select {
		case <-more:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	timer := time.NewTimer(pace(time.Since(r.since), time.Since(r.busyAt)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
