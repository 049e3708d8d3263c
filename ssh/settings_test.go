package ssh_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/ssh"
)

func resolve(t *testing.T, config string, h inventory.Host, o ssh.Options) (*ssh.Settings, error) {
	t.Helper()
	if o.Home == "" {
		o.Home = t.TempDir()
	}
	path := filepath.Join(o.Home, "cfg")
	put(t, path, config)
	o.ConfigFiles = []string{path}
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	return ssh.Resolve(context.Background(), h, o)
}

func TestInventoryOutranksSSHConfig(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	s, err := resolve(t, `Match user ops
  IdentityFile ~/.ssh/ops-%h-${TEAM}
Host db.example
  HostName %h.internal
  User other
  Port 1
  ProxyJump nobody
  ConnectTimeout 3
  ServerAliveInterval 7
  UserKnownHostsFile ~/kh
  SendEnv LANG
  SetEnv A=b
  IdentityAgent $AGENT
  Ciphers aes256-ctr,umac-unknown
`, inventory.Host{Name: "db-1", Addr: "db.example", User: "ops", Port: 22022, Jump: []string{"ops@b1:23", "b2"}},
		ssh.Options{Home: home, Getenv: func(n string) string { return map[string]string{"TEAM": "x", "LANG": "C", "AGENT": "/run/a"}[n] }})
	if err != nil {
		t.Fatal(err)
	}
	if s.HostName != "db.example.internal" || s.User != "ops" || s.Port != 22022 || strings.Join(s.Jump, " ") != "ops@b1:23 b2" || s.ConnectTimeout != 3*time.Second ||
		s.KeepaliveInterval != 7*time.Second || s.AgentSocket != "/run/a" || len(s.Ciphers) != 1 {
		t.Errorf("%+v", s)
	}
	if len(s.Identity) != 1 || s.Identity[0].Path != home+"/.ssh/ops-db.example-x" && s.Identity[0].Path != home+"/.ssh/ops-db.example.internal-x" || !s.Identity[0].Explicit {
		t.Errorf("identity: %+v", s.Identity)
	}
	if len(s.KnownHosts) != 1 || s.KnownHosts[0] != home+"/kh" || len(s.Env) != 2 {
		t.Errorf("known hosts %q, env %v", s.KnownHosts, s.Env)
	}
	from := map[string]string{}
	for _, v := range s.Values {
		from[v.Name] = v.Source
	}
	for name, want := range map[string]string{"user": "inventory", "port": "inventory", "proxyjump": "inventory", "hostname": home + "/cfg:4", "connecttimeout": home + "/cfg:8",
		"serveralivecountmax": "default", "stricthostkeychecking": "default"} {
		if from[name] != want {
			t.Errorf("%s comes from %q, want %q", name, from[name], want)
		}
	}
}

func TestSettingsDefaults(t *testing.T) {
	t.Parallel()
	s, err := resolve(t, "", inventory.Host{Name: "Web-1"}, ssh.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.HostName != "web-1" || s.Port != 22 || s.User == "" || len(s.Identity) != 5 || s.Identity[0].Explicit || len(s.KnownHosts) != 2 || len(s.GlobalKnownHosts) != 2 ||
		s.Kex[0] != "mlkem768x25519-sha256" || strings.Join(s.Methods, ",") != "publickey,keyboard-interactive,password" {
		t.Errorf("%+v", s)
	}
	for _, a := range append(append(s.Kex, s.HostKeyAlgos...), s.PubkeyAlgos...) {
		if strings.HasSuffix(a, "-sha1") || a == "ssh-rsa" || a == "ssh-dss" {
			t.Errorf("%s is weak and on by default", a)
		}
	}
}

func TestConfigFaultsNameTheirLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Host *\n Port 0": "cfg:2: port cannot be", "IdentityFile ~/${NOPE}": "cfg:1: environment variable NOPE is not set", "IdentityFile %z": "cfg:1: unknown token %z",
		"ProxyCommand nc %Q": "cfg:1: ProxyCommand", "Match user": "cfg:1: Match user needs", "ProxyUseFdpass yes\nProxyCommand x": "cfg:1: tend does not support ProxyUseFdpass",
		"ProxyJump b:99999": `cfg:1: ProxyJump: "b:99999" is not`, "ProxyJump b:x": "is not [user@]host[:port]", "ProxyJump a,,b": `ProxyJump: "" is not`,
		"ProxyJump ok,[::1]x": `"[::1]x"`, "ProxyJump @b": `"@b"`, "ProxyJump u@": `"u@"`, "ProxyJump b:0": `"b:0"`, "ProxyJump [b": `"[b"`, "ProxyJump \"b;id\"": `"b;id"`,
		"Ciphers none": "",
	} {
		_, err := resolve(t, text, inventory.Host{Name: "web"}, ssh.Options{})
		if want == "" {
			continue
		}
		e := fault(t, err, ssh.Config)
		if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "web: ") || !e.NotStarted() {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestNamesThatActOnAShell: names come from inventories, and ssh_config puts them into commands; what a shell could act on goes into none.
func TestNamesThatActOnAShell(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	trap := filepath.Join(home, "trap")
	config := "Match exec \"true %n %h %r\"\n ProxyCommand true %h %r\n"
	for _, bad := range []string{"x;touch " + trap, "x$(touch " + trap + ")", "`touch " + trap + "`", "-oProxyCommand=x", "x y", "x|y", "x\ny", "x'y", `x"y`} {
		_, err := resolve(t, config, inventory.Host{Name: "a", Addr: bad}, ssh.Options{Home: home})
		if fault(t, err, ssh.Config); strings.ContainsAny(err.Error(), "\n") {
			t.Errorf("%v", err)
		}
		if bad == "x y" || strings.Contains(bad, "$") { // a user's name may hold these
			continue
		}
		_, err = resolve(t, config, inventory.Host{Name: "a", User: bad}, ssh.Options{Home: home})
		fault(t, err, ssh.Config)
	}
	if _, err := os.Stat(trap); err == nil {
		t.Error("a host's name was run")
	}
	for _, good := range []inventory.Host{{Name: "a", Addr: "fe80::1%eth0"}, {Name: "a", Addr: "db-1.example.net", User: "DOM\\ops$x"}, {Name: "a", User: "first last"}, {Name: "a", Addr: "bücher.example"}} {
		if _, err := resolve(t, "", good, ssh.Options{Home: home}); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
}

func TestUnsupportedOptionsAreReportedOnce(t *testing.T) {
	t.Parallel()
	addr, port := silent(t, "")
	home := t.TempDir()
	put(t, filepath.Join(home, "cfg"), "Host *\n KnownHostsCommand /bin/x\n PKCS11Provider /x.so\n PKCS11Provider none\n GSSAPIAuthentication yes\n NewFancyThing 3\n")
	c := newClient(t, ssh.Options{ConfigFiles: []string{filepath.Join(home, "cfg")}, Home: home, AuthTimeout: 50 * time.Millisecond})
	for _, n := range []string{"a", "b"} {
		c.Exec(context.Background(), inventory.Host{Name: inventory.HostID(n), Addr: addr, Port: port}, "x", nil, nil, nil)
	}
	var all []string
	for _, w := range c.Warnings() {
		all = append(all, w.Text)
	}
	if len(all) != 3 || !strings.Contains(all[0], "cfg:2") || !strings.Contains(all[1], "cfg:3") || !strings.Contains(all[2], "cfg:6") {
		t.Errorf("warnings: %q", all)
	}
}

func TestConfigThatOthersCanWriteIsRefused(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	os.Mkdir(filepath.Join(home, ".ssh"), 0o700)
	put(t, filepath.Join(home, ".ssh", "config"), "")
	os.Chmod(filepath.Join(home, ".ssh", "config"), 0o666)
	_, err := ssh.Resolve(context.Background(), inventory.Host{Name: "a"}, ssh.Options{Home: home})
	fault(t, err, ssh.Config)
}

// TestNoHomeIsNotHere: where HOME says nothing, what lies in the working directory is not taken for the user's own.
func TestNoHomeIsNotHere(t *testing.T) {
	here := t.TempDir()
	os.Mkdir(filepath.Join(here, ".ssh"), 0o700)
	put(t, filepath.Join(here, ".ssh", "config"), "Host *\n  Port 4242\n  UserKnownHostsFile /dev/null\n")
	t.Chdir(here)
	t.Setenv("HOME", "")
	s, err := ssh.Resolve(context.Background(), inventory.Host{Name: "a"}, ssh.Options{})
	if err == nil && s.Port == 4242 || !filepath.IsAbs(ssh.OwnHome()) {
		t.Errorf("port %d, home %q", s.Port, ssh.OwnHome())
	}
}

func TestWhichAgent(t *testing.T) {
	t.Parallel()
	env := func(n string) string { return map[string]string{"SSH_AUTH_SOCK": "/env", "OTHER": "/other"}[n] }
	for _, tt := range []struct{ config, option, want string }{
		{"", "", "/env"}, {"", "/opt", "/opt"}, {"", "none", ""}, {"IdentityAgent ~/a", "/opt", "HOME/a"}, {"IdentityAgent none", "/opt", ""},
		{"IdentityAgent SSH_AUTH_SOCK", "/opt", "/opt"}, {"IdentityAgent $OTHER", "", "/other"}, {"IdentityAgent ${OTHER}/x", "", "/other/x"}, {"IdentityAgent ~/a", "none", ""},
	} {
		home := t.TempDir()
		s, err := resolve(t, tt.config, inventory.Host{Name: "a"}, ssh.Options{Home: home, AgentSocket: tt.option, Getenv: env})
		if err != nil || s.AgentSocket != strings.Replace(tt.want, "HOME", home, 1) {
			t.Errorf("%q with option %q: %q %v, want %q", tt.config, tt.option, s.AgentSocket, err, tt.want)
		}
	}
}
