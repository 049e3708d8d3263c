package ssh

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/ssh/knownhosts"
)

// HostKey is the key that a host presents, and what is known about it.
type HostKey struct {
	Name        string // as known_hosts writes the host: "db-1", "[10.1.7.12]:2222"
	Type        string // "ssh-ed25519"
	Fingerprint string // "SHA256:…"
	Art         string // the randomart image, in nine lines and a frame
	Line        string // type and key, as in an authorized_keys file
	// State is "" where the key is known, else KeyUnknown, KeyChanged or KeyRevoked, with Why in words.
	State Kind
	KnownBy,
	Why string
	// DNS is what SSHFP records say of an unknown key, in words; "" where they say nothing or were not asked.
	DNS string
}

// probe is a handshake that ends when the host's key was looked at; nothing of ours is sent, not even a user's name.
type probe struct {
	accept string // keep the key if it has this fingerprint
	dns    dnsVerdict
	found  HostKey
}

// errProbed ends such a handshake.
var errProbed = &fault{kind: Closed, err: errors.New("the key was looked at")}

// HostKey connects to h and looks at its key. A host that cannot be reached is an error; one whose key is unknown or changed is not.
func (c *Client) HostKey(ctx context.Context, h inventory.Host) (HostKey, error) {
	p := &probe{}
	if err := c.probe(ctx, h, p); err != nil {
		return HostKey{}, err
	}
	return p.found, nil
}

// Accept connects to h, wants it to present the key of that fingerprint ("SHA256:…"), and keeps the key in the host's first
// known_hosts file. A host that is known already by that key is no error; one that is known by another is KeyChanged, as ever. No
// login is tried.
func (c *Client) Accept(ctx context.Context, h inventory.Host, fingerprint string) error {
	if !strings.HasPrefix(fingerprint, "SHA256:") {
		return dress(faultf(Config, "%.80q is no fingerprint of the form SHA256:…", fingerprint), h.Name, "", Config)
	}
	p := &probe{accept: fingerprint}
	if err := c.probe(ctx, h, p); err != nil {
		return err
	}
	switch {
	case p.found.Fingerprint != fingerprint:
		return dress(faultf(KeyChanged, "%s presents %s %s, not the fingerprint that you gave", p.found.Name, p.found.Type, p.found.Fingerprint), h.Name, "", KeyChanged)
	case p.found.State != "":
		return dress(faultf(p.found.State, "%s", p.found.Why), h.Name, "", p.found.State)
	}
	return nil
}

// Keep accepts a key that HostKey has shown, without connecting again: how the keys of many hosts are accepted as one decision. Only
// an unknown key can be kept.
func (c *Client) Keep(ctx context.Context, h inventory.Host, k HostKey) error {
	s, err := c.Settings(ctx, h)
	if err != nil {
		return err
	}
	key, _, _, _, err := xssh.ParseAuthorizedKey([]byte(k.Line))
	if err != nil || k.State != KeyUnknown || xssh.FingerprintSHA256(key) != k.Fingerprint {
		return dress(faultf(Config, "the key of %s is %s, and only an unknown key can be accepted", k.Name, describe(k.State)), h.Name, "", Config)
	}
	l := &login{c: c, s: s, t: target{host: h}}
	if exact, _ := l.known(); len(exact.Keys) > 0 {
		return dress(faultf(KeyChanged, "%s has become known meanwhile", l.knownName()), h.Name, "", KeyChanged)
	}
	if err := l.write(key); err != nil {
		return dress(faultf(Config, "%w", err), h.Name, "", Config)
	}
	return nil
}

func describe(k Kind) string {
	if k == "" {
		return "known already"
	}
	return string(k)
}

// probe runs in a goroutine of the Client, so that Close ends it and waits for it.
func (c *Client) probe(ctx context.Context, h inventory.Host, p *probe) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(context.Canceled)
	defer context.AfterFunc(c.ctx, func() { cancel(errClosed) })()
	got := make(chan error, 1)
	if !c.own(func() { got <- c.probing(ctx, h, p) }) {
		return dress(errClosed, h.Name, "", Closed)
	}
	return <-got
}

func (c *Client) probing(ctx context.Context, h inventory.Host, p *probe) error {
	t := target{key: hostKeyOf(h.Name), host: h, probe: p}
	s, err := c.Settings(ctx, h)
	if err != nil {
		return err
	}
	r, err := c.route(ctx, t, s)
	if err != nil {
		return dress(err, h.Name, s.addr(), Protocol)
	}
	for try := 0; ; try++ {
		_, err = c.knockPinned(ctx, t, s, r)
		if errors.Is(err, errProbed) {
			return nil
		}
		wait, again := c.again(err, try)
		if !again || sleep(ctx, wait) != nil {
			return dress(err, h.Name, s.addr(), Protocol)
		}
	}
}

// look fills in what was found, and ends the handshake.
func (l *login) look(key xssh.PublicKey) error {
	plain := key
	if cert, ok := key.(*xssh.Certificate); ok {
		plain = cert.Key
	}
	k := HostKey{Name: l.knownName(), Type: plain.Type(), Fingerprint: l.fingerprint, Art: randomArt(plain), Line: strings.TrimSpace(string(xssh.MarshalAuthorizedKey(plain)))}
	by, err := l.vouch(key)
	var f *fault
	if errors.As(err, &f) {
		k.State, k.Why = f.kind, f.err.Error()
	}
	k.KnownBy, k.DNS = by, dnsWords[l.t.probe.dns]
	l.t.probe.found = k
	if err != nil && (f == nil || f.pinMissed != "") {
		return err // it could not be kept; or another key of the host's may be the pinned one
	}
	return errProbed
}

// write appends key to the first of the host's known_hosts files.
func (l *login) write(key xssh.PublicKey) error {
	if len(l.s.KnownHosts) == 0 || l.s.KnownHosts[0] == os.DevNull {
		return fmt.Errorf("no known_hosts file is configured for %s", l.knownName())
	}
	name := l.knownName()
	if l.s.HashKnownHosts {
		name = knownhosts.Hash(name)
	}
	return knownhosts.Append(l.s.KnownHosts[0], name, key.Type(), key.Marshal())
}
