package ssh

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	xssh "golang.org/x/crypto/ssh"
)

// keyring is the key files of a Client: each is read once, and its passphrase asked once, however many hosts it opens.
type keyring struct {
	mu    sync.Mutex
	files map[string]*keyFile
	wins  map[string]int    // logins per key, by fingerprint
	host  map[string]string // the key that opened a host last
}

// keyFile is one private key on disk, with its certificate.
type keyFile struct {
	path   string
	once   sync.Once
	err    error             // why it cannot be used; fs.ErrNotExist where there is no such file
	pub    xssh.PublicKey    // nil where only the passphrase would tell
	signer xssh.Signer       // nil while it is locked
	locked []byte            // the encrypted file
	agent  bool              // only the agent can sign with it: the private half is not here
	cert   *xssh.Certificate // from path-cert.pub
	cerr   error             // why that was not taken

	mu sync.Mutex // guards signer once locked
}

func (r *keyring) file(path string) *keyFile {
	r.mu.Lock()
	if r.files == nil {
		r.files = map[string]*keyFile{}
	}
	k := r.files[path]
	if k == nil {
		k = &keyFile{path: path}
		r.files[path] = k
	}
	r.mu.Unlock()
	k.once.Do(k.load)
	return k
}

func (r *keyring) won(host, fingerprint string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wins == nil {
		r.wins, r.host = map[string]int{}, map[string]string{}
	}
	r.wins[fingerprint]++
	r.host[host] = fingerprint
}

// rank says how likely a key opens host: what opened it last, then what opened most others.
func (r *keyring) rank(host, fingerprint string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.host[host] == fingerprint {
		return 1 << 30
	}
	return r.wins[fingerprint]
}

func (k *keyFile) load() {
	data, err := readKey(k.path, true)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		k.loadPublic(err)
	case err != nil:
		k.err = err
	default:
		k.parse(data)
	}
	if k.err == nil {
		k.cert, k.cerr = readCert(k.path + "-cert.pub")
	}
}

func (k *keyFile) parse(data []byte) {
	signer, err := xssh.ParsePrivateKey(data)
	var missing *xssh.PassphraseMissingError
	switch {
	case err == nil:
		k.signer, k.pub = signer, signer.PublicKey()
		clear(data)
	case errors.As(err, &missing):
		k.locked, k.pub = data, missing.PublicKey
		if k.pub == nil {
			k.pub, _ = readPublic(k.path + ".pub")
		}
	default:
		if pub, _, _, _, perr := xssh.ParseAuthorizedKey(data); perr == nil {
			k.pub, k.agent = pub, true // IdentityFile may name a public key whose private half is in the agent
			return
		}
		k.loadPublic(fmt.Errorf("not a private key that can be read (%s)", strings.TrimPrefix(err.Error(), "ssh: ")))
	}
}

// loadPublic takes PATH.pub, so that the agent can be asked for its private half; without it, cause stands.
func (k *keyFile) loadPublic(cause error) {
	pub, err := readPublic(k.path + ".pub")
	if err != nil {
		k.err = cause
		return
	}
	k.pub, k.agent = pub, true
}

// maxKeyFile bounds a key file; RSA keys of 16384 bits take 13 KiB.
const maxKeyFile = 256 << 10

// readKey reads a regular file. A private one must not be open to others: ssh refuses such keys, and so do we.
func readKey(path string, private bool) ([]byte, error) {
	st, err := os.Stat(path) // before opening: opening a FIFO would hang
	switch {
	case err != nil:
		return nil, err
	case st.IsDir():
		return nil, errors.New("is a directory")
	case !st.Mode().IsRegular():
		return nil, errors.New("is not a regular file")
	case private && st.Mode().Perm()&0o077 != 0 && ownedByUs(st):
		return nil, fmt.Errorf("others may read it (mode %04o): chmod 600 it", st.Mode().Perm())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if len(data) > maxKeyFile {
		return nil, fmt.Errorf("is larger than %d bytes", maxKeyFile)
	}
	return data, err
}

func readPublic(path string) (xssh.PublicKey, error) {
	data, err := readKey(path, false)
	if err != nil {
		return nil, err
	}
	pub, _, _, _, err := xssh.ParseAuthorizedKey(data)
	return pub, err
}

// readCert reads a user certificate; nil and no error where there is none.
func readCert(path string) (*xssh.Certificate, error) {
	pub, err := readPublic(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("certificate %s: %w", path, err)
	}
	cert, ok := pub.(*xssh.Certificate)
	if !ok || cert.CertType != xssh.UserCert {
		return nil, fmt.Errorf("%s is not a user certificate", path)
	}
	return cert, nil
}

// open returns the signer of a locked key, asking for its passphrase if no host did so before.
func (k *keyFile) open(l *login) (xssh.Signer, error) {
	if s := k.opened(); s != nil {
		return s, nil
	}
	q := Question{Kind: AskPassphrase, Text: "passphrase of " + k.path, Shared: true}
	if k.pub != nil {
		q.KeyType, q.Fingerprint = k.pub.Type(), xssh.FingerprintSHA256(k.pub)
	}
	for {
		pass, done, err := l.getSecret("passphrase\x00"+k.path, q)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.path, err)
		}
		s, err := k.unlock(pass)
		if err == nil {
			done(right)
			return s, nil
		}
		done(wrong)
		if !errors.Is(err, errWrongPassphrase) {
			return nil, fmt.Errorf("%s: %w", k.path, err)
		}
	}
}

var errWrongPassphrase = errors.New("wrong passphrase")

func (k *keyFile) opened() xssh.Signer {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.signer
}

func (k *keyFile) unlock(pass string) (xssh.Signer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.signer != nil:
		return k.signer, nil
	case pass == "": // some formats have words of their own for it; no locked key opens with none
		return nil, errWrongPassphrase
	}
	secret := []byte(pass)
	defer clear(secret)
	s, err := xssh.ParsePrivateKeyWithPassphrase(k.locked, secret)
	if err != nil {
		if isWrongPassphrase(err) {
			return nil, errWrongPassphrase
		}
		return nil, err
	}
	if k.pub != nil && !bytes.Equal(k.pub.Marshal(), s.PublicKey().Marshal()) {
		return nil, fmt.Errorf("%s.pub is another key's public half", k.path)
	}
	k.signer = s
	return s, nil
}

func isWrongPassphrase(err error) bool { return errors.Is(err, x509.IncorrectPasswordError) }
