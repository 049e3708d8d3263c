package segments_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
)

// TestOpenRefuses: a journal that others may write, or that is not ours, is refused with advice.
func TestOpenRefuses(t *testing.T) {
	cases := map[string]func(t *testing.T, dir string){
		"a file":              func(t *testing.T, dir string) { do(t, os.Remove(dir)); do(t, os.WriteFile(dir, nil, 0o600)) },
		"all may write":       func(t *testing.T, dir string) { do(t, os.Chmod(dir, 0o777)) },
		"the group may write": func(t *testing.T, dir string) { do(t, os.Chmod(dir, 0o770)) },
		"all may write our origin": func(t *testing.T, dir string) {
			o := filepath.Join(dir, string(origin))
			do(t, os.Mkdir(o, 0o700))
			do(t, os.Chmod(o, 0o702))
		},
		"another's": func(t *testing.T, dir string) {
			if err := os.Chown(dir, 54321, -1); err != nil {
				t.Skipf("only root can give a directory away: %v", err)
			}
		},
	}
	for name, prepare := range cases {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "journal")
			do(t, os.Mkdir(dir, 0o700))
			prepare(t, dir)
			_, err := segments.Open(dir, origin)
			var hint interface{ Hint() string }
			if !errors.As(err, &hint) || hint.Hint() == "" || !strings.Contains(err.Error(), dir) {
				t.Errorf("open: %v", err)
			}
		})
	}
	for _, bad := range []journal.OriginID{"", "..", "a/b", ".x", "a b", "é"} {
		if _, err := segments.Open(t.TempDir(), bad); err == nil {
			t.Errorf("origin %q was taken", bad)
		}
	}
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestModes: nobody else reads a journal, whatever the umask.
func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := filepath.Join(t.TempDir(), "state", "tend", "journal")
	s := open(t, dir)
	write(t, s, "r1", 3, true)
	if _, err := s.Append(t.Context(), "r2", journaltest.Plan("x", "a")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Note(t.Context(), journal.Noted{Text: "x"}); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		do(t, err)
		info, err := d.Info()
		do(t, err)
		want := os.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o, want %04o", path, info.Mode().Perm(), want)
		}
		n++
		return nil
	})
	if do(t, err); n < 8 {
		t.Errorf("only %d files", n)
	}
}

// TestReadOnly: a journal that cannot be written can be read, and says so when it must be written.
func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	write(t, open(t, dir), "r1", 3, false)
	s := open(t, dir, segments.ReadOnly())
	if got := kinds(t, s); got != "plan_accepted output_read output_read" {
		t.Error(got)
	}
	if rep := verify(t, s); !rep.OK() {
		t.Error(rep.Problems)
	}
	for _, err := range []error{
		func() error { _, err := s.Append(t.Context(), "r1", journal.Remarked{}); return err }(),
		func() error { _, err := s.Note(t.Context(), journal.Noted{}); return err }(),
		s.Claim(t.Context(), "r1"),
	} {
		if !errors.Is(err, journal.ErrNotSaved) {
			t.Errorf("%v, want ErrNotSaved", err)
		}
	}
}

// TestForeignVersion: lines of a newer build are read, and what they say that we do not know is left alone.
func TestForeignVersion(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	write(t, s, "r1", 2, false)
	l := linesOf(t, segment(dir, "r1"))
	newer := `{"v":2,"seq":3,"colour":"red","at":"2030-01-01T00:00:00Z","kind":"from_the_future","prev":"` + hashOf(l[1]) + `","body":{"a":[1,2]}`
	newer += `,"hash":"` + strings.Repeat("0", 64) + "\"}\n"
	put(t, segment(dir, "r1"), l[0], l[1], rehash([]byte(newer)))
	if rep := verify(t, s); !rep.OK() {
		t.Error(rep.Problems)
	}
	add(t, s, journal.RunClosed{})
	var f journal.Foreign
	for e, err := range s.Events(t.Context(), "r1", 2, false) {
		do(t, err)
		if x, ok := e.Body.(journal.Foreign); ok {
			f = x
		}
	}
	if f.Name != "from_the_future" || string(f.Raw) != `{"a":[1,2]}` {
		t.Errorf("read back %+v", f)
	}
	if got := linesOf(t, segment(dir, "r1"))[2]; string(got) != string(rehash([]byte(newer))) {
		t.Errorf("the newer line is now %s", got)
	}
}

// TestNotes: notes of many processes stand in one chain, which reads as the run "notes" and is no run.
func TestNotes(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	for i := range 10 {
		for _, s := range []*segments.Segments{a, b} {
			e, err := s.Note(t.Context(), journal.Noted{Host: "db-1", Text: strings.Repeat("x", i), By: journal.Who{User: "ops"}})
			if err != nil || e.Body.(journal.Noted).Text != strings.Repeat("x", i) {
				t.Fatalf("%v, %v", e, err)
			}
		}
	}
	n := uint64(0)
	for e, err := range a.Events(t.Context(), "notes", 0, false) {
		do(t, err)
		if n++; e.Seq != n || e.Run != "notes" {
			t.Errorf("note %d is event %d of %s", n, e.Seq, e.Run)
		}
	}
	if n != 20 {
		t.Errorf("%d notes", n)
	}
	if runs, err := a.Runs(t.Context(), journal.Query{}); err != nil || len(runs) != 0 {
		t.Errorf("runs: %v, %v", runs, err)
	}
	if _, err := a.Append(t.Context(), "notes", journal.Remarked{}); err == nil {
		t.Error("the notes were taken for a run")
	}
}

// TestOrigins: the chains of several origins live side by side.
func TestOrigins(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir)
	b, err := segments.Open(dir, "kim@console2")
	do(t, err)
	defer b.Close()
	write(t, a, "r1", 3, true)
	write(t, b, "r2", 4, false)
	runs, err := a.Runs(t.Context(), journal.Query{})
	if do(t, err); len(runs) != 2 {
		t.Fatalf("%v", runs)
	}
	for _, r := range runs {
		if want := map[journal.RunID]journal.OriginID{"r1": origin, "r2": "kim@console2"}[r.Run]; r.Origin != want {
			t.Errorf("run %s is of %s, want %s", r.Run, r.Origin, want)
		}
	}
	if err := a.Claim(t.Context(), "r2"); err == nil {
		t.Error("another origin's run was claimed")
	}
	if got, err := b.Orphans(t.Context()); err != nil || len(got) != 1 || got[0] != "r2" {
		t.Errorf("orphans: %v, %v", got, err)
	}
	if rep := verify(t, a); !rep.OK() || rep.Segments != 4 {
		t.Errorf("%+v", rep)
	}
}

// TestExport: what is exported is the segment's bytes as far as they are events.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	write(t, s, "r1", 5, false)
	want, err := os.ReadFile(segment(dir, "r1"))
	do(t, err)
	put(t, segment(dir, "r1"), want, []byte(`{"v":1,"torn`))
	var got strings.Builder
	do(t, s.Export(t.Context(), "r1", &got))
	if got.String() != string(want) {
		t.Errorf("exported %d bytes, want %d", got.Len(), len(want))
	}
	if err := s.Export(t.Context(), "r9", &got); !errors.Is(err, journal.ErrNoRun) {
		t.Errorf("export of nothing: %v", err)
	}
}
