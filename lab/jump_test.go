package lab_test

import (
	"errors"
	"net"
	"os"
	"strconv"
	"testing"

	xssh "golang.org/x/crypto/ssh"

	"tend/lab"
)

// TestForward: a host of the lab leads on to the lab's other hosts, into which one can log in, and to nothing else of this machine.
func TestForward(t *testing.T) {
	l := serve(t, lab.Options{})
	inject(t, l, "alive")
	gate, to := mustDial(t, l, "deb-1"), twin(t, l, "rocky-1")
	addr := net.JoinHostPort(to.Addr, strconv.Itoa(to.Port))
	c, err := gate.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(to.Identity[0])
	if err != nil {
		t.Fatal(err)
	}
	signer, err := xssh.ParsePrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	conn, chans, reqs, err := xssh.NewClientConn(c, addr, &xssh.ClientConfig{User: to.User, Auth: []xssh.AuthMethod{xssh.PublicKeys(signer)}, HostKeyCallback: xssh.InsecureIgnoreHostKey()})
	if err != nil {
		t.Fatal(err)
	}
	behind := xssh.NewClient(conn, chans, reqs)
	if out := script(t, behind, "hostname"); out != "rocky-1\n" {
		t.Errorf("behind the jump host: %q", out)
	}
	behind.Close()
	real, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer real.Close()
	for _, addr := range []string{real.Addr().String(), "192.0.2.1:80", "localhost:22"} {
		_, err := gate.Dial("tcp", addr)
		var oe *xssh.OpenChannelError
		if !errors.As(err, &oe) || oe.Reason != xssh.Prohibited {
			t.Errorf("%s: %v", addr, err)
		}
	}
}
