package imports

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// value is a variable's, and where it stands. Secret values are never kept.
type value struct {
	text string
	file string
	line int
	odd  string // why it is no plain text: "a list", "a vault", …
}

type ansibleGroup struct {
	hosts, children []string
	vars            map[string]value
}

// ansible is an Ansible inventory, whichever form it was written in.
type ansible struct {
	found  *Found
	hosts  map[string]map[string]value
	lines  map[string]int
	files  map[string]string
	order  []string
	groups map[string]*ansibleGroup
}

func newAnsible(source string) *ansible {
	return &ansible{found: &Found{Source: source}, hosts: map[string]map[string]value{}, lines: map[string]int{},
		files: map[string]string{}, groups: map[string]*ansibleGroup{}}
}

func (a *ansible) group(name string) *ansibleGroup {
	g := a.groups[name]
	if g == nil {
		g = &ansibleGroup{vars: map[string]value{}}
		a.groups[name] = g
	}
	return g
}

func (a *ansible) host(name, file string, line int) map[string]value {
	vars := a.hosts[name]
	if vars == nil {
		vars = map[string]value{}
		a.hosts[name], a.lines[name], a.files[name] = vars, line, file
		a.order = append(a.order, name)
	}
	return vars
}

func (g *ansibleGroup) add(host string) {
	if !slices.Contains(g.hosts, host) {
		g.hosts = append(g.hosts, host)
	}
}

func (g *ansibleGroup) adopt(child string) {
	if !slices.Contains(g.children, child) {
		g.children = append(g.children, child)
	}
}

// depths gives every group its distance from all: what is deeper wins over what is above it.
func (a *ansible) depths() map[string]int {
	depth := map[string]int{"all": 0}
	for n := range a.groups {
		if n != "all" {
			depth[n] = 1
		}
	}
	for range a.groups { // a chain is no longer than there are groups; a circle ends here too
		for n, g := range a.groups {
			for _, c := range g.children {
				if d := depth[n] + 1; n != "all" && d > depth[c] && d <= len(a.groups) {
					depth[c] = d
				}
			}
		}
	}
	return depth
}

// member says which groups every host is in, through their children too.
func (a *ansible) members() map[string][]string {
	in := map[string]map[string]bool{}
	for n := range a.groups {
		visited := map[string]bool{}
		var walk func(g string)
		walk = func(g string) {
			if visited[g] {
				return
			}
			visited[g] = true
			for _, h := range a.group(g).hosts {
				if in[h] == nil {
					in[h] = map[string]bool{}
				}
				in[h][n] = true
			}
			for _, c := range a.group(g).children {
				walk(c)
			}
		}
		walk(n)
	}
	out := map[string][]string{}
	for h, set := range in {
		out[h] = slices.Sorted(maps.Keys(set))
	}
	return out
}

// settle makes hosts of what was read. site is for those that name none.
func (a *ansible) settle(file, site string) (*Found, error) {
	for _, g := range slices.Collect(maps.Keys(a.groups)) {
		for _, c := range a.groups[g].children {
			a.group(c)
		}
	}
	depth, in := a.depths(), a.members()
	for _, name := range a.order {
		groups := slices.DeleteFunc(in[name], func(g string) bool { return g == "all" })
		slices.SortStableFunc(groups, func(x, y string) int { return cmp.Compare(depth[x], depth[y]) })
		vars := maps.Clone(a.group("all").vars)
		for _, g := range groups {
			maps.Copy(vars, a.groups[g].vars)
		}
		maps.Copy(vars, a.hosts[name])
		if h, ok := a.carry(name, vars); ok {
			h.Tags = slices.DeleteFunc(groups, func(g string) bool { return g == "ungrouped" })
			a.found.Hosts = append(a.found.Hosts, h)
		}
	}
	return a.found, a.found.settle(file, site)
}

// carry makes a host of its variables.
func (a *ansible) carry(name string, vars map[string]value) (Host, bool) {
	h := Host{Name: name, Line: a.lines[name]}
	method, root := "sudo", ""
	for _, k := range slices.Sorted(maps.Keys(vars)) {
		v := vars[k]
		if v.odd == "" && strings.Contains(v.text, "{{") {
			v.odd = "a template"
		}
		use, known := ansibleVars[k]
		switch {
		case secretName(k):
			a.found.leave(v.file, v.line, "variable %s: a secret has no place in an inventory", k)
		case !known:
			a.found.leave(v.file, v.line, "variable %s", k)
		case v.odd != "":
			a.found.leave(v.file, v.line, "variable %s: its value is %s", k, v.odd)
		case use == nil && k == "ansible_connection":
			if v.text == "local" {
				a.found.leave(v.file, v.line, "host %s, which Ansible reaches without SSH", name)
				return h, false
			}
			a.connection(&h, v)
		case k == "ansible_become_method":
			method = v.text
		case k == "ansible_become":
			root = strings.ToLower(v.text)
		case use != nil && strings.HasSuffix(k, "_args") && !use(&h, v.text) && len(h.Jump) > 0:
			a.found.leave(v.file, v.line, "variable %s: %q, but for its jump host", k, v.text)
		case use != nil && !use(&h, v.text):
			a.found.leave(v.file, v.line, "variable %s: %q cannot be used", k, v.text)
		}
	}
	a.become(&h, method, root)
	return h, true
}

func (a *ansible) connection(h *Host, v value) {
	switch v.text {
	case "ssh", "smart", "paramiko", "paramiko_ssh":
	case "network_cli", "netconf", "ansible.netcommon.network_cli", "ansible.netcommon.netconf":
		h.Shell = "none"
	default:
		a.found.leave(v.file, v.line, "variable ansible_connection: %q is no SSH", v.text)
	}
}

func (a *ansible) become(h *Host, method, root string) {
	switch {
	case slices.Contains([]string{"no", "n", "false", "f", "off", "0"}, root): // what Ansible takes for false
		h.Become = "none"
	case root == "":
	case slices.Contains([]string{"sudo", "doas", "su"}, method):
		h.Become = method
	default:
		a.found.leave(a.files[h.Name], h.Line, "variable ansible_become_method: %q is unknown here", method)
	}
}

// ansibleVars are the variables that have a place in an inventory; nil = handled apart.
var ansibleVars = map[string]func(h *Host, v string) bool{
	"ansible_host": setText(func(h *Host) *string { return &h.Addr }), "ansible_ssh_host": setText(func(h *Host) *string { return &h.Addr }),
	"ansible_user": setText(func(h *Host) *string { return &h.User }), "ansible_ssh_user": setText(func(h *Host) *string { return &h.User }),
	"ansible_port": setPort, "ansible_ssh_port": setPort, "ansible_become": nil, "ansible_become_method": nil, "ansible_connection": nil,
	"ansible_ssh_private_key_file": setKey, "ansible_private_key_file": setKey,
	"ansible_ssh_common_args": setJump, "ansible_ssh_extra_args": setJump,
	"site": setText(func(h *Host) *string { return &h.Site }), "datacenter": setText(func(h *Host) *string { return &h.Site }),
	"dc": setText(func(h *Host) *string { return &h.Site }), "rack": setText(func(h *Host) *string { return &h.Rack }),
	"owner":     setText(func(h *Host) *string { return &h.Owner }),
	"rack_unit": setNumber(func(h *Host) *int { return &h.Unit }), "unit": setNumber(func(h *Host) *int { return &h.Unit }),
}

func setText(at func(*Host) *string) func(*Host, string) bool {
	return func(h *Host, v string) bool {
		*at(h) = v
		return v != ""
	}
}

func setNumber(at func(*Host) *int) func(*Host, string) bool {
	return func(h *Host, v string) bool {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return false
		}
		*at(h) = n
		return true
	}
}

func setPort(h *Host, v string) bool {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 65535 {
		return false
	}
	if n != 22 {
		h.Port = n
	}
	return true
}

func setKey(h *Host, v string) bool {
	if !strings.HasPrefix(v, "/") && !strings.HasPrefix(v, "~/") {
		return false
	}
	h.Identity = []string{v}
	return true
}

// setJump finds a jump host in ssh's arguments: -J hosts, -o ProxyJump=hosts, or a ProxyCommand that is ssh -W. It reports whether that was
// all of them.
func setJump(h *Host, v string) bool {
	f := strings.Fields(strings.NewReplacer(`"`, "", `'`, "").Replace(v))
	all := true
	for len(f) > 0 {
		var jump string
		jump, f = sshArgument(f)
		if jump == "" {
			all = false
			continue
		}
		h.Jump = hops(jump)
	}
	return all && len(h.Jump) > 0
}

// sshArgument takes the first of ssh's arguments. jump is "" where it names no jump host.
func sshArgument(f []string) (jump string, rest []string) {
	arg, rest := f[0], f[1:]
	if (arg == "-J" || arg == "-o") && len(rest) > 0 {
		arg, rest = arg+rest[0], rest[1:]
	}
	if jump, ok := strings.CutPrefix(arg, "-J"); ok {
		return jump, rest
	}
	k, v, _ := strings.Cut(strings.TrimPrefix(arg, "-o"), "=")
	switch {
	case strings.EqualFold(k, "ProxyJump"):
		return v, rest
	case strings.EqualFold(k, "ProxyCommand") && v == "ssh":
		return proxyCommand(rest)
	}
	return "", rest
}

// proxyCommand is the host of "ssh -W %h:%p -q host", the older way to say ProxyJump. With any other option in it, it is not that.
func proxyCommand(f []string) (jump string, rest []string) {
	for len(f) > 0 && (f[0] == "-W" || f[0] == "%h:%p" || f[0] == "-q") {
		f = f[1:]
	}
	if len(f) == 0 || strings.HasPrefix(f[0], "-") {
		return "", f
	}
	if len(f) > 2 && f[1] == "-W" && f[2] == "%h:%p" {
		return f[0], f[3:]
	}
	return f[0], f[1:]
}

// secretName reports whether a variable's name says that its value is none of ours.
func secretName(k string) bool {
	k = strings.ToLower(k)
	for _, s := range []string{"pass", "secret", "token", "vault", "private_key_content", "api_key"} {
		if strings.Contains(k, s) && !strings.Contains(k, "key_file") {
			return true
		}
	}
	return false
}
