package segments

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"time"

	"tend/journal"
	"tend/sshsig"
)

// sealTitle opens every statement.
const sealTitle = "tend journal seal 1"

// Statement says where an origin's journal stands: which segments hold how many events, and the hash of the last. What the ledger
// holds is not repeated: its own head vouches for every hash in it.
type Statement struct {
	Origin journal.OriginID
	At     time.Time
	Heads  []Head
}

// String is the text that is signed:
//
//	tend journal seal 1
//	origin ops@console1
//	time 2026-11-22T22:13:00Z
//	ledger 42 HASH
//	notes 7 HASH
//	261122-2213-k7f3 1234 HASH
func (s Statement) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\norigin %s\ntime %s\n", sealTitle, s.Origin, s.At.UTC().Format(time.RFC3339))
	for _, h := range s.Heads {
		fmt.Fprintf(&b, "%s %d %s\n", h.Run, h.Events, h.Last)
	}
	return b.String()
}

// Seal signs where our origin's journal stands, or where some runs of it do, and notes the seal. It first verifies what it signs:
// journal.ErrDamaged where that is not whole. The statement and the signature may be put anywhere;
// `ssh-keygen -Y verify -n journal@tend -s SIGNATURE < STATEMENT` checks them, and Against checks the journal.
func (s *Segments) Seal(ctx context.Context, by Signer, runs ...journal.RunID) (journal.Sealed, error) {
	st, err := s.statement(ctx, runs)
	if err != nil {
		return journal.Sealed{}, err
	}
	text := st.String()
	key, err := sshsig.AuthorizedKey(by.PublicKey())
	if err != nil {
		return journal.Sealed{}, err
	}
	sig, err := sshsig.Sign(by, SealNamespace, []byte(text))
	if err != nil {
		return journal.Sealed{}, err
	}
	sealed := journal.Sealed{Statement: text, Signature: sig, Key: key}
	_, err = s.Note(ctx, sealed)
	return sealed, err
}

func (s *Segments) statement(ctx context.Context, runs []journal.RunID) (Statement, error) {
	st := Statement{Origin: s.origin, At: s.now()}
	var rep Report
	if err := s.verifyOrigin(ctx, s.origin, runs, &rep); err != nil {
		return st, err
	}
	if !rep.OK() {
		return st, &Fault{Text: "nothing was sealed", Advice: "tend journal verify shows all that is wrong", Err: damage{errors.New(rep.Problems[0].String())}}
	}
	l, err := s.readLedger(ctx, s.origin)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return st, err
	}
	for _, h := range rep.Heads {
		if h.Events > 0 && (len(runs) > 0 || !l.holds(h)) {
			st.Heads = append(st.Heads, h)
		}
	}
	if len(st.Heads) == 0 || len(runs) > len(st.Heads) {
		return st, fmt.Errorf("nothing to seal: %w", journal.ErrNoRun)
	}
	slices.SortFunc(st.Heads, func(a, b Head) int {
		return cmp.Or(cmp.Compare(rank(a.Run), rank(b.Run)), cmp.Compare(a.Run, b.Run))
	})
	return st, nil
}

func rank(run journal.RunID) int {
	switch run {
	case ledgerName:
		return 0
	case notesName:
		return 1
	}
	return 2
}

// holds reports whether the ledger already vouches for a head.
func (l *ledger) holds(h Head) bool {
	return slices.ContainsFunc(l.closed[h.Run], func(c closed) bool { return c.Events == h.Events && c.Last == h.Last })
}

// Against checks that the journal still holds what a seal says: CutOff where it has fewer events, Rewritten where it has others,
// Missing where the segment is gone. The ledger is checked against the seal, and the segments against the ledger and themselves. What was
// let go since is remarked: the seal cannot know who did that.
func (s *Segments) Against(ctx context.Context, st Statement) (Report, error) {
	var rep Report
	if err := s.verifyOrigin(ctx, st.Origin, nil, &rep); err != nil {
		return rep, err
	}
	l, _ := s.readLedger(ctx, st.Origin) // its damage is in the report
	for _, h := range st.Heads {
		d, dropped := l.dropped[h.Run]
		p := s.contains(ctx, h, dropped)
		if p == nil && dropped {
			p = s.notAsLetGo(st.Origin, l, d, h, "the seal")
		}
		if p != nil {
			rep.Problems = append(rep.Problems, *p)
		}
		if h.Run == ledgerName {
			if p := s.gone(st.Origin, l, h.Events, math.MaxUint64, "since the seal"); p != nil {
				rep.Remarks = append(rep.Remarks, *p)
			}
		}
	}
	slices.SortFunc(rep.Problems, byPlace)
	return rep, ctx.Err()
}

func (s *Segments) contains(ctx context.Context, h Head, dropped bool) *Problem {
	c := check{s: s, origin: h.Origin, run: h.Run}
	r, err := s.openAt(h.Origin, h.Run)
	if errors.Is(err, fs.ErrNotExist) && dropped {
		return nil
	}
	if err != nil {
		return c.at(Missing, 0, 0, fmt.Sprintf("the seal says that it had %d events", h.Events))
	}
	defer r.close()
	var problem *Problem
	for limit := int64(1); problem == nil && r.head.seq < h.Events; {
		from := r.off
		if limit, _, err = r.limit(); err == nil && limit > r.off {
			err = r.lines(limit, func(l line) error {
				if l.seq == h.Events && l.hash != h.Last {
					problem = c.at(Rewritten, r.line, l.seq, "the seal holds another hash for this event")
				}
				return ctx.Err()
			})
		}
		if err != nil || r.off == from {
			break
		}
	}
	if problem == nil && r.head.seq < h.Events && ctx.Err() == nil {
		return c.at(CutOff, r.line+1, r.head.seq+1, fmt.Sprintf("the seal says that there were %d events, and %d can be read", h.Events, r.head.seq))
	}
	return problem
}
