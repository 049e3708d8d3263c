package ssh_test

import (
	"errors"
	"fmt"
	"net"
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

// configured is a client with that ssh_config.
func configured(t *testing.T, config string, o ssh.Options) *ssh.Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cfg")
	put(t, path, config+"\n")
	o.ConfigFiles = []string{path}
	return newClient(t, o)
}

// TestConnectionAttempts: a host that does not take the call is called again, a second later, as often as the option says and no more.
func TestConnectionAttempts(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr)
	l.Close() // nobody listens here now
	key := sshtest.Signer(t, sshtest.NewKey(t, "ed25519"))
	h := inventory.Host{Name: "a", Addr: "127.0.0.1", Port: addr.Port, User: "ops", HostKey: keyLine(key.PublicKey())}
	start := time.Now()
	_, _, _, err = run(t, configured(t, "ConnectionAttempts 2", ssh.Options{}), h, "x")
	fault(t, err, ssh.Refused)
	if d := time.Since(start); d < time.Second {
		t.Errorf("gave up after %s: two calls are a second apart", d)
	}

	patient := configured(t, "ConnectionAttempts 1000000", ssh.Options{})
	ssh.HurryForTest(patient)
	got := make(chan error, 1)
	go func() {
		_, err := patient.Exec(ctxFor(t, 2*time.Minute), h, "x", nil, nil, nil)
		got <- err
	}()
	few := configured(t, "ConnectionAttempts 20", ssh.Options{})
	ssh.HurryForTest(few)
	_, _, _, err = run(t, few, h, "x") // takes its time meanwhile
	fault(t, err, ssh.Refused)
	if l, err = net.ListenTCP("tcp", addr); err != nil {
		t.Skipf("somebody else took the port: %v", err)
	}
	cfg := &xssh.ServerConfig{NoClientAuth: true}
	cfg.AddHostKey(key)
	p := &peer{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := l.Accept(); err == nil {
			p.answer(c, cfg)
		}
	}()
	if err := <-got; err != nil {
		t.Errorf("the host came up while it was called: %v", err)
	}
	patient.Close()
	l.Close()
	<-done
}

// TestNumberOfPasswordPrompts: so often is a person asked for the same, and no more; passwords, conversations and passphrases alike.
func TestNumberOfPasswordPrompts(t *testing.T) {
	t.Parallel()
	var wrong int
	var mu sync.Mutex
	talk := func(t *testing.T) *peer {
		return serve(t, &xssh.ServerConfig{KeyboardInteractiveCallback: func(_ xssh.ConnMetadata, ask xssh.KeyboardInteractiveChallenge) (*xssh.Permissions, error) {
			if a, err := ask("", "", []string{"Token: "}, []bool{true}); err != nil || a[0] != "right" {
				return nil, errors.New("no")
			}
			return nil, nil
		}}, nil)
	}
	servers := map[string]func(*testing.T) *peer{"password": func(t *testing.T) *peer { return passwords(t, "right", &wrong, &mu) }, "conversation": talk}
	for name, start := range servers {
		for _, tt := range []struct {
			most, questions int
			in              bool
		}{{0, 0, false}, {1, 1, false}, {2, 2, false}, {3, 3, false}, {4, 4, true}} {
			person := says("1", "2", "3", "right")
			c := configured(t, fmt.Sprint("NumberOfPasswordPrompts ", tt.most), ssh.Options{Prompter: person})
			_, _, _, err := run(t, c, start(t).host("a"), "x")
			if n := len(person.questions()); n != tt.questions || (err == nil) != tt.in {
				t.Errorf("%s, %d prompts: asked %d times, %v", name, tt.most, n, err)
			}
			if err != nil {
				fault(t, err, ssh.AuthFailed)
			}
		}
	}
	srv := sshtest.Start(t, sshtest.Config{})
	path := filepath.Join(t.TempDir(), "k")
	key := sshtest.NewKey(t, "ed25519")
	srv.Authorize(sshtest.WriteKey(t, path, key, "right"))
	h := srv.Host("a")
	h.Identity = []string{path}
	person := says("1", "right")
	_, _, _, err := run(t, configured(t, "NumberOfPasswordPrompts 1", ssh.Options{Prompter: person}), h, "true")
	if fault(t, err, ssh.AuthFailed); len(person.questions()) != 1 || !strings.Contains(err.Error(), "1 wrong answers") {
		t.Errorf("passphrase: asked %d times, %v", len(person.questions()), err)
	}
}

// TestKeysThatSSHConfigForbids: RequiredRSASize and PubkeyAcceptedAlgorithms keep a key from being offered, and say so; of a certificate
// they judge the certificate.
func TestKeysThatSSHConfigForbids(t *testing.T) {
	t.Parallel()
	ca := sshtest.Signer(t, sshtest.NewKey(t, "ed25519"))
	dir := t.TempDir()
	put(t, filepath.Join(dir, "ca.pub"), keyLine(ca.PublicKey()))
	srv := sshtest.Start(t, sshtest.Config{Lines: []string{"TrustedUserCAKeys " + filepath.Join(dir, "ca.pub")}})
	key := sshtest.NewKey(t, "rsa")
	path, certified := filepath.Join(dir, "plain"), filepath.Join(dir, "certified")
	pub := sshtest.WriteKey(t, path, key, "")
	srv.Authorize(pub)
	sshtest.WriteKey(t, certified, key, "")
	put(t, certified+"-cert.pub", keyLine(sshtest.Certify(t, ca, pub, xssh.UserCert, []string{srv.User}, nil)))
	agent := sshtest.StartAgent(t, key).Socket
	for _, tt := range []struct{ file, config, agent, want string }{
		{path, "", "", ""},
		{path, "RequiredRSASize 8192", "", "RequiredRSASize is 8192"},
		{path, "PubkeyAcceptedAlgorithms rsa-sha2-512", "", ""},
		{path, "PubkeyAcceptedAlgorithms -rsa-sha2-*", "", "PubkeyAcceptedAlgorithms leaves"},
		{path, "PubkeyAcceptedAlgorithms ssh-ed25519", "", "PubkeyAcceptedAlgorithms leaves"},
		{"", "PubkeyAcceptedAlgorithms ssh-ed25519", agent, "PubkeyAcceptedAlgorithms leaves"},
		{"", "PubkeyAcceptedAlgorithms rsa-sha2-256", agent, ""},
		{certified, "RequiredRSASize 8192", "", "RequiredRSASize is 8192"},
		{certified, "PubkeyAcceptedAlgorithms rsa-sha2-512-cert-v01@openssh.com", "", ""},
		{certified, "PubkeyAcceptedAlgorithms ssh-ed25519-cert-v01@openssh.com", "", "PubkeyAcceptedAlgorithms leaves"},
	} {
		h := srv.Host("a")
		h.Identity = nil
		if tt.file != "" {
			h.Identity = []string{tt.file}
		}
		c := configured(t, tt.config, ssh.Options{AgentSocket: tt.agent})
		_, _, _, err := run(t, c, h, "true")
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s with %q: %v", tt.file, tt.config, err)
			}
			if road, _ := c.Road("a"); (tt.file == certified) != strings.Contains(road.Auth, "cert-v01") {
				t.Errorf("%s with %q: in by %s", tt.file, tt.config, road.Auth)
			}
			continue
		}
		if fault(t, err, ssh.AuthFailed); !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s with %q: %v", tt.file, tt.config, err)
		}
	}
}

// TestHostKeyThatIsTooShort: a host whose RSA key is shorter than RequiredRSASize is not believed, known or not, and gets nothing of ours.
func TestHostKeyThatIsTooShort(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{HostKeys: []string{"rsa"}})
	_, _, _, err := run(t, configured(t, "RequiredRSASize 8192", ssh.Options{}), srv.Host("a"), "true")
	if e := fault(t, err, ssh.Protocol); !strings.Contains(err.Error(), "RequiredRSASize is 8192") || !e.NotStarted() {
		t.Errorf("%v", err)
	}
	untriedYet(t, srv)
	if _, _, _, err := run(t, configured(t, "RequiredRSASize 2048", ssh.Options{}), srv.Host("a"), "true"); err != nil {
		t.Error(err)
	}
}

// TestHostThatWantsKerberos: what tend does not speak is said where the login fails.
func TestHostThatWantsKerberos(t *testing.T) {
	t.Parallel()
	p := serve(t, &xssh.ServerConfig{GSSAPIWithMICConfig: &xssh.GSSAPIWithMICConfig{AllowLogin: func(xssh.ConnMetadata, string) (*xssh.Permissions, error) { return nil, nil }, Server: noKerberos{}}}, nil)
	_, _, _, err := run(t, newClient(t, ssh.Options{}), p.host("a"), "x")
	if e := fault(t, err, ssh.AuthFailed); !strings.Contains(e.Hint(), "does not speak gssapi-with-mic") {
		t.Errorf("%v; hint %q", err, e.Hint())
	}
}

type noKerberos struct{}

func (noKerberos) AcceptSecContext([]byte) ([]byte, string, bool, error) {
	return nil, "", false, errors.New("no")
}
func (noKerberos) VerifyMIC(_, _ []byte) error { return errors.New("no") }
func (noKerberos) DeleteSecContext() error     { return nil }
