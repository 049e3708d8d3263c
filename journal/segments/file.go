package segments

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"tend/journal"
)

// File is what a writer asks of a file that it appends to. Tests inject one that fails.
type File interface {
	Write(b []byte) (int, error)
	Sync() error // as fdatasync(2): the bytes and the length
	Truncate(size int64) error
}

type osFile struct{ *os.File }

func (f osFile) Sync() error { return datasync(f.File) }

// Fault is an error with advice. Its text names the run or the file; Hint says what to do about it.
type Fault struct {
	Text   string
	Advice string
	Err    error
}

func (f *Fault) Error() string {
	if f.Err == nil {
		return f.Text
	}
	return f.Text + ": " + f.Err.Error()
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// Hint says what to do about it.
func (f *Fault) Hint() string { return f.Advice }

// How long a claim tries where another writer holds the lock, and where only readers do: one who looks whether a writer lives holds
// his shared lock for as long as a sync takes.
const (
	writerPatience = 250 * time.Millisecond
	readerPatience = 10 * time.Second
)

// lock takes the exclusive lock, or says journal.ErrBusy.
func lock(ctx context.Context, f *os.File, patience time.Duration) error {
	start := time.Now()
	for {
		err := flock(f, unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return err
		}
		limit := patience
		if free, err := tryShared(f); err != nil {
			return err
		} else if free {
			unlock(f)
			limit = max(patience, readerPatience)
		}
		if time.Since(start) > limit {
			return journal.ErrBusy
		}
		select { // flock has no wait that ends with ctx
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

// tryShared takes the shared lock if no writer lives.
func tryShared(f *os.File) (bool, error) {
	err := flock(f, unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

func unlock(f *os.File) { _ = flock(f, unix.LOCK_UN) }

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if err != unix.EINTR {
			return err
		}
	}
}

// create opens a file of the journal, making it where it lacks. A journal that is shared is readable to its group whatever the umask.
func (s *Segments) create(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|flags, s.fileMode())
	if err == nil && s.shared {
		_ = f.Chmod(s.fileMode())
	}
	return f, err
}

// syncDir makes names in a directory durable. Some file systems refuse to sync directories, and do it by themselves.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}

// makeDir makes dir and what lacks above it, durably.
func makeDir(dir string, mode os.FileMode) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(parent, mode); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDir(parent)
}

// The mark holds one number twice, so that a reader who comes in the middle of a write sees that he does.
const markLen = 2 * 21

func writeMark(f *os.File, size int64) error {
	_, err := f.WriteAt(fmt.Appendf(make([]byte, 0, markLen), "%020d\n%020d\n", size, size), 0)
	return err
}

// readMark returns the durable length that a living writer has published; 0 where there is none.
func readMark(path string) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	var b [markLen]byte
	if _, err := io.ReadFull(f, b[:]); err != nil || string(b[:21]) != string(b[21:]) {
		return 0
	}
	n, err := strconv.ParseInt(string(b[:20]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
