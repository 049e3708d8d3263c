package ssh

import (
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/inventory"
	"tend/ssh/glob"
	"tend/ssh/sshconfig"
)

// builder turns an answer of sshconfig into Settings, and remembers where everything came from. The first error stays.
type builder struct {
	o      *Options
	h      inventory.Host
	a      *sshconfig.Answer
	q      sshconfig.Query
	s      *Settings
	tokens map[byte]string
	mute   bool // nobody will be shown where a value came from
	err    error
}

func (b *builder) build() {
	b.show("hostname", b.s.HostName, b.source("hostname", "inventory"))
	b.s.User = b.text("user", b.q.LocalUser)
	b.s.Port = b.number("port", 22)
	b.tokens = b.a.Tokens(b.q, b.s.User, strconv.Itoa(b.s.Port))
	b.s.HostKeyAlias = b.text("hostkeyalias", "")
	b.road()
	b.identities()
	b.hostKeys()
	b.times()
	b.login()
	b.algorithms()
	b.environment()
	b.unsupported()
}

func (b *builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = faultf(Config, format, args...)
	}
}

func (b *builder) show(name, text, source string) {
	if b.mute {
		return
	}
	b.s.Values = append(b.s.Values, Value{name, text, source})
}

func (b *builder) source(option, def string) string {
	if v, ok := b.a.First(option); ok {
		return v.Source
	}
	return def
}

// text takes an option and shows it.
func (b *builder) text(option, def string) string {
	v := b.a.Get(option, def)
	if v != "" {
		b.show(option, v, b.source(option, "default"))
	}
	return v
}

func (b *builder) number(option string, def int) int {
	text := b.text(option, strconv.Itoa(def))
	n, err := strconv.Atoi(text)
	if err != nil {
		b.fail("%s: %s cannot be %q", b.source(option, "default"), option, text)
	}
	return n
}

func (b *builder) yes(option, def string) bool { return b.text(option, def) == "yes" }

// path expands what ssh expands in the names of files: "~", ${NAME} and tokens.
func (b *builder) path(v sshconfig.Value) string {
	text, err := sshconfig.ExpandEnv(v.Text, b.o.Getenv)
	if err == nil {
		text, err = sshconfig.Expand(sshconfig.Tilde(text, b.o.Home), b.tokens)
	}
	if err != nil {
		b.fail("%s: %w", v.Source, err)
	}
	return text
}

// paths is the expanded values of an option, without "none"; all are shown.
func (b *builder) paths(option string, defaults ...string) []string {
	values := b.a.All(option)
	if values == nil {
		for _, d := range defaults {
			values = append(values, sshconfig.Value{Text: d, Source: "default"})
		}
	}
	var all []string
	for _, v := range values {
		b.show(option, v.Text, v.Source)
		if v.Text != "none" {
			all = append(all, b.path(v))
		}
	}
	return all
}

// given shows values that tend's own options or the inventory give in place of ssh_config's.
func (b *builder) given(option, source string, values []string) []string {
	var all []string
	for _, v := range values {
		b.show(option, v, source)
		all = append(all, sshconfig.Tilde(v, b.o.Home))
	}
	return all
}

func (b *builder) road() {
	if jump := b.text("proxyjump", ""); jump != "" && jump != "none" {
		b.s.Jump = strings.Split(strings.ReplaceAll(jump, "ssh://", ""), ",")
		for _, hop := range b.s.Jump {
			if !sshconfig.ValidHop(hop) {
				b.fail("%s: ProxyJump: %q is not [user@]host[:port]", b.source("proxyjump", ""), hop)
			}
		}
	}
	if cmd := b.text("proxycommand", ""); cmd != "" && cmd != "none" {
		var err error
		if b.s.ProxyCommand, err = sshconfig.Expand(cmd, b.tokens); err != nil {
			b.fail("%s: ProxyCommand: %w", b.source("proxycommand", ""), err)
		}
		if b.a.Get("proxyusefdpass", "no") == "yes" {
			b.fail("%s: tend does not support ProxyUseFdpass", b.source("proxyusefdpass", ""))
		}
	}
	b.s.AddressFamily = b.text("addressfamily", "any")
	b.s.BindAddress = b.text("bindaddress", "")
	if name := b.text("bindinterface", ""); name != "" && b.s.BindAddress == "" {
		b.s.BindAddress = b.addressOf(name)
	}
	b.s.TCPKeepAlive = b.yes("tcpkeepalive", "yes")
}

func (b *builder) addressOf(name string) string {
	ifc, err := net.InterfaceByName(name)
	if err != nil {
		b.fail("%s: BindInterface %s: %w", b.source("bindinterface", ""), name, err)
		return ""
	}
	addrs, _ := ifc.Addrs()
	for _, a := range addrs {
		if ipn, ok := a.(*net.IPNet); ok && (ipn.IP.To4() == nil) == (b.s.AddressFamily == "inet6") {
			return ipn.IP.String()
		}
	}
	b.fail("%s: interface %s has no address to bind to", b.source("bindinterface", ""), name)
	return ""
}

// defaultKeys are the files that ssh tries where none is named (ssh(1), newest order).
var defaultKeys = []string{"~/.ssh/id_ed25519", "~/.ssh/id_ed25519_sk", "~/.ssh/id_ecdsa", "~/.ssh/id_ecdsa_sk", "~/.ssh/id_rsa"}

func (b *builder) identities() {
	named := b.a.All("identityfile")
	if len(b.h.Identity) == 0 {
		for _, p := range b.given("identityfile", "options", b.o.Identity) {
			b.s.Identity = append(b.s.Identity, Identity{p, true})
		}
	}
	for _, p := range b.paths("identityfile", defaultKeys...) {
		b.s.Identity = append(b.s.Identity, Identity{p, named != nil})
	}
	b.s.Certificates = b.paths("certificatefile")
	b.s.IdentitiesOnly = b.yes("identitiesonly", "no")
	b.agent()
}

// agent finds the agent's socket: ssh_config's IdentityAgent, or the one that the options or the environment give.
func (b *builder) agent() {
	socket, source := b.o.AgentSocket, "options"
	if socket == "" {
		socket, source = b.o.Getenv("SSH_AUTH_SOCK"), "$SSH_AUTH_SOCK"
	}
	if v, ok := b.a.First("identityagent"); ok && b.o.AgentSocket != "none" {
		source = v.Source
		switch {
		case v.Text == "SSH_AUTH_SOCK":
		case strings.HasPrefix(v.Text, "$") && !strings.HasPrefix(v.Text, "${"):
			socket = b.o.Getenv(v.Text[1:])
		default:
			socket = b.path(v)
		}
	}
	if socket != "none" && socket != "" {
		b.s.AgentSocket = socket
		b.show("identityagent", socket, source)
	}
}

func (b *builder) hostKeys() {
	switch {
	case b.h.KnownHosts != nil:
		b.s.KnownHosts = b.given("userknownhostsfile", "inventory", b.h.KnownHosts)
	case b.o.KnownHosts != nil:
		b.s.KnownHosts = b.given("userknownhostsfile", "options", b.o.KnownHosts)
	default:
		b.s.KnownHosts = b.paths("userknownhostsfile", "~/.ssh/known_hosts", "~/.ssh/known_hosts2")
		b.s.GlobalKnownHosts = b.paths("globalknownhostsfile", "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
	}
	if b.h.HostKey != "" {
		b.show("host_key", b.h.HostKey, "inventory")
	}
	b.s.StrictHostKeyChecking = b.text("stricthostkeychecking", "ask")
	b.s.VerifyHostKeyDNS = b.text("verifyhostkeydns", "no")
	b.s.HashKnownHosts = b.yes("hashknownhosts", "no")
	b.s.UpdateHostKeys = b.yes("updatehostkeys", b.updatesKeys())
	b.s.RevokedHostKeys = b.paths("revokedhostkeys")
}

// updatesKeys is ssh's default: yes, unless the operator has chosen his own known_hosts files.
func (b *builder) updatesKeys() string {
	if b.h.KnownHosts != nil || b.o.KnownHosts != nil || b.a.All("userknownhostsfile") != nil {
		return "no"
	}
	return "yes"
}

func (b *builder) times() {
	b.s.ConnectTimeout = b.duration("connecttimeout", b.o.ConnectTimeout, 10*time.Second)
	b.s.KeepaliveInterval = b.duration("serveraliveinterval", b.o.KeepaliveInterval, 15*time.Second)
	b.s.KeepaliveCount = b.number("serveralivecountmax", 3)
	if b.o.KeepaliveCount > 0 {
		b.s.KeepaliveCount = b.o.KeepaliveCount
	}
	b.s.KeepaliveCount = max(b.s.KeepaliveCount, 1)
	b.s.ConnectionAttempts = max(b.number("connectionattempts", 1), 1)
}

// duration is tend's own option, or ssh_config's unless that is 0, or ours: tend never waits for ever.
func (b *builder) duration(option string, own, def time.Duration) time.Duration {
	d, source := own, "options"
	if v, ok := b.a.First(option); d <= 0 && ok {
		d, _ = sshconfig.Seconds(v.Text)
		source = v.Source
	}
	if d <= 0 {
		d, source = def, "default"
	}
	b.show(option, d.String(), source)
	return d
}

func (b *builder) login() {
	preferred := b.text("preferredauthentications", "publickey,keyboard-interactive,password")
	allowed := map[string]bool{
		"publickey":            b.a.Get("pubkeyauthentication", "yes") != "no",
		"keyboard-interactive": b.a.Get("kbdinteractiveauthentication", "yes") == "yes",
		"password":             b.a.Get("passwordauthentication", "yes") == "yes",
	}
	for _, m := range strings.Split(preferred, ",") {
		if allowed[m] {
			b.s.Methods = append(b.s.Methods, m)
		}
	}
	b.s.Batch = b.yes("batchmode", "no")
	b.s.PasswordPrompts = b.number("numberofpasswordprompts", 3)
}

// algorithms are ours, as ssh_config changes them. The inventory's legacy_crypto puts the weak ones behind, for logging in; what an authority
// signs with stays strong.
func (b *builder) algorithms() {
	if b.h.LegacyCrypto {
		b.show("legacy_crypto", "yes", "inventory")
	}
	def, weak := ours()
	b.s.Kex = b.algos("kexalgorithms", def.KeyExchanges, weak.KeyExchanges)
	b.s.Ciphers = b.algos("ciphers", def.Ciphers, weak.Ciphers)
	b.s.MACs = b.algos("macs", def.MACs, weak.MACs)
	b.s.HostKeyAlgos = b.algos("hostkeyalgorithms", def.HostKeys, weak.HostKeys)
	b.s.PubkeyAlgos = b.algos("pubkeyacceptedalgorithms", def.keys, weak.keys)
	b.s.RequiredRSASize = b.number("requiredrsasize", 1024)
	b.h.LegacyCrypto = false
	b.s.CAAlgos = b.algos("casignaturealgorithms", def.PublicKeyAuths, weak.PublicKeyAuths)
}

// algos applies an option to our defaults and keeps what we speak.
func (b *builder) algos(option string, def, weak []string) []string {
	if b.h.LegacyCrypto {
		def = slices.Concat(def, weak)
	}
	v, ok := b.a.First(option)
	if !ok {
		return slices.Clip(def)
	}
	b.show(option, v.Text, v.Source)
	all := sshconfig.Algorithms(v.Text, def)
	speaks := slices.Concat(def, weak)
	return slices.DeleteFunc(slices.Clone(all), func(a string) bool { return !slices.Contains(speaks, a) })
}

func (b *builder) environment() {
	for _, v := range b.a.All("setenv") {
		name, value, ok := strings.Cut(v.Text, "=")
		if !ok {
			b.fail("%s: SetEnv %q is not NAME=VALUE", v.Source, v.Text)
		}
		b.show("setenv", v.Text, v.Source)
		b.s.Env = append(b.s.Env, EnvVar{name, value})
	}
	for _, v := range b.a.All("sendenv") {
		b.show("sendenv", v.Text, v.Source)
		b.send(v.Text)
	}
}

func (b *builder) send(pattern string) {
	if !strings.ContainsAny(pattern, "*?") {
		if v := b.o.Getenv(pattern); v != "" {
			b.s.Env = append(b.s.Env, EnvVar{pattern, v})
		}
		return
	}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if v := b.o.Getenv(name); v != "" && glob.Match(name, pattern) {
			b.s.Env = append(b.s.Env, EnvVar{name, v})
		}
	}
}
