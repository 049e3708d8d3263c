package ssh

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// SealKey signs with a key of the operator's: for statements, not for logins. It is a segments.Signer.
type SealKey struct {
	signer xssh.Signer
	closer io.Closer
}

// OpenSealKey finds the key to sign with. path is a private or a public key's file; the agent behind socket signs where it holds that
// key, else the private key's file does. An empty path means the agent's first key. ask is asked for a passphrase; nil = nobody is there.
func OpenSealKey(ctx context.Context, path, socket string, ask func() ([]byte, error)) (*SealKey, error) {
	var data []byte
	var err error
	if path != "" {
		if data, err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	want := publicOf(path, data)
	var agentErr error
	if socket != "" {
		k, err := agentSealKey(ctx, socket, want, path == "")
		if k != nil {
			return k, nil
		}
		agentErr = err
	}
	if path == "" {
		return nil, errors.Join(errors.New("no key to sign with: name one with --key, or load one into the agent"), agentErr)
	}
	s, err := sealSigner(path, data, ask)
	if err != nil {
		return nil, err
	}
	return &SealKey{signer: s}, nil
}

// publicOf is the public key that belongs to the file, where that can be told without a passphrase; nil otherwise.
func publicOf(path string, data []byte) xssh.PublicKey {
	if k, _, _, _, err := xssh.ParseAuthorizedKey(data); err == nil {
		return k
	}
	if pub, err := os.ReadFile(path + ".pub"); path != "" && err == nil {
		if k, _, _, _, err := xssh.ParseAuthorizedKey(pub); err == nil {
			return k
		}
	}
	if s, err := xssh.ParsePrivateKey(data); err == nil {
		return s.PublicKey()
	}
	return nil
}

func agentSealKey(ctx context.Context, socket string, want xssh.PublicKey, first bool) (*SealKey, error) {
	conn, err := (&net.Dialer{Timeout: agentTimeout}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("agent %s: %w", socket, err)
	}
	_ = conn.SetDeadline(time.Now().Add(touchTimeout))
	signers, err := agent.NewClient(conn).Signers()
	for _, s := range signers {
		if first || want != nil && string(s.PublicKey().Marshal()) == string(want.Marshal()) {
			return &SealKey{s, conn}, nil
		}
	}
	conn.Close()
	return nil, err
}

func sealSigner(path string, data []byte, ask func() ([]byte, error)) (xssh.Signer, error) {
	s, err := xssh.ParsePrivateKey(data)
	var locked *xssh.PassphraseMissingError
	switch {
	case err == nil:
		return s, nil
	case errors.As(err, &locked) && ask != nil:
		pass, err := ask()
		if err != nil {
			return nil, err
		}
		defer clear(pass)
		if s, err = xssh.ParsePrivateKeyWithPassphrase(data, pass); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return s, nil
	case errors.As(err, &locked):
		return nil, fmt.Errorf("%s has a passphrase, and nobody is there to type it: load it into the agent", path)
	case strings.HasSuffix(path, ".pub"):
		return nil, fmt.Errorf("%s is a public key, and the agent does not hold it", path)
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}

// Close lets go of the agent.
func (k *SealKey) Close() error {
	if k.closer == nil {
		return nil
	}
	return k.closer.Close()
}

// PublicKey is the key's wire form.
func (k *SealKey) PublicKey() []byte { return k.signer.PublicKey().Marshal() }

// Sign gives the signature's wire form; an RSA key signs with SHA-512.
func (k *SealKey) Sign(data []byte) ([]byte, error) {
	var sig *xssh.Signature
	var err error
	if a, ok := k.signer.(xssh.AlgorithmSigner); ok && k.signer.PublicKey().Type() == xssh.KeyAlgoRSA {
		sig, err = a.SignWithAlgorithm(rand.Reader, data, xssh.KeyAlgoRSASHA512)
	} else {
		sig, err = k.signer.Sign(rand.Reader, data)
	}
	if err != nil {
		return nil, err
	}
	return xssh.Marshal(sig), nil
}

// VerifySignature checks a signature in wire form over data, and returns the key's fingerprint. Whether the key is to be trusted is
// for its caller to know.
func VerifySignature(publicKey, signature, data []byte) (fingerprint string, err error) {
	key, err := xssh.ParsePublicKey(publicKey)
	if err != nil {
		return "", err
	}
	var sig xssh.Signature
	if err := xssh.Unmarshal(signature, &sig); err != nil {
		return "", err
	}
	if sig.Format == "ssh-rsa" {
		return "", errors.New("it is signed with SHA-1, which proves nothing")
	}
	return xssh.FingerprintSHA256(key), key.Verify(data, &sig)
}
