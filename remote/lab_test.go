package remote

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tend/inventory"
	"tend/lab"
	"tend/ssh"
)

// labHosts are simulated hosts of each kind of userland, over real SSH.
const labHosts = `
[defaults]
user = "ops"
become = "sudo"

[[site]]
name = "lab1"
  [[site.rack]]
  name = "r01"
  units = 42
    [[site.rack.host]]
    name = "deb"
    addr = "10.1.1.1"
    os = "debian-12"
    [[site.rack.host]]
    name = "rocky"
    addr = "10.1.1.2"
    os = "rocky-9"
    [[site.rack.host]]
    name = "alpine"
    addr = "10.1.1.3"
    os = "alpine-3.20"
    [[site.rack.host]]
    name = "bsd"
    addr = "10.1.1.4"
    os = "freebsd-14"
`

type room struct {
	*lab.Lab
	c *ssh.Client
	t testing.TB
}

func overLab(t testing.TB, faults ...string) *room { return overFastLab(t, 1, faults...) }

// overFastLab serves a lab whose time runs so much faster than ours.
func overFastLab(t testing.TB, speed float64, faults ...string) *room {
	t.Helper()
	inv, err := inventory.Parse("lab.toml", []byte(labHosts))
	if err != nil {
		t.Fatal(err)
	}
	o := lab.Options{Inventory: inv, Dir: t.TempDir(), Seed: 7, Speed: speed, Log: t.Logf}
	for _, s := range append(faults, "alive") {
		f, err := lab.ParseFault(s)
		if err != nil {
			t.Fatal(err)
		}
		o.Faults = append(o.Faults, f)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l, err := lab.Serve(ctx, o)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	c := ssh.New(ssh.Options{ConfigFiles: []string{}, Home: t.TempDir(), AgentSocket: "none", Getenv: func(string) string { return "" }})
	t.Cleanup(func() { _ = c.Close(); cancel(); l.Wait() })
	return &room{l, c, t}
}

func (r *room) host(name string) (inventory.Host, lab.HostView) {
	r.t.Helper()
	h, ok := r.Inventory().Host(inventory.HostID(name))
	v, ok2 := r.Host(name)
	if !ok || !ok2 {
		r.t.Fatalf("no host %s", name)
	}
	return h, v
}

func (r *room) keeper(more ...func(*Options)) *Keeper {
	o := Options{Backoff: Backoff{First: 10 * time.Millisecond, Max: 100 * time.Millisecond}}
	for _, f := range more {
		f(&o)
	}
	return New(r.c, o)
}

// ran counts a step's executions on a lab host.
func ran(v lab.HostView) int {
	b, err := v.ReadFile("/var/tmp/ran")
	if err != nil {
		return 0
	}
	return strings.Count(string(b), "run\n")
}

const labStep = `echo run >>/var/tmp/ran; i=0; while [ $i -lt 300 ]; do echo "line $i"; i=$((i+1)); done; exit 37`

func labWant() string {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()
}

// TestLab: the same scripts on hosts that are simulated, which nothing here can tell.
func TestLab(t *testing.T) {
	t.Parallel()
	r := overLab(t)
	for _, name := range []string{"deb", "rocky", "alpine", "bsd"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, v := r.host(name)
			k, ctx := r.keeper(), within(t, 60*time.Second)
			s := &sink{t: t}
			if exit, err := k.Carry(ctx, Order{Host: h, Script: "echo out; echo err >&2; cat; exit 5"}, s.take); exit != 5 || err != nil || s.String() != "out\nerr\n" {
				t.Errorf("attached: exit %d, %v, %q", exit, err, s)
			}
			for i, become := range []bool{false, true} {
				s, job := &sink{t: t}, fmt.Sprint("j", i)
				if exit, err := k.Carry(ctx, Order{Host: h, Job: job, Become: become, Script: labStep}, s.take); exit != 37 || err != nil || s.String() != labWant() || ran(v) != i+1 {
					t.Errorf("detached, become %v: exit %d, %v, %d bytes, %d executions", become, exit, err, s.off, ran(v))
				}
				if f, err := k.Preflight(ctx, h, become); err != nil || len(f.Lack) > 0 {
					t.Errorf("preflight: %+v, %v", f, err)
				}
				// Another keeper does not know whose job it is, and finds it.
				if err := r.keeper().Forget(ctx, h, job); err != nil {
					t.Error(err)
				}
				if st, _, err := k.Status(ctx, h, job); st != "gone" || err != nil {
					t.Errorf("forgotten: %s, %v", st, err)
				}
			}
			r.signal(t, h)
			r.lease(t, h)
		})
	}
}

func (r *room) signal(t *testing.T, h inventory.Host) {
	k, s := r.keeper(), &sink{t: t}
	var exit int
	var err error
	var done sync.WaitGroup
	done.Go(func() {
		exit, err = k.Carry(within(t, 60*time.Second), Order{Host: h, Job: "term", Become: true, Script: "echo up; sleep 1000; echo never"}, s.take)
	})
	until(t, "the step", func() bool { return s.String() == "up\n" })
	if err := k.Signal(within(t, 90*time.Second), h, "term", "TERM"); err != nil {
		t.Error(err)
	}
	done.Wait()
	if exit != 143 || err != nil || s.String() != "up\n" {
		t.Errorf("signalled: exit %d, %v, %q", exit, err, s)
	}
}

func (r *room) lease(t *testing.T, h inventory.Host) {
	k, ctx := r.keeper(), within(t, 60*time.Second)
	if l, err := k.Acquire(ctx, h, claim("ops", "a")); err != nil || !l.Fresh || l.Rebooted || l.Seen < 0 && h.Name != "bsd" {
		t.Errorf("lease: %+v, %v", l, err)
	}
	l, err := k.Acquire(ctx, h, claim("ops", "b"))
	if e := asError(t, err); e.Kind != Leased {
		t.Errorf("another run: %v", err)
	}
	if err := k.Break(ctx, h, l); err != nil {
		t.Error(err)
	}
	if err := k.Renew(ctx, h, claim("ops", "a")); err == nil {
		t.Error("a broken lease was renewed")
	}
}

// TestLabCuts: the host drops its connections at random moments.
func TestLabCuts(t *testing.T) {
	t.Parallel()
	r := overLab(t)
	h, v := r.host("deb")
	seeds := 200
	if testing.Short() {
		seeds = 40
	}
	for seed := range seeds {
		rnd, k, before := rand.New(rand.NewPCG(uint64(seed), 3)), r.keeper(), ran(v)
		s, ctx := &sink{t: t}, within(t, 60*time.Second)
		over, stop := context.WithCancel(ctx)
		var cutter sync.WaitGroup
		cutter.Go(func() {
			for range 1 + rnd.IntN(4) {
				select {
				case <-over.Done():
					return
				case <-time.After(time.Duration(rnd.IntN(60)) * time.Millisecond):
					v.Cut()
				}
			}
		})
		o := Order{Host: h, Job: fmt.Sprint("j", seed), Become: true, Script: labStep}
		exit, err := k.Carry(ctx, o, s.take)
		for notStarted(err) {
			exit, err = k.Carry(ctx, o, s.take)
		}
		stop()
		cutter.Wait()
		if exit != 37 || err != nil || s.String() != labWant() || ran(v)-before != 1 {
			t.Fatalf("seed %d: exit %d, %v, %d bytes, %d executions", seed, exit, err, s.off, ran(v)-before)
		}
	}
}

// TestLabReboot: SSH.md, case 18, and the verified restart.
func TestLabReboot(t *testing.T) {
	t.Parallel()
	r := overFastLab(t, 20)
	h, v := r.host("deb")
	k, ctx := r.keeper(), within(t, 120*time.Second)
	before, err := k.Identity(ctx, h)
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{t: t}
	var once sync.Once
	_, err = k.Carry(ctx, Order{Host: h, Job: "j", Become: true, Script: "echo run >>/var/tmp/ran; echo up; sleep 1000"}, func(off int64, p []byte) error {
		once.Do(v.Reboot)
		return s.take(off, p)
	})
	if e := asError(t, err); e.Kind != LostReboot || e.NotStarted() || ran(v) != 1 || s.String() != "up\n" {
		t.Errorf("%v, %d executions, %q", err, ran(v), s)
	}
	mid, err := k.Identity(ctx, h)
	if err != nil || mid == before {
		t.Errorf("identity %q, was %q, %v", mid, before, err)
	}
	if err := k.Restart(ctx, h); err != nil {
		t.Fatal(err)
	}
	until(t, "another boot", func() bool {
		id, err := k.Identity(ctx, h)
		return err == nil && id != mid
	})
}

// TestLabFaults: what the lab can do to a host, and what must come of it.
func TestLabFaults(t *testing.T) {
	t.Parallel()
	t.Run("sudo asks", func(t *testing.T) {
		r := overLab(t, "sudo-password")
		h, v := r.host("deb")
		var asked atomic.Int64
		for _, pass := range []string{"wrong", "lab"} {
			s := &sink{t: t}
			exit, err := r.keeper(password(pass, &asked)).Carry(within(t, 60*time.Second), Order{Host: h, Job: "j", Become: true, Script: labStep}, s.take)
			if pass == "lab" && (exit != 37 || err != nil || ran(v) != 1) {
				t.Errorf("the right password: exit %d, %v, %d executions", exit, err, ran(v))
			}
			if pass == "wrong" && (err == nil || asError(t, err).Kind != Refused || ran(v) != 0) {
				t.Errorf("a wrong password: exit %d, %v", exit, err)
			}
		}
	})
	for _, become := range []string{"su", "doas"} {
		t.Run(become+" asks", func(t *testing.T) {
			r := overLab(t, "sudo-password")
			h, v := r.host("deb")
			h.Become = become
			var asked atomic.Int64
			for i, pass := range []string{"wrong", "lab"} {
				s := &sink{t: t}
				exit, err := r.keeper(answers(become, pass, &asked)).Carry(within(t, 60*time.Second), Order{Host: h, Job: "j", Become: true, Script: labStep}, s.take)
				if pass == "lab" && (exit != 37 || err != nil || s.String() != labWant() || ran(v) != 1) {
					t.Errorf("the right password: exit %d, %v, %d executions, %q", exit, err, ran(v), s)
				}
				if pass == "wrong" && (err == nil || !strings.Contains(err.Error(), become+" refused the password") || ran(v) != 0) {
					t.Errorf("a wrong password: exit %d, %v", exit, err)
				}
				if asked.Load() != int64(i+1) {
					t.Errorf("asked %d times", asked.Load())
				}
			}
		})
	}
	t.Run("logind kills", func(t *testing.T) {
		r := overLab(t, "kill-user-processes")
		h, v := r.host("deb")
		_, err := r.keeper().Carry(within(t, 60*time.Second), Order{Host: h, Job: "user", Script: labStep}, (&sink{t: t}).take)
		if err == nil || asError(t, err).Kind != Keepless || ran(v) != 0 {
			t.Errorf("as a user: %v", err)
		}
		s := &sink{t: t}
		if exit, err := r.keeper().Carry(within(t, 60*time.Second), Order{Host: h, Job: "root", Become: true, Script: labStep}, s.take); exit != 37 || err != nil || s.String() != labWant() {
			t.Errorf("as root: exit %d, %v", exit, err)
		}
	})
	t.Run("a full disk", func(t *testing.T) {
		r := overLab(t, "disk-full")
		h, v := r.host("alpine")
		_, err := r.keeper().Carry(within(t, 60*time.Second), Order{Host: h, Job: "j", Become: true, Script: labStep}, (&sink{t: t}).take)
		if err == nil || asError(t, err).Kind != Keepless || !notStarted(err) || ran(v) != 0 {
			t.Errorf("%v", err)
		}
	})
	t.Run("a noisy login", func(t *testing.T) {
		r := overLab(t, "noisy-login")
		h, _ := r.host("rocky")
		for _, job := range []string{"", "j"} {
			s := &sink{t: t}
			if exit, err := r.keeper().Carry(within(t, 60*time.Second), Order{Host: h, Job: job, Script: labStep}, s.take); exit != 37 || err != nil || s.String() != labWant() {
				t.Errorf("job %q: exit %d, %v, %q", job, exit, err, s.String()[:min(80, len(s.String()))])
			}
		}
	})
	t.Run("cut again and again", func(t *testing.T) {
		r := overLab(t, "cut-after=1500")
		h, v := r.host("rocky")
		s := &sink{t: t}
		// Each session gets a little further, if at all: never round in circles, never twice.
		ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
		defer cancel()
		f, err := lab.ParseFault("-cut-after")
		if err != nil {
			t.Fatal(err)
		}
		mend := time.AfterFunc(3*time.Second, func() { _ = r.Inject(f) })
		defer mend.Stop()
		exit, err := r.keeper().Carry(ctx, Order{Host: h, Job: "j", Script: labStep}, s.take)
		if exit != 37 || err != nil || s.String() != labWant() || ran(v) != 1 {
			t.Errorf("exit %d, %v, %d bytes, %d executions", exit, err, s.off, ran(v))
		}
	})
}
