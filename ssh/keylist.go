package ssh

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	xssh "golang.org/x/crypto/ssh"

	"tend/ssh/knownhosts"
)

// KeyList is what somebody who should know says about the keys of hosts: a provider's console, whoever installed them, the hosts'
// own boot logs.
type KeyList struct {
	exact  map[string][]ListedKey
	hashed []hashedKey
}

// ListedKey is one key of a list.
type ListedKey struct {
	Fingerprint string // "SHA256:…"
	Type        string // "" where the list does not say
	Line        int
}

type hashedKey struct {
	name string
	key  ListedKey
}

// ReadKeyList reads lines of any of four forms, "#" begins a comment:
//
//	NAME[,NAME] ssh-ed25519 AAAA…              known_hosts, ssh-keyscan
//	256 SHA256:… NAME (ED25519)                ssh-keygen -l
//	NAME SHA256:… [TYPE]                       a table by hand
//	|1|…|… ssh-ed25519 AAAA…                   known_hosts, hashed
//
// A line of none of them is an error with its place: a list that is half understood proves half of what it seems to.
func ReadKeyList(source string, r io.Reader) (*KeyList, error) {
	l := &KeyList{exact: map[string][]ListedKey{}}
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 64<<10)
	n := 0
	for sc.Scan() {
		n++
		words := strings.Fields(sc.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		names, key, err := listLine(words)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", source, n, err)
		}
		key.Line = n
		l.add(names, key)
	}
	if err := sc.Err(); err != nil {
		var file *fs.PathError
		if errors.As(err, &file) { // it names the file itself
			return nil, err
		}
		return nil, fmt.Errorf("%s:%d: %w", source, n+1, err)
	}
	if n == 0 {
		return nil, fmt.Errorf("%s: is empty", source)
	}
	return l, nil
}

func (l *KeyList) add(names string, key ListedKey) {
	for _, name := range strings.Split(names, ",") {
		if strings.HasPrefix(name, "|1|") {
			l.hashed = append(l.hashed, hashedKey{name, key})
			continue
		}
		name = strings.ToLower(name)
		l.exact[name] = append(l.exact[name], key)
	}
}

func listLine(w []string) (names string, key ListedKey, err error) {
	at := slices.IndexFunc(w, func(s string) bool { return strings.HasPrefix(s, "SHA256:") })
	switch {
	case strings.HasPrefix(w[0], "@"):
		return "", key, fmt.Errorf("%.40q is a marker of known_hosts, not a host's key", w[0])
	case at == 0:
		return "", key, fmt.Errorf("no host's name stands before the fingerprint")
	case at < 0 && len(w) >= 3:
		return plainLine(w)
	case at < 0:
		return "", key, fmt.Errorf("is neither NAME TYPE KEY nor NAME SHA256:…")
	}
	if key.Fingerprint, err = fullFingerprint(w[at]); err != nil {
		return "", key, err
	}
	names, rest := w[0], w[at+1:]
	if digits(w[0]) && at == 1 && len(rest) > 0 { // ssh-keygen -l: bits, fingerprint, comment, (TYPE)
		names, rest = rest[0], rest[1:]
	}
	if len(rest) > 0 {
		key.Type = strings.Trim(rest[len(rest)-1], "()")
	}
	return names, key, nil
}

func plainLine(w []string) (names string, key ListedKey, err error) {
	pub, _, _, _, err := xssh.ParseAuthorizedKey([]byte(w[1] + " " + w[2]))
	if err != nil || pub.Type() != w[1] {
		return "", key, fmt.Errorf("%.40q is not followed by its key", w[1])
	}
	if c, ok := pub.(*xssh.Certificate); ok {
		pub = c.Key
	}
	return w[0], ListedKey{Fingerprint: xssh.FingerprintSHA256(pub), Type: pub.Type()}, nil
}

// fullFingerprint wants all of it: 32 bytes in base64 without padding (ssh-keygen(1)). A part of one would match too much.
func fullFingerprint(s string) (string, error) {
	s = strings.TrimRight(s, "=,;")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	if digest := strings.TrimPrefix(s, "SHA256:"); len(digest) != 43 || strings.Trim(digest, alphabet) != "" {
		return "", fmt.Errorf("%.60q is no whole fingerprint", s)
	}
	return s, nil
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Of returns the keys that the list has for a host under any of its names.
func (l *KeyList) Of(names ...string) []ListedKey {
	var all []ListedKey
	add := func(k ListedKey) {
		if !slices.ContainsFunc(all, func(o ListedKey) bool { return o.Fingerprint == k.Fingerprint }) {
			all = append(all, k)
		}
	}
	for _, name := range names {
		if name == "" {
			continue
		}
		name = strings.ToLower(name)
		for _, k := range l.exact[name] {
			add(k)
		}
		for _, h := range l.hashed {
			if knownhosts.Hashes(h.name, name) {
				add(h.key)
			}
		}
	}
	return all
}

// Vouches reports whether one of keys is k.
func Vouches(keys []ListedKey, k HostKey) (ListedKey, bool) {
	i := slices.IndexFunc(keys, func(l ListedKey) bool { return l.Fingerprint == k.Fingerprint })
	if i < 0 {
		return ListedKey{}, false
	}
	return keys[i], true
}
