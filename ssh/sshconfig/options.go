package sshconfig

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/ssh/glob"
)

// wholeLine are the options whose value is the rest of the line as it stands.
var wholeLine = map[string]bool{"proxycommand": true, "localcommand": true, "remotecommand": true, "knownhostscommand": true, "match": true}

// shape says how an option takes its values.
type shape int

const (
	single  shape = iota // one word; the first line wins
	words                // several words; the first line wins
	collect              // every line adds
	ignored              // known, and without meaning to us or to ssh
)

// shapes are the options that are not single, of OpenSSH up to 10.0.
var shapes = map[string]shape{
	"userknownhostsfile": words, "globalknownhostsfile": words, "canonicaldomains": words, "canonicalizepermittedcnames": words,
	"setenv": words, "ipqos": words, "logverbose": words, "permitremoteopen": words, "channeltimeout": words, "revokedhostkeys": words,
	"rekeylimit": words, "addkeystoagent": words,
	"identityfile": collect, "certificatefile": collect, "sendenv": collect,
	"localforward": ignored, "remoteforward": ignored, "dynamicforward": ignored,
}

// singles are the options of one word.
var singles = set(` addressfamily batchmode bindaddress bindinterface canonicalizefallbacklocal canonicalizehostname canonicalizemaxdots
 casignaturealgorithms checkhostip ciphers clearallforwardings compression connectionattempts connecttimeout controlmaster controlpath
 controlpersist enableescapecommandline enablesshkeysign escapechar exitonforwardfailure fingerprinthash forkafterauthentication
 forwardagent forwardx11 forwardx11timeout forwardx11trusted gatewayports gssapiauthentication gssapidelegatecredentials
 gssapiclientidentity gssapikeyexchange gssapikexalgorithms gssapirenewalforcesrekey gssapiserveridentity gssapitrustdns
 hashknownhosts hostbasedacceptedalgorithms hostbasedkeytypes hostbasedauthentication hostkeyalgorithms hostkeyalias hostname identitiesonly identityagent
 ignoreunknown kbdinteractiveauthentication challengeresponseauthentication kbdinteractivedevices kexalgorithms localcommand loglevel macs
 nohostauthenticationforlocalhost numberofpasswordprompts obscurekeystroketiming passwordauthentication permitlocalcommand pkcs11provider port
 preferredauthentications proxyjump proxyusefdpass pubkeyacceptedalgorithms pubkeyacceptedkeytypes pubkeyauthentication requesttty
 requiredrsasize securitykeyprovider serveralivecountmax serveraliveinterval sessiontype stdinnull streamlocalbindmask streamlocalbindunlink
 stricthostkeychecking syslogfacility tag tcpkeepalive tunnel tunneldevice updatehostkeys user useprivilegedport verifyhostkeydns
 versionaddendum visualhostkey warnweakcrypto xauthlocation refuseconnection keepalive skeyauthentication rsaauthentication rhostsrsaauthentication
 usekeychain protocol cipher compressionlevel afstokenpassing kerberosauthentication kerberostgtpassing fallbacktorsh useroaming usersh`)

func set(names string) map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(names) {
		m[n] = true
	}
	return m
}

// Known lists every option that is read, under its present name, sorted.
func Known() []string {
	all := set("")
	for _, names := range []map[string]bool{singles, wholeLine, keys(shapes)} {
		for n := range names {
			if a, ok := aliases[n]; ok {
				n = a
			}
			all[n] = true
		}
	}
	delete(all, "match") // it is a line of its own kind
	return slices.Sorted(maps.Keys(all))
}

func keys(m map[string]shape) map[string]bool {
	out := map[string]bool{}
	for n := range m {
		out[n] = true
	}
	return out
}

// aliases are old names.
var aliases = map[string]string{
	"challengeresponseauthentication": "kbdinteractiveauthentication", "skeyauthentication": "kbdinteractiveauthentication",
	"pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms", "hostbasedkeytypes": "hostbasedacceptedalgorithms", "keepalive": "tcpkeepalive",
	"dsaauthentication": "pubkeyauthentication", "smartcarddevice": "pkcs11provider",
}

// flags are the options that say yes or no; ssh takes true and false as well, and -G prints either.
var flags = map[string]bool{
	"identitiesonly": true, "passwordauthentication": true, "kbdinteractiveauthentication": true,
	"hashknownhosts": true, "tcpkeepalive": true, "batchmode": true, "canonicalizefallbacklocal": true, "proxyusefdpass": true,
	"hostbasedauthentication": true, "gssapiauthentication": true, "gssapikeyexchange": true, "checkhostip": true,
	"nohostauthenticationforlocalhost": true, "permitlocalcommand": true,
}

// choices are the options with a fixed set of words, beside yes and no.
var choices = map[string][]string{
	"stricthostkeychecking": {"yes", "no", "ask", "accept-new", "off"}, "canonicalizehostname": {"yes", "no", "always"},
	"pubkeyauthentication": {"yes", "no", "unbound", "host-bound"}, // the last two are about agents with restricted keys
	"addressfamily":        {"any", "inet", "inet6"}, "verifyhostkeydns": {"yes", "no", "ask"}, "updatehostkeys": {"yes", "no", "ask"},
}

func (r *resolver) option(f *file, l *line) error {
	name := l.key
	if a, ok := aliases[name]; ok {
		name = a
	}
	kind, known := shapes[name]
	if !known && !wholeLine[name] && !singles[name] {
		if !glob.List(l.key, strings.Split(strings.ToLower(r.get("ignoreunknown", "")), ",")) {
			r.warn(f, l, "ssh_config option %q is not known; passed over", l.key)
		}
		return nil
	}
	src := f.name + ":" + strconv.Itoa(l.n)
	switch {
	case wholeLine[name]:
		return r.set(name, src, l.rest)
	case kind == ignored:
		return nil
	case kind == words:
		return r.setWords(name, src, l.args)
	case kind == collect:
		return r.add(name, src, l.args)
	}
	if len(l.args) != 1 {
		return fmt.Errorf("%s takes one value", l.key)
	}
	return r.set(name, src, l.args[0])
}

// rivals exclude each other: whichever comes first silences the other.
var rivals = map[string]string{"proxycommand": "proxyjump", "proxyjump": "proxycommand"}

func (r *resolver) set(name, src, text string) error {
	text, err := canonical(name, text)
	if err != nil {
		return err
	}
	if r.options[name] != nil || r.options[rivals[name]] != nil {
		return nil
	}
	r.options[name] = []Value{{text, src}}
	return nil
}

func (r *resolver) setWords(name, src string, args []string) error {
	if r.options[name] != nil {
		return nil
	}
	for _, a := range args {
		r.options[name] = append(r.options[name], Value{a, src})
	}
	return nil
}

func (r *resolver) add(name, src string, args []string) error {
	if r.complete[name] {
		return nil
	}
	for _, a := range args {
		if pat, ok := strings.CutPrefix(a, "-"); ok && name == "sendenv" {
			r.options[name] = slices.DeleteFunc(r.options[name], func(v Value) bool { return glob.Match(v.Text, pat) })
			continue
		}
		if !slices.ContainsFunc(r.options[name], func(v Value) bool { return v.Text == a }) {
			r.options[name] = append(r.options[name], Value{a, src})
		}
	}
	return nil
}

// canonical brings a value into one spelling and refuses what ssh refuses.
func canonical(name, text string) (string, error) {
	low := strings.ToLower(text)
	if set := choices[name]; flags[name] || set != nil {
		switch low {
		case "true":
			low = "yes"
		case "false", "off":
			low = "no"
		}
		if flags[name] && low != "yes" && low != "no" || set != nil && !slices.Contains(set, low) {
			return "", fmt.Errorf("%s cannot be %q", name, text)
		}
		return low, nil
	}
	switch name {
	case "port", "serveralivecountmax", "numberofpasswordprompts", "connectionattempts", "canonicalizemaxdots", "requiredrsasize":
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || name == "port" && (n == 0 || n > 65535) {
			return "", fmt.Errorf("%s cannot be %q", name, text)
		}
	case "connecttimeout", "serveraliveinterval":
		if _, err := Seconds(text); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	return text, nil
}

// Seconds reads a time of ssh_config(5), TIME FORMATS: "90", "1m30s", "2h", "none" = 0.
func Seconds(s string) (time.Duration, error) {
	if strings.EqualFold(s, "none") {
		return 0, nil
	}
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	var total time.Duration
	for rest := strings.ToLower(s); rest != ""; {
		i := 0
		for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
			i++
		}
		n, err := strconv.ParseInt(rest[:i], 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%q is no time", s)
		}
		unit := time.Second
		if i < len(rest) {
			if unit = units[rest[i]]; unit == 0 {
				return 0, fmt.Errorf("%q is no time", s)
			}
			i++
		}
		total += time.Duration(n) * unit
		rest = rest[i:]
	}
	if s == "" || total < 0 || total > 365*24*time.Hour {
		return 0, fmt.Errorf("%q is no time", s)
	}
	return total, nil
}

// Algorithms applies a list of ssh_config(5) to defaults: "+a,b" appends, "-a*" removes what matches, "^a" puts in front, anything
// else replaces.
func Algorithms(spec string, defaults []string) []string {
	if spec == "" {
		return defaults
	}
	names := strings.Split(strings.TrimLeft(spec, "+-^"), ",")
	switch spec[0] {
	case '+':
		return union(defaults, names)
	case '^':
		return union(names, defaults)
	case '-':
		return slices.DeleteFunc(slices.Clone(defaults), func(a string) bool { return glob.List(a, names) })
	}
	return union(names, nil)
}

func union(a, b []string) []string {
	var out []string
	for _, s := range slices.Concat(a, b) {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
