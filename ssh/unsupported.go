package ssh

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"tend/ssh/sshconfig"
)

// notOurs are options that would change whom we talk to, how we prove who we are, or what is done besides, and that tend passes over, with
// the values that say what is so anyway: any other is reported once. GSSAPIAuthentication is not among them, since distributions
// switch it on for everybody; a host that wants it is told about where its login fails.
var notOurs = map[string][]string{
	"checkhostip": {"no"}, "gssapikeyexchange": {"no"}, "hostbasedauthentication": {"no"}, "kbdinteractivedevices": nil, "knownhostscommand": {"none"},
	"nohostauthenticationforlocalhost": {"no"}, "pkcs11provider": {"none"}, "proxyusefdpass": {"no"}, "remotecommand": {"none"},
	"securitykeyprovider": {"internal"}, "sessiontype": {"default"}, "tunnel": {"no", "false"}, "updatehostkeys": {"yes", "no"},
}

// foreignMethods are ways to log in that PreferredAuthentications may name and that tend does not speak.
func foreignMethods(preferred string) (out []string) {
	for _, m := range strings.Split(preferred, ",") {
		if m == "gssapi-with-mic" || m == "gssapi-keyex" || m == "hostbased" {
			out = append(out, m)
		}
	}
	return out
}

func (b *builder) unsupported() {
	for name, harmless := range notOurs {
		if v, ok := b.a.First(name); ok && !slices.Contains(harmless, strings.ToLower(v.Text)) {
			b.passedOver(name, v)
		}
	}
	if v, ok := b.a.First("localcommand"); ok && b.a.Get("permitlocalcommand", "no") == "yes" {
		b.passedOver("localcommand", v)
	}
	if v, ok := b.a.First("preferredauthentications"); ok && foreignMethods(v.Text) != nil {
		b.s.Warnings = append(b.s.Warnings, fmt.Sprintf("%s: preferredauthentications names %s, which tend does not speak", v.Source, strings.Join(foreignMethods(v.Text), " and ")))
	}
	if v, ok := b.a.First("refuseconnection"); ok {
		b.fail("%s refuses the connection: %s", v.Source, v.Text)
	}
	slices.Sort(b.s.Warnings)
	for i, w := range b.s.Warnings {
		b.s.Warnings[i] = strings.Replace(w, filepath.Clean(b.o.Home)+"/", "~/", 1)
	}
}

func (b *builder) passedOver(name string, v sshconfig.Value) {
	b.s.Warnings = append(b.s.Warnings, fmt.Sprintf("%s: ssh_config option %s is not supported by tend and has no effect", v.Source, name))
}
