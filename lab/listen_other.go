//go:build !linux

package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"tend/inventory"
)

// listen opens a port of 127.0.0.1 for each host: counted up from port, or chosen by the kernel. Each costs a descriptor.
func listen(ctx context.Context, hosts []inventory.Host, port int) ([]net.Listener, []netip.AddrPort, error) {
	var cfg net.ListenConfig
	var all []net.Listener
	out := make([]netip.AddrPort, len(hosts))
	for i := range hosts {
		at := 0
		if port != 0 {
			at = port + i
		}
		l, err := cfg.Listen(ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", at))
		if err != nil {
			for _, l := range all {
				l.Close()
			}
			return nil, nil, fmt.Errorf("listening for host %s (%d of %d): %w", hosts[i].Name, i+1, len(hosts), err)
		}
		all = append(all, l)
		out[i] = l.Addr().(*net.TCPAddr).AddrPort()
	}
	return all, out, nil
}
