package ssh

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	xssh "golang.org/x/crypto/ssh"

	"tend/quote"
	"tend/ssh/knownhosts"
)

// Limits on what a server may say and ask before it let us in.
const (
	maxBanner  = 8 << 10 // bytes kept
	maxBanners = 64      // banner messages, then we hang up
	maxOffers  = 5       // keys: sshd's MaxAuthTries is 6, and one try is left for a password
	maxRounds  = 12      // rounds of keyboard-interactive
	maxPrompts = 8       // questions in one round
)

// login is one handshake and authentication. Its methods run on x/crypto's goroutines, one after the other.
type login struct {
	c      *Client
	s      *Settings
	t      target
	ctx    context.Context
	budget *budget
	place  *place
	wire   *wire

	fatal       error // what we ended the handshake for
	exact, bare knownhosts.Set
	looked      bool
	keyType     string
	fingerprint string
	knownBy     string
	taken       []byte // the key that was accepted
	byFile      bool   // a plain line of known_hosts vouched

	auth     string   // what is being tried, in words
	passed   []string // what was right, where the host wants several
	partials int
	tried    []string
	offered  []string // the methods that the server named last
	keys     *offers
	pending  func(verdict) // the verdict that a shared secret waits for
	sent     string        // the shared secret that was tried here
	logins   int           // passwords tried here
	alone    bool          // nobody could be asked
	asked    bool          // somebody was
	talks    int           // conversations begun
	mute     bool          // one ended without an answer
	posed    bool          // one of them asked something
	rounds   int
	banners  int
	banner   bytes.Buffer
}

func (l *login) config() (*xssh.ClientConfig, error) {
	algs, err := l.s.algorithms(l.hostKeyOrder())
	if err != nil {
		return nil, err
	}
	return &xssh.ClientConfig{
		Config:            xssh.Config{KeyExchanges: algs.KeyExchanges, Ciphers: algs.Ciphers, MACs: algs.MACs},
		User:              l.s.User,
		HostKeyAlgorithms: algs.HostKeys,
		HostKeyCallback:   l.checkHostKey,
		BannerCallback:    l.hearBanner,
		AuthCallback:      l.next,
		ClientVersion:     "SSH-2.0-tend",
	}, nil
}

// hearBanner keeps what the server shows. A server that never stops is cut off by closing the wire, not by an error: x/crypto
// would stop reading and leave its own reader blocked for ever.
func (l *login) hearBanner(text string) error {
	if room := maxBanner - l.banner.Len(); room > 0 {
		l.banner.WriteString(text[:min(room, len(text))])
	}
	if l.banners++; l.banners == maxBanners {
		l.abort(faultf(Protocol, "the server sent %d banners and no login", l.banners))
	}
	return nil
}

func (l *login) abort(err error) {
	if l.fatal == nil {
		l.fatal = err
	}
	l.wire.Close()
}

// failure says why the handshake failed, in our terms.
func (l *login) failure(err error) error {
	if l.pending != nil && strings.Contains(err.Error(), tooMany) {
		l.verdict(wrong)
	}
	lost := l.pending == nil
	l.verdict(unjudged)
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	if l.fatal != nil {
		return l.fatal
	}
	f := earlyFault(l.wire, err)
	if p, ok := l.wire.Conn.(*process); ok && (f == nil || errors.Is(f, errHungUp)) {
		if said := p.complaint(); said != nil {
			return said
		}
	}
	if f != nil {
		return f
	}
	var neg *xssh.AlgorithmNegotiationError
	if errors.As(err, &neg) {
		return l.s.negotiation(neg)
	}
	var last *fault
	text := err.Error()
	if strings.Contains(text, tooMany) || strings.Contains(text, "unable to authenticate") {
		return l.denied()
	}
	meaning := loginFault(err, l.banner.String())
	// A login that the server gave up (LoginGraceTime) while a person was being asked is worth another try: the answer is kept. One
	// that it gave up with our answer in hand is not: the answer may have been wrong.
	if lost && l.asked && isHangUp(err) && errors.As(meaning, &last) {
		last.again = true
	}
	return meaning
}

const tooMany = "Too many authentication failures" // sshd's words beyond MaxAuthTries

// denied is the failure of everything that we had.
func (l *login) denied() error {
	f := faultf(AuthFailed, "login as %s refused: the host accepts %s; tried: %s", l.s.User, list(l.offered, "nothing"), list(l.tried, "nothing"))
	if l.alone {
		f.kind = NoPrompter
		return f
	}
	if foreign := foreignMethods(strings.Join(l.offered, ",")); len(foreign) > 0 && len(foreign) == len(l.offered) {
		return f.withHint("tend does not speak %s: the host must also take a key or a password", strings.Join(foreign, " and "))
	}
	if n := l.keys.left(); n > 0 {
		return f.withHint("%d more keys were not offered, since hosts hang up after six: name the right one with IdentityFile in ssh_config, or identity in the inventory", n)
	}
	return f.withHint("is this the right user and key? see `tend host show %s`", quote.Line(string(l.t.host.Name)))
}

func list(s []string, none string) string {
	if len(s) == 0 {
		return none
	}
	return strings.Join(s, ", ")
}

func (l *login) succeeded() {
	l.verdict(right)
	if l.keys != nil {
		l.keys.won()
	}
	if l.auth == "" {
		l.auth = "none"
	}
	l.auth = strings.Join(append(l.passed, l.auth), ", then ")
	l.exact, l.bare = knownhosts.Set{}, knownhosts.Set{} // the login lives as long as its connection, see checkHostKey
}

// verdict tells a shared secret what became of it.
func (l *login) verdict(v verdict) {
	if l.pending != nil {
		l.pending(v)
		l.pending = nil
	}
}

func (l *login) close() {
	l.verdict(unjudged)
	if l.keys != nil {
		l.keys.close()
		l.keys = nil
	}
}

// next picks the next thing to try. It is called when the server has said which methods it accepts, and after each try.
func (l *login) next(a *xssh.ClientAuthContext) (xssh.AuthMethod, error) {
	if l.wire.dead.Load() {
		return nil, io.EOF // and the last try was never judged
	}
	l.judge(len(a.PartialSuccessMethods))
	l.offered = a.AllowedMethods
	for _, method := range l.s.Methods {
		if !slices.Contains(a.AllowedMethods, method) {
			continue
		}
		m, err := l.method(method)
		if err != nil && l.wire.dead.Load() {
			return nil, io.EOF
		}
		if err != nil {
			l.abort(err)
			return nil, err
		}
		if m != nil {
			return m, nil
		}
	}
	l.abort(l.denied())
	return nil, l.fatal
}

// judge closes the account of the last try: a partial success was right, and more is wanted.
func (l *login) judge(partials int) {
	if l.auth == "" {
		return
	}
	if partials > l.partials {
		l.verdict(right)
		l.passed = append(l.passed, l.auth)
	} else {
		l.verdict(wrong)
		l.tried = append(l.tried, l.auth)
	}
	l.partials, l.auth = partials, ""
}

// method returns one try with that method, or nil where it has no more.
func (l *login) method(name string) (xssh.AuthMethod, error) {
	switch name {
	case "publickey":
		return l.publicKey()
	case "keyboard-interactive":
		return l.interactive()
	case "password":
		return l.password()
	}
	return nil, nil
}

func (l *login) publicKey() (xssh.AuthMethod, error) {
	if l.keys == nil {
		l.keys = l.gather()
	}
	signer, what := l.keys.next()
	if signer == nil {
		return nil, nil
	}
	l.auth = "publickey " + what
	return xssh.PublicKeys(signer), nil
}
