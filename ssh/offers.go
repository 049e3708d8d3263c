package ssh

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	xssh "golang.org/x/crypto/ssh"
)

// offer is one key that may open the host.
type offer struct {
	pub    xssh.PublicKey                            // nil where it is not known before the passphrase
	signer func(algos []string) (xssh.Signer, error) // one that signs with these
	what   string                                    // "(agent)", or the file
}

// offers is the keys of one login, the likeliest first: sshd counts every wrong one and hangs up after six.
//
// The order: keys that the operator named for this host, in his order; then the agent's other keys; then OpenSSH's default files.
// Within the last two, what has opened most hosts so far comes first. The agent is asked only when it is needed.
type offers struct {
	l       *login
	phases  []func() []offer
	queue   []offer
	seen    [][]byte
	count   int
	current string // fingerprint of the last one out
	agent   *agentConn
	asked   bool
}

func (l *login) gather() *offers {
	o := &offers{l: l}
	var named, defaults []Identity
	for _, id := range l.s.Identity {
		if id.Explicit {
			named = append(named, id)
		} else {
			defaults = append(defaults, id)
		}
	}
	for _, id := range named {
		o.phases = append(o.phases, func() []offer { return o.fromFile(id) })
	}
	if !l.s.IdentitiesOnly {
		o.phases = append(o.phases, o.fromAgent)
	}
	o.phases = append(o.phases, func() []offer {
		var all []offer
		for _, id := range defaults {
			all = append(all, o.fromFile(id)...)
		}
		return o.likeliest(all)
	})
	return o
}

// next returns the next key to offer, or nil.
func (o *offers) next() (xssh.Signer, string) {
	for o.count < maxOffers {
		of, ok := o.pop()
		if !ok {
			return nil, ""
		}
		signer, err := o.signer(of)
		if err != nil {
			o.l.skipped(err)
			if o.l.ctx.Err() != nil {
				return nil, ""
			}
			continue
		}
		pub := signer.PublicKey()
		if of.pub == nil && o.repeated(pub) {
			continue
		}
		o.count++
		o.current = xssh.FingerprintSHA256(pub)
		return signer, strings.TrimSpace(pub.Type() + " " + o.current + " " + of.what)
	}
	return nil, ""
}

// signer opens a key that the operator's ssh_config lets us use.
func (o *offers) signer(of offer) (xssh.Signer, error) {
	if of.pub == nil {
		return of.signer(nil)
	}
	algos, err := o.l.s.mayUse(of.pub)
	if err != nil {
		return nil, fmt.Errorf("%s %s %s: %w", of.pub.Type(), xssh.FingerprintSHA256(of.pub), of.what, err)
	}
	return of.signer(algos)
}

func (o *offers) pop() (offer, bool) {
	for {
		for len(o.queue) > 0 {
			of := o.queue[0]
			o.queue = o.queue[1:]
			if of.pub == nil || !o.repeated(of.pub) {
				return of, true
			}
		}
		if len(o.phases) == 0 {
			return offer{}, false
		}
		o.queue, o.phases = o.phases[0](), o.phases[1:]
	}
}

func (o *offers) repeated(pub xssh.PublicKey) bool {
	blob := pub.Marshal()
	if slices.ContainsFunc(o.seen, func(b []byte) bool { return bytes.Equal(b, blob) }) {
		return true
	}
	o.seen = append(o.seen, blob)
	return false
}

// left counts the keys that were not offered.
func (o *offers) left() int {
	n := 0
	for o != nil {
		if _, ok := o.pop(); !ok {
			return n
		}
		n++
	}
	return n
}

func (o *offers) won() {
	if o.current != "" && strings.HasPrefix(o.l.auth, "publickey") {
		o.l.c.keys.won(string(o.l.t.host.Name), o.current)
	}
}

func (o *offers) close() {
	if o.agent != nil {
		o.agent.conn.Close()
	}
}

// likeliest sorts by what has worked, and keeps the given order among equals.
func (o *offers) likeliest(all []offer) []offer {
	rank := func(of offer) int {
		if of.pub == nil {
			return -1 // needs a passphrase before it can even be offered
		}
		return o.l.c.keys.rank(string(o.l.t.host.Name), xssh.FingerprintSHA256(of.pub))
	}
	slices.SortStableFunc(all, func(a, b offer) int { return rank(b) - rank(a) })
	return all
}

// fromAgent lists the agent's keys.
func (o *offers) fromAgent() []offer {
	var all []offer
	for _, s := range o.agentSigners() {
		all = append(all, o.agentOffer(s, "(agent)"))
	}
	return o.likeliest(all)
}

func (o *offers) agentOffer(s xssh.Signer, what string) offer {
	pub := s.PublicKey()
	return offer{pub: pub, what: what, signer: func(algos []string) (xssh.Signer, error) {
		return &agentSigner{Signer: s, a: o.agent, l: o.l, algo: algos}, nil
	}}
}

func (o *offers) agentSigners() []xssh.Signer {
	if o.l.s.AgentSocket == "" {
		return nil
	}
	if !o.asked {
		o.asked = true
		a, err := dialAgent(o.l.ctx, o.l.s.AgentSocket)
		if err != nil {
			o.l.skipped(err)
			return nil
		}
		o.agent = a
	}
	if o.agent == nil {
		return nil
	}
	return o.agent.signers
}

func (o *offers) agentHas(pub xssh.PublicKey) xssh.Signer {
	for _, s := range o.agentSigners() {
		if bytes.Equal(s.PublicKey().Marshal(), pub.Marshal()) {
			return s
		}
	}
	return nil
}

// fromFile is a key file's certificates and the key itself. A locked or absent private half is taken from the agent where it is there.
func (o *offers) fromFile(id Identity) []offer {
	k := o.l.c.keys.file(id.Path)
	if k.err != nil {
		if id.Explicit || !errors.Is(k.err, fs.ErrNotExist) {
			o.l.skipped(fmt.Errorf("key file %s: %w", id.Path, plainErr(k.err)))
		}
		return nil
	}
	if k.cerr != nil {
		o.l.skipped(k.cerr)
	}
	key, ok := o.keyOffer(k)
	if !ok {
		return nil
	}
	var all []offer
	for _, cert := range o.certs(k) {
		all = append(all, certOffer(cert, key))
	}
	return append(all, key)
}

// plainErr drops the path from a file error: the caller has named it.
func plainErr(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func (o *offers) keyOffer(k *keyFile) (offer, bool) {
	if s := k.opened(); s != nil {
		pub := s.PublicKey()
		return offer{pub: pub, what: k.path, signer: func(algos []string) (xssh.Signer, error) { return restrict(s, algos) }}, true
	}
	if k.pub != nil {
		if s := o.agentHas(k.pub); s != nil {
			return o.agentOffer(s, k.path+" (agent)"), true
		}
	}
	if k.agent {
		o.l.skipped(fmt.Errorf("key file %s: its private half is neither there nor in the agent", k.path))
		return offer{}, false
	}
	return offer{pub: k.pub, what: k.path, signer: func(algos []string) (xssh.Signer, error) {
		if k.pub == nil {
			return o.unlocked(k)
		}
		return &lockedSigner{k: k, l: o.l, algo: algos}, nil
	}}, true
}

// unlocked opens a key of which nothing is known before its passphrase.
func (o *offers) unlocked(k *keyFile) (xssh.Signer, error) {
	s, err := k.open(o.l)
	if err != nil {
		return nil, err
	}
	algos, err := o.l.s.mayUse(s.PublicKey())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.path, err)
	}
	return restrict(s, algos)
}

// certs is the certificates for a key: the one beside it, and those that CertificateFile names.
func (o *offers) certs(k *keyFile) []*xssh.Certificate {
	var all []*xssh.Certificate
	if k.cert != nil {
		all = append(all, k.cert)
	}
	for _, path := range o.l.s.Certificates {
		cert, err := readCert(path)
		if err != nil || cert == nil {
			o.l.skipped(errors.Join(err, fmt.Errorf("certificate %s cannot be used", path)))
			continue
		}
		all = append(all, cert)
	}
	return slices.DeleteFunc(all, func(c *xssh.Certificate) bool {
		return k.pub == nil || !bytes.Equal(c.Key.Marshal(), k.pub.Marshal())
	})
}

func certOffer(cert *xssh.Certificate, key offer) offer {
	return offer{pub: cert, what: "certificate " + fmt.Sprintf("%.100q", cert.KeyId) + " " + key.what, signer: func(algos []string) (xssh.Signer, error) {
		s, err := key.signer(algos)
		if err != nil {
			return nil, err
		}
		return xssh.NewCertSigner(cert, s)
	}}
}

// lockedSigner offers a key whose passphrase is asked for only when the host has said that it would take the key.
type lockedSigner struct {
	k    *keyFile
	l    *login
	algo []string
}

func (s *lockedSigner) PublicKey() xssh.PublicKey { return s.k.pub }
func (s *lockedSigner) Algorithms() []string      { return s.algo }

func (s *lockedSigner) Sign(rand io.Reader, data []byte) (*xssh.Signature, error) {
	return s.SignWithAlgorithm(rand, data, s.algo[0])
}

func (s *lockedSigner) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*xssh.Signature, error) {
	signer, err := s.k.open(s.l)
	if err != nil {
		s.l.skipped(err)
		return nil, err
	}
	as, ok := signer.(xssh.AlgorithmSigner)
	if !ok {
		return signer.Sign(rand, data)
	}
	return as.SignWithAlgorithm(rand, data, algorithm)
}

// skipped notes, for the error and as a warning, something that could have opened the host and could not be used.
func (l *login) skipped(err error) {
	if l.ctx.Err() != nil {
		return
	}
	l.tried = append(l.tried, err.Error())
	l.c.warn(l.t.host.Name, err.Error())
}
