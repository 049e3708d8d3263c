package sshsig

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

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
	return s.check(pub, message)
}

// Check reports, as nil, that the signature is one over message by its own key, and returns that key's fingerprint. Whether the key is to
// be trusted is for the caller to know.
func (s Signature) Check(message []byte) (fingerprint string, err error) {
	pub, err := ssh.ParsePublicKey(s.PublicKey)
	if err != nil {
		return "", fmt.Errorf("the signature's key: %w", err)
	}
	return ssh.FingerprintSHA256(pub), s.check(pub, message)
}

func (s Signature) check(pub ssh.PublicKey, message []byte) error {
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

// WhoSigns names the person to whom an allowed_signers file gives the key (wire form) in the namespace; "" = to nobody. A line that is not
// understood allows nothing.
func WhoSigns(text string, key []byte, namespace string) string {
	for line := range strings.Lines(text) {
		who, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		pub, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
		if err != nil || strings.HasPrefix(who, "#") || !bytes.Equal(pub.Marshal(), key) {
			continue
		}
		if ok, err := allows(options, namespace); ok && err == nil {
			return who
		}
	}
	return ""
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
