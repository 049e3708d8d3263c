package segments_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tend/journal"
	"tend/journal/segments"
)

func castOf(dir, id string) string { return filepath.Join(dir, string(origin), id+".cast") }

// shell records a shell that showed the texts, and closes it.
func shell(t *testing.T, s *segments.Segments, id string, texts ...string) {
	t.Helper()
	sh, err := s.OpenShell(t.Context(), journal.ShellOpened{Session: journal.RunID(id), Host: "a", By: journal.Who{User: "ops"}, Recorded: true})
	do(t, err)
	for _, x := range texts {
		_, err := io.WriteString(sh, x)
		do(t, err)
	}
	do(t, sh.Close(t.Context(), 3, ""))
}

func shells(t *testing.T, s *segments.Segments) []segments.ShellRecord {
	t.Helper()
	all, err := s.Shells(t.Context())
	do(t, err)
	return all
}

func TestShell(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	sh, err := s.OpenShell(t.Context(), journal.ShellOpened{Session: "s1", Host: "a", Reason: "why", Recorded: true})
	do(t, err)
	_, err = io.WriteString(sh, "one")
	do(t, err)
	other := fresh(t, dir)
	if all := shells(t, other); len(all) != 1 || !all[0].Live || all[0].Closed != nil {
		t.Fatalf("while it is open: %+v", all)
	}
	if n, err := other.RecoverShells(t.Context()); n != 0 || err != nil {
		t.Fatalf("a living shell was recovered: %d, %v", n, err)
	}
	if rep := verify(t, other); !rep.OK() || rep.Recordings != 0 {
		t.Errorf("while it is open: %v", rep.Problems)
	}
	do(t, sh.Close(t.Context(), 3, ""))
	all := shells(t, other)
	if len(all) != 1 || all[0].Live || all[0].Closed == nil || all[0].Closed.Exit != 3 || all[0].Closed.Recording.Bytes != 3 || all[0].Reason != "why" {
		t.Fatalf("%+v", all)
	}
	if rep := verify(t, other); !rep.OK() || rep.Recordings != 1 {
		t.Errorf("%d recordings, %v", rep.Recordings, rep.Problems)
	}
	f, err := other.OpenRecording(all[0])
	do(t, err)
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || string(b) != "one" {
		t.Errorf("%q, %v", b, err)
	}
	if info, err := os.Stat(castOf(dir, "s1")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := s.OpenShell(t.Context(), journal.ShellOpened{Session: "s1", Host: "a", Recorded: true}); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second shell of that name: %v", err)
	}
	un, err := s.OpenShell(t.Context(), journal.ShellOpened{Session: "s2", Host: "a"})
	do(t, err)
	_, err = io.WriteString(un, "kept nowhere")
	do(t, err)
	do(t, un.Close(t.Context(), 0, ""))
	if _, err := os.Stat(castOf(dir, "s2")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a shell that is not recorded has a recording: %v", err)
	}
}

// TestRecordingDamage: verify tells what was done to a recording.
func TestRecordingDamage(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(path string) error
		want segments.Damage
	}{
		"modified": {func(p string) error { return os.WriteFile(p, []byte("0123X5678"), 0o600) }, segments.Modified},
		"cut off":  {func(p string) error { return os.Truncate(p, 4) }, segments.CutOff},
		"added to": {func(p string) error { return os.WriteFile(p, []byte("0123456789"), 0o600) }, segments.Inserted},
		"removed":  {os.Remove, segments.Missing},
		"put there": {func(p string) error {
			return os.WriteFile(filepath.Join(filepath.Dir(p), "s9.cast"), []byte("x"), 0o600)
		}, segments.Unlisted},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			shell(t, s, "s1", "01234", "5678")
			do(t, c.do(castOf(dir, "s1")))
			rep := verify(t, s)
			if len(rep.Problems) != 1 || rep.Problems[0].What != c.want {
				t.Errorf("%v, want %s", rep.Problems, c.want)
			}
		})
	}
}

// TestShellConsoleDies: the recording of a console that was killed is vouched for as it is found, once.
func TestShellConsoleDies(t *testing.T) {
	dir := t.TempDir()
	cmd, out, in := child(t, "shell", dir)
	defer in.Close()
	expect(t, out, "open")
	s := open(t, dir)
	if all := shells(t, s); len(all) != 1 || !all[0].Live {
		t.Fatalf("%+v", all)
	}
	do(t, cmd.Process.Kill())
	_ = cmd.Wait()
	for i, want := range []int{1, 0} {
		if n, err := s.RecoverShells(t.Context()); n != want || err != nil {
			t.Errorf("recovery %d: %d, %v", i, n, err)
		}
	}
	c := shells(t, s)[0].Closed
	if c == nil || c.Recording == nil || !c.Recording.Recovered || c.Recording.Bytes != 5 || !strings.Contains(c.Reason, "died") {
		t.Fatalf("%+v", c)
	}
	if rep := verify(t, s); !rep.OK() || rep.Recordings != 1 {
		t.Error(rep.Problems)
	}
	shell(t, s, "s2", "x")
	do(t, os.Remove(castOf(dir, "s2")))
	if rep := verify(t, s); len(rep.Problems) != 1 {
		t.Error(rep.Problems)
	}
}

// TestRecordingFails: what cannot be recorded is refused, and what is on disk is what is vouched for.
func TestRecordingFails(t *testing.T) {
	for name, fail := range map[string]func(x *faulty){
		"disk full": func(x *faulty) {
			x.write = func(f *os.File, b []byte) (int, error) { n, _ := f.Write(b[:1]); return n, syscall.ENOSPC }
		},
		"EIO on sync": func(x *faulty) { x.sync = func(*os.File) error { return syscall.EIO } },
		"short write": func(x *faulty) { x.write = func(f *os.File, b []byte) (int, error) { return f.Write(b[:1]) } },
	} {
		t.Run(name, func(t *testing.T) {
			x := &faulty{match: "s1"}
			now := time.Date(2026, 11, 29, 7, 0, 0, 0, time.UTC)
			s := open(t, t.TempDir(), segments.WithFiles(x.wrap), segments.WithClock(func() time.Time { now = now.Add(time.Second); return now }))
			sh, err := s.OpenShell(t.Context(), journal.ShellOpened{Session: "s1", Host: "a", Recorded: true})
			do(t, err)
			_, err = io.WriteString(sh, "good")
			do(t, err)
			x.set(func() { fail(x) })
			for range 2 {
				if _, err := io.WriteString(sh, "lost"); !errors.Is(err, journal.ErrNotSaved) {
					t.Errorf("write: %v", err)
				}
			}
			if err := sh.Close(t.Context(), 0, "the recording failed"); !errors.Is(err, journal.ErrNotSaved) {
				t.Errorf("close: %v", err)
			}
			if rep := verify(t, s); !rep.OK() || rep.Recordings != 1 {
				t.Error(rep.Problems)
			}
			if r := shells(t, s)[0].Closed.Recording; r.Bytes != 4 {
				t.Errorf("%d bytes are vouched for", r.Bytes)
			}
		})
	}
}

// TestRecordingsMove: backup and import take recordings along, retention lets them go, and verify misses nothing.
func TestRecordingsMove(t *testing.T) {
	dir, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := open(t, dir, segments.WithClock(func() time.Time { return now }))
	write(t, s, "r1", 3, true)
	shell(t, s, "s1", "01234")
	now = now.Add(48 * time.Hour)
	shell(t, s, "s2", "56789")
	_, err := s.Backup(t.Context(), copied)
	do(t, err)
	if n, err := s.Backup(t.Context(), copied); n != 0 || err != nil {
		t.Errorf("a second backup copied %d, %v", n, err)
	}
	if rep := verify(t, fresh(t, copied)); !rep.OK() || rep.Recordings != 2 {
		t.Errorf("the copy: %d recordings, %v", rep.Recordings, rep.Problems)
	}
	elsewhere, err := segments.Open(t.TempDir(), "kim@console2")
	do(t, err)
	for i, want := range []string{"new recording", "duplicate recording"} {
		got, err := elsewhere.Merge(t.Context(), copied)
		do(t, err)
		n := 0
		for _, one := range got {
			if one.What == want {
				n++
			}
		}
		if n != 2 {
			t.Errorf("import %d: %+v", i, got)
		}
	}
	if rep := verify(t, elsewhere); !rep.OK() || rep.Recordings != 2 {
		t.Errorf("elsewhere: %d recordings, %v", rep.Recordings, rep.Problems)
	}
	for _, r := range []segments.Retention{{Age: 24 * time.Hour}, {Bytes: 7}} {
		if gone, err := s.ExpiredRecordings(t.Context(), r); err != nil || len(gone) != 1 || gone[0].Session != "s1" {
			t.Errorf("%+v lets %v go, %v", r, gone, err)
		}
	}
	gone, err := s.ExpiredRecordings(t.Context(), segments.Retention{Age: 24 * time.Hour})
	do(t, err)
	do(t, s.DropRecording(t.Context(), gone[0]))
	if rep := verify(t, s); !rep.OK() || rep.Recordings != 1 {
		t.Errorf("after retention: %d recordings, %v", rep.Recordings, rep.Problems)
	}
	if gone, err := s.ExpiredRecordings(t.Context(), segments.Retention{Age: 24 * time.Hour}); err != nil || len(gone) != 0 {
		t.Errorf("gone twice: %v, %v", gone, err)
	}
	do(t, os.WriteFile(castOf(copied, "s2"), []byte("5678X"), 0o600))
	third, err := segments.Open(t.TempDir(), "ann@console3")
	do(t, err)
	if _, err := third.Merge(t.Context(), copied); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("a recording that was edited was taken in: %v", err)
	}
}

// TestRecordingsStayOutWithTheirNotes: two journals of one origin name, whose notes do not go together: a recording that nothing vouches for
// here would leave a sound journal damaged.
func TestRecordingsStayOutWithTheirNotes(t *testing.T) {
	t.Parallel()
	other := t.TempDir()
	shell(t, open(t, other), "s1", "theirs")
	s := open(t, t.TempDir())
	shell(t, s, "s2", "ours")
	if got, err := s.Merge(t.Context(), other); !errors.Is(err, journal.ErrDamaged) || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if rep := verify(t, s); !rep.OK() || rep.Recordings != 1 {
		t.Errorf("%d recordings, %v", rep.Recordings, rep.Problems)
	}
}
