package sshsig

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// ErrNoKey is wrapped by Open where nothing can sign.
var ErrNoKey = errors.New("no key to sign with")

// patience is how long the agent may take: a person may have to touch a security key.
const patience = 60 * time.Second

// Wanted says which key is to sign.
type Wanted struct {
	// Path is a private or a public key's file. The agent signs where it holds that key, else the private key's file does.
	Path string
	// Socket is the agent's; "" = there is none.
	Socket string
	// Keys are authorized_keys lines: without a Path, the agent's first key that is one of them signs. None = its first key.
	Keys []string
	// Ask is asked for a passphrase; nil = nobody is there.
	Ask func() ([]byte, error)
}

// Key signs with a key of the operator's. It is a Signer.
type Key struct {
	signer ssh.Signer
	closer io.Closer
}

// Open finds the key to sign with. The caller closes it. The error wraps ErrNoKey where neither agent nor file has one.
func Open(ctx context.Context, w Wanted) (*Key, error) {
	var data []byte
	var err error
	if w.Path != "" {
		if data, err = os.ReadFile(w.Path); err != nil {
			return nil, err
		}
	}
	k, agentErr := w.fromAgent(ctx, publicOf(w.Path, data))
	if k != nil {
		return k, nil
	}
	if w.Path == "" {
		return nil, errors.Join(fmt.Errorf("%w: name one with --key, or load one into the agent", ErrNoKey), agentErr)
	}
	s, err := w.fromFile(data)
	if err != nil {
		return nil, err
	}
	return &Key{signer: s}, nil
}

// publicOf is the public key that belongs to the file, where that can be told without a passphrase; nil otherwise.
func publicOf(path string, data []byte) ssh.PublicKey {
	if k, _, _, _, err := ssh.ParseAuthorizedKey(data); err == nil {
		return k
	}
	if pub, err := os.ReadFile(path + ".pub"); path != "" && err == nil {
		if k, _, _, _, err := ssh.ParseAuthorizedKey(pub); err == nil {
			return k
		}
	}
	if s, err := ssh.ParsePrivateKey(data); err == nil {
		return s.PublicKey()
	}
	return nil
}

// fromAgent is the agent's key that is wanted; nil where it has none, or there is no agent.
func (w Wanted) fromAgent(ctx context.Context, file ssh.PublicKey) (*Key, error) {
	if w.Socket == "" {
		return nil, nil
	}
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", w.Socket)
	if err != nil {
		return nil, fmt.Errorf("agent %s: %w", w.Socket, err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	signers, err := agent.NewClient(conn).Signers()
	for _, s := range signers {
		if w.takes(s.PublicKey(), file) {
			return &Key{s, conn}, nil
		}
	}
	conn.Close()
	return nil, err
}

// takes reports whether the agent's key is the one that is wanted. A certificate is none: its key stands in the agent beside it.
func (w Wanted) takes(key, file ssh.PublicKey) bool {
	if _, cert := key.(*ssh.Certificate); cert || strings.Contains(key.Type(), "-cert-v01@") {
		return false
	}
	if w.Path != "" {
		return file != nil && bytes.Equal(key.Marshal(), file.Marshal())
	}
	for _, line := range w.Keys {
		if wire, err := parseKey(line); err == nil && bytes.Equal(wire, key.Marshal()) {
			return true
		}
	}
	return len(w.Keys) == 0
}

func (w Wanted) fromFile(data []byte) (ssh.Signer, error) {
	s, err := ssh.ParsePrivateKey(data)
	var locked *ssh.PassphraseMissingError
	switch {
	case err == nil:
		return s, nil
	case errors.As(err, &locked) && w.Ask != nil:
		pass, err := w.Ask()
		if err != nil {
			return nil, err
		}
		defer clear(pass)
		if s, err = ssh.ParsePrivateKeyWithPassphrase(data, pass); err != nil {
			return nil, fmt.Errorf("%s: %w", w.Path, err)
		}
		return s, nil
	case errors.As(err, &locked):
		return nil, fmt.Errorf("%s has a passphrase, and nobody is there to type it: load it into the agent", w.Path)
	case strings.HasSuffix(w.Path, ".pub"):
		return nil, fmt.Errorf("%s is a public key, and the agent does not hold it", w.Path)
	}
	return nil, fmt.Errorf("%s: %w", w.Path, err)
}

// Close lets go of the agent.
func (k *Key) Close() error {
	if k.closer == nil {
		return nil
	}
	return k.closer.Close()
}

// PublicKey is the key's wire form.
func (k *Key) PublicKey() []byte { return k.signer.PublicKey().Marshal() }

// Sign gives the signature's wire form; an RSA key signs with SHA-512.
func (k *Key) Sign(data []byte) ([]byte, error) {
	var sig *ssh.Signature
	var err error
	if a, ok := k.signer.(ssh.AlgorithmSigner); ok && k.signer.PublicKey().Type() == ssh.KeyAlgoRSA {
		sig, err = a.SignWithAlgorithm(rand.Reader, data, ssh.KeyAlgoRSASHA512)
	} else {
		sig, err = k.signer.Sign(rand.Reader, data)
	}
	if err != nil {
		return nil, err
	}
	return ssh.Marshal(sig), nil
}
