package ssh_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/ssh"
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
			if err != nil {
				t.Fatal(err)
			}
			option, sub, _ := strings.Cut(k.option, " ")
			want := dumped(string(out), option)
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
	for _, line := range []string{"KnownHostsCommand /bin/true %H", "HostbasedAuthentication yes", "PKCS11Provider /usr/lib/x.so", "SecurityKeyProvider /usr/lib/y.so", "Tunnel yes",
		"RemoteCommand tmux", "ProxyUseFdpass yes", "PreferredAuthentications gssapi-with-mic,publickey", "SurelyNobodyKnows this"} {
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
	for _, line := range []string{"Tunnel no", "HostbasedAuthentication no", "RemoteCommand none", "GSSAPIAuthentication yes", "ControlMaster auto", "Compression yes", "ForwardAgent yes"} {
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
