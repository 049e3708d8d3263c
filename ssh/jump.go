package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/ssh/sshconfig"
)

// maxHops bounds a chain of jump hosts.
const maxHops = 8

// route is the way to a host's port.
type route struct {
	name  string // as the journal names it
	addr  string // what the limits count by
	jumps []string
	dial  func(ctx context.Context) (net.Conn, error)
	// release gives the files of the connection back when it has ended.
	release func()
}

// route finds the way: straight, by a command, or by jump hosts. A jump host's connection is made here, before any place is taken,
// so that those who wait for it hold up nobody.
func (c *Client) route(ctx context.Context, t target, s *Settings) (route, error) {
	switch {
	case s.ProxyCommand != "":
		return route{name: s.addr() + " by " + s.ProxyCommand, addr: "proxy " + s.addr(), dial: func(ctx context.Context) (net.Conn, error) { return c.dialCommand(ctx, s) }}, nil
	case len(s.Jump) == 0:
		return route{name: s.addr(), addr: s.addr(), dial: func(ctx context.Context) (net.Conn, error) { return dialTCP(ctx, s) }}, nil
	}
	hop, self, err := c.hop(ctx, t, s)
	if err != nil {
		return route{}, err
	}
	if self { // "Host *" with "ProxyJump bastion" also names the bastion
		return route{name: s.addr(), addr: s.addr(), dial: func(ctx context.Context) (net.Conn, error) { return dialTCP(ctx, s) }}, nil
	}
	cn, _, err := c.reach(ctx, hop)
	if err != nil {
		return route{}, err
	}
	jumps := append(slices.Clone(cn.road.Jumps), cn.road.User+"@"+cn.road.Addr)
	return route{name: s.addr(), addr: hop.key + "\x00" + s.addr(), jumps: jumps, dial: func(ctx context.Context) (net.Conn, error) { return c.dialThrough(ctx, hop, s) }}, nil
}

// hop is the last jump host of s's chain as a target of its own; self says that it is t itself.
func (c *Client) hop(ctx context.Context, t target, s *Settings) (hop target, self bool, err error) {
	last := len(s.Jump) - 1
	h, named := c.hopHost(s.Jump[last], s.Jump[:last])
	hop = target{key: "jump\x00" + strings.Join(s.Jump, ","), host: h, hop: true, path: append(slices.Clone(t.path), t.key)}
	if named {
		hop.key = hostKeyOf(h.Name)
	}
	hs, err := c.Settings(ctx, h)
	if err != nil {
		return hop, false, err
	}
	if hs.HostName == s.HostName && hs.Port == s.Port && hs.User == s.User {
		return hop, true, nil
	}
	if slices.Contains(hop.path, hop.key) || len(hop.path) > maxHops {
		return hop, false, dress(faultf(Config, "jump hosts lead in a circle: %s", circle(hop)), t.host.Name, "", Config)
	}
	return hop, false, nil
}

func circle(t target) string {
	var names []string
	for _, key := range append(slices.Clone(t.path), t.key) {
		_, name, _ := strings.Cut(key, "\x00")
		names = append(names, name)
	}
	return strings.Join(names, " > ")
}

// hopHost reads one name of a chain: an inventory host, or "[user@]host[:port]" as ssh's -J has it. before is the chain up to it;
// named says that it is an inventory host reached by its own road, whose connection is then the host's own.
func (c *Client) hopHost(spec string, before []string) (h inventory.Host, named bool) {
	if c.o.Hosts != nil {
		if h, ok := c.o.Hosts(inventory.HostID(spec)); ok {
			if len(before) == 0 || slices.Equal(before, h.Jump) {
				return h, true
			}
			h.Jump = before
			return h, false
		}
	}
	user, rest := sshconfig.CutUser(spec)
	host, port := sshconfig.CutPort(rest)
	h = inventory.Host{Name: inventory.HostID(host), User: user, Jump: before}
	h.Port, _ = strconv.Atoi(port)
	return h, false
}

// directTCP is the payload of a direct-tcpip channel (RFC 4254 section 7.2).
type directTCP struct {
	Host       string
	Port       uint32
	OriginHost string
	OriginPort uint32
}

// dialThrough opens a connection from the jump host on. If the kept link to it had died idle, it is made anew, once.
func (c *Client) dialThrough(ctx context.Context, hop target, s *Settings) (net.Conn, error) {
	for {
		cn, kept, err := c.reach(ctx, hop)
		if err != nil {
			return nil, err
		}
		nc, err := cn.open(ctx, s)
		if kept && errors.Is(err, errStale) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return nc, nil
	}
}

// open asks the far side to connect on, within the time to connect.
func (cn *conn) open(ctx context.Context, s *Settings) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.ConnectTimeout, faultf(Timeout, "%s did not reach %s within %s", cn.host, s.addr(), s.ConnectTimeout))
	defer cancel()
	type result struct {
		ch  xssh.Channel
		err error
	}
	got := make(chan result, 1)
	cn.use(1)
	if !cn.c.own(func() {
		ch, reqs, err := cn.x.OpenChannel("direct-tcpip", xssh.Marshal(directTCP{s.HostName, uint32(s.Port), "127.0.0.1", 0}))
		got <- result{ch, err}
		if err == nil {
			drain(reqs)
		}
		cn.use(-1)
	}) {
		cn.use(-1)
		return nil, errClosed
	}
	select {
	case r := <-got:
		if r.err != nil {
			return nil, cn.dialFault(r.err, s)
		}
		return &tunnel{Channel: r.ch, name: s.addr()}, nil
	case <-ctx.Done():
		cn.c.wg.Go(func() {
			if r := <-got; r.err == nil {
				r.ch.Close()
			}
		})
		return nil, context.Cause(ctx)
	}
}

// dialFault is what a jump host says when it could not connect on. The words are those of sshd's strerror.
func (cn *conn) dialFault(err error, s *Settings) error {
	var oe *xssh.OpenChannelError
	if !errors.As(err, &oe) {
		return fmt.Errorf("%w: %w", errStale, cn.lost())
	}
	said := strings.ToLower(oe.Message)
	switch {
	case oe.Reason == xssh.Prohibited:
		return faultf(Forbidden, "jump host %s forbids to connect on to %s: %s", cn.host, s.addr(), oe.Message).withHint("see AllowTcpForwarding and PermitOpen in sshd_config of %s", cn.host)
	case strings.Contains(said, "timed out"):
		return faultf(Timeout, "jump host %s got no answer from %s", cn.host, s.addr())
	case strings.Contains(said, "name or service"), strings.Contains(said, "resolve"), strings.Contains(said, "nodename"):
		return faultf(Unresolved, "jump host %s knows no address of %s", cn.host, s.HostName)
	}
	return faultf(Refused, "jump host %s could not connect to %s: %s", cn.host, s.addr(), oe.Message)
}

// tunnel is a channel through a jump host as a net.Conn. It has no deadlines: nothing in this package relies on them.
type tunnel struct {
	xssh.Channel
	name string
	once sync.Once
}

func (t *tunnel) Close() error {
	var err error
	t.once.Do(func() { err = t.Channel.Close() })
	return err
}

func (t *tunnel) LocalAddr() net.Addr              { return tunnelAddr("") }
func (t *tunnel) RemoteAddr() net.Addr             { return tunnelAddr(t.name) }
func (t *tunnel) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (t *tunnel) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (t *tunnel) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

type tunnelAddr string

func (a tunnelAddr) Network() string { return "ssh" }
func (a tunnelAddr) String() string  { return string(a) }
