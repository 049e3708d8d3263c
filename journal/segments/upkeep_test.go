package segments_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
)

// TestRetention: what is old or too much goes, oldest first, and its summary stays where the chain vouches for it.
func TestRetention(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := open(t, dir, segments.WithClock(func() time.Time { return now }))
	for _, run := range []journal.RunID{"r1", "r2", "r3"} {
		write(t, s, run, 10, true)
		now = now.Add(24 * time.Hour)
	}
	write(t, s, "open", 10, false)
	now = now.Add(24 * time.Hour)
	info, err := os.Stat(segment(dir, "r1"))
	do(t, err)
	for _, c := range []struct {
		r    segments.Retention
		want []journal.RunID
	}{
		{segments.Retention{}, nil},
		{segments.Retention{Age: 60 * time.Hour}, []journal.RunID{"r1", "r2"}},
		{segments.Retention{Bytes: 3*info.Size() + 300}, []journal.RunID{"r1"}},
		{segments.Retention{Age: 60 * time.Hour, Bytes: 1}, []journal.RunID{"r1", "r2", "r3"}},
	} {
		sums, err := s.Expired(t.Context(), c.r)
		do(t, err)
		var got []journal.RunID
		for _, sum := range sums {
			got = append(got, sum.Run)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v lets %v go, want %v", c.r, got, c.want)
		}
	}
	do(t, s.Drop(t.Context(), "r1"))
	if rep := verify(t, s); !rep.OK() {
		t.Error(rep.Problems)
	}
	gone, err := s.Dropped(t.Context())
	do(t, err)
	if len(gone) != 1 || gone[0].Run != "r1" || gone[0].Events != 10 || gone[0].Result != journal.Passed || gone[0].Runbook != "health" {
		t.Errorf("%+v", gone)
	}
	for _, err := range s.Events(t.Context(), "r1", 0, false) {
		if !errors.Is(err, journal.ErrNoRun) {
			t.Errorf("the dropped run reads %v", err)
		}
	}
	if err := s.Drop(t.Context(), "open"); !errors.Is(err, journal.ErrBusy) {
		t.Errorf("a run that has not ended was dropped: %v", err)
	}
	if err := s.Drop(t.Context(), "nope"); !errors.Is(err, journal.ErrNoRun) {
		t.Errorf("drop of nothing: %v", err)
	}
	l := linesOf(t, segment(dir, "r2"))
	l[3] = bytes.Replace(l[3], []byte("line"), []byte("lime"), 1)
	put(t, segment(dir, "r2"), l...)
	if err := s.Drop(t.Context(), "r2"); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("evidence of damage was dropped: %v", err)
	}
	remove(t, segment(dir, "r3"))
	if rep := verify(t, s); len(rep.Problems) != 2 {
		t.Errorf("a run that was removed by hand is not missed: %v", rep.Problems)
	}
}

func whats(all []segments.Imported) string {
	var s []string
	for _, i := range all {
		s = append(s, string(i.Origin)+"/"+string(i.Run)+" "+i.What)
	}
	slices.Sort(s)
	return strings.Join(s, ", ")
}

// TestImport: exports of several runs on end, duplicates, longer and shorter ones, and other stories.
func TestImport(t *testing.T) {
	there, here := t.TempDir(), t.TempDir()
	a, err := segments.Open(there, "kim@console2")
	do(t, err)
	b := open(t, here)
	write(t, a, "r1", 5, false)
	write(t, a, "r2", 3, true)
	var early, late bytes.Buffer
	do(t, a.Export(t.Context(), "r1", &early))
	do(t, a.Export(t.Context(), "r2", &early))
	add(t, a, journal.RunClosed{})
	do(t, a.Close())
	do(t, a.Export(t.Context(), "r1", &late))
	step := func(what string, in []byte, want string) {
		t.Helper()
		got, err := b.Import(t.Context(), bytes.NewReader(in))
		if err != nil || whats(got) != want {
			t.Errorf("%s: %s, %v, want %s", what, whats(got), err, want)
		}
		if rep := verify(t, b); !rep.OK() {
			t.Errorf("%s: %v", what, rep.Problems)
		}
	}
	step("nothing", nil, "")
	step("two runs", early.Bytes(), "kim@console2/r1 new, kim@console2/r2 new")
	step("again", early.Bytes(), "kim@console2/r1 duplicate, kim@console2/r2 duplicate")
	step("more of one", late.Bytes(), "kim@console2/r1 extended")
	step("less of it", early.Bytes(), "kim@console2/r1 duplicate, kim@console2/r2 duplicate")
	step("a torn copy", late.Bytes()[:late.Len()-10], "kim@console2/r1 duplicate")
	edited := bytes.Replace(late.Bytes(), []byte("line"), []byte("lime"), 1)
	other := bytes.Join(chainFrom(bytes.SplitAfter(bytes.TrimSuffix(late.Bytes(), []byte("\n")), []byte("\n")), strings.Repeat("0", 64)), nil)
	l := bytes.SplitAfter(bytes.TrimSuffix(late.Bytes(), []byte("\n")), []byte("\n"))
	behind := slices.Concat(late.Bytes(), chained(l[2], len(l)+1, append(l[len(l)-1], '\n')))
	for what, in := range map[string][]byte{"an edited one": edited, "an event behind the end": behind, "another story": other, "no segment": []byte("hello\n"), "a middle": late.Bytes()[early.Len()/2:]} {
		if got, err := b.Import(t.Context(), bytes.NewReader(in)); !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("%s: %s, %v", what, whats(got), err)
		}
	}
	if rep := verify(t, b); !rep.OK() {
		t.Errorf("in the end: %v", rep.Problems)
	}
	if left, _ := filepath.Glob(filepath.Join(here, "*", ".import-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	runs, err := b.Runs(t.Context(), journal.Query{})
	if err != nil || len(runs) != 2 || runs[0].Origin != "kim@console2" {
		t.Errorf("%v, %v", runs, err)
	}
	do(t, os.Truncate(filepath.Join(here, "kim@console2", "r2.jsonl"), 700))
	if rep := verify(t, b); len(rep.Problems) != 1 || rep.Problems[0].What != segments.CutOff {
		t.Errorf("an imported run that was cut off: %v", rep.Problems)
	}
}

// TestBackupAndMerge: a copy made while the journal is written is a whole journal, is brought up to date cheaply, and gives back what
// was lost.
func TestBackupAndMerge(t *testing.T) {
	dir, dst := t.TempDir(), filepath.Join(t.TempDir(), "backup")
	s := open(t, dir)
	write(t, s, "r1", 5, true)
	add2 := func(text string) {
		t.Helper()
		_, err := s.Append(t.Context(), "live", journaltest.Plan("x", "a"), journal.Remarked{Text: text})
		do(t, err)
	}
	add2("one")
	_, err := s.Note(t.Context(), journal.Noted{Text: "x"})
	do(t, err)
	backup := func(want int) {
		t.Helper()
		if n, err := s.Backup(t.Context(), dst); err != nil || n != want {
			t.Errorf("copied %d segments, %v, want %d", n, err, want)
		}
		if rep := verify(t, fresh(t, dst)); !rep.OK() || len(rep.Remarks) > 0 {
			t.Errorf("the copy: %v %v", rep.Problems, rep.Remarks)
		}
	}
	backup(4)
	backup(0)
	add2("two")
	backup(1)
	if _, err := s.Backup(t.Context(), filepath.Join(dir, "inside")); err == nil {
		t.Error("a backup within the journal was taken")
	}
	do(t, s.Release("live"))
	remove(t, segment(dir, "r1"))
	got, err := s.Merge(t.Context(), dst)
	if err != nil || whats(got) != "ops@console1/live duplicate, ops@console1/notes duplicate, ops@console1/r1 new" {
		t.Errorf("%s, %v", whats(got), err)
	}
	if rep := verify(t, s); !rep.OK() {
		t.Error(rep.Problems)
	}
	elsewhere, err := segments.Open(t.TempDir(), "kim@console2")
	do(t, err)
	defer elsewhere.Close()
	if got, err := elsewhere.Merge(t.Context(), dir); err != nil || len(got) != 4 {
		t.Errorf("%s, %v", whats(got), err)
	}
	if rep := verify(t, elsewhere); !rep.OK() || rep.Segments != 5 {
		t.Errorf("%+v", rep)
	}
}

// TestShared: several users keep one journal by the permission of their group: each reads the others' runs and writes his own.
func TestShared(t *testing.T) {
	dir := t.TempDir()
	do(t, os.Chmod(dir, 0o770|os.ModeSetgid))
	if _, err := segments.Open(dir, origin); err == nil {
		t.Fatal("a group's directory was taken for one's own")
	}
	s := open(t, dir, segments.Shared())
	write(t, s, "r1", 3, true)
	for path, want := range map[string]os.FileMode{filepath.Join(dir, string(origin)): 0o750, segment(dir, "r1"): 0o640, segment(dir, "ledger"): 0o640} {
		info, err := os.Stat(path)
		if do(t, err); info.Mode().Perm() != want {
			t.Errorf("%s: %v, want %04o", path, info.Mode(), want)
		}
	}
	do(t, os.Chmod(dir, 0o777))
	if _, err := segments.Open(dir, origin, segments.Shared()); err == nil {
		t.Error("a directory that all may write was taken")
	}
}
