package segments

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"tend/journal"
)

// The ledger's entries.
type (
	// opened is written behind the first event of a run.
	opened struct {
		Run   journal.RunID `json:"run"`   // its name
		First journal.Hash  `json:"first"` // of its first event
	}
	// closed is written when a run ends and whenever a writer lets go of it.
	closed struct {
		Run    journal.RunID `json:"run"`    // its name
		Events uint64        `json:"events"` // how many it had then
		Last   journal.Hash  `json:"last"`   // of the last of them
		Ended  bool          `json:"ended"`  // that one ended the run
	}
	// dropped stands for a segment that retention removed.
	dropped struct {
		Run     journal.RunID      `json:"run"`     // its name
		Events  uint64             `json:"events"`  // how many it had
		Last    journal.Hash       `json:"last"`    // of the last of them
		Bytes   int64              `json:"bytes"`   // how long the file was
		Summary journal.RunSummary `json:"summary"` // the run in one line, as tend journal list --json prints it
	}
	// unrecorded stands for a recording of a shell that retention removed.
	unrecorded struct {
		Session journal.RunID `json:"session"` // the shell's name
		Bytes   int64         `json:"bytes"`   // how long the file was
		SHA256  journal.Hash  `json:"sha256"`  // of the file
	}
	// imported vouches for a segment of another origin, as it came.
	imported struct {
		Origin journal.OriginID `json:"origin"` // that wrote it
		closed
		First journal.Hash `json:"first"` // of its first event
	}
)

func (opened) kind() string     { return "segment_opened" }
func (closed) kind() string     { return "segment_closed" }
func (dropped) kind() string    { return "segment_dropped" }
func (unrecorded) kind() string { return "recording_dropped" }
func (imported) kind() string   { return "segment_imported" }

type entry interface{ kind() string }

// ledger adds an entry to the ledger of our origin.
func (s *Segments) ledger(ctx context.Context, e entry) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := s.appendShared(ctx, ledgerName, e.kind(), raw); err != nil {
		return fmt.Errorf("the ledger: %w", err)
	}
	return nil
}

// ledger is what the ledger of an origin says.
type ledger struct {
	opened map[journal.RunID]opened
	closed map[journal.RunID][]closed // in order
	runs   []journal.RunID            // in the order in which they were opened
	torn   bool
	// dropped are the runs that retention removed, unrecorded the recordings; others what was imported, by origin.
	dropped    map[journal.RunID]dropped
	unrecorded map[journal.RunID]unrecorded
	others     map[journal.OriginID]ledger
	// droppedAt and unrecordedAt are those entries' numbers.
	droppedAt, unrecordedAt map[journal.RunID]uint64
}

func newLedger() ledger {
	return ledger{opened: map[journal.RunID]opened{}, closed: map[journal.RunID][]closed{}, dropped: map[journal.RunID]dropped{}, unrecorded: map[journal.RunID]unrecorded{}, others: map[journal.OriginID]ledger{},
		droppedAt: map[journal.RunID]uint64{}, unrecordedAt: map[journal.RunID]uint64{}}
}

// readLedger reads the ledger of an origin; fs.ErrNotExist says that there is none, journal.ErrDamaged where it breaks. What stands
// before the damage is returned with it.
func (s *Segments) readLedger(ctx context.Context, o journal.OriginID) (ledger, error) {
	l := newLedger()
	f, err := os.Open(s.path(o, ledgerName))
	if err != nil {
		return l, err
	}
	r := &reader{s: s, run: ledgerName, origin: o, f: f}
	defer r.close()
	for {
		limit, _, err := r.limit()
		if err != nil || limit <= r.off {
			return l, err
		}
		from := r.off
		if err := r.lines(limit, func(x line) error { return l.add(ctx, x) }); err != nil {
			return l, err
		}
		if r.off == from {
			l.torn = true
			return l, nil
		}
	}
}

func (l *ledger) add(ctx context.Context, x line) error {
	var err error
	switch string(x.kind) {
	case opened{}.kind():
		var o opened
		if err = json.Unmarshal(x.body, &o); err == nil {
			l.open(o)
		}
	case closed{}.kind():
		var c closed
		if err = json.Unmarshal(x.body, &c); err == nil {
			l.closed[c.Run] = append(l.closed[c.Run], c)
		}
	case dropped{}.kind():
		var d dropped
		if err = json.Unmarshal(x.body, &d); err == nil {
			l.dropped[d.Run], l.droppedAt[d.Run] = d, x.seq
		}
	case unrecorded{}.kind():
		var u unrecorded
		if err = json.Unmarshal(x.body, &u); err == nil {
			l.unrecorded[u.Session], l.unrecordedAt[u.Session] = u, x.seq
		}
	case imported{}.kind():
		var i imported
		if err = json.Unmarshal(x.body, &i); err == nil {
			o, ok := l.others[i.Origin]
			if !ok {
				o = newLedger()
			}
			o.open(opened{i.Run, i.First})
			o.closed[i.Run] = append(o.closed[i.Run], i.closed)
			l.others[i.Origin] = o
		}
	}
	if err != nil {
		return fmt.Errorf("%w: the ledger's entry %d: %w", journal.ErrDamaged, x.seq, err)
	}
	return ctx.Err()
}

func (l *ledger) open(o opened) {
	if _, known := l.opened[o.Run]; !known {
		l.runs = append(l.runs, o.Run)
		l.opened[o.Run] = o
	}
}

// with adds what another ledger says.
func (l *ledger) with(o ledger) {
	for _, run := range o.runs {
		l.open(o.opened[run])
		l.closed[run] = append(l.closed[run], o.closed[run]...)
	}
}

// firstLine reads the first line of a segment.
func firstLine(path string) (line, error) {
	f, err := os.Open(path)
	if err != nil {
		return line{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return line{}, err
	}
	r := reader{f: f}
	b, err := r.fill(info.Size())
	if err != nil {
		return line{}, err
	}
	for i, c := range b {
		if c == '\n' {
			return parseLine(b[:i])
		}
	}
	return line{}, errLine
}
