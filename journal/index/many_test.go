package index

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
)

// made is a source whose events are made when they are asked for: so that an index of ten million needs no segments beside it.
type made struct{ journal.Journal }

func (made) List(context.Context) ([]journal.Segment, error) { return nil, nil }

func (made) From(context.Context, journal.Place, ...string) iter.Seq2[journal.Placed, error] {
	return func(func(journal.Placed, error) bool) {}
}

func (made) At(p journal.Place) (journal.Event, error) {
	return journal.Event{Origin: p.Origin, Run: p.Run, Seq: p.Seq, Body: madeOutput(p.Offset)}, nil
}

func madeOutput(n int64) journal.OutputRead {
	words := []string{"Setting up", "Unpacking", "Preparing to unpack", "Selecting previously unselected", "Fetched", "Hit:1"}
	host := fmt.Sprintf("web-%04d", n/10%100)
	return journal.OutputRead{Host: inventory.HostID(host), Data: fmt.Appendf(nil, "%s package%d (%d.%d-1~deb12u%d) over (%d) on %s ...\n", words[n%6], n%5000, n%7, n%31, n%10, n, host)}
}

// fill adds n events in runs of 10,000 by the code that always does, many in one transaction; the oldest run is of a rare runbook and
// result. An event happens each second.
func fill(b *testing.B, x *Index, n int64) {
	const run = 10_000
	if _, err := x.db.Exec("PRAGMA synchronous=OFF"); err != nil {
		b.Fatal(err)
	}
	for from := int64(0); from < n; from += run {
		place := journal.Place{Origin: "ops@console1", Run: journal.RunID(fmt.Sprintf("r%06d", from/run))}
		book, result := "patch", journal.Passed
		if from == 0 {
			book, result = "rare", journal.SomeFailed
		}
		docs := make([]doc, 0, run)
		for i := from; i < min(from+run, n); i++ {
			body := madeOutput(i)
			d, _ := docOf(journal.Placed{Event: journal.Event{At: madeAt(i), Seq: uint64(i), Body: body}, Offset: i})
			docs = append(docs, d)
		}
		_, err := x.db.Exec(`INSERT INTO segs VALUES(?, ?, ?); INSERT INTO runs(id, runbook, user, result) VALUES(?, ?, 'ops', ?)`,
			from/run+1, place.Origin, place.Run, from/run+1, book, int(result))
		if err == nil {
			err = x.addDocs(b.Context(), place, stamp{}, docs, false)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func madeAt(i int64) time.Time { return time.Unix(1_700_000_000+i, 0) }

// BenchmarkMany measures the first page of each kind of search in an index of TEND_EVENTS events, and fails where one takes longer than
// what is promised of ten million. Two kinds read more the more there is, and are not promised: beginnings of many words, and a phrase of
// common words that stands nowhere.
func BenchmarkMany(b *testing.B) {
	n, err := strconv.ParseInt(os.Getenv("TEND_EVENTS"), 10, 64)
	if err != nil {
		n = 100_000
	}
	x, err := Open(filepath.Join(b.TempDir(), "index.db"), made{})
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	start := time.Now()
	fill(b, x, n)
	b.Logf("%d events in %v, %d MB", n, time.Since(start), x.size()>>20)
	for name, q := range map[string]Search{
		"a common word":                     {Text: "unpacking"},
		"three common words":                {Text: "setting up deb12u0"},
		"a rare word":                       {Text: "package4711"},
		"one event":                         {Text: "4711"},
		"nothing":                           {Text: "nowhere"},
		"a phrase":                          {Text: `"preparing to unpack"`},
		"unpromised: a phrase, nowhere":     {Text: `"unpack preparing"`},
		"unpromised: a beginning":           {Text: "packag*"},
		"a common word of a host":           {Text: "unpacking", Host: "web-0042"},
		"a common word of a rare runbook":   {Text: "unpacking", Runbook: "rare"},
		"a common word of a rare result":    {Text: "unpacking", Results: []journal.Result{journal.SomeFailed}},
		"a common word of a common result":  {Text: "unpacking", Results: []journal.Result{journal.Passed}},
		"a common word of nobody":           {Text: "unpacking", User: "nobody"},
		"a common word of the oldest times": {Text: "unpacking", Until: madeAt(n / 100)},
		"a rare word of the newest times":   {Text: "package4711", Since: madeAt(n - n/100)},
		"all of a rare result":              {Results: []journal.Result{journal.SomeFailed}},
		"all of a host":                     {Host: "web-0007"},
		"everything":                        {},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := x.Search(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
			if took := b.Elapsed() / time.Duration(b.N); took > 200*time.Millisecond && !strings.HasPrefix(name, "unpromised") {
				b.Errorf("a page takes %v", took)
			}
		})
	}
}
