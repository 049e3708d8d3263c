package sshsig

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Signer signs with a key of the operator's, most likely through his agent.
type Signer interface {
	// PublicKey is the key's wire form (RFC 4253, 6.6): what is base64 in an authorized_keys line.
	PublicKey() []byte
	// Sign gives the signature's wire form over data: string format, string blob. An RSA key must sign as rsa-sha2-512 or -256.
	Sign(data []byte) ([]byte, error)
}

// Signature is what OpenSSH's PROTOCOL.sshsig describes.
type Signature struct {
	PublicKey []byte // wire form
	Namespace string
	Hash      string // "sha512" or "sha256"
	Signature []byte // wire form
}

const (
	sigMagic = "SSHSIG"
	sigBegin = "-----BEGIN SSH SIGNATURE-----"
	sigEnd   = "-----END SSH SIGNATURE-----"
)

// Sign signs message as `ssh-keygen -Y sign -n namespace` does, and returns the armored signature.
func Sign(s Signer, namespace string, message []byte) (string, error) {
	sig := Signature{PublicKey: s.PublicKey(), Namespace: namespace, Hash: "sha512"}
	data, err := sig.Signed(message)
	if err != nil {
		return "", err
	}
	if sig.Signature, err = s.Sign(data); err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	format, _, err := wireString(sig.Signature)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	if string(format) == "ssh-rsa" {
		return "", errors.New("sign: the key signed with SHA-1, which ssh-keygen refuses")
	}
	return sig.Armor(), nil
}

// Signed is what the key signs: not the message but its hash, in its namespace.
func (s Signature) Signed(message []byte) ([]byte, error) {
	var sum []byte
	switch s.Hash {
	case "sha512":
		h := sha512.Sum512(message)
		sum = h[:]
	case "sha256":
		h := sha256.Sum256(message)
		sum = h[:]
	default:
		return nil, fmt.Errorf("signatures over %q are not known here", s.Hash)
	}
	return appendStrings([]byte(sigMagic), []byte(s.Namespace), nil, []byte(s.Hash), sum), nil
}

// Armor is the signature as text, as ssh-keygen writes and reads it.
func (s Signature) Armor() string {
	b := binary.BigEndian.AppendUint32([]byte(sigMagic), 1)
	b = appendStrings(b, s.PublicKey, []byte(s.Namespace), nil, []byte(s.Hash), s.Signature)
	text := base64.StdEncoding.EncodeToString(b)
	var out strings.Builder
	out.WriteString(sigBegin + "\n")
	for len(text) > 0 {
		n := min(70, len(text))
		out.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	out.WriteString(sigEnd + "\n")
	return out.String()
}

// Parse reads an armored signature. It does not verify it: that is for who knows whom to trust.
func Parse(text string) (Signature, error) {
	var s Signature
	_, rest, ok := strings.Cut(text, sigBegin)
	body, _, end := strings.Cut(rest, sigEnd)
	if !ok || !end {
		return s, errors.New("not an SSH signature")
	}
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(body), ""))
	if err != nil {
		return s, fmt.Errorf("not an SSH signature: %w", err)
	}
	if !bytes.HasPrefix(b, []byte(sigMagic)) || len(b) < 10 || binary.BigEndian.Uint32(b[6:]) != 1 {
		return s, errors.New("not an SSH signature of version 1")
	}
	b = b[10:]
	var fields [5][]byte
	for i := range fields {
		if fields[i], b, err = wireString(b); err != nil {
			return s, err
		}
	}
	if len(b) > 0 {
		return s, errors.New("an SSH signature with something behind it")
	}
	return Signature{PublicKey: fields[0], Namespace: string(fields[1]), Hash: string(fields[3]), Signature: fields[4]}, nil
}

// AuthorizedKey is a public key in its wire form as a line: "ssh-ed25519 AAAA…".
func AuthorizedKey(wire []byte) (string, error) {
	name, _, err := wireString(wire)
	if err != nil {
		return "", fmt.Errorf("the signer's key: %w", err)
	}
	return string(name) + " " + base64.StdEncoding.EncodeToString(wire), nil
}

func appendStrings(b []byte, all ...[]byte) []byte {
	for _, s := range all {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	return b
}

func wireString(b []byte) (s, rest []byte, err error) {
	if len(b) < 4 || uint64(binary.BigEndian.Uint32(b)) > uint64(len(b)-4) {
		return nil, nil, errors.New("an SSH string is cut off")
	}
	n := binary.BigEndian.Uint32(b)
	return b[4 : 4+n], b[4+n:], nil
}
