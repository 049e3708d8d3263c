package ssh_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// TestHappyEyeballs: a name with an IPv6 address that never answers and an IPv4 one that does is reached at once (RFC 8305). The name is in a
// hosts file of the test's own, which lies over /etc/hosts in a process of its own.
func TestHappyEyeballs(t *testing.T) {
	if port := os.Getenv("TEND_TEST_EYEBALLS"); port != "" {
		reachTwo(t, port)
		return
	}
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	deaf(t, srv.Port)
	hosts := filepath.Join(t.TempDir(), "hosts")
	put(t, hosts, "::1 two.test\n127.0.0.1 two.test\n")
	line := append(over(t, map[string]string{"/etc/hosts": hosts}), os.Args[0], "-test.run=^TestHappyEyeballs$", "-test.count=1")
	cmd := exec.CommandContext(ctxFor(t, 3*time.Minute), line[0], line[1:]...)
	cmd.Env = append(os.Environ(), "TEND_TEST_EYEBALLS="+strconv.Itoa(srv.Port), "TEND_TEST_KEY="+srv.Key, "TEND_TEST_HOSTKEY="+srv.Fingerprint())
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}

// reachTwo runs in the process that sees the hosts file. The time to connect is far longer than the test's own.
func reachTwo(t *testing.T, port string) {
	addrs, err := net.LookupHost("two.test")
	if err != nil || len(addrs) != 2 {
		t.Fatalf("%q, %v", addrs, err)
	}
	n, _ := strconv.Atoi(port)
	h := inventory.Host{Name: "two", Addr: "two.test", Port: n, User: "root", HostKey: os.Getenv("TEND_TEST_HOSTKEY"), Identity: []string{os.Getenv("TEND_TEST_KEY")}}
	c := newClient(t, ssh.Options{ConnectTimeout: time.Hour})
	if _, out, _, err := run(t, c, h, "echo in"); err != nil || out != "in\n" {
		t.Fatalf("%q, %v", out, err)
	}
	if road, _ := c.Road("two"); !strings.HasPrefix(road.Peer, "127.0.0.1:") {
		t.Errorf("reached at %s", road.Peer)
	}
}

// deaf takes no more calls at that port of ::1: its queue is full, and the kernel drops whoever knocks.
func deaf(t *testing.T, port int) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET6, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	addr := syscall.SockaddrInet6{Port: port, Addr: [16]byte{15: 1}}
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, 1); err != nil {
		t.Skip(err)
	}
	if err := syscall.Bind(fd, &addr); err != nil {
		t.Skipf("no IPv6 here, or the port is taken: %v", err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		c, err := net.DialTimeout("tcp", net.JoinHostPort("::1", strconv.Itoa(port)), time.Second)
		if err != nil {
			return
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Skip("a full queue of this kernel takes calls all the same")
}
