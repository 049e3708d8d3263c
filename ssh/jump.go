package ssh

import (
	"context"
	"net"
)

// route is the way to a host's port.
type route struct {
	name  string // as the journal names it
	addr  string // what the limits count by
	jumps []string
	dial  func(ctx context.Context) (net.Conn, error)
}

// route finds the way: straight, by jump hosts, or by a command.
func (c *Client) route(ctx context.Context, t target, s *Settings) (route, error) {
	return route{name: s.addr(), addr: s.addr(), dial: func(ctx context.Context) (net.Conn, error) { return dialTCP(ctx, s) }}, nil
}
