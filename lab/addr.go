package lab

import (
	"fmt"
	"net/netip"

	"tend/inventory"
)

// loopbacks gives each host an address in 127.0.0.0/8: 10.a.b.c becomes 127.a.b.c, whatever else gets 127.100.0.1 and up.
func loopbacks(hosts []inventory.Host) ([]netip.Addr, error) {
	out := make([]netip.Addr, len(hosts))
	used := make(map[netip.Addr]bool, len(hosts))
	for i, h := range hosts {
		a, err := netip.ParseAddr(h.Addr)
		if err != nil || !a.Is4() || a.As4()[0] != 10 {
			continue
		}
		b := a.As4()
		b[0] = 127
		if mapped := netip.AddrFrom4(b); !used[mapped] && b[3] != 255 && mapped != netip.AddrFrom4([4]byte{127, 0, 0, 0}) {
			out[i], used[mapped] = mapped, true
		}
	}
	next := 1
	for i := range out {
		for !out[i].IsValid() {
			if next >= 155<<16 {
				return nil, fmt.Errorf("no loopback address is left for host %s", hosts[i].Name)
			}
			a := netip.AddrFrom4([4]byte{127, byte(100 + next>>16), byte(next >> 8), byte(next)})
			if next++; !used[a] && a.As4()[3] != 255 && a.As4()[3] != 0 {
				out[i], used[a] = a, true
			}
		}
	}
	return out, nil
}
