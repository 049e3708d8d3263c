package index

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// picturesSchema keeps what is known of each host in one piece: the latest fact under each key, in the order of the keys. So a large fleet
// opens, and a run over it is taken in, without hundreds of thousands of rows.
const picturesSchema = `
CREATE TABLE pictures(host TEXT PRIMARY KEY, picture BLOB) WITHOUT ROWID;
`

// picture adds facts, in the order in which they were read, to what is known of a host.
func (w *writer) picture(host inventory.HostID, facts []journal.Known) {
	slices.SortStableFunc(facts, byKey)
	var was string
	w.look(`SELECT picture FROM pictures WHERE host = ?`, &was, host)
	is, err := merge(host, was, facts, w.limit)
	if err != nil {
		w.err = errors.Join(w.err, err)
		return
	}
	w.exec(`INSERT INTO pictures VALUES(?, ?) ON CONFLICT DO UPDATE SET picture = excluded.picture`, host, is)
}

func byKey(a, b journal.Known) int { return strings.Compare(a.Fact.Key, b.Fact.Key) }

// merge puts facts, by key and of one key the latest read last, into a picture. Of two facts under one key the one stays that
// replaces the other, as of the limit (see journal.Replaces).
func merge(host inventory.HostID, was string, facts []journal.Known, limit time.Time) ([]byte, error) {
	out := make([]byte, 0, len(was)+64*len(facts))
	for len(facts) > 0 || was != "" {
		var old journal.Known
		rest := ""
		if was != "" {
			var err error
			if old, rest, err = fromPicture(host, was); err != nil {
				return nil, err
			}
		}
		if len(facts) == 0 || was != "" && old.Fact.Key < facts[0].Fact.Key {
			out, was = append(out, was[:len(was)-len(rest)]...), rest
			continue
		}
		n := 1
		for n < len(facts) && facts[n].Fact.Key == facts[0].Fact.Key {
			n++
		}
		latest := facts[n-1]
		facts = facts[n:]
		if was != "" && old.Fact.Key == latest.Fact.Key {
			was = rest
			if !journal.Replaces(latest.At, old.At, limit) {
				latest = old
			}
		}
		out = toPicture(out, latest)
	}
	return out, nil
}

// Facts yields the latest fact under each key of each host, ordered by host and key.
func (x *Index) Facts(ctx context.Context) iter.Seq2[journal.Known, error] {
	return func(yield func(journal.Known, error) bool) {
		pictures, err := x.pictures(ctx)
		if err != nil {
			yield(journal.Known{}, err)
			return
		}
		for _, p := range pictures {
			for rest := p.text; rest != ""; {
				k, left, err := fromPicture(p.host, rest)
				if !yield(k, err) || err != nil {
					return
				}
				rest = left
			}
		}
	}
}

type picture struct {
	host inventory.HostID
	text string
}

func (x *Index) pictures(ctx context.Context) (all []picture, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	err = x.fresh(ctx, func(db *sql.DB) error {
		all = nil
		rows, err := db.QueryContext(ctx, `SELECT host, picture FROM pictures ORDER BY host`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p picture
			if err := rows.Scan(&p.host, &p.text); err != nil {
				return err
			}
			all = append(all, p)
		}
		return rows.Err()
	})
	return all, err
}

// toPicture appends a fact: its time, its verdict, and seven texts behind their lengths.
func toPicture(b []byte, k journal.Known) []byte {
	b = binary.AppendVarint(b, nanos(k.At))
	state := uint64(k.Fact.State) << 1
	if k.Fact.Check {
		state |= 1
	}
	b = binary.AppendUvarint(b, state)
	for _, s := range []string{k.Fact.Key, k.Fact.Value, k.Fact.Unit, k.Fact.Threshold, k.Fact.Text, string(k.Run), string(k.Step)} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

var errPicture = errors.Join(errFormat, errors.New("a host's picture is cut short"))

// fromPicture reads the first fact of a picture. Its texts are pieces of the picture: nothing is copied.
func fromPicture(host inventory.HostID, p string) (k journal.Known, rest string, err error) {
	r := pictureReader{rest: p}
	at := r.number()
	k.Host, k.At = host, instant(int64(at>>1)^-int64(at&1)) // as binary.Varint does
	state := r.number()
	k.Fact = runbooks.Fact{Check: state&1 == 1, State: runbooks.CheckState(state >> 1)}
	k.Fact.Key, k.Fact.Value, k.Fact.Unit, k.Fact.Threshold, k.Fact.Text = r.text(), r.text(), r.text(), r.text(), r.text()
	k.Run, k.Step = journal.RunID(r.text()), runbooks.StepID(r.text())
	if r.short {
		return journal.Known{}, "", errPicture
	}
	return k, r.rest, nil
}

type pictureReader struct {
	rest  string
	short bool
}

func (r *pictureReader) number() (n uint64) {
	for i := 0; i < len(r.rest) && i < binary.MaxVarintLen64; i++ {
		c := r.rest[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.rest = r.rest[i+1:]
			return n
		}
	}
	r.short = true
	return 0
}

func (r *pictureReader) text() (s string) {
	n := r.number()
	if r.short || n > uint64(len(r.rest)) {
		r.short = true
		return ""
	}
	s, r.rest = r.rest[:n], r.rest[n:]
	return s
}
