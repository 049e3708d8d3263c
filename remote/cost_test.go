package remote

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tend/inventory"
)

// counted counts sessions, and within them each time that the host had to answer before we sent on: the round trips of work.
type counted struct {
	Transport
	sessions, turns atomic.Int64
}

func (c *counted) Exec(ctx context.Context, h inventory.Host, cmd string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	c.sessions.Add(1)
	c.turns.Add(1)
	s := &turns{n: &c.turns, r: stdin, w: stdout}
	return c.Transport.Exec(ctx, h, cmd, readerFunc(s.read), writerFunc(s.write), stderr)
}

// turns sees a piece of input that follows a piece of output.
type turns struct {
	n        *atomic.Int64
	r        io.Reader
	w        io.Writer
	answered atomic.Bool
}

func (t *turns) read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if n > 0 && t.answered.Swap(false) {
		t.n.Add(1)
	}
	return n, err
}

func (t *turns) write(p []byte) (int, error) {
	t.answered.Store(true)
	return t.w.Write(p)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestCost counts turns. On a host's first detached step one turn more goes into asking who it is.
func TestCost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "dash")
	c := &counted{Transport: w.local}
	w.via = c
	k := w.keeper()
	spend := func(o Order) (sessions, turns int64) {
		t.Helper()
		s, n := c.sessions.Load(), c.turns.Load()
		if exit, err := k.Carry(within(t, 90*time.Second), o, (&sink{t: t}).take); exit != 0 || err != nil {
			t.Fatalf("exit %d, %v", exit, err)
		}
		if o.Job != "" {
			if err := k.Forget(within(t, 90*time.Second), o.Host, o.Job); err != nil {
				t.Fatal(err)
			}
		}
		return c.sessions.Load() - s, c.turns.Load() - n
	}
	script := "echo hello"
	if s, n := spend(Order{Host: w.host, Script: script}); s != 1 || n != 1 {
		t.Errorf("attached: %d sessions, %d round trips; want 1 and 1", s, n)
	}
	if s, n := spend(Order{Host: w.host, Script: script, Job: "first"}); s != 2 || n > 3 {
		t.Errorf("first detached: %d sessions, %d round trips; want 2 and at most 3", s, n)
	}
	if s, n := spend(Order{Host: w.host, Script: script, Job: "second"}); s != 2 || n != 2 {
		t.Errorf("detached: %d sessions, %d round trips; want 2 and 2", s, n)
	}
}

// BenchmarkQuickStep is the time of a step that does nothing.
func BenchmarkQuickStep(b *testing.B) {
	for _, kind := range []string{"attached", "detached"} {
		b.Run(kind, func(b *testing.B) {
			w := newWorld(b, "dash")
			k := w.keeper()
			for i := range b.N {
				o := Order{Host: w.host, Script: "echo hello"}
				if kind == "detached" {
					o.Job = "j" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + time.Now().Format("150405.000000000")
				}
				if _, err := k.Carry(context.Background(), o, func(int64, []byte) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// followGated follows a step that says "up" and then nothing until its gate is opened; opened says when.
func followGated(t testing.TB, w *world, k *Keeper, job string, opened func()) {
	t.Helper()
	fifo := filepath.Join(filepath.Dir(w.root), job)
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	s := &sink{t: t}
	var exit int
	var err error
	var done sync.WaitGroup
	done.Go(func() {
		exit, err = k.Carry(within(t, 10*time.Minute), Order{Host: w.host, Job: job, Script: "echo up; read -r x <" + fifo}, s.take)
	})
	until(t, "the step", func() bool { return s.String() == "up\n" })
	opened()
	if err := os.WriteFile(fifo, []byte("x\n"), 0); err != nil {
		t.Fatal(err)
	}
	done.Wait()
	if err != nil || exit != 0 {
		t.Fatalf("exit %d, %v", exit, err)
	}
}

// TestFollowerNaps: following a quiet step is one session, and the host's side of it sleeps longer and longer: before a dozen naps are
// over, they are of a second.
func TestFollowerNaps(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		dir := filepath.Dir(w.root)
		naps := filepath.Join(dir, "naps")
		sleep := filepath.Join(dir, "bin", "sleep")
		_ = os.Remove(sleep)
		real, err := exec.LookPath("sleep")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(sleep, []byte("#!/bin/sh\necho $1 >>"+naps+"\nexec "+real+" \"$@\"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		took := func() []string {
			b, _ := os.ReadFile(naps)
			return strings.Fields(string(b))
		}
		k := w.keeper()
		var before int64
		followGated(t, w, k, "j", func() {
			before = w.calls.Load()
			until(t, "a nap of a second", func() bool { return slices.Contains(took(), "1") })
		})
		if n := w.calls.Load() - before; n != 0 {
			t.Errorf("%d more sessions while a quiet step was followed", n)
		}
		if all := took(); slices.Index(all, "1") > 12 {
			t.Errorf("the follower naps for %v seconds", all)
		}
	})
}

// BenchmarkFollower is what a host pays while a quiet step is followed there: one turn is a second. Real shells of this machine, whose
// CPU time is that of the session's shell and of all that it runs.
//
//	go test ./remote -run xxx -bench Follower -benchtime 20x
func BenchmarkFollower(b *testing.B) {
	for name := range shells(b) {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, name)
			k := w.keeper()
			cost := func(job string, d time.Duration) float64 {
				before := w.spent.Load()
				followGated(b, w, k, job, func() { time.Sleep(d) })
				w.procs.Wait()
				return float64(w.spent.Load() - before)
			}
			calm := 4 * time.Second // by then the naps are long
			cost("first", 0)        // the host is known from now on
			short := cost("short", calm)
			b.ResetTimer()
			long := cost("long", calm+time.Duration(b.N)*time.Second)
			b.ReportMetric(0, "ns/op") // a second, by its make
			b.ReportMetric((long-short)/1e6/float64(b.N), "cpu-ms/s")
		})
	}
}
