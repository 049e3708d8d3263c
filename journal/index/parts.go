package index

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"tend/journal"
)

// The full text lies in parts, a table each, filled one after the other. A search looks through them, the newest first, and ends at the
// first that fills its page: so what FTS5 can only do with all of a table, as adding up the words that begin alike, is done with a part.

// part is one of them: it holds the words of the docs first to last.
type part struct{ id, first, last, docs, bytes int64 }

// partDocs and partBytes are how much a part takes. In one that is full the dearest search takes about a tenth of a second; of what is in none
// of them, each takes half a millisecond.
const (
	partDocs  = 200_000
	partBytes = 16 << 20
)

const partsSchema = `
CREATE TABLE parts(id INTEGER PRIMARY KEY, first INTEGER, last INTEGER, docs INTEGER, bytes INTEGER);
`

func (p part) table() string { return "words_" + itoa(p.id) }

// part is the part that takes words in: the last, or a new one where that is full.
func (w *writer) part() (p part) {
	if w.err != nil {
		return p
	}
	w.err = w.tx.QueryRowContext(w.ctx, `SELECT id, first, last, docs, bytes FROM parts ORDER BY id DESC LIMIT 1`).Scan(&p.id, &p.first, &p.last, &p.docs, &p.bytes)
	none := errors.Is(w.err, sql.ErrNoRows)
	if none {
		w.err = nil
	}
	if w.err != nil || !none && p.docs < w.partDocs && p.bytes < partBytes {
		return p
	}
	p = part{id: p.id + 1, first: p.last + 1, last: p.last}
	w.exec(`CREATE VIRTUAL TABLE ` + p.table() + ` USING fts5(text, tag, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2')`)
	w.exec(`INSERT INTO parts VALUES(?, ?, ?, 0, 0)`, p.id, p.first, p.last)
	return p
}

// forgetWords drops the words of a segment, and what parts are empty then. The last part stays: numbers of docs are not given twice.
func (w *writer) forgetWords(id int64) {
	for _, p := range w.partsOf(id) {
		w.exec(`DELETE FROM `+p.table()+` WHERE rowid IN (SELECT id FROM docs WHERE seg = ? AND id BETWEEN ? AND ?)`, id, p.first, p.last)
	}
	w.exec(`DELETE FROM docs WHERE seg = ?`, id)
	for _, p := range w.partsOf(id) {
		var newest, left int64
		w.look(`SELECT max(id) FROM parts`, &newest)
		if w.err == nil && newest != p.id && !w.look(`SELECT id FROM docs WHERE id BETWEEN ? AND ? LIMIT 1`, &left, p.first, p.last) && w.err == nil {
			w.drop(p)
		}
	}
}

func (w *writer) drop(p part) {
	w.exec(`DROP TABLE ` + p.table())
	w.exec(`DELETE FROM parts WHERE id = ?`, p.id)
}

// partsOf are the parts between the first and the last doc of a segment.
func (w *writer) partsOf(seg int64) []part {
	if w.err != nil {
		return nil
	}
	var all []part
	all, w.err = partsIn(w.ctx, w.tx, `last >= (SELECT min(first) FROM spans WHERE seg = ?1) AND first <= (SELECT max(last) FROM spans WHERE seg = ?1)`, seg)
	return all
}

// partsIn lists the parts of which the condition is true, the newest first.
func partsIn(ctx context.Context, tx *sql.Tx, cond string, args ...any) (all []part, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, first, last, docs, bytes FROM parts WHERE `+cond+` ORDER BY id DESC`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p part
		if err := rows.Scan(&p.id, &p.first, &p.last, &p.docs, &p.bytes); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// row is a doc that was found.
type row struct {
	id    int64
	place journal.Place
}

// page looks through the parts until it has a row more than a page, or has seen all of them, or q.Patience is over: then unseen is the
// newest doc that it did not look at, and of what time that is.
func (x *Index) page(ctx context.Context, q Search, terms []term) (all []row, unseen int64, at time.Time, err error) {
	begun := time.Now()
	err = x.with(func(db *sql.DB) error {
		tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // one picture of all the tables
		if err != nil {
			return err
		}
		defer tx.Rollback()
		a, err := q.ask(ctx, tx, terms)
		if err != nil || a.none {
			return err
		}
		parts, err := partsIn(ctx, tx, `last >= ? AND first <= ?`, a.low, a.high)
		if err != nil {
			return err
		}
		for i, p := range parts {
			if i > 0 && q.Patience > 0 && time.Since(begun) > q.Patience {
				unseen, at, err = newest(ctx, tx, min(p.last, a.high))
				return err
			}
			if all, err = a.rows(ctx, tx, p, q.Limit+1-len(all), all); err != nil || len(all) > q.Limit {
				return err
			}
		}
		return nil
	})
	return all, unseen, at, err
}

// newest is the newest doc up to the one with this number, and its time; 0 where there is none.
func newest(ctx context.Context, tx *sql.Tx, last int64) (id int64, at time.Time, err error) {
	var n int64
	err = tx.QueryRowContext(ctx, `SELECT id, at FROM docs WHERE id <= ? ORDER BY id DESC LIMIT 1`, last).Scan(&id, &n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, time.Time{}, nil
	}
	return id, instant(n), err
}

// rows adds up to limit rows of a part to all.
func (a *ask) rows(ctx context.Context, tx *sql.Tx, p part, limit int, all []row) ([]row, error) {
	query, args := a.query(p, limit)
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return all, err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.id, &r.place.Origin, &r.place.Run, &r.place.Seq, &r.place.Offset); err != nil {
			return all, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}
