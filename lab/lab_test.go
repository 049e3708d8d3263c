package lab_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"tend/inventory"
	"tend/lab"
)

// small is an inventory with one host of each distribution.
const small = `
[defaults]
become = "sudo"
[[site]]
name = "s1"
  [[site.host]]
  name = "deb-1"
  addr = "10.9.0.1"
  os = "debian-12"
  [[site.host]]
  name = "ubu-1"
  addr = "10.9.0.2"
  os = "ubuntu-24.04"
  [[site.host]]
  name = "rocky-1"
  addr = "10.9.0.3"
  os = "rocky-9"
  [[site.host]]
  name = "sles-1"
  addr = "10.9.0.4"
  os = "sles-15"
  [[site.host]]
  name = "alp-1"
  addr = "10.9.0.5"
  os = "alpine-3.22"
  become = "doas"
  [[site.host]]
  name = "bsd-1"
  addr = "10.9.0.6"
  os = "freebsd-14"
  [[site.host]]
  name = "arch-1"
  addr = "10.9.0.7"
  os = "arch"
`

func parse(t testing.TB, text string) *inventory.Inventory {
	t.Helper()
	inv, err := inventory.Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// serve starts a lab that ends, wholly, with the test.
func serve(t testing.TB, o lab.Options) *lab.Lab {
	t.Helper()
	if o.Inventory == nil {
		o.Inventory = parse(t, small)
	}
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Speed == 0 {
		o.Speed = 50
	}
	if o.Log == nil {
		o.Log = func(format string, a ...any) { t.Errorf(format, a...) }
	}
	ctx, cancel := context.WithCancel(context.Background())
	l, err := lab.Serve(ctx, o)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); l.Wait() })
	return l
}

// dial logs in as the twin inventory says, with the host key checked against its known_hosts.
func dial(l *lab.Lab, name string) (*xssh.Client, error) {
	h, ok := l.Inventory().Host(inventory.HostID(name))
	if !ok {
		return nil, fmt.Errorf("no host %s", name)
	}
	key, err := os.ReadFile(h.Identity[0])
	if err != nil {
		return nil, err
	}
	signer, err := xssh.ParsePrivateKey(key)
	if err != nil {
		return nil, err
	}
	check, err := knownhosts.New(h.KnownHosts...)
	if err != nil {
		return nil, err
	}
	addr := net.JoinHostPort(h.Addr, strconv.Itoa(h.Port))
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	conn, chans, reqs, err := xssh.NewClientConn(c, addr, &xssh.ClientConfig{User: h.User, Auth: []xssh.AuthMethod{xssh.PublicKeys(signer)}, HostKeyCallback: check})
	if err != nil {
		c.Close()
		return nil, err
	}
	c.SetDeadline(time.Time{})
	return xssh.NewClient(conn, chans, reqs), nil
}

func mustDial(t testing.TB, l *lab.Lab, name string) *xssh.Client {
	t.Helper()
	c, err := dial(l, name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// run executes one command line; a non-zero exit is no error.
func run(c *xssh.Client, command, stdin string) (out, errs string, status int, err error) {
	s, err := c.NewSession()
	if err != nil {
		return "", "", 0, err
	}
	defer s.Close()
	var o, e bytes.Buffer
	s.Stdin, s.Stdout, s.Stderr = strings.NewReader(stdin), &o, &e
	err = s.Run(command)
	var exit *xssh.ExitError
	if errors.As(err, &exit) {
		return o.String(), e.String(), exit.ExitStatus(), nil
	}
	return o.String(), e.String(), 0, err
}

func script(t testing.TB, c *xssh.Client, text string) string {
	t.Helper()
	out, errs, status, err := run(c, "exec /bin/sh -s", text)
	if err != nil || status != 0 {
		t.Fatalf("%v, exit %d\n%s%s\n--- of\n%s", err, status, out, errs, text)
	}
	return out
}

func TestFirstLook(t *testing.T) {
	l := serve(t, lab.Options{Seed: 3})
	for _, h := range l.Inventory().Hosts {
		c := mustDial(t, l, string(h.Name))
		out, errs, status, err := run(c, "uname -a; id; echo $0; cat /etc/os-release | head -1; df -h /; uptime", "")
		t.Log(out, errs, status, err)
		if status != 0 || err != nil {
			t.Errorf("%s: exit %d, %v", h.Name, status, err)
		}
		out = script(t, c, "echo from stdin: $(hostname) $$ $(whoami); sudo -n id -u 2>/dev/null || doas -n id -u")
		t.Log(out)
	}
}
