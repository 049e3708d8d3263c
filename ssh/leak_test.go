package ssh_test

import (
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// The tests of this file are not parallel: they look at every goroutine of the process.

// noneLeft waits until nothing that a Client started runs, and fails after half a minute.
func noneLeft(t *testing.T) {
	t.Helper()
	var left string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if left = ours(); left == "" {
			return
		}
	}
	t.Errorf("goroutines left:\n%s", left)
}

// ours lists the goroutines that a Client could have started: its own, and x/crypto/ssh's.
func ours() string {
	buf := make([]byte, 4<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var left []string
	for _, g := range strings.Split(string(buf), "\n\n") {
		if strings.Contains(g, "tend/ssh.(") || strings.Contains(g, "x/crypto/ssh.") && !strings.Contains(g, "ssh_test.") {
			left = append(left, g)
		}
	}
	return strings.Join(left, "\n\n")
}

// silent accepts TCP connections and never says a word, or says only what it is told.
func silent(t *testing.T, say string) (addr string, port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var open []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				break
			}
			io.WriteString(c, say)
			open = append(open, c)
		}
		for _, c := range open {
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "127.0.0.1", l.Addr().(*net.TCPAddr).Port
}

func TestSilentServer(t *testing.T) {
	for name, say := range map[string]string{
		"nothing": "", "half a banner": "SSH-2.0-Op", "banner only": "SSH-2.0-OpenSSH_9.2\r\n", "another protocol": "220 mail ready\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			addr, port := silent(t, say)
			const limit = 500 * time.Millisecond
			c := newClient(t, ssh.Options{AuthTimeout: limit})
			start := time.Now()
			var plain time.Duration // what a bare timer of that length takes on this machine now
			done := make(chan struct{})
			time.AfterFunc(limit, func() { plain = time.Since(start); close(done) })
			_, err := c.Exec(context.Background(), inventory.Host{Name: "mute", Addr: addr, Port: port, User: "u"}, "true", nil, nil, nil)
			d := time.Since(start)
			<-done
			if e := fault(t, err, ssh.Timeout); !e.NotStarted() {
				t.Error("nothing was sent")
			}
			if d < limit*9/10 || d > plain*11/10+500*time.Millisecond {
				t.Errorf("took %s, a bare timer %s; want %s", d, plain, limit)
			}
			c.Close()
			noneLeft(t)
		})
	}
}

func TestCancelledDialLeavesNothing(t *testing.T) {
	addr, port := silent(t, "")
	c := newClient(t, ssh.Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := c.Exec(ctx, inventory.Host{Name: "mute", Addr: addr, Port: port, User: "u"}, "true", nil, nil, nil)
	if e := fault(t, err, ssh.Cancelled); !e.NotStarted() {
		t.Error("nothing was sent")
	}
	noneLeft(t) // also before Close: nobody waits for that host any more
}

func TestFrozenServerLeavesNothing(t *testing.T) {
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	for range 3 {
		run(t, c, srv.Host("a"), "true")
	}
	srv.Freeze()
	defer srv.Thaw()
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	c.Exec(ctx, srv.Host("a"), "true", nil, nil, nil)
	start := time.Now()
	c.Close()
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("Close waited %s for a frozen host", d)
	}
	noneLeft(t)
}

func TestHostileServersLeaveNothing(t *testing.T) {
	banner := serve(t, &xssh.ServerConfig{PasswordCallback: func(m xssh.ConnMetadata, _ []byte) (*xssh.Permissions, error) {
		for {
			if err := m.(xssh.ServerPreAuthConn).SendAuthBanner(strings.Repeat("spam ", 1000)); err != nil {
				return nil, err
			}
		}
	}}, nil)
	prompts := flood(t, func(_ xssh.ConnMetadata, ask xssh.KeyboardInteractiveChallenge) error {
		_, err := ask("", "", make([]string, 10000), make([]bool, 10000))
		return err
	})
	unauthentic := serve(t, &xssh.ServerConfig{NoClientAuth: true}, nil)
	stranger := unauthentic.host("stranger")
	stranger.HostKey, stranger.KnownHosts = "", []string{}
	for name, h := range map[string]inventory.Host{"banner": banner.host("a"), "prompts": prompts.host("b"), "unknown key": stranger} {
		c := newClient(t, ssh.Options{Prompter: says("x")})
		if _, _, _, err := run(t, c, h, "x"); err == nil {
			t.Errorf("%s: no error", name)
		}
		c.Close()
		noneLeft(t)
	}
}
