package ssh_test

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"testing"

	xssh "golang.org/x/crypto/ssh"
)

// TestMain lets the test's program stand in for others: for nc (TEND_TEST_RELAY: its standard streams are joined to HOST PORT), and
// for a server of its own process, whose CPU time is not the client's (TEND_TEST_SERVER).
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("TEND_TEST_RELAY") != "":
		relay()
	case os.Getenv("TEND_TEST_SERVER") != "":
		standIn()
	default:
		os.Exit(m.Run())
	}
}

func relay() {
	c, err := net.Dial("tcp", net.JoinHostPort(os.Args[1], os.Args[2]))
	if err != nil {
		os.Exit(1)
	}
	go func() { io.Copy(c, os.Stdin); c.Close() }()
	io.Copy(os.Stdout, c)
}

// standIn serves SSH to everyone until its standard input ends, and prints its address and host key.
func standIn() {
	_, key, _ := ed25519.GenerateKey(nil)
	signer, err := xssh.NewSignerFromKey(key)
	if err != nil {
		os.Exit(1)
	}
	cfg := &xssh.ServerConfig{PublicKeyCallback: func(xssh.ConnMetadata, xssh.PublicKey) (*xssh.Permissions, error) { return nil, nil }}
	cfg.AddHostKey(signer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Exit(1)
	}
	fmt.Printf("%d %s", l.Addr().(*net.TCPAddr).Port, xssh.MarshalAuthorizedKey(signer.PublicKey()))
	go func() { io.Copy(io.Discard, os.Stdin); os.Exit(0) }()
	p := &peer{mu: sync.Mutex{}}
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go p.answer(c, cfg)
	}
}
