package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

const (
	agentTimeout = 5 * time.Second  // to connect and to list
	touchTimeout = 60 * time.Second // for a person to touch a security key
)

// agentConn is one login's own connection to the ssh-agent. Agents answer in order, so that one pending touch on a shared
// connection would hold up every host.
type agentConn struct {
	conn    net.Conn
	client  agent.ExtendedAgent
	signers []xssh.Signer
}

func dialAgent(ctx context.Context, socket string) (*agentConn, error) {
	d := net.Dialer{Timeout: agentTimeout}
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("agent %s: %w", socket, err)
	}
	// Without Close in sight, agent.NewClient starts no goroutine of its own.
	a := &agentConn{conn: conn, client: agent.NewClient(struct{ io.ReadWriter }{conn})}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	conn.SetDeadline(time.Now().Add(agentTimeout))
	a.signers, err = a.client.Signers()
	conn.SetDeadline(time.Time{})
	if err == nil && len(a.signers) == 0 {
		err = errors.New("holds no keys, or is locked")
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("agent %s: %w", socket, agentFault(err))
	}
	return a, nil
}

func agentFault(err error) error {
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() || strings.Contains(err.Error(), "i/o timeout") {
		return fmt.Errorf("no answer within %s", agentTimeout)
	}
	return err
}

// agentSigner is a key that the agent holds. It watches its login, and tells the person when the key waits to be touched.
type agentSigner struct {
	xssh.Signer
	a    *agentConn
	l    *login
	algo []string
}

func (s *agentSigner) Algorithms() []string { return s.algo }

func (s *agentSigner) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*xssh.Signature, error) {
	stop := context.AfterFunc(s.l.ctx, func() { s.a.conn.Close() })
	defer stop()
	if strings.HasPrefix(s.PublicKey().Type(), "sk-") {
		defer s.touch()()
		s.a.conn.SetDeadline(time.Now().Add(touchTimeout))
		defer s.a.conn.SetDeadline(time.Time{})
	}
	as, ok := s.Signer.(xssh.AlgorithmSigner)
	if !ok {
		return s.Signer.Sign(rand, data)
	}
	sig, err := as.SignWithAlgorithm(rand, data, algorithm)
	if err != nil {
		s.l.tried = append(s.l.tried, "agent: "+agentFault(err).Error())
	}
	return sig, err
}

// touch shows that a security key waits, until the function that it returns is called; meanwhile the login's clock stands still.
func (s *agentSigner) touch() (done func()) {
	resume := s.l.budget.pause()
	s.l.place.yield()
	ctx, cancel := context.WithCancel(s.l.ctx)
	shown := make(chan struct{})
	pub := s.PublicKey()
	q := Question{Kind: AskTouch, Host: s.l.t.host.Name, KeyType: pub.Type(), Fingerprint: xssh.FingerprintSHA256(pub),
		Text: "touch the security key to log in to " + string(s.l.t.host.Name)}
	if s.l.c.o.Prompter == nil || !s.l.c.own(func() { defer close(shown); s.l.c.ask(ctx, q) }) {
		close(shown)
	}
	return func() { cancel(); <-shown; resume() }
}
