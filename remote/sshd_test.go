package remote

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/engine"
	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// The road, and what the engine asks for, are met by these types; cmd joins them the same way.
var (
	_ Transport       = (*ssh.Client)(nil)
	_ engine.Rebooter = (*Keeper)(nil)
	_                 = Order(engine.Order{})
)

// overSSH is a world behind a real sshd, with a proxy on the road to it.
func overSSH(t testing.TB) (*world, *sshtest.Server, *sshtest.Proxy) {
	t.Helper()
	s := sshtest.Start(t, sshtest.Config{Lines: []string{"MaxStartups 100"}})
	w, p := behind(t, s, client(t), "h1")
	return w, s, p
}

// client is a road that knows nothing of this machine's user.
func client(t testing.TB) *ssh.Client {
	t.Helper()
	c := ssh.New(ssh.Options{ConfigFiles: []string{}, Home: t.TempDir(), AgentSocket: "none", Getenv: func(string) string { return "" }})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// behind is a world of its own, whose host is the server under another name, behind a proxy of its own.
func behind(t testing.TB, s *sshtest.Server, c *ssh.Client, name string) (*world, *sshtest.Proxy) {
	t.Helper()
	p := sshtest.NewProxy(t, fmt.Sprintf("%s:%d", s.Addr, s.Port))
	w := newWorld(t, "dash")
	w.host = s.Host(name)
	w.host.Port = p.Port
	known := filepath.Join(t.TempDir(), "known_hosts")
	b, err := os.ReadFile(s.KnownHosts)
	if err != nil {
		t.Fatal(err)
	}
	b = []byte(strings.ReplaceAll(string(b), fmt.Sprintf("]:%d ", s.Port), fmt.Sprintf("]:%d ", p.Port)))
	if err := os.WriteFile(known, b, 0o600); err != nil {
		t.Fatal(err)
	}
	w.host.KnownHosts = []string{known}
	w.via = c
	return w, p
}

func TestSSH(t *testing.T) {
	t.Parallel()
	w, _, _ := overSSH(t)
	k := w.keeper()
	s := &sink{t: t}
	exit, err := k.Carry(within(t, 90*time.Second), Order{Host: w.host, Script: "echo out; echo err >&2; cat; exit 5"}, s.take)
	if err != nil || exit != 5 || s.String() != "out\nerr\n" {
		t.Errorf("attached: exit %d, %v, output %q", exit, err, s)
	}
	script, want := w.counting(3000)
	s = &sink{t: t}
	exit, err = k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j", Script: script}, s.take)
	if err != nil || exit != 37 || s.String() != want || w.executions() != 1 {
		t.Errorf("detached: exit %d, %v, %d bytes, %d executions", exit, err, s.off, w.executions())
	}
	if err := k.Forget(within(t, 90*time.Second), w.host, "j"); err != nil {
		t.Error(err)
	}
	id, err := k.Identity(within(t, 90*time.Second), w.host)
	if b, _ := os.ReadFile("/proc/sys/kernel/random/boot_id"); err != nil || !strings.HasPrefix(id, strings.TrimSpace(string(b))+"+") {
		t.Errorf("identity %q, %v", id, err)
	}
	s = &sink{t: t}
	exit, err = k.Carry(within(t, 100*time.Second), Order{Host: w.host, Job: "daemon", Script: "sleep 600 & echo $!; exit 4"}, s.take)
	pid, perr := strconv.Atoi(strings.TrimSpace(s.String()))
	if err != nil || exit != 4 || perr != nil || syscall.Kill(pid, syscall.SIGKILL) != nil {
		t.Errorf("a daemon left behind: exit %d, %v, %q", exit, err, s)
	}
}

// TestSSHCuts: each of a step's first few connections is reset after a random number of bytes in either direction: in the handshake, in the
// login, in the script, in the output. One sshd serves all the seeds, several at once; each has a proxy and a host's name of its own.
func TestSSHCuts(t *testing.T) {
	t.Parallel()
	seeds := 20
	switch {
	case testing.Short():
		seeds = 10
	case os.Getenv("TEND_LONG") != "" || os.Getenv("CI") == "true":
		seeds = 200
	}
	s, c, gate := sshtest.Start(t, sshtest.Config{Lines: []string{"MaxStartups 100"}}), client(t), make(chan struct{}, 4) // two cores
	var resets atomic.Int64
	t.Run("seed", func(t *testing.T) {
		for seed := range seeds {
			t.Run(strconv.Itoa(seed), func(t *testing.T) {
				t.Parallel()
				gate <- struct{}{}
				defer func() { <-gate }()
				resets.Add(int64(cutSeed(t, s, c, uint64(seed))))
			})
		}
	})
	t.Logf("%d seeds, %d resets", seeds, resets.Load())
	if n := int(resets.Load()); n < seeds {
		t.Errorf("%d resets in %d seeds: the proxy cuts too little", n, seeds)
	}
}

// cutSeed carries one step over links that are cut, and says how many were.
func cutSeed(t *testing.T, s *sshtest.Server, c *ssh.Client, seed uint64) int {
	w, p := behind(t, s, c, fmt.Sprintf("h%d", seed))
	r := rand.New(rand.NewPCG(seed, 2))
	cuts := 1 + r.IntN(2)
	if os.Getenv("TEND_LONG") != "" {
		cuts = 1 + r.IntN(4)
	}
	p.CutEach(func(n int) (toServer, toClient int64) {
		switch {
		case n >= cuts:
			return -1, -1
		case r.IntN(3) == 0:
			return 1 + int64(r.IntN(18000)), -1
		}
		return -1, 1 + int64(r.IntN(1<<(10+r.IntN(8))))
	})
	script, want := w.counting(2000)
	got, k, o := &sink{t: t}, w.keeper(), Order{Host: w.host, Job: "j", Script: script}
	exit, err := k.Carry(within(t, 60*time.Second), o, got.take)
	for notStarted(err) { // what was never sent is the caller's to send again
		exit, err = k.Carry(within(t, 60*time.Second), o, got.take)
	}
	if n := w.executions(); err != nil || exit != 37 || got.String() != want || n != 1 {
		t.Errorf("exit %d, %v, %d bytes of %d, %d executions", exit, err, got.off, len(want), n)
	}
	c.Drop(w.host.Name)
	return p.Resets()
}

// TestSSHFaults: the link frozen, sshd's child killed, sshd frozen: each in mid-step; the step never notices.
func TestSSHFaults(t *testing.T) {
	t.Parallel()
	faults := map[string]func(s *sshtest.Server, p *sshtest.Proxy) (mend func()){
		"reset":          func(_ *sshtest.Server, p *sshtest.Proxy) func() { p.Cut(); return func() {} },
		"half-closed":    func(_ *sshtest.Server, p *sshtest.Proxy) func() { p.HalfClose(sshtest.ToClient); return func() {} },
		"frozen":         func(_ *sshtest.Server, p *sshtest.Proxy) func() { p.Freeze(true); return func() { p.Freeze(false) } },
		"session killed": func(s *sshtest.Server, _ *sshtest.Proxy) func() { s.KillSessions(); return func() {} },
		"sshd frozen":    func(s *sshtest.Server, _ *sshtest.Proxy) func() { s.Freeze(); return s.Thaw },
		"sshd restarted": func(s *sshtest.Server, _ *sshtest.Proxy) func() { s.Restart(); return func() {} },
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, srv, p := overSSH(t)
			fifo := filepath.Join(filepath.Dir(w.root), "go")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			lost := make(chan struct{})
			var once sync.Once
			k := w.keeper(func(o *Options) {
				o.Silence = 4 * time.Second
				o.Remark = func(inventory.HostID, string, string) { once.Do(func() { close(lost) }) }
			})
			s := &sink{t: t}
			var exit int
			var err error
			var done sync.WaitGroup
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			defer cancel()
			done.Go(func() {
				exit, err = k.Carry(ctx, Order{Host: w.host, Job: "j", Script: "echo before; read -r x <" + fifo + "; echo after; exit 9"}, s.take)
			})
			until(t, "output", func() bool { return s.String() == "before\n" })
			mend := fault(srv, p)
			<-lost
			mend()
			if err := os.WriteFile(fifo, []byte("x\n"), 0); err != nil {
				t.Fatal(err)
			}
			done.Wait()
			if err != nil || exit != 9 || s.String() != "before\nafter\n" {
				t.Errorf("exit %d, %v, output %q", exit, err, s)
			}
		})
	}
}

// held is a detached step that has begun and goes on until letGo is called; end waits for its end.
func held(t *testing.T, w *world, k *Keeper) (letGo func(), end func() (exit int, err error)) {
	t.Helper()
	began, ended, went := make(chan struct{}), make(chan struct{}), filepath.Join(t.TempDir(), "went")
	var exit int
	var err error
	go func() {
		defer close(ended)
		var once sync.Once
		s := &sink{t: t}
		exit, err = k.Carry(within(t, 90*time.Second), Order{Host: w.host, Job: "j", Script: "echo on; until [ -e " + went + " ] || [ ! -d " + filepath.Dir(went) + " ]; do sleep 0.05; done; exit 9"},
			func(off int64, p []byte) error { once.Do(func() { close(began) }); return s.take(off, p) })
	}()
	select {
	case <-began:
	case <-ended:
		t.Fatalf("it never began: %v", err)
	}
	letGo = func() { _ = os.WriteFile(went, nil, 0o600) }
	t.Cleanup(letGo)
	return letGo, func() (int, error) { <-ended; return exit, err }
}

// TestSSHKeyChangedInMidStep: a host that comes back with another key while a step runs on it is not knocked at again: its end is not known, and
// both keys are named. Nobody logs in to whoever answers.
func TestSSHKeyChangedInMidStep(t *testing.T) {
	t.Parallel()
	w, srv, _ := overSSH(t)
	_, end := held(t, w, w.keeper())
	was, now := srv.Fingerprint(), sshtest.WriteKey(t, filepath.Join(srv.Dir, "host0"), sshtest.NewKey(t, "ed25519"), "")
	srv.Restart()
	_, err := end()
	e := asError(t, err)
	if e.NotStarted() || !strings.Contains(err.Error(), was) || !strings.Contains(err.Error(), xssh.FingerprintSHA256(now)) || !strings.Contains(e.Hint(), "accept it by its fingerprint") {
		t.Errorf("%v (hint %q)", err, e.Hint())
	}
	if log := srv.Log(); strings.Count(log, "Accepted publickey") != 1 {
		t.Errorf("somebody logged in with another key:\n%s", log)
	}
}

// TestSSHAgentLockedInMidStep: where the agent is locked when a lost link is made anew, the step is waited for and the agent named; it is taken
// up as soon as the agent is open again.
func TestSSHAgentLockedInMidStep(t *testing.T) {
	t.Parallel()
	w, srv, p := overSSH(t)
	key := sshtest.NewKey(t, "ed25519")
	agent := sshtest.StartAgent(t, key)
	srv.Authorize(sshtest.Signer(t, key).PublicKey())
	c := ssh.New(ssh.Options{ConfigFiles: []string{}, Home: t.TempDir(), AgentSocket: agent.Socket, Getenv: func(string) string { return "" }})
	t.Cleanup(func() { _ = c.Close() })
	w.via, w.host.Identity = c, nil
	said := make(chan string, 8)
	letGo, end := held(t, w, w.keeper(func(o *Options) {
		o.Remark = func(_ inventory.HostID, _, text string) { said <- text }
	}))
	if err := agent.Keyring.Lock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	p.Cut()
	for text := ""; !strings.Contains(text, "holds no keys, or is locked"); text = <-said { // the first is of the cut
	}
	if err := agent.Keyring.Unlock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	letGo()
	if exit, err := end(); exit != 9 || err != nil {
		t.Errorf("exit %d, %v", exit, err)
	}
}
