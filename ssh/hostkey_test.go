package ssh_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	xssh "golang.org/x/crypto/ssh"

	"tend/ssh"
	"tend/ssh/knownhosts"
	"tend/ssh/sshtest"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func keyLine(k xssh.PublicKey) string { return string(xssh.MarshalAuthorizedKey(k)) }

func nameOf(s *sshtest.Server) string { return knownhosts.Name(s.Addr, s.Port) }

// untried wants that no user name, key or password ever left for the server.
func untried(t *testing.T, s *sshtest.Server) {
	t.Helper()
	s.Kill() // so that its log is complete
	for _, word := range []string{"Accepted", "Failed", "userauth", "Invalid user", "Postponed", "authenticating user"} {
		if strings.Contains(s.Log(), word) {
			t.Errorf("the server saw a login:\n%s", s.Log())
		}
	}
}

func TestFirstContactIsRefusedWithTheCommandToAcceptIt(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	put(t, srv.KnownHosts, "")
	c := newClient(t, ssh.Options{})
	_, _, _, err := run(t, c, srv.Host("web-1"), "true")
	e := fault(t, err, ssh.KeyUnknown)
	want := "tend host accept web-1 " + srv.Fingerprint()
	if !strings.Contains(e.Hint(), want) || e.Fingerprint != srv.Fingerprint() || !e.NotStarted() {
		t.Errorf("hint %q, fingerprint %s; want %q", e.Hint(), e.Fingerprint, want)
	}
	untried(t, srv)
}

func TestAccept(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	kh := filepath.Join(t.TempDir(), "new", "known_hosts")
	h := srv.Host("web-1")
	h.KnownHosts = []string{kh}
	c := newClient(t, ssh.Options{})
	other := xssh.FingerprintSHA256(sshtest.Signer(t, sshtest.NewKey(t, "ed25519")).PublicKey())
	if err := c.Accept(context.Background(), h, other); err == nil {
		t.Fatal("a fingerprint that the host does not have was accepted")
	} else {
		fault(t, err, ssh.KeyChanged)
	}
	if _, err := os.Stat(kh); err == nil {
		t.Fatal("something was kept")
	}
	if err := c.Accept(context.Background(), h, srv.Fingerprint()); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(kh); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("known_hosts: %v %v", st, err)
	}
	if _, _, _, err := run(t, c, h, "true"); err != nil {
		t.Errorf("after accepting: %v", err)
	}
	if err := c.Accept(context.Background(), h, srv.Fingerprint()); err != nil {
		t.Errorf("accepting again: %v", err)
	}
	if text, _ := os.ReadFile(kh); strings.Count(string(text), "\n") != 1 {
		t.Errorf("known_hosts: %q", text)
	}
}

func TestFirstContactAsks(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	for _, tt := range []struct {
		answer string
		ok     bool
	}{{"yes", true}, {"fingerprint", true}, {"no", false}, {"", false}, {"SHA256:else", false}} {
		put(t, srv.KnownHosts, "torn line without newline")
		if tt.answer == "fingerprint" {
			tt.answer = srv.Fingerprint()
		}
		p := says(tt.answer)
		c := newClient(t, ssh.Options{Prompter: p})
		_, _, _, err := run(t, c, srv.Host("web-1"), "true")
		if (err == nil) != tt.ok {
			t.Errorf("%q: %v", tt.answer, err)
		}
		q := p.questions()[0]
		if q.Kind != ssh.AskHostKey || q.Host != "web-1" || q.Fingerprint != srv.Fingerprint() || !strings.Contains(q.Art, "[ED25519 256]") {
			t.Errorf("question: %+v", q)
		}
		text, _ := os.ReadFile(srv.KnownHosts)
		if kept := strings.Contains(string(text), "\n"+nameOf(srv)+" ssh-ed25519 "); kept != tt.ok {
			t.Errorf("%q: known_hosts is %q", tt.answer, text)
		}
	}
}

// TestHostsOfOneAddressAskOnce: several hosts are reached at one address: the key that is accepted for the first is known to the others, and
// one that is not accepted is asked about for each.
func TestHostsOfOneAddressAskOnce(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	for answer, want := range map[string]int{"yes": 1, "no": 3} {
		put(t, srv.KnownHosts, "# nothing yet\n")
		p := says(answer, answer, answer)
		c := newClient(t, ssh.Options{Prompter: p})
		var wg sync.WaitGroup
		for _, name := range []string{"a", "b", "c"} {
			wg.Go(func() {
				if _, _, _, err := run(t, c, srv.Host(name), "true"); (err == nil) != (answer == "yes") {
					t.Errorf("%s: %v", answer, err)
				}
			})
		}
		wg.Wait()
		if n := len(p.questions()); n != want {
			t.Errorf("%s: %d questions, want %d", answer, n, want)
		}
		text, err := os.ReadFile(srv.KnownHosts)
		if n := strings.Count(string(text), "ssh-ed25519"); err != nil || n != map[string]int{"yes": 1}[answer] {
			t.Errorf("%s: known_hosts is %q, %v", answer, text, err)
		}
	}
}

func TestChangedKeyIsNeverAccepted(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	old := sshtest.Signer(t, sshtest.NewKey(t, "ed25519")).PublicKey()
	put(t, srv.KnownHosts, "# a comment\n"+nameOf(srv)+" "+keyLine(old))
	p := says("yes", "yes")
	c := newClient(t, ssh.Options{Prompter: p})
	_, _, _, err := run(t, c, srv.Host("web-1"), "true")
	e := fault(t, err, ssh.KeyChanged)
	for _, want := range []string{"HOST KEY CHANGED", srv.Fingerprint(), xssh.FingerprintSHA256(old), srv.KnownHosts + ":2"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if len(p.questions()) > 0 || !e.NotStarted() {
		t.Error("a changed key was put to the vote")
	}
	if err := c.Accept(context.Background(), srv.Host("web-1"), srv.Fingerprint()); err == nil {
		t.Error("Accept took a changed key")
	}
	untried(t, srv)
}

func TestRevokedKey(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	put(t, srv.KnownHosts, nameOf(srv)+" "+keyLine(srv.HostKeys[0])+"@revoked * "+keyLine(srv.HostKeys[0]))
	c := newClient(t, ssh.Options{Prompter: says("yes")})
	_, _, _, err := run(t, c, srv.Host("web-1"), "true")
	fault(t, err, ssh.KeyRevoked)
	untried(t, srv)
}

func TestPlainKeyOfAnAuthorityIsNoHostKey(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	put(t, srv.KnownHosts, "@cert-authority * "+keyLine(srv.HostKeys[0]))
	c := newClient(t, ssh.Options{})
	_, _, _, err := run(t, c, srv.Host("web-1"), "true")
	fault(t, err, ssh.KeyUnknown)
	untried(t, srv)
}

func TestOneKnownKeyOfThree(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{HostKeys: []string{"rsa", "ecdsa", "ed25519"}})
	for i, kind := range []string{"ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519"} {
		forms := map[string]string{"plain": nameOf(srv)}
		if kind == "ssh-ed25519" {
			forms = map[string]string{"hashed": knownhosts.Hash(nameOf(srv)), "bare": srv.Addr, "pattern": "127.0.0.?,*.example"}
		}
		for form, name := range forms {
			put(t, srv.KnownHosts, name+" "+keyLine(srv.HostKeys[i]))
			c := newClient(t, ssh.Options{})
			if _, _, _, err := run(t, c, srv.Host("web-1"), "true"); err != nil {
				t.Errorf("only the %s key is known, %s: %v", kind, form, err)
			}
			if road, _ := c.Road("web-1"); road.HostKeyType != kind {
				t.Errorf("%s: the host showed its %s key", kind, road.HostKeyType)
			}
			c.Close()
		}
	}
}

func TestUnknownKeyBesideAKnownOneIsAChange(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{HostKeys: []string{"ecdsa"}})
	old := sshtest.Signer(t, sshtest.NewKey(t, "ed25519")).PublicKey()
	put(t, srv.KnownHosts, nameOf(srv)+" "+keyLine(old))
	c := newClient(t, ssh.Options{Prompter: says("yes")})
	_, _, _, err := run(t, c, srv.Host("web-1"), "true")
	fault(t, err, ssh.KeyChanged)
}

func TestTornLineIsAWarningWithItsNumber(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	good := nameOf(srv) + " " + keyLine(srv.HostKeys[0])
	put(t, srv.KnownHosts, "web ssh-future AAAA\n"+good+good[:len(good)/2])
	var said []string
	c := newClient(t, ssh.Options{Warn: func(w ssh.Warning) { said = append(said, w.Text) }})
	if _, _, _, err := run(t, c, srv.Host("web-1"), "true"); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(said, "\n")
	if !strings.Contains(all, srv.KnownHosts+":1:") || !strings.Contains(all, srv.KnownHosts+":3:") || len(said) != 2 {
		t.Errorf("warnings: %q", said)
	}
}

func TestPin(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{HostKeys: []string{"rsa", "ed25519"}})
	other := sshtest.Signer(t, sshtest.NewKey(t, "ed25519")).PublicKey()
	for _, tt := range []struct {
		name, pin string
		kind      ssh.Kind
	}{
		{"line", keyLine(srv.HostKeys[1]), ""},
		{"line of the second choice", keyLine(srv.HostKeys[0]), ""},
		{"fingerprint", xssh.FingerprintSHA256(srv.HostKeys[1]), ""},
		{"fingerprint of the second choice", xssh.FingerprintSHA256(srv.HostKeys[0]), ""},
		{"another line", keyLine(other), ssh.KeyChanged},
		{"another fingerprint", xssh.FingerprintSHA256(other), ssh.KeyChanged},
		{"nonsense", "hello", ssh.Config},
	} {
		h := srv.Host("web-1")
		h.KnownHosts, h.HostKey = []string{}, tt.pin
		c := newClient(t, ssh.Options{Prompter: says("yes")})
		_, _, _, err := run(t, c, h, "true")
		switch {
		case tt.kind == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.kind != "":
			fault(t, err, tt.kind)
		}
		c.Close()
	}
}

func TestHostCertificates(t *testing.T) {
	t.Parallel()
	ca := sshtest.Signer(t, sshtest.NewKey(t, "ed25519"))
	for _, tt := range []struct {
		name       string
		principals []string
		edit       func(*xssh.Certificate)
		marker     string
		kind       ssh.Kind
	}{
		{"good", []string{"127.0.0.1"}, nil, "", ""},
		{"wildcard principal", []string{"127.0.*"}, nil, "", ""},
		{"no principals", nil, nil, "", ""},
		{"another principal", []string{"db.example"}, nil, "", ssh.KeyUnknown},
		{"expired", []string{"127.0.0.1"}, func(c *xssh.Certificate) { c.ValidBefore = 1000 }, "", ssh.KeyUnknown},
		{"not yet", []string{"127.0.0.1"}, func(c *xssh.Certificate) { c.ValidAfter = 1 << 40; c.ValidBefore = 1 << 41 }, "", ssh.KeyUnknown},
		{"user certificate", []string{"127.0.0.1"}, func(c *xssh.Certificate) { c.CertType = xssh.UserCert }, "", ssh.KeyUnknown},
		{"critical option", []string{"127.0.0.1"}, func(c *xssh.Certificate) { c.CriticalOptions = map[string]string{"x": "y"} }, "", ssh.KeyUnknown},
		{"authority revoked", []string{"127.0.0.1"}, nil, "@revoked * ", ssh.KeyRevoked},
	} {
		key := sshtest.Signer(t, sshtest.NewKey(t, "ed25519"))
		signer, err := xssh.NewCertSigner(sshtest.Certify(t, ca, key.PublicKey(), xssh.HostCert, tt.principals, tt.edit), key)
		if err != nil {
			t.Fatal(err)
		}
		cfg := &xssh.ServerConfig{NoClientAuth: true}
		cfg.AddHostKey(signer)
		p := serve(t, cfg, nil)
		kh := filepath.Join(t.TempDir(), "kh")
		text := "@cert-authority 127.0.0.* " + keyLine(ca.PublicKey())
		if tt.marker != "" {
			text += tt.marker + keyLine(ca.PublicKey())
		}
		put(t, kh, text)
		h := p.host("web-1")
		h.HostKey, h.KnownHosts = "", []string{kh}
		c := newClient(t, ssh.Options{})
		_, _, _, err = run(t, c, h, "true")
		if tt.kind != "" {
			fault(t, err, tt.kind)
			continue
		}
		road, _ := c.Road("web-1")
		if err != nil || !strings.HasPrefix(road.KnownBy, "certificate authority ") || road.Fingerprint != xssh.FingerprintSHA256(key.PublicKey()) {
			t.Errorf("%s: %v, %+v", tt.name, err, road)
		}
	}
}

func TestCertificateOfAnUnknownAuthority(t *testing.T) {
	t.Parallel()
	ca, known := sshtest.Signer(t, sshtest.NewKey(t, "ed25519")), sshtest.Signer(t, sshtest.NewKey(t, "ed25519"))
	srv := sshtest.Start(t, sshtest.Config{HostCert: func(pub xssh.PublicKey) *xssh.Certificate {
		return sshtest.Certify(t, ca, pub, xssh.HostCert, []string{"127.0.0.1"}, nil)
	}})
	put(t, srv.KnownHosts, "@cert-authority * "+keyLine(known.PublicKey()))
	c := newClient(t, ssh.Options{})
	_, _, _, err := run(t, c, srv.Host("web-1"), "true")
	fault(t, err, ssh.KeyUnknown)

	put(t, srv.KnownHosts, "@cert-authority * "+keyLine(ca.PublicKey()))
	if _, _, _, err := run(t, newClient(t, ssh.Options{}), srv.Host("web-1"), "true"); err != nil {
		t.Error(err)
	}
	put(t, srv.KnownHosts, nameOf(srv)+" "+keyLine(srv.HostKeys[0])) // no authority: the plain key counts
	if _, _, _, err := run(t, newClient(t, ssh.Options{}), srv.Host("web-1"), "true"); err != nil {
		t.Error(err)
	}
}
