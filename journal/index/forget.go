package index

import (
	"context"
	"database/sql"
	"time"

	"tend/journal"
)

// forget drops the runs whose segments are gone: retention, or somebody's hand. What they taught of hosts stays known.
func (x *Index) forget(ctx context.Context, have map[key]bool) error {
	var gone []key
	for k := range x.seen {
		if !have[k] {
			gone = append(gone, k)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	err := x.with(func(db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		w := writer{ctx: ctx, tx: tx, stmts: map[string]*sql.Stmt{}, limit: time.Now().Add(journal.Ahead)}
		for _, k := range gone {
			w.forget(w.seg(k.origin, k.run))
		}
		if w.err != nil {
			return w.err
		}
		return tx.Commit()
	})
	if err != nil {
		return err
	}
	for _, k := range gone {
		delete(x.seen, k)
		delete(x.live, k)
	}
	return nil
}

func (w *writer) forget(id int64) {
	w.exec(`CREATE TEMP TABLE IF NOT EXISTS touched(host TEXT)`)
	w.exec(`DELETE FROM touched`)
	w.exec(`INSERT INTO touched SELECT host FROM last WHERE run = ?`, id)
	w.exec(`DELETE FROM last WHERE run = ?`, id)
	w.exec(`DELETE FROM run_hosts WHERE run = ?`, id)
	w.exec(`DELETE FROM runs WHERE id = ?`, id)
	w.exec(`INSERT INTO last SELECT host, runbook, run, started, outcome FROM
		(SELECT host, runbook, run, started, outcome, max(iif(started > ?, started - 0x7fffffffffffffff, started)) FROM run_hosts JOIN runs ON runs.id = run
		WHERE host IN (SELECT host FROM touched) AND NOT dry GROUP BY host, runbook) WHERE TRUE ON CONFLICT DO NOTHING`, nanos(w.limit)) // as journal.Replaces has it
	w.forgetHistory(id)
	w.forgetText(id)
	w.exec(`DELETE FROM segs WHERE id = ?`, id)
}

func (w *writer) forgetText(id int64) {
	w.forgetWords(id)
	w.exec(`DELETE FROM spans WHERE seg = ?`, id)
	w.exec(`DELETE FROM texts WHERE id = ?`, id)
}
