package runbooks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tend/inventory"
	"tend/quote"
)

// hostMark is the line of a script where a host's own values go, after the values that all hosts share. No parameter's value can
// forge it: within quote.Word, a single quote is followed or preceded by a backslash or by another quote, and never stands between a
// space and a letter. The first such line is therefore ours. To sh it is a command that does nothing.
const hostMark = ": 'values of this host'\n"

// secretMark stands in Plan.Params where a secret's value would.
const secretMark = "(secret)"

// render makes the complete script of a step:
//
//	{ # runbook, step
//	LC_ALL=C; export LC_ALL        tools speak one language
//	PATH=…; export PATH            sbin, which logins over ssh often lack
//	name='value'                   each parameter, quoted
//	: 'values of this host'        here Rendered puts the host's own values
//	tend_…() { … }                 the functions of lib.sh that the body uses
//	…                              the body
//	}
//
// It is one compound command: sh runs none of it until it has read all of it, so a script that is cut off in transit does nothing.
// Secret parameters are not assigned here: SecretHeader's text goes before the whole.
func render(rb Runbook, s Step, values map[string]string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "{ # runbook %s, step %s\n", rb.Name, s.ID)
	b.WriteString("LC_ALL=C; export LC_ALL\n")
	b.WriteString("PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH\n")
	for _, p := range rb.Params {
		if p.Secret {
			fmt.Fprintf(&b, "# %s is a secret: a header that is never recorded sets it\n", p.Name)
			continue
		}
		line, err := quote.Assign(p.Name, p.shell(values[p.Name]))
		if err != nil {
			return "", err
		}
		b.WriteString(line + "\n")
	}
	b.WriteString(hostMark)
	lib, err := library(s.Script)
	if err != nil {
		return "", err
	}
	b.WriteString(lib + strings.TrimRight(s.Script, "\n") + "\n}\n")
	script := b.String()
	if _, err := checkShell(script); err != nil {
		return "", fmt.Errorf("step %s: the script does not stand as one command: %w", s.ID, err)
	}
	return script, nil
}

// HostHeader is the assignments of a host's own values, one a line, sorted by name; "" where it has none.
func (p Plan) HostHeader(h inventory.HostID) (string, error) {
	own := p.Vars[h]
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(own)) {
		line, err := quote.Assign(name, own[name])
		if err != nil {
			return "", fmt.Errorf("%s: %w", h, err)
		}
		b.WriteString(line + "\n")
	}
	return b.String(), nil
}

// Rendered is what goes to sh on the host for the step, but for secrets: the step's Script with HostHeader after its line
// ": 'values of this host'". Where the plan has Secrets, SecretHeader's text goes before it, joined by nothing; only that join is
// ever sent, and only this text is ever recorded. A step without a script (a reboot, a manual step, a wait) gives "".
func (p Plan) Rendered(step StepID, host inventory.HostID) (string, error) {
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == step })
	if i < 0 {
		return "", fmt.Errorf("the plan has no step %q", step)
	}
	if line := p.Steps[i].Line; line != "" && slices.ContainsFunc(p.Hosts, func(h inventory.Host) bool { return h.Name == host && h.Shell == "none" }) {
		if own, ok := p.Vars[host][line]; ok {
			return own, nil
		}
		return p.Params[line], nil
	}
	header, err := p.HostHeader(host)
	if err != nil || header == "" {
		return p.Steps[i].Script, err
	}
	before, after, found := strings.Cut(p.Steps[i].Script, "\n"+hostMark)
	if !found {
		return p.Steps[i].Script, nil
	}
	return before + "\n" + hostMark + header + after, nil
}

// SecretHeader is the assignments of the secret parameters, for the runner alone: it is never recorded and never part of a plan. It
// wants a value for each of Secrets that the plan has as "(secret)", and takes none for the others.
func (p Plan) SecretHeader(values map[string]string) (string, error) {
	var problems Problems
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.ContainsFunc(p.Secrets, func(s Param) bool { return s.Name == name }) {
			problems.refuse("", "the plan has no secret parameter %q", name)
		}
	}
	var b strings.Builder
	for _, s := range p.Secrets {
		v, given := values[s.Name]
		wanted := p.Params[s.Name] == secretMark
		if given != wanted {
			problems.refuse("", "the plan was made %s the secret parameter %q", map[bool]string{true: "with", false: "without"}[wanted], s.Name)
			continue
		}
		plain, err := s.Value(v)
		if err != nil {
			problems.refuse("", "the secret parameter %q does not fit its declaration", s.Name) // the reason would quote the secret
			continue
		}
		line, err := quote.Assign(s.Name, s.shell(plain))
		if err != nil {
			return "", fmt.Errorf("secret parameter %q: %w", s.Name, err)
		}
		b.WriteString(line + "\n")
	}
	return b.String(), problems.err()
}
