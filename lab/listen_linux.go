package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"

	"tend/inventory"
)

// listen opens one socket for all hosts. The kernel is asked to take packets from the device lo only; since 5.7 it lets everybody
// ask. Where it refuses, the check of each connection's addresses (see Lab.accept) still stands.
func listen(ctx context.Context, hosts []inventory.Host, port int) ([]net.Listener, []netip.AddrPort, error) {
	addrs, err := loopbacks(hosts)
	if err != nil {
		return nil, nil, err
	}
	cfg := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = unix.SetsockoptString(int(fd), unix.SOL_SOCKET, unix.SO_BINDTODEVICE, "lo") })
	}}
	l, err := cfg.Listen(ctx, "tcp4", fmt.Sprintf("0.0.0.0:%d", port))
	if err != nil {
		return nil, nil, err
	}
	chosen := l.Addr().(*net.TCPAddr).AddrPort().Port()
	out := make([]netip.AddrPort, len(hosts))
	for i, a := range addrs {
		out[i] = netip.AddrPortFrom(a, chosen)
	}
	return []net.Listener{l}, out, nil
}
