package segments

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tend/journal"
)

// sharedPatience is how long one waits for the other processes that append to a shared file, each for the length of a sync.
const sharedPatience = 10 * time.Second

// Note writes a note (or another body that belongs to no run) to the origin's own segment, which reads back as the run "notes".
func (s *Segments) Note(ctx context.Context, b journal.Body) (journal.Event, error) {
	if s.readOnly {
		return journal.Event{}, fmt.Errorf("the note: %w: the journal is not open for writing", journal.ErrNotSaved)
	}
	if _, ok := b.(journal.RunClosed); ok {
		return journal.Event{}, errors.New("the notes have no end")
	}
	raw, err := journal.EncodeBody(b)
	if err != nil {
		return journal.Event{}, err
	}
	l, err := s.appendShared(ctx, notesName, b.Kind(), raw)
	if err != nil {
		return journal.Event{}, &Fault{Text: "the note was not saved", Advice: "see that the journal's directory can be written", Err: notSaved{err}}
	}
	return l.event(s.origin, notesName)
}

// appendShared adds one line to a file that all processes of the origin append to, under its lock.
func (s *Segments) appendShared(ctx context.Context, name, kind string, body []byte) (line, error) {
	dir := s.originDir(s.origin)
	if err := makeDir(dir, s.dirMode()); err != nil {
		return line{}, err
	}
	path := s.path(s.origin, name)
	_, statErr := os.Stat(path)
	disk, err := s.create(path, os.O_APPEND)
	if err != nil {
		return line{}, err
	}
	defer disk.Close() // lets go of the lock
	if err := lock(ctx, disk, sharedPatience); err != nil {
		return line{}, err
	}
	if errors.Is(statErr, fs.ErrNotExist) {
		if err := syncDir(dir); err != nil {
			return line{}, err
		}
	}
	mark, err := s.create(filepath.Join(dir, name+markSuffix), 0)
	if err != nil {
		return line{}, err
	}
	defer mark.Close()
	return s.addLine(disk, mark, name, kind, body)
}

func (s *Segments) addLine(disk, mark *os.File, name, kind string, body []byte) (line, error) {
	info, err := disk.Stat()
	if err != nil {
		return line{}, err
	}
	end, err := readEnding(disk, info.Size())
	if err != nil {
		return line{}, fmt.Errorf("%s: %w", disk.Name(), err)
	}
	file := s.wrap(disk)
	if end.extra > 0 {
		if err := file.Truncate(end.size); err != nil {
			return line{}, err
		}
	}
	h, now := end.head, s.now().UTC().Round(0)
	var buf []byte
	if end.extra > 0 {
		text := fmt.Sprintf("the last line was torn by a crash: %d bytes that were never acknowledged were cut off", end.extra)
		raw, _ := json.Marshal(journal.Remarked{Text: text})
		buf = appendLine(buf, &h, s.origin, journal.RunID(name), now, journal.Remarked{}.Kind(), raw)
	}
	from := len(buf)
	buf = appendLine(buf, &h, s.origin, journal.RunID(name), now, kind, body)
	if _, err = file.Write(buf); err == nil {
		err = file.Sync()
	}
	if err != nil {
		_ = file.Truncate(end.size)
		return line{}, err
	}
	_ = writeMark(mark, end.size+int64(len(buf)))
	return parseLine(buf[from : len(buf)-1])
}

// enlist sees that the ledger knows a run: a crash may have come between the run's first event and the ledger's entry.
func (s *Segments) enlist(ctx context.Context, run journal.RunID) error {
	path := s.path(s.origin, string(run))
	first, err := firstLine(path)
	if err != nil {
		return err
	}
	l, err := s.readLedger(ctx, s.origin)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, known := l.opened[run]; known {
		return nil
	}
	return s.ledger(ctx, opened{Run: run, First: first.hash})
}

// whole sees that a segment goes as far as the ledger knows: of one that an older copy took the place of, nobody knows which steps were
// started since. That the ledger cannot be read is told where it is written.
func (s *Segments) whole(ctx context.Context, run journal.RunID, h head) error {
	if h.seq == 0 {
		return nil
	}
	l, _ := s.readLedger(ctx, s.origin)
	for _, c := range l.closed[run] {
		if c.Events > h.seq || c.Events < h.seq && c.Ended || c.Events == h.seq && c.Last != h.hash {
			return fmt.Errorf("%w: the ledger says that it had %d events, and its file tells another story", journal.ErrDamaged, c.Events)
		}
	}
	return nil
}
