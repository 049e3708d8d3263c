package ssh

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	xssh "golang.org/x/crypto/ssh"
)

// mayUse is what we sign with for a key, or why the operator's ssh_config keeps it from being offered.
func (s *Settings) mayUse(pub xssh.PublicKey) ([]string, error) {
	if n := rsaBits(plainKey(pub)); n > 0 && n < s.RequiredRSASize {
		return nil, fmt.Errorf("has %d bits, and RequiredRSASize is %d", n, s.RequiredRSASize)
	}
	algos := s.signatureAlgos(pub)
	if len(algos) == 0 {
		return nil, errors.New("PubkeyAcceptedAlgorithms leaves no algorithm for it")
	}
	return algos, nil
}

// signatureAlgos is what PubkeyAcceptedAlgorithms leaves of the algorithms of a key. It names those of a certificate apart; what is signed
// with is the same. RSA: with SHA-2 first, and with SHA-1 only where the operator names ssh-rsa.
func (s *Settings) signatureAlgos(pub xssh.PublicKey) []string {
	plain := plainKey(pub)
	algos := []string{plain.Type()}
	if plain.Type() == xssh.KeyAlgoRSA {
		algos = []string{xssh.KeyAlgoRSASHA512, xssh.KeyAlgoRSASHA256, xssh.KeyAlgoRSA}
	}
	_, isCert := pub.(*xssh.Certificate)
	return slices.DeleteFunc(algos, func(a string) bool {
		if isCert {
			a = certAlgo(a)
		}
		return !slices.Contains(s.PubkeyAlgos, a)
	})
}

// plainKey is the key that a certificate is about.
func plainKey(pub xssh.PublicKey) xssh.PublicKey {
	if c, ok := pub.(*xssh.Certificate); ok {
		return c.Key
	}
	return pub
}

// certAlgo is the name of a certificate's algorithm (PROTOCOL.certkeys).
func certAlgo(algo string) string {
	return strings.TrimSuffix(algo, "@openssh.com") + "-cert-v01@openssh.com"
}

func withCerts(algos []string) []string {
	all := slices.Clone(algos)
	for _, a := range algos {
		all = append(all, certAlgo(a))
	}
	return all
}

func restrict(signer xssh.Signer, algos []string) (xssh.Signer, error) {
	as, ok := signer.(xssh.AlgorithmSigner)
	if !ok || signer.PublicKey().Type() != xssh.KeyAlgoRSA {
		return signer, nil
	}
	return xssh.NewSignerWithAlgorithms(as, algos)
}

// negotiation words a handshake for which no algorithm was found that both sides take, and names the option that would allow one.
func (s *Settings) negotiation(e *xssh.AlgorithmNegotiationError) error {
	option := map[string]string{"key exchange": "KexAlgorithms", "host key": "HostKeyAlgorithms"}[e.What]
	if option == "" {
		option = "Ciphers"
		if strings.Contains(strings.ToLower(e.What), "mac") {
			option = "MACs"
		}
	}
	f := faultf(Protocol, "no common algorithm for %s: the host offers %s", e.What, list(e.RequestedAlgorithms, "none"))
	weak := xssh.InsecureAlgorithms()
	for _, a := range e.RequestedAlgorithms {
		if slices.Contains(slices.Concat(weak.KeyExchanges, weak.Ciphers, weak.MACs, weak.HostKeys), a) {
			return f.withHint("the host speaks only weak algorithms; `Host %s` with `%s +%s` in ssh_config allows one, for this host alone; legacy_crypto = true at the host in the inventory allows them all", s.HostName, option, a)
		}
	}
	return f
}

// algorithms is what we offer. Source of the defaults: x/crypto's list of those without known weaknesses, mlkem768x25519 first.
func (s *Settings) algorithms(hostKeys []string) (xssh.Algorithms, error) {
	a := xssh.Algorithms{KeyExchanges: s.Kex, Ciphers: s.Ciphers, MACs: s.MACs, HostKeys: hostKeys}
	for name, l := range map[string][]string{"KexAlgorithms": a.KeyExchanges, "Ciphers": a.Ciphers, "MACs": a.MACs, "HostKeyAlgorithms": a.HostKeys} {
		if len(l) == 0 {
			return a, faultf(Config, "%s leaves no algorithm that tend speaks", name)
		}
	}
	return a, nil
}

// lists are algorithms in order of preference, and those of keys with those of certificates.
type lists struct {
	xssh.Algorithms
	keys []string
}

// ours are the strong lists and the weak ones. All hosts share them: nobody changes them.
var ours = sync.OnceValues(func() (strong, weak lists) {
	s, w := defaultAlgorithms(), xssh.InsecureAlgorithms()
	return lists{s, withCerts(s.PublicKeyAuths)}, lists{w, withCerts(w.PublicKeyAuths)}
})

// defaultAlgorithms is our own list, in order of preference. Host keys: ed25519 first, as OpenSSH has it.
func defaultAlgorithms() xssh.Algorithms {
	a := xssh.SupportedAlgorithms()
	a.HostKeys = []string{
		xssh.CertAlgoED25519v01, xssh.CertAlgoECDSA256v01, xssh.CertAlgoECDSA384v01, xssh.CertAlgoECDSA521v01,
		xssh.CertAlgoRSASHA512v01, xssh.CertAlgoRSASHA256v01,
		xssh.KeyAlgoED25519, xssh.KeyAlgoECDSA256, xssh.KeyAlgoECDSA384, xssh.KeyAlgoECDSA521,
		xssh.KeyAlgoRSASHA512, xssh.KeyAlgoRSASHA256,
	}
	return a
}

func rsaBits(key xssh.PublicKey) int {
	if c, ok := key.(xssh.CryptoPublicKey); ok {
		if r, ok := c.CryptoPublicKey().(*rsa.PublicKey); ok {
			return r.N.BitLen()
		}
	}
	return 0
}

// withoutKeyType is s without the host key algorithms of one key type; nil where none is left.
func (s *Settings) withoutKeyType(typ string) *Settings {
	c := *s
	c.HostKeyAlgos = slices.DeleteFunc(slices.Clone(s.HostKeyAlgos), func(a string) bool { return keyTypeOf(a) == typ })
	if !slices.ContainsFunc(c.HostKeyAlgos, func(a string) bool { return !strings.Contains(a, "-cert-v") }) {
		return nil
	}
	return &c
}
