package ssh_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

func TestRotatedHostKeysAreLearnt(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{HostKeys: []string{"ed25519", "ecdsa", "rsa"}})
	home := t.TempDir()
	os.Mkdir(filepath.Join(home, ".ssh"), 0o700)
	kh := filepath.Join(home, ".ssh", "known_hosts")
	put(t, kh, nameOf(srv)+" "+keyLine(srv.HostKeys[0]))
	c := newClient(t, ssh.Options{Home: home})
	h := srv.Host("a")
	h.KnownHosts = nil
	if _, _, _, err := run(t, c, h, "true"); err != nil {
		t.Fatal(err)
	}
	until(t, "the host's other keys", func() bool {
		text, _ := os.ReadFile(kh)
		return strings.Count(string(text), "\n") == 3 && strings.Contains(string(text), keyLine(srv.HostKeys[1])) && strings.Contains(string(text), keyLine(srv.HostKeys[2]))
	})
	if _, _, _, err := run(t, newClient(t, ssh.Options{Home: home}), h, "true"); err != nil {
		t.Error(err)
	}
}

func TestUnprovenHostKeysAreNotLearnt(t *testing.T) {
	t.Parallel()
	other := sshtest.Signer(t, sshtest.NewKey(t, "ed25519")).PublicKey()
	asked := make(chan struct{})
	home := t.TempDir()
	os.Mkdir(filepath.Join(home, ".ssh"), 0o700)
	kh := filepath.Join(home, ".ssh", "known_hosts")
	signer := sshtest.Signer(t, sshtest.NewKey(t, "ecdsa"))
	cfg := &xssh.ServerConfig{NoClientAuth: true}
	cfg.AddHostKey(signer)
	evil := raw(t, evilRotation(cfg, other, asked))
	put(t, kh, fmt.Sprintf("[127.0.0.1]:%d %s", evil.Port, keyLine(signer.PublicKey())))
	c := newClient(t, ssh.Options{Home: home})
	go c.Exec(ctxFor(t, time.Minute), evil, "x", nil, nil, nil)
	<-asked   // the server was asked to prove its key, and answered with the wrong one's signature
	c.Close() // waits for what the answer led to
	if text, _ := os.ReadFile(kh); strings.Count(string(text), "\n") != 1 {
		t.Errorf("known_hosts: %q", text)
	}
}

func TestHostKeysOfManyAreAcceptedAsOneDecision(t *testing.T) {
	t.Parallel()
	kh := filepath.Join(t.TempDir(), "kh")
	c := newClient(t, ssh.Options{KnownHosts: []string{kh}})
	var hosts []inventory.Host
	var keys []ssh.HostKey
	for i := range 3 {
		srv := sshtest.Start(t, sshtest.Config{})
		h := srv.Host(fmt.Sprint("h", i))
		h.KnownHosts = nil
		k, err := c.HostKey(context.Background(), h)
		if err != nil || k.State != ssh.KeyUnknown || k.Fingerprint != srv.Fingerprint() || k.Line+"\n" != keyLine(srv.HostKeys[0]) || k.Name != nameOf(srv) || !strings.Contains(k.Art, "ED25519") {
			t.Fatalf("%+v %v", k, err)
		}
		untriedYet(t, srv)
		hosts, keys = append(hosts, h), append(keys, k)
	}
	for i, h := range hosts {
		if err := c.Keep(context.Background(), h, keys[i]); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := run(t, c, h, "true"); err != nil {
			t.Error(err)
		}
		if k, err := c.HostKey(context.Background(), h); err != nil || k.State != "" || !strings.HasPrefix(k.KnownBy, kh+":") {
			t.Errorf("%+v %v", k, err)
		}
	}
	if err := c.Keep(context.Background(), hosts[0], keys[1]); err == nil {
		t.Error("a second key was kept for a known host")
	}
	forged := keys[0]
	forged.Fingerprint = keys[1].Fingerprint
	if err := c.Keep(context.Background(), hosts[2], forged); err == nil {
		t.Error("a key was kept that is not the one of its fingerprint")
	}
}

func untriedYet(t *testing.T, s *sshtest.Server) {
	t.Helper()
	for _, word := range []string{"Accepted", "Failed", "Postponed"} {
		if strings.Contains(s.Log(), word) {
			t.Errorf("the server saw a login:\n%s", s.Log())
		}
	}
}

func TestShellOnATerminal(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	sizes := make(chan ssh.Size)
	var out bytes.Buffer
	w := &watch{want: "first 33 101", seen: make(chan struct{})}
	in, say := io.Pipe()
	go func() {
		<-w.seen
		sizes <- ssh.Size{Rows: 40, Cols: 90}
		sizes <- ssh.Size{Rows: 40, Cols: 90} // taken when the first is on its way
		io.WriteString(say, "go\n")
		say.Close()
	}()
	r, err := c.Shell(ctxFor(t, 3*time.Minute), srv.Host("a"), "echo first $(stty size); read x; echo second $(stty size); tty; echo $TERM >&2; exit 6",
		ssh.PTY{Term: "vt220", Rows: 33, Cols: 101, Resize: sizes}, in, io.MultiWriter(&out, w))
	if err != nil || r.Exit != 6 {
		t.Fatalf("%+v %v %q", r, err, out.String())
	}
	for _, want := range []string{"first 33 101", "second 40 90", "/dev/pts/", "vt220"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q lacks %q", out.String(), want)
		}
	}
	denied := sshtest.Start(t, sshtest.Config{Lines: []string{"PermitTTY no"}})
	_, err = c.Shell(ctxFor(t, 3*time.Minute), denied.Host("b"), "true", ssh.PTY{Term: "x"}, nil, io.Discard)
	if e := fault(t, err, ssh.Forbidden); !e.NotStarted() {
		t.Error("nothing ran")
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{Lines: []string{"AcceptEnv TEND_*"}})
	cfg := filepath.Join(t.TempDir(), "cfg")
	put(t, cfg, "SetEnv TEND_A=one\nSendEnv TEND_B NOPE\n")
	c := newClient(t, ssh.Options{ConfigFiles: []string{cfg}, Getenv: func(n string) string { return map[string]string{"TEND_B": "two", "NOPE": "x"}[n] }})
	if _, out, _, err := run(t, c, srv.Host("a"), `echo "$TEND_A-$TEND_B-$NOPE"`); err != nil || out != "one-two-\n" {
		t.Errorf("%q %v", out, err)
	}
}

func TestForcedCommand(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{Lines: []string{"ForceCommand echo forced: $SSH_ORIGINAL_COMMAND; exit 3"}})
	c := newClient(t, ssh.Options{})
	if exit, out, _, err := run(t, c, srv.Host("a"), "mine"); err != nil || exit != 3 || out != "forced: mine\n" {
		t.Errorf("%d %q %v", exit, out, err)
	}
}

func TestAskpass(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	dir := t.TempDir()
	path := filepath.Join(dir, "locked")
	srv.Authorize(sshtest.WriteKey(t, path, sshtest.NewKey(t, "ed25519"), "from askpass"))
	program := filepath.Join(dir, "askpass")
	put(t, program, "#!/bin/sh\nprintf '%s\\n' \"$1\" >> "+dir+"/asked\necho from askpass\n")
	os.Chmod(program, 0o700)
	h := srv.Host("a")
	h.Identity = []string{path}
	for env, works := range map[string]bool{"force": true, "never": false, "": false} {
		c := newClient(t, ssh.Options{Getenv: func(n string) string {
			return map[string]string{"SSH_ASKPASS": program, "SSH_ASKPASS_REQUIRE": env}[n]
		}})
		if _, _, _, err := run(t, c, h, "true"); (err == nil) != works {
			t.Errorf("SSH_ASKPASS_REQUIRE=%q: %v", env, err)
		}
		c.Close()
	}
	if asked, _ := os.ReadFile(dir + "/asked"); !strings.Contains(string(asked), path) {
		t.Errorf("asked: %q", asked)
	}
}

func TestRevokedHostKeysFile(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	dir := t.TempDir()
	list, cfg := filepath.Join(dir, "revoked"), filepath.Join(dir, "cfg")
	put(t, cfg, "RevokedHostKeys "+list)
	for text, kind := range map[string]ssh.Kind{"# none\n": "", "# ours\n" + keyLine(srv.HostKeys[0]): ssh.KeyRevoked, "SSHKRL\n\x00binary": ssh.Config} {
		put(t, list, text)
		_, _, _, err := run(t, newClient(t, ssh.Options{ConfigFiles: []string{cfg}}), srv.Host("a"), "true")
		if kind == "" && err != nil {
			t.Error(err)
		} else if kind != "" {
			fault(t, err, kind)
		}
	}
	os.Remove(list)
	_, _, _, err := run(t, newClient(t, ssh.Options{ConfigFiles: []string{cfg}}), srv.Host("a"), "true")
	fault(t, err, ssh.Config)
}

// TestHostThatRanOutOfPatience closes the connection while its password is being asked for, as sshd does after LoginGraceTime.
func TestHostThatRanOutOfPatience(t *testing.T) {
	t.Parallel()
	cfg := &xssh.ServerConfig{PasswordCallback: func(_ xssh.ConnMetadata, p []byte) (*xssh.Permissions, error) {
		if string(p) != "pw" {
			return nil, errors.New("no")
		}
		return nil, nil
	}}
	signer := sshtest.Signer(t, sshtest.NewKey(t, "ed25519"))
	cfg.AddHostKey(signer)
	asked, closed := make(chan struct{}), make(chan struct{})
	p := &peer{}
	h := raw(t, func(n int, nc net.Conn) {
		if n == 1 {
			go func() { <-asked; nc.Close(); close(closed) }()
		}
		p.answer(nc, cfg)
	})
	h.HostKey = keyLine(signer.PublicKey())
	var once sync.Once
	person := &person{answer: func(ssh.Question) (string, error) {
		once.Do(func() { close(asked) })
		<-closed
		time.Sleep(3 * time.Second) // a person takes his time; that the host has gone is long known when he answers
		return "pw", nil
	}}
	if _, out, _, err := run(t, newClient(t, ssh.Options{Prompter: person}), h, "x"); err != nil || out != "hello ops\n" {
		t.Errorf("%q %v", out, err)
	}
	if n := len(person.questions()); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestKeysAreExchangedAnewUnderway(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{Lines: []string{"RekeyLimit 256K"}})
	put(t, srv.KnownHosts, "")
	p := says("yes") // at first contact; an exchange that asked again would be declined
	c := newClient(t, ssh.Options{Prompter: p})
	in := bytes.Repeat([]byte("0123456789abcdef"), 4<<20/16)
	var out bytes.Buffer
	if exit, err := c.Exec(ctxFor(t, 3*time.Minute), srv.Host("a"), "cat", bytes.NewReader(in), &out, nil); err != nil || exit != 0 || !bytes.Equal(out.Bytes(), in) {
		t.Errorf("%d bytes of %d, exit %d, %v", out.Len(), len(in), exit, err)
	}
	if n := len(p.questions()); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestStdinThatNeverEnds(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	c := newClient(t, ssh.Options{})
	never, end := io.Pipe()
	if exit, err := c.Exec(ctxFor(t, time.Minute), counting(t, &asked).host("a"), "x", never, nil, nil); err != nil || exit != 0 {
		t.Errorf("%d %v", exit, err)
	}
	c.Close() // does not wait for a reader that nobody but its owner can end
	end.Close()
}
