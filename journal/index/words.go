package index

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tend/inventory"
	"tend/journal"
)

// docsAt and bytesAt are how much text one transaction takes: readers and other writers wait no longer than it lasts.
const (
	docsAt  = 2_000
	bytesAt = 1 << 20
)

// CatchUp brings summaries and words up to the segments. Where another process is at the words already, it leaves them to that one.
func (x *Index) CatchUp(ctx context.Context) error {
	x.mu.Lock()
	err := x.fresh(ctx, func(*sql.DB) error { return nil })
	x.mu.Unlock()
	if err != nil {
		return err
	}
	unlock, err := x.lockWords()
	if err != nil || unlock == nil {
		return err
	}
	defer unlock()
	err = x.addWords(ctx)
	if err != nil && ctx.Err() == nil && broken(err) {
		x.mu.Lock()
		err = x.rebuild()
		x.mu.Unlock()
		if err == nil {
			err = x.addWords(ctx)
		}
	}
	return err
}

// Keep catches up until ctx ends: at once, and then as often as there is something new, at most every half second and at least every
// thirty. Its caller owns the goroutine. An error of one pass is handed to report, and the next pass tries again.
func (x *Index) Keep(ctx context.Context, report func(error)) {
	const soon, late = 500 * time.Millisecond, 30 * time.Second
	timer := time.NewTimer(0)
	defer timer.Stop()
	pause := soon
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		before, _ := x.Behind(ctx)
		if err := x.CatchUp(ctx); err != nil && ctx.Err() == nil && report != nil {
			report(err)
		}
		after, _ := x.Behind(ctx)
		if pause = min(2*pause, late); after != before {
			pause = soon
		}
		timer.Reset(pause)
	}
}

// lockWords makes this process the only one that adds words; nil where another one is.
func (x *Index) lockWords() (func(), error) {
	if x.path == "" {
		x.wordsMu.Lock()
		return x.wordsMu.Unlock, nil
	}
	f, err := os.OpenFile(x.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, f.Close()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

// mark is how far the words of a segment go.
type mark struct {
	id    int64
	at    stamp
	place journal.Place
}

func (x *Index) marks(ctx context.Context) (map[key]mark, error) {
	marks := map[key]mark{}
	err := x.with(func(db *sql.DB) error {
		rows, err := db.QueryContext(ctx, `SELECT id, origin, run, size, modified, off, seq, hash FROM texts JOIN segs USING(id)`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m mark
			var hash []byte
			p := &m.place
			if err := rows.Scan(&m.id, &p.Origin, &p.Run, &m.at.size, &m.at.modified, &p.Offset, &p.Seq, &hash); err != nil {
				return err
			}
			copy(p.Hash[:], hash)
			marks[key{p.Origin, p.Run}] = m
		}
		return rows.Err()
	})
	return marks, err
}

// Behind is how many bytes of the segments' lines are not in the words yet.
func (x *Index) Behind(ctx context.Context) (int64, error) {
	list, err := x.src.List(ctx)
	if err != nil {
		return 0, err
	}
	marks, err := x.marks(ctx)
	if err != nil {
		return 0, err
	}
	var behind int64
	for _, seg := range list {
		if m := marks[key{seg.Origin, seg.Run}]; m.at != stampOf(seg) {
			behind += max(seg.Size-m.place.Offset, 0)
		}
	}
	return behind, nil
}

// addWords reads every segment on from its mark, oldest run first: words are found newest first.
func (x *Index) addWords(ctx context.Context) error {
	list, err := x.src.List(ctx)
	if err != nil {
		return err
	}
	marks, err := x.marks(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b journal.Segment) int {
		return strings.Compare(string(a.Run)+"/"+string(a.Origin), string(b.Run)+"/"+string(b.Origin))
	})
	for _, seg := range list {
		m := marks[key{seg.Origin, seg.Run}]
		if m.at == stampOf(seg) {
			continue
		}
		m.place.Origin, m.place.Run = seg.Origin, seg.Run
		err := x.addSegment(ctx, seg, m.place)
		if errors.Is(err, errMoved) {
			err = x.addSegment(ctx, seg, journal.Place{Origin: seg.Origin, Run: seg.Run})
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// errMoved says that a segment is not chained to its mark any more: its words begin anew.
var errMoved = errors.New("the segment is another one")

func (x *Index) addSegment(ctx context.Context, seg journal.Segment, place journal.Place) error {
	anew, damaged := place.Offset == 0, false
	begun := place
	var docs []doc
	bytes := 0
	for p, err := range x.src.From(ctx, place) {
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && place == begun && !anew {
			return errMoved
		}
		if err != nil { // what stands before the damage can be found
			damaged = true
			break
		}
		place = p.Behind()
		if d, ok := docOf(p); ok {
			docs = append(docs, d)
			bytes += len(d.text)
		}
		if len(docs) >= docsAt || bytes >= bytesAt {
			if err := x.addDocs(ctx, place, stamp{-1, -1}, docs, anew); err != nil {
				return err
			}
			docs, bytes, anew = docs[:0], 0, false
		}
	}
	at := stampOf(seg)
	if !damaged && place.Offset < seg.Size && place == begun {
		return nil // being written, or torn: nothing new
	}
	if !damaged && place.Offset < seg.Size {
		at = stamp{-1, -1}
	}
	return x.addDocs(ctx, place, at, docs, anew)
}

// TextOf is what of a body can be searched for, and the host that it is about.
func TextOf(b journal.Body) (string, inventory.HostID) {
	switch b := b.(type) {
	case journal.OutputRead:
		return strings.ToValidUTF8(string(b.Data), "\ufffd"), b.Host
	case journal.StepEnded:
		return lines(b.Reason, b.Hint), b.Host
	case journal.Decided:
		all := []string{b.Reason}
		for k, v := range b.Answers {
			all = append(all, k+": "+v)
		}
		slices.Sort(all[1:])
		return lines(all...), b.Host
	case journal.Remarked:
		return b.Text, b.Host
	case journal.Noted:
		return lines(b.Text, string(b.Run), b.By.User), b.Host
	case journal.ShellOpened:
		return lines(strings.TrimSuffix("opened a shell: "+b.Reason, ": "), string(b.Session), b.By.User), b.Host
	case journal.ShellClosed:
		return lines(strings.TrimSuffix("closed the shell: "+b.Reason, ": "), string(b.Session)), b.Host
	case journal.RunClosed:
		return b.Reason, ""
	case journal.HostReached:
		return lines(b.Addr, b.Key, b.User), b.Host
	case journal.PlanAccepted:
		return planText(b), ""
	}
	return "", ""
}

func planText(b journal.PlanAccepted) string {
	all := []string{b.Plan.Runbook, b.Plan.Title, b.Plan.Scope, b.Reason, b.Ticket, b.By.User, b.By.From}
	if b.Maintenance != nil {
		all = append(all, b.Maintenance.Plan)
	}
	for _, s := range b.Plan.Steps {
		all = append(all, s.Title, s.Script)
	}
	return lines(all...)
}

func lines(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), "\n")
}
