package segments

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tend/journal"
)

// castSuffix is that of a shell's recording: ORIGIN/SESSION.cast, an asciicast v3 with one writer, who holds its lock.
const castSuffix = ".cast"

// syncEvery is how much of a recording a power cut may take, in time.
const syncEvery = time.Second

func (s *Segments) castPath(o journal.OriginID, id journal.RunID) string {
	return filepath.Join(s.originDir(o), string(id)+castSuffix)
}

// Shell is a session that is open. What is written to it is its recording; without one, Write takes and forgets.
type Shell struct {
	s      *Segments
	opened journal.ShellOpened
	disk   *os.File // nil = not recorded
	file   File

	mu     sync.Mutex
	sum    hash.Hash
	size   int64
	synced time.Time
	err    error
}

// OpenShell records that a shell is opened, and returns when that is durable. Where it says Recorded its recording can be written from
// then on; where the recording cannot be begun there is no shell: journal.ErrNotSaved.
func (s *Segments) OpenShell(ctx context.Context, b journal.ShellOpened) (*Shell, error) {
	if s.readOnly {
		return nil, fmt.Errorf("the shell: %w: the journal is not open for writing", journal.ErrNotSaved)
	}
	if err := checkRun(b.Session); err != nil {
		return nil, err
	}
	sh := &Shell{s: s, opened: b, sum: sha256.New(), synced: s.now()}
	if b.Recorded {
		if err := sh.create(ctx); err != nil {
			return nil, &Fault{Text: "the shell's recording was not begun", Advice: "see that the journal's directory can be written", Err: notSaved{err}}
		}
	}
	if _, err := s.Note(ctx, b); err != nil {
		sh.discard()
		return nil, err
	}
	return sh, nil
}

// Session is the shell's name.
func (sh *Shell) Session() journal.RunID { return sh.opened.Session }

// Recorded reports whether what is written to it is kept.
func (sh *Shell) Recorded() bool { return sh.disk != nil }

func (sh *Shell) create(ctx context.Context) error {
	dir := sh.s.originDir(sh.s.origin)
	if err := makeDir(dir, sh.s.dirMode()); err != nil {
		return err
	}
	disk, err := sh.s.create(sh.s.castPath(sh.s.origin, sh.opened.Session), os.O_APPEND|os.O_EXCL)
	if err != nil {
		return err
	}
	sh.disk, sh.file = disk, sh.s.wrap(disk)
	if err := errors.Join(lock(ctx, disk, writerPatience), syncDir(dir)); err != nil {
		sh.discard()
		return err
	}
	return nil
}

func (sh *Shell) discard() {
	if sh.disk != nil {
		_ = os.Remove(sh.disk.Name())
		sh.disk.Close()
	}
}

// Write adds to the recording. Once it has failed it goes on failing: the shell is to be ended.
func (sh *Shell) Write(b []byte) (int, error) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.disk == nil {
		return len(b), nil
	}
	if sh.err != nil {
		return 0, sh.err
	}
	n, err := sh.file.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err == nil && sh.s.now().Sub(sh.synced) >= syncEvery {
		sh.synced = sh.s.now()
		err = sh.file.Sync()
	}
	if err != nil {
		sh.err = &Fault{Text: fmt.Sprintf("the recording of shell %s: %v", sh.opened.Session, journal.ErrNotSaved),
			Advice: "look at the disk that holds " + sh.s.dir, Err: notSaved{err}}
		_ = sh.file.Truncate(sh.size)
		return 0, sh.err
	}
	sh.sum.Write(b)
	sh.size += int64(len(b))
	return n, nil
}

// Close records how the shell ended, with the hash of its recording.
func (sh *Shell) Close(ctx context.Context, exit int, reason string) error {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	b := journal.ShellClosed{Session: sh.opened.Session, Host: sh.opened.Host, Exit: exit, Reason: reason}
	err := sh.err
	if sh.disk != nil {
		defer sh.disk.Close() // lets go of the lock
		if err == nil {
			err = sh.file.Sync()
		}
		b.Recording = &journal.Recording{Bytes: sh.size, SHA256: journal.Hash(sh.sum.Sum(nil))}
		if err != nil { // nobody knows what the disk holds: what can be read is what is vouched for
			b.Recording, _ = hashOf(sh.disk.Name())
		}
	}
	_, nerr := sh.s.Note(ctx, b)
	return errors.Join(err, nerr)
}

// CheckRecording compares a shell's recording with what the journal says of it; nil = it is as it was written, or not closed yet.
func (s *Segments) CheckRecording(r ShellRecord) *Problem {
	if r.Closed == nil || r.Closed.Recording == nil {
		return nil
	}
	return s.checkRecording(r)
}

func hashOf(path string) (*journal.Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return &journal.Recording{Bytes: n, SHA256: journal.Hash(h.Sum(nil))}, err
}

// ShellRecord is what the journal says of a shell.
type ShellRecord struct {
	journal.ShellOpened
	Origin journal.OriginID     `json:"origin"`           // the user and machine that wrote it down
	Opened time.Time            `json:"opened"`           // when
	Ended  time.Time            `json:"ended,omitzero"`   // none = it is open, or its console died
	Closed *journal.ShellClosed `json:"closed,omitempty"` // none = it is open, or its console died
	Live   bool                 `json:"live,omitempty"`   // its recording is being written
}

// Shells lists the shells that the journal knows, of every origin, the newest first.
func (s *Segments) Shells(ctx context.Context) ([]ShellRecord, error) {
	origins, err := s.origins()
	if err != nil {
		return nil, err
	}
	var all []ShellRecord
	for _, o := range origins {
		some, err := s.shellsOf(ctx, o)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b ShellRecord) int { return b.Opened.Compare(a.Opened) })
	return all, nil
}

// shellsOf reads the notes of an origin, oldest first. Where they are damaged, what stands before the damage is what is known; Verify
// says that they are.
func (s *Segments) shellsOf(ctx context.Context, o journal.OriginID) ([]ShellRecord, error) {
	var all []ShellRecord
	at := map[journal.RunID]int{}
	for e, err := range s.From(ctx, journal.Place{Origin: o, Run: notesName}) {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, journal.ErrDamaged) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch b := e.Body.(type) {
		case journal.ShellOpened:
			if checkRun(b.Session) == nil {
				at[b.Session] = len(all)
				all = append(all, ShellRecord{ShellOpened: b, Origin: o, Opened: e.At})
			}
		case journal.ShellClosed:
			if i, ok := at[b.Session]; ok && all[i].Closed == nil {
				all[i].Closed, all[i].Ended = &b, e.At
			}
		}
	}
	for i := range all {
		r := &all[i]
		r.Live = r.Closed == nil && r.Recorded && locked(s.castPath(o, r.Session))
	}
	return all, nil
}

// locked reports whether a writer holds the file.
func locked(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	free, err := tryShared(f)
	return err == nil && !free
}

// OpenRecording opens the recording of a shell.
func (s *Segments) OpenRecording(r ShellRecord) (*os.File, error) {
	f, err := os.Open(s.castPath(r.Origin, r.Session))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the recording of shell %s: %w", r.Session, journal.ErrNoRun)
	}
	return f, err
}

// RecoverShells ends, in the record, the shells of our origin whose console died: their recordings are vouched for as they are found.
// It returns how many there were.
func (s *Segments) RecoverShells(ctx context.Context) (int, error) {
	all, err := s.shellsOf(ctx, s.origin)
	n := 0
	for _, r := range all {
		if r.Closed != nil || !r.Recorded || r.Live {
			continue
		}
		did, rerr := s.recoverShell(ctx, r)
		if err = errors.Join(err, rerr); did {
			n++
		}
	}
	return n, err
}

func (s *Segments) recoverShell(ctx context.Context, r ShellRecord) (bool, error) {
	path := s.castPath(s.origin, r.Session)
	b := journal.ShellClosed{Session: r.Session, Host: r.Host, Reason: "its console died; when the shell ended is not known"}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		b.Reason += "; its recording is gone"
	case err != nil:
		return false, err
	default:
		defer f.Close()
		if err := flock(f, lockNow); err != nil {
			return false, nil // somebody else is at it
		}
		again, err := s.shellsOf(ctx, s.origin)
		if i := slices.IndexFunc(again, func(x ShellRecord) bool { return x.Session == r.Session }); err != nil || i < 0 || again[i].Closed != nil {
			return false, err
		}
		if err := f.Sync(); err != nil {
			return false, err
		}
		if b.Recording, err = hashOf(path); err != nil {
			return false, err
		}
		b.Recording.Recovered = true
	}
	_, err = s.Note(ctx, b)
	return err == nil, err
}

// casts lists the recordings that lie in an origin's directory.
func (s *Segments) casts(o journal.OriginID) ([]journal.RunID, error) {
	entries, err := os.ReadDir(s.originDir(o))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var ids []journal.RunID
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), castSuffix); ok && checkRun(journal.RunID(id)) == nil {
			ids = append(ids, journal.RunID(id))
		}
	}
	return ids, nil
}
