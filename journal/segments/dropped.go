package segments

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"tend/journal"
	"tend/sshsig"
)

// verifyLetGo looks at what the ledger says was let go: it must say of each run what it said before; and since whoever can write the ledger
// can enter that a run was let go, the report names what no seal signs.
func (s *Segments) verifyLetGo(ctx context.Context, o journal.OriginID, l ledger, rep *Report) error {
	if len(l.dropped)+len(l.unrecorded) == 0 {
		return nil
	}
	for _, d := range l.dropped {
		for _, c := range l.closed[d.Run] {
			if p := s.notAsLetGo(o, l, d, Head{Events: c.Events, Last: c.Last}, "the ledger"); p != nil {
				rep.Problems = append(rep.Problems, *p)
				break
			}
		}
	}
	upTo, by, err := s.sealedTo(ctx, o)
	if err != nil {
		return err
	}
	for _, p := range []*Problem{
		s.gone(o, l, 0, upTo, "what the ledger says of them is sealed by "+by),
		s.gone(o, l, upTo, math.MaxUint64, "no seal signs that: tend journal seal, if it was you"),
	} {
		if p != nil {
			rep.Remarks = append(rep.Remarks, *p)
		}
	}
	return nil
}

// notAsLetGo compares what was let go with what somebody knows of it.
func (s *Segments) notAsLetGo(o journal.OriginID, l ledger, d dropped, known Head, who string) *Problem {
	c, entry := check{s: s, origin: o, run: ledgerName}, l.droppedAt[d.Run]
	switch {
	case known.Events > d.Events:
		return c.at(CutOff, int(entry), entry, fmt.Sprintf("run %s was let go with %d events, and %s says that it had %d", d.Run, d.Events, who, known.Events))
	case known.Events == d.Events && known.Last != d.Last:
		return c.at(Rewritten, int(entry), entry, fmt.Sprintf("run %s was let go with another event %d than %s holds", d.Run, d.Events, who))
	}
	return nil
}

// gone counts what the ledger's entries behind after, up to and with upTo, say was let go; nil where that is nothing.
func (s *Segments) gone(o journal.OriginID, l ledger, after, upTo uint64, text string) *Problem {
	var runs, casts int
	first := upTo
	count := func(entry uint64, n *int) {
		if entry > after && entry <= upTo {
			*n++
			first = min(first, entry)
		}
	}
	for _, entry := range l.droppedAt {
		count(entry, &runs)
	}
	for _, entry := range l.unrecordedAt {
		count(entry, &casts)
	}
	if runs+casts == 0 {
		return nil
	}
	c := check{s: s, origin: o, run: ledgerName}
	return c.at(LetGo, int(first), first, fmt.Sprintf("runs: %d, recordings: %d, from this entry on; %s", runs, casts, text))
}

// sealedTo says up to which entry a seal among the notes signs the ledger as it is, and whose the last such seal is.
func (s *Segments) sealedTo(ctx context.Context, o journal.OriginID) (upTo uint64, by string, err error) {
	seals, err := s.ledgerSeals(ctx, o)
	if err != nil || len(seals) == 0 {
		return 0, "", err
	}
	r, err := s.openAt(o, ledgerName)
	if err != nil {
		return 0, "", err
	}
	defer r.close()
	limit, _, err := r.limit()
	if err != nil {
		return 0, "", err
	}
	err = r.lines(limit, func(x line) error {
		if at, ok := slices.BinarySearchFunc(seals, x.seq, func(h sealedHead, n uint64) int { return cmp.Compare(h.Events, n) }); ok && seals[at].Last == x.hash {
			upTo, by = x.seq, seals[at].by
		}
		return ctx.Err()
	})
	if errors.Is(err, journal.ErrDamaged) {
		err = nil // which is told by the check of the ledger itself
	}
	return upTo, by, err
}

type sealedHead struct {
	Head
	by string // the key's fingerprint
}

// ledgerSeals are the heads of the ledger that good seals among the notes sign, in order.
func (s *Segments) ledgerSeals(ctx context.Context, o journal.OriginID) ([]sealedHead, error) {
	var all []sealedHead
	for p, err := range s.From(ctx, journal.Place{Origin: o, Run: notesName}) {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, journal.ErrDamaged) {
			break
		}
		if err != nil {
			return nil, err
		}
		if b, ok := p.Body.(journal.Sealed); ok {
			if h, ok := ledgerSeal(b, o); ok {
				all = append(all, h)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b sealedHead) int { return cmp.Compare(a.Events, b.Events) })
	return all, nil
}

func ledgerSeal(b journal.Sealed, o journal.OriginID) (h sealedHead, ok bool) {
	st, err := ParseStatement(b.Statement)
	if err != nil || st.Origin != o || st.Heads[0].Run != ledgerName {
		return h, false
	}
	sig, err := sshsig.Parse(b.Signature)
	if err != nil || sig.Namespace != SealNamespace {
		return h, false
	}
	by, err := sig.Check([]byte(st.String()))
	return sealedHead{st.Heads[0], by}, err == nil
}
