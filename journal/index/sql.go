package index

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"tend/inventory"
)

// fewTags is up to how many hosts or runs are looked for as tags. More of them are so many of all that a filter soon finds a page.
const fewTags = 300

// ask gathers a search's SQL.
type ask struct {
	match []string // of the full-text index, all of them
	where []string
	args  []any
	none  bool // nothing can match
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

// searchQuery gives the SQL; "" where nothing can match. What narrows a search is a tag wherever it can be, so that the full-text index
// intersects it with the words instead of reading every line that holds a common word.
func (x *Index) searchQuery(ctx context.Context, q Search, terms []term) (string, []any, error) {
	a := &ask{}
	for _, t := range terms {
		a.match = append(a.match, "text : "+t.fts())
	}
	q.tags(a)
	err := x.with(func(db *sql.DB) error {
		if err := q.runs(ctx, db, a); err != nil {
			return err
		}
		return q.times(ctx, db, a)
	})
	if err != nil || a.none {
		return "", nil, err
	}
	id, from := "docs.id", "docs"
	if len(a.match) > 0 {
		id, from = "words.rowid", "words JOIN docs ON docs.id = words.rowid"
		a.where = append([]string{"words MATCH ?"}, a.where...)
		a.args = append([]any{strings.Join(a.match, " AND ")}, a.args...)
	}
	if q.Before > 0 {
		a.add("ID < ?", q.Before)
	}
	where := strings.ReplaceAll(strings.Join(append(a.where, "true"), " AND "), "ID", id)
	return `SELECT docs.id, segs.origin, segs.run, docs.seq, docs.off FROM ` + from + ` JOIN segs ON segs.id = docs.seg WHERE ` + where +
		` ORDER BY ` + id + ` DESC LIMIT ` + itoa(int64(q.Limit)+1), a.args, nil
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

func jsonOf(hosts []inventory.HostID) string {
	raw, _ := json.Marshal(hosts) // strings always marshal
	return string(raw)
}

// runs adds what only the summaries know: which runs have such a name, such a result.
func (q Search) runs(ctx context.Context, db *sql.DB, a *ask) error {
	if q.Run != "" {
		ids, err := numbers(ctx, db, `SELECT id FROM segs WHERE run = ?`, q.Run)
		if err != nil {
			return err
		}
		a.tags(segTags(ids)...)
	}
	if len(q.Results) == 0 {
		return nil
	}
	cond, args := "result IN (?"+strings.Repeat(", ?", len(q.Results)-1)+")", []any{}
	for _, r := range q.Results {
		args = append(args, int(r))
	}
	ids, err := numbers(ctx, db, `SELECT id FROM runs WHERE `+cond+` LIMIT `+itoa(fewTags+1), args...)
	if err != nil {
		return err
	}
	if len(ids) > fewTags {
		a.add("docs.seg IN (SELECT id FROM runs WHERE "+cond+")", args...)
	} else {
		a.tags(segTags(ids)...)
	}
	return nil
}

func segTags(ids []int64) []string {
	var tags []string
	for _, id := range ids {
		tags = append(tags, segTag(id))
	}
	return tags
}

// times adds the times, and between which numbers the docs of those times stand.
func (q Search) times(ctx context.Context, db *sql.DB, a *ask) error {
	bound := func(t time.Time, query, exact, coarse string) error {
		if t.IsZero() {
			return nil
		}
		ids, err := numbers(ctx, db, query, nanos(t))
		if err != nil {
			return err
		}
		if a.none = a.none || len(ids) == 0; !a.none {
			a.add(exact, nanos(t))
			a.add(coarse, ids[0])
		}
		return nil
	}
	if err := bound(q.Since, `SELECT first FROM spans WHERE high >= ? ORDER BY first LIMIT 1`, "docs.at >= ?", "ID >= ?"); err != nil {
		return err
	}
	return bound(q.Until, `SELECT last FROM spans WHERE low < ? ORDER BY first DESC LIMIT 1`, "docs.at < ?", "ID <= ?")
}

func numbers(ctx context.Context, db *sql.DB, query string, args ...any) ([]int64, error) {
	rows, err := db.QueryContext(ctx, query, args...)
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
