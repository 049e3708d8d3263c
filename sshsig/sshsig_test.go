package sshsig

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newKey writes a private key and returns its path, its key and its public line.
func newKey(t *testing.T) (string, ed25519.PrivateKey, string) {
	t.Helper()
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	do(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	do(t, err)
	path := filepath.Join(t.TempDir(), "key")
	do(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	key, err := ssh.NewPublicKey(pub)
	do(t, err)
	return path, private, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// TestVerify: one text, one namespace, one key.
func TestVerify(t *testing.T) {
	path, _, line := newKey(t)
	_, _, other := newKey(t)
	s, err := Open(t.Context(), Wanted{Path: path})
	do(t, err)
	sig, err := Sign(s, "plan@tend", []byte("text"))
	do(t, err)
	if err := Verify(sig, "plan@tend", []byte("text"), other, line); err != nil {
		t.Error(err)
	}
	flip := strings.Replace(sig, "\n", "\nAAAA", 1)
	for name, err := range map[string]error{
		"another text": Verify(sig, "plan@tend", []byte("texts"), line), "another namespace": Verify(sig, "file", []byte("text"), line),
		"another key": Verify(sig, "plan@tend", []byte("text"), other), "no key": Verify(sig, "plan@tend", []byte("text")),
		"another signature": Verify(flip, "plan@tend", []byte("text"), line), "nothing": Verify("", "plan@tend", []byte("text"), line),
	} {
		if err == nil {
			t.Errorf("%s verifies", name)
		}
	}
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		return
	}
	dir := t.TempDir()
	do(t, os.WriteFile(dir+"/text", []byte("text"), 0o600))
	if out, err := exec.Command("ssh-keygen", "-q", "-Y", "sign", "-n", "plan@tend", "-f", path, dir+"/text").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	theirs, err := os.ReadFile(dir + "/text.sig")
	do(t, err)
	if err := Verify(string(theirs), "plan@tend", []byte("text"), line); err != nil {
		t.Errorf("OpenSSH's own signature: %v", err)
	}
}

// TestAgent: the agent signs with the key that is wanted, and with no other.
func TestAgent(t *testing.T) {
	_, private, line := newKey(t)
	_, _, other := newKey(t)
	ring := agent.NewKeyring()
	do(t, ring.Add(agent.AddedKey{PrivateKey: private}))
	dir, err := os.MkdirTemp("/tmp", "ag")
	do(t, err)
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", dir+"/s")
	do(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = agent.ServeAgent(ring, c)
		}
	}()
	defer func() { l.Close(); <-done }()
	s, err := Open(t.Context(), Wanted{Socket: dir + "/s", Keys: []string{other, line}})
	do(t, err)
	sig, err := Sign(s, "n", []byte("x"))
	do(t, err)
	do(t, s.Close())
	if err := Verify(sig, "n", []byte("x"), line); err != nil {
		t.Error(err)
	}
	public := filepath.Join(t.TempDir(), "key.pub")
	do(t, os.WriteFile(public, []byte(line+"\n"), 0o600))
	s, err = Open(t.Context(), Wanted{Socket: dir + "/s", Path: public})
	do(t, err)
	do(t, s.Close())
	if _, err := Open(t.Context(), Wanted{Path: public}); err == nil || !strings.Contains(err.Error(), "the agent does not hold it") {
		t.Error(err)
	}
	for _, w := range []Wanted{{Socket: dir + "/s", Keys: []string{other}}, {Socket: dir + "/none"}, {}} {
		if _, err := Open(t.Context(), w); !errors.Is(err, ErrNoKey) {
			t.Error(err)
		}
	}
}

// TestPassphrase: a locked key signs once its passphrase is typed, and says what to do where nobody is there.
func TestPassphrase(t *testing.T) {
	_, private, line := newKey(t)
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("open"))
	do(t, err)
	path := filepath.Join(t.TempDir(), "locked")
	do(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	if _, err := Open(t.Context(), Wanted{Path: path}); err == nil || !strings.Contains(err.Error(), "load it into the agent") {
		t.Error(err)
	}
	s, err := Open(t.Context(), Wanted{Path: path, Ask: func() ([]byte, error) { return []byte("open"), nil }})
	do(t, err)
	sig, err := Sign(s, "n", []byte("x"))
	do(t, err)
	if err := Verify(sig, "n", []byte("x"), line); err != nil {
		t.Error(err)
	}
}

func TestAllowedSigners(t *testing.T) {
	_, _, a := newKey(t)
	_, _, b := newKey(t)
	text := "# people\nann,bob " + a + " comment\nann namespaces=\"file,plan@tend\" " + b + "\neve namespaces=\"file\" " + b + "\nold valid-before=\"20200101\" " + a + "\nbad nothing\n"
	if keys, err := AllowedSigners(text, "ann", "plan@tend"); err != nil || len(keys) != 2 || keys[0] != a {
		t.Errorf("%v %v", keys, err)
	}
	if keys, err := AllowedSigners(text, "eve", "plan@tend"); err != nil || len(keys) != 0 {
		t.Errorf("%v %v", keys, err)
	}
	for _, who := range []string{"old", "bad"} {
		if _, err := AllowedSigners(text, who, "plan@tend"); err == nil {
			t.Errorf("%s: no error", who)
		}
	}
	parsed, err := parseKey(b)
	do(t, err)
	if who := WhoSigns(text, parsed, "plan@tend"); who != "ann" {
		t.Errorf("%q", who)
	}
	if who := WhoSigns(text, parsed, "journal@tend"); who != "" {
		t.Errorf("%q", who)
	}
}
