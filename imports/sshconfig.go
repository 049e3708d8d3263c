package imports

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"

	"tend/ssh/sshconfig"
)

// SSHConfig reads the hosts that an ssh_config names on its Host lines, patterns apart. With resolve each host gets the address,
// port, user, keys and jump hosts that `ssh -G` would give it; without, its name alone, since tend asks ssh_config itself. Base is
// what a relative Include is relative to. A Match exec is never run; it counts as false, and is listed.
func SSHConfig(ctx context.Context, file, home, base, site string, resolve bool) (*Found, error) {
	f := &Found{Source: "the ssh_config " + file}
	c, err := sshconfig.Load(home, sshconfig.Source{Path: file, Base: base})
	if err != nil {
		return nil, sshWrong(file, err)
	}
	for _, n := range c.Names() {
		if n.Pattern {
			if n.Text != "*" {
				f.leave(n.File, n.Line, "the pattern %s names no host; its options hold where tend connects through ssh_config", n.Text)
			}
			continue
		}
		h := Host{Name: n.Text, Line: n.Line}
		if resolve {
			if err := f.resolve(ctx, c, file, home, &h); err != nil {
				return nil, sshWrong(file, err)
			}
		}
		f.Hosts = append(f.Hosts, h)
	}
	return f, f.settle(file, site)
}

func sshWrong(file string, err error) error {
	var e *sshconfig.Error
	if errors.As(err, &e) {
		return wrong(e.File, e.Line, "", "%s", e.Text)
	}
	if errors.Is(err, os.ErrNotExist) {
		return wrong(file, 0, "name the file", "there is no such file")
	}
	return wrong(file, 0, "", "%s", strings.TrimPrefix(err.Error(), file+" "))
}

// carried are the options that have a place in an inventory; the others are listed.
var carried = map[string]bool{"hostname": true, "port": true, "user": true, "identityfile": true, "proxyjump": true, "identitiesonly": true}

func (f *Found) resolve(ctx context.Context, c *sshconfig.Config, file, home string, h *Host) error {
	a, err := c.Resolve(ctx, sshconfig.Query{
		Host: h.Name, Home: home, Getenv: func(string) string { return "" },
		Exec: func(_ context.Context, command string) (bool, error) {
			f.leave(file, 0, "Match exec %q was not run, and counts as false", command)
			return false, nil
		},
	})
	if err != nil {
		return err
	}
	h.User = a.Get("user", "")
	if a.Host != strings.ToLower(h.Name) {
		h.Addr = a.Host
	}
	if p := a.Get("port", ""); p != "" && p != "22" {
		h.Port, _ = strconv.Atoi(p)
	}
	for _, v := range a.All("identityfile") {
		if v.Text != "none" {
			h.Identity = append(h.Identity, v.Text)
		}
	}
	if j := a.Get("proxyjump", "none"); j != "none" {
		h.Jump = hops(j)
	}
	for _, o := range a.Options() {
		if !carried[o] {
			f.leave(file, 0, "option %s, which ssh_config keeps", o)
		}
	}
	return nil
}

// hops splits a ProxyJump; "ssh://" before a hop says nothing.
func hops(j string) []string {
	var out []string
	for hop := range strings.SplitSeq(j, ",") {
		hop = strings.TrimPrefix(strings.TrimSpace(hop), "ssh://")
		if host, port, err := net.SplitHostPort(hop); err == nil && port == "22" && !strings.Contains(host, ":") {
			hop = host
		}
		if hop != "" {
			out = append(out, hop)
		}
	}
	return out
}
