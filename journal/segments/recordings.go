package segments

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"tend/journal"
)

const lockNow = unix.LOCK_EX | unix.LOCK_NB

// verifyRecordings compares the recordings of shells with what the notes, which are chained, say of them.
func (s *Segments) verifyRecordings(ctx context.Context, o journal.OriginID, l ledger, only []journal.RunID, rep *Report) error {
	if len(only) > 0 {
		return nil
	}
	shells, err := s.shellsOf(ctx, o)
	if err != nil {
		return err
	}
	ids, err := s.casts(o)
	if err != nil {
		return err
	}
	for _, r := range shells {
		if err := ctx.Err(); err != nil {
			return err
		}
		ids = slices.DeleteFunc(ids, func(id journal.RunID) bool { return id == r.Session })
		_, dropped := l.unrecorded[r.Session]
		if !r.Recorded || dropped || r.Closed == nil || r.Closed.Recording == nil {
			continue
		}
		rep.Recordings++
		if p := s.checkRecording(r); p != nil {
			rep.Problems = append(rep.Problems, *p)
		}
	}
	for _, id := range ids {
		path := s.castPath(o, id)
		if info, err := os.Stat(path); err == nil && info.Size() > 0 && !locked(path) {
			rep.Problems = append(rep.Problems, Problem{What: Unlisted, Origin: o, Run: id, File: path, Text: "the journal knows of no shell whose recording this is"})
		}
	}
	return nil
}

func (s *Segments) checkRecording(r ShellRecord) *Problem {
	want := r.Closed.Recording
	p := &Problem{Origin: r.Origin, Run: r.Session, File: s.castPath(r.Origin, r.Session)}
	got, err := hashOf(p.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.What, p.Text = Missing, fmt.Sprintf("the journal says that this shell's recording had %d bytes", want.Bytes)
	case err != nil:
		p.What, p.Text = Unreadable, err.Error()
	case got.Bytes < want.Bytes:
		p.What, p.Text = CutOff, fmt.Sprintf("the journal says that this shell's recording had %d bytes, and %d are there", want.Bytes, got.Bytes)
	case got.Bytes > want.Bytes:
		p.What, p.Text = Inserted, fmt.Sprintf("the journal says that this shell's recording had %d bytes, and %d are there", want.Bytes, got.Bytes)
	case got.SHA256 != want.SHA256:
		p.What, p.Text = Modified, "this shell's recording is not as it was written: the journal holds another hash for it"
	default:
		return nil
	}
	return p
}

// ExpiredRecordings lists the recordings of our origin that a retention lets go, oldest first; its size counts for recordings by
// themselves. Those that are not closed stay.
func (s *Segments) ExpiredRecordings(ctx context.Context, r Retention) ([]ShellRecord, error) {
	all, err := s.shellsOf(ctx, s.origin)
	if err != nil {
		return nil, err
	}
	l, err := s.readLedger(ctx, s.origin)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(x ShellRecord) bool {
		_, gone := l.unrecorded[x.Session]
		return gone || x.Closed == nil || x.Closed.Recording == nil
	})
	total := int64(0)
	for _, x := range all {
		total += x.Closed.Recording.Bytes
	}
	var gone []ShellRecord
	for _, x := range all {
		if r.Age > 0 && s.now().Sub(x.Ended) > r.Age || r.Bytes > 0 && total > r.Bytes {
			gone = append(gone, x)
			total -= x.Closed.Recording.Bytes
		}
	}
	return gone, nil
}

// DropRecording removes the recording of a shell that has ended; its hash stays in the ledger and the notes. One that is not as it was
// written is not dropped: journal.ErrDamaged.
func (s *Segments) DropRecording(ctx context.Context, r ShellRecord) error {
	if s.readOnly || r.Origin != s.origin || r.Closed == nil || r.Closed.Recording == nil {
		return fmt.Errorf("the recording of shell %s cannot be dropped: %w", r.Session, journal.ErrNoRun)
	}
	if p := s.checkRecording(r); p != nil {
		return &Fault{Text: fmt.Sprintf("the recording of shell %s was not dropped", r.Session), Advice: "tend journal verify shows what is wrong with it", Err: damage{errors.New(p.String())}}
	}
	if err := s.ledger(ctx, unrecorded{Session: r.Session, Bytes: r.Closed.Recording.Bytes, SHA256: r.Closed.Recording.SHA256}); err != nil {
		return err
	}
	if err := os.Remove(s.castPath(s.origin, r.Session)); err != nil {
		return err
	}
	return syncDir(s.originDir(s.origin))
}

// backupCasts copies the recordings that dst does not hold as they are here. Where dst holds more, ours was cut off, and dst's stays.
func (s *Segments) backupCasts(ctx context.Context, to *Segments, o journal.OriginID) (int, error) {
	ids, err := s.casts(o)
	n := 0
	for _, id := range ids {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return n, err
		}
		info, serr := os.Stat(s.castPath(o, id))
		if old, oerr := os.Stat(to.castPath(o, id)); serr != nil || oerr == nil && old.Size() >= info.Size() {
			continue
		}
		if err = copyCast(s.castPath(o, id), to, o, id); err == nil {
			n++
		}
	}
	return n, err
}

func copyCast(from string, to *Segments, o journal.OriginID, id journal.RunID) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := os.CreateTemp(to.originDir(o), ".cast-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := io.Copy(f, in); err != nil {
		return fmt.Errorf("copy the recording of shell %s: %w", id, err)
	}
	if err := errors.Join(f.Chmod(to.fileMode()), f.Sync()); err != nil {
		return err
	}
	return os.Rename(f.Name(), to.castPath(o, id))
}

// mergeCasts takes in the recordings of another journal's shells, each checked against the hash that its notes hold.
func (s *Segments) mergeCasts(ctx context.Context, from *Segments, o journal.OriginID) ([]Imported, error) {
	shells, err := from.shellsOf(ctx, o)
	if err != nil {
		return nil, err
	}
	var all []Imported
	var errs error
	for _, r := range shells {
		if r.Closed == nil || r.Closed.Recording == nil {
			continue
		}
		one := Imported{Origin: o, Run: r.Session, What: "new recording"}
		here, herr := hashOf(s.castPath(o, r.Session))
		p := from.checkRecording(r)
		switch {
		case herr == nil && here.SHA256 == r.Closed.Recording.SHA256:
			one.What = "duplicate recording"
		case p != nil && p.What == Missing:
			continue // retention removed it there, or it was not copied
		case p != nil:
			errs = errors.Join(errs, fmt.Errorf("%w: %s", journal.ErrDamaged, p))
			continue
		case herr == nil:
			errs = errors.Join(errs, fmt.Errorf("%w: %s tells another story than what was to be imported", journal.ErrDamaged, s.castPath(o, r.Session)))
			continue
		default:
			if err := copyCast(from.castPath(o, r.Session), s, o, r.Session); err != nil {
				return all, errors.Join(errs, err)
			}
		}
		all = append(all, one)
	}
	return all, errs
}
