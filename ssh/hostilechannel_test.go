package ssh_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/ssh"
)

func TestNothingRawReachesAReader(t *testing.T) {
	t.Parallel()
	p := serve(t, &xssh.ServerConfig{
		ServerVersion:  "SSH-2.0-" + "evil\x1b[31m"[:4],
		BannerCallback: func(xssh.ConnMetadata) string { return "Welcome" + nasty + "\nline two" },
		KeyboardInteractiveCallback: func(_ xssh.ConnMetadata, ask xssh.KeyboardInteractiveChallenge) (*xssh.Permissions, error) {
			_, err := ask("name"+nasty, "instruct"+nasty, []string{"code" + nasty}, []bool{true})
			return nil, err
		},
	}, func(nc net.Conn, cfg *xssh.ServerConfig) {
		conn, chans, reqs, err := xssh.NewServerConn(nc, cfg)
		if err != nil {
			return
		}
		go xssh.DiscardRequests(reqs)
		ch, creqs, _ := (<-chans).Accept()
		for r := range creqs {
			r.Reply(true, nil)
			if r.Type == "exec" {
				ch.SendRequest("exit-signal", false, xssh.Marshal(struct {
					Name string
					Core bool
					A, B string
				}{"KILL" + nasty, true, nasty, nasty}))
				ch.Close()
			}
		}
		conn.Close()
	})
	person := says("1")
	c := newClient(t, ssh.Options{Prompter: person})
	r, err := c.Run(ctxFor(t, time.Minute), p.host("evil"), ssh.Command{Line: "x"})
	if err != nil || r.Exit != 128 || !r.Core {
		t.Fatalf("%+v %v", r, err)
	}
	clean(t, "the signal", r.Signal+r.Said)
	q := person.questions()[0]
	clean(t, "the question", q.Text+q.Note)
	road, _ := c.Road("evil")
	clean(t, "the road", fmt.Sprint(road))
	if !strings.Contains(road.Banner, "line two") {
		t.Errorf("banner: %q", road.Banner)
	}
	refusing := serve(t, &xssh.ServerConfig{NoClientAuth: true}, func(nc net.Conn, cfg *xssh.ServerConfig) {
		_, chans, reqs, err := xssh.NewServerConn(nc, cfg)
		if err != nil {
			return
		}
		go xssh.DiscardRequests(reqs)
		for ch := range chans {
			ch.Reject(xssh.Prohibited, nasty)
		}
	})
	_, _, _, err = run(t, newClient(t, ssh.Options{}), refusing.host("evil"), "x")
	fault(t, err, ssh.Forbidden)
	clean(t, "the error", err.Error())
}

// TestHostileChannels: a server that answers a session with nonsense must cost nothing but that session.
func TestHostileChannels(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(ch xssh.Channel){
		"closes without a status": func(ch xssh.Channel) { ch.Close() },
		"malformed status":        func(ch xssh.Channel) { ch.SendRequest("exit-status", false, []byte{1}); ch.Close() },
		"many requests": func(ch xssh.Channel) {
			for range 5000 {
				ch.SendRequest("spam@evil", false, make([]byte, 100))
			}
			ch.Close()
		},
	} {
		p := serve(t, &xssh.ServerConfig{NoClientAuth: true}, func(nc net.Conn, cfg *xssh.ServerConfig) {
			conn, sessions := login(nc, cfg)
			if conn == nil {
				return
			}
			for ch, creqs := range sessions {
				go func() {
					for r := range creqs {
						r.Reply(true, nil)
						if r.Type == "exec" {
							act(ch)
						}
					}
				}()
			}
		})
		_, _, _, err := run(t, newClient(t, ssh.Options{}), p.host("evil"), "x")
		if e := fault(t, err, ssh.NoExit); e.NotStarted() {
			t.Errorf("%s: the command was sent", name)
		}
	}
}
