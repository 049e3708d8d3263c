package sshconfig

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHopsAgainstRealSSH: what ssh takes for a jump host we take, and what it refuses we refuse.
func TestHopsAgainstRealSSH(t *testing.T) {
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("ssh (package openssh-client) is not installed")
	}
	for _, hop := range []string{"b", "b:22", "b:99999", "b:x", "[::1]x", "[::1]:23", "[::1]", "u@", "@b", "b:", "b:0", "a@b@c:1", "[b", "u@b:22", "10.0.0.1:8", "", "b:-1", "b:022"} {
		path := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(path, []byte("ProxyJump a,"+hop+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := exec.Command(ssh, "-G", "-F", path, "--", "h").Run()
		if got := ValidHop(hop); got != (err == nil) {
			t.Errorf("%q: we say %v, ssh says %v", hop, got, err)
		}
	}
}

// FuzzHops: a hop that is taken has a host, and a port that is one or none at all; nothing of it could act on a shell.
func FuzzHops(f *testing.F) {
	for _, s := range []string{"u@h:22", "[::1]:23", "::1", "a@b@c:1", "b:99999", "-x", "h:", "[h", "x;y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, hop string) {
		ValidUser(hop)
		if !ValidHop(hop) {
			return
		}
		user, rest := CutUser(hop)
		host, port := CutPort(rest)
		if host == "" || strings.Trim(port, "0123456789+") != "" || len(strings.TrimLeft(port, "+0")) > 5 || strings.ContainsAny(host+user, ";|&`'\"<>(){}\n") || host[0] == '-' {
			t.Errorf("%q is taken: user %q, host %q, port %q", hop, user, host, port)
		}
	})
}
