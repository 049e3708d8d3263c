package ssh_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// forger is a host key that signs with something else: sign makes the signature of it.
type forger struct {
	pub  xssh.PublicKey
	sign func(data []byte) (*xssh.Signature, error)
}

func (f forger) PublicKey() xssh.PublicKey { return f.pub }
func (f forger) Sign(_ io.Reader, data []byte) (*xssh.Signature, error) {
	return f.sign(data)
}

func (f forger) SignWithAlgorithm(_ io.Reader, data []byte, _ string) (*xssh.Signature, error) {
	return f.sign(data)
}

// Algorithms makes the server offer what tend takes.
func (f forger) Algorithms() []string {
	if f.pub.Type() == xssh.KeyAlgoRSA {
		return []string{xssh.KeyAlgoRSASHA512}
	}
	return []string{f.pub.Type()}
}

// forged is a server with that host key, and how many got as far as to say who they are.
func forged(t *testing.T, key forger) (*peer, *atomic.Int32) {
	t.Helper()
	var heard atomic.Int32
	cfg := &xssh.ServerConfig{PasswordCallback: func(xssh.ConnMetadata, []byte) (*xssh.Permissions, error) { heard.Add(1); return nil, errors.New("no") }}
	cfg.AuthLogCallback = func(xssh.ConnMetadata, string, error) { heard.Add(1) }
	cfg.AddHostKey(key)
	p := serve(t, &xssh.ServerConfig{}, func(nc net.Conn, _ *xssh.ServerConfig) { (&peer{}).answer(nc, cfg) })
	p.key = key.pub
	return p, &heard
}

// TestWrongSignatures: a server that shows the right key and cannot sign with it is refused before anything of ours is sent.
func TestWrongSignatures(t *testing.T) {
	t.Parallel()
	right, other := sshtest.Signer(t, sshtest.NewKey(t, "ed25519")), sshtest.Signer(t, sshtest.NewKey(t, "ed25519"))
	ecdsa := sshtest.Signer(t, sshtest.NewKey(t, "ecdsa"))
	for name, sign := range map[string]func([]byte) (*xssh.Signature, error){
		"by another key":  func(data []byte) (*xssh.Signature, error) { return other.Sign(rand.Reader, data) },
		"of another type": func(data []byte) (*xssh.Signature, error) { return ecdsa.Sign(rand.Reader, data) },
		"of another text": func([]byte) (*xssh.Signature, error) { return right.Sign(rand.Reader, []byte("text")) },
		"empty":           func([]byte) (*xssh.Signature, error) { return &xssh.Signature{Format: "ssh-ed25519"}, nil },
		"with a nasty name": func([]byte) (*xssh.Signature, error) {
			return &xssh.Signature{Format: nasty, Blob: make([]byte, 64)}, nil
		},
		"of two hundred kbytes": func([]byte) (*xssh.Signature, error) {
			return &xssh.Signature{Format: "ssh-ed25519", Blob: make([]byte, 200<<10)}, nil
		},
	} {
		p, heard := forged(t, forger{right.PublicKey(), sign})
		person := says("x")
		_, _, _, err := run(t, newClient(t, ssh.Options{Prompter: person}), p.host("evil"), "x")
		e := fault(t, err, ssh.Protocol)
		clean(t, "the error", err.Error()+e.Hint())
		if !e.NotStarted() || heard.Load() > 0 || len(person.questions()) > 0 {
			t.Errorf("%s: %v; the server heard %d words, %d questions", name, err, heard.Load(), len(person.questions()))
		}
	}
}

// TestHugeHostKey: a key that would take minutes to check (CVE-2026-39829) is refused for its size.
func TestHugeHostKey(t *testing.T) {
	t.Parallel()
	n := make([]byte, 64<<10) // half a million bits
	rand.Read(n)
	n[0] |= 0x40
	n[0] &= 0x7f
	n[len(n)-1] |= 1
	huge := xssh.Marshal(struct {
		Type string
		E, N *big.Int
	}{"ssh-rsa", big.NewInt(1<<31 - 1), new(big.Int).SetBytes(n)})
	p, heard := forged(t, forger{blobKey{"ssh-rsa", huge}, func([]byte) (*xssh.Signature, error) {
		return &xssh.Signature{Format: "rsa-sha2-512", Blob: n}, nil
	}})
	h := p.host("evil")
	h.HostKey, h.KnownHosts = "", []string{}
	_, err := newClient(t, ssh.Options{}).Exec(ctxFor(t, time.Minute), h, "x", nil, nil, nil)
	if e := fault(t, err, ssh.Protocol); !e.NotStarted() || heard.Load() > 0 || !strings.Contains(err.Error(), "too large") {
		t.Errorf("%.300v; the server heard %d words", err, heard.Load())
	}
}

// blobKey is a public key of which only the encoding matters.
type blobKey struct {
	typ  string
	blob []byte
}

func (b blobKey) Type() string                         { return b.typ }
func (b blobKey) Marshal() []byte                      { return b.blob }
func (b blobKey) Verify([]byte, *xssh.Signature) error { return errors.New("no") }

// packet is one of SSH's before its keys are exchanged (RFC 4253, section 6): message number and payload.
func packet(number byte, payload []byte) string {
	body := append([]byte{number}, payload...)
	pad := 8 - (5+len(body))%8
	if pad < 4 {
		pad += 8
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(1+len(body)+pad))
	return string(append(append(append(head, byte(pad)), body...), make([]byte, pad)...))
}

// TestPacketsBeforeTheKeys: what a server may send before the keys are exchanged: a farewell full of escapes, packets to be ignored without
// end, lists of algorithms that are none. One clean error each.
func TestPacketsBeforeTheKeys(t *testing.T) {
	t.Parallel()
	farewell := xssh.Marshal(struct {
		Reason     uint32
		Said, Lang string
	}{2, nasty + strings.Repeat("spam ", 6000), "en"})
	for name, say := range map[string]string{
		"a nasty version":          "SSH-2.0-" + nasty + "\r\n",
		"a nasty farewell":         "SSH-2.0-x\r\n" + packet(1, farewell),
		"a thousand times nothing": "SSH-2.0-x\r\n" + strings.Repeat(packet(2, make([]byte, 1000)), 1000),
		"debug words":              "SSH-2.0-x\r\n" + strings.Repeat(packet(4, []byte("\x01\x00\x00\x00\x02\x1b[\x00\x00\x00\x00")), 1000),
		"torn lists":               "SSH-2.0-x\r\n" + packet(20, []byte(strings.Repeat("\x00\x00\x00\x01,", 6000))),
	} {
		h := raw(t, func(_ int, c net.Conn) {
			io.WriteString(c, say)
			c.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, c)
		})
		_, err := newClient(t, ssh.Options{}).Exec(ctxFor(t, time.Minute), h, "x", nil, nil, nil)
		e := fault(t, err, ssh.Protocol)
		clean(t, name, err.Error()+e.Hint())
		if !e.NotStarted() || len(err.Error()) > 4000 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHungHostHoldsNoPlace: with one place for all handshakes, a host that never answers keeps it for the time of a login and no longer; every
// other host gets its turn.
func TestHungHostHoldsNoPlace(t *testing.T) {
	t.Parallel()
	addr, port := silent(t, "SSH-2.0-OpenSSH_9.2\r\n")
	hung := inventory.Host{Name: "hung", Addr: addr, Port: port, User: "u"}
	good := serve(t, &xssh.ServerConfig{NoClientAuth: true}, nil)
	c := newClient(t, ssh.Options{Dials: 1, DialsPerAddr: 1, AuthTimeout: time.Second})
	got := make(chan error, 1)
	go func() {
		_, err := c.Exec(context.Background(), hung, "x", nil, nil, nil)
		got <- err
	}()
	for range 3 {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(10*time.Millisecond, cancel)
		if _, err := c.Exec(ctx, hung, "x", nil, nil, nil); err == nil { // waits for a place, or for the answer, and leaves
			t.Error("no error")
		}
	}
	fault(t, <-got, ssh.Timeout)
	patient := newClient(t, ssh.Options{Dials: 1, AuthTimeout: time.Second})
	go patient.Exec(ctxFor(t, time.Minute), hung, "x", nil, nil, nil)
	for _, name := range []string{"a", "b"} {
		for { // on a busy machine even a good host may need more than a second
			_, out, _, err := run(t, patient, good.host(name), "x")
			var e *ssh.Error
			if errors.As(err, &e) && e.Kind == ssh.Timeout {
				continue
			}
			if err != nil || !strings.HasPrefix(out, "hello") {
				t.Errorf("%s: %q, %v", name, out, err)
			}
			break
		}
	}
}
