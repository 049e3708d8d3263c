package sshtest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Direction is one way through a Proxy.
type Direction int

// The directions.
const (
	ToServer Direction = iota
	ToClient
)

// Proxy passes TCP connections on to a server, and can misbehave as networks do.
type Proxy struct {
	Addr string // "127.0.0.1"
	Port int

	target string
	l      net.Listener
	wg     sync.WaitGroup
	mu     sync.Mutex
	wake   *sync.Cond
	frozen bool
	cut    [2]int64 // bytes until the cut; -1 = never
	each   func(n int) (toServer, toClient int64)
	conns  map[*piped]bool
	count  int
	resets int
	closed bool
}

type piped struct {
	client, server net.Conn
	cut            [2]int64 // bytes until this one is cut; -1 = never
}

// NewProxy starts a proxy to target ("address:port"), which ends with the test.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, target: target, l: l, cut: [2]int64{-1, -1}, conns: map[*piped]bool{}}
	p.wake = sync.NewCond(&p.mu)
	p.wg.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// CutAfter resets every connection once n more bytes have passed in direction d; n < 0 takes the order back.
func (p *Proxy) CutAfter(d Direction, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut[d] = n
}

// CutEach lets limits decide for every connection that is made from now on, by its number from 0, after how many bytes in either
// direction that one is reset; negative = never. Limits is called from one goroutine at a time.
func (p *Proxy) CutEach(limits func(n int) (toServer, toClient int64)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.each = limits
}

// Resets counts the connections that were reset because their bytes were used up.
func (p *Proxy) Resets() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resets
}

// Left is how many bytes may still pass in direction d before the cut; negative where none is ordered.
func (p *Proxy) Left(d Direction) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut[d]
}

// Freeze stops all bytes in both directions and leaves the connections open; so a dead network looks. Thaw undoes it.
func (p *Proxy) Freeze(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = yes
	p.wake.Broadcast()
}

// Cut resets every connection now.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.reset()
	}
}

// HalfClose ends one direction of every connection and leaves the other open.
func (p *Proxy) HalfClose(d Direction) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		to := c.client
		if d == ToServer {
			to = c.server
		}
		to.(*net.TCPConn).CloseWrite()
	}
}

// Conns counts the connections so far.
func (p *Proxy) Conns() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

func (c *piped) reset() {
	for _, x := range []net.Conn{c.client, c.server} {
		x.(*net.TCPConn).SetLinger(0)
		x.Close()
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		c := &piped{client, server, [2]int64{-1, -1}}
		p.mu.Lock()
		if p.each != nil {
			c.cut[ToServer], c.cut[ToClient] = p.each(p.count)
		}
		p.conns[c] = true
		p.count++
		p.mu.Unlock()
		p.wg.Go(func() { p.copy(c, ToServer, server, client) })
		p.wg.Go(func() { p.copy(c, ToClient, client, server) })
	}
}

func (p *Proxy) copy(c *piped, d Direction, dst, src net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		pass, ok := p.allow(c, d, n)
		if pass > 0 {
			if _, err := dst.Write(buf[:pass]); err != nil {
				break
			}
		}
		if !ok {
			c.reset()
			break
		}
		if err != nil {
			if err == io.EOF {
				dst.(*net.TCPConn).CloseWrite()
			}
			break
		}
	}
}

// allow waits while the proxy is frozen, and says how many of n bytes pass before the cut.
func (p *Proxy) allow(c *piped, d Direction, n int) (pass int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.frozen && !p.closed {
		p.wake.Wait()
	}
	pass, ok = n, true
	limits := []*int64{&p.cut[d], &c.cut[d]}
	for _, left := range limits {
		if *left >= 0 {
			pass = int(min(*left, int64(pass)))
		}
	}
	for _, left := range limits {
		if *left >= 0 {
			*left -= int64(pass)
			ok = ok && *left > 0
		}
	}
	if !ok {
		p.resets++
	}
	return pass, ok
}

func (p *Proxy) close() {
	p.l.Close()
	p.mu.Lock()
	p.closed = true
	p.wake.Broadcast()
	for c := range p.conns {
		c.reset()
	}
	p.mu.Unlock()
	p.wg.Wait()
}
