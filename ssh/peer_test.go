package ssh_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"iter"
	"net"
	"sync"
	"testing"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// peer is an SSH server in this process, for what sshd cannot be made to do without PAM, or would never do.
type peer struct {
	addr string
	port int
	key  xssh.PublicKey

	mu     sync.Mutex
	logins int // connections that got as far as authentication
	conns  int
}

// serve starts a peer with one ed25519 host key. Each session request "exec" is answered by exit 0 after handle, which may be nil.
func serve(t *testing.T, cfg *xssh.ServerConfig, handle func(net.Conn, *xssh.ServerConfig)) *peer {
	t.Helper()
	signer := sshtest.Signer(t, sshtest.NewKey(t, "ed25519"))
	cfg.AddHostKey(signer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{addr: "127.0.0.1", port: l.Addr().(*net.TCPAddr).Port, key: signer.PublicKey()}
	if handle == nil {
		handle = p.answer
	}
	var wg sync.WaitGroup
	var open sync.Map
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.conns++
			p.mu.Unlock()
			open.Store(c, nil)
			wg.Go(func() { handle(c, cfg); c.Close(); open.Delete(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		wg.Wait()
	})
	return p
}

// login lets a client in and gives its sessions, each with its requests; nil where it does not come in.
func login(nc net.Conn, cfg *xssh.ServerConfig) (*xssh.ServerConn, iter.Seq2[xssh.Channel, <-chan *xssh.Request]) {
	conn, chans, reqs, err := xssh.NewServerConn(nc, cfg)
	if err != nil {
		return nil, nil
	}
	go xssh.DiscardRequests(reqs)
	return conn, func(yield func(xssh.Channel, <-chan *xssh.Request) bool) {
		for nch := range chans {
			ch, creqs, err := nch.Accept()
			if err != nil || !yield(ch, creqs) {
				return
			}
		}
	}
}

func (p *peer) answer(nc net.Conn, cfg *xssh.ServerConfig) {
	conn, sessions := login(nc, cfg)
	if conn == nil {
		return
	}
	defer conn.Close()
	p.mu.Lock()
	p.logins++
	p.mu.Unlock()
	for ch, creqs := range sessions {
		go func() {
			for r := range creqs {
				r.Reply(r.Type == "exec", nil)
				if r.Type == "exec" {
					fmt.Fprintf(ch, "hello %s\n", conn.User())
					ch.SendRequest("exit-status", false, xssh.Marshal(struct{ S uint32 }{0}))
					ch.Close()
				}
			}
		}()
	}
}

// host is the peer in an inventory that pins its key.
func (p *peer) host(name string) inventory.Host {
	return inventory.Host{Name: inventory.HostID(name), Addr: p.addr, Port: p.port, User: "ops", HostKey: xssh.FingerprintSHA256(p.key)}
}

// person is a Prompter that answers from a function and remembers the questions.
type person struct {
	answer func(q ssh.Question) (string, error)
	mu     sync.Mutex
	asked  []ssh.Question
	busy   int
	most   int
}

func (p *person) Prompt(_ context.Context, q ssh.Question) (string, error) {
	p.mu.Lock()
	p.asked = append(p.asked, q)
	p.busy++
	p.most = max(p.most, p.busy)
	p.mu.Unlock()
	defer func() { p.mu.Lock(); p.busy--; p.mu.Unlock() }()
	return p.answer(q)
}

func (p *person) questions() []ssh.Question {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]ssh.Question(nil), p.asked...)
}

func says(answers ...string) *person {
	p := &person{}
	n := 0
	p.answer = func(ssh.Question) (string, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		n++
		if n > len(answers) {
			return "", ssh.ErrDeclined
		}
		return answers[n-1], nil
	}
	return p
}

// slow is a peer whose commands say hello and then never end.
func slow(t *testing.T) *peer {
	return serve(t, &xssh.ServerConfig{NoClientAuth: true}, func(nc net.Conn, cfg *xssh.ServerConfig) {
		conn, sessions := login(nc, cfg)
		if conn == nil {
			return
		}
		for ch, creqs := range sessions {
			go func() {
				for r := range creqs {
					r.Reply(r.Type == "exec", nil)
					if r.Type == "exec" {
						fmt.Fprintln(ch, "hello")
					}
				}
			}()
		}
		conn.Close()
	})
}

// evilRotation is a server that announces a host key that is not its own, and signs the proof with another.
func evilRotation(cfg *xssh.ServerConfig, announced xssh.PublicKey, asked chan<- struct{}) func(int, net.Conn) {
	return func(_ int, nc net.Conn) {
		conn, chans, reqs, err := xssh.NewServerConn(nc, cfg)
		if err != nil {
			return
		}
		go func() {
			for ch := range chans {
				ch.Reject(xssh.Prohibited, "")
			}
		}()
		go conn.SendRequest("hostkeys-00@openssh.com", false, xssh.Marshal(struct{ B []byte }{announced.Marshal()}))
		for r := range reqs {
			if r.Type == "hostkeys-prove-00@openssh.com" {
				_, wrong, _ := ed25519.GenerateKey(nil)
				signer, _ := xssh.NewSignerFromKey(wrong)
				sig, _ := signer.Sign(nil, []byte("nothing"))
				r.Reply(true, xssh.Marshal(struct{ B []byte }{xssh.Marshal(sig)}))
				close(asked)
				continue
			}
			r.Reply(false, nil)
		}
	}
}
