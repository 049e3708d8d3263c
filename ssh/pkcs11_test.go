package ssh_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/ssh"
	"tend/ssh/sshtest"
)

// tool finds a program that a test needs, or skips the test; with CI=true it fails it.
func tool(t *testing.T, names ...string) string {
	t.Helper()
	for _, n := range names {
		if p, err := exec.LookPath(n); err == nil {
			return p
		}
		for _, dir := range []string{"/usr/sbin/", "/usr/lib/softhsm/", "/usr/lib/x86_64-linux-gnu/softhsm/", "/usr/lib/aarch64-linux-gnu/softhsm/"} {
			if _, err := os.Stat(dir + n); err == nil {
				return dir + n
			}
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed, and CI=true wants it", names[0])
	}
	t.Skipf("%s is not installed", names[0])
	return ""
}

// TestKeyOnATokenThroughTheAgent logs in with a key that never leaves its PKCS#11 token: SoftHSM behind OpenSSH's own agent.
func TestKeyOnATokenThroughTheAgent(t *testing.T) {
	t.Parallel()
	module, softhsm, p11 := tool(t, "libsofthsm2.so"), tool(t, "softhsm2-util"), tool(t, "pkcs11-tool")
	agent, add, keygen := tool(t, "ssh-agent"), tool(t, "ssh-add"), tool(t, "ssh-keygen")
	dir := shortDir(t)
	if err := os.Mkdir(filepath.Join(dir, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	conf, sock, pin := filepath.Join(dir, "conf"), filepath.Join(dir, "s"), filepath.Join(dir, "pin")
	put(t, conf, "directories.tokendir = "+filepath.Join(dir, "tokens")+"\n")
	put(t, pin, "#!/bin/sh\necho 1234\n")
	if err := os.Chmod(pin, 0o700); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "SOFTHSM2_CONF="+conf, "SSH_AUTH_SOCK="+sock, "SSH_ASKPASS="+pin, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0")
	do := func(name string, args ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(ctxFor(t, 2*time.Minute), name, args...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return out
	}
	do(softhsm, "--init-token", "--free", "--label", "t", "--pin", "1234", "--so-pin", "5678")
	do(p11, "--module", module, "--login", "--pin", "1234", "--keypairgen", "--key-type", "EC:prime256v1", "--id", "01", "--label", "k")
	ctx, stop := context.WithCancel(context.Background())
	serve := exec.CommandContext(ctx, agent, "-D", "-a", sock, "-P", "/usr/lib/*,/usr/local/lib/*")
	serve.Env = env
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); serve.Wait() })
	waitFor(t, sock)
	do(add, "-s", module)

	pub, _, _, _, err := xssh.ParseAuthorizedKey(bytes.TrimSpace(do(keygen, "-D", module)))
	if err != nil {
		t.Fatal(err)
	}
	srv := sshtest.Start(t, sshtest.Config{Authorized: []string{keyLine(pub)}})
	h := srv.Host("a")
	h.Identity = nil
	c := newClient(t, ssh.Options{AgentSocket: sock})
	if _, _, _, err := run(t, c, h, "true"); err != nil {
		t.Fatalf("%v\n%s", err, srv.Log())
	}
	if road, _ := c.Road("a"); !strings.Contains(road.Auth, "ecdsa-sha2-nistp256") || !strings.HasSuffix(road.Auth, "(agent)") {
		t.Errorf("road says %q", road.Auth)
	}
}

// shortDir is a directory whose sockets' paths fit: a socket's path may have 104 bytes.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ag")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// waitFor waits until a file is there.
func waitFor(t *testing.T, path string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.After(time.Minute)
	for {
		if _, err := os.Stat(path); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%s does not come", path)
		}
	}
}
