package index

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"tend/inventory"
	"tend/journal"
)

// doc is an event that can be found: its text, whom it is about and by whom it is.
type doc struct {
	at   journal.Placed
	text string
	host inventory.HostID
	user string // who noted or decided it; "" = the run's operator
}

// docOf is the event's doc; ok is false where it has no text.
func docOf(p journal.Placed) (d doc, ok bool) {
	d.at = p
	d.text, d.host = TextOf(p.Body)
	switch b := p.Body.(type) {
	case journal.Noted:
		d.user = b.By.User
	case journal.ShellOpened:
		d.user = b.By.User
	case journal.Decided:
		d.user = b.By.User
	}
	return d, d.text != ""
}

// owner is what of a run every one of its docs is tagged with.
type owner struct{ runbook, user string }

// addDocs writes docs of one segment, in one transaction, and how far the segment is read now.
func (x *Index) addDocs(ctx context.Context, place journal.Place, at stamp, docs []doc, anew bool) error {
	return x.with(func(db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		w := writer{ctx: ctx, tx: tx, stmts: map[string]*sql.Stmt{}, partDocs: x.partDocs}
		id := w.seg(place.Origin, place.Run)
		if anew {
			w.forgetText(id)
		}
		w.docs(id, w.owner(id, docs), docs)
		w.exec(`INSERT OR REPLACE INTO texts VALUES(?, ?, ?, ?, ?, ?)`, id, at.size, at.modified, place.Offset, int64(place.Seq), place.Hash[:])
		if w.err != nil {
			return w.err
		}
		return tx.Commit()
	})
}

// owner reads whose run it is: out of its first event where that is among the docs, else out of its summary.
func (w *writer) owner(id int64, docs []doc) (o owner) {
	if len(docs) > 0 {
		if b, ok := docs[0].at.Body.(journal.PlanAccepted); ok {
			return owner{b.Plan.Runbook, b.By.User}
		}
	}
	if w.err == nil {
		w.err = w.tx.QueryRowContext(w.ctx, `SELECT runbook, user FROM runs WHERE id = ?`, id).Scan(&o.runbook, &o.user)
		if errors.Is(w.err, sql.ErrNoRows) { // the notes
			w.err = nil
		}
	}
	return o
}

func (w *writer) docs(id int64, o owner, docs []doc) {
	if len(docs) == 0 || w.err != nil {
		return
	}
	p := w.part()
	last, insert := p.last, `INSERT INTO `+p.table()+`(rowid, text, tag) VALUES(?, ?, ?)`
	first, low, high := last+1, nanos(docs[0].at.At), nanos(docs[0].at.At)
	names := map[inventory.HostID]int64{}
	common := " " + segTag(id) + tagsOf("b", o.runbook)
	for _, d := range docs {
		last++
		at := nanos(d.at.At)
		low, high = min(low, at), max(high, at)
		user := d.user
		if user == "" {
			user = o.user
		}
		first, _, _ := strings.Cut(user, " ") // "kim as root" is found as kim, too
		tag := kindTag(d.at.Body.Kind()) + " " + hostTag(d.host) + common + tagsOf("u", user)
		if first != user {
			tag += tagsOf("u", first)
		}
		w.exec(`INSERT INTO docs VALUES(?, ?, ?, ?, ?, ?)`, last, id, int64(d.at.Seq), d.at.Offset, at, w.name(names, d.host))
		w.exec(insert, last, d.text, tag)
		p.bytes += int64(len(d.text))
	}
	w.exec(`UPDATE parts SET last = ?, docs = docs + ?, bytes = ? WHERE id = ?`, last, len(docs), p.bytes, p.id)
	w.span(id, first, last, low, high)
}

// name gives the number of a host.
func (w *writer) name(known map[inventory.HostID]int64, host inventory.HostID) any {
	if host == "" {
		return nil
	}
	id, ok := known[host]
	if !ok {
		const find = `SELECT id FROM names WHERE name = ?`
		if !w.look(find, &id, host) {
			w.exec(`INSERT INTO names(name) VALUES(?)`, host)
			w.look(find, &id, host)
		}
		known[host] = id
	}
	return id
}

// spanLen is how many docs a span holds at most, about.
const spanLen = 5_000

// span notes between which times the docs first to last happened: so that a search since some time need not look at older ones. It
// makes the segment's last span longer where that ends right before.
func (w *writer) span(seg, first, last, low, high int64) {
	if w.err != nil {
		return
	}
	res, err := w.tx.ExecContext(w.ctx, `UPDATE spans SET last = ?, low = min(low, ?), high = max(high, ?) WHERE seg = ? AND last = ? AND last - first < ?`,
		last, low, high, seg, first-1, spanLen)
	if w.err = err; err != nil {
		return
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		w.exec(`INSERT INTO spans VALUES(?, ?, ?, ?, ?)`, first, last, seg, low, high)
	}
}

// A tag is one token: a letter for what it says, and the value in hex.

func tagsOf(letter, value string) string {
	if value == "" {
		return ""
	}
	return " " + letter + hex.EncodeToString([]byte(value))
}

func kindTag(kind string) string { return "k" + hex.EncodeToString([]byte(kind)) }

func hostTag(host inventory.HostID) string { return "h" + hex.EncodeToString([]byte(host)) }

func segTag(id int64) string { return "r" + strconv.FormatInt(id, 10) }
