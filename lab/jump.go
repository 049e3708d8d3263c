package lab

import (
	"io"
	"net"
	"net/netip"
	"sync"

	xssh "golang.org/x/crypto/ssh"
)

// forward connects on from a jump host, as sshd does for direct-tcpip (RFC 4254 section 7.2): to the lab's own hosts, and nowhere else. It
// returns when either end has closed.
func (l *Lab) forward(nc xssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if err := xssh.Unmarshal(nc.ExtraData(), &to); err != nil {
		nc.Reject(xssh.ConnectionFailed, "invalid request")
		return
	}
	addr, err := netip.ParseAddr(to.Host)
	at := netip.AddrPortFrom(addr, uint16(to.Port))
	if err != nil || to.Port > 65535 || l.byAddr[at] == nil {
		nc.Reject(xssh.Prohibited, "open failed")
		return
	}
	var d net.Dialer
	c, err := d.DialContext(l.ctx, "tcp4", at.String())
	if err != nil {
		nc.Reject(xssh.ConnectionFailed, "Connection refused")
		return
	}
	ch, reqs, err := nc.Accept()
	if err != nil {
		c.Close()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { xssh.DiscardRequests(reqs) })
	both.Go(func() {
		io.Copy(c, ch) // ends when the client or the jump host's connection goes
		c.Close()
	})
	io.Copy(ch, c)
	ch.Close()
	both.Wait()
}
