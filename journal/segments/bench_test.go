//go:build linux

package segments_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
)

func output(i int) journal.OutputRead {
	text := fmt.Sprintf("Get:%d http://deb.debian.org/debian bookworm/main amd64 libssl3 amd64 3.0.11-1~deb12u2 [2,021 kB]\n", i)
	return journal.OutputRead{Host: "web-0712", Step: "upgrade", Attempt: 1, Offset: int64(i) * 100, Data: []byte(text)}
}

// batches remembers the size of every batch, by file.
type batches struct {
	mu    sync.Mutex
	sizes map[string][]int
}

type recorded struct {
	segments.File
	name string
	by   *batches
}

func (b *batches) wrap(f *os.File) segments.File { return recorded{fdatasynced{f}, f.Name(), b} }

func (r recorded) Write(b []byte) (int, error) {
	r.by.mu.Lock()
	r.by.sizes[r.name] = append(r.by.sizes[r.name], len(b))
	r.by.mu.Unlock()
	return r.File.Write(b)
}

type fdatasynced struct{ *os.File }

func (f fdatasynced) Sync() error { return unix.Fdatasync(int(f.Fd())) }

// BenchmarkAppend measures durable appends of many callers at once against a bare write and fdatasync of the very same batches, by
// as many goroutines as there are runs.
func BenchmarkAppend(b *testing.B) {
	for _, runs := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("runs=%d", runs), func(b *testing.B) {
			rec := &batches{sizes: map[string][]int{}}
			dir := b.TempDir()
			s := open(b, dir, segments.WithFiles(rec.wrap))
			for i := range runs {
				if _, err := s.Append(b.Context(), runID(i), journaltest.Plan("patch", "web-0712")); err != nil {
					b.Fatal(err)
				}
			}
			rec.mu.Lock()
			clear(rec.sizes)
			rec.mu.Unlock()
			b.ResetTimer()
			ours := appendAll(b, s, runs, b.N)
			b.StopTimer()
			bare := bareAll(b, b.TempDir(), rec)
			var n, bytes int
			for _, sizes := range rec.sizes {
				n += len(sizes)
				for _, x := range sizes {
					bytes += x
				}
			}
			b.ReportMetric(float64(b.N)/ours.Seconds(), "events/s")
			b.ReportMetric(bare.Seconds()/ours.Seconds(), "of-bare")
			b.ReportMetric(float64(bytes)/float64(b.N), "bytes/event")
			b.ReportMetric(float64(b.N)/float64(n), "events/sync")
		})
	}
}

func runID(i int) journal.RunID { return journal.RunID(fmt.Sprintf("r%d", i)) }

// appendAll appends n events of output from 128 callers, and at least one a run.
func appendAll(b *testing.B, s *segments.Segments, runs, n int) time.Duration {
	start := time.Now()
	callers := max(128, runs)
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := c; i < n; i += callers {
				if _, err := s.Append(b.Context(), runID(c%runs), output(i)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

func bareAll(b *testing.B, dir string, rec *batches) time.Duration {
	var files []*os.File
	for name := range rec.sizes {
		f, err := os.OpenFile(filepath.Join(dir, filepath.Base(name)), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		files = append(files, f)
	}
	start := time.Now()
	var wg sync.WaitGroup
	i := 0
	for _, sizes := range rec.sizes {
		f := files[i]
		i++
		wg.Go(func() {
			buf := make([]byte, 1<<20)
			for _, n := range sizes {
				if _, err := f.Write(buf[:n]); err != nil {
					b.Error(err)
				}
				if err := unix.Fdatasync(int(f.Fd())); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// BenchmarkVerify measures the whole check of a journal of one segment; the goal is 1,000,000 events in ten seconds.
func BenchmarkVerify(b *testing.B) {
	s := open(b, b.TempDir())
	const n = 200_000
	bodies := []journal.Body{journaltest.Plan("patch", "web-0712")}
	for i := 1; i < n; i++ {
		bodies = append(bodies, output(i))
	}
	if _, err := s.Append(b.Context(), "r1", bodies...); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if rep := verify(b, s); !rep.OK() || rep.Events < n {
			b.Fatal(rep)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkEvents measures reading and decoding.
func BenchmarkEvents(b *testing.B) {
	s := open(b, b.TempDir())
	const n = 50_000
	bodies := make([]journal.Body, n)
	for i := range n {
		bodies[i] = output(i)
	}
	if _, err := s.Append(b.Context(), "r1", bodies...); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for _, err := range s.Events(b.Context(), "r1", 0, false) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkFollow measures from Append's answer to the event's arrival at a follower in another process (to the journal, another
// Segments is one).
func BenchmarkFollow(b *testing.B) {
	for name, other := range map[string]bool{"same process": false, "other process": true} {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			s := open(b, dir)
			from := s
			if other {
				from = open(b, dir)
			}
			if _, err := s.Append(b.Context(), "r1", journaltest.Plan("patch", "web-0712")); err != nil {
				b.Fatal(err)
			}
			got := make(chan time.Time, 1)
			go func() {
				defer close(got)
				for _, err := range from.Events(b.Context(), "r1", 0, true) {
					if err != nil {
						return
					}
					got <- time.Now()
				}
			}()
			<-got
			var sum, worst time.Duration
			for i := 0; b.Loop(); i++ {
				if _, err := s.Append(b.Context(), "r1", output(i)); err != nil {
					b.Fatal(err)
				}
				done := time.Now()
				late := max((<-got).Sub(done), 0)
				sum, worst = sum+late, max(worst, late)
			}
			b.ReportMetric(float64(sum.Microseconds())/float64(b.N), "µs-late")
			b.ReportMetric(float64(worst.Microseconds()), "µs-worst")
		})
	}
}
