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

// patience is the command line's.
const patience = 80 * time.Millisecond

// BenchmarkMany measures the first page of each kind of search in an index of TEND_EVENTS events, and fails where one takes longer than
// what is promised of ten million. Those marked so may say instead how far they looked; how long they take to the end is logged.
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
	var all, none []inventory.HostID
	for i := range 100 {
		all, none = append(all, inventory.HostID(fmt.Sprintf("web-%04d", i))), append(none, inventory.HostID(fmt.Sprintf("none-%d", i)))
	}
	for name, q := range map[string]Search{
		"a common word":                     {Text: "unpacking"},
		"three common words":                {Text: "setting up deb12u0"},
		"a rare word":                       {Text: "package4711"},
		"one event":                         {Text: "4711"},
		"nothing":                           {Text: "nowhere"},
		"a phrase":                          {Text: `"preparing to unpack"`},
		"far: a phrase, nowhere":            {Text: `"unpack preparing"`},
		"far: common words, never together": {Text: "fetched unpacking"},
		"a beginning of many words":         {Text: "packag*"},
		"a short beginning":                 {Text: "p*"},
		"a beginning of a number":           {Text: "1*"},
		"a beginning of one event's word":   {Text: "471*"},
		"far: a beginning, of a rare book":  {Text: "packag*", Runbook: "rare"},
		"a beginning of a host":             {Text: "packag*", Host: "web-0042"},
		"a common word of a host":           {Text: "unpacking", Host: "web-0042"},
		"a common word of 50 hosts":         {Text: "unpacking", Hosts: all[:50]},
		"a rare word of 40 hosts":           {Text: "package4711", Hosts: all[60:]},
		"far: a rare word, on no such host": {Text: "package4711", Hosts: all[:50]},
		"far: a rare word of 50 others":     {Text: "package4711", Hosts: none[:50]},
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
		b.Run(name, func(b *testing.B) { first(b, x, name, q) })
	}
}

// first measures the first page, and to the end where that is not all.
func first(b *testing.B, x *Index, name string, q Search) {
	q.Patience = patience
	var found Found
	var longest time.Duration
	for b.Loop() {
		begun := time.Now()
		var err error
		if found, err = x.Search(b.Context(), q); err != nil {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(begun))
	}
	if took := b.Elapsed() / time.Duration(b.N); took > 200*time.Millisecond {
		b.Errorf("a page takes %v", took)
	}
	b.ReportMetric(float64(longest.Milliseconds()), "ms-longest")
	if found.Unseen.IsZero() {
		return
	}
	if !strings.HasPrefix(name, "far: ") {
		b.Errorf("so far %d hits: nothing older than %v was looked at", len(found.Hits), found.Unseen)
	}
	begun := time.Now()
	q.Patience = 0
	if _, err := x.Search(b.Context(), q); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(time.Since(begun).Milliseconds()), "ms-to-the-end")
}
