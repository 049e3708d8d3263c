package remote

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
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
