package ssh_test

import (
	"context"
	"crypto"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/ssh"
	"tend/ssh/sshtest"
)

func TestKeyTypes(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	for _, kind := range []string{"ed25519", "ecdsa", "ecdsa384", "ecdsa521", "rsa"} {
		for _, passphrase := range []string{"", "open sesame"} {
			if passphrase != "" && kind != "rsa" {
				continue // opening one takes its time
			}
			path := filepath.Join(t.TempDir(), kind)
			srv.Authorize(sshtest.WriteKey(t, path, sshtest.NewKey(t, kind), passphrase))
			h := srv.Host(kind)
			h.Identity = []string{path}
			c := newClient(t, ssh.Options{Prompter: says("", "open sesame")}) // enter alone is a wrong answer
			if _, _, _, err := run(t, c, h, "true"); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
			c.Close()
		}
		agent := newClient(t, ssh.Options{AgentSocket: sshtest.StartAgent(t, authorized(t, srv, kind)).Socket})
		h := srv.Host(kind)
		h.Identity = nil
		if _, _, _, err := run(t, agent, h, "true"); err != nil {
			t.Errorf("%s from an agent: %v", kind, err)
		}
	}
}

// authorized is a new key that the server takes.
func authorized(t *testing.T, srv *sshtest.Server, kind string) crypto.Signer {
	t.Helper()
	key := sshtest.NewKey(t, kind)
	srv.Authorize(sshtest.Signer(t, key).PublicKey())
	return key
}

// TestHostKeyTypes: a host with a key of each type, known by it.
func TestHostKeyTypes(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "ecdsa", "ecdsa384", "ecdsa521", "rsa"} {
		srv := sshtest.Start(t, sshtest.Config{HostKeys: []string{kind}})
		c := newClient(t, ssh.Options{})
		if _, _, _, err := run(t, c, srv.Host("a"), "true"); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if road, _ := c.Road("a"); road.Fingerprint != srv.Fingerprint() || road.HostKeyType != srv.HostKeys[0].Type() {
			t.Errorf("%s: road says %s %s", kind, road.HostKeyType, road.Fingerprint)
		}
	}
}

func TestPassphraseIsAskedOnceForAllHosts(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	path := filepath.Join(t.TempDir(), "locked")
	srv.Authorize(sshtest.WriteKey(t, path, sshtest.NewKey(t, "ed25519"), "open sesame"))
	p := says("wrong", "open sesame")
	c := newClient(t, ssh.Options{Prompter: p})
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			h := srv.Host(fmt.Sprint("h", i))
			h.Identity = []string{path}
			if _, _, _, err := run(t, c, h, "true"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	q := p.questions()
	if len(q) != 2 || q[0].Kind != ssh.AskPassphrase || q[0].Attempt != 1 || q[1].Attempt != 2 || !q[0].Shared || !strings.Contains(q[0].Text, path) || q[0].Fingerprint == "" {
		t.Errorf("questions: %+v", q)
	}
	if p.most > 1 {
		t.Errorf("%d questions at once", p.most)
	}
}

func TestPassphraseIsNotAskedForAKeyThatTheHostRefuses(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	path := filepath.Join(t.TempDir(), "locked")
	sshtest.WriteKey(t, path, sshtest.NewKey(t, "ed25519"), "x")
	p := says()
	c := newClient(t, ssh.Options{Prompter: p})
	h := srv.Host("a")
	h.Identity = []string{path, srv.Key}
	if _, _, _, err := run(t, c, h, "true"); err != nil || len(p.questions()) > 0 {
		t.Errorf("%v, questions %+v", err, p.questions())
	}
}

func TestNobodyToAsk(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	path := filepath.Join(t.TempDir(), "locked")
	srv.Authorize(sshtest.WriteKey(t, path, sshtest.NewKey(t, "ed25519"), "x"))
	h := srv.Host("web-1")
	h.Identity = []string{path}
	_, _, _, err := run(t, newClient(t, ssh.Options{}), h, "true")
	e := fault(t, err, ssh.NoPrompter)
	if !strings.HasPrefix(err.Error(), "web-1: ") || !strings.Contains(err.Error(), "passphrase of "+path) || !e.NotStarted() {
		t.Errorf("%v", err)
	}
}

func TestAgent(t *testing.T) {
	t.Parallel()
	key := sshtest.NewKey(t, "ecdsa")
	srv := sshtest.Start(t, sshtest.Config{Authorized: []string{keyLine(sshtest.Signer(t, key).PublicKey())}})
	h := srv.Host("a")
	h.Identity = nil
	a := sshtest.StartAgent(t, key)
	c := newClient(t, ssh.Options{AgentSocket: a.Socket})
	if _, _, _, err := run(t, c, h, "true"); err != nil {
		t.Fatal(err)
	}
	if road, _ := c.Road("a"); !strings.HasSuffix(road.Auth, "(agent)") {
		t.Errorf("road says %q", road.Auth)
	}

	if err := a.Keyring.Lock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	_, _, _, err := run(t, newClient(t, ssh.Options{AgentSocket: a.Socket}), h, "true")
	fault(t, err, ssh.AuthFailed)
	if !strings.Contains(err.Error(), "holds no keys, or is locked") {
		t.Errorf("a locked agent is not named: %v", err)
	}
	_, _, _, err = run(t, newClient(t, ssh.Options{AgentSocket: "/nonexistent/agent"}), h, "true")
	fault(t, err, ssh.AuthFailed)
	if !strings.Contains(err.Error(), "/nonexistent/agent") {
		t.Errorf("an absent agent is not named: %v", err)
	}
}

func TestLockedKeyFileIsTakenFromTheAgent(t *testing.T) {
	t.Parallel()
	key := sshtest.NewKey(t, "ed25519")
	srv := sshtest.Start(t, sshtest.Config{Authorized: []string{keyLine(sshtest.Signer(t, key).PublicKey())}})
	path := filepath.Join(t.TempDir(), "k")
	sshtest.WriteKey(t, path, key, "secret")
	h := srv.Host("a")
	for _, file := range []string{path, path + ".pub"} { // IdentityFile may name the public half
		h.Identity = []string{file}
		c := newClient(t, ssh.Options{AgentSocket: sshtest.StartAgent(t, key).Socket})
		if _, _, _, err := run(t, c, h, "true"); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		c.Close()
	}
	os.Remove(path) // only the public half is left on disk
	h.Identity = []string{path}
	c := newClient(t, ssh.Options{AgentSocket: sshtest.StartAgent(t, key).Socket})
	if _, _, _, err := run(t, c, h, "true"); err != nil {
		t.Errorf("only the public half on disk: %v", err)
	}
}

func TestSevenAgentKeys(t *testing.T) {
	t.Parallel()
	var keys []crypto.Signer
	for range 7 {
		keys = append(keys, sshtest.NewKey(t, "ed25519"))
	}
	right := sshtest.Signer(t, keys[6]).PublicKey()
	srv := sshtest.Start(t, sshtest.Config{Authorized: []string{keyLine(right)}})
	a := sshtest.StartAgent(t, keys...)
	h := srv.Host("a")
	h.Identity = nil
	_, _, _, err := run(t, newClient(t, ssh.Options{AgentSocket: a.Socket}), h, "true")
	e := fault(t, err, ssh.AuthFailed)
	if !strings.Contains(e.Hint(), "2 more keys were not offered") || !strings.Contains(e.Hint(), "IdentityFile") {
		t.Errorf("hint: %q", e.Hint())
	}
	if strings.Contains(srv.Log(), "Too many authentication failures") {
		t.Error("the server had to end it")
	}
	path := filepath.Join(t.TempDir(), "right.pub")
	put(t, path, keyLine(right))
	h.Identity = []string{path}
	if _, _, _, err := run(t, newClient(t, ssh.Options{AgentSocket: a.Socket}), h, "true"); err != nil {
		t.Errorf("with the right key named: %v", err)
	}
}

func TestKeyThatWorkedElsewhereGoesFirst(t *testing.T) {
	t.Parallel()
	var keys []crypto.Signer
	for range 4 {
		keys = append(keys, sshtest.NewKey(t, "ed25519"))
	}
	srv := sshtest.Start(t, sshtest.Config{Authorized: []string{keyLine(sshtest.Signer(t, keys[3]).PublicKey())}})
	c := newClient(t, ssh.Options{AgentSocket: sshtest.StartAgent(t, keys...).Socket})
	for _, name := range []string{"first", "second"} {
		h := srv.Host(name)
		h.Identity = nil
		if _, _, _, err := run(t, c, h, "true"); err != nil {
			t.Fatal(err)
		}
	}
	srv.Kill()
	if n := strings.Count(srv.Log(), "Failed publickey"); n != 3 {
		t.Errorf("%d refused offers, want 3 on the first host and none on the second:\n%s", n, srv.Log())
	}
}

func TestHungAgentCostsOnlyThatHost(t *testing.T) {
	t.Parallel()
	key := sshtest.NewKey(t, "ed25519")
	srv := sshtest.Start(t, sshtest.Config{Authorized: []string{keyLine(sshtest.Signer(t, key).PublicKey())}})
	a := sshtest.StartAgent(t, key)
	a.Hang(true)
	c := newClient(t, ssh.Options{AgentSocket: a.Socket, AuthTimeout: 2 * time.Second})
	h := srv.Host("stuck")
	h.Identity = nil
	got := make(chan error, 1)
	start := time.Now()
	go func() {
		_, err := c.Exec(context.Background(), h, "true", nil, nil, nil)
		got <- err
	}()
	if _, _, _, err := run(t, c, srv.Host("other"), "true"); err != nil {
		t.Errorf("another host: %v", err)
	}
	fault(t, <-got, ssh.Timeout)
	if d := time.Since(start); d > time.Minute {
		t.Errorf("took %s", d)
	}
}

func TestUnreadableKeyFilesAreNamedAndPassedOver(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	put(t, path("garbage"), "\x00\x01 this is no key \x1b[31m")
	put(t, path("torn"), "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----\n")
	put(t, path("empty"), "")
	sshtest.WriteKey(t, path("open"), sshtest.NewKey(t, "ed25519"), "")
	os.Chmod(path("open"), 0o644)
	os.Mkdir(path("dir"), 0o755)
	h := srv.Host("a")
	names := []string{"garbage", "torn", "empty", "open", "dir", "absent"}
	h.Identity = nil
	for _, n := range names {
		h.Identity = append(h.Identity, path(n))
	}
	h.Identity = append(h.Identity, srv.Key)
	var said []string
	c := newClient(t, ssh.Options{Warn: func(w ssh.Warning) { said = append(said, w.Text) }})
	if _, _, _, err := run(t, c, h, "true"); err != nil {
		t.Fatal(err)
	}
	for i, n := range names {
		if i >= len(said) || !strings.Contains(said[i], path(n)+": ") || strings.Count(said[i], path(n)) != 1 || strings.Contains(said[i], "\x1b") {
			t.Errorf("warning %d should name %s once: %q", i, n, said)
		}
	}
}

func TestUserCertificate(t *testing.T) {
	t.Parallel()
	ca := sshtest.Signer(t, sshtest.NewKey(t, "ed25519"))
	dir := t.TempDir()
	put(t, filepath.Join(dir, "ca.pub"), keyLine(ca.PublicKey()))
	srv := sshtest.Start(t, sshtest.Config{Lines: []string{"TrustedUserCAKeys " + filepath.Join(dir, "ca.pub")}})
	for kind, from := range map[string]string{"ed25519": "file", "rsa": "agent"} {
		{
			path := filepath.Join(t.TempDir(), "id")
			key := sshtest.NewKey(t, kind)
			pass := map[string]string{"file": "", "agent": "locked"}[from]
			pub := sshtest.WriteKey(t, path, key, pass)
			put(t, path+"-cert.pub", keyLine(sshtest.Certify(t, ca, pub, xssh.UserCert, []string{srv.User}, nil)))
			o := ssh.Options{}
			if from == "agent" {
				o.AgentSocket = sshtest.StartAgent(t, key).Socket
			}
			h := srv.Host("a")
			h.Identity = []string{path}
			c := newClient(t, o)
			if _, _, _, err := run(t, c, h, "true"); err != nil {
				t.Errorf("%s from %s: %v", kind, from, err)
			}
			if road, _ := c.Road("a"); !strings.Contains(road.Auth, "-cert-v01@openssh.com") {
				t.Errorf("%s from %s: %s", kind, from, road.Auth)
			}
			c.Close()
		}
	}
}

func TestTwoKeysWanted(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{Lines: []string{"AuthenticationMethods publickey,publickey"}})
	dir := t.TempDir()
	wrong, second := filepath.Join(dir, "wrong"), filepath.Join(dir, "second")
	sshtest.WriteKey(t, wrong, sshtest.NewKey(t, "ed25519"), "")
	srv.Authorize(sshtest.WriteKey(t, second, sshtest.NewKey(t, "ecdsa"), ""))
	h := srv.Host("a")
	h.Identity = []string{srv.Key, wrong, second}
	c := newClient(t, ssh.Options{})
	if _, _, _, err := run(t, c, h, "true"); err != nil {
		t.Fatal(err)
	}
	if road, _ := c.Road("a"); !strings.Contains(road.Auth, srv.Key+", then publickey ecdsa-sha2-nistp256 ") {
		t.Errorf("road says %q", road.Auth)
	}
}

func TestHostWithLessPatienceThanMost(t *testing.T) {
	t.Parallel()
	var keys []crypto.Signer
	for range 4 {
		keys = append(keys, sshtest.NewKey(t, "ed25519"))
	}
	srv := sshtest.Start(t, sshtest.Config{Lines: []string{"MaxAuthTries 2"}})
	h := srv.Host("a")
	h.Identity = nil
	_, _, _, err := run(t, newClient(t, ssh.Options{AgentSocket: sshtest.StartAgent(t, keys...).Socket}), h, "true")
	e := fault(t, err, ssh.AuthFailed)
	if !strings.Contains(e.Hint(), "more keys were not offered") || !strings.Contains(err.Error(), "tried: publickey ssh-ed25519 SHA256:") {
		t.Errorf("%v; hint %q", err, e.Hint())
	}
}
