package index

import (
	"context"
	"database/sql"
	"encoding/json"
	"math"
	"strings"

	"tend/inventory"
)

// fewTags is up to how many hosts or runs are looked for as tags. More of them are so many of all that a filter soon finds a page.
const fewTags = 300

// ask gathers a search's SQL.
type ask struct {
	match     []string // of the full-text index, all of them
	where     []string
	args      []any
	low, high int64 // between which numbers the docs stand
	none      bool  // nothing can match
}

func (a *ask) add(cond string, args ...any) {
	a.where = append(a.where, cond)
	a.args = append(a.args, args...)
}

// tags asks for any of the tags.
func (a *ask) tags(tags ...string) {
	a.match = append(a.match, "tag : ("+strings.Join(tags, " OR ")+")")
	a.none = a.none || len(tags) == 0
}

// ask makes the search ready. What narrows it is a tag wherever it can be, so that the full-text index intersects it with the words instead
// of reading every line that holds a common word.
func (q Search) ask(ctx context.Context, tx *sql.Tx, terms []term) (*ask, error) {
	a := &ask{low: 1, high: math.MaxInt64}
	if q.Before > 0 {
		a.high = q.Before - 1
	}
	for _, t := range terms {
		a.match = append(a.match, "text : "+t.fts())
	}
	q.tags(a)
	if err := q.runs(ctx, tx, a); err != nil {
		return a, err
	}
	return a, q.times(ctx, tx, a)
}

// query is the SQL for one part.
func (a *ask) query(p part, limit int) (string, []any) {
	id, from := "docs.id", "docs"
	var where []string
	var args []any
	if len(a.match) > 0 {
		id, from = p.table()+".rowid", p.table()+" JOIN docs ON docs.id = "+p.table()+".rowid"
		where, args = append(where, p.table()+" MATCH ?"), append(args, strings.Join(a.match, " AND "))
	}
	where, args = append(where, id+" >= ?", id+" <= ?"), append(args, max(a.low, p.first), min(a.high, p.last))
	where, args = append(where, a.where...), append(args, a.args...)
	return `SELECT docs.id, segs.origin, segs.run, docs.seq, docs.off FROM ` + from + ` JOIN segs ON segs.id = docs.seg WHERE ` +
		strings.Join(where, " AND ") + ` ORDER BY ` + id + ` DESC LIMIT ` + itoa(int64(limit)), args
}

// tags adds what every doc is tagged with.
func (q Search) tags(a *ask) {
	if q.Host != "" {
		a.tags(hostTag(q.Host))
	}
	switch {
	case q.Hosts != nil && len(q.Hosts) <= fewTags:
		var tags []string
		for _, h := range q.Hosts {
			tags = append(tags, hostTag(h))
		}
		a.tags(tags...)
	case q.Hosts != nil:
		a.add("docs.host IN (SELECT id FROM names WHERE name IN (SELECT value FROM json_each(?)))", jsonOf(q.Hosts))
	}
	if q.Runbook != "" {
		a.tags(strings.TrimSpace(tagsOf("b", q.Runbook)))
	}
	if q.User != "" {
		a.tags(strings.TrimSpace(tagsOf("u", q.User)))
	}
	if len(q.Kinds) > 0 {
		var tags []string
		for _, k := range q.Kinds {
			tags = append(tags, kindTag(k))
		}
		a.tags(tags...)
	}
	if q.Origin != "" {
		a.add("segs.origin = ?", q.Origin)
	}
}

func jsonOf[T any](list []T) string {
	raw, _ := json.Marshal(list) // strings and numbers always marshal
	return string(raw)
}

// runs adds what only the summaries know: which runs have such a name, such a result.
func (q Search) runs(ctx context.Context, tx *sql.Tx, a *ask) error {
	if q.Run != "" {
		ids, err := numbers(ctx, tx, `SELECT id FROM segs WHERE run = ?`, q.Run)
		if err != nil {
			return err
		}
		if err := a.segs(ctx, tx, ids); err != nil {
			return err
		}
	}
	if len(q.Results) == 0 {
		return nil
	}
	cond, args := "result IN (?"+strings.Repeat(", ?", len(q.Results)-1)+")", []any{}
	for _, r := range q.Results {
		args = append(args, int(r))
	}
	ids, err := numbers(ctx, tx, `SELECT id FROM runs WHERE `+cond+` LIMIT `+itoa(fewTags+1), args...)
	if err != nil {
		return err
	}
	if len(ids) > fewTags {
		a.add("docs.seg IN (SELECT id FROM runs WHERE "+cond+")", args...)
		return nil
	}
	return a.segs(ctx, tx, ids)
}

// segs asks for the docs of any of the segments, and between which numbers they stand.
func (a *ask) segs(ctx context.Context, tx *sql.Tx, ids []int64) error {
	a.tags(segTags(ids)...)
	ends, err := numbers(ctx, tx, `SELECT min(first) FROM spans WHERE seg IN (SELECT value FROM json_each(?1)) HAVING count(*) > 0
		UNION ALL SELECT max(last) FROM spans WHERE seg IN (SELECT value FROM json_each(?1)) HAVING count(*) > 0`, jsonOf(ids))
	if a.none = a.none || len(ends) < 2; err == nil && !a.none {
		a.low, a.high = max(a.low, ends[0]), min(a.high, ends[1])
	}
	return err
}

func segTags(ids []int64) []string {
	var tags []string
	for _, id := range ids {
		tags = append(tags, segTag(id))
	}
	return tags
}

// times adds the times, and between which numbers the docs of those times stand.
func (q Search) times(ctx context.Context, tx *sql.Tx, a *ask) error {
	if !q.Since.IsZero() {
		ids, err := numbers(ctx, tx, `SELECT first FROM spans WHERE high >= ? ORDER BY first LIMIT 1`, nanos(q.Since))
		if err != nil {
			return err
		}
		if a.none = a.none || len(ids) == 0; len(ids) > 0 {
			a.low = max(a.low, ids[0])
		}
		a.add("docs.at >= ?", nanos(q.Since))
	}
	if !q.Until.IsZero() {
		ids, err := numbers(ctx, tx, `SELECT last FROM spans WHERE low < ? ORDER BY first DESC LIMIT 1`, nanos(q.Until))
		if err != nil {
			return err
		}
		if a.none = a.none || len(ids) == 0; len(ids) > 0 {
			a.high = min(a.high, ids[0])
		}
		a.add("docs.at < ?", nanos(q.Until))
	}
	return nil
}

func numbers(ctx context.Context, tx *sql.Tx, query string, args ...any) ([]int64, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// Hosts lists the hosts of which something can be found, in the order of their names.
func (x *Index) Hosts(ctx context.Context) ([]inventory.HostID, error) {
	var all []inventory.HostID
	err := x.with(func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, `SELECT name FROM names ORDER BY name`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var h inventory.HostID
			if err := rows.Scan(&h); err != nil {
				return err
			}
			all = append(all, h)
		}
		return rows.Err()
	})
	return all, err
}
