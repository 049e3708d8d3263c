package segments

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"tend/journal"
)

// Claim makes this process the run's only writer, as the first Append does: to be called before a resume reads the events. A torn
// tail is cut off, and the cut is recorded. journal.ErrBusy says that another process writes, journal.ErrClosed that the run has ended.
func (s *Segments) Claim(ctx context.Context, run journal.RunID) error {
	_, err := s.claim(ctx, run)
	return err
}

func (s *Segments) claim(ctx context.Context, run journal.RunID) (*writer, error) {
	s.mu.Lock()
	if s.closed || s.readOnly {
		s.mu.Unlock()
		return nil, fmt.Errorf("run %s: %w: the journal is not open for writing", run, journal.ErrNotSaved)
	}
	w := s.writers[run]
	if w != nil {
		s.mu.Unlock()
		select {
		case <-w.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if w.disk == nil {
			return nil, w.err
		}
		return w, nil
	}
	w = &writer{
		s: s, run: run, more: make(chan struct{}), ready: make(chan struct{}),
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	s.writers[run] = w
	s.mu.Unlock()
	err := w.open(ctx)
	if err != nil {
		s.mu.Lock()
		delete(s.writers, run)
		s.mu.Unlock()
		w.err = err
		close(w.ready)
		return nil, err
	}
	close(w.ready)
	return w, nil
}

// open takes the lock, finds the end of the segment and starts the goroutine.
func (w *writer) open(ctx context.Context) error {
	s := w.s
	if err := checkRun(w.run); err != nil {
		return err
	}
	if o, err := s.find(w.run); err == nil && o != s.origin {
		return fmt.Errorf("run %s belongs to %s, and this is %s: %w", w.run, o, s.origin, journal.ErrBusy)
	}
	if err := makeDir(s.originDir(s.origin), s.dirMode()); err != nil {
		return unsaved(w.run, err)
	}
	s.keepReserve()
	disk, err := s.create(s.path(s.origin, string(w.run)), os.O_APPEND)
	if err != nil {
		return unsaved(w.run, err)
	}
	if err := w.start(ctx, disk); err != nil {
		disk.Close()
		return err
	}
	return nil
}

func unsaved(run journal.RunID, err error) error {
	f := &Fault{Text: fmt.Sprintf("run %s: %v", run, journal.ErrNotSaved), Advice: "see that the journal's directory can be written", Err: notSaved{err}}
	if noSpace(err) {
		f.Advice = "free some space on the disk that holds it; then do it again"
	}
	return f
}

func (w *writer) start(ctx context.Context, disk *os.File) (err error) {
	if err := lock(ctx, disk, writerPatience); err != nil {
		return fmt.Errorf("run %s: %w", w.run, err)
	}
	info, err := disk.Stat()
	if err != nil {
		return err
	}
	end, err := readEnding(disk, info.Size())
	if err == nil {
		err = w.s.whole(ctx, w.run, end.head)
	}
	if err != nil {
		return &Fault{Text: "run " + string(w.run), Advice: "tend journal verify says where; the run cannot be resumed", Err: err}
	}
	if end.kind == (journal.RunClosed{}).Kind() {
		return fmt.Errorf("run %s: %w", w.run, journal.ErrClosed)
	}
	w.file, w.head, w.durable = w.s.wrap(disk), end.head, end
	if err := w.prepare(ctx, end); err != nil {
		return unsaved(w.run, err)
	}
	mark := filepath.Join(w.s.originDir(w.s.origin), string(w.run)+markSuffix)
	if w.mark, err = w.s.create(mark, 0); err != nil {
		return unsaved(w.run, err)
	}
	if err := writeMark(w.mark, end.size); err != nil {
		w.mark.Close()
		return unsaved(w.run, err)
	}
	go w.work()
	if end.extra > 0 && end.head.seq > 0 {
		if err := w.remarkCut(ctx, end.extra); err != nil {
			close(w.quit)
			<-w.done
			w.mark.Close()
			return err
		}
	}
	w.disk = disk
	return nil
}

// prepare makes what is on disk durable and cuts off what is torn: a writer that was killed may have left lines unsynced.
func (w *writer) prepare(ctx context.Context, end ending) error {
	if end.extra > 0 {
		if err := w.file.Truncate(end.size); err != nil {
			return err
		}
	}
	if err := w.file.Sync(); err != nil {
		return err
	}
	if err := syncDir(w.s.originDir(w.s.origin)); err != nil {
		return err
	}
	if end.head.seq == 0 {
		return nil
	}
	return w.s.enlist(ctx, w.run)
}

func (w *writer) remarkCut(ctx context.Context, extra int64) error {
	body := journal.Remarked{Text: fmt.Sprintf("the journal's last line was torn by a crash: %d bytes that were never acknowledged were cut off", extra)}
	raw, err := journal.EncodeBody(body)
	if err != nil {
		return err
	}
	_, b, err := w.take(w.s.now(), []journal.Body{body}, [][]byte{raw}, nil)
	if err != nil {
		return err
	}
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Release gives the run up: what was taken is written, the ledger notes how far the run came, and another process may go on. A run
// that is not held is no error.
func (s *Segments) Release(run journal.RunID) error {
	s.mu.Lock()
	w := s.writers[run]
	s.mu.Unlock()
	if w == nil {
		return nil
	}
	<-w.ready
	if w.disk == nil {
		return nil
	}
	return w.release()
}

func (w *writer) release() error {
	w.mu.Lock()
	if errors.Is(w.err, errReleased) {
		w.mu.Unlock()
		<-w.done
		return nil
	}
	poisoned := w.err
	w.err = fmt.Errorf("run %s: %w: %w", w.run, journal.ErrNotSaved, errReleased)
	w.mu.Unlock()
	close(w.quit)
	<-w.done
	err := w.late
	if end := w.durable; end.head.seq > 0 && end.kind != (journal.RunClosed{}).Kind() {
		err = errors.Join(err, w.s.ledger(context.Background(), closed{Run: w.run, Events: end.head.seq, Last: end.head.hash}))
	}
	_ = os.Remove(w.mark.Name())
	w.mark.Close()
	if cerr := w.disk.Close(); poisoned == nil { // closing lets go of the lock
		err = errors.Join(err, cerr)
	}
	w.s.mu.Lock()
	delete(w.s.writers, w.run)
	w.s.mu.Unlock()
	close(w.more)
	return err
}

var errReleased = errors.New("its writer has let go of it")

// Close releases every run that this process writes.
func (s *Segments) Close() error {
	s.mu.Lock()
	s.closed = true
	var runs []journal.RunID
	for run := range s.writers {
		runs = append(runs, run)
	}
	s.mu.Unlock()
	var all error
	for _, run := range runs {
		all = errors.Join(all, s.Release(run))
	}
	return all
}

// keepReserve sees that the reserve lies there. It is random, so that no file system can store it as nothing. Without it (the disk is
// full already) runs go on; they cannot be ended in order then.
func (s *Segments) keepReserve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := s.reservePath()
	if info, err := os.Stat(path); s.reserve == 0 || err == nil && info.Size() >= s.reserve {
		return
	}
	b := make([]byte, s.reserve)
	_, _ = rand.Read(b)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		_ = os.Remove(path)
	}
}

func (s *Segments) reservePath() string { return filepath.Join(s.originDir(s.origin), "reserve") }

func (s *Segments) dropReserve() { _ = os.Remove(s.reservePath()) }
