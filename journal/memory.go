package journal

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"
)

// Memory is a Journal that forgets: for tests and for rehearsals. Its zero value is not ready; see NewMemory.
type Memory struct {
	origin OriginID
	now    func() time.Time

	mu   sync.Mutex
	runs map[RunID]*memoryRun
}

type memoryRun struct {
	events []Event
	closed bool
	more   chan struct{} // closed when events grows
}

// NewMemory is an empty journal of that origin; now is its clock, nil for time.Now.
func NewMemory(origin OriginID, now func() time.Time) *Memory {
	if now == nil {
		now = time.Now
	}
	return &Memory{origin: origin, now: now, runs: map[RunID]*memoryRun{}}
}

// Append keeps the promise of Journal, durability apart.
func (m *Memory) Append(ctx context.Context, run RunID, bodies ...Body) ([]Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(bodies) == 0 {
		return nil, nil
	}
	return m.append(run, bodies, nil)
}

// AppendThen is that of segments.
func (m *Memory) AppendThen(ctx context.Context, run RunID, bodies []Body, then func([]Event) []Body) ([]Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return m.append(run, bodies, then)
}

func encodeAll(bodies []Body) ([][]byte, error) {
	raws := make([][]byte, len(bodies))
	for i, b := range bodies {
		raw, err := EncodeBody(b)
		if err != nil {
			return nil, err
		}
		raws[i] = raw
	}
	return raws, nil
}

func (m *Memory) append(run RunID, bodies []Body, then func([]Event) []Body) ([]Event, error) {
	raws, err := encodeAll(bodies)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.run(run)
	if r.closed {
		return nil, fmt.Errorf("run %s: %w", run, ErrClosed)
	}
	if err := CheckEnd(bodies); err != nil {
		return nil, err
	}
	from := len(r.events)
	for i, b := range bodies {
		r.add(m.origin, run, m.now(), b, raws[i])
	}
	if then != nil && !r.closed {
		more := then(slices.Clone(r.events[from:]))
		if raws, err := encodeAll(more); err == nil {
			for i, b := range more {
				r.add(m.origin, run, m.now(), b, raws[i])
			}
		}
	}
	close(r.more)
	r.more = make(chan struct{})
	return slices.Clone(r.events[from:]), nil
}

func (m *Memory) run(id RunID) *memoryRun {
	r := m.runs[id]
	if r == nil {
		r = &memoryRun{more: make(chan struct{})}
		m.runs[id] = r
	}
	return r
}

// add decodes what was encoded, so that a caller who changes his slices afterwards changes nothing here.
func (r *memoryRun) add(origin OriginID, run RunID, at time.Time, b Body, raw []byte) {
	body, err := DecodeBody(b.Kind(), raw)
	if err != nil {
		body = b
	}
	e := Event{Origin: origin, Run: run, Seq: uint64(len(r.events)) + 1, At: at.UTC().Round(0), Body: body}
	if n := len(r.events); n > 0 {
		e.Prev = r.events[n-1].Hash
	}
	e.Hash = sha256.Sum256(fmt.Appendf(nil, "%d %s %s %s %s", e.Seq, e.At.Format(time.RFC3339Nano), e.Prev, b.Kind(), raw))
	r.events = append(r.events, e)
	_, r.closed = body.(RunClosed)
}

// Events keeps the promise of Journal.
func (m *Memory) Events(ctx context.Context, run RunID, after uint64, follow bool) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			events, closed, more, err := m.since(run, after)
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, e := range events {
				if err := ctx.Err(); err != nil {
					yield(Event{}, err)
					return
				}
				if !yield(e, nil) {
					return
				}
				after = e.Seq
			}
			if !follow || closed {
				return
			}
			select {
			case <-more:
			case <-ctx.Done():
				yield(Event{}, ctx.Err())
				return
			}
		}
	}
}

func (m *Memory) since(run RunID, after uint64) ([]Event, bool, <-chan struct{}, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.runs[run]
	if r == nil {
		return nil, false, nil, fmt.Errorf("run %s: %w", run, ErrNoRun)
	}
	return r.events[min(after, uint64(len(r.events))):], r.closed, r.more, nil
}

// Runs keeps the promise of Journal.
func (m *Memory) Runs(ctx context.Context, q Query) ([]RunSummary, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var runs []RunSummary
	for _, r := range m.runs {
		s := NewState()
		for _, e := range r.events {
			s.Apply(e)
		}
		if sum := s.Summary(); sum.Run != "" && q.Matches(sum, s.Plan().Hosts) {
			runs = append(runs, sum)
		}
	}
	return SortRuns(runs, q.Limit), nil
}

// CheckEnd says whether a RunClosed stands where only the last of the bodies may.
func CheckEnd(bodies []Body) error {
	for _, b := range bodies[:max(len(bodies)-1, 0)] {
		if _, ok := b.(RunClosed); ok {
			return errors.New("run_closed must be the last event of its run")
		}
	}
	return nil
}
