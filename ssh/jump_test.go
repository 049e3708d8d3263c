package ssh_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// chain starts n servers: hosts[0] is the nearest, each later one is only known by its jumps.
func chain(t *testing.T, n int) (servers []*sshtest.Server, lookup func(inventory.HostID) (inventory.Host, bool)) {
	t.Helper()
	hosts := map[inventory.HostID]inventory.Host{}
	for i := range n {
		s := sshtest.Start(t, sshtest.Config{})
		servers = append(servers, s)
		name := fmt.Sprint("hop", i)
		hosts[inventory.HostID(name)] = s.Host(name)
	}
	return servers, func(id inventory.HostID) (inventory.Host, bool) { h, ok := hosts[id]; return h, ok }
}

func TestThreeJumpsDeep(t *testing.T) {
	t.Parallel()
	servers, lookup := chain(t, 3)
	target := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{Hosts: lookup})
	h := target.Host("inner")
	h.Jump = []string{"hop0", "hop1", "hop2"}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			h := h
			h.Name = inventory.HostID(fmt.Sprint("inner", i))
			if _, out, _, err := run(t, c, h, "echo deep"); err != nil || out != "deep\n" {
				t.Errorf("%q %v", out, err)
			}
		})
	}
	wg.Wait()
	for i, s := range servers {
		if n := strings.Count(s.Log(), "Accepted publickey"); n != 1 {
			t.Errorf("hop %d: %d connections for four hosts, want 1", i, n)
		}
	}
	road, _ := c.Road("inner0")
	if len(road.Jumps) != 3 || !strings.HasSuffix(road.Jumps[1], fmt.Sprint(":", servers[1].Port)) || road.Addr != fmt.Sprintf("127.0.0.1:%d", target.Port) || road.Peer != "" {
		t.Errorf("road: %+v", road)
	}
}

func TestJumpFaultsNameTheJumpHost(t *testing.T) {
	t.Parallel()
	servers, lookup := chain(t, 1)
	target := sshtest.Start(t, sshtest.Config{})
	h := target.Host("inner")
	h.Jump = []string{"hop0"}

	closed := h
	closed.Port = 1
	_, _, _, err := run(t, newClient(t, ssh.Options{Hosts: lookup}), closed, "true")
	fault(t, err, ssh.Refused)

	put(t, servers[0].KnownHosts, "")
	_, _, _, err = run(t, newClient(t, ssh.Options{Hosts: lookup}), h, "true")
	e := fault(t, err, ssh.KeyUnknown)
	if e.Host != "inner" || e.Via != "hop0" || !strings.HasPrefix(err.Error(), "inner: via hop0: ") || !strings.Contains(e.Hint(), "tend host accept hop0 ") {
		t.Errorf("%v; hint %q", err, e.Hint())
	}

	forbidding := sshtest.Start(t, sshtest.Config{Lines: []string{"AllowTcpForwarding no"}})
	c := newClient(t, ssh.Options{Hosts: func(inventory.HostID) (inventory.Host, bool) { return forbidding.Host("hop0"), true }})
	_, _, _, err = run(t, c, h, "true")
	if fault(t, err, ssh.Forbidden); !strings.Contains(err.Error(), "hop0") {
		t.Errorf("%v", err)
	}
}

func TestUnreachableJumpHostIsTriedOnceForAll(t *testing.T) {
	t.Parallel()
	p := sshtest.NewProxy(t, "127.0.0.1:1")
	hop := inventory.Host{Name: "hop", Addr: p.Addr, Port: p.Port, User: "u", KnownHosts: []string{}}
	c := newClient(t, ssh.Options{Hosts: func(inventory.HostID) (inventory.Host, bool) { return hop, true }})
	for i := range 5 {
		_, _, _, err := run(t, c, inventory.Host{Name: inventory.HostID(fmt.Sprint(i)), Addr: "10.0.0.1", Jump: []string{"hop"}}, "true")
		if e := fault(t, err, ssh.Refused); e.Via != "hop" || e.Host != inventory.HostID(fmt.Sprint(i)) {
			t.Errorf("%+v", e)
		}
	}
	if n := p.Conns(); n > 8 {
		t.Errorf("the jump host was knocked at %d times for five hosts; one round of back-off is 8", n)
	}
}

func TestFrozenJumpHostFreesAllBehindIt(t *testing.T) {
	t.Parallel()
	bastion := sshtest.Start(t, sshtest.Config{})
	proxy := sshtest.NewProxy(t, fmt.Sprintf("127.0.0.1:%d", bastion.Port))
	hop := bastion.Host("bastion")
	hop.Port, hop.HostKey = proxy.Port, bastion.Fingerprint()
	c := newClient(t, ssh.Options{KeepaliveInterval: 500 * time.Millisecond, KeepaliveCount: 3, Hosts: func(inventory.HostID) (inventory.Host, bool) { return hop, true }})
	peers := []*peer{}
	for range 10 {
		peers = append(peers, slow(t))
	}
	const n = 50
	var started, wg sync.WaitGroup
	errs := make([]error, n)
	started.Add(n)
	for i := range n {
		h := peers[i%len(peers)].host(fmt.Sprint("h", i))
		h.Jump = []string{"bastion"}
		wg.Go(func() {
			w := &watch{want: "hello", seen: make(chan struct{})}
			go func() { <-w.seen; started.Done() }()
			_, errs[i] = c.Exec(ctxFor(t, 3*time.Minute), h, "x", nil, w, nil)
		})
	}
	started.Wait()
	froze := time.Now()
	proxy.Freeze(true)
	wg.Wait()
	if d := time.Since(froze); d > 6*time.Second {
		t.Errorf("took %s; three intervals are 1.5 s", d)
	}
	for i, err := range errs {
		if e := fault(t, err, ssh.LinkLost); e.NotStarted() {
			t.Errorf("host %d had started", i)
		}
	}
	proxy.Freeze(false)
	h := peers[0].host("again")
	h.Jump = []string{"bastion"}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	w := &watch{want: "hello", seen: make(chan struct{})}
	go func() { <-w.seen; cancel() }()
	_, err := c.Exec(ctx, h, "x", nil, w, nil)
	fault(t, err, ssh.Cancelled) // it said hello through a fresh connection, and was cancelled then
	if w.buf.Len() == 0 {
		t.Error("no way through after the thaw")
	}
}

func TestJumpsOfSSHConfig(t *testing.T) {
	t.Parallel()
	bastion, target := sshtest.Start(t, sshtest.Config{}), sshtest.Start(t, sshtest.Config{})
	kh := filepath.Join(t.TempDir(), "kh")
	a, _ := os.ReadFile(bastion.KnownHosts)
	b, _ := os.ReadFile(target.KnownHosts)
	put(t, kh, string(a)+string(b))
	cfg := filepath.Join(t.TempDir(), "config")
	put(t, cfg, fmt.Sprintf(`Host gate
  HostName 127.0.0.1
  Port %d
  IdentityFile %s
Host inside
  HostName 127.0.0.1
  Port %d
  IdentityFile %s
Host lost
  ProxyJump circle
Host circle
  ProxyJump lost
Host *
  UserKnownHostsFile %s
  GlobalKnownHostsFile none
  ProxyJump gate
`, bastion.Port, bastion.Key, target.Port, target.Key, kh))
	c := newClient(t, ssh.Options{ConfigFiles: []string{cfg}})
	if _, out, _, err := run(t, c, inventory.Host{Name: "inside"}, "echo in"); err != nil || out != "in\n" {
		t.Errorf("%q %v", out, err)
	}
	if road, _ := c.Road("inside"); len(road.Jumps) != 1 {
		t.Errorf("road: %+v", road)
	}
	if _, out, _, err := run(t, c, inventory.Host{Name: "gate"}, "echo gate"); err != nil || out != "gate\n" {
		t.Errorf("the bastion itself: %q %v", out, err)
	}
	_, _, _, err := run(t, c, inventory.Host{Name: "lost"}, "true")
	if fault(t, err, ssh.Config); !strings.Contains(err.Error(), "circle") {
		t.Errorf("%v", err)
	}
}

func TestBastionRestart(t *testing.T) {
	t.Parallel()
	bastion, target := sshtest.Start(t, sshtest.Config{}), sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{Hosts: func(inventory.HostID) (inventory.Host, bool) { return bastion.Host("bastion"), true }})
	h := target.Host("inner")
	h.Jump = []string{"bastion"}
	for i := range 3 {
		if _, out, _, err := run(t, c, h, "echo x"); err != nil || out != "x\n" {
			t.Fatalf("round %d: %q %v", i, out, err)
		}
		bastion.Restart()
	}
}

func TestProxyCommand(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	relay := relayProgram(t)
	cfg := filepath.Join(t.TempDir(), "config")
	put(t, cfg, fmt.Sprintf(`Host ok
  ProxyCommand %s %%h %%p
Host bad
  ProxyCommand echo "no such tunnel: %%n" >&2; exit 3
Host mute
  ProxyCommand sleep 1000
Host *
  HostName 127.0.0.1
  Port %d
  IdentityFile %s
  UserKnownHostsFile %s
  GlobalKnownHostsFile none
`, relay, srv.Port, srv.Key, srv.KnownHosts))
	c := newClient(t, ssh.Options{ConfigFiles: []string{cfg}, AuthTimeout: 15 * time.Second})
	if _, out, _, err := run(t, c, inventory.Host{Name: "ok", User: srv.User}, "echo through"); err != nil || out != "through\n" {
		t.Errorf("%q %v", out, err)
	}
	_, _, _, err := run(t, c, inventory.Host{Name: "bad"}, "true")
	if fault(t, err, ssh.Refused); !strings.Contains(err.Error(), "no such tunnel: bad") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err = c.Exec(ctx, inventory.Host{Name: "mute"}, "true", nil, &bytes.Buffer{}, nil)
	fault(t, err, ssh.Cancelled)
	c.Close()
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("a mute ProxyCommand held us %s", d)
	}
}

// relayProgram finds what can carry a connection on standard input and output.
func relayProgram(t *testing.T) string {
	t.Helper()
	for prog, args := range map[string]string{"/bin/nc": "", "/usr/bin/nc": "", "/usr/bin/ncat": ""} {
		if _, err := os.Stat(prog); err == nil {
			return prog + args
		}
	}
	self, err := os.Executable() // the test's own program, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	return "env TEND_TEST_RELAY=1 " + self
}

// TestManyBehindOneBastion: sixty hosts at work at once ride on few connections to their bastion; when it is restarted under them each loss
// is told, and the next commands find a way again, over few connections.
func TestManyBehindOneBastion(t *testing.T) {
	t.Parallel()
	const hosts = 60
	bastion, target := sshtest.Start(t, sshtest.Config{}), sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{Hosts: func(id inventory.HostID) (inventory.Host, bool) { return bastion.Host("bastion"), id == "bastion" }})
	ctx := ctxFor(t, 4*time.Minute)
	all := func(cmd string, in func() io.Reader, out func(p []byte)) (errs []error) {
		errs = make([]error, hosts)
		var wg sync.WaitGroup
		for i := range hosts {
			wg.Go(func() {
				h := target.Host(fmt.Sprint("inner", i))
				h.Jump = []string{"bastion"}
				_, errs[i] = c.Exec(ctx, h, cmd, in(), writerFunc(out), nil)
			})
		}
		wg.Wait()
		return errs
	}
	quiet := func([]byte) {}
	conns := func() int { return strings.Count(bastion.Log(), "Accepted publickey") }

	var working atomic.Int64
	there, restarted := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(restarted)
		select {
		case <-there:
		case <-ctx.Done():
		}
		if n := conns(); n < 1 || n > 3 {
			t.Errorf("%d connections to the bastion for %d hosts at work", n, hosts)
		}
		bastion.Restart()
	}()
	held, let := io.Pipe()
	defer let.Close()
	lost := all("echo at work; cat", func() io.Reader { return held }, func(p []byte) {
		if bytes.Contains(p, []byte("at work")) && working.Add(1) == hosts {
			close(there)
		}
	})
	<-restarted
	for i, err := range lost {
		if e := (*ssh.Error)(nil); !errors.As(err, &e) || e.Kind != ssh.LinkLost || e.NotStarted() {
			t.Fatalf("host %d, whose bastion went away in mid-command: %v", i, err)
		}
	}
	before := conns()
	for i, err := range all("true", func() io.Reader { return nil }, quiet) {
		if err != nil {
			t.Fatalf("host %d after the restart: %v", i, err)
		}
	}
	if n := conns() - before; n < 1 || n > 3 {
		t.Errorf("%d new connections to the bastion for %d hosts", n, hosts)
	}
}

type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }
