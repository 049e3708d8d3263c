package sshsig

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// ErrNoKey is wrapped by Find where none of the wanted keys can sign.
var ErrNoKey = errors.New("no key that may sign")

// Verify reports, as nil, that the armored signature is one over message, in that namespace, by one of the keys (authorized_keys lines).
func Verify(armored, namespace string, message []byte, keys ...string) error {
	s, err := Parse(armored)
	if err != nil {
		return err
	}
	if s.Namespace != namespace {
		return fmt.Errorf("the signature is for %q, not for %q", s.Namespace, namespace)
	}
	pub, err := ssh.ParsePublicKey(s.PublicKey)
	if err != nil {
		return fmt.Errorf("the signature's key: %w", err)
	}
	if !slices.ContainsFunc(keys, func(k string) bool {
		want, err := parseKey(k)
		return err == nil && bytes.Equal(want, s.PublicKey)
	}) {
		return fmt.Errorf("signed with another key, %s", ssh.FingerprintSHA256(pub))
	}
	data, err := s.Signed(message)
	if err != nil {
		return err
	}
	var sig ssh.Signature
	if err := ssh.Unmarshal(s.Signature, &sig); err != nil {
		return fmt.Errorf("the signature: %w", err)
	}
	if sig.Format == ssh.KeyAlgoRSA {
		return errors.New("the signature is over SHA-1, which proves nothing")
	}
	if pub.Verify(data, &sig) != nil {
		return errors.New("the signature is not of this text")
	}
	return nil
}

// parseKey is the wire form of an authorized_keys line.
func parseKey(line string) ([]byte, error) {
	pub, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("not a public key: %.40q", line)
	}
	return pub.Marshal(), nil
}

// CheckKey says what is wrong with an authorized_keys line; nil = nothing.
func CheckKey(line string) error {
	_, err := parseKey(line)
	return err
}

// Fingerprint is the key's SHA-256, as ssh-keygen -l prints it; "" where the line is no key.
func Fingerprint(line string) string {
	pub, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return ""
	}
	return ssh.FingerprintSHA256(pub)
}

// signer signs with what x/crypto/ssh calls a signer.
type signer struct{ ssh.Signer }

func (s signer) PublicKey() []byte { return s.Signer.PublicKey().Marshal() }

func (s signer) Sign(data []byte) ([]byte, error) {
	algorithm := ""
	if s.Signer.PublicKey().Type() == ssh.KeyAlgoRSA {
		algorithm = ssh.KeyAlgoRSASHA512
	}
	as, ok := s.Signer.(ssh.AlgorithmSigner)
	if !ok {
		return nil, errors.New("this key cannot choose how it signs")
	}
	sig, err := as.SignWithAlgorithm(rand.Reader, data, algorithm)
	if err != nil {
		return nil, err
	}
	return ssh.Marshal(sig), nil
}

// FromFile reads a private key that has no passphrase; one that has belongs into an agent.
func FromFile(path string) (Signer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePrivateKey(data)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		return nil, fmt.Errorf("%s has a passphrase: ssh-add it, and the agent signs", path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return signer{key}, nil
}

// FromAgent asks the agent at the socket for the first key that is one of wanted (authorized_keys lines). The function ends the
// connection; the signer works until then. The error wraps ErrNoKey where the agent has none of them.
func FromAgent(socket string, wanted ...string) (Signer, func() error, error) {
	if socket == "" {
		return nil, nil, fmt.Errorf("%w: no agent runs here (SSH_AUTH_SOCK is not set)", ErrNoKey)
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, nil, fmt.Errorf("the SSH agent: %w", err)
	}
	all, err := agent.NewClient(conn).Signers()
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("the SSH agent: %w", err), conn.Close())
	}
	for _, s := range all {
		for _, w := range wanted {
			if wire, err := parseKey(w); err == nil && bytes.Equal(wire, s.PublicKey().Marshal()) {
				return signer{s}, conn.Close, nil
			}
		}
	}
	return nil, nil, errors.Join(fmt.Errorf("%w: the agent has %d keys, and none of them", ErrNoKey, len(all)), conn.Close())
}

// AllowedSigners reads the lines of an allowed_signers file (ssh-keygen(1)) that let a person sign in the namespace: their keys. Of the
// options only namespaces is known; a line with another one is refused, since it might forbid what we would allow.
func AllowedSigners(text, person, namespace string) ([]string, error) {
	var keys []string
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		who, rest, _ := strings.Cut(line, " ")
		if !slices.Contains(strings.Split(who, ","), person) {
			continue
		}
		pub, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
		if err != nil {
			return nil, fmt.Errorf("line %d: no public key", n)
		}
		ok, err := allows(options, namespace)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if ok {
			keys = append(keys, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(pub))))
		}
	}
	return keys, nil
}

func allows(options []string, namespace string) (bool, error) {
	for _, o := range options {
		k, v, _ := strings.Cut(o, "=")
		if !strings.EqualFold(k, "namespaces") {
			return false, fmt.Errorf("the option %q is not known here", k)
		}
		if !slices.Contains(strings.Split(strings.Trim(v, `"`), ","), namespace) {
			return false, nil
		}
	}
	return true, nil
}
