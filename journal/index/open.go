package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"tend/journal"
)

// Source is where the events are read by place. journal/segments is one.
type Source interface {
	List(ctx context.Context) ([]journal.Segment, error)
	From(ctx context.Context, p journal.Place, skip ...string) iter.Seq2[journal.Placed, error]
	At(p journal.Place) (journal.Event, error)
}

// Truth is the journal that is indexed.
type Truth interface {
	journal.Journal
	Source
}

// Index is a journal whose Runs are looked up instead of folded. Append and Events are the truth's own. It is safe for concurrent use.
type Index struct {
	journal.Journal
	src  Source
	path string // "" = in memory

	dbMu sync.RWMutex // held for writing while the file is replaced
	db   *sql.DB

	wordsMu  sync.Mutex // of an index in memory
	partDocs int64      // how many docs a part of the full text takes

	mu   sync.Mutex // one pass of summaries at a time
	live map[key]*folding
	seen map[key]stamp
}

type key struct {
	origin journal.OriginID
	run    journal.RunID
}

// stamp is what a segment's file looked like when it was indexed to its end.
type stamp struct{ size, modified int64 }

func stampOf(s journal.Segment) stamp { return stamp{s.Size, s.Modified.UnixNano()} }

// format is that of the tables; another one is built anew.
const format = "tend index 7"

const schema = `
CREATE TABLE format(is_ TEXT);
CREATE TABLE segs(id INTEGER PRIMARY KEY, origin TEXT NOT NULL, run TEXT NOT NULL, UNIQUE(origin, run));
CREATE TABLE runs(id INTEGER PRIMARY KEY, size INTEGER, modified INTEGER, runbook TEXT, started INTEGER, ended INTEGER, result INTEGER,
	user TEXT, events INTEGER, summary TEXT, dry INTEGER);
CREATE INDEX runs_started ON runs(started);
CREATE TABLE run_hosts(host TEXT, run INTEGER, outcome TEXT, PRIMARY KEY(host, run)) WITHOUT ROWID;
CREATE INDEX run_hosts_run ON run_hosts(run);
CREATE TABLE last(host TEXT, runbook TEXT, run INTEGER, started INTEGER, outcome TEXT, PRIMARY KEY(host, runbook)) WITHOUT ROWID;
CREATE TABLE texts(id INTEGER PRIMARY KEY, size INTEGER, modified INTEGER, off INTEGER, seq INTEGER, hash BLOB);
CREATE TABLE docs(id INTEGER PRIMARY KEY, seg INTEGER, seq INTEGER, off INTEGER, at INTEGER, host INTEGER);
CREATE INDEX docs_seg ON docs(seg);
CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE spans(first INTEGER PRIMARY KEY, last INTEGER, seg INTEGER, low INTEGER, high INTEGER);
CREATE INDEX spans_seg ON spans(seg, last);
`

// Open opens the index at path, "" for one in memory, and builds it where it is missing, broken or of another build. Nothing is read
// from the segments yet.
func Open(path string, truth Truth) (*Index, error) {
	x := &Index{Journal: truth, src: truth, path: path, partDocs: partDocs}
	if err := x.connect(); err != nil {
		return nil, fmt.Errorf("open the index %s: %w", path, err)
	}
	return x, nil
}

// Close closes the file.
func (x *Index) Close() error {
	x.dbMu.Lock()
	defer x.dbMu.Unlock()
	return x.db.Close()
}

// connect opens the file, or makes it anew.
func (x *Index) connect() error {
	x.live, x.seen = map[key]*folding{}, map[key]stamp{}
	if x.path == "" {
		db, err := sql.Open("sqlite", ":memory:")
		if err != nil {
			return err
		}
		db.SetMaxOpenConns(1) // each connection has a memory of its own
		x.db = db
		return x.build()
	}
	if err := os.MkdirAll(filepath.Dir(x.path), 0o700); err != nil {
		return err
	}
	for try := 0; ; try++ {
		err := x.tryConnect()
		if err == nil || try == 2 || !broken(err) {
			return err
		}
		x.remove()
	}
}

var errFormat = errors.New("an index of another build")

// broken reports whether only building anew helps.
func broken(err error) bool {
	var se *sqlite.Error
	if errors.As(err, &se) {
		switch se.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return true
		case sqlite3.SQLITE_ERROR:
			return strings.Contains(err.Error(), "no such ") // a table or a column
		}
	}
	return errors.Is(err, errFormat)
}

func (x *Index) tryConnect() error {
	f, err := os.OpenFile(x.path, os.O_CREATE|os.O_RDWR, 0o600) // SQLite gives its other files the same mode
	if err != nil {
		return err
	}
	f.Close()
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)", "temp_store(MEMORY)", "cache_size(-16000)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: x.path}).EscapedPath(), RawQuery: q.Encode()}).String())
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(4)
	x.db = db
	if err := x.build(); err != nil {
		db.Close()
		return err
	}
	return nil
}

// build makes the tables, or sees that they are ours.
func (x *Index) build() error {
	tx, err := x.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var n int
	if err := tx.QueryRow(`SELECT count(*) FROM sqlite_schema`).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		var is string
		if err := tx.QueryRow(`SELECT is_ FROM format`).Scan(&is); err != nil || is != format {
			return errors.Join(errFormat, err)
		}
		return nil
	}
	if _, err := tx.Exec(schema + partsSchema + historySchema + picturesSchema); err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO format VALUES(?)`, format); err != nil {
		return err
	}
	return tx.Commit()
}

func (x *Index) remove() {
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		_ = os.Remove(x.path + end)
	}
}

// retry runs do. Where the file turns out to be broken it is built anew, and do is run once more. Its caller holds x.mu.
func (x *Index) retry(ctx context.Context, do func() error) error {
	err := do()
	if err == nil || ctx.Err() != nil || !broken(err) {
		return err
	}
	if err := x.rebuild(); err != nil {
		return err
	}
	return do()
}

// with hands out the database, which is not replaced meanwhile.
func (x *Index) with(do func(*sql.DB) error) error {
	x.dbMu.RLock()
	defer x.dbMu.RUnlock()
	return do(x.db)
}

// rebuild throws the file away and begins anew. Its caller holds x.mu.
func (x *Index) rebuild() error {
	x.dbMu.Lock()
	defer x.dbMu.Unlock()
	_ = x.db.Close()
	x.remove()
	if err := x.connect(); err != nil {
		return fmt.Errorf("build the index %s anew: %w", x.path, err)
	}
	return nil
}

// Reindex throws everything away and builds summaries and words anew.
func (x *Index) Reindex(ctx context.Context) error {
	x.mu.Lock()
	err := x.rebuild()
	x.mu.Unlock()
	if err != nil {
		return err
	}
	return x.CatchUp(ctx)
}

// Vacuum gives room back that the index's file no longer needs, and returns the file's size in bytes before and after.
func (x *Index) Vacuum(ctx context.Context) (before, after int64, err error) {
	before = x.size()
	err = x.with(func(db *sql.DB) error {
		for _, q := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
			if _, err := db.ExecContext(ctx, q); err != nil {
				return fmt.Errorf("vacuum the index %s: %w", x.path, err)
			}
		}
		return nil
	})
	return before, x.size(), err
}

func (x *Index) size() (n int64) {
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(x.path + suffix); err == nil {
			n += info.Size()
		}
	}
	return n
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
