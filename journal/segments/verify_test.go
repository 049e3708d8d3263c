package segments_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
)

func segment(dir string, run string) string { return filepath.Join(dir, string(origin), run+".jsonl") }

// write makes a run of n events and lets go of it.
func write(t testing.TB, s *segments.Segments, run journal.RunID, n int, end bool) {
	t.Helper()
	bodies := []journal.Body{journaltest.Plan("health", "a")}
	for i := len(bodies); i < n; i++ {
		bodies = append(bodies, journal.OutputRead{Host: "a", Step: "check", Attempt: 1, Offset: int64(i), Data: fmt.Appendf(nil, "line %d of %s\n", i, run)})
	}
	if end {
		bodies[n-1] = journal.RunClosed{Result: journal.Passed}
	}
	if _, err := s.Append(t.Context(), run, bodies...); err != nil {
		t.Fatal(err)
	}
	if err := s.Release(run); err != nil {
		t.Fatal(err)
	}
}

func linesOf(t testing.TB, path string) [][]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.SplitAfter(b, []byte("\n"))
}

func put(t testing.TB, path string, lines ...[]byte) {
	t.Helper()
	if err := os.WriteFile(path, slices.Concat(lines...), 0o600); err != nil {
		t.Fatal(err)
	}
}

func verify(t testing.TB, s *segments.Segments) segments.Report {
	t.Helper()
	rep, err := s.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// TestAPipeIsNoSegment: what lies in a journal and is no file is not read, for that would never end.
func TestAPipeIsNoSegment(t *testing.T) {
	dir := t.TempDir()
	s, err := segments.Open(dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write(t, s, "r1", 3, true)
	for _, err := range []error{syscall.Mkfifo(segment(dir, "r2"), 0o600), os.Symlink(os.DevNull, segment(dir, "r3")), os.Symlink(segment(dir, "r1"), segment(dir, "r4"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.List(t.Context())
	var got []string
	for _, seg := range list {
		got = append(got, string(seg.Run))
	}
	if err != nil || slices.Contains(got, "r2") || slices.Contains(got, "r3") || !slices.Contains(got, "r1") || !slices.Contains(got, "r4") {
		t.Errorf("the journal holds %q, %v", got, err)
	}
}

func TestVerifyWhole(t *testing.T) {
	s := open(t, t.TempDir())
	if rep := verify(t, s); !rep.OK() || rep.Segments != 0 {
		t.Errorf("an empty journal: %+v", rep)
	}
	write(t, s, "r1", 20, true)
	write(t, s, "r2", 5, false)
	if _, err := s.Note(t.Context(), journal.Noted{Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), "r3", journaltest.Plan("x", "a")); err != nil { // has a living writer
		t.Fatal(err)
	}
	rep := verify(t, s)
	if !rep.OK() || len(rep.Remarks) != 0 {
		t.Errorf("problems in a whole journal: %v %v", rep.Problems, rep.Remarks)
	}
	if rep.Segments != 5 || rep.Events != 20+5+1+1+5 { // the ledger holds three openings and two closings
		t.Errorf("%d segments with %d events", rep.Segments, rep.Events)
	}
}

// rehash gives a line the hash that its changed bytes have, as a careful forger would.
func rehash(line []byte) []byte {
	const tail = 75
	line = bytes.TrimSuffix(line, []byte("\n"))
	head := line[:len(line)-tail]
	return fmt.Appendf(nil, "%s,\"hash\":\"%x\"}\n", head, sha(head))
}

func TestVerifyTellsDamageApart(t *testing.T) {
	edit := func(l []byte) []byte { return bytes.Replace(l, []byte("line"), []byte("lime"), 1) }
	const n = 9
	cases := []struct {
		name string
		do   func(l [][]byte) [][]byte
		what segments.Damage
		seq  uint64
		line int
	}{
		{"an edited line", func(l [][]byte) [][]byte { l[4] = edit(l[4]); return l }, segments.Modified, 5, 5},
		{"an edited first line", func(l [][]byte) [][]byte { l[0] = bytes.Replace(l[0], []byte("ams1"), []byte("ams2"), 1); return l }, segments.Modified, 1, 1},
		{"an edited last line", func(l [][]byte) [][]byte {
			l[n-1] = bytes.Replace(l[n-1], []byte("passed"), []byte("failed"), 1)
			return l
		}, segments.Modified, n, n},
		{"words behind the end", func(l [][]byte) [][]byte { return append(l[:n], []byte("hello\n")) }, segments.Inserted, n + 1, n + 1},
		{"an edited line with a new hash", func(l [][]byte) [][]byte { l[4] = rehash(edit(l[4])); return l }, segments.Modified, 5, 5},
		{"a time changed", func(l [][]byte) [][]byte {
			l[2] = bytes.Replace(l[2], []byte(`"at":"20`), []byte(`"at":"19`), 1)
			return l
		}, segments.Modified, 3, 3},
		{"a line made unreadable", func(l [][]byte) [][]byte { l[4] = []byte("garbage\n"); return l }, segments.Modified, 5, 5},
		{"a line removed", func(l [][]byte) [][]byte { return slices.Delete(l, 4, 5) }, segments.Removed, 5, 5},
		{"three lines removed", func(l [][]byte) [][]byte { return slices.Delete(l, 3, 6) }, segments.Removed, 4, 4},
		{"the first line removed", func(l [][]byte) [][]byte { return l[1:] }, segments.Removed, 1, 1},
		{"two lines swapped", func(l [][]byte) [][]byte { l[3], l[4] = l[4], l[3]; return l }, segments.Reordered, 5, 4},
		{"the last two swapped", func(l [][]byte) [][]byte { l[n-1], l[n-2] = l[n-2], l[n-1]; return l }, segments.Reordered, n, n - 1},
		{"a line moved far", func(l [][]byte) [][]byte { x := l[7]; return slices.Insert(slices.Delete(l, 7, 8), 2, x) }, segments.Reordered, 8, 3},
		{"a line inserted", func(l [][]byte) [][]byte { return slices.Insert(l, 4, []byte("hello\n")) }, segments.Inserted, 5, 5},
		{"an empty line inserted", func(l [][]byte) [][]byte { return slices.Insert(l, 4, []byte("\n")) }, segments.Inserted, 5, 5},
		{"a forged event inserted", func(l [][]byte) [][]byte { return slices.Insert(l, 5, rehash(edit(l[5]))) }, segments.Inserted, 6, 6},
		{"an event copied behind itself", func(l [][]byte) [][]byte { return slices.Insert(l, 5, l[4]) }, segments.Inserted, 5, 6},
		{"an old event copied", func(l [][]byte) [][]byte { return slices.Insert(l, 6, l[2]) }, segments.Inserted, 3, 7},
		{"a later event copied", func(l [][]byte) [][]byte { return slices.Insert(l, 3, l[6]) }, segments.Inserted, 7, 4},
		{"an event appended", func(l [][]byte) [][]byte { return slices.Insert(l, n, l[2]) }, segments.Inserted, 3, n + 1},
		{"an event chained behind the end", func(l [][]byte) [][]byte { return slices.Insert(l, n, chained(l[2], n+1, l[n-1])) }, segments.Inserted, n + 1, n + 1},
		{"another end chained behind the end", func(l [][]byte) [][]byte { return slices.Insert(l, n, chained(l[n-1], n+1, l[n-1])) }, segments.Inserted, n + 1, n + 1},
		{"the tail cut off", func(l [][]byte) [][]byte { return l[:6] }, segments.CutOff, 7, 7},
		{"everything cut off", func(l [][]byte) [][]byte { return nil }, segments.CutOff, 1, 1},
		{"the tail cut off in a line", func(l [][]byte) [][]byte { l[5] = l[5][:20]; return l[:6] }, segments.CutOff, 6, 6},
		{"another chain", func(l [][]byte) [][]byte { return chainAnew(l) }, segments.Rewritten, 1, 1},
		{"another chain from the middle", func(l [][]byte) [][]byte { return slices.Concat(l[:4], chainFrom(l[4:], hashOf(l[3]))) }, segments.Rewritten, n, n},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			write(t, s, "good", 5, true)
			write(t, s, "r1", n, true)
			put(t, segment(dir, "r1"), c.do(linesOf(t, segment(dir, "r1"))[:n])...)
			rep := verify(t, s)
			if len(rep.Problems) != 1 {
				t.Fatalf("problems: %v", rep.Problems)
			}
			p := rep.Problems[0]
			if p.What != c.what || p.Seq != c.seq || p.Line != c.line || p.Run != "r1" {
				t.Errorf("%v\nwant %s, event %d, line %d", p, c.what, c.seq, c.line)
			}
			othersReadable(t, s)
			// A run that is said to be shorter than it was is not taken up: nobody knows what was started since.
			if err := s.Claim(t.Context(), "r1"); err == nil && len(linesOf(t, segment(dir, "r1"))[0]) > 0 {
				t.Error("the run can be taken up")
			}
		})
	}
}

// othersReadable: one broken segment breaks no other, and says that it is broken.
func othersReadable(t *testing.T, s *segments.Segments) {
	t.Helper()
	n := 0
	for _, err := range s.Events(t.Context(), "good", 0, false) {
		if err != nil {
			t.Errorf("the other run: %v", err)
		}
		n++
	}
	if n != 5 {
		t.Errorf("%d events of the other run, want 5", n)
	}
	if _, err := s.Runs(t.Context(), journal.Query{}); err != nil {
		t.Errorf("runs: %v", err)
	}
}

func TestVerifyLedger(t *testing.T) {
	cases := []struct {
		name string
		do   func(t *testing.T, dir string)
		what segments.Damage
		run  journal.RunID
	}{
		{"a segment is gone", func(t *testing.T, dir string) { remove(t, segment(dir, "r1")) }, segments.Missing, "r1"},
		{"the ledger is gone", func(t *testing.T, dir string) { remove(t, segment(dir, "ledger")) }, segments.LostLedger, "ledger"},
		{"a segment was put here", func(t *testing.T, dir string) {
			other := t.TempDir()
			s := open(t, other)
			write(t, s, "forged", 3, true)
			put(t, segment(dir, "forged"), linesOf(t, segment(other, "forged"))...)
		}, segments.Unlisted, "forged"},
		{"a segment was renamed", func(t *testing.T, dir string) {
			put(t, segment(dir, "r2"), linesOf(t, segment(dir, "r1"))...)
		}, segments.Renamed, "r2"},
		{"the ledger was edited", func(t *testing.T, dir string) {
			l := linesOf(t, segment(dir, "ledger"))
			l[1] = bytes.Replace(l[1], []byte(`"run":"r1"`), []byte(`"run":"r9"`), 1)
			put(t, segment(dir, "ledger"), l...)
		}, segments.Modified, "ledger"},
		{"a note was edited", func(t *testing.T, dir string) {
			l := linesOf(t, segment(dir, "notes"))
			l[0] = bytes.Replace(l[0], []byte("hello"), []byte("hallo"), 1)
			put(t, segment(dir, "notes"), l...)
		}, segments.Modified, "notes"},
		{"a segment is a directory", func(t *testing.T, dir string) {
			remove(t, segment(dir, "r1"))
			if err := os.Mkdir(segment(dir, "r1"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, segments.Missing, "r1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			write(t, s, "r1", 5, true)
			write(t, s, "r2", 5, false)
			if _, err := s.Note(t.Context(), journal.Noted{Text: "hello"}); err != nil {
				t.Fatal(err)
			}
			c.do(t, dir)
			rep := verify(t, s)
			if len(rep.Problems) != 1 || rep.Problems[0].What != c.what || rep.Problems[0].Run != c.run {
				t.Errorf("%v, want %s of %s", rep.Problems, c.what, c.run)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// TestTornTail: what a crash leaves is no event and no foul play, and a resume cuts it off and says so.
func TestTornTail(t *testing.T) {
	for name, junk := range map[string]string{"half a line": `{"v":1,"seq":6,"at":"20`, "pages lost in a power cut": strings.Repeat("\x00", 5000) + "\n" + `{"v":1` + "\x00\n"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			write(t, s, "r1", 5, false)
			put(t, segment(dir, "r1"), append(linesOf(t, segment(dir, "r1")), []byte(junk))...)
			rep := verify(t, s)
			if !rep.OK() || len(rep.Remarks) != 1 || rep.Remarks[0].What != segments.Torn || rep.Remarks[0].Seq != 6 {
				t.Errorf("problems %v, remarks %v", rep.Problems, rep.Remarks)
			}
			if err := s.Claim(t.Context(), "r1"); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Append(t.Context(), "r1", journal.RunClosed{}); err != nil {
				t.Fatal(err)
			}
			var kinds []string
			for e, err := range s.Events(t.Context(), "r1", 5, false) {
				if err != nil {
					t.Fatal(err)
				}
				kinds = append(kinds, e.Body.Kind())
			}
			if !slices.Equal(kinds, []string{"remarked", "run_closed"}) {
				t.Errorf("after the resume: %v", kinds)
			}
			if rep := verify(t, s); !rep.OK() || len(rep.Remarks) != 0 {
				t.Errorf("after the resume: %v %v", rep.Problems, rep.Remarks)
			}
		})
	}
}
