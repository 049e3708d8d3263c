package ssh_test

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

func TestKeyTypes(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		path := filepath.Join(t.TempDir(), kind)
		srv.Authorize(sshtest.WriteKey(t, path, sshtest.NewKey(t, kind), ""))
		h := srv.Host(kind)
		h.Identity = []string{path}
		c := newClient(t, ssh.Options{})
		if _, _, _, err := run(t, c, h, "true"); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		c.Close()
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

// passwords is a server that takes a password, and counts the wrong ones.
func passwords(t *testing.T, right string, wrong *int, mu *sync.Mutex) *peer {
	return serve(t, &xssh.ServerConfig{PasswordCallback: func(_ xssh.ConnMetadata, p []byte) (*xssh.Permissions, error) {
		if string(p) == right {
			return nil, nil
		}
		mu.Lock()
		*wrong++
		mu.Unlock()
		return nil, errors.New("no")
	}}, nil)
}

func TestPasswordIsAskedOnceAndTriedOnOneHostFirst(t *testing.T) {
	t.Parallel()
	var wrong int
	var mu sync.Mutex
	person := says("tpyo", "hunter2")
	c := newClient(t, ssh.Options{Prompter: person})
	var wg sync.WaitGroup
	for i := range 20 {
		p := passwords(t, "hunter2", &wrong, &mu)
		wg.Go(func() {
			if _, out, _, err := run(t, c, p.host(fmt.Sprint("h", i)), "x"); err != nil || out != "hello ops\n" {
				t.Errorf("%q %v", out, err)
			}
		})
	}
	wg.Wait()
	if q := person.questions(); len(q) != 2 || q[0].Kind != ssh.AskPassword || q[0].Echo || !q[0].Shared || q[1].Attempt != 2 {
		t.Errorf("questions: %+v", q)
	}
	if wrong != 1 {
		t.Errorf("the mistyped password was sent %d times, want once", wrong)
	}
}

func TestHostWithAnotherPasswordIsAskedForItsOwn(t *testing.T) {
	t.Parallel()
	var wrong int
	var mu sync.Mutex
	a, b := passwords(t, "shared", &wrong, &mu), passwords(t, "special", &wrong, &mu)
	person := says("shared", "special")
	c := newClient(t, ssh.Options{Prompter: person})
	for _, h := range []inventory.Host{a.host("a"), b.host("b")} {
		if _, _, _, err := run(t, c, h, "x"); err != nil {
			t.Fatal(err)
		}
	}
	if q := person.questions(); len(q) != 2 || q[1].Shared || !strings.Contains(q[1].Text, "on b") {
		t.Errorf("questions: %+v", q)
	}
}

func TestThreeWrongPasswordsAndNoMore(t *testing.T) {
	t.Parallel()
	var wrong int
	var mu sync.Mutex
	a, b := passwords(t, "right", &wrong, &mu), passwords(t, "right", &wrong, &mu)
	person := says("1", "2", "3", "4", "5", "6", "7")
	c := newClient(t, ssh.Options{Prompter: person})
	for _, h := range []inventory.Host{a.host("a"), b.host("b")} {
		_, _, _, err := run(t, c, h, "x")
		fault(t, err, ssh.AuthFailed)
		if !strings.Contains(err.Error(), "the host accepts password; tried:") {
			t.Errorf("%v", err)
		}
	}
	if wrong != 3 || len(person.questions()) != 3 {
		t.Errorf("%d wrong passwords sent, %d questions; want 3 and 3", wrong, len(person.questions()))
	}
}

func TestDeclinedPasswordIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	var wrong int
	var mu sync.Mutex
	person := says()
	c := newClient(t, ssh.Options{Prompter: person})
	for i := range 3 {
		_, _, _, err := run(t, c, passwords(t, "x", &wrong, &mu).host(fmt.Sprint(i)), "x")
		fault(t, err, ssh.AuthFailed)
	}
	if len(person.questions()) != 1 || wrong != 0 {
		t.Errorf("%d questions, %d sent", len(person.questions()), wrong)
	}
}

func TestPublicKeyThenOneTimeCode(t *testing.T) {
	t.Parallel()
	key := sshtest.NewKey(t, "ed25519")
	path := filepath.Join(t.TempDir(), "k")
	pub := sshtest.WriteKey(t, path, key, "")
	code := func(_ xssh.ConnMetadata, ask xssh.KeyboardInteractiveChallenge) (*xssh.Permissions, error) {
		a, err := ask("", "Duo \x1b]52;c;evil\x07 login", []string{"Password: ", "Verification code: "}, []bool{false, true})
		if err != nil || a[0] != "pw" || a[1] != "123456" {
			return nil, errors.New("no")
		}
		return nil, nil
	}
	p := serve(t, &xssh.ServerConfig{PublicKeyCallback: func(_ xssh.ConnMetadata, k xssh.PublicKey) (*xssh.Permissions, error) {
		if string(k.Marshal()) != string(pub.Marshal()) {
			return nil, errors.New("no")
		}
		return nil, &xssh.PartialSuccessError{Next: xssh.ServerAuthCallbacks{KeyboardInteractiveCallback: code}}
	}}, nil)
	person := &person{answer: func(q ssh.Question) (string, error) {
		if q.Kind == ssh.AskPassword {
			return "pw", nil
		}
		return "123456", nil
	}}
	c := newClient(t, ssh.Options{Prompter: person})
	for _, name := range []string{"a", "b"} {
		h := p.host(name)
		h.Identity = []string{path}
		if _, _, _, err := run(t, c, h, "x"); err != nil {
			t.Fatal(err)
		}
	}
	q := person.questions()
	if len(q) != 3 || q[0].Kind != ssh.AskPassword || q[1].Kind != ssh.AskCode || !q[1].Echo || q[1].Host != "a" || q[2].Kind != ssh.AskCode || q[2].Host != "b" {
		t.Errorf("the password serves both hosts, the code one: %+v", q)
	}
	if strings.ContainsAny(q[0].Note+q[1].Text, "\x1b\x07") {
		t.Errorf("escape sequences reach the prompt: %q", q[0].Note)
	}
	if road, _ := c.Road("a"); !strings.HasPrefix(road.Auth, "publickey ssh-ed25519 ") || !strings.HasSuffix(road.Auth, ", then keyboard-interactive") {
		t.Errorf("road says %q", road.Auth)
	}
}

func TestPromptStopsTheClockAndIsCancelled(t *testing.T) {
	t.Parallel()
	var wrong int
	var mu sync.Mutex
	p := passwords(t, "pw", &wrong, &mu)
	slow := &person{answer: func(ssh.Question) (string, error) { time.Sleep(700 * time.Millisecond); return "pw", nil }}
	c := newClient(t, ssh.Options{Prompter: slow, AuthTimeout: 400 * time.Millisecond})
	if _, _, _, err := run(t, c, p.host("a"), "x"); err != nil {
		t.Errorf("a slow person: %v", err)
	}

	asked, free := make(chan struct{}), make(chan struct{})
	never := &person{answer: func(ssh.Question) (string, error) { close(asked); <-free; return "", ssh.ErrDeclined }}
	c2 := newClient(t, ssh.Options{Prompter: never})
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-asked; cancel() }()
	_, err := c2.Exec(ctx, p.host("a"), "x", nil, nil, nil)
	fault(t, err, ssh.Cancelled)
	close(free)
}
