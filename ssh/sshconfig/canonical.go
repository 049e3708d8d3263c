package sshconfig

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"tend/ssh/glob"
)

// canonicalize is ssh.c's resolve_canonicalize: a short name gets the first of CanonicalDomains under which it has an address.
func (r *resolver) canonicalize() error {
	mode := r.get("canonicalizehostname", "no")
	if mode == "no" || net.ParseIP(r.host) != nil || r.q.Lookup == nil {
		return nil
	}
	direct := r.get("proxycommand", "none") == "none" && r.get("proxyjump", "none") == "none"
	if !direct && mode != "always" {
		return nil
	}
	if strings.HasSuffix(r.host, ".") {
		return r.tryDomains([]Value{{Text: ""}}, direct)
	}
	dots, err := strconv.Atoi(r.get("canonicalizemaxdots", "1"))
	if err != nil || strings.Count(r.host, ".") > dots {
		return err
	}
	return r.tryDomains(r.options["canonicaldomains"], direct)
}

func (r *resolver) tryDomains(domains []Value, direct bool) error {
	for _, d := range domains {
		if d.Text == "none" {
			break
		}
		full := strings.TrimSuffix(r.host, ".")
		if d.Text != "" {
			full += "." + d.Text
		}
		cname, err := r.q.Lookup(r.ctx, full+".")
		if err != nil {
			continue
		}
		r.host = r.follow(full, strings.ToLower(strings.TrimSuffix(cname, ".")), direct)
		return nil
	}
	if r.get("canonicalizefallbacklocal", "yes") == "no" {
		return fmt.Errorf("%s has no address under CanonicalDomains, and CanonicalizeFallbackLocal is no", r.host)
	}
	return nil
}

// follow takes a CNAME where CanonicalizePermittedCNAMEs allows it: "sources:targets", both pattern lists.
func (r *resolver) follow(name, cname string, direct bool) string {
	if cname == "" || cname == name || !direct && r.get("canonicalizehostname", "no") != "always" {
		return name
	}
	for _, rule := range r.options["canonicalizepermittedcnames"] {
		from, to, ok := strings.Cut(rule.Text, ":")
		if ok && glob.List(name, strings.Split(from, ",")) && glob.List(cname, strings.Split(to, ",")) {
			return cname
		}
	}
	return name
}
