package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

func TestMaskHidesSecretsWhereverTheyAreCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.StringMatching(`[ab]{4,7}`), 1, 3).Draw(t, "secrets")
		plain := rapid.StringMatching(`[abc]{0,60}`).Draw(t, "output")
		var hide [][]byte
		for _, s := range list {
			hide = append(hide, []byte(s))
		}
		whole := mask{secrets: hide}
		want := string(append(whole.feed([]byte(plain)), whole.rest()...))
		m, got, rest := mask{secrets: hide}, "", plain
		for rest != "" {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			got += string(m.feed([]byte(rest[:n])))
			rest = rest[n:]
		}
		got += string(m.rest())
		if got != want || len(got) != len(plain) {
			t.Fatalf("%q masked is %q, in pieces %q", plain, want, got)
		}
		for i := range plain {
			inside := slices.ContainsFunc(list, func(s string) bool {
				for k := range s {
					if i-k >= 0 && strings.HasPrefix(plain[i-k:], s) {
						return true
					}
				}
				return false
			})
			if (got[i] == '*') != inside {
				t.Fatalf("%q masked is %q: wrong at %d", plain, got, i)
			}
		}
	})
}

func TestSecretsNeverReachTheJournal(t *testing.T) {
	secret := "hunter2 hunter2"
	text := "+ mysql -p" + secret + "\n" + strings.Repeat("z", 993) + secret // the second one stands across a border of pieces
	w := newWorld(func(inventory.HostID, string, int) act { return act{output: text, exit: 1} })
	var script string
	p := plan(1, runbooks.Step{ID: "a"})
	p.Params = map[string]string{"password": "(secret)"}
	p.Secrets = []runbooks.Param{{Name: "password", Type: "string", Secret: true}}
	does := w.does
	w.does = func(h inventory.HostID, s string, n int) act { script = s; return does(h, s, n) }
	s, events, err := carried(t, p, w, Options{Secrets: map[string]string{"password": secret}})
	if err != nil {
		t.Fatal(err)
	}
	if script != "password='"+secret+"'\na" {
		t.Errorf("the host got %q", script)
	}
	for _, e := range events {
		raw, err := journal.EncodeBody(e.Body)
		if err != nil || bytes.Contains(raw, []byte("hunter2")) {
			t.Errorf("%s %v", raw, err)
		}
	}
	if out := outputs(t, events)["h00 a"]; out != strings.ReplaceAll(text, secret, strings.Repeat("*", len(secret))) {
		t.Errorf("output %q", out)
	}
	if _, _, err := carried(t, p, w, Options{}); err == nil || s.Result != journal.SomeFailed {
		t.Errorf("a run without its secrets: %v", err)
	}
}

// drip writes to the sink bit by bit, each after a time.
type drip struct {
	*world
	bits []string
	gap  time.Duration
}

func (d drip) Carry(ctx context.Context, o Order, sink func(int64, []byte) error) (int, error) {
	at := int64(0)
	for _, b := range d.bits {
		time.Sleep(d.gap)
		if err := sink(at, []byte(b)); err != nil {
			return 0, err
		}
		at += int64(len(b))
	}
	return 0, ctx.Err()
}

// chunks are the sizes of the OutputRead events, and when they came.
func chunks(events []journal.Event) (sizes []int, at []time.Duration) {
	for _, e := range events {
		if b, ok := e.Body.(journal.OutputRead); ok {
			sizes, at = append(sizes, len(b.Data)), append(at, e.At.Sub(events[0].At))
		}
	}
	return sizes, at
}

func TestOutputIsGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drip{newWorld(nil), strings.Split(strings.Repeat("x ", 30), " "), 9 * time.Millisecond}
		book := journal.NewMemory("o", nil)
		s := begun(t, book, plan(1, runbooks.Step{ID: "a"}))
		if err := New(book, d, d, Options{}).Run(t.Context(), s, nil); err != nil {
			t.Fatal(err)
		}
		sizes, at := chunks(all(t, book, s.Run))
		if !slices.Equal(sizes, []int{12, 12, 6}) || at[0] != 109*time.Millisecond {
			t.Errorf("%v at %v", sizes, at)
		}
	})
}

// slow is a journal whose every append takes a while.
type slow struct {
	journal.Journal
	takes time.Duration
	mu    sync.Mutex
	calls int
}

func (s *slow) Append(ctx context.Context, run journal.RunID, b ...journal.Body) ([]journal.Event, error) {
	time.Sleep(s.takes)
	s.mu.Lock()
	s.calls++
	s.mu.Unlock()
	return s.Journal.Append(ctx, run, b...)
}

// TestFastOutputWaitsForASlowJournal: what the engine holds of a step's output is bounded, and nothing is lost.
func TestFastOutputWaitsForASlowJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pieces = 400
		d := drip{newWorld(nil), slices.Repeat([]string{strings.Repeat("m", 10_000)}, pieces), 0}
		book := &slow{Journal: journal.NewMemory("o", nil), takes: 50 * time.Millisecond}
		s := begun(t, book, plan(1, runbooks.Step{ID: "a"}))
		if err := New(book, d, d, Options{}).Run(t.Context(), s, nil); err != nil {
			t.Fatal(err)
		}
		sizes, _ := chunks(all(t, book, s.Run))
		total := 0
		for _, n := range sizes {
			total += n
		}
		if total != pieces*10_000 || slices.Max(sizes) > chunk {
			t.Errorf("%d bytes in chunks of up to %d", total, slices.Max(sizes))
		}
	})
}

// TestHostsShareSyncs: with 64 hosts at work and a journal that takes 20 ms an append, a step costs the syncs of one host, not of 64.
func TestHostsShareSyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(h inventory.HostID, _ string, _ int) act {
			return act{takes: 100*time.Millisecond + time.Duration(h[len(h)-1])*time.Microsecond, output: "done\n"}
		})
		book := &slow{Journal: journal.NewMemory("o", nil), takes: 20 * time.Millisecond}
		s := begun(t, book, plan(64, runbooks.Step{ID: "a"}, runbooks.Step{ID: "b"}))
		start := time.Now()
		if err := New(book, w, w, Options{}).Run(t.Context(), s, nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 400*time.Millisecond || w.peak != 64 || book.calls > 20 {
			t.Errorf("128 steps took %s, %d at once, in %d appends", took, w.peak, book.calls)
		}
	})
}

func TestOutputWithAGapIsRefused(t *testing.T) {
	box := &mailbox{bell: make(chan struct{}, 1)}
	tp := newTap(&attempt{step: &runbooks.Step{}}, box, 0, 0)
	if err := tp.sink(t.Context(), 0, []byte("abc")); err != nil {
		t.Fatal(err)
	}
	for _, offset := range []int64{2, 4} {
		if err := tp.sink(t.Context(), offset, []byte("d")); err == nil {
			t.Errorf("offset %d was taken behind 3 bytes", offset)
		}
	}
}

// failing is a journal whose disk fails after a number of appends.
type failing struct {
	journal.Journal
	good int
}

func (f *failing) Append(ctx context.Context, run journal.RunID, b ...journal.Body) ([]journal.Event, error) {
	if f.good--; f.good < 0 {
		return nil, fmt.Errorf("%w: no space left on device", journal.ErrNotSaved)
	}
	return f.Journal.Append(ctx, run, b...)
}

// TestNothingStartsOnceTheJournalFails: at whichever append the disk fails, what started was durable before, the error says what was
// not saved, and a later run with a sound disk ends as it should.
func TestNothingStartsOnceTheJournalFails(t *testing.T) {
	p := plan(3, runbooks.Step{ID: "look", Risk: runbooks.Read}, runbooks.Step{ID: "a"})
	p.Policy.Parallel = 2
	reached := 0
	for good := range 40 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(minute)
			book := journal.NewMemory("o", nil)
			s := begun(t, book, p)
			err := New(&failing{book, good}, w, w, Options{}).Run(t.Context(), s, nil)
			if err == nil {
				return
			}
			reached++
			var ns *NotSaved
			if !errors.As(err, &ns) || !errors.Is(err, journal.ErrNotSaved) || !strings.Contains(err.Error(), "no space left on device") || Hint(err) == "" {
				t.Fatalf("%v", err)
			}
			begun := map[string]bool{}
			for _, l := range story(all(t, book, s.Run)) {
				if f := strings.Fields(l); f[0] == "start" {
					begun[f[1]+" "+f[2]] = true
				}
			}
			for what := range w.runs {
				if !begun[what] {
					t.Errorf("after %d appends: %s began, and the journal does not know", good, what)
				}
			}
			for _, l := range ns.Lost {
				if !strings.Contains(l, ": ") {
					t.Errorf("lost: %q", l)
				}
			}
			s = refold(t, book, s.Run)
			if err := New(book, w, w, Options{}).Run(t.Context(), s, nil); err != nil || s.Result != journal.Passed {
				t.Errorf("after %d appends: resumed, %v, %s", good, err, s.Result)
			}
			for _, h := range []string{"h00 a", "h01 a", "h02 a"} {
				if w.runs[h] != 1 {
					t.Errorf("after %d appends: %s ran %d times", good, h, w.runs[h])
				}
			}
		})
	}
	if reached < 8 {
		t.Errorf("the disk failed in %d runs only", reached)
	}
}

func TestNotSavedNamesWhatIsLostAndLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(h inventory.HostID, _ string, _ int) act {
			if h == "h00" {
				return act{takes: time.Second, exit: 3, output: "no\n"}
			}
			return act{takes: time.Hour}
		})
		book := journal.NewMemory("o", nil)
		s := begun(t, book, plan(2, runbooks.Step{ID: "a"}))
		err := New(&failing{book, 3}, w, w, Options{}).Run(t.Context(), s, nil) // the wave, the starts, the output
		want := "the run stopped, because its journal could not be written: the journal could not save the event: no space left on device; " +
			"not saved: h00: a ended: failed, exit 3; left running: h01: a, job 261122-2213-k7f3-a-h01-1"
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
}

// TestLostOutputIsOneLoss: a step that had written much is named once, with all that it had written.
func TestLostOutputIsOneLoss(t *testing.T) {
	piece := func(host inventory.HostID, n int) journal.Body {
		return journal.OutputRead{Host: host, Step: "a", Data: make([]byte, n)}
	}
	e := notSaved(journal.ErrNotSaved, []journal.Body{piece("h00", 32768), piece("h01", 3), piece("h00", 32768), piece("h00", 4)})
	slices.Sort(e.Lost)
	if want := []string{"h00: 65540 bytes of output of a", "h01: 3 bytes of output of a"}; !slices.Equal(e.Lost, want) {
		t.Errorf("%q", e.Lost)
	}
}

// TestHandsThatCannotRecordLeaveTheStep: hands record roads in the journal themselves. Where that fails the step goes on, on its host:
// it is not called unknown.
func TestHandsThatCannotRecordLeaveTheStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(inventory.HostID, string, int) act {
			return act{takes: time.Second, err: fmt.Errorf("road: %w: no space left on device", journal.ErrNotSaved)}
		})
		book := journal.NewMemory("o", nil)
		s := begun(t, book, plan(2, runbooks.Step{ID: "a"}))
		err := New(book, w, w, Options{}).Run(t.Context(), s, nil)
		var ns *NotSaved
		if !errors.As(err, &ns) || len(ns.Left) != 2 || !s.Hosts[0].Steps[0].Running {
			t.Fatalf("%v %+v", err, s.Hosts[0])
		}
		if r := remarks(all(t, book, s.Run)); len(r) != 1 || !strings.Contains(r[0], "left running: h01: a, job") {
			t.Errorf("remarks %q", r)
		}
	})
}
