package index

import (
	"context"
	"database/sql"
	"time"

	"tend/inventory"
	"tend/journal"
)

// historySchema holds what is asked over time. Hosts, keys and versions are numbers in labels: there are many rows. Every row can be
// written twice and in any order, so that runs may be folded as they come.
const historySchema = `
CREATE TABLE labels(id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE);
CREATE TABLE spent(run INTEGER, step TEXT, runbook TEXT, at INTEGER, hosts INTEGER, failed INTEGER, total INTEGER, longest INTEGER, slowest TEXT,
	PRIMARY KEY(run, step)) WITHOUT ROWID;
CREATE INDEX spent_at ON spent(at);
CREATE TABLE stood(run INTEGER, seq INTEGER, runbook TEXT, at INTEGER, waited INTEGER, what TEXT, step TEXT, who TEXT, PRIMARY KEY(run, seq)) WITHOUT ROWID;
CREATE TABLE typed(run INTEGER PRIMARY KEY, at INTEGER, who TEXT, command TEXT, scope TEXT, hosts INTEGER);
CREATE TABLE samples(host INTEGER, key INTEGER, day INTEGER, at INTEGER, value REAL, PRIMARY KEY(host, key, day)) WITHOUT ROWID;
CREATE TABLE awaited(host INTEGER, name INTEGER, version INTEGER, security INTEGER, first INTEGER, last INTEGER, PRIMARY KEY(host, name, version)) WITHOUT ROWID;
CREATE INDEX awaited_version ON awaited(name, version, first);
CREATE TABLE looked(host INTEGER, at INTEGER, PRIMARY KEY(host, at)) WITHOUT ROWID;
`

// day is the whole day of a time, in UTC: one sample a day is kept, the latest.
func day(t time.Time) int64 { return t.Unix() / 86400 }

// history writes what the run left since it was last written.
func (w *writer) history(id int64, h *journal.History) {
	for _, s := range h.Spent {
		w.exec(`INSERT OR REPLACE INTO spent VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, s.Step, s.Runbook, nanos(s.At), s.Hosts, s.Failed,
			int64(s.Total), int64(s.Longest), s.Slowest)
	}
	for _, s := range h.Stood {
		w.exec(`INSERT OR REPLACE INTO stood VALUES(?, ?, ?, ?, ?, ?, ?, ?)`, id, int64(s.Seq), s.Runbook, nanos(s.At), int64(s.For), s.What, s.Step, s.Who)
	}
	if t := h.Typed; t != nil {
		w.exec(`INSERT OR REPLACE INTO typed VALUES(?, ?, ?, ?, ?, ?)`, id, nanos(t.At), t.Who, t.Command, t.Scope, t.Hosts)
	}
	for _, s := range h.Samples {
		w.exec(`INSERT INTO samples VALUES(?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at, value = excluded.value WHERE excluded.at >= at`,
			w.label(string(s.Host)), w.label(s.Key), day(s.At), nanos(s.At), s.Value)
	}
	for _, u := range h.Updates {
		w.exec(`INSERT INTO awaited VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
			security = max(security, excluded.security)`, w.label(string(u.Host)), w.label(u.Name), w.label(u.Version), u.Security, nanos(u.First), nanos(u.Last))
	}
	for _, l := range h.Looked {
		w.exec(`INSERT OR IGNORE INTO looked VALUES(?, ?)`, w.label(string(l.Host)), nanos(l.At))
	}
	h.Stood, h.Typed, h.Samples, h.Updates, h.Looked = nil, nil, nil, nil, nil
}

// label is the number of a text.
func (w *writer) label(text string) (id int64) {
	if id, ok := w.labels[text]; ok || w.err != nil {
		return id
	}
	const find = `SELECT id FROM labels WHERE label = ?`
	if !w.look(find, &id, text) {
		w.exec(`INSERT INTO labels(label) VALUES(?)`, text)
		w.look(find, &id, text)
	}
	if w.labels == nil {
		w.labels = map[string]int64{}
	}
	w.labels[text] = id
	return id
}

// forgetHistory drops what belongs to a run. Samples and updates are the hosts', and stay known.
func (w *writer) forgetHistory(id int64) {
	for _, q := range []string{`DELETE FROM spent WHERE run = ?`, `DELETE FROM stood WHERE run = ?`, `DELETE FROM typed WHERE run = ?`} {
		w.exec(q, id)
	}
}

// Spent lists what the steps of the runs since then took, the oldest run first.
func (x *Index) Spent(ctx context.Context, since time.Time) ([]journal.Spent, error) {
	const query = `SELECT segs.run, runbook, step, at, hosts, failed, total, longest, slowest FROM spent JOIN segs ON segs.id = spent.run WHERE at >= ? ORDER BY at, segs.run, step`
	return collect(x, ctx, query, func(rows *sql.Rows) (s journal.Spent, err error) {
		var at int64
		err = rows.Scan(&s.Run, &s.Runbook, &s.Step, &at, &s.Hosts, &s.Failed, &s.Total, &s.Longest, &s.Slowest)
		s.At = instant(at)
		return s, err
	}, nanos(since))
}

// Stood lists where runs stood still for a person since then, the oldest first.
func (x *Index) Stood(ctx context.Context, since time.Time) ([]journal.Stood, error) {
	const query = `SELECT segs.run, seq, runbook, at, waited, what, step, who FROM stood JOIN segs ON segs.id = stood.run WHERE at >= ? ORDER BY at, segs.run, seq`
	return collect(x, ctx, query, func(rows *sql.Rows) (s journal.Stood, err error) {
		var at int64
		err = rows.Scan(&s.Run, &s.Seq, &s.Runbook, &at, &s.For, &s.What, &s.Step, &s.Who)
		s.At = instant(at)
		return s, err
	}, nanos(since))
}

// Typed lists the commands that were run by hand since then, the oldest first.
func (x *Index) Typed(ctx context.Context, since time.Time) ([]journal.Typed, error) {
	const query = `SELECT segs.run, at, who, command, scope, hosts FROM typed JOIN segs ON segs.id = typed.run WHERE at >= ? ORDER BY at, segs.run`
	return collect(x, ctx, query, func(rows *sql.Rows) (t journal.Typed, err error) {
		var at int64
		err = rows.Scan(&t.Run, &at, &t.Who, &t.Command, &t.Scope, &t.Hosts)
		t.At = instant(at)
		return t, err
	}, nanos(since))
}

// Samples lists what was measured since then, one a day, by host, key and time.
func (x *Index) Samples(ctx context.Context, since time.Time) ([]journal.Sample, error) {
	const query = `SELECT h.label, k.label, at, value FROM samples JOIN labels h ON h.id = samples.host JOIN labels k ON k.id = samples.key
		WHERE day >= ? ORDER BY samples.host, samples.key, day`
	return collect(x, ctx, query, func(rows *sql.Rows) (s journal.Sample, err error) {
		var at int64
		err = rows.Scan(&s.Host, &s.Key, &at, &s.Value)
		s.At = instant(at)
		return s, err
	}, day(since))
}

// Updates lists the updates that hosts waited for since then, by host, name and time.
func (x *Index) Updates(ctx context.Context, since time.Time) ([]journal.Awaited, error) {
	const query = `SELECT h.label, n.label, v.label, security, first, last,
			(SELECT min(b.first) FROM awaited b WHERE b.name = a.name AND b.version = a.version),
			coalesce((SELECT min(at) FROM looked WHERE looked.host = a.host AND at > a.last), 0)
		FROM awaited a JOIN labels h ON h.id = a.host JOIN labels n ON n.id = a.name JOIN labels v ON v.id = a.version
		WHERE last >= ? ORDER BY a.host, a.name, first`
	return collect(x, ctx, query, func(rows *sql.Rows) (u journal.Awaited, err error) {
		var host inventory.HostID
		var first, last, published, gone int64
		err = rows.Scan(&host, &u.Name, &u.Version, &u.Security, &first, &last, &published, &gone)
		u.Host, u.First, u.Last, u.Published, u.Gone = host, instant(first), instant(last), instant(published), instant(gone)
		return u, err
	}, nanos(since))
}
