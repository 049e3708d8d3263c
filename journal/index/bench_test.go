package index_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/journal/index"
	"tend/journal/journaltest"
	"tend/runbooks"
)

// size is how many events of output the benchmarks search; TEND_EVENTS asks for more: ten million take an hour and 12 GB.
func size() int {
	if n, err := strconv.Atoi(os.Getenv("TEND_EVENTS")); err == nil {
		return n
	}
	return 50_000
}

// big makes runs of 100 hosts with ten lines of output each.
func big(b *testing.B, j both) int {
	words := []string{"Setting up", "Unpacking", "Preparing to unpack", "Selecting previously unselected", "Fetched", "Hit:1"}
	hosts := make([]inventory.HostID, 100)
	for i := range hosts {
		hosts[i] = inventory.HostID(fmt.Sprintf("web-%04d", i))
	}
	n := 0
	for run := 0; n < size(); run++ {
		id := journal.RunID(fmt.Sprintf("r%06d", run))
		plan, result := journaltest.Plan("patch", hosts...), journal.Passed
		if run == 0 { // the oldest: what is rare is far behind
			plan, result = journaltest.Plan("rare", hosts...), journal.SomeFailed
		}
		bodies := []journal.Body{plan, journal.WaveOpened{}}
		for _, h := range hosts {
			bodies = append(bodies, journal.StepStarted{Host: h, Step: "check", Attempt: 1})
			for l := range 10 {
				n++
				text := fmt.Sprintf("%s package%d (%d.%d-1~deb12u%d) over (%d) on %s ...\n", words[l%len(words)], n%5000, n%7, n%31, l, n, h)
				bodies = append(bodies, journal.OutputRead{Host: h, Step: "check", Attempt: 1, Offset: int64(l) * 90, Data: []byte(text)})
			}
			bodies = append(bodies, journal.FactsRead{Host: h, Facts: []runbooks.Fact{{Key: "pending", Value: "3"}, {Key: "os", Value: "debian"}}},
				journal.StepEnded{Host: h, Step: "check", Attempt: 1, Outcome: journal.OK})
		}
		if _, err := j.Append(b.Context(), id, append(bodies, journal.RunClosed{Result: result})...); err != nil {
			b.Fatal(err)
		}
		if err := j.Release(id); err != nil {
			b.Fatal(err)
		}
	}
	return n
}

// BenchmarkIndex builds an index of many events once and measures each use of it.
func BenchmarkIndex(b *testing.B) {
	j := open(b)
	begun := time.Now()
	n := big(b, j)
	start := time.Now()
	runs := len(runs(b, j.x, journal.Query{}))
	b.Logf("%d events of output in %d runs; summaries: %v", n, runs, time.Since(start))
	start = time.Now()
	do(b, j.x.CatchUp(b.Context()))
	took := time.Since(start)
	info, err := os.Stat(filepath.Join(j.dir, "index.db"))
	do(b, err)
	b.Logf("words: %v, %.0f events/s, %.0f bytes an event", took, float64(n)/took.Seconds(), float64(info.Size())/float64(n))
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			x, err := index.Open(filepath.Join(j.dir, "index.db"), j.Segments)
			do(b, err)
			_, err = x.Runs(b.Context(), journal.Query{Limit: 50})
			do(b, err)
			do(b, x.Close())
		}
	})
	b.Run("runs", func(b *testing.B) {
		for b.Loop() {
			_, err := j.x.Runs(b.Context(), journal.Query{Limit: 50, Host: "web-0007"})
			do(b, err)
		}
	})
	b.Run("facts", func(b *testing.B) {
		for b.Loop() {
			for _, err := range j.x.Facts(b.Context()) {
				do(b, err)
			}
		}
	})
	middle := time.Now().Add(-time.Since(begun) / 2)
	for _, c := range []struct {
		name string
		q    index.Search
	}{
		{"a common word", index.Search{Text: "unpacking"}},
		{"two common words", index.Search{Text: "setting deb12u0"}},
		{"a rare word", index.Search{Text: "package4711"}},
		{"a common word of a host", index.Search{Text: "unpacking", Host: "web-0042"}},
		{"nothing", index.Search{Text: "nowhere"}},
		{"a phrase", index.Search{Text: `"preparing to unpack"`}},
		{"the beginning of a word", index.Search{Text: "packag*"}},
		{"a common word of a rare runbook", index.Search{Text: "unpacking", Runbook: "rare"}},
		{"a common word of a rare result", index.Search{Text: "unpacking", Results: []journal.Result{journal.SomeFailed}}},
		{"a common word of a common result", index.Search{Text: "unpacking", Results: []journal.Result{journal.Passed}}},
		{"a common word of someone else", index.Search{Text: "unpacking", User: "nobody"}},
		{"a common word before the middle", index.Search{Text: "unpacking", Until: middle}},
		{"a rare word since the middle", index.Search{Text: "package4711", Since: middle}},
		{"all of a host", index.Search{Host: "web-0007"}},
	} {
		b.Run("search/"+c.name, func(b *testing.B) {
			for b.Loop() {
				_, err := j.x.Search(b.Context(), c.q)
				do(b, err)
			}
		})
	}
}
