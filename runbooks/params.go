package runbooks

import (
	"maps"
	"slices"
	"strings"

	"tend/inventory"
)

// values is every parameter's value in force for hosts that have none of their own, and the secret parameters.
func (r *resolver) values() (map[string]string, []Param) {
	var secrets []Param
	out := map[string]string{}
	r.unknown()
	for _, p := range r.rb.Params {
		v, given := r.given[p.Name]
		if p.Secret {
			secrets = append(secrets, p)
			out[p.Name] = r.secret(p, v, given)
			continue
		}
		if !given {
			v = p.Default
		}
		plain, err := p.Value(v)
		if err != nil {
			r.refuse(p.Help, "parameter %s %v", p.Name, err)
		}
		out[p.Name] = plain
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, secrets
}

// unknown refuses the given names that the runbook does not have.
func (r *resolver) unknown() {
	names := r.names()
	for _, name := range slices.Sorted(maps.Keys(r.given)) {
		if !slices.Contains(names, name) {
			r.refuse(didYouMean(name, names), "%s has no parameter %q", r.rb.Name, name)
		}
	}
}

func (r *resolver) names() []string {
	var names []string
	for _, p := range r.rb.Params {
		names = append(names, p.Name)
	}
	return names
}

// secret is what the plan shows of a secret: that there is one. A required one may come as late as SecretHeader.
func (r *resolver) secret(p Param, v string, given bool) string {
	if !given && !p.Required {
		return ""
	}
	if given {
		if _, err := p.Value(v); err != nil {
			r.refuse(p.Help, "the secret parameter %s does not fit its declaration", p.Name) // the reason would quote the secret
		}
	}
	return secretMark
}

// overrides is what the inventory says for single hosts: Vars "health.disk_crit" of a host, for the runbook health; and what it expects
// of the host, for runbooks with parameters of these names.
func (r *resolver) overrides() map[inventory.HostID]map[string]string {
	out := map[inventory.HostID]map[string]string{}
	overruled := map[string]bool{}
	for _, h := range r.hosts {
		own := r.expected(h)
		for key, v := range h.Vars {
			if name, ours := strings.CutPrefix(key, r.rb.Name+"."); ours {
				own[name] = v
			}
		}
		for _, name := range slices.Sorted(maps.Keys(own)) {
			if _, given := r.given[name]; given {
				overruled[name] = true
				continue
			}
			if v, ok := r.override(h, name, own[name]); ok {
				if out[h.Name] == nil {
					out[h.Name] = map[string]string{}
				}
				out[h.Name][name] = v
			}
		}
	}
	r.overruled = slices.Sorted(maps.Keys(overruled))
	if len(out) == 0 {
		return nil
	}
	return out
}

// expected is what the inventory declares that must be found on the host, by the parameters that take it.
func (r *resolver) expected(h inventory.Host) map[string]string {
	out := map[string]string{}
	if h.Expect == nil {
		return out
	}
	for name, list := range map[string][]string{
		"expect_ports": h.Expect.Ports, "expect_mounts": h.Expect.Mounts, "expect_units": h.Expect.Units, "expect_certs": h.Expect.Certs,
	} {
		if len(list) > 0 && slices.Contains(r.names(), name) {
			out[name] = strings.Join(list, " ")
		}
	}
	return out
}

// override checks one host's own value; what it returns is as scripts get it.
func (r *resolver) override(h inventory.Host, name, value string) (string, bool) {
	i := slices.IndexFunc(r.rb.Params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		r.refuse(didYouMean(name, r.names()), "%s: the inventory sets %s.%s, and %s has no parameter %q", h.Name, r.rb.Name, name, r.rb.Name, name)
		return "", false
	}
	p := r.rb.Params[i]
	if p.Secret {
		r.refuse("take it out of the inventory: secrets are asked for", "%s: the inventory holds the secret parameter %s.%s", h.Name, r.rb.Name, name)
		return "", false
	}
	if slices.ContainsFunc(r.rb.Steps, func(s Step) bool { tie, _ := given(s.Given); return tie == name && s.When == "" }) {
		r.refuse("set it for the whole run", "%s: %s.%s decides which steps the plan has, and cannot differ from host to host", h.Name, r.rb.Name, name)
		return "", false
	}
	plain, err := p.Value(value)
	if err != nil {
		r.refuse(p.Help, "%s: in the inventory, %s.%s %v", h.Name, r.rb.Name, name, err)
		return "", false
	}
	return p.shell(plain), true
}
