package ssh_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// The benchmarks give the client's own CPU time beside that of a floor: the least that x/crypto/ssh needs for the same, with 64 at
// once, one ed25519 key and its known_hosts. The server is another process.

const benchHosts = 300

type benchServer struct {
	port    int
	key     xssh.PublicKey
	keyFile string
	signer  xssh.Signer
	known   string
}

func startBench(b *testing.B) *benchServer {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "TEND_TEST_SERVER=1")
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	s := &benchServer{}
	port, rest, _ := strings.Cut(line, " ")
	fmt.Sscan(port, &s.port)
	s.key, _, _, _, err = xssh.ParseAuthorizedKey([]byte(rest))
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	s.keyFile, s.known = filepath.Join(dir, "key"), filepath.Join(dir, "known_hosts")
	key := sshtest.NewKey(b, "ed25519")
	sshtest.WriteKey(b, s.keyFile, key, "")
	s.signer = sshtest.Signer(b, key)
	var kh strings.Builder
	for i := range benchHosts {
		fmt.Fprintf(&kh, "host-%d.example.com %s", i, xssh.MarshalAuthorizedKey(s.key))
	}
	fmt.Fprintf(&kh, "[127.0.0.1]:%d %s", s.port, xssh.MarshalAuthorizedKey(s.key))
	if err := os.WriteFile(s.known, []byte(kh.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	return s
}

// each runs f for every host, 64 at once.
func each(f func(i int)) {
	slots := make(chan struct{}, 64)
	var wg sync.WaitGroup
	for i := range benchHosts {
		slots <- struct{}{}
		wg.Go(func() { defer func() { <-slots }(); f(i) })
	}
	wg.Wait()
}

func cpu() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func report(b *testing.B, used time.Duration) {
	b.ReportMetric(float64(used.Microseconds())/1000/float64(b.N)/benchHosts, "cpu-ms/host")
}

func (s *benchServer) client(b *testing.B) *ssh.Client {
	return ssh.New(ssh.Options{ConfigFiles: []string{}, KnownHosts: []string{s.known}, Identity: []string{s.keyFile}, AgentSocket: "none", Home: b.TempDir(), DialsPerAddr: 64})
}

func (s *benchServer) exec(b *testing.B, c *ssh.Client, i int) {
	var out bytes.Buffer
	h := inventory.Host{Name: inventory.HostID(fmt.Sprint("host-", i)), Addr: "127.0.0.1", Port: s.port, User: "ops"}
	if exit, err := c.Exec(context.Background(), h, "uptime", nil, &out, io.Discard); err != nil || exit != 0 || out.Len() == 0 {
		b.Errorf("%d %v %q", exit, err, out.String())
	}
}

func BenchmarkCold(b *testing.B) {
	s := startBench(b)
	var used time.Duration
	for b.Loop() {
		c := s.client(b)
		start := cpu()
		each(func(i int) { s.exec(b, c, i) })
		used += cpu() - start
		c.Close()
	}
	report(b, used)
}

func BenchmarkWarm(b *testing.B) {
	s := startBench(b)
	c := s.client(b)
	defer c.Close()
	each(func(i int) { s.exec(b, c, i) })
	var used time.Duration
	for b.Loop() {
		start := cpu()
		each(func(i int) { s.exec(b, c, i) })
		used += cpu() - start
	}
	report(b, used)
}

func (s *benchServer) floorDial(b *testing.B, cfg *xssh.ClientConfig) *xssh.Client {
	c, err := xssh.Dial("tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(s.port)), cfg)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func floorExec(b *testing.B, c *xssh.Client) {
	sess, err := c.NewSession()
	if err != nil {
		b.Error(err)
		return
	}
	defer sess.Close()
	var out bytes.Buffer
	sess.Stdout, sess.Stderr = &out, io.Discard
	if err := sess.Run("uptime"); err != nil || out.Len() == 0 {
		b.Errorf("%v %q", err, out.String())
	}
}

func (s *benchServer) floorConfig(b *testing.B) *xssh.ClientConfig {
	check, err := knownhosts.New(s.known)
	if err != nil {
		b.Fatal(err)
	}
	return &xssh.ClientConfig{User: "ops", Auth: []xssh.AuthMethod{xssh.PublicKeys(s.signer)}, HostKeyCallback: check, HostKeyAlgorithms: []string{xssh.KeyAlgoED25519}}
}

func BenchmarkColdFloor(b *testing.B) {
	s := startBench(b)
	var used time.Duration
	for b.Loop() {
		start := cpu()
		cfg := s.floorConfig(b)
		var clients [benchHosts]*xssh.Client
		each(func(i int) {
			clients[i] = s.floorDial(b, cfg)
			floorExec(b, clients[i])
		})
		used += cpu() - start
		for _, c := range clients {
			c.Close()
		}
	}
	report(b, used)
}

func BenchmarkWarmFloor(b *testing.B) {
	s := startBench(b)
	cfg := s.floorConfig(b)
	var clients [benchHosts]*xssh.Client
	each(func(i int) { clients[i] = s.floorDial(b, cfg) })
	var used time.Duration
	for b.Loop() {
		start := cpu()
		each(func(i int) { floorExec(b, clients[i]) })
		used += cpu() - start
	}
	report(b, used)
	for _, c := range clients {
		c.Close()
	}
}

// live gives what one connection holds while it rests: goroutines, and the memory that Go has of the system for heap and stacks.
func live(b *testing.B, open func()) {
	before := standing()
	open()
	after := standing()
	b.ReportMetric(float64(after.goroutines-before.goroutines)/benchHosts, "goroutines/conn")
	b.ReportMetric(float64(after.bytes-before.bytes)/1024/benchHosts, "KiB/conn")
}

type standingNow struct {
	goroutines int
	bytes      int64
}

func standing() standingNow {
	runtime.GC()
	runtime.GC() // what pools held goes with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return standingNow{runtime.NumGoroutine(), int64(m.HeapAlloc + m.StackInuse)}
}

func BenchmarkLive(b *testing.B) {
	s := startBench(b)
	for b.Loop() {
		c := s.client(b)
		live(b, func() { each(func(i int) { s.exec(b, c, i) }) })
		c.Close()
	}
}

func BenchmarkLiveFloor(b *testing.B) {
	s := startBench(b)
	cfg := s.floorConfig(b)
	for b.Loop() {
		var clients [benchHosts]*xssh.Client
		live(b, func() {
			each(func(i int) {
				clients[i] = s.floorDial(b, cfg)
				floorExec(b, clients[i])
			})
		})
		for _, c := range clients {
			c.Close()
		}
	}
}
