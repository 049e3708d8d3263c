package ssh_test

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	xssh "golang.org/x/crypto/ssh"

	"tend/ssh"
	"tend/ssh/sshtest"
)

// TestCutAtManyBytes cuts the connection after every so many bytes, in either direction, from the banner to the exit status. Whatever
// the client then says must be true: a command that it calls not started was never asked for, and none is asked for twice.
func TestCutAtManyBytes(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	p := counting(t, &asked)
	proxy := sshtest.NewProxy(t, fmt.Sprintf("127.0.0.1:%d", p.port))
	h := p.host("h")
	h.Port = proxy.Port
	ends := map[string]int{}
	for _, d := range []sshtest.Direction{sshtest.ToServer, sshtest.ToClient} {
		for n := int64(0); n < 5000; n += 61 {
			asked.Store(0)
			proxy.CutAfter(d, n)
			c := newClient(t, ssh.Options{})
			ssh.HurryForTest(c)
			_, err := c.Exec(t.Context(), h, "x", nil, nil, nil)
			c.Close()
			ends[judge(t, fmt.Sprintf("direction %d, %d bytes", d, n), err, asked.Load())]++
			proxy.CutAfter(d, -1)
		}
	}
	for _, end := range []string{"not started", "unknown", "done"} {
		if ends[end] == 0 {
			t.Errorf("no cut ended as %q: %v", end, ends)
		}
	}
}

func judge(t *testing.T, where string, err error, asked int32) string {
	t.Helper()
	if asked > 1 {
		t.Errorf("%s: asked for %d times", where, asked)
	}
	var e *ssh.Error
	switch {
	case err == nil:
		if asked != 1 {
			t.Errorf("%s: done, but asked for %d times", where, asked)
		}
		return "done"
	case !errors.As(err, &e):
		t.Errorf("%s: %v", where, err)
	case e.NotStarted():
		if asked != 0 {
			t.Errorf("%s: called not started, but it was asked for: %v", where, err)
		}
		return "not started"
	}
	return "unknown"
}

// counting is a peer that counts the commands it is asked for.
func counting(t *testing.T, asked *atomic.Int32) *peer {
	return serve(t, &xssh.ServerConfig{NoClientAuth: true}, func(nc net.Conn, cfg *xssh.ServerConfig) {
		_, chans, reqs, err := xssh.NewServerConn(nc, cfg)
		if err != nil {
			return
		}
		go xssh.DiscardRequests(reqs)
		for nch := range chans {
			ch, creqs, err := nch.Accept()
			if err != nil {
				continue
			}
			for r := range creqs {
				if r.Type == "exec" {
					asked.Add(1)
				}
				r.Reply(true, nil)
				if r.Type == "exec" {
					fmt.Fprintln(ch, "out")
					ch.SendRequest("exit-status", false, xssh.Marshal(struct{ S uint32 }{0}))
					ch.Close()
				}
			}
		}
	})
}
