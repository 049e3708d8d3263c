package index

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"time"

	"tend/inventory"
	"tend/journal"
)

// folding is a run that is folded as it grows. Runs that have ended are not kept.
type folding struct {
	place  journal.Place
	state  *journal.State
	past   *journal.History
	words  []string                             // what each host's outcome was when last written
	known  map[inventory.HostID][]journal.Known // facts in the order in which they were read, since last written
	learnt int                                  // how many
	wrong  error
}

// flushAt is how many rows gather before they are written. So many facts weigh as much as a row: a host's are written in one piece.
const (
	flushAt     = 20_000
	factsPerRow = 16
)

// update brings the summaries up to the segments. Its caller holds x.mu.
func (x *Index) update(ctx context.Context) error {
	list, err := x.src.List(ctx)
	if err != nil {
		return err
	}
	stale, err := x.stale(ctx, list)
	if errors.Is(err, errShrunk) {
		if err := x.rebuild(); err != nil {
			return err
		}
		stale, err = x.stale(ctx, list)
	}
	if err != nil {
		return err
	}
	var batch []folded
	rows := 0
	for i, seg := range stale {
		f, err := x.fold(ctx, seg)
		if err != nil {
			return err
		}
		if f != nil {
			batch = append(batch, folded{seg, f})
			rows += len(f.state.Hosts) + f.learnt/factsPerRow + len(f.past.Samples) + len(f.past.Updates) + len(f.past.Looked) + 1
		}
		if rows >= flushAt || i == len(stale)-1 {
			if err := x.with(func(db *sql.DB) error { return x.flush(ctx, db, batch) }); err != nil {
				return err
			}
			batch, rows = nil, 0
		}
	}
	return nil
}

type folded struct {
	seg journal.Segment
	f   *folding
}

var errShrunk = errors.New("a segment is shorter than it was")

// stale lists the segments of runs that are not what the index has seen.
func (x *Index) stale(ctx context.Context, list []journal.Segment) ([]journal.Segment, error) {
	var stale []journal.Segment
	have := map[key]bool{}
	unknown := false
	for _, seg := range list {
		k := key{seg.Origin, seg.Run}
		have[k] = true
		s, ok := x.seen[k]
		if ok && s == stampOf(seg) || seg.Run == "notes" {
			continue
		}
		unknown = unknown || !ok
		stale = append(stale, seg)
	}
	if len(x.seen) == 0 || unknown { // another process may have been here
		if err := x.load(ctx); err != nil {
			return nil, err
		}
	}
	if err := x.forget(ctx, have); err != nil {
		return nil, err
	}
	kept := stale[:0]
	for _, seg := range stale {
		switch s := x.seen[key{seg.Origin, seg.Run}]; {
		case s.size > seg.Size:
			return nil, errShrunk
		case s != stampOf(seg):
			kept = append(kept, seg)
		}
	}
	return kept, nil
}

// load reads what the index has seen.
func (x *Index) load(ctx context.Context) error {
	return x.with(func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, `SELECT origin, run, size, modified FROM runs JOIN segs USING(id)`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k key
			var s stamp
			if err := rows.Scan(&k.origin, &k.run, &s.size, &s.modified); err != nil {
				return err
			}
			x.seen[k] = s
		}
		return rows.Err()
	})
}

// fold reads what is new of a run; nil where there is nothing.
func (x *Index) fold(ctx context.Context, seg journal.Segment) (*folding, error) {
	k := key{seg.Origin, seg.Run}
	f := x.live[k]
	if f == nil {
		f = &folding{place: journal.Place{Origin: seg.Origin, Run: seg.Run}, state: journal.NewState(), past: &journal.History{}, known: map[inventory.HostID][]journal.Known{}}
		x.live[k] = f
	}
	from := f.place.Offset
	f.wrong = nil
	for p, err := range x.src.From(ctx, f.place, journal.OutputRead{}.Kind()) {
		switch {
		case ctx.Err() != nil:
			delete(x.live, k)
			return nil, ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			delete(x.live, k)
			return nil, nil
		case err != nil && from > 0: // what was folded is not what stands there now
			delete(x.live, k)
			return x.fold(ctx, seg)
		case err != nil:
			f.wrong = err
		default:
			f.take(p)
		}
	}
	if f.wrong == nil && f.place.Offset == from && f.place.Offset < seg.Size {
		return nil, nil // being written, or torn
	}
	return f, nil
}

func (f *folding) take(p journal.Placed) {
	f.place = p.Behind()
	if p.Body == nil { // output: it counts
		f.state.Seq = p.Seq
		return
	}
	f.past.Apply(f.state, p.Event)
	f.state.Apply(p.Event)
	b, ok := p.Body.(journal.FactsRead)
	if !ok {
		return
	}
	list := slices.Grow(f.known[b.Host], len(b.Facts))
	for _, fact := range b.Facts {
		list = append(list, journal.Known{Host: b.Host, Fact: fact, At: p.At, Run: p.Run, Step: b.Step})
	}
	f.known[b.Host] = list
	f.learnt += len(b.Facts)
}

// flush writes what was folded, in one transaction, and forgets runs that have ended.
func (x *Index) flush(ctx context.Context, db *sql.DB, batch []folded) error {
	if len(batch) == 0 {
		return nil
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	w := writer{ctx: ctx, tx: tx, stmts: map[string]*sql.Stmt{}, limit: time.Now().Add(journal.Ahead)}
	for _, b := range batch {
		w.run(b.seg, b.f)
	}
	if w.err != nil {
		return w.err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	for _, b := range batch {
		k := key{b.seg.Origin, b.seg.Run}
		x.seen[k] = b.stamp()
		clear(b.f.known)
		b.f.learnt = 0
		if !b.f.state.Closed.IsZero() || b.f.wrong != nil {
			delete(x.live, k)
		}
	}
	return nil
}

// stamp is the segment's where all of it was read, else one that no file has.
func (b folded) stamp() stamp {
	if b.f.wrong == nil && b.f.place.Offset < b.seg.Size {
		return stamp{size: b.f.place.Offset, modified: -1}
	}
	return stampOf(b.seg)
}

// writer writes within a transaction; after an error it does nothing more.
type writer struct {
	ctx    context.Context
	tx     *sql.Tx
	stmts  map[string]*sql.Stmt
	labels map[string]int64
	limit  time.Time // what is dated later was dated by a clock that was wrong
	err    error

	partDocs int64
}

func (w *writer) exec(query string, args ...any) {
	if st := w.prepared(query); st != nil {
		_, w.err = st.ExecContext(w.ctx, args...)
	}
}

// prepared is the statement, made ready once; nil after an error.
func (w *writer) prepared(query string) *sql.Stmt {
	if w.err != nil {
		return nil
	}
	st := w.stmts[query]
	if st == nil {
		if st, w.err = w.tx.PrepareContext(w.ctx, query); w.err != nil {
			return nil
		}
		w.stmts[query] = st
	}
	return st
}

// look reads one row; false where there is none.
func (w *writer) look(query string, to any, args ...any) bool {
	st := w.prepared(query)
	if st == nil {
		return false
	}
	err := st.QueryRowContext(w.ctx, args...).Scan(to)
	if errors.Is(err, sql.ErrNoRows) {
		return false
	}
	w.err = err
	return err == nil
}

// seg gives the number of a segment.
func (w *writer) seg(o journal.OriginID, run journal.RunID) (id int64) {
	const find = `SELECT id FROM segs WHERE origin = ? AND run = ?`
	if !w.look(find, &id, o, run) {
		w.exec(`INSERT INTO segs(origin, run) VALUES(?, ?)`, o, run)
		w.look(find, &id, o, run)
	}
	return id
}

func (w *writer) run(seg journal.Segment, f *folding) {
	st := f.state
	sum := st.Summary()
	sum.Run, sum.Origin = seg.Run, seg.Origin
	if f.wrong != nil {
		sum.Damaged = f.wrong.Error()
	}
	raw, err := json.Marshal(sum)
	if w.err = errors.Join(w.err, err); w.err != nil {
		return
	}
	id, at := w.seg(seg.Origin, seg.Run), folded{seg, f}.stamp()
	w.exec(`INSERT OR REPLACE INTO runs VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, at.size, at.modified, sum.Runbook,
		nanos(sum.Started), nanos(sum.Ended), int(sum.Result), sum.By.User, int64(sum.Events), string(raw), st.Plan().Dry)
	w.hosts(id, sum, f)
	w.history(id, f.past)
	for _, host := range slices.Sorted(maps.Keys(f.known)) { // in the order in which they lie in the file
		w.picture(host, f.known[host])
	}
}

// hosts writes the outcomes that have changed. A dry run is nobody's last: it looked, so it patched nothing, mended nothing and broke nothing.
func (w *writer) hosts(id int64, sum journal.RunSummary, f *folding) {
	if len(f.words) != len(f.state.Hosts) {
		f.words = make([]string, len(f.state.Hosts))
	}
	for i := range f.state.Hosts {
		h := &f.state.Hosts[i]
		word := outcomeWord(h)
		if word == f.words[i] {
			continue
		}
		f.words[i] = word
		w.exec(`INSERT OR REPLACE INTO run_hosts VALUES(?, ?, ?)`, h.ID, id, word)
		if f.state.Plan().Dry {
			continue
		}
		w.exec(`INSERT INTO last VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET run = excluded.run, started = excluded.started,
			outcome = excluded.outcome WHERE CASE WHEN (excluded.started > ?6) = (started > ?6) THEN excluded.started >= started ELSE started > ?6 END`,
			h.ID, sum.Runbook, id, nanos(sum.Started), word, nanos(w.limit)) // as journal.Replaces has it
	}
}

func outcomeWord(h *journal.HostState) string {
	switch h.Phase {
	case journal.Waiting:
		return "waiting"
	case journal.AtWork:
		return "running"
	}
	return h.Outcome.String()
}
