package segments

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"sync"

	"tend/journal"
)

// Damage is what was done to a journal, as far as it can be told.
type Damage string

// The kinds of damage.
const (
	Modified   Damage = "modified"        // an event is not as it was written
	Removed    Damage = "removed"         // events lack in the middle
	Inserted   Damage = "inserted"        // a line stands where none was written
	Reordered  Damage = "reordered"       // events stand in another order
	CutOff     Damage = "cut off"         // the ledger knows of more events than there are
	Rewritten  Damage = "rewritten"       // the chain is whole, and it is another one than the ledger knows
	Missing    Damage = "missing segment" // the ledger knows the run
	Unlisted   Damage = "unlisted"        // the ledger does not know the run
	LostLedger Damage = "lost ledger"     // there are runs and no ledger
	Renamed    Damage = "renamed"         // the segment is of another run or origin than its name says
	Unreadable Damage = "unreadable"
	LetGo      Damage = "let go"    // retention removed it, and the ledger holds its summary: for who reads the ledger to judge
	Torn       Damage = "torn tail" // what a crash leaves: never acknowledged, and no sign of foul play
)

// Problem is one thing that is wrong, at the first place where it shows.
type Problem struct {
	What   Damage           `json:"what"`           // "modified", "removed", "inserted", "reordered", "cut off", "rewritten", "missing segment", "unlisted", "lost ledger", "renamed", "unreadable", "let go" or "torn tail"
	Origin journal.OriginID `json:"origin"`         // the user and machine that wrote the segment
	Run    journal.RunID    `json:"run"`            // "ledger" and "notes" for those
	File   string           `json:"file"`           // its path
	Line   int              `json:"line,omitempty"` // from 1
	Seq    uint64           `json:"seq,omitempty"`  // of the first event that is wrong
	Text   string           `json:"text"`           // in words
}

// String is the problem in one line.
func (p Problem) String() string {
	at := p.File
	if p.Line > 0 {
		at = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Seq > 0 {
		at += fmt.Sprintf(" (event %d)", p.Seq)
	}
	return fmt.Sprintf("%s: %s: %s", at, p.What, p.Text)
}

// Head is how far a segment goes.
type Head struct {
	Origin journal.OriginID `json:"origin"` // the user and machine that wrote it
	Run    journal.RunID    `json:"run"`    // "ledger" and "notes" for those
	Events uint64           `json:"events"` // how many it has
	Last   journal.Hash     `json:"last"`   // the hash of the last event, hex
	Ended  bool             `json:"ended"`  // the last event ends the run
}

// Report is what Verify found. Problems are damage; Remarks are what crashes and retention leave.
type Report struct {
	Segments int `json:"segments"` // how many files were checked: one a run, and each origin's notes and ledger
	// Recordings counts the recordings of shells.
	Recordings int       `json:"recordings,omitempty"`
	Events     uint64    `json:"events"`             // in all of them
	Bytes      int64     `json:"bytes"`              // of all of them
	Problems   []Problem `json:"problems,omitempty"` // none = nothing is damaged
	Remarks    []Problem `json:"remarks,omitempty"`  // none = nothing was left
	Heads      []Head    `json:"heads,omitempty"`    // how far each segment goes, to be kept elsewhere
}

// OK reports whether nothing is damaged.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

// Verify checks every chain against itself and against the ledgers, or those of some runs only. The error is for what kept it from
// looking; what it found is in the report. What is being written meanwhile is checked as far as it is durable.
func (s *Segments) Verify(ctx context.Context, runs ...journal.RunID) (Report, error) {
	var rep Report
	all, err := s.origins()
	if err != nil {
		return rep, err
	}
	for _, o := range all {
		if err := s.verifyOrigin(ctx, o, runs, &rep); err != nil {
			return rep, err
		}
	}
	slices.SortFunc(rep.Problems, byPlace)
	slices.SortFunc(rep.Remarks, byPlace)
	return rep, ctx.Err()
}

func byPlace(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text))
}

func (s *Segments) verifyOrigin(ctx context.Context, o journal.OriginID, only []journal.RunID, rep *Report) error {
	// The ledger first: a run that begins meanwhile has its segment before it is entered, and so is never taken for missing.
	l, lerr := s.knownOf(ctx, o)
	ids, err := s.runsOf(o)
	if err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(lerr, fs.ErrNotExist) && len(ids) > 0:
		rep.Problems = append(rep.Problems, Problem{What: LostLedger, Origin: o, Run: ledgerName, File: s.path(o, ledgerName),
			Text: fmt.Sprintf("there is no ledger for %d runs: whole runs and cut-off ends cannot be missed", len(ids))})
	case lerr == nil:
		rep.Problems = append(rep.Problems, s.missing(o, l, ids, only)...)
	}
	if len(only) == 0 {
		if err := s.verifyLetGo(ctx, o, l, rep); err != nil {
			return err
		}
	}
	jobs := make([]check, 0, len(ids)+2)
	for _, id := range ids {
		jobs = append(jobs, check{s: s, origin: o, run: id, ledger: l, known: lerr == nil})
	}
	for _, name := range []journal.RunID{notesName, ledgerName} {
		if _, err := os.Stat(s.path(o, string(name))); err == nil {
			jobs = append(jobs, check{s: s, origin: o, run: name})
		}
	}
	if len(only) > 0 {
		jobs = slices.DeleteFunc(jobs, func(c check) bool { return !slices.Contains(only, c.run) })
	}
	verifyAll(ctx, jobs, rep)
	if err := s.verifyRecordings(ctx, o, l, only, rep); err != nil {
		return err
	}
	return ctx.Err()
}

// knownOf is what vouches for the segments of an origin: its ledger, and what ours says of those that were imported here.
func (s *Segments) knownOf(ctx context.Context, o journal.OriginID) (ledger, error) {
	l, err := s.readLedger(ctx, o)
	if o == s.origin || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return l, err
	}
	ours, oerr := s.readLedger(ctx, s.origin)
	if oerr == nil && len(ours.others[o].runs) > 0 {
		l.with(ours.others[o])
		err = nil
	}
	return l, err
}

// missing names the runs that the ledger knows and the directory does not.
func (s *Segments) missing(o journal.OriginID, l ledger, ids, only []journal.RunID) []Problem {
	var ps []Problem
	for _, run := range l.runs {
		if _, gone := l.dropped[run]; gone || slices.Contains(ids, run) || len(only) > 0 && !slices.Contains(only, run) {
			continue
		}
		text := "the ledger says that this run was begun"
		if cs := l.closed[run]; len(cs) > 0 {
			text = fmt.Sprintf("the ledger says that this run had %d events", cs[len(cs)-1].Events)
		}
		ps = append(ps, Problem{What: Missing, Origin: o, Run: run, File: s.path(o, string(run)), Text: text})
	}
	return ps
}

// verifyAll runs the checks on every core.
func verifyAll(ctx context.Context, jobs []check, rep *Report) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	next := make(chan check)
	for range min(runtime.GOMAXPROCS(0), len(jobs)) {
		wg.Go(func() {
			for c := range next {
				c.do(ctx)
				mu.Lock()
				c.into(rep)
				mu.Unlock()
			}
		})
	}
	for _, c := range jobs {
		next <- c
	}
	close(next)
	wg.Wait()
}

// check is the check of one segment.
type check struct {
	s      *Segments
	origin journal.OriginID
	run    journal.RunID
	ledger ledger
	known  bool // the ledger can be trusted to know the run

	head    Head
	bytes   int64
	problem *Problem
	torn    *Problem
}

func (c *check) into(rep *Report) {
	rep.Segments++
	rep.Events += c.head.Events
	rep.Bytes += c.bytes
	rep.Heads = append(rep.Heads, c.head)
	if c.problem != nil {
		rep.Problems = append(rep.Problems, *c.problem)
	}
	if c.torn != nil {
		rep.Remarks = append(rep.Remarks, *c.torn)
	}
}

func (c *check) at(what Damage, line int, seq uint64, text string) *Problem {
	return &Problem{What: what, Origin: c.origin, Run: c.run, File: c.s.path(c.origin, string(c.run)), Line: line, Seq: seq, Text: text}
}

func (c *check) do(ctx context.Context) {
	c.head = Head{Origin: c.origin, Run: c.run}
	r, err := c.s.openAt(c.origin, c.run)
	if err != nil {
		c.problem = c.at(Unreadable, 0, 0, err.Error())
		return
	}
	defer r.close()
	w := walk{r: r, c: c}
	if err := w.all(ctx); err != nil && c.problem == nil && ctx.Err() == nil {
		c.problem = c.at(Unreadable, r.line+1, r.head.seq+1, err.Error())
	}
	c.head.Events, c.head.Last, c.bytes = r.head.seq, r.head.hash, r.off
	c.head.Ended = r.kind == (journal.RunClosed{}).Kind()
	if c.problem == nil && c.known && ctx.Err() == nil {
		c.problem = c.againstLedger(ctx, r)
	}
}

// againstLedger compares a chain that is whole in itself with what the ledger says of it.
func (c *check) againstLedger(ctx context.Context, r *reader) *Problem {
	if _, listed := c.ledger.opened[c.run]; !listed {
		if c.head.Events == 0 || c.s.isNew(ctx, c.origin, c.run) {
			return nil
		}
		return c.at(Unlisted, 1, 1, "the ledger does not know this run: it was put here, or its runner died while it began")
	}
	for _, cl := range c.ledger.closed[c.run] {
		if cl.Events > c.head.Events {
			return c.at(CutOff, r.line+1, c.head.Events+1,
				fmt.Sprintf("the ledger says that this run had %d events, and %d are there", cl.Events, c.head.Events))
		}
	}
	if c.head.Events == 0 {
		return c.at(CutOff, 1, 1, "the ledger says that this run was begun, and no event is there")
	}
	return nil
}

// expect says what the ledger holds as the hash of event seq.
func (c *check) contradicts(seq uint64, hash journal.Hash) string {
	if !c.known {
		return ""
	}
	if o, ok := c.ledger.opened[c.run]; ok && seq == 1 && o.First != hash {
		return "the ledger holds another first event for this run"
	}
	for _, cl := range c.ledger.closed[c.run] {
		if cl.Events == seq && cl.Last != hash {
			return fmt.Sprintf("the chain is whole, but the ledger holds another event %d for this run", seq)
		}
	}
	return ""
}
