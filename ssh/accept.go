package ssh

import (
	"context"
	"net"

	"tend/inventory"
)

// Accept connects to h, wants it to present the key of that fingerprint ("SHA256:…"), and keeps the key in the host's first
// known_hosts file. A host that is known already by that key is no error; one that is known by another is KeyChanged, as ever. No
// login is tried.
func (c *Client) Accept(ctx context.Context, h inventory.Host, fingerprint string) error {
	t := target{key: hostKeyOf(h.Name), host: h, accept: fingerprint}
	s, err := c.Settings(ctx, h)
	if err != nil {
		return err
	}
	r, err := c.route(ctx, t, s)
	if err != nil {
		return err
	}
	_, err = c.knock(ctx, t, s, r)
	if err == errKeyAccepted {
		return nil
	}
	return dress(err, h.Name, s.addr(), Protocol)
}

// errKeyAccepted ends the handshake of Accept: the key is what it should be, and there is nothing more to do.
var errKeyAccepted = &fault{kind: Closed, err: net.ErrClosed}
