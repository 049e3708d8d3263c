package machine

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"tend/lab/kernel"
	"tend/lab/userland"
)

type socket struct {
	proto string
	addr  string
	port  int
	proc  string
	pid   int
}

// sockets lists what the host listens on: it follows from the units that run.
func (h *Host) sockets() []socket {
	out := []socket{{"tcp", "0.0.0.0", 22, "sshd", 802}, {"udp", "127.0.0.1", 323, "chronyd", 745}}
	ports := map[string][]socket{
		"nginx.service":        {{"tcp", "0.0.0.0", 80, "nginx", 951}, {"tcp", "0.0.0.0", 443, "nginx", 951}},
		"postgresql.service":   {{"tcp", "0.0.0.0", 5432, "postgres", 1020}},
		"kubelet.service":      {{"tcp", "0.0.0.0", 10250, "kubelet", 1033}},
		"redis-server.service": {{"tcp", "0.0.0.0", 6379, "redis-server", 966}},
		"named.service":        {{"tcp", "0.0.0.0", 53, "named", 958}, {"udp", "0.0.0.0", 53, "named", 958}},
		"prometheus.service":   {{"tcp", "0.0.0.0", 9090, "prometheus", 960}},
		"haproxy.service":      {{"tcp", "0.0.0.0", 80, "haproxy", 944}, {"tcp", "0.0.0.0", 443, "haproxy", 944}},
	}
	seen := map[string]bool{}
	for _, d := range h.daemonTableLocked() {
		if !seen[d.unit] {
			seen[d.unit] = true
			out = append(out, ports[d.unit]...)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].port < out[j].port })
	return out
}

// Ss lists listening sockets: -H -l -t -u -n -p.
func Ss(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "Hltunpae46sio", map[string]byte{"no-header": 'H', "listening": 'l', "tcp": 't', "udp": 'u', "numeric": 'n', "processes": 'p', "all": 'a'})
	if !ok {
		return 255
	}
	both := t.Has("t") && t.Has("u") || !t.Has("tu")
	if !t.Has("H") {
		if both {
			t.Printf("Netid ")
		}
		t.Printf("State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process\n")
	}
	if slices.Contains(t.Args(), "established") { // "state established": the login that asks; the column of states is left out
		t.Printf("0      0      %13s:22     %13s:51514\n", h.Inv.Addr, h.gateway())
		return t.End()
	}
	for _, s := range h.sockets() {
		if s.proto == "tcp" && t.Has("u") && !t.Has("t") || s.proto == "udp" && t.Has("t") && !t.Has("u") {
			continue
		}
		if both {
			t.Printf("%-5s ", s.proto)
		}
		state := "LISTEN"
		if s.proto == "udp" {
			state = "UNCONN"
		}
		t.Printf("%-6s 0      %-6d %13s:%-6d 0.0.0.0:*", state, map[string]int{"tcp": 128, "udp": 0}[s.proto], s.addr, s.port)
		if t.Has("p") && p.Cred.UID == 0 {
			t.Printf("    users:((%q,pid=%d,fd=6))", s.proc, s.pid)
		}
		t.Printf("\n")
	}
	return t.End()
}

// Netstat is the same for BSD and for old habits.
func Netstat(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "anltup:rf:", nil)
	if !ok {
		return 1
	}
	if t.Has("r") {
		t.Printf("Routing tables\n\nInternet:\nDestination        Gateway            Flags     Netif Expire\ndefault            %s           UGS         em0\n", h.gateway())
		return t.End()
	}
	t.Printf("Active Internet connections (only servers)\nProto Recv-Q Send-Q Local Address           Foreign Address         State\n")
	for _, s := range h.sockets() {
		proto, addr, state := s.proto, fmt.Sprintf("%s:%d", s.addr, s.port), "LISTEN"
		if h.D.Family == "freebsd" {
			proto, addr = proto+"4", strings.Replace(fmt.Sprintf("%s.%d", s.addr, s.port), "0.0.0.0", "*", 1)
		}
		if s.proto == "udp" {
			state = ""
		}
		t.Printf("%-5s %6d %6d %-23s %-23s %s\n", proto, 0, 0, addr, "*:*", state)
	}
	return t.End()
}

func (h *Host) gateway() string {
	a := h.address()
	return a[:strings.LastIndexByte(a, '.')] + ".254"
}

// IP answers addr and route.
func IP(h *Host, p *kernel.Proc, args []string) int {
	var words []string
	oneline := false
	for _, a := range args[1:] {
		if strings.HasPrefix(a, "-") {
			oneline = oneline || strings.Contains(a, "o")
			continue
		}
		words = append(words, a)
	}
	if len(words) == 0 {
		fmt.Fprintln(p.Stderr(), "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }")
		return 255
	}
	out := p.Stdout()
	mac := fmt.Sprintf("52:54:00:%02x:%02x:%02x", h.seed>>16&255, h.seed>>8&255, h.seed&255)
	line := strings.Join(words, " ")
	switch {
	case strings.HasPrefix("address", words[0]):
		if oneline {
			if !strings.Contains(line, "scope global") {
				fmt.Fprintln(out, `1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever`)
			}
			fmt.Fprintf(out, "2: eth0    inet %s/24 brd %s scope global eth0\\       valid_lft forever preferred_lft forever\n", h.address(), strings.TrimSuffix(h.gateway(), "4")+"5")
			return 0
		}
		fmt.Fprintf(out, "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n")
		fmt.Fprintf(out, "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000\n    link/ether %s brd ff:ff:ff:ff:ff:ff\n    inet %s/24 scope global eth0\n       valid_lft forever preferred_lft forever\n", mac, h.address())
	case strings.HasPrefix("route", words[0]):
		if !strings.Contains(line, "get") || strings.Contains(line, "default") {
			fmt.Fprintf(out, "default via %s dev eth0 proto static \n", h.gateway())
		}
		if !strings.Contains(line, "default") {
			fmt.Fprintf(out, "%s.0/24 dev eth0 proto kernel scope link src %s \n", strings.TrimSuffix(h.gateway(), ".254"), h.address())
		}
	case strings.HasPrefix("link", words[0]):
		fmt.Fprintf(out, "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 state UNKNOWN\n2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP\n    link/ether %s\n", mac)
	default:
		fmt.Fprintf(p.Stderr(), "Object \"%s\" is unknown, try \"ip help\".\n", words[0])
		return 1
	}
	return 0
}

// Ifconfig and Route are BSD's.
func Ifconfig(h *Host, p *kernel.Proc, args []string) int {
	fmt.Fprintf(p.Stdout(), "em0: flags=1008843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST,LOWER_UP> metric 0 mtu 1500\n\tinet %s netmask 0xffffff00\n\tstatus: active\nlo0: flags=1008049<UP,LOOPBACK,RUNNING,MULTICAST,LOWER_UP> metric 0 mtu 16384\n\tinet 127.0.0.1 netmask 0xff000000\n", h.address())
	return 0
}

func Route(h *Host, p *kernel.Proc, args []string) int {
	fmt.Fprintf(p.Stdout(), "   route to: default\ndestination: default\n       mask: default\n    gateway: %s\n        fib: 0\n  interface: em0\n", h.gateway())
	return 0
}

// Ping answers for the hosts of the lab by name or address; nothing is sent anywhere.
func Ping(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "c:W:i:qnw:s:46", nil)
	if !ok || len(t.Args()) != 1 {
		fmt.Fprintln(p.Stderr(), "ping: usage error: Destination address required")
		return 2
	}
	n := 1
	fmt.Sscan(t.Val('c'), &n)
	t.Printf("PING %s 56(84) bytes of data.\n\n--- %s ping statistics ---\n%d packets transmitted, %d received, 0%% packet loss, time 0ms\n", t.Args()[0], t.Args()[0], n, n)
	return t.End()
}
