package lab

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	xssh "golang.org/x/crypto/ssh"
)

// keyring makes the lab's keys: one secret a directory, from which every host's key follows, and the user's key pair.
type keyring struct {
	dir    string
	secret []byte
	user   xssh.PublicKey
}

// openKeyring reads or makes the keys in dir.
func openKeyring(dir string) (*keyring, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	k := &keyring{dir: dir}
	secret, err := readOrMake(filepath.Join(dir, "host-seed"), func() ([]byte, error) {
		b := make([]byte, 32)
		_, err := rand.Read(b)
		return b, err
	})
	if err != nil {
		return nil, err
	}
	if len(secret) != 32 {
		return nil, fmt.Errorf("%s is no host seed of the lab", filepath.Join(dir, "host-seed"))
	}
	k.secret = secret
	return k, k.userKey()
}

func readOrMake(path string, make func() ([]byte, error)) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	if b, err = make(); err != nil {
		return nil, err
	}
	return b, os.WriteFile(path, b, 0o600)
}

// Identity is the path of the user's private key; beside it lies the public one.
func (k *keyring) identity() string { return filepath.Join(k.dir, "id_ed25519") }

func (k *keyring) userKey() error {
	text, err := readOrMake(k.identity(), func() ([]byte, error) {
		_, priv, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		block, err := xssh.MarshalPrivateKey(priv, "tend lab")
		if err != nil {
			return nil, err
		}
		return pem.EncodeToMemory(block), nil
	})
	if err != nil {
		return err
	}
	signer, err := xssh.ParsePrivateKey(text)
	if err != nil {
		return fmt.Errorf("%s: %w", k.identity(), err)
	}
	k.user = signer.PublicKey()
	return os.WriteFile(k.identity()+".pub", xssh.MarshalAuthorizedKey(k.user), 0o644)
}

// private is a host's key; turn is 0 but for a host that pretends to be another.
func (k *keyring) private(host string, turn int) ed25519.PrivateKey {
	h := sha256.New()
	h.Write(k.secret)
	fmt.Fprintf(h, "%s\x00%d", host, turn)
	return ed25519.NewKeyFromSeed(h.Sum(nil))
}

func (k *keyring) signer(host string, turn int) (xssh.Signer, error) {
	return xssh.NewSignerFromKey(k.private(host, turn))
}
