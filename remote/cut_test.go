package remote

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestCutScript: SSH.md, case 13. A start script that the link cut anywhere runs nothing.
func TestCutScript(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		k := w.keeper()
		body, _ := w.counting(1)
		f := &following{k: k, o: Order{Host: w.host, Job: "j", Script: body}, nonce: "n0"}
		script, err := f.script()
		if err != nil {
			t.Fatal(err)
		}
		step := 61
		if os.Getenv("TEND_LONG") != "" {
			step = 1
		}
		for n := 0; n < len(script)-1; n += step {
			if len(script)-n < 120 {
				step = 1
			}
			in := newFeed()
			in.add(script[:n])
			in.close()
			if _, err := w.Exec(within(t, 90*time.Second), w.host, "exec /bin/sh -s", in, &strings.Builder{}, &strings.Builder{}); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Lstat(w.root); !errors.Is(err, os.ErrNotExist) {
				t.Fatalf("%d of %d bytes of the script did something: %q", n, len(script), script[max(0, n-40):n])
			}
		}
	})
}

// TestRandomCuts: SSH.md, cases 13 and 14: links that are cut anywhere, in either direction, again and again. One execution, and every byte
// of output once.
func TestRandomCuts(t *testing.T) {
	t.Parallel()
	seeds := 60 // and 200 over real TCP and sshd: TestSSHCuts
	switch {
	case os.Getenv("TEND_LONG") != "":
		seeds = 1000
	case testing.Short():
		seeds = 12
	}
	names := make([]string, 0, 3)
	for name := range shells(t) {
		names = append(names, name)
	}
	gate := make(chan struct{}, 4) // two cores
	for seed := range seeds {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			gate <- struct{}{}
			defer func() { <-gate }()
			w := newWorld(t, names[seed%len(names)])
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			var mu sync.Mutex
			cuts := 1 + r.IntN(5)
			w.limits = func(n int) (int, int) {
				mu.Lock()
				defer mu.Unlock()
				switch {
				case n >= cuts:
					return -1, -1
				case r.IntN(3) == 0:
					return r.IntN(14000), -1
				}
				return -1, r.IntN(1 << r.IntN(17))
			}
			script, want := w.counting(2000)
			s := &sink{t: t}
			k, o := w.keeper(), Order{Host: w.host, Job: "j", Script: script}
			exit, err := k.Carry(within(t, 60*time.Second), o, s.take)
			if notStarted(err) { // so often that it could never be sent: the caller's to send again
				exit, err = k.Carry(within(t, 60*time.Second), o, s.take)
			}
			if err != nil || exit != 37 {
				t.Fatalf("exit %d, %v", exit, err)
			}
			if s.String() != want {
				t.Errorf("output of %d bytes differs from the %d that the step wrote", s.off, len(want))
			}
			if n := w.executions(); n != 1 {
				t.Errorf("%d executions", n)
			}
		})
	}
}

// TestReplyLost: SSH.md, case 14. The whole start arrives, and nothing comes back.
func TestReplyLost(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		for _, frozen := range []bool{false, true} {
			w.frozen = frozen
			base := int(w.calls.Load())
			w.limits = func(n int) (int, int) {
				if n-base < 3 {
					return -1, 60 * (n - base)
				}
				return -1, -1
			}
			k := w.keeper(func(o *Options) { o.Silence = 300 * time.Millisecond })
			k.hosts[place{w.host.Name, false}] = &memo{known: true, facts: Facts{Boot: w.boot(k), Writable: true}}
			script, want := w.counting(50)
			if frozen { // nothing at all comes back: only the transport's own keepalive can notice that
				w.limits = func(n int) (int, int) {
					if n-base < 2 {
						return -1, 60 + 60*(n-base)
					}
					return -1, -1
				}
			}
			s, before := &sink{t: t}, w.executions()
			exit, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: fmt.Sprintf("j%v", frozen), Script: script}, s.take)
			if err != nil || exit != 37 || s.String() != want || w.executions()-before != 1 {
				t.Errorf("frozen %v: exit %d, %v, %d bytes, %d executions", frozen, exit, err, s.off, w.executions()-before)
			}
			if frozen && w.drops.Load() == 0 {
				t.Error("the silent connection was not dropped")
			}
		}
	})
}

// boot asks for the identity over an undisturbed link.
func (w *world) boot(k *Keeper) string {
	limits, frozen := w.limits, w.frozen
	w.limits, w.frozen = nil, false
	defer func() { w.limits, w.frozen = limits, frozen }()
	b, err := k.Identity(within(w.t, 10*time.Second), w.host)
	if err != nil {
		w.t.Fatal(err)
	}
	w.calls.Add(-1)
	return b
}
