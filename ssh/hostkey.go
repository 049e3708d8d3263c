package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/ssh/glob"
	"tend/ssh/knownhosts"
)

// knownFiles keeps the index of each set of known_hosts files, and reads it again when a file has changed.
type knownFiles struct {
	mu sync.Mutex
	by map[string]*knownSet
}

type knownSet struct {
	db    *knownhosts.DB
	stamp string
}

func (k *knownFiles) get(paths []string) (db *knownhosts.DB, fresh bool) {
	key, stamp := strings.Join(paths, "\x00"), stampOf(paths)
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.by[key]; s != nil && s.stamp == stamp {
		return s.db, false
	}
	if k.by == nil {
		k.by = map[string]*knownSet{}
	}
	s := &knownSet{db: knownhosts.Load(paths...), stamp: stamp}
	k.by[key] = s
	return s.db, true
}

func stampOf(paths []string) string {
	var b strings.Builder
	for _, p := range paths {
		if st, err := os.Stat(p); err == nil {
			fmt.Fprintf(&b, "%d.%d ", st.Size(), st.ModTime().UnixNano())
		} else {
			b.WriteString("- ")
		}
	}
	return b.String()
}

// known is what the files say about the login's host. A port other than 22 is looked up with and without it, as ssh does; what the
// bare name says can only vouch, never contradict.
func (l *login) known() (exact, bare knownhosts.Set) {
	if !l.looked {
		l.exact, l.bare = l.lookUp()
		l.looked = true
	}
	return l.exact, l.bare
}

func (l *login) lookUp() (exact, bare knownhosts.Set) {
	db, fresh := l.c.known.get(slices.Concat(l.s.KnownHosts, l.s.GlobalKnownHosts))
	if fresh {
		for _, w := range db.Warnings() {
			l.c.warn("", w.String())
		}
	}
	if l.s.HostKeyAlias != "" {
		return db.Lookup(l.s.HostKeyAlias), knownhosts.Set{}
	}
	exact = db.Lookup(l.knownName())
	if l.s.Port != 22 {
		bare = db.Lookup(knownhosts.Name(l.s.HostName, 22))
	}
	return exact, bare
}

func (l *login) knownName() string {
	if l.s.HostKeyAlias != "" {
		return l.s.HostKeyAlias
	}
	return knownhosts.Name(l.s.HostName, l.s.Port)
}

// hostKeyOrder asks for the algorithms of the keys that we know first, so that a host with several keys shows one that we know.
// Certificates are asked for only where some authority is known: any other certificate would prove nothing.
func (l *login) hostKeyOrder() []string {
	exact, bare := l.known()
	known := map[string]bool{}
	for _, e := range slices.Concat(exact.Keys, bare.Keys) {
		known[e.Type] = true
	}
	if pin, err := parsePin(l.s.Pin); err == nil && pin.key != nil {
		known = map[string]bool{pin.key.Type(): true}
	}
	ca := len(exact.CAs)+len(bare.CAs) > 0
	var certs, first, rest []string
	for _, a := range l.s.HostKeyAlgos {
		switch {
		case strings.Contains(a, "-cert-v"):
			if ca {
				certs = append(certs, a)
			}
		case known[keyTypeOf(a)]:
			first = append(first, a)
		default:
			rest = append(rest, a)
		}
	}
	return slices.Concat(certs, first, rest)
}

// keyTypeOf is the key type that an algorithm signs with: three algorithms share ssh-rsa keys (RFC 8332).
func keyTypeOf(algo string) string {
	if algo == xssh.KeyAlgoRSASHA256 || algo == xssh.KeyAlgoRSASHA512 {
		return xssh.KeyAlgoRSA
	}
	return algo
}

// checkHostKey is called when the server has proved that it holds key, before anything of ours is sent.
//
// It is called again whenever keys are exchanged anew on the living connection (RFC 4253 section 9): then only the key that was
// taken at first will do, and nobody is asked.
func (l *login) checkHostKey(_ string, _ net.Addr, key xssh.PublicKey) error {
	if l.taken != nil {
		if bytes.Equal(l.taken, key.Marshal()) {
			return nil
		}
		return faultf(KeyChanged, "HOST KEY CHANGED in mid-connection: %s now presents %s %s", l.knownName(), key.Type(), xssh.FingerprintSHA256(key))
	}
	l.keyType, l.fingerprint = key.Type(), xssh.FingerprintSHA256(key)
	if c, ok := key.(*xssh.Certificate); ok {
		l.fingerprint = xssh.FingerprintSHA256(c.Key)
	}
	if l.t.probe != nil {
		err := l.look(key)
		l.abort(err)
		return err
	}
	by, err := l.vouch(key)
	if err == nil {
		l.knownBy, l.taken = by, key.Marshal()
		return nil
	}
	var f *fault
	if errors.As(err, &f) {
		f.fingerprint = l.fingerprint
	}
	l.abort(err)
	return err
}

// vouch returns what vouches for key, or why nothing does.
func (l *login) vouch(key xssh.PublicKey) (by string, err error) {
	exact, bare := l.known()
	if err := l.revoked(key, exact, bare); err != nil {
		return "", err
	}
	if err := l.inRevokedFiles(key); err != nil {
		return "", err
	}
	if n := rsaBits(plainKey(key)); n > 0 && n < l.s.RequiredRSASize {
		return "", faultf(Protocol, "the host's RSA key has %d bits, and RequiredRSASize is %d", n, l.s.RequiredRSASize).
			withHint("give the host a longer key; or, for this host alone, a smaller RequiredRSASize in ssh_config")
	}
	if l.s.Pin != "" {
		return l.checkPin(key)
	}
	if cert, ok := key.(*xssh.Certificate); ok {
		return l.checkCert(cert, slices.Concat(exact.CAs, bare.CAs))
	}
	blob := key.Marshal()
	for _, e := range slices.Concat(exact.Keys, bare.Keys) {
		if bytes.Equal(e.Blob, blob) {
			l.byFile = true
			return lineOf(e), nil
		}
	}
	if len(exact.Keys) > 0 {
		return "", l.changed(key, exact.Keys)
	}
	return l.firstContact(key)
}

func lineOf(e knownhosts.Entry) string {
	if e.Line == 0 {
		return e.File
	}
	return fmt.Sprintf("%s:%d", e.File, e.Line)
}

func (l *login) revoked(key xssh.PublicKey, sets ...knownhosts.Set) error {
	blobs := [][]byte{key.Marshal()}
	if c, ok := key.(*xssh.Certificate); ok {
		blobs = append(blobs, c.Key.Marshal(), c.SignatureKey.Marshal())
	}
	for _, s := range sets {
		for _, e := range s.Revoked {
			if slices.ContainsFunc(blobs, func(b []byte) bool { return bytes.Equal(b, e.Blob) }) {
				return faultf(KeyRevoked, "HOST KEY REVOKED: %s presents %s %s, which %s marks as revoked", l.knownName(), key.Type(), l.fingerprint, lineOf(e)).
					withHint("somebody may hold the host's old key; do not log in until its owner has explained")
			}
		}
	}
	return nil
}

// inRevokedFiles is RevokedHostKeys: lists of public keys. As with ssh, a list that cannot be read refuses every host.
func (l *login) inRevokedFiles(key xssh.PublicKey) error {
	for _, path := range l.s.RevokedHostKeys {
		data, err := readKey(path, false)
		if err == nil && bytes.HasPrefix(data, []byte("SSHKRL\n")) {
			err = errors.New("is a binary KRL, which tend does not read")
		}
		if err != nil {
			return faultf(Config, "RevokedHostKeys %s: %w", path, plainErr(err)).withHint("list the revoked public keys there, one a line")
		}
		for line := range bytes.Lines(data) {
			pub, _, _, _, err := xssh.ParseAuthorizedKey(line)
			if err != nil {
				continue // a comment
			}
			e := knownhosts.Entry{Type: pub.Type(), Blob: pub.Marshal(), File: path}
			if err := l.revoked(key, knownhosts.Set{Revoked: []knownhosts.Entry{e}}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *login) changed(key xssh.PublicKey, known []knownhosts.Entry) error {
	var was []string
	for _, e := range known {
		if pub, err := xssh.ParsePublicKey(e.Blob); err == nil {
			was = append(was, fmt.Sprintf("%s %s (%s)", e.Type, xssh.FingerprintSHA256(pub), lineOf(e)))
		}
	}
	return faultf(KeyChanged, "HOST KEY CHANGED: %s presents %s %s, but is known by %s", l.knownName(), key.Type(), l.fingerprint, list(was, "another key")).
		withHint("somebody may be between you and the host, or it was installed anew. Ask its owner; if the new key is right, `ssh-keygen -R '%s' -f %s`, then accept it by its fingerprint", l.knownName(), known[0].File)
}

// checkCert holds a host certificate against the authorities that known_hosts names for this host, as ssh does: type, authority,
// validity, principals (which may hold wildcards), no critical options.
func (l *login) checkCert(cert *xssh.Certificate, cas []knownhosts.Entry) (string, error) {
	ca := slices.IndexFunc(cas, func(e knownhosts.Entry) bool { return bytes.Equal(e.Blob, cert.SignatureKey.Marshal()) })
	if ca < 0 || cert.CertType != xssh.HostCert {
		return "", faultf(KeyUnknown, "%s presents a certificate by %s, which is no known authority for it", l.knownName(), xssh.FingerprintSHA256(cert.SignatureKey))
	}
	if !slices.Contains(l.s.CAAlgos, cert.Signature.Format) {
		return "", faultf(KeyUnknown, "%s presents a certificate signed with %s, which CASignatureAlgorithms does not allow", l.knownName(), cert.Signature.Format)
	}
	name := strings.ToLower(l.s.HostName)
	if l.s.HostKeyAlias != "" {
		name = l.s.HostKeyAlias
	}
	principal := name
	for _, p := range cert.ValidPrincipals {
		if glob.Match(name, p) {
			principal = p
		}
	}
	check := xssh.CertChecker{Clock: time.Now}
	if err := check.CheckCert(principal, cert); err != nil {
		return "", faultf(KeyUnknown, "%s presents a certificate that does not hold: %s", l.knownName(), strings.TrimPrefix(err.Error(), "ssh: "))
	}
	return "certificate authority " + lineOf(cas[ca]), nil
}

// pin is what the inventory says about a host's key.
type pin struct {
	key         xssh.PublicKey
	fingerprint string
}

func parsePin(s string) (pin, error) {
	if strings.HasPrefix(s, "SHA256:") {
		return pin{fingerprint: s}, nil
	}
	key, _, _, _, err := xssh.ParseAuthorizedKey([]byte(s))
	if err != nil {
		return pin{}, faultf(Config, "host_key is neither a SHA256: fingerprint nor a key: %.60q", s)
	}
	return pin{key: key, fingerprint: xssh.FingerprintSHA256(key)}, nil
}

func (l *login) checkPin(key xssh.PublicKey) (string, error) {
	p, err := parsePin(l.s.Pin)
	if err != nil {
		return "", err
	}
	if l.fingerprint == p.fingerprint {
		return "inventory", nil
	}
	f := faultf(KeyChanged, "HOST KEY CHANGED: %s presents %s %s, but the inventory pins %s", l.knownName(), key.Type(), l.fingerprint, p.fingerprint).
		withHint("somebody may be between you and the host, or it was installed anew. Ask its owner before you change host_key")
	if p.key == nil {
		f.pinMissed = key.Type()
	}
	return "", f
}

// firstContact asks, or refuses.
func (l *login) firstContact(key xssh.PublicKey) (string, error) {
	unknown := faultf(KeyUnknown, "the host's key is not known: %s presents %s %s", l.knownName(), key.Type(), l.fingerprint).
		withHint("compare the fingerprint with the host's own (`ssh-keygen -lf /etc/ssh/ssh_host_%s_key.pub` there); if it is right: tend host accept %s %s", shortType(key.Type()), l.t.host.Name, l.fingerprint)
	dns := l.inDNS(key)
	switch {
	case l.t.probe != nil && l.t.probe.accept != l.fingerprint:
		l.t.probe.dns = dns
		return "", unknown
	case l.t.probe != nil:
		return "accepted", l.write(key)
	case dns == dnsSigned && l.s.VerifyHostKeyDNS == "yes":
		return "the DNS (SSHFP, signed)", nil
	case dns == dnsDiffers && l.s.StrictHostKeyChecking != "ask":
		unknown.err = fmt.Errorf("%w; %s", unknown.err, dnsWords[dns])
		return "", unknown
	case l.s.StrictHostKeyChecking == "no" || l.s.StrictHostKeyChecking == "accept-new":
		l.c.warn(l.t.host.Name, fmt.Sprintf("the host's key %s %s was not known, and was accepted because ssh_config says StrictHostKeyChecking %s", key.Type(), l.fingerprint, l.s.StrictHostKeyChecking))
	case l.s.StrictHostKeyChecking == "yes" || l.s.Batch || l.c.o.Prompter == nil:
		return "", unknown
	default:
		return l.askKey(key, Question{Kind: AskHostKey, Text: unknown.Error(), Note: dnsWords[dns], KeyType: key.Type(), Fingerprint: l.fingerprint, Art: randomArt(key), Echo: true}, unknown)
	}
	return l.remember(key)
}

// askKey asks about a key that is not known. Hosts of one address ask one after the other, and what was accepted for the first is known to
// the next.
func (l *login) askKey(key xssh.PublicKey, q Question, unknown error) (string, error) {
	defer l.budget.pause()() // waiting for another host's answer costs us neither time nor a place
	l.place.yield()
	l.asked = true // a server that gives up meanwhile is tried again
	turn := l.c.secrets.of("host key\x00" + l.knownName()).turn
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-l.ctx.Done():
		return "", context.Cause(l.ctx)
	}
	exact, _ := l.lookUp()
	for _, e := range exact.Keys {
		if bytes.Equal(e.Blob, key.Marshal()) {
			l.byFile = true
			return lineOf(e), nil
		}
	}
	answer, err := l.asking(q)
	if err != nil && l.ctx.Err() == nil || err == nil && !q.Accepts(answer) {
		return "", unknown
	}
	if err != nil {
		return "", err
	}
	return l.remember(key)
}

func shortType(t string) string {
	switch {
	case strings.HasPrefix(t, "ecdsa"):
		return "ecdsa"
	case t == xssh.KeyAlgoRSA:
		return "rsa"
	}
	return strings.TrimPrefix(t, "ssh-")
}

// remember keeps a key that was accepted; that it could not be kept does not undo the acceptance.
func (l *login) remember(key xssh.PublicKey) (string, error) {
	if len(l.s.KnownHosts) == 0 || l.s.KnownHosts[0] == os.DevNull {
		return "accepted now, kept nowhere", nil
	}
	if err := l.write(key); err != nil {
		l.c.warn(l.t.host.Name, fmt.Sprintf("the host's key was accepted but could not be kept: %v", err))
		return "accepted now, not kept", nil
	}
	return "accepted now, kept in " + filepath.Base(l.s.KnownHosts[0]), nil
}
