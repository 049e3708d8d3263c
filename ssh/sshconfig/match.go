package sshconfig

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"tend/ssh/glob"
)

// hostLine says whether a Host line's patterns take host: one matches, and no negated one does.
func hostLine(host string, patterns []string) bool {
	active := false
	for _, p := range patterns {
		p, negated := strings.CutPrefix(p, "!")
		if !glob.Match(host, p) {
			continue
		}
		if negated {
			return false
		}
		active = true
	}
	return active
}

// match evaluates a Match line: all its criteria must hold. As in ssh, a criterion behind one that failed is still read, so that an
// error in it is found, but its command is not run.
func (r *resolver) match(conditions string, applies bool) (bool, error) {
	result, attributes := applies, 0
	for rest := conditions; ; {
		word, tail, ok := delim(rest)
		if !ok {
			return false, errors.New("unbalanced quotes")
		}
		rest = tail
		if word == "" || word[0] == '#' {
			break
		}
		name, negated := strings.CutPrefix(word, "!")
		name = strings.ToLower(name)
		if name == "all" {
			return result && !negated, r.alone(attributes, rest)
		}
		attributes++
		arg := ""
		if name != "final" && name != "canonical" {
			if arg, rest, ok = delim(rest); !ok || arg == "" || arg[0] == '#' {
				return false, fmt.Errorf("Match %s needs an argument", name)
			}
		}
		holds, err := r.criterion(name, arg, result)
		if err != nil {
			return false, err
		}
		result = result && holds != negated && !beyondUs[name]
	}
	if attributes == 0 {
		return false, errors.New("Match has no condition")
	}
	return result, nil
}

// alone refuses what ssh refuses: "all" behind more than one condition, or before any. "Match canonical all" is fine.
func (r *resolver) alone(attributes int, rest string) error {
	next, _, _ := delim(rest)
	if attributes > 1 || next != "" && next[0] != '#' {
		return errors.New(`"all" cannot be combined with other conditions of Match`)
	}
	return nil
}

// criterion tests one condition. live says that all before it held.
func (r *resolver) criterion(name, arg string, live bool) (bool, error) {
	patterns := strings.Split(arg, ",")
	lower := strings.Split(strings.ToLower(arg), ",")
	switch name {
	case "final":
		r.wantFinal = true
		return r.final, nil
	case "canonical":
		return r.final, nil
	case "host":
		host, err := r.matchHost()
		return err == nil && glob.List(strings.ToLower(host), lower), err
	case "originalhost":
		return glob.List(strings.ToLower(r.q.Host), lower), nil
	case "user":
		return glob.List(r.get("user", r.q.LocalUser), patterns), nil
	case "localuser":
		return glob.List(r.q.LocalUser, patterns), nil
	case "tagged":
		return glob.List(r.get("tag", ""), patterns), nil
	case "localnetwork":
		return onNetwork(patterns)
	case "exec":
		return r.exec(arg, live)
	}
	if beyondUs[name] {
		r.warnOnce("Match " + name + " is not supported by tend: its line is taken as not matching")
		return false, nil
	}
	return false, fmt.Errorf("Match does not know the condition %q", name)
}

// beyondUs are conditions that cannot be judged before a command is there, and a connection serves many. A line with one never matches,
// negated or not: no value may reach a host that it was not meant for.
var beyondUs = map[string]bool{"command": true, "sessiontype": true, "version": true}

func (r *resolver) warnOnce(text string) {
	if !r.warned[text] {
		r.warned[text] = true
		r.warnings = append(r.warnings, text)
	}
}

// matchHost is the host name as Match sees it: what HostName has made of it so far.
func (r *resolver) matchHost() (string, error) {
	if r.final {
		return r.get("hostname", r.host), nil
	}
	if v, ok := r.options["hostname"]; ok {
		return expand(v[0].Text, map[byte]string{'h': r.host})
	}
	return r.host, nil
}

// exec runs the command of Match exec where all before it held, as the operator's ssh would: the configuration is his own. A command that
// cannot be run, or does not end, says neither that its values hold nor that they do not, and those may be whom we talk to.
func (r *resolver) exec(arg string, live bool) (bool, error) {
	cmd, err := r.execCommand(arg)
	if err != nil || r.q.Exec == nil || !live {
		return false, err
	}
	ok, err := r.q.Exec(r.ctx, cmd)
	if err != nil {
		return false, fmt.Errorf("Match exec %s: %w", cmd, err)
	}
	return ok, nil
}

func (r *resolver) execCommand(arg string) (string, error) {
	host, err := r.matchHost()
	if err != nil {
		return "", err
	}
	t := r.q.tokens(r.q.Host, host, r.get("port", "22"), r.get("user", r.q.LocalUser), r.get("hostkeyalias", host), r.get("proxyjump", ""))
	return expand(arg, t)
}

// onNetwork is Match localnetwork: an address of ours is in one of the networks (OpenSSH 9.4).
func onNetwork(patterns []string) (bool, error) {
	var nets []netip.Prefix
	for _, p := range patterns {
		n, err := netip.ParsePrefix(p)
		if err != nil {
			return false, fmt.Errorf("Match localnetwork: %w", err)
		}
		nets = append(nets, n.Masked())
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false, err
	}
	for _, a := range addrs {
		ipn, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, _ := netip.AddrFromSlice(ipn.IP)
		for _, n := range nets {
			if n.Contains(ip.Unmap()) {
				return true, nil
			}
		}
	}
	return false, nil
}
