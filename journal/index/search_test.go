package index_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/journal/index"
	"tend/journal/journaltest"
)

func search(t testing.TB, x *index.Index, q index.Search) index.Found {
	t.Helper()
	found, err := x.Search(t.Context(), q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return found
}

func output(host inventory.HostID, text string) journal.OutputRead {
	return journal.OutputRead{Host: host, Step: "check", Attempt: 1, Data: []byte(text)}
}

func TestSearch(t *testing.T) {
	for _, docs := range []int64{1, 2, 3, 5, 1000} {
		t.Run(fmt.Sprintf("parts of %d", docs), func(t *testing.T) { searches(t, docs) })
	}
}

func searches(t *testing.T, docs int64) {
	b := open(t)
	b.x.PartsOf(docs)
	plan := journaltest.Plan("patch", "db-1", "db-10")
	plan.Reason, plan.Ticket = "CVE-2026-1234 in openssl", "CHG-77"
	add(t, b, "261120-0000-aaaa", plan, output("db-1", "Unpacking libssl3 (3.0.11-1~deb12u2) ...\nSetting up libssl3\n"),
		output("db-10", "Fehler: Größe ist 100%\xff\x00 tail"), journal.StepEnded{Host: "db-1", Step: "check", Reason: "exit 100: held packages"},
		journal.RunClosed{Result: journal.SomeFailed})
	health := journaltest.Plan("health", "db-1")
	health.By.User = "kim"
	add(t, b, "261121-0000-bbbb", health, output("db-1", "libssl3 is fine"), journal.Remarked{Host: "db-1", Text: "the disk is nearly full"})
	_, err := b.Note(t.Context(), journal.Noted{Host: "db-1", Text: "replaced the fan", By: journal.Who{User: "kim"}})
	do(t, err)
	if f := search(t, b.x, index.Search{Text: "libssl3"}); len(f.Hits) != 0 || f.Behind == 0 {
		t.Errorf("before catching up: %d hits, %d bytes behind", len(f.Hits), f.Behind)
	}
	do(t, b.x.CatchUp(t.Context()))
	a, bb := "261120-0000-aaaa", "261121-0000-bbbb"
	hour := time.Hour
	cases := []struct {
		q    index.Search
		want []string // run:seq
	}{
		{index.Search{Text: "libssl3"}, []string{bb + ":2", a + ":2"}},
		{index.Search{Text: "LIBSSL3 unpacking"}, []string{a + ":2"}},
		{index.Search{Text: "libssl*"}, []string{bb + ":2", a + ":2"}},
		{index.Search{Text: "libss"}, nil},
		{index.Search{Text: `"up libssl3"`}, []string{a + ":2"}},
		{index.Search{Text: `"libssl3 up"`}, nil},
		{index.Search{Text: `"up libss"*`}, []string{a + ":2"}},
		{index.Search{Text: `"up libss"`}, nil},
		{index.Search{Text: "3.0.11-1~deb12u2"}, []string{a + ":2"}},
		{index.Search{Text: "grosse grösse größe"}, nil},
		{index.Search{Text: "GRÖßE fehler"}, []string{a + ":3"}},
		{index.Search{Text: "tail"}, []string{a + ":3"}},
		{index.Search{Text: "libssl3", Host: "db-1"}, []string{bb + ":2", a + ":2"}},
		{index.Search{Text: "fehler", Host: "db-1"}, nil},
		{index.Search{Host: "db-10"}, []string{a + ":3"}},
		{index.Search{Text: "libssl3", Run: journal.RunID(a)}, []string{a + ":2"}},
		{index.Search{Text: "libssl3", Run: "nope"}, nil},
		{index.Search{Text: "libssl3", Runbook: "health"}, []string{bb + ":2"}},
		{index.Search{Text: "libssl3", User: "kim"}, []string{bb + ":2"}},
		{index.Search{Text: "libssl3", Origin: "other@x"}, nil},
		{index.Search{Text: "uptime CVE-2026-1234"}, []string{a + ":1"}}, // the script, and why
		{index.Search{Text: "CHG-77"}, []string{a + ":1"}},
		{index.Search{Text: "held"}, []string{a + ":4"}},
		{index.Search{Text: "fan"}, []string{"notes:1"}},
		{index.Search{Kinds: []string{"noted", "remarked"}}, []string{"notes:1", bb + ":3"}},
		{index.Search{Text: "libssl3", Since: time.Now().Add(hour)}, nil},
		{index.Search{Text: "libssl3", Since: time.Now().Add(-hour), Until: time.Now().Add(hour)}, []string{bb + ":2", a + ":2"}},
		{index.Search{Text: "libssl3", Until: time.Now().Add(-hour)}, nil},
		{index.Search{Text: "*"}, []string{"notes:1", bb + ":3", bb + ":2", bb + ":1", a + ":4", a + ":3", a + ":2", a + ":1"}},
		{index.Search{Text: `tag:x OR text`}, nil},
		{index.Search{Text: "libssl3", Results: []journal.Result{journal.SomeFailed}}, []string{a + ":2"}},
		{index.Search{Text: "libssl3", Results: []journal.Result{journal.Lost}}, nil},
	}
	for _, c := range cases {
		f := search(t, b.x, c.q)
		var got []string
		for _, h := range f.Hits {
			got = append(got, fmt.Sprintf("%s:%d", h.Run, h.Seq))
		}
		if !slices.Equal(got, c.want) || f.Behind != 0 || f.More {
			t.Errorf("%+v: %q (%d behind), want %q", c.q, got, f.Behind, c.want)
		}
	}
}

// TestSnippet: the line in which the first word stands, with the words marked.
func TestSnippet(t *testing.T) {
	b := open(t)
	long := strings.Repeat("é", 300) + " needle " + strings.Repeat("ü", 300)
	add(t, b, "r1", journaltest.Plan("x", "a"), output("a", "first\nthe Needle and the needle\nlast"), output("a", long))
	do(t, b.x.CatchUp(t.Context()))
	hits := search(t, b.x, index.Search{Text: "needle"}).Hits
	if len(hits) != 2 {
		t.Fatalf("%d hits", len(hits))
	}
	if h := hits[1]; h.Snippet != "the Needle and the needle" || fmt.Sprint(h.Marks) != "[[4 10] [19 25]]" || h.Host != "a" {
		t.Errorf("%q %v", h.Snippet, h.Marks)
	}
	h := hits[0]
	if len(h.Snippet) > 200 || !strings.HasPrefix(h.Snippet, "é") || len(h.Marks) != 1 || h.Snippet[h.Marks[0][0]:h.Marks[0][1]] != "needle" {
		t.Errorf("%q %v", h.Snippet, h.Marks)
	}
}

// TestPages: every hit is on exactly one page, and pages end.
func TestPages(t *testing.T) {
	for _, docs := range []int64{1, 7, 10, 1000} {
		t.Run(fmt.Sprintf("parts of %d", docs), func(t *testing.T) { pages(t, docs) })
	}
}

func pages(t *testing.T, docs int64) {
	b := open(t)
	b.x.PartsOf(docs)
	bodies := []journal.Body{journaltest.Plan("x", "a")}
	for i := range 95 {
		bodies = append(bodies, output("a", fmt.Sprintf("needle %d", i)))
	}
	add(t, b, "r1", bodies...)
	do(t, b.x.CatchUp(t.Context()))
	for _, q := range []index.Search{{Text: "needle", Limit: 10}, {Host: "a", Limit: 10}, {Kinds: []string{"output_read"}, Limit: 19}} {
		seen, pages := map[uint64]bool{}, 0
		for more := true; more; pages++ {
			f := search(t, b.x, q)
			for _, h := range f.Hits {
				if seen[h.Seq] {
					t.Errorf("event %d is on two pages", h.Seq)
				}
				seen[h.Seq] = true
				q.Before = h.Cursor
			}
			more = f.More
		}
		if want := (95 + q.Limit - 1) / q.Limit; len(seen) != 95 || pages != want {
			t.Errorf("%d hits on %d pages, want %d", len(seen), pages, want)
		}
	}
}

// FuzzSearch: nothing that is typed is SQL, or a syntax error.
func FuzzSearch(f *testing.F) {
	for _, s := range []string{`"`, `a"b`, `"a`, `* ^`, `NEAR(a b)`, `a AND`, `-a`, `{a b}:c`, "\x00", `text:`, `'; DROP TABLE docs; --`, `""*`, "a\x00b*"} {
		f.Add(s)
	}
	b := open(f)
	add(f, b, "r1", journaltest.Plan("x", "a"), output("a", "needle"))
	do(f, b.x.CatchUp(f.Context()))
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := b.x.Search(context.Background(), index.Search{Text: s, Host: inventory.HostID(s), Run: journal.RunID(s), Kinds: []string{s}}); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if _, err := b.x.Search(context.Background(), index.Search{Text: s}); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if f, err := b.x.Search(context.Background(), index.Search{Text: "needle"}); err != nil || len(f.Hits) != 1 {
			t.Fatalf("after %q: %v, %v", s, f, err)
		}
	})
}

// TestKeep: what is appended can be found soon, without anyone asking for it.
func TestKeep(t *testing.T) {
	b := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.x.Keep(ctx, func(err error) { t.Error(err) })
	}()
	for i := range 3 {
		run := journal.RunID(fmt.Sprintf("r%d", i))
		add(t, b, run, journaltest.Plan("x", "a"), output("a", "needle"))
		deadline := time.Now().Add(20 * time.Second)
		for len(search(t, b.x, index.Search{Text: "needle"}).Hits) != i+1 {
			if time.Now().After(deadline) {
				t.Fatal("the words did not come")
			}
		}
	}
	cancel()
	<-done
}

// TestModes: the index holds what the segments hold, so nobody else may read it either.
func TestModes(t *testing.T) {
	b := open(t)
	fill(t, b, 1)
	do(t, b.x.CatchUp(t.Context()))
	all, err := filepath.Glob(filepath.Join(b.dir, "index.db*"))
	do(t, err)
	for _, path := range all {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if len(all) < 3 {
		t.Errorf("only %q", all)
	}
}
