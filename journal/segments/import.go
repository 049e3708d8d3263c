package segments

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"tend/journal"
)

// Imported is what became of one segment.
type Imported struct {
	Origin journal.OriginID `json:"origin"` // the user and machine that wrote it
	Run    journal.RunID    `json:"run"`    // its name
	Events uint64           `json:"events"` // how many came in
	What   string           `json:"what"`   // "new", "extended", "duplicate"
}

// Import takes in what Export wrote, one segment or several on end, of any origin. Every chain is checked before anything is kept. A
// segment that is here already, or here with more events, is a duplicate; one that goes on from ours extends it; one that tells another
// story than ours is refused with journal.ErrDamaged, and ours stays. What came before an error is kept.
func (s *Segments) Import(ctx context.Context, r io.Reader) ([]Imported, error) {
	if s.readOnly {
		return nil, fmt.Errorf("the import: %w: the journal is not open for writing", journal.ErrNotSaved)
	}
	in := intake{s: s, r: bufio.NewReaderSize(r, chunk)}
	var all []Imported
	for {
		one, err := in.segment(ctx)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, fmt.Errorf("import, line %d: %w", in.line, err)
		}
		all = append(all, one)
	}
}

// intake reads the stream of an import.
type intake struct {
	s    *Segments
	r    *bufio.Reader
	line int
	next []byte // a line that was read and belongs to the next segment
}

// longest is how long a line may be: the plan of a run over 100,000 hosts is shorter by far.
const longest = 256 << 20

// text reads a line. What is none from its first byte on is not read to its end, and what has no end not for ever: a file that somebody
// else wrote must not take all memory.
func (in *intake) text() (b []byte, err error) {
	if first, _ := in.r.Peek(1); len(first) == 1 && first[0] != '{' {
		b, _ = in.r.ReadSlice('\n')
		return bytes.Clone(b[:min(len(b), 80)]), nil
	}
	for {
		part, err := in.r.ReadSlice('\n')
		b = append(b, part...)
		switch {
		case len(b) > longest:
			return nil, fmt.Errorf("%w: it is longer than %d MiB", journal.ErrDamaged, longest>>20)
		case !errors.Is(err, bufio.ErrBufferFull):
			return b, err
		}
	}
}

func (in *intake) read() ([]byte, line, error) {
	b := in.next
	in.next = nil
	if b == nil {
		in.line++
		var err error
		if b, err = in.text(); errors.Is(err, io.EOF) && len(b) > 0 {
			err = io.EOF // a torn line is no event
			b = nil
		}
		if err != nil {
			return nil, line{}, err
		}
	}
	l, err := parseLine(bytes.TrimSuffix(b, []byte("\n")))
	if err != nil {
		return b, l, fmt.Errorf("%w: %w", journal.ErrDamaged, err)
	}
	return b, l, nil
}

// segment reads one segment into a file beside its place, and puts it there if it is whole and new.
func (in *intake) segment(ctx context.Context) (Imported, error) {
	b, first, err := in.read()
	if err != nil {
		return Imported{}, err
	}
	one := Imported{Origin: journal.OriginID(first.origin), Run: journal.RunID(first.run)}
	if first.seq != 1 || checkName("origin", string(one.Origin), "@") != nil || checkName("run", string(one.Run), "") != nil {
		return one, fmt.Errorf("%w: no segment begins here", journal.ErrDamaged)
	}
	dir := in.s.originDir(one.Origin)
	if err := makeDir(dir, in.s.dirMode()); err != nil {
		return one, err
	}
	f, err := os.CreateTemp(dir, ".import-*")
	if err != nil {
		return one, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	end, err := in.copy(ctx, f, b, first)
	if err != nil {
		return one, err
	}
	one.Events = end.head.seq
	one.What, err = in.s.place(ctx, one, f, first.hash, end)
	return one, err
}

// copy writes the lines of one segment to f, durably, and returns its head.
func (in *intake) copy(ctx context.Context, f *os.File, b []byte, l line) (ending, error) {
	var end ending
	run := string(l.run) // which the first line alone says
	w := bufio.NewWriterSize(f, chunk)
	for {
		if !l.follows(end.head) || end.kind == (journal.RunClosed{}).Kind() {
			return end, fmt.Errorf("%w: event %d of run %s is not as it was written", journal.ErrDamaged, l.seq, run)
		}
		end.head, end.size, end.kind = head{l.seq, l.hash}, end.size+int64(len(b)), string(l.kind)
		if _, err := w.Write(b); err != nil {
			return end, err
		}
		if err := ctx.Err(); err != nil {
			return end, err
		}
		var err error
		if b, l, err = in.read(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return end, err
		}
		if l.seq == 1 && len(l.origin) > 0 {
			in.next = b
			break
		}
	}
	return end, errors.Join(w.Flush(), f.Sync())
}

// place puts an imported file where it belongs, unless what is there says the same or more.
func (s *Segments) place(ctx context.Context, one Imported, f *os.File, first journal.Hash, end ending) (string, error) {
	path := s.path(one.Origin, string(one.Run))
	what := "new"
	old, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case err == nil:
		defer old.Close()
		if what, err = compare(ctx, old, f, end); err != nil || what == "duplicate" {
			return what, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	if one.Origin == s.origin && one.Run == ledgerName {
		return "", errors.New("the ledger of this origin is written here, and not taken over from elsewhere")
	}
	if err := os.Chmod(f.Name(), s.fileMode()); err != nil {
		return "", err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return "", err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return "", err
	}
	return what, s.vouch(ctx, one, first, end)
}

// vouch enters an imported run in our ledger.
func (s *Segments) vouch(ctx context.Context, one Imported, first journal.Hash, end ending) error {
	c := closed{Run: one.Run, Events: end.head.seq, Last: end.head.hash, Ended: end.kind == journal.RunClosed{}.Kind()}
	switch {
	case one.Run == ledgerName || one.Run == notesName:
		return nil
	case one.Origin != s.origin:
		return s.ledger(ctx, imported{Origin: one.Origin, closed: c, First: first})
	}
	if err := s.enlist(ctx, one.Run); err != nil {
		return err
	}
	return s.ledger(ctx, c)
}

// compare says what f is to old: a "duplicate" where old holds all of it, or one that has "extended" it.
func compare(ctx context.Context, old, f *os.File, end ending) (string, error) {
	if err := lock(ctx, old, writerPatience); err != nil {
		return "", err
	}
	info, err := old.Stat()
	if err != nil {
		return "", err
	}
	n := min(info.Size(), end.size)
	a, b := make([]byte, chunk), make([]byte, chunk)
	for off := int64(0); off < n; off += chunk {
		k := min(chunk, n-off)
		if _, err := old.ReadAt(a[:k], off); err != nil {
			return "", err
		}
		if _, err := f.ReadAt(b[:k], off); err != nil {
			return "", err
		}
		if !bytes.Equal(a[:k], b[:k]) {
			return "", fmt.Errorf("%w: %s tells another story than what was to be imported", journal.ErrDamaged, old.Name())
		}
	}
	if info.Size() >= end.size {
		return "duplicate", nil
	}
	return "extended", nil
}

// Merge imports every segment of another journal's directory: of a backup, or of another machine. It goes on where one is refused, and
// returns all refusals.
func (s *Segments) Merge(ctx context.Context, dir string) ([]Imported, error) {
	from, err := Open(dir, s.origin, ReadOnly())
	if err != nil {
		return nil, err
	}
	list, err := from.List(ctx)
	if err != nil {
		return nil, err
	}
	origins, err := from.origins()
	if err != nil {
		return nil, err
	}
	for _, o := range origins {
		if o != s.origin {
			list = append(list, journal.Segment{Origin: o, Run: ledgerName})
		}
	}
	var all []Imported
	var errs error
	refused := map[journal.OriginID]bool{} // whose notes were: nothing here would vouch for recordings of theirs
	for _, seg := range list {
		got, err := s.mergeOne(ctx, from, seg)
		all = append(all, got...)
		if err != nil && ctx.Err() != nil {
			return all, ctx.Err()
		}
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("%s/%s: %w", seg.Origin, seg.Run, err))
			refused[seg.Origin] = refused[seg.Origin] || seg.Run == notesName
		}
	}
	for _, o := range origins {
		if refused[o] {
			continue
		}
		got, err := s.mergeCasts(ctx, from, o)
		all, errs = append(all, got...), errors.Join(errs, err)
	}
	return all, errs
}

func (s *Segments) mergeOne(ctx context.Context, from *Segments, seg journal.Segment) ([]Imported, error) {
	r, err := from.openAt(seg.Origin, seg.Run)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.close()
	limit, _, err := r.limit()
	if err != nil || limit == 0 {
		return nil, err
	}
	return s.Import(ctx, io.NewSectionReader(r.f, 0, limit))
}
