package ssh

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"tend/inventory"
)

// jumpGrace is how long the failure of a jump host answers for it: five hundred hosts behind it must not knock five hundred times.
const jumpGrace = 10 * time.Second

// target is whom to reach: a host, by a chain of jump hosts.
type target struct {
	key   string // names the kept link
	host  inventory.Host
	hop   bool     // it is somebody's jump host
	probe *probe   // only the host's key is looked at
	path  []string // whose jump host it is, and whose that is: to find circles
}

func hostKeyOf(h inventory.HostID) string { return "host\x00" + string(h) }

// link is the place of one host's connection: at most one lives, at most one attempt is under way, whoever asks.
type link struct {
	c       *Client
	mu      sync.Mutex
	host    inventory.Host // as it was dialled
	conn    *conn
	trying  *attempt
	road    Road
	had     bool
	failed  *Error
	failedU time.Time // failed answers until then
}

// attempt is one try to connect, shared by all who wait for it. It is cancelled when nobody waits any more.
type attempt struct {
	done    chan struct{}
	conn    *conn
	err     *Error
	waiters int
	cancel  context.CancelCauseFunc
}

// reach returns the host's connection, dialling if there is none. kept says that it was there before.
func (c *Client) reach(ctx context.Context, t target) (cn *conn, kept bool, err error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, false, dress(errClosed, t.host.Name, "", Closed)
	}
	l := c.links[t.key]
	if l == nil {
		l = &link{c: c}
		c.links[t.key] = l
	}
	c.mu.Unlock()
	return l.get(ctx, t)
}

func (l *link) get(ctx context.Context, t target) (*conn, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, dress(context.Cause(ctx), t.host.Name, "", Cancelled)
	}
	l.mu.Lock()
	if l.conn != nil && (l.conn.ended() || !sameRoad(l.host, t.host)) {
		if !l.conn.ended() {
			l.conn.retire()
		}
		l.conn = nil
	}
	if l.conn != nil {
		defer l.mu.Unlock()
		return l.conn, true, nil
	}
	if t.hop && l.failed != nil && time.Now().Before(l.failedU) {
		defer l.mu.Unlock()
		return nil, false, l.failed
	}
	a, err := l.join(t)
	l.mu.Unlock()
	if err != nil {
		return nil, false, err
	}
	return l.await(ctx, t, a)
}

// join returns the attempt under way, or starts one. l.mu is held.
func (l *link) join(t target) (*attempt, error) {
	if l.trying != nil {
		l.trying.waiters++
		return l.trying, nil
	}
	ctx, cancel := context.WithCancelCause(l.c.ctx)
	a := &attempt{done: make(chan struct{}), waiters: 1, cancel: cancel}
	if !l.c.own(func() { l.try(ctx, t, a) }) {
		cancel(errClosed)
		return nil, dress(errClosed, t.host.Name, "", Closed)
	}
	l.trying = a
	return a, nil
}

func (l *link) try(ctx context.Context, t target, a *attempt) {
	defer a.cancel(context.Canceled)
	cn, err := l.c.connect(ctx, t)
	l.mu.Lock()
	defer l.mu.Unlock()
	defer close(a.done)
	if l.trying == a {
		l.trying = nil
	} else if err == nil { // dropped meanwhile
		cn.kill(errClosed)
		err = dress(context.Cause(ctx), t.host.Name, "", Cancelled)
	}
	if err != nil {
		a.err = dress(err, t.host.Name, "", Protocol)
		if a.err.Kind != Cancelled && a.err.Kind != Closed {
			l.failed, l.failedU = a.err, time.Now().Add(jumpGrace)
		}
		return
	}
	l.conn, l.host, l.road, l.had, l.failed = cn, t.host, cn.road, true, nil
	a.conn = cn
}

func (l *link) await(ctx context.Context, t target, a *attempt) (*conn, bool, error) {
	select {
	case <-a.done:
		if a.err != nil {
			return nil, false, a.err
		}
		return a.conn, false, nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.waiters--; a.waiters == 0 {
		a.cancel(context.Canceled)
		if l.trying == a {
			l.trying = nil
		}
	}
	return nil, false, dress(context.Cause(ctx), t.host.Name, "", Cancelled)
}

// drop ends the connection and the attempt, and forgets a failure.
func (l *link) drop(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = nil
	if l.trying != nil {
		l.trying.cancel(cause)
		l.trying = nil
	}
	if l.conn != nil {
		l.conn.kill(cause)
		l.conn = nil
	}
}

func (l *link) lastRoad() (Road, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.road, l.had
}

// roadKey is the same for two values of a host that lead to the same place, so that a kept connection may serve both.
func roadKey(h inventory.Host) string {
	b := make([]byte, 0, 256)
	for _, s := range []string{string(h.Name), h.Addr, h.User, h.HostKey} {
		b = strconv.AppendQuote(b, s)
	}
	for _, l := range [][]string{h.Jump, h.KnownHosts, h.Identity} {
		b = append(b, '[')
		for _, s := range l {
			b = strconv.AppendQuote(b, s)
		}
		b = append(b, ']')
	}
	return string(strconv.AppendBool(strconv.AppendInt(b, int64(h.Port), 10), h.LegacyCrypto))
}

func sameRoad(a, b inventory.Host) bool {
	return a.Addr == b.Addr && a.Port == b.Port && a.User == b.User && a.HostKey == b.HostKey && a.LegacyCrypto == b.LegacyCrypto &&
		slices.Equal(a.Jump, b.Jump) && slices.Equal(a.KnownHosts, b.KnownHosts) && slices.Equal(a.Identity, b.Identity)
}

// connect dials, shakes hands and logs in, and tries again where the server turned us away at the door.
func (c *Client) connect(ctx context.Context, t target) (*conn, error) {
	s, err := c.Settings(ctx, t.host)
	if err != nil {
		return nil, err
	}
	for _, w := range s.Warnings {
		c.warn(t.host.Name, w)
	}
	road, err := c.route(ctx, t, s)
	if err != nil {
		return nil, err
	}
	try, call := 0, 1
	for {
		cn, err := c.knockPinned(ctx, t, s, road)
		if err == nil {
			cn.road.TurnedAway = try
			return cn, nil
		}
		wait, again := c.again(err, try)
		switch {
		case isUncalled(err):
			wait, again = c.pace(callPause), call < s.ConnectionAttempts
			call++
		default:
			try++
		}
		if !again || ctx.Err() != nil {
			return nil, dress(err, t.host.Name, s.addr(), Protocol)
		}
		c.doors.of(road.addr).shutIfThrottled(err, wait)
		if err := sleep(ctx, wait); err != nil {
			return nil, dress(err, t.host.Name, s.addr(), Cancelled)
		}
	}
}

// callPause is what ssh waits between its ConnectionAttempts.
const callPause = time.Second

// isUncalled says that the host itself did not take the call; that a jump host did not is no reason to call again from here.
func isUncalled(err error) bool {
	var f *fault
	var of *Error
	return errors.As(err, &f) && f.noCall && !errors.As(err, &of)
}

func (c *Client) pace(d time.Duration) time.Duration {
	return time.Duration(float64(d) * c.retry.pace)
}

// again says whether to knock again after err, and when.
func (c *Client) again(err error, try int) (wait time.Duration, yes bool) {
	base, yes := retryable(err)
	if !yes || try+1 >= c.tries(err) {
		return 0, false
	}
	return c.pace(backoff(base, try)), true
}

func (c *Client) tries(err error) int {
	var f *fault
	if errors.As(err, &f) && f.kind == Throttled {
		return c.retry.throttled
	}
	return c.retry.hungUp
}

func (d *door) shutIfThrottled(err error, t time.Duration) {
	var f *fault
	if errors.As(err, &f) && f.kind == Throttled {
		d.shutFor(t)
	}
}

// knockPinned is knock for a host whose key the inventory pins by fingerprint alone. A fingerprint does not tell the type of its key,
// so the host is asked for its keys of other types before it is called changed.
func (c *Client) knockPinned(ctx context.Context, t target, s *Settings, r route) (*conn, error) {
	cn, err := c.knock(ctx, t, s, r)
	first := err
	for {
		var f *fault
		if !errors.As(err, &f) || f.pinMissed == "" {
			if err != nil && first != err {
				return nil, first
			}
			return cn, err
		}
		if s = s.withoutKeyType(f.pinMissed); s == nil {
			return nil, first
		}
		cn, err = c.knock(ctx, t, s, r)
	}
}

// knock makes one connection, within the limits.
func (c *Client) knock(ctx context.Context, t target, s *Settings, r route) (*conn, error) {
	release, err := c.enough(ctx, s, r)
	if err != nil {
		return nil, err
	}
	p, err := c.doors.enter(ctx, r.addr)
	if err != nil {
		release()
		return nil, err
	}
	defer p.leave()
	nc, err := r.dial(ctx)
	if err != nil {
		release()
		return nil, err
	}
	r.release = release
	cn, err := c.handshake(ctx, t, s, r, nc, p)
	if err != nil {
		release()
	}
	return cn, err
}
