package sshtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// NewKey makes a private key: "ed25519", "ecdsa" (P-256), "ecdsa384", "ecdsa521" or "rsa" (2048 bits).
func NewKey(t testing.TB, kind string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case "ecdsa":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ecdsa384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ecdsa521":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "rsa":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		t.Fatalf("no such kind of key: %s", kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Signer is key as x/crypto/ssh wants it.
func Signer(t testing.TB, key crypto.Signer) xssh.Signer {
	t.Helper()
	s, err := xssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// WriteKey writes key to path (0600) and path.pub in OpenSSH's format, locked with the passphrase unless that is empty.
func WriteKey(t testing.TB, path string, key crypto.Signer, passphrase string) xssh.PublicKey {
	t.Helper()
	var block *pem.Block
	var err error
	if passphrase == "" {
		block, err = xssh.MarshalPrivateKey(key, "sshtest")
	} else {
		block, err = xssh.MarshalPrivateKeyWithPassphrase(key, "sshtest", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(pem.EncodeToMemory(block)))
	pub := Signer(t, key).PublicKey()
	write(t, path+".pub", string(xssh.MarshalAuthorizedKey(pub)))
	return pub
}

// Authorize adds pub to those that may log in to s.
func (s *Server) Authorize(pub xssh.PublicKey) {
	f, err := os.OpenFile(filepath.Join(s.Dir, "authorized_keys"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(xssh.MarshalAuthorizedKey(pub)); err != nil {
		s.t.Fatal(err)
	}
}

// Certify signs pub with ca, for an hour; kind is xssh.UserCert or xssh.HostCert. edit may change it before it is signed.
func Certify(t testing.TB, ca xssh.Signer, pub xssh.PublicKey, kind uint32, principals []string, edit func(*xssh.Certificate)) *xssh.Certificate {
	t.Helper()
	now := time.Now()
	c := &xssh.Certificate{Key: pub, CertType: kind, KeyId: "sshtest", ValidPrincipals: principals, Serial: 1,
		ValidAfter: uint64(now.Add(-time.Minute).Unix()), ValidBefore: uint64(now.Add(time.Hour).Unix())}
	if kind == xssh.UserCert {
		c.Extensions = map[string]string{"permit-pty": ""}
	}
	if edit != nil {
		edit(c)
	}
	if err := c.SignCert(rand.Reader, ca); err != nil {
		t.Fatal(err)
	}
	return c
}

// Agent is an ssh-agent in the test's process. Its Keyring can be locked; Hang makes it accept and never answer.
type Agent struct {
	Socket  string
	Keyring agent.ExtendedAgent
	mu      sync.Mutex
	hang    bool
	conns   int
}

// StartAgent serves keys, in their order, on a socket of the test's.
func StartAgent(t testing.TB, keys ...crypto.Signer) *Agent {
	t.Helper()
	dir, err := os.MkdirTemp("", "ag") // short: a socket's path may have 104 bytes
	if err != nil {
		t.Fatal(err)
	}
	a := &Agent{Socket: filepath.Join(dir, "s"), Keyring: agent.NewKeyring().(agent.ExtendedAgent)}
	for _, k := range keys {
		if err := a.Keyring.Add(agent.AddedKey{PrivateKey: k}); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("unix", a.Socket)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var open sync.Map
	wg.Go(func() { a.serve(l, &wg, &open) })
	t.Cleanup(func() {
		l.Close()
		open.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		wg.Wait()
		os.RemoveAll(dir)
	})
	return a
}

func (a *Agent) serve(l net.Listener, wg *sync.WaitGroup, open *sync.Map) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		open.Store(c, nil)
		a.mu.Lock()
		hang := a.hang
		a.conns++
		a.mu.Unlock()
		if hang {
			continue
		}
		wg.Go(func() {
			agent.ServeAgent(a.Keyring, c)
			c.Close()
			open.Delete(c)
		})
	}
}

// Hang makes connections from now on wait for ever.
func (a *Agent) Hang(yes bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hang = yes
}

// Conns counts the connections so far.
func (a *Agent) Conns() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.conns
}
