package sshconfig

import (
	"context"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// corpus lists the hosts that each configuration is asked about.
var corpus = map[string]string{
	"simple.conf":     "web db mail WEB",
	"spelling.conf":   "alpha beta gamma delta",
	"negation.conf":   "a.example.com bad.example.com web web1 web3 10.1.2.3 10.1.9.3 zeb x",
	"match.conf":      "a b c cd ce d e E f g gg x y z",
	"final.conf":      "short short.corp.example.com other",
	"canonical.conf":  "localhost 127.0.0.1",
	"jumps.conf":      "inner both other nojump noproxy else",
	"algorithms.conf": "plus minus front exact none",
	"collect.conf":    "one two",
	"include.conf":    "inc1 inc2 inc3 inc4 inc9",
	"corporate.conf":  "bastion bastion-2 a.prod.example.net b.lab.example.net c.legacy.example.net ::1",
}

// compared are the options held against ssh -G. Lists of algorithms are applied to ssh's own defaults.
var compared = []string{
	"port", "user", "identityfile", "certificatefile", "identitiesonly", "identityagent", "proxyjump", "proxycommand", "hostkeyalias",
	"userknownhostsfile", "globalknownhostsfile", "stricthostkeychecking", "hashknownhosts", "updatehostkeys",
	"kexalgorithms", "ciphers", "macs", "hostkeyalgorithms", "pubkeyacceptedalgorithms", "casignaturealgorithms",
	"connecttimeout", "connectionattempts", "serveraliveinterval", "serveralivecountmax", "tcpkeepalive", "addressfamily", "bindaddress",
	"setenv", "sendenv", "preferredauthentications", "pubkeyauthentication", "passwordauthentication", "kbdinteractiveauthentication",
	"numberofpasswordprompts", "batchmode", "canonicalizehostname", "canonicaldomains", "canonicalizemaxdots", "canonicalizefallbacklocal",
	"gssapiauthentication", "forwardagent",
}

func TestAgainstRealSSH(t *testing.T) {
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("ssh (package openssh-client) is not installed, and CI=true wants it")
		}
		t.Skip("ssh (package openssh-client) is not installed")
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob("testdata/*.conf")
	if len(files) != len(corpus) {
		t.Errorf("%d files in testdata, %d in the corpus", len(files), len(corpus))
	}
	defaults := dump(t, ssh, "/dev/null", "any")
	for file, hosts := range corpus {
		for _, host := range strings.Fields(hosts) {
			t.Run(file+"/"+host, func(t *testing.T) {
				t.Parallel()
				path := atHome(t, file)
				compare(t, ssh, path, host, me, defaults)
			})
		}
	}
}

// atHome copies a configuration with the place of testdata filled in.
func atHome(t *testing.T, file string) string {
	t.Helper()
	here, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(here, file))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "TESTDATA", here)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func compare(t *testing.T, ssh, path, host string, me *user.User, defaults map[string][]string) {
	t.Helper()
	want := dump(t, ssh, path, host)
	cfg, err := Load(me.HomeDir, Source{Path: path, Base: filepath.Join(me.HomeDir, ".ssh")})
	if err != nil {
		t.Fatal(err)
	}
	a, err := cfg.Resolve(context.Background(), Query{Host: host, LocalUser: me.Username, Home: me.HomeDir, UID: me.Uid, Getenv: os.Getenv,
		Exec: func(ctx context.Context, cmd string) (bool, error) {
			return exec.CommandContext(ctx, "/bin/sh", "-c", cmd).Run() == nil, nil
		},
		Lookup: func(context.Context, string) (string, error) { return "", os.ErrNotExist }})
	if err != nil {
		t.Fatal(err)
	}
	if a.Host != want["hostname"][0] {
		t.Errorf("hostname: got %q, ssh says %q", a.Host, want["hostname"][0])
	}
	for _, opt := range compared {
		if derived(opt, a) {
			continue
		}
		got := ours(a, opt, defaults[opt], me.HomeDir)
		if !slices.Equal(got, plain(opt, want[opt])) {
			t.Errorf("%s: got %q, ssh says %q", opt, got, plain(opt, want[opt]))
		}
	}
}

// dump is ssh -G: option -> values.
func dump(t *testing.T, ssh, path, host string) map[string][]string {
	t.Helper()
	cmd := exec.Command(ssh, "-G", "-F", path, "--", host)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v %s", cmd, err, err.(*exec.ExitError).Stderr)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		all[key] = append(all[key], value)
	}
	return all
}

func ours(a *Answer, opt string, def []string, home string) []string {
	values := a.All(opt)
	if len(values) == 0 {
		return plain(opt, def)
	}
	var got []string
	for _, v := range values {
		got = append(got, v.Text)
	}
	switch {
	case strings.HasSuffix(opt, "algorithms") || opt == "ciphers" || opt == "macs":
		return []string{strings.Join(Algorithms(got[0], strings.Split(def[0], ",")), ",")}
	case shapes[opt] == words && opt != "setenv":
		got = []string{strings.Join(got, " ")}
	}
	if opt == "userknownhostsfile" || opt == "identityagent" { // -G prints these two expanded
		got[0] = strings.ReplaceAll(got[0], "~/", home+"/")
		got[0] = strings.ReplaceAll(got[0], "%k", a.Get("hostkeyalias", a.Host))
	}
	if opt == "proxyjump" {
		got[0] = strings.ReplaceAll(got[0], "ssh://", "")
	}
	return plain(opt, got)
}

// derived options are those whose default ssh makes from another option; Debian's ssh makes ServerAliveInterval from BatchMode.
func derived(opt string, a *Answer) bool {
	return a.All(opt) == nil && (opt == "updatehostkeys" && a.All("userknownhostsfile") != nil || opt == "serveraliveinterval" && a.Get("batchmode", "no") == "yes")
}

// plain undoes the spellings of -G that carry no meaning: true for yes, none for nothing, a time in seconds, an order, a repetition.
func plain(opt string, values []string) []string {
	var out []string
	for _, v := range values {
		switch {
		case v == "true":
			v = "yes"
		case v == "false":
			v = "no"
		case v == "none":
			continue
		}
		if opt == "connecttimeout" || opt == "serveraliveinterval" {
			if d, err := Seconds(v); err == nil {
				v = d.String()
			}
		}
		if opt == "identityagent" || opt == "userknownhostsfile" {
			v = strings.ReplaceAll(v, "~/", homeDir()+"/")
		}
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func homeDir() string {
	me, err := user.Current()
	if err != nil {
		return ""
	}
	return me.HomeDir
}
