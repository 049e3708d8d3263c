package ssh_test

import (
	"net"
	"testing"

	xssh "golang.org/x/crypto/ssh"

	"tend/ssh"
)

// TestRefusalThatIsReadLate: a session that was refused beside another is asked for again, though the other has ended by then.
func TestRefusalThatIsReadLate(t *testing.T) {
	t.Parallel()
	first := make(chan struct{})
	p := serve(t, &xssh.ServerConfig{NoClientAuth: true}, func(nc net.Conn, cfg *xssh.ServerConfig) {
		conn, chans, reqs, err := xssh.NewServerConn(nc, cfg)
		if err != nil {
			return
		}
		defer conn.Close()
		go xssh.DiscardRequests(reqs)
		one, two := <-chans, <-chans // both are asked for before either is answered
		go succeed(one)
		<-first
		two.Reject(xssh.ResourceShortage, "no more sessions")
		for c := range chans {
			go succeed(c)
		}
	})
	c := newClient(t, ssh.Options{})
	results := make(chan error, 2)
	for range 2 {
		go func() { _, _, _, err := run(t, c, p.host("a"), "true"); results <- err }()
	}
	for i := range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
		if i == 0 {
			close(first)
		}
	}
}

// succeed accepts a session and says that its command ended well.
func succeed(nch xssh.NewChannel) {
	ch, reqs, err := nch.Accept()
	if err != nil {
		return
	}
	for r := range reqs {
		r.Reply(r.Type == "exec", nil)
		if r.Type == "exec" {
			ch.SendRequest("exit-status", false, xssh.Marshal(struct{ S uint32 }{0}))
			ch.Close()
		}
	}
}
