package index_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/journal/index"
	"tend/journal/journaltest"
	"tend/journal/segments"
	"tend/runbooks"
)

const origin = journal.OriginID("ops@console1")

type both struct {
	dir string
	*segments.Segments
	x *index.Index
}

func open(t testing.TB) both {
	t.Helper()
	dir := t.TempDir()
	s, err := segments.Open(dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return both{dir, s, reopen(t, dir, s)}
}

func reopen(t testing.TB, dir string, s *segments.Segments) *index.Index {
	t.Helper()
	x, err := index.Open(filepath.Join(dir, "index.db"), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func TestConformance(t *testing.T) {
	journaltest.Run(t, func(t *testing.T) journal.Journal { return open(t).x })
}

func TestConformanceInMemory(t *testing.T) {
	journaltest.Run(t, func(t *testing.T) journal.Journal {
		x, err := index.Open("", open(t).Segments)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { x.Close() })
		return x
	})
}

// TestConformanceTwo: one process writes, another one's index answers.
func TestConformanceTwo(t *testing.T) {
	journaltest.Run(t, func(t *testing.T) journal.Journal {
		b := open(t)
		other, err := segments.Open(b.dir, origin, segments.ReadOnly())
		if err != nil {
			t.Fatal(err)
		}
		return two{b.Segments, reopen(t, b.dir, other)}
	})
}

type two struct {
	*segments.Segments
	x *index.Index
}

func (j two) Runs(ctx context.Context, q journal.Query) ([]journal.RunSummary, error) {
	return j.x.Runs(ctx, q)
}

func add(t testing.TB, j journal.Journal, run journal.RunID, bodies ...journal.Body) {
	t.Helper()
	if _, err := j.Append(t.Context(), run, bodies...); err != nil {
		t.Fatal(err)
	}
}

// fill makes n runs that end, and one that does not.
func fill(t testing.TB, j journal.Journal, n int) {
	t.Helper()
	for i := range n {
		run := journal.RunID(fmt.Sprintf("r%02d", i))
		add(t, j, run, journaltest.Plan("health", "a", "b"), journal.StepStarted{Host: "a", Step: "check", Attempt: 1},
			journal.FactsRead{Host: "a", Step: "check", Facts: []runbooks.Fact{{Key: "pending", Value: fmt.Sprint(i)}}},
			journal.OutputRead{Host: "a", Step: "check", Attempt: 1, Data: fmt.Appendf(nil, "output %d of libssl3\n", i)},
			journal.StepEnded{Host: "a", Step: "check", Attempt: 1, Outcome: journal.OK}, journal.RunClosed{Result: journal.Passed})
	}
	add(t, j, "open", journaltest.Plan("patch", "b"), journal.StepStarted{Host: "b", Step: "check", Attempt: 1})
}

func runs(t testing.TB, j journal.Journal, q journal.Query) []journal.RunSummary {
	t.Helper()
	all, err := j.Runs(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// agree wants the index to say what the segments say.
func agree(t testing.TB, b both, x *index.Index) {
	t.Helper()
	for _, q := range []journal.Query{{}, {Host: "b"}, {Open: true}, {Limit: 2}, {Runbook: "health", Host: "a"}} {
		if got, want := runs(t, x, q), runs(t, b.Segments, q); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v:\nindex    %+v\nsegments %+v", q, got, want)
		}
	}
}

// TestBuiltAnew: an index that is missing, broken, another's or behind is built anew, and says what the segments say.
func TestBuiltAnew(t *testing.T) {
	cases := map[string]func(t *testing.T, path string){
		"missing":         func(t *testing.T, path string) { do(t, os.Remove(path)) },
		"empty":           func(t *testing.T, path string) { do(t, os.WriteFile(path, nil, 0o600)) },
		"no database":     func(t *testing.T, path string) { do(t, os.WriteFile(path, bytes.Repeat([]byte("x"), 10_000), 0o600)) },
		"cut off":         func(t *testing.T, path string) { do(t, os.Truncate(path, 5000)) },
		"another build's": func(t *testing.T, path string) { execute(t, path, `UPDATE format SET is_ = 'tend index 0'`) },
		"another's":       func(t *testing.T, path string) { execute(t, path, `DROP TABLE format; CREATE TABLE x(y)`) },
		"a table lacks":   func(t *testing.T, path string) { execute(t, path, `DROP TABLE run_hosts`) },
		"behind":          func(t *testing.T, path string) { execute(t, path, `DELETE FROM runs WHERE id > 2`) },
		"scribbled over": func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			do(t, err)
			defer f.Close()
			info, err := f.Stat()
			do(t, err)
			for off := int64(4096); off < info.Size(); off += 4096 {
				_, err := f.WriteAt(bytes.Repeat([]byte{0xfe}, 1000), off)
				do(t, err)
			}
		},
	}
	for name, damage := range cases {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			fill(t, b, 4)
			agree(t, b, b.x)
			do(t, b.x.CatchUp(t.Context()))
			do(t, b.x.Close())
			path := filepath.Join(b.dir, "index.db")
			damage(t, path)
			x := reopen(t, b.dir, b.Segments)
			agree(t, b, x)
			do(t, x.CatchUp(t.Context()))
			if found := search(t, x, index.Search{Text: "libssl3"}); len(found.Hits) != 4 {
				t.Errorf("%d hits, want 4", len(found.Hits))
			}
		})
	}
}

func do(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func execute(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	do(t, err)
	defer db.Close()
	_, err = db.Exec(query)
	do(t, err)
}

// TestSegmentsChange: what happens to segments behind the index's back is seen.
func TestSegmentsChange(t *testing.T) {
	segment := func(b both, run string) string { return filepath.Join(b.dir, string(origin), run+".jsonl") }
	cases := map[string]func(t *testing.T, b both){
		"one goes":         func(t *testing.T, b both) { do(t, os.Remove(segment(b, "r03"))) },
		"one shrinks":      func(t *testing.T, b both) { do(t, os.Truncate(segment(b, "r01"), 2000)) },
		"one is emptied":   func(t *testing.T, b both) { do(t, os.Truncate(segment(b, "r01"), 0)) },
		"all go":           func(t *testing.T, b both) { do(t, os.RemoveAll(filepath.Join(b.dir, string(origin)))) },
		"one is edited":    func(t *testing.T, b both) { edit(t, segment(b, "r01"), "libssl3", "libssl9") },
		"one grows a line": func(t *testing.T, b both) { edit(t, segment(b, "r01"), "\n", "\njunk\n") },
		"one comes":        func(t *testing.T, b both) { add(t, b, "new", journaltest.Plan("x", "b")) },
		"one goes on": func(t *testing.T, b both) {
			add(t, b, "open", journal.StepEnded{Host: "b", Step: "check", Attempt: 1, Outcome: journal.Failed})
		},
		"one ends":    func(t *testing.T, b both) { add(t, b, "open", journal.RunClosed{Result: journal.Passed}) },
		"one is torn": func(t *testing.T, b both) { edit(t, segment(b, "r01"), `"run_closed"`, "\x00") },
		"one goes, and another comes": func(t *testing.T, b both) {
			do(t, os.Remove(segment(b, "r03"))) // the last to be numbered
			agree(t, b, b.x)
			add(t, b, "new", journaltest.Plan("x", "c"))
		},
		"the last is cut at": func(t *testing.T, b both) { do(t, b.Release("open")); do(t, os.Truncate(segment(b, "open"), 1500)) },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			fill(t, b, 4)
			agree(t, b, b.x)
			do(t, b.x.CatchUp(t.Context()))
			change(t, b)
			agree(t, b, b.x)
			agree(t, b, reopen(t, b.dir, b.Segments))
			do(t, b.x.CatchUp(t.Context()))
			for _, h := range search(t, b.x, index.Search{Text: "output"}).Hits {
				if !bytes.Contains([]byte(h.Snippet), []byte("output")) {
					t.Errorf("found %q", h.Snippet)
				}
			}
		})
	}
}

func edit(t *testing.T, path, from, to string) {
	t.Helper()
	b, err := os.ReadFile(path)
	do(t, err)
	do(t, os.WriteFile(path, bytes.Replace(b, []byte(from), []byte(to), 1), 0o600))
}

// TestAgrees: whatever runs there are and whenever the index looks, it says what the segments say.
func TestAgrees(t *testing.T) {
	b := open(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	outcomes := []journal.Outcome{journal.OK, journal.Warned, journal.Failed, journal.Unreachable, journal.Unknown, journal.Skipped}
	for n := range 12 {
		run := journal.RunID(fmt.Sprintf("p%03d", n))
		hosts := []inventory.HostID{"a", "b", "c", "d"}[:1+r.IntN(4)]
		add(t, b, run, journaltest.Plan([]string{"health", "patch"}[r.IntN(2)], hosts...))
		for _, h := range hosts {
			if r.IntN(3) == 0 {
				agree(t, b, b.x)
			}
			add(t, b, run, journal.StepStarted{Host: h, Step: "check", Attempt: 1})
			if r.IntN(2) == 0 {
				add(t, b, run, journal.StepEnded{Host: h, Step: "check", Attempt: 1, Outcome: outcomes[r.IntN(len(outcomes))]})
			}
		}
		if r.IntN(2) == 0 {
			add(t, b, run, journal.RunClosed{Result: journal.SomeFailed})
		}
	}
	agree(t, b, b.x)
	agree(t, b, reopen(t, b.dir, b.Segments))
}

// TestFacts: of each host and key the latest fact, with its run and step.
func TestFacts(t *testing.T) {
	b := open(t)
	fill(t, b, 3)
	add(t, b, "open", journal.FactsRead{Host: "b", Step: "check", Facts: []runbooks.Fact{{Key: "os", Value: "debian"}, {Key: "disk:/", Value: "91", Check: true, State: runbooks.CheckWarn}}})
	for _, x := range []*index.Index{b.x, reopen(t, b.dir, b.Segments)} {
		var got []string
		for k, err := range x.Facts(t.Context()) {
			do(t, err)
			if k.At.IsZero() {
				t.Errorf("%+v has no time", k)
			}
			got = append(got, fmt.Sprintf("%s %s=%s %d %s/%s", k.Host, k.Fact.Key, k.Fact.Value, k.Fact.State, k.Run, k.Step))
		}
		want := []string{"a pending=2 0 r02/check", "b disk:/=91 2 open/check", "b os=debian 0 open/check"}
		if !slices.Equal(got, want) {
			t.Errorf("%q\nwant %q", got, want)
		}
		for range x.Facts(t.Context()) {
			break // a consumer may stop
		}
	}
}

// TestLastRuns: each host's part in the latest run of each runbook, also after that run's segment is gone. A dry run is none: by one that went
// well a host would count as patched, and as up again.
func TestLastRuns(t *testing.T) {
	b := open(t)
	fill(t, b, 3)
	dry := journaltest.Plan("health", "a", "b")
	dry.Plan.Dry = true
	add(t, b, "r90", dry, journal.StepStarted{Host: "a", Step: "check", Attempt: 1},
		journal.StepEnded{Host: "a", Step: "check", Attempt: 1, Outcome: journal.Failed}, journal.RunClosed{Result: journal.SomeFailed})
	last := func() (got []string) {
		for r, err := range b.x.LastRuns(t.Context()) {
			do(t, err)
			got = append(got, fmt.Sprintf("%s %s %s %s", r.Host, r.Runbook, r.Run, r.Outcome))
		}
		return got
	}
	if got, want := last(), []string{"a health r02 ok", "b health r02 waiting", "b patch open running"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	do(t, os.Remove(filepath.Join(b.dir, string(origin), "r02.jsonl")))
	if got, want := last(), []string{"a health r01 ok", "b health r01 waiting", "b patch open running"}; !slices.Equal(got, want) {
		t.Errorf("without r02: %q, want %q", got, want)
	}
}

// TestLastRunsOfAWrongClock: a run of a machine whose clock was years ahead is nobody's last for years.
func TestLastRunsOfAWrongClock(t *testing.T) {
	now, dir := time.Now(), t.TempDir()
	s, err := segments.Open(dir, origin, segments.WithClock(func() time.Time { return now }))
	do(t, err)
	t.Cleanup(func() { s.Close() })
	b := both{dir, s, reopen(t, dir, s)}
	const years = 5 * 365 * 24 * time.Hour
	for i, by := range []time.Duration{years, 0, years + time.Hour, time.Minute} {
		now = now.Add(by)
		add(t, b, journal.RunID(fmt.Sprint("r", i)), journaltest.Plan("health", "a"), journal.StepStarted{Host: "a", Step: "check", Attempt: 1},
			journal.StepEnded{Host: "a", Step: "check", Attempt: 1, Outcome: journal.OK}, journal.RunClosed{Result: journal.Passed})
		now = now.Add(-by)
		for r, err := range b.x.LastRuns(t.Context()) {
			do(t, err)
			if want := []journal.RunID{"r0", "r1", "r1", "r3"}[i]; r.Run != want {
				t.Errorf("after r%d the last is %s, wanted %s", i, r.Run, want)
			}
		}
	}
}
