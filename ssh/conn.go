package ssh

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/quote"
)

// conn is one authenticated connection.
type conn struct {
	c     *Client
	host  inventory.HostID
	x     xssh.Conn
	wire  *wire
	road  Road
	env   []EnvVar
	seats seats
	done  chan struct{} // closed when x/crypto's mux has ended
	beat  *keepalive
	// rotate is the login, where the server's other host keys may be learnt from it; it serves one notice.
	rotate *login

	mu      sync.Mutex
	cause   error // why it was ended by us; nil = not yet, or by the far side
	retired bool
	users   int
	served  bool // somebody has used it
	gone    bool // serve has ended
}

// handshake turns nc into a connection, or closes it.
func (c *Client) handshake(ctx context.Context, t target, s *Settings, r route, nc net.Conn, p *place) (*conn, error) {
	ctx, b, cancel := withBudget(ctx, c.o.AuthTimeout, faultf(Timeout, "no login within %s", c.o.AuthTimeout).withHint("the host accepted the connection but did not finish the handshake: is it overloaded, or frozen?"))
	defer cancel()
	w := newWire(nc)
	w.release = r.release
	l := &login{c: c, s: s, t: t, ctx: ctx, budget: b, place: p, wire: w}
	type result struct {
		cn  *conn
		err error
	}
	got := make(chan result, 1)
	if !c.own(func() {
		cn, err := c.shake(l, s, r)
		got <- result{cn, err}
	}) {
		nc.Close()
		return nil, errClosed
	}
	select {
	case res := <-got:
		return res.cn, res.err
	case <-ctx.Done():
		c.abandon(nc, func() {
			if res := <-got; res.cn != nil {
				res.cn.kill(errClosed)
			}
		})
		return nil, context.Cause(ctx)
	}
}

// abandon closes nc without waiting for it: behind a frozen jump host even Close can block.
func (c *Client) abandon(nc net.Conn, then func()) {
	c.wg.Go(func() { nc.Close() })
	c.wg.Go(then)
}

func (c *Client) shake(l *login, s *Settings, r route) (*conn, error) {
	defer l.close()
	cfg, err := l.config()
	if err != nil {
		l.wire.Close()
		return nil, err
	}
	x, chans, reqs, err := xssh.NewClientConn(l.wire, s.addr(), cfg)
	if err != nil {
		return nil, l.failure(err)
	}
	l.succeeded()
	cn := &conn{c: c, host: l.t.host.Name, x: x, wire: l.wire, env: s.Env, done: make(chan struct{})}
	cn.road = l.road(x, r)
	if s.UpdateHostKeys && l.byFile {
		cn.rotate = l
	}
	cn.beat = newKeepalive(cn, s.KeepaliveInterval, s.KeepaliveCount)
	c.wg.Go(func() { cn.serve(chans, reqs) })
	return cn, nil
}

// serve refuses whatever the server asks of us, until the connection ends.
func (cn *conn) serve(chans <-chan xssh.NewChannel, reqs <-chan *xssh.Request) {
	told := false
	for chans != nil || reqs != nil {
		select {
		case ch, ok := <-chans:
			if !ok {
				chans = nil
				continue
			}
			ch.Reject(xssh.Prohibited, "not offered")
		case r, ok := <-reqs:
			if !ok {
				reqs = nil
				continue
			}
			if cn.rotate != nil && !told && r.Type == hostKeysNotice {
				cn.c.wg.Go(func() { cn.learn(r.Payload) })
				told = true
			}
			r.Reply(false, nil)
		}
	}
	err := cn.x.Wait()
	cn.mu.Lock()
	if cn.cause == nil {
		cn.cause = farEnd(err)
	}
	cn.gone = true
	cn.mu.Unlock()
	cn.beat.stop()
	cn.wire.release()
	close(cn.done)
}

// farEnd words the end of a connection that we did not end.
func farEnd(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return faultf(LinkLost, "link lost: the host closed the connection")
	}
	return faultf(LinkLost, "link lost: %s", strings.TrimPrefix(err.Error(), "ssh: "))
}

func (cn *conn) ended() bool {
	select {
	case <-cn.done:
		return true
	default:
		cn.mu.Lock()
		defer cn.mu.Unlock()
		return cn.cause != nil || cn.retired || cn.wire.dead.Load()
	}
}

// kill ends the connection for a reason of ours. It never blocks.
func (cn *conn) kill(cause error) {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if cn.gone {
		return
	}
	if cn.cause == nil {
		cn.cause = cause
	}
	if _, tcp := cn.wire.Conn.(*net.TCPConn); tcp {
		cn.wire.Close()
		return
	}
	cn.c.wg.Go(func() { cn.wire.Close() }) // serve has not ended, so Close is still waiting
}

// retire ends the connection once nobody uses it.
func (cn *conn) retire() {
	cn.mu.Lock()
	cn.retired = true
	idle := cn.users == 0
	cn.mu.Unlock()
	if idle {
		cn.kill(errClosed)
	}
}

func (cn *conn) use(n int) {
	cn.mu.Lock()
	cn.users += n
	cn.served = true
	last := cn.retired && cn.users == 0
	cn.mu.Unlock()
	if last {
		cn.kill(errClosed)
	}
}

// lost is why the connection ended, once it has.
func (cn *conn) lost() error {
	cn.mu.Lock()
	defer cn.mu.Unlock()
	if cn.cause == nil {
		return farEnd(nil)
	}
	return cn.cause
}

// keepalive tells a dead link from a busy host: it asks only when the link was silent for an interval, has one question out at a
// time, and ends the link after count intervals of silence. It has no goroutine while it waits.
type keepalive struct {
	cn       *conn
	interval time.Duration
	count    int
	asked    atomic.Bool
	mu       sync.Mutex
	timer    *time.Timer
	stopped  bool
}

func newKeepalive(cn *conn, interval time.Duration, count int) *keepalive {
	k := &keepalive{cn: cn, interval: interval, count: count}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.timer = time.AfterFunc(interval, k.tick)
	return k
}

func (k *keepalive) tick() {
	silent, last := k.cn.wire.silence(), time.Duration(max(k.count, 2))*k.interval // the question goes out after the first interval
	switch {
	case silent < k.interval:
		k.again(k.interval - silent)
		return
	case silent >= last && k.asked.Load():
		k.cn.kill(faultf(LinkLost, "link lost: no answer for %s", silent.Round(time.Second/10)))
		return
	}
	if k.asked.CompareAndSwap(false, true) {
		k.cn.c.own(k.ask)
	}
	k.again(max(min(k.interval, last-silent), k.interval/8))
}

// ask sends what OpenSSH sends (PROTOCOL, ServerAliveInterval); any answer will do, also a refusal.
func (k *keepalive) ask() {
	k.cn.x.SendRequest("keepalive@openssh.com", true, nil)
	k.asked.Store(false)
}

func (k *keepalive) again(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.stopped {
		k.timer.Reset(d)
	}
}

func (k *keepalive) stop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stopped = true
	k.timer.Stop()
}

func (l *login) road(x xssh.Conn, r route) Road {
	algs := x.(xssh.AlgorithmsConnMetadata).Algorithms()
	rd := Road{
		Addr: r.name, Jumps: r.jumps, User: l.s.User, Since: time.Now(),
		HostKeyType: l.keyType, Fingerprint: l.fingerprint, KnownBy: quote.Line(l.knownBy), Auth: quote.Line(l.auth),
		Server: quote.Line(string(x.ServerVersion())), Kex: algs.KeyExchange, Cipher: algs.Write.Cipher,
		Banner: quote.Text(l.banner.String()),
	}
	if tcp, ok := x.RemoteAddr().(*net.TCPAddr); ok && len(r.jumps) == 0 {
		rd.Peer = tcp.String()
	}
	return rd
}
