package segments

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"tend/journal"
)

// Segments is a journal in a directory. It is safe for concurrent use, within a process and between processes.
type Segments struct {
	dir      string
	origin   journal.OriginID
	now      func() time.Time
	wrap     func(*os.File) File
	reserve  int64
	readOnly bool
	shared   bool

	mu      sync.Mutex
	writers map[journal.RunID]*writer
	sums    map[string]cached
	closed  bool
}

// Option changes what Open gives.
type Option func(*Segments)

// WithClock sets the clock that events are stamped by.
func WithClock(now func() time.Time) Option { return func(s *Segments) { s.now = now } }

// WithFiles lets tests stand between a writer and its files.
func WithFiles(wrap func(*os.File) File) Option { return func(s *Segments) { s.wrap = wrap } }

// WithReserve sets how many bytes are kept back for a full disk; 0 = none.
func WithReserve(size int64) Option { return func(s *Segments) { s.reserve = size } }

// ReadOnly opens a journal to look at: nothing is written, and it may belong to someone else.
func ReadOnly() Option { return func(s *Segments) { s.readOnly = true } }

// Shared opens a journal that several users of one machine keep together: the directory belongs to their group, each writes his own
// origin's directory, and all read. Files are 0640 and directories 0750; who makes the directory gives it to the group
// (chgrp GROUP DIR; chmod 3770 DIR).
func Shared() Option { return func(s *Segments) { s.shared = true } }

// SharedByMode is Shared where the directory's mode says so; else it changes nothing.
func SharedByMode(dir string) Option {
	return func(s *Segments) { s.shared = s.shared || journal.OfGroup(dir) }
}

func (s *Segments) dirMode() os.FileMode {
	if s.shared {
		return 0o750
	}
	return 0o700
}

func (s *Segments) fileMode() os.FileMode {
	if s.shared {
		return 0o640
	}
	return 0o600
}

// Open opens the journal in dir. A directory that lacks is made by the first Append. It refuses a directory that belongs to
// another user or that others may write, and says what to do.
func Open(dir string, origin journal.OriginID, opts ...Option) (*Segments, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &Segments{
		dir: abs, origin: origin, now: time.Now, reserve: 256 << 10,
		wrap:    func(f *os.File) File { return osFile{f} },
		writers: map[journal.RunID]*writer{}, sums: map[string]cached{},
	}
	for _, o := range opts {
		o(s)
	}
	if err := checkName("origin", string(origin), "@"); err != nil {
		return nil, err
	}
	for _, d := range []string{s.dir, s.originDir(origin)} {
		if err := s.checkDir(d); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Dir is where the journal is.
func (s *Segments) Dir() string { return s.dir }

// Origin is the origin that this process writes as.
func (s *Segments) Origin() journal.OriginID { return s.origin }

func (s *Segments) checkDir(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("open the journal: %w", err)
	case !info.IsDir():
		return &Fault{Text: "the journal's place " + dir + " is not a directory", Advice: "move the file away, or name another directory"}
	case s.readOnly, s.shared && dir == s.dir && info.Mode().Perm()&0o002 == 0:
		return nil
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return &Fault{
			Text:   fmt.Sprintf("the journal %s belongs to user %d, and this is user %d", dir, st.Uid, os.Geteuid()),
			Advice: "run tend as its owner, or set XDG_STATE_HOME to a place of your own",
		}
	}
	if info.Mode().Perm()&0o022 != 0 {
		return &Fault{
			Text:   fmt.Sprintf("others may write in the journal's directory %s (mode %04o)", dir, info.Mode().Perm()),
			Advice: "chmod go-w " + dir + ", then check it: tend journal verify",
		}
	}
	return nil
}

const (
	suffix     = ".jsonl"
	markSuffix = ".live"
	notesName  = "notes"
	ledgerName = "ledger"
)

// checkName keeps names that become file names to letters, digits, ".", "_", "-" and extra, not beginning with a dot.
func checkName(what, name, extra string) error {
	bad := func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("._-"+extra, r)
	}
	if name == "" || len(name) > 128 || name[0] == '.' || strings.ContainsFunc(name, bad) {
		return fmt.Errorf("%q cannot be the name of a journal's %s: letters, digits and ._-%s only", name, what, extra)
	}
	return nil
}

func checkRun(run journal.RunID) error {
	if run == notesName || run == ledgerName {
		return fmt.Errorf("%q is not a run", run)
	}
	return checkName("run", string(run), "")
}

func (s *Segments) originDir(o journal.OriginID) string { return filepath.Join(s.dir, string(o)) }

func (s *Segments) path(o journal.OriginID, name string) string {
	return filepath.Join(s.dir, string(o), name+suffix)
}

// origins lists those that the directory holds, ours first.
func (s *Segments) origins() ([]journal.OriginID, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	var all []journal.OriginID
	for _, e := range entries {
		if e.IsDir() && checkName("origin", e.Name(), "@") == nil {
			all = append(all, journal.OriginID(e.Name()))
		}
	}
	if i := slices.Index(all, s.origin); i > 0 {
		all = slices.Insert(slices.Delete(all, i, i+1), 0, s.origin)
	}
	return all, nil
}

// runsOf lists the runs of an origin that have a segment, oldest name first.
func (s *Segments) runsOf(o journal.OriginID) ([]journal.RunID, error) {
	entries, err := os.ReadDir(s.originDir(o))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	var runs []journal.RunID
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if run := journal.RunID(name); ok && checkRun(run) == nil && s.readable(o, e) {
			runs = append(runs, run)
		}
	}
	return runs, nil
}

// readable reports whether an entry may be a segment: a directory is none, and a pipe or a device in a journal that came from elsewhere would
// be read for ever. What a link leads to counts.
func (s *Segments) readable(o journal.OriginID, e fs.DirEntry) bool {
	kind := e.Type()
	if kind&fs.ModeSymlink != 0 {
		info, err := os.Stat(filepath.Join(s.originDir(o), e.Name()))
		if err != nil {
			return true // whoever reads it says what is wrong
		}
		kind = info.Mode()
	}
	return kind.IsRegular()
}

// find says which origin a run belongs to, ours before others'.
func (s *Segments) find(run journal.RunID) (journal.OriginID, error) {
	if run != notesName {
		if err := checkRun(run); err != nil {
			return "", fmt.Errorf("%w: %w", journal.ErrNoRun, err)
		}
	}
	if _, err := os.Stat(s.path(s.origin, string(run))); err == nil {
		return s.origin, nil
	}
	all, err := s.origins()
	if err != nil {
		return "", err
	}
	for _, o := range all {
		if _, err := os.Stat(s.path(o, string(run))); err == nil {
			return o, nil
		}
	}
	return "", fmt.Errorf("run %s: %w", run, journal.ErrNoRun)
}
