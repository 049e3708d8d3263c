package ssh_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshconfig"
	"tend/ssh/sshtest"
)

// keyword is one word of ssh_config: a configuration in which it matters, and what of our settings must be what ssh -G says of an option.
type keyword struct {
	name, config string
	option       string // of ssh -G; several lines are joined with blanks
	got          func(s *ssh.Settings) string
}

func userOf(s *ssh.Settings) string { return s.User }

func words(list []string) string { return strings.Join(list, " ") }

// part says whether a list has a word, and where it stands at the front; of lists whose other words differ between programs no more
// can be compared.
func part(list, word string) string {
	all := strings.Split(list, ",")
	for i, w := range all {
		if w == word {
			return fmt.Sprintf("has it, first %v", i == 0)
		}
	}
	return "has it not"
}

const plus, front, minus = "aes128-cbc", "aes256-ctr", "aes128-ctr"

// keywords are those that tend promises to honour, each alone.
var keywords = []keyword{
	{"Include", "Include DIR/inc\n", "user", userOf},
	{"Host", "Host other\n  User no\nHost h* !hx\n  User yes\n", "user", userOf},
	{"Match host", "Match host other\n  User no\nMatch host h1\n  User yes\n", "user", userOf},
	{"Match user", "User early\nMatch user other\n  Port 1\nMatch user early\n  Port 2\n", "port", func(s *ssh.Settings) string { return fmt.Sprint(s.Port) }},
	{"Match originalhost", "HostName real\nMatch originalhost real\n  User no\nMatch originalhost h1\n  User yes\n", "user", userOf},
	{"Match exec", "Match exec \"false\"\n  User no\nMatch exec \"test %h = h1\"\n  User yes\n", "user", userOf},
	{"Match final", "Match final host h1\n  User yes\nHost h1\n  Port 7\n", "user", userOf},
	{"Match all", "Match all\n  User yes\n", "user", userOf},
	{"HostName", "HostName %h.example.net\n", "hostname", func(s *ssh.Settings) string { return s.HostName }},
	{"User", "User ops\nUser late\n", "user", userOf},
	{"Port", "Port 2222\n", "port", func(s *ssh.Settings) string { return fmt.Sprint(s.Port) }},
	{"IdentityFile", "IdentityFile DIR/one\nIdentityFile DIR/two\n", "identityfile", func(s *ssh.Settings) string {
		var all []string
		for _, id := range s.Identity {
			all = append(all, id.Path)
		}
		return words(all)
	}},
	{"IdentitiesOnly", "IdentitiesOnly yes\n", "identitiesonly", func(s *ssh.Settings) string { return yesNo(s.IdentitiesOnly) }},
	{"IdentityAgent", "IdentityAgent DIR/agent.sock\n", "identityagent", func(s *ssh.Settings) string { return s.AgentSocket }},
	{"CertificateFile", "CertificateFile DIR/one-cert.pub\n", "certificatefile", func(s *ssh.Settings) string { return words(s.Certificates) }},
	{"ProxyJump", "ProxyJump ops@b1:23,b2\n", "proxyjump", func(s *ssh.Settings) string { return strings.Join(s.Jump, ",") }},
	{"ProxyCommand", "ProxyCommand nc -x proxy h1 22\n", "proxycommand", func(s *ssh.Settings) string { return s.ProxyCommand }},
	{"HostKeyAlias", "HostKeyAlias alias\n", "hostkeyalias", func(s *ssh.Settings) string { return s.HostKeyAlias }},
	{"UserKnownHostsFile", "UserKnownHostsFile DIR/a DIR/b\n", "userknownhostsfile", func(s *ssh.Settings) string { return words(s.KnownHosts) }},
	{"GlobalKnownHostsFile", "GlobalKnownHostsFile DIR/g\n", "globalknownhostsfile", func(s *ssh.Settings) string { return words(s.GlobalKnownHosts) }},
	{"StrictHostKeyChecking", "StrictHostKeyChecking accept-new\n", "stricthostkeychecking", func(s *ssh.Settings) string { return s.StrictHostKeyChecking }},
	{"KexAlgorithms", "KexAlgorithms ecdh-sha2-nistp384,curve25519-sha256\n", "kexalgorithms", func(s *ssh.Settings) string { return strings.Join(s.Kex, ",") }},
	{"Ciphers", "Ciphers aes256-ctr,aes128-gcm@openssh.com\n", "ciphers", func(s *ssh.Settings) string { return strings.Join(s.Ciphers, ",") }},
	{"Ciphers +", "Ciphers +" + plus + "\n", "ciphers " + plus, func(s *ssh.Settings) string { return part(strings.Join(s.Ciphers, ","), plus) }},
	{"Ciphers -", "Ciphers -" + minus + "\n", "ciphers " + minus, func(s *ssh.Settings) string { return part(strings.Join(s.Ciphers, ","), minus) }},
	{"Ciphers ^", "Ciphers ^" + front + "\n", "ciphers " + front, func(s *ssh.Settings) string { return part(strings.Join(s.Ciphers, ","), front) }},
	{"MACs", "MACs hmac-sha2-512,hmac-sha2-256\n", "macs", func(s *ssh.Settings) string { return strings.Join(s.MACs, ",") }},
	{"HostKeyAlgorithms", "HostKeyAlgorithms rsa-sha2-512,ssh-ed25519\n", "hostkeyalgorithms", func(s *ssh.Settings) string { return strings.Join(s.HostKeyAlgos, ",") }},
	{"ConnectTimeout", "ConnectTimeout 1m30s\n", "connecttimeout", func(s *ssh.Settings) string { return seconds(s.ConnectTimeout) }},
	{"ServerAliveInterval", "ServerAliveInterval 42\n", "serveraliveinterval", func(s *ssh.Settings) string { return seconds(s.KeepaliveInterval) }},
	{"ServerAliveCountMax", "ServerAliveCountMax 7\n", "serveralivecountmax", func(s *ssh.Settings) string { return fmt.Sprint(s.KeepaliveCount) }},
	{"SetEnv", "SetEnv A=b C=d\n", "setenv", envOf},
	{"SendEnv", "SendEnv TEND_X\nSendEnv LC_*\n", "sendenv", func(s *ssh.Settings) string { return shown(s, "sendenv") }},
	{"PreferredAuthentications", "PreferredAuthentications password,publickey\n", "preferredauthentications", func(s *ssh.Settings) string { return strings.Join(s.Methods, ",") }},
	{"AddressFamily", "AddressFamily inet6\n", "addressfamily", func(s *ssh.Settings) string { return s.AddressFamily }},
	{"BindAddress", "BindAddress 127.0.0.9\n", "bindaddress", func(s *ssh.Settings) string { return s.BindAddress }},
	{"CanonicalizeHostname", "CanonicalizeHostname always\nMatch canonical\n  User twice\n", "user", userOf},
	{"UpdateHostKeys", "UpdateHostKeys no\n", "updatehostkeys", func(s *ssh.Settings) string { return yesNo(s.UpdateHostKeys) }},
	{"Match tagged", "Tag red\nMatch tagged red\n  User yes\n", "", func(s *ssh.Settings) string { return yesNo(s.User == "yes") }},
	{"BatchMode", "BatchMode yes\n", "batchmode", func(s *ssh.Settings) string { return yesNo(s.Batch) }},
	{"BindInterface", "BindInterface lo\n", "bindinterface", func(s *ssh.Settings) string { return shown(s, "bindinterface") }},
	{"CASignatureAlgorithms", "CASignatureAlgorithms rsa-sha2-512,ssh-ed25519\n", "casignaturealgorithms", func(s *ssh.Settings) string { return strings.Join(s.CAAlgos, ",") }},
	{"PubkeyAcceptedAlgorithms", "PubkeyAcceptedAlgorithms rsa-sha2-512-cert-v01@openssh.com,ssh-ed25519\n", "pubkeyacceptedalgorithms", func(s *ssh.Settings) string { return strings.Join(s.PubkeyAlgos, ",") }},
	{"PubkeyAuthentication", "PubkeyAuthentication no\n", "pubkeyauthentication", func(s *ssh.Settings) string { return yesNo(slices.Contains(s.Methods, "publickey")) }},
	{"PubkeyAuthentication unbound", "PubkeyAuthentication unbound\n", "", func(s *ssh.Settings) string { return yesNo(slices.Contains(s.Methods, "publickey")) }},
	{"PasswordAuthentication", "PasswordAuthentication no\n", "passwordauthentication", func(s *ssh.Settings) string { return yesNo(slices.Contains(s.Methods, "password")) }},
	{"KbdInteractiveAuthentication", "KbdInteractiveAuthentication no\n", "kbdinteractiveauthentication", func(s *ssh.Settings) string { return yesNo(slices.Contains(s.Methods, "keyboard-interactive")) }},
	{"NumberOfPasswordPrompts", "NumberOfPasswordPrompts 1\n", "numberofpasswordprompts", func(s *ssh.Settings) string { return fmt.Sprint(s.PasswordPrompts) }},
	{"ConnectionAttempts", "ConnectionAttempts 4\n", "connectionattempts", func(s *ssh.Settings) string { return fmt.Sprint(s.ConnectionAttempts) }},
	{"RequiredRSASize", "RequiredRSASize 3072\n", "requiredrsasize", func(s *ssh.Settings) string { return fmt.Sprint(s.RequiredRSASize) }},
	{"HashKnownHosts", "HashKnownHosts yes\n", "hashknownhosts", func(s *ssh.Settings) string { return yesNo(s.HashKnownHosts) }},
	{"TCPKeepAlive", "TCPKeepAlive no\n", "tcpkeepalive", func(s *ssh.Settings) string { return yesNo(s.TCPKeepAlive) }},
	{"VerifyHostKeyDNS", "VerifyHostKeyDNS ask\n", "verifyhostkeydns", func(s *ssh.Settings) string { return s.VerifyHostKeyDNS }},
	{"RevokedHostKeys", "RevokedHostKeys DIR/revoked\n", "revokedhostkeys", func(s *ssh.Settings) string { return words(s.RevokedHostKeys) }},
	{"IgnoreUnknown", "IgnoreUnknown Fancy*\nFancyThing 3\nUser yes\n", "user", userOf},
}

// elsewhere are those whose effect other tests show: TestCanonical, with names of its own; TestUnsupportedIsReportedOnce.
var elsewhere = strings.Fields("canonicaldomains canonicalizemaxdots canonicalizefallbacklocal canonicalizepermittedcnames refuseconnection")

// indifferent are options that change neither whom tend talks to nor how it logs in, by why they need no word.
var indifferent = map[string]string{
	"tend forwards nothing": "clearallforwardings dynamicforward exitonforwardfailure forwardagent forwardx11 forwardx11timeout forwardx11trusted gatewayports localforward " +
		"permitremoteopen remoteforward streamlocalbindmask streamlocalbindunlink tunneldevice xauthlocation",
	"tend keeps connections of its own": "controlmaster controlpath controlpersist",
	"ssh's own terminal":                "enableescapecommandline escapechar fingerprinthash forkafterauthentication loglevel logverbose obscurekeystroketiming requesttty stdinnull syslogfacility visualhostkey warnweakcrypto",
	"the line, not who is at its end":   "channeltimeout compression ipqos rekeylimit versionaddendum",
	"said where it matters":             "permitlocalcommand gssapiauthentication",
	"only of a method that tend does not speak and reports": "enablesshkeysign gssapiclientidentity gssapidelegatecredentials gssapikexalgorithms gssapirenewalforcesrekey " +
		"gssapiserveridentity gssapitrustdns hostbasedacceptedalgorithms",
	"the agent's own affair": "addkeystoagent usekeychain",
	"ssh ignores it too": "afstokenpassing cipher compressionlevel fallbacktorsh kerberosauthentication kerberostgtpassing protocol rhostsrsaauthentication " +
		"rsaauthentication useprivilegedport useroaming usersh",
}

// reported are lines with an option that tend does not honour, and must name.
var reported = []string{"KnownHostsCommand /bin/true %H", "HostbasedAuthentication yes", "PKCS11Provider /usr/lib/x.so", "SecurityKeyProvider /usr/lib/y.so", "Tunnel yes",
	"RemoteCommand tmux", "ProxyUseFdpass yes", "PreferredAuthentications gssapi-with-mic,publickey", "CheckHostIP yes", "NoHostAuthenticationForLocalhost true",
	"GSSAPIKeyExchange yes", "KbdInteractiveDevices pam", "SessionType none", "UpdateHostKeys ask", "SurelyNobodyKnows this"}

// TestNoKeywordIsForgotten: each option that is read either has an effect that a test shows, or is reported, or is here with the reason why
// it needs neither.
func TestNoKeywordIsForgotten(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{"localcommand": true}
	for _, k := range keywords {
		name, _, _ := strings.Cut(strings.ToLower(k.name), " ")
		seen[name] = true
		for line := range strings.Lines(k.config) {
			if name, _, _ := strings.Cut(strings.ToLower(line), " "); name == "tag" {
				seen[name] = true
			}
		}
	}
	for _, line := range reported {
		name, _, _ := strings.Cut(strings.ToLower(line), " ")
		seen[name] = true
	}
	for _, names := range indifferent {
		for _, name := range strings.Fields(names) {
			if seen[name] {
				t.Errorf("%s is said to make no difference, and has a test", name)
			}
			seen[name] = true
		}
	}
	for _, name := range elsewhere {
		seen[name] = true
	}
	known := sshconfig.Known()
	for _, name := range known {
		if !seen[name] {
			t.Errorf("%s is read, has no effect that a test shows, and is not reported", name)
		}
		delete(seen, name)
	}
	for name := range seen {
		if name != "include" && name != "host" && name != "match" && name != "surelynobodyknows" {
			t.Errorf("%s is no option that is read", name)
		}
	}
	if len(known) < 100 {
		t.Errorf("only %d options are known", len(known))
	}
}

// shown is an option as tend host show has it.
func shown(s *ssh.Settings, option string) string {
	var all []string
	for _, v := range s.Values {
		if v.Name == option {
			all = append(all, v.Text)
		}
	}
	return words(all)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func seconds(d time.Duration) string { return fmt.Sprint(int(d / time.Second)) }

func envOf(s *ssh.Settings) string {
	var all []string
	for _, e := range s.Env {
		all = append(all, e.Name+"="+e.Value)
	}
	return words(all)
}

// TestEveryKeyword: of each word that is promised, alone, the value by which tend works is the one that ssh says it would work by.
func TestEveryKeyword(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("ssh")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("ssh (package openssh-client) is not installed, and CI=true wants it")
		}
		t.Skip("ssh (package openssh-client) is not installed")
	}
	for _, k := range keywords {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, filepath.Join(dir, "inc"), "User included\n")
			path := filepath.Join(dir, "config")
			put(t, path, strings.ReplaceAll(k.config, "DIR", dir))
			out, err := exec.Command(program, "-G", "-F", path, "--", "h1").Output()
			if err != nil && k.option != "" {
				t.Fatal(err)
			}
			option, sub, _ := strings.Cut(k.option, " ")
			want := dumped(string(out), option)
			if option == "" { // a word that this ssh may be too old for
				want = "yes"
			}
			if sub != "" {
				want = part(want, sub)
			}
			s, err := ssh.Resolve(context.Background(), inventory.Host{Name: "h1"}, ssh.Options{ConfigFiles: []string{path}, Home: dir, Getenv: os.Getenv})
			if err != nil {
				t.Fatal(err)
			}
			if got := k.got(s); got != want {
				t.Errorf("got %q, ssh says %q", got, want)
			}
			if me, _ := user.Current(); option == "user" && want == me.Username {
				t.Error("the configuration does not show what the word does")
			}
			if len(s.Warnings) > 0 {
				t.Errorf("it is reported as not supported: %q", s.Warnings)
			}
		})
	}
}

// dumped is an option of ssh -G, in our spelling of yes and no.
func dumped(text, option string) string {
	var all []string
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == option {
			all = append(all, map[string]string{"true": "yes", "false": "no"}[value])
			if all[len(all)-1] == "" {
				all[len(all)-1] = value
			}
		}
	}
	return words(all)
}

// TestUnsupportedIsReportedOnce: an option that would change whom we talk to, or how we prove who we are, and that tend does not know to
// honour, is named once, however many hosts it applies to; where it says what is so anyway, not at all.
func TestUnsupportedIsReportedOnce(t *testing.T) {
	t.Parallel()
	for _, line := range append(slices.Clone(reported), "LocalCommand true\n PermitLocalCommand yes") {
		s, err := resolve(t, "Host *\n  "+line+"\n", inventory.Host{Name: "h1"}, ssh.Options{})
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(line, " ")
		if len(s.Warnings) != 1 || !strings.Contains(strings.ToLower(s.Warnings[0]), strings.ToLower(name)) || !strings.Contains(s.Warnings[0], "cfg:2") {
			t.Errorf("%s: %q", line, s.Warnings)
		}
	}
	srv := sshtest.Start(t, sshtest.Config{})
	dir := t.TempDir()
	put(t, filepath.Join(dir, "config"), "Tunnel yes\n")
	c := newClient(t, ssh.Options{ConfigFiles: []string{filepath.Join(dir, "config")}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, name := range []string{"a", "b", "c"} {
		if _, err := c.Exec(ctx, srv.Host(name), "true", nil, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if w := c.Warnings(); len(w) != 1 {
		t.Errorf("%q", w)
	}
	for _, line := range []string{"Tunnel no", "HostbasedAuthentication no", "RemoteCommand none", "GSSAPIAuthentication yes", "ControlMaster auto", "Compression yes", "ForwardAgent yes", "CheckHostIP no",
		"SessionType default", "UpdateHostKeys yes", "KnownHostsCommand none", "LocalCommand true", "PubkeyAuthentication host-bound"} {
		if s, err := resolve(t, line+"\n", inventory.Host{Name: "h1"}, ssh.Options{}); err != nil || len(s.Warnings) > 0 {
			t.Errorf("%s: %q, %v", line, s.Warnings, err)
		}
	}
	if _, err := resolve(t, "RefuseConnection \"gone since May: use db-2\"\n", inventory.Host{Name: "h1"}, ssh.Options{}); err == nil || !strings.Contains(err.Error(), "gone since May: use db-2") {
		t.Errorf("%v", err)
	}
}

// TestWhereWeCallFrom: BindAddress and AddressFamily are what the server sees, and what we do not try.
func TestWhereWeCallFrom(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	dir := t.TempDir()
	path := filepath.Join(dir, "config")
	run := func(config string, h inventory.Host) (string, error) {
		put(t, path, config)
		c := newClient(t, ssh.Options{ConfigFiles: []string{path}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var out strings.Builder
		_, err := c.Exec(ctx, h, "echo $SSH_CONNECTION", nil, &out, nil)
		return out.String(), err
	}
	if l, err := net.Listen("tcp", "127.0.0.9:0"); err != nil {
		t.Skipf("127.0.0.9 is not here: %v", err)
	} else {
		l.Close()
	}
	if out, err := run("BindAddress 127.0.0.9\n", srv.Host("h")); err != nil || !strings.HasPrefix(out, "127.0.0.9 ") {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := run("AddressFamily inet6\n", srv.Host("h")); err == nil {
		t.Errorf("an IPv4 address was called: %q", out)
	}
	if out, err := run("AddressFamily inet\n", srv.Host("h")); err != nil {
		t.Errorf("%q, %v", out, err)
	}
}
