package ssh_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// TestCancelWhereverItWaits: each place where a command can wait for something that does not come is left as soon as its context ends. Every
// other limit is far longer than the test waits.
func TestCancelWhereverItWaits(t *testing.T) {
	t.Parallel()
	called := make(chan struct{}, 10)
	mute := raw(t, func(_ int, c net.Conn) { io.Copy(io.Discard, c) })
	place := raw(t, func(_ int, c net.Conn) { called <- struct{}{}; io.Copy(io.Discard, c) })
	place.Name = "place"
	second := mute
	second.Name = "second"
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := inventory.Host{Name: "nobody", Addr: "127.0.0.1", Port: closed.Addr().(*net.TCPAddr).Port}
	closed.Close()
	one := sshtest.Start(t, sshtest.Config{Lines: []string{"MaxSessions 1"}})
	agent := sshtest.StartAgent(t, sshtest.NewKey(t, "ed25519"))
	agent.Hang(true)
	keyless := one.Host("keyless")
	keyless.Identity = nil
	behind := inventory.Host{Name: "behind", Addr: "127.0.0.1", Port: 1, Jump: []string{"evil"}}
	asked := make(chan struct{})
	thinks := &person{answer: func(ssh.Question) (string, error) { <-asked; return "", ssh.ErrDeclined }}
	wanting := serve(t, &xssh.ServerConfig{PasswordCallback: func(xssh.ConnMetadata, []byte) (*xssh.Permissions, error) { return nil, errors.New("no") }}, nil)
	hop := func(inventory.HostID) (inventory.Host, bool) { return mute, true }
	cases := map[string]struct {
		client *ssh.Client
		first  inventory.Host // reached before, and left to wait; "" = none
		cmd    string
		host   inventory.Host
	}{
		"the banner":              {newClient(t, ssh.Options{}), inventory.Host{}, "", mute},
		"a place at the door":     {newClient(t, ssh.Options{DialsPerAddr: 1}), mute, "x", second},
		"a place at all":          {newClient(t, ssh.Options{Dials: 1}), place, "x", one.Host("a")},
		"a jump host":             {newClient(t, ssh.Options{Hosts: hop}), inventory.Host{}, "", behind},
		"the next call":           {configured(t, "ConnectionAttempts 100000", ssh.Options{}), inventory.Host{}, "", nobody},
		"a ProxyCommand":          {configured(t, "ProxyCommand sleep 1000", ssh.Options{}), inventory.Host{}, "", nobody},
		"an agent":                {newClient(t, ssh.Options{AgentSocket: agent.Socket}), inventory.Host{}, "", keyless},
		"a session":               {newClient(t, ssh.Options{}), one.Host("a"), "echo in; exec sleep 1000", one.Host("a")},
		"a person":                {newClient(t, ssh.Options{Prompter: thinks}), inventory.Host{}, "", wanting.host("a")},
		"another host's question": {newClient(t, ssh.Options{Prompter: thinks}), wanting.host("a"), "x", wanting.host("b")},
	}
	t.Cleanup(func() { close(asked) }) // before the clients are closed
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.first.Name != "" {
				began := &watch{want: "in", seen: make(chan struct{})}
				go c.client.Exec(context.Background(), c.first, c.cmd, nil, began, nil)
				switch c.first.Name {
				case "place":
					<-called // the only place is taken, for good
				case c.host.Name:
					<-began.seen
				}
			}
			ctx, stop := context.WithCancelCause(context.Background())
			enough := errors.New("enough")
			time.AfterFunc(100*time.Millisecond, func() { stop(enough) })
			got := make(chan error, 1)
			go func() {
				_, err := c.client.Exec(ctx, c.host, "true", nil, nil, nil)
				got <- err
			}()
			select {
			case err := <-got:
				if e := fault(t, err, ssh.Cancelled); !e.NotStarted() || !errors.Is(err, enough) {
					t.Errorf("nothing was sent, and it says otherwise: %v", err)
				}
			case <-time.After(time.Minute):
				t.Error("still there after a minute")
			}
			closed := make(chan struct{})
			go func() { c.client.Close(); close(closed) }()
			if name == "a person" || name == "another host's question" {
				return // a Prompter that never returns keeps Close waiting; this one returns when the test ends
			}
			select {
			case <-closed:
			case <-time.After(time.Minute):
				t.Error("Close waits")
			}
		})
	}
}
