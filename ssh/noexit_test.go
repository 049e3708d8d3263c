package ssh_test

import (
	"fmt"
	"net"
	"testing"

	xssh "golang.org/x/crypto/ssh"

	"tend/ssh"
)

// TestNoExitStatus: a session that the host closes without an exit status, as many switches do, is told from a link that is lost in the
// same place, and what was printed is whole in both; the link of the first goes on to be used.
func TestNoExitStatus(t *testing.T) {
	p := serve(t, &xssh.ServerConfig{NoClientAuth: true}, func(nc net.Conn, cfg *xssh.ServerConfig) {
		conn, sessions := login(nc, cfg)
		if conn == nil {
			return
		}
		defer conn.Close()
		for ch, creqs := range sessions {
			r, ok := <-creqs
			if !ok {
				return
			}
			var cmd struct{ Line string }
			if xssh.Unmarshal(r.Payload, &cmd); cmd.Line == "deaf" {
				ch.Close()
				continue
			}
			r.Reply(true, nil)
			fmt.Fprint(ch, "12:00\r\n")
			if cmd.Line == "reload" {
				return
			}
			ch.Close()
		}
	})
	c := newClient(t, ssh.Options{})
	for _, x := range []struct {
		line  string
		kind  ssh.Kind
		out   string
		ended bool
	}{{"show clock", ssh.NoExit, "12:00\r\n", true}, {"deaf", ssh.Protocol, "", false}, {"reload", ssh.LinkLost, "12:00\r\n", false}} {
		_, out, _, err := run(t, c, p.host("sw-1"), x.line)
		if e := fault(t, err, x.kind); e.Ended() != x.ended || e.NotStarted() || out != x.out {
			t.Errorf("%s: %v, said %q", x.line, err, out)
		}
	}
	if p.conns != 1 {
		t.Errorf("%d connections, want 1: the link was thrown away with the session", p.conns)
	}
}
