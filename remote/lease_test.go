package remote

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func (w *world) leasing(o *Options) { o.Lease = filepath.Join(filepath.Dir(w.root), "tend.lease") }

func claim(owner, run string) Claim { return Claim{owner, run, time.Unix(1790000000, 0)} }

func TestLease(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		k, ctx := w.keeper(w.leasing), within(t, 60*time.Second)
		if _, held, err := k.Inspect(ctx, w.host); held || err != nil {
			t.Fatalf("nobody's host: held %v, %v", held, err)
		}
		mine, other := claim("ops team@console 1", "261122-2213-k7f34"), claim("ops team@console 1", "261122-2213-k7f3")
		l, err := k.Acquire(ctx, w.host, mine)
		if err != nil || !l.Mine || !l.Fresh || l.Owner != mine.Owner || l.Run != mine.Run || !l.At.Equal(mine.At) || l.Boot == "" || l.UID != os.Getuid() || l.Seen < 0 || l.Seen > time.Minute {
			t.Fatalf("%+v, %v", l, err)
		}
		// The same run again, after a crash: it still holds it.
		beat := k.o.Lease + "." + mine.Run
		_ = os.Remove(beat)
		if l, err := w.keeper(w.leasing).Acquire(ctx, w.host, mine); err != nil || !l.Mine || l.Fresh || l.Seen < 0 {
			t.Errorf("again: %+v, %v", l, err)
		}
		l, err = k.Acquire(ctx, w.host, other)
		if e := asError(t, err); e.Kind != Leased || !e.NotStarted() || !strings.Contains(e.Error(), mine.Run) || !strings.Contains(e.Error(), mine.Owner) || l.Run != mine.Run || l.Mine {
			t.Errorf("another run: %+v, %v", l, err)
		}
		_ = os.Remove(beat)
		if err := k.Renew(ctx, w.host, mine); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(beat); err != nil {
			t.Errorf("renewed, and nobody can see it: %v", err)
		}
		if err := k.Release(ctx, w.host, other); err != nil {
			t.Error(err)
		}
		if l, held, err := k.Inspect(ctx, w.host); !held || err != nil || l.Run != mine.Run {
			t.Errorf("after a stranger's release: %+v, %v, %v", l, held, err)
		}
		w.stub("mv", "exit 1")
		l, _, _ = k.Inspect(ctx, w.host)
		if k.Release(ctx, w.host, mine) == nil || k.Break(ctx, w.host, l) == nil {
			t.Error("what could not be removed is said to be free")
		}
		w.stub("mv", "PATH=/usr/bin:/bin exec mv \"$@\"")
		if err := k.Release(ctx, w.host, mine); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(filepath.Dir(w.root) + "/tend.lease*"); len(left) > 0 {
			t.Errorf("released, and %v are still there", left)
		}
		if e := asError(t, k.Renew(ctx, w.host, mine)); e.Kind != Leased {
			t.Errorf("renewed what is nobody's: %v", e)
		}
	})
}

// TestLeaseRace: many consoles want one host; one gets it.
func TestLeaseRace(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		var got atomic.Int64
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				_, err := w.keeper(w.leasing).Acquire(within(t, 60*time.Second), w.host, claim("ops", fmt.Sprint("run", i)))
				var e *Error
				switch {
				case err == nil:
					got.Add(1)
				case !errors.As(err, &e) || e.Kind != Leased:
					t.Errorf("run %d: %v", i, err)
				}
			})
		}
		all.Wait()
		if got.Load() != 1 {
			t.Errorf("%d runs have the host", got.Load())
		}
	})
}

// TestLeaseBroken: a decision is about one lease; the next one is not broken by it.
func TestLeaseBroken(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		proc := filepath.Join(filepath.Dir(w.root), "proc")
		w.setBoot(proc, "boot-1", 1)
		k, ctx := w.keeper(w.leasing, func(o *Options) { o.proc = proc }), within(t, 60*time.Second)
		dead, next := claim("ops", "dead"), claim("ops", "next")
		if _, err := k.Acquire(ctx, w.host, dead); err != nil {
			t.Fatal(err)
		}
		w.setBoot(proc, "boot-2", 1)
		seen, held, err := k.Inspect(ctx, w.host)
		if err != nil || !held || !seen.Rebooted || seen.Seen >= 0 || !strings.Contains(seen.String(), "restarted") {
			t.Fatalf("the evidence: %v, %v, %v", seen, held, err)
		}
		if err := k.Break(ctx, w.host, seen); err != nil {
			t.Fatal(err)
		}
		if e := asError(t, k.Renew(ctx, w.host, dead)); e.Kind != Leased {
			t.Error(e)
		}
		if _, err := os.Lstat(k.o.Lease + ".dead"); err == nil {
			t.Error("the beat of the broken lease is still there")
		}
		if _, err := k.Acquire(ctx, w.host, next); err != nil {
			t.Fatal(err)
		}
		if e := asError(t, k.Renew(ctx, w.host, dead)); e.Kind != Leased || !strings.Contains(e.Error(), "next") {
			t.Errorf("another run has it by now: %v", e)
		}
		if e := asError(t, k.Break(ctx, w.host, seen)); e.Kind != Leased {
			t.Error(e)
		}
		if err := k.Renew(ctx, w.host, next); err != nil {
			t.Errorf("the next run's lease: %v", err)
		}
		if err := k.Release(ctx, w.host, next); err != nil {
			t.Fatal(err)
		}
		_, err = k.Acquire(ctx, w.host, dead)
		if e := asError(t, err); e.Kind != Leased || !e.NotStarted() || !strings.Contains(e.Error(), "broken") {
			t.Errorf("the run whose lease was broken: %v", err)
		}
		mark := k.o.Lease + ".broken.dead"
		if _, err := os.Lstat(mark); err != nil {
			t.Error(err)
		}
		if err := k.Release(ctx, w.host, dead); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(mark); err == nil {
			t.Error("the run has ended, and the mark of its broken lease stays for ever")
		}
	})
}

// TestLeaseBrokenUnderARun: a run whose lease was broken while it is at work ends what runs, and starts nothing more on that host.
func TestLeaseBrokenUnderARun(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, w *world) {
		k, ctx := w.keeper(w.leasing), within(t, 90*time.Second)
		if _, err := k.Acquire(ctx, w.host, claim("ops", "mine")); err != nil {
			t.Fatal(err)
		}
		beat := filepath.Join(filepath.Dir(w.root), "tend.lease.mine")
		if err := os.Remove(beat); err != nil {
			t.Fatal(err)
		}
		s, breaker := &sink{t: t}, w.keeper(w.leasing)
		exit, err := k.Carry(ctx, Order{Host: w.host, Job: "first", Script: "echo up; exit 3"}, func(off int64, p []byte) error {
			if _, err := os.Readlink(beat); err != nil {
				t.Errorf("a start tells the lease that its run is here: %v", err)
			}
			l, held, err := breaker.Inspect(ctx, w.host)
			if err != nil || !held {
				t.Fatalf("%v, %v", held, err)
			}
			if err := breaker.Break(ctx, w.host, l); err != nil {
				t.Fatal(err)
			}
			return s.take(off, p)
		})
		if exit != 3 || err != nil || s.String() != "up\n" {
			t.Errorf("what was running: exit %d, %v, %q", exit, err, s)
		}
		if _, err := breaker.Acquire(ctx, w.host, claim("eve", "other")); err != nil {
			t.Fatal(err)
		}
		_, err = k.Carry(ctx, Order{Host: w.host, Job: "second", Script: "echo never"}, s.take)
		if e := asError(t, err); e.Kind != Leased || !e.NotStarted() {
			t.Errorf("the next step: %v", err)
		}
		if _, err := os.Stat(filepath.Join(w.root, "jobs", "second")); err == nil {
			t.Error("something of the next step is on the host")
		}
		// Ordered before, by a runner that died, and never come: it is given up, since nobody can tell whose the host was meanwhile.
		k.Knew(w.host.Name, false, "whatever")
		_, err = k.Carry(ctx, Order{Host: w.host, Job: "third", Script: "echo never", Adopt: true}, s.take)
		if e := asError(t, err); e.Kind != Absent || e.NotStarted() {
			t.Errorf("an adopted step: %v", err)
		}
	})
}

// TestLeaseWitness: a lease that was held before the crash says which boot the host was in.
func TestLeaseWitness(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "dash")
	proc := filepath.Join(filepath.Dir(w.root), "proc")
	w.setBoot(proc, "boot-1", 1)
	opts := []func(*Options){w.leasing, func(o *Options) { o.proc = proc }}
	ctx, c := within(t, 60*time.Second), claim("ops", "run")
	w.stub("df", "echo Filesystem; echo /dev/sda1 1 1 1 1% /") // the test's own directory may lie in memory
	if _, err := w.keeper(opts...).Acquire(ctx, w.host, c); err != nil {
		t.Fatal(err)
	}
	script, _ := w.counting(1)
	adopt := func(k *Keeper, job string) (int, error) {
		return k.Carry(ctx, Order{Host: w.host, Job: job, Script: script, Adopt: true}, (&sink{t: t}).take)
	}
	k := w.keeper(opts...)
	if _, err := k.Acquire(ctx, w.host, c); err != nil {
		t.Fatal(err)
	}
	if exit, err := adopt(k, "j1"); exit != 37 || err != nil || w.executions() != 1 {
		t.Errorf("same boot: exit %d, %v", exit, err)
	}
	w.setBoot(proc, "boot-2", 1)
	k = w.keeper(opts...)
	if _, err := k.Acquire(ctx, w.host, c); err != nil {
		t.Fatal(err)
	}
	if _, err := adopt(k, "j2"); asError(t, err).Kind != Absent || w.executions() != 1 {
		t.Errorf("another boot: %v", err)
	}
	// No lease: the runner was killed after it had recorded its intent and before it came to the host.
	if err := k.Release(ctx, w.host, c); err != nil {
		t.Fatal(err)
	}
	// What the journal has from before that is older, and proves more.
	k = w.keeper(opts...)
	k.Knew(w.host.Name, false, "boot-1+1")
	if l, err := k.Acquire(ctx, w.host, c); err != nil || !l.Fresh || l.Volatile {
		t.Fatalf("%+v, %v", l, err)
	}
	if _, err := adopt(k, "older"); asError(t, err).Kind != Absent || w.executions() != 1 {
		t.Errorf("ordered before the host was restarted: %v, %d executions", err, w.executions())
	}
	if err := k.Release(ctx, w.host, c); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{2, 2, 2, 2} { // on disk, then in memory, then nobody knows where, then it may not be on disk yet
		k = w.keeper(opts...)
		l, err := k.Acquire(ctx, w.host, c)
		if err != nil || !l.Fresh || l.Volatile != (i > 0) {
			t.Fatalf("%d: %+v, %v", i, l, err)
		}
		_, err = adopt(k, fmt.Sprint("fresh", i))
		if (err != nil) != l.Volatile || w.executions() != want {
			t.Errorf("volatile %v: %v, %d executions", l.Volatile, err, w.executions())
		}
		if err := k.Release(ctx, w.host, c); err != nil {
			t.Fatal(err)
		}
		w.stub("df", []string{"echo Filesystem; echo tmpfs 1 1 1 1% /", "exit 1", "echo Filesystem; echo /dev/sda1 1 1 1 1% /", ""}[i])
		if i == 2 {
			w.stub("sync", "exit 1")
		}
	}
}

// TestLeaseHostile: what lies there may be anything.
func TestLeaseHostile(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"x", "/", "%1b[2J run\x1b[2J 99999999999999999999 $(reboot)", "-n", "' ; reboot '", "a b c d e f g", strings.Repeat("x", 1500)} {
		w := newWorld(t, "dash")
		k, ctx := w.keeper(w.leasing), within(t, 60*time.Second)
		if err := os.Symlink(target, k.o.Lease); err != nil {
			t.Fatal(err)
		}
		l, err := k.Acquire(ctx, w.host, claim("ops", "run"))
		if e := asError(t, err); e.Kind != Leased || strings.ContainsAny(e.Error(), "\x1b\n") {
			t.Errorf("%q: %v", target, err)
		}
		if err := k.Break(ctx, w.host, l); err != nil {
			t.Errorf("%q: %v", target, err)
		}
		if _, err := k.Acquire(ctx, w.host, claim("ops", "run")); err != nil {
			t.Errorf("%q: %v", target, err)
		}
	}
	for name := range shells(t) {
		w := newWorld(t, name)
		k, ctx := w.keeper(w.leasing), within(t, 90*time.Second)
		l, err := k.Acquire(ctx, w.host, claim("eve", "x"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(k.o.Lease + ".x"); err != nil {
			t.Fatal(err)
		}
		victim := filepath.Dir(w.root) + "/victim"
		if err := os.Symlink(l.Boot+" a[$(echo>"+victim+")]", k.o.Lease+".x"); err != nil {
			t.Fatal(err)
		}
		if l, held, err := k.Inspect(ctx, w.host); !held || err != nil || l.Seen >= 0 {
			t.Errorf("%s: %+v, %v", name, l, err)
		}
		if _, err := os.Stat(victim); err == nil {
			t.Errorf("%s: a beat was run as a command", name)
		}
	}
	w := newWorld(t, "dash")
	dir := filepath.Dir(w.root)
	if err := os.Mkdir(dir+"/tend.lease.x", 0o700); err != nil {
		t.Fatal(err)
	}
	for p, text := range map[string]string{dir + "/victim": "x", dir + "/tend.lease": ""} {
		if text == "" {
			if err := os.Symlink("eve x/../victim 1 b", p); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k, ctx := w.keeper(w.leasing), within(t, 90*time.Second)
	l, _, err := k.Inspect(ctx, w.host)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Break(ctx, w.host, l); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir + "/victim"); err != nil {
		t.Errorf("a lease with a path in it made us remove a file: %v", err)
	}
	_, err = w.keeper(func(o *Options) { o.Lease = "/proc/none/tend.lease" }).Acquire(within(t, 90*time.Second), w.host, claim("ops", "run"))
	if e := asError(t, err); e.Kind != Refused {
		t.Errorf("a place where nothing can be made: %v", err)
	}
}
