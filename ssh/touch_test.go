package ssh_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"tend/ssh"
)

// securityKey is an agent with one FIDO key, made of an ordinary one, that signs when it is touched.
type securityKey struct {
	agent.ExtendedAgent // nil: what a login does not call
	key                 ed25519.PrivateKey
	pub                 xssh.PublicKey
	touched             chan struct{}
}

// newSecurityKey encodes the key as OpenSSH's PROTOCOL.u2f says.
func newSecurityKey(t *testing.T) *securityKey {
	t.Helper()
	pub, key, _ := ed25519.GenerateKey(nil)
	blob := xssh.Marshal(struct {
		Type string
		Key  []byte
		App  string
	}{"sk-ssh-ed25519@openssh.com", pub, "ssh:"})
	parsed, err := xssh.ParsePublicKey(blob)
	if err != nil {
		t.Fatal(err)
	}
	return &securityKey{key: key, pub: parsed, touched: make(chan struct{})}
}

func (s *securityKey) List() ([]*agent.Key, error) {
	return []*agent.Key{{Format: s.pub.Type(), Blob: s.pub.Marshal(), Comment: "fido"}}, nil
}

func (s *securityKey) SignWithFlags(k xssh.PublicKey, data []byte, _ agent.SignatureFlags) (*xssh.Signature, error) {
	return s.Sign(k, data)
}

func (s *securityKey) Sign(_ xssh.PublicKey, data []byte) (*xssh.Signature, error) {
	<-s.touched
	app, msg := sha256.Sum256([]byte("ssh:")), sha256.Sum256(data)
	signed := append(app[:], 1) // the flag for "a person was there"
	signed = binary.BigEndian.AppendUint32(signed, 7)
	rest := signed[len(app):]
	return &xssh.Signature{Format: s.pub.Type(), Blob: ed25519.Sign(s.key, append(signed, msg[:]...)), Rest: append([]byte(nil), rest...)}, nil
}

func (s *securityKey) serve(t *testing.T) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "sk")
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			agent.ServeAgent(s, c)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done; os.RemoveAll(dir) })
	return socket
}

// toucher shows the question to a person, who touches the key; the question must end by itself when that is done.
type toucher struct {
	key   *securityKey
	asked chan ssh.Question
	ended chan struct{}
}

func (p *toucher) Prompt(ctx context.Context, q ssh.Question) (string, error) {
	p.asked <- q
	close(p.key.touched)
	<-ctx.Done()
	close(p.ended)
	return "", ctx.Err()
}

func TestTouchOfASecurityKeyIsShown(t *testing.T) {
	t.Parallel()
	key := newSecurityKey(t)
	p := serve(t, &xssh.ServerConfig{PublicKeyCallback: func(_ xssh.ConnMetadata, k xssh.PublicKey) (*xssh.Permissions, error) {
		if string(k.Marshal()) != string(key.pub.Marshal()) {
			return nil, errors.New("no")
		}
		return nil, nil
	}}, nil)
	person := &toucher{key: key, asked: make(chan ssh.Question, 1), ended: make(chan struct{})}
	c := newClient(t, ssh.Options{AgentSocket: key.serve(t), Prompter: person})
	if _, out, _, err := run(t, c, p.host("vault"), "x"); err != nil || out != "hello ops\n" {
		t.Fatalf("%q %v", out, err)
	}
	<-person.ended
	if q := <-person.asked; q.Kind != ssh.AskTouch || q.Host != "vault" || q.Fingerprint != xssh.FingerprintSHA256(key.pub) {
		t.Errorf("%+v", q)
	}
}
