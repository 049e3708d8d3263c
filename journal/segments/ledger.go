package segments

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"tend/journal"
)

// ledger is what the ledger of an origin says.
type ledger struct {
	opened map[journal.RunID]opened
	closed map[journal.RunID][]closed // in order
	runs   []journal.RunID            // in the order in which they were opened
	torn   bool
}

// readLedger reads the ledger of an origin; fs.ErrNotExist says that there is none, journal.ErrDamaged where it breaks. What stands
// before the damage is returned with it.
func (s *Segments) readLedger(ctx context.Context, o journal.OriginID) (ledger, error) {
	l := ledger{opened: map[journal.RunID]opened{}, closed: map[journal.RunID][]closed{}}
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
			if _, known := l.opened[o.Run]; !known {
				l.runs = append(l.runs, o.Run)
				l.opened[o.Run] = o
			}
		}
	case closed{}.kind():
		var c closed
		if err = json.Unmarshal(x.body, &c); err == nil {
			l.closed[c.Run] = append(l.closed[c.Run], c)
		}
	}
	if err != nil {
		return fmt.Errorf("%w: the ledger's entry %d: %w", journal.ErrDamaged, x.seq, err)
	}
	return ctx.Err()
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
