package index

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"

	"tend/journal"
)

// fresh brings the summaries up to the segments and asks the database. Its caller holds x.mu.
func (x *Index) fresh(ctx context.Context, ask func(*sql.DB) error) error {
	return x.retry(ctx, func() error {
		if err := x.update(ctx); err != nil {
			return err
		}
		return x.with(ask)
	})
}

// Runs keeps journal.Journal's promise from the summaries, after bringing them up to the segments.
func (x *Index) Runs(ctx context.Context, q journal.Query) ([]journal.RunSummary, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	query, args := runsQuery(q)
	var runs []journal.RunSummary
	err := x.fresh(ctx, func(db *sql.DB) error {
		runs = nil
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var raw []byte
			if err := rows.Scan(&raw); err != nil {
				return err
			}
			var sum journal.RunSummary
			if err := json.Unmarshal(raw, &sum); err != nil {
				return fmt.Errorf("%w: %w", errFormat, err)
			}
			runs = append(runs, sum)
		}
		return rows.Err()
	})
	return runs, err
}

func runsQuery(q journal.Query) (string, []any) {
	query := `SELECT summary FROM runs JOIN segs USING(id)`
	var args []any
	if q.Host != "" {
		query += ` JOIN run_hosts ON run_hosts.run = runs.id AND run_hosts.host = ?`
		args = append(args, q.Host)
	}
	query += ` WHERE (events > 0 OR summary LIKE '%"damaged":%')`
	add := func(cond string, arg any) {
		query += " AND " + cond
		args = append(args, arg)
	}
	if q.Runbook != "" {
		add("runbook = ?", q.Runbook)
	}
	if q.Open {
		add("ended = ?", 0)
	}
	if !q.Since.IsZero() {
		add("started >= ?", nanos(q.Since))
	}
	if !q.Until.IsZero() {
		add("started < ?", nanos(q.Until))
	}
	query += ` ORDER BY started DESC, segs.run DESC`
	if q.Limit > 0 {
		query += " LIMIT " + itoa(int64(q.Limit))
	}
	return query, args
}

// LastRuns yields, for each host and runbook, the host's part in the latest run that was not dry, ordered by host and runbook.
func (x *Index) LastRuns(ctx context.Context) iter.Seq2[journal.HostRun, error] {
	const query = `SELECT host, runbook, origin, segs.run, started, outcome FROM last JOIN segs ON segs.id = last.run ORDER BY host, runbook`
	return listed(x, ctx, query, func(rows *sql.Rows) (journal.HostRun, error) {
		var r journal.HostRun
		var at int64
		err := rows.Scan(&r.Host, &r.Runbook, &r.Origin, &r.Run, &at, &r.Outcome)
		r.Started = instant(at)
		return r, err
	})
}

// listed yields the rows of a query over the summaries. It reads them all before it yields the first: the consumer may ask the index too.
func listed[T any](x *Index, ctx context.Context, query string, scan func(*sql.Rows) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		all, err := collect(x, ctx, query, scan)
		if err != nil {
			var zero T
			yield(zero, err)
			return
		}
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func collect[T any](x *Index, ctx context.Context, query string, scan func(*sql.Rows) (T, error), args ...any) (all []T, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	err = x.fresh(ctx, func(db *sql.DB) error {
		all = nil
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			v, err := scan(rows)
			if err != nil {
				return err
			}
			all = append(all, v)
		}
		return rows.Err()
	})
	return all, err
}
