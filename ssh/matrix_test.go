package ssh_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// TestEveryAlgorithm speaks each key exchange, cipher and MAC that tend and this sshd share, alone, with the real sshd.
func TestEveryAlgorithm(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{HostKeys: []string{"ed25519", "ecdsa", "rsa"}})
	out, err := exec.Command(sshtest.SSHD(t), "-T", "-f", filepath.Join(srv.Dir, "sshd_config")).Output()
	if err != nil {
		t.Fatal(err)
	}
	ours := xssh.SupportedAlgorithms()
	hostKeys := []string{xssh.KeyAlgoED25519, xssh.KeyAlgoECDSA256, xssh.KeyAlgoRSASHA256, xssh.KeyAlgoRSASHA512}
	var wg sync.WaitGroup
	spoken := 0
	for option, algos := range map[string][]string{"KexAlgorithms": ours.KeyExchanges, "Ciphers": ours.Ciphers, "MACs": ours.MACs, "HostKeyAlgorithms": hostKeys} {
		theirs := "," + dumped(string(out), strings.ToLower(option)) + ","
		for _, algo := range algos {
			if !strings.Contains(theirs, ","+algo+",") {
				continue
			}
			spoken++
			config := option + " " + algo
			if option == "MACs" {
				config += "\nCiphers aes128-ctr" // the others are authenticated by themselves
			}
			wg.Go(func() {
				c := configured(t, config, ssh.Options{})
				if _, out, _, err := run(t, c, srv.Host("a"), "echo in"); err != nil || out != "in\n" {
					t.Errorf("%s: %q, %v", config, out, err)
				}
				road, _ := c.Road("a")
				if option == "KexAlgorithms" && road.Kex != algo || option == "Ciphers" && road.Cipher != algo {
					t.Errorf("%s: road says %s, %s", config, road.Kex, road.Cipher)
				}
				c.Close()
			})
		}
	}
	wg.Wait()
	if spoken < 15 {
		t.Errorf("only %d algorithms were spoken", spoken)
	}
}

// TestServerOfFewAlgorithms: an sshd that is limited to strong algorithms of its own choice is spoken to; one that speaks nothing of ours is
// told apart by what it offers.
func TestServerOfFewAlgorithms(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{HostKeys: []string{"rsa"}, Lines: []string{"KexAlgorithms diffie-hellman-group16-sha512", "Ciphers aes256-ctr", "MACs hmac-sha2-512-etm@openssh.com",
		"HostKeyAlgorithms rsa-sha2-512", "PubkeyAcceptedAlgorithms ssh-ed25519"}})
	if _, out, _, err := run(t, newClient(t, ssh.Options{}), srv.Host("a"), "echo in"); err != nil || out != "in\n" {
		t.Errorf("%q, %v", out, err)
	}
	for _, line := range []string{"KexAlgorithms diffie-hellman-group18-sha512", "Ciphers aes256-cbc"} {
		_, algo, _ := strings.Cut(line, " ")
		odd := sshtest.Start(t, sshtest.Config{Lines: []string{line}})
		_, _, _, err := run(t, newClient(t, ssh.Options{}), odd.Host("a"), "true")
		if e := fault(t, err, ssh.Protocol); !strings.Contains(err.Error(), algo) || !e.NotStarted() {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// shadowed is a line for sshtest.Config.Under: the machine's accounts as they are, but root's password is word.
func shadowed(t *testing.T, word string, files map[string]string) []string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can lay files over /etc")
	}
	hash, err := exec.Command(tool(t, "openssl"), "passwd", "-6", word).Output()
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("/etc/shadow")
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := strings.Cut(string(have), "\n")
	path := filepath.Join(t.TempDir(), "shadow")
	put(t, path, "root:"+strings.TrimSpace(string(hash))+":19000:0:99999:7:::\n"+rest)
	all := map[string]string{"/etc/shadow": path}
	for target, file := range files {
		all[target] = file
	}
	return over(t, all)
}

// TestRealPasswords: the ways of a real sshd to ask for a password, and each chain of methods; the second host is asked nothing more.
func TestRealPasswords(t *testing.T) {
	t.Parallel()
	pam := filepath.Join(t.TempDir(), "pam")
	put(t, pam, "auth required pam_unix.so nodelay\naccount required pam_permit.so\nsession required pam_permit.so\n")
	withPAM := map[string]string{"/etc/pam.d/sshd": pam}
	for name, c := range map[string]struct {
		lines []string
		files map[string]string
		auth  string
	}{
		"password":             {[]string{"PasswordAuthentication yes", "PubkeyAuthentication no"}, nil, "password"},
		"PAM":                  {[]string{"UsePAM yes", "KbdInteractiveAuthentication yes", "PubkeyAuthentication no"}, withPAM, "keyboard-interactive"},
		"PAM's password":       {[]string{"UsePAM yes", "PasswordAuthentication yes", "PubkeyAuthentication no"}, withPAM, "password"},
		"a key, then password": {[]string{"PasswordAuthentication yes", "AuthenticationMethods publickey,password"}, nil, ", then password"},
		"a key, then PAM":      {[]string{"UsePAM yes", "KbdInteractiveAuthentication yes", "AuthenticationMethods publickey,keyboard-interactive"}, withPAM, ", then keyboard-interactive"},
		"either":               {[]string{"PasswordAuthentication yes", "AuthenticationMethods publickey,hostbased password"}, nil, "password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := sshtest.Start(t, sshtest.Config{Lines: append(c.lines, "MaxAuthTries 6"), Under: shadowed(t, "right word", c.files)})
			person := says("wrong word", "right word")
			client := newClient(t, ssh.Options{Prompter: person})
			for _, host := range []string{"a", "b"} {
				if _, out, _, err := run(t, client, srv.Host(host), "echo in"); err != nil || out != "in\n" {
					t.Fatalf("%s: %q, %v\n%s", host, out, err, srv.Log())
				}
			}
			q := person.questions()
			if len(q) != 2 || q[0].Kind != ssh.AskPassword || !q[0].Shared || q[1].Attempt != 2 {
				t.Errorf("questions: %+v", q)
			}
			if road, _ := client.Road("b"); !strings.HasSuffix(road.Auth, c.auth) {
				t.Errorf("in by %q", road.Auth)
			}
		})
	}
}

// TestRealMaxStartups: forty hosts behind one real sshd that refuses at random from the third unfinished login on; whom it refuses is tried again, and counted.
func TestRealMaxStartups(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{Lines: []string{"MaxStartups 2:30:100"}})
	c := newClient(t, ssh.Options{DialsPerAddr: 5})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if _, out, _, err := run(t, c, srv.Host(fmt.Sprint("h", i)), "echo in"); err != nil || out != "in\n" {
				t.Errorf("%q, %v", out, err)
			}
		})
	}
	wg.Wait()
	turned := 0
	for i := range 40 {
		road, _ := c.Road(inventory.HostID(fmt.Sprint("h", i)))
		turned += road.TurnedAway
	}
	if drops := strings.Count(srv.Log(), "drop connection #"); drops != turned && drops > 0 {
		t.Errorf("sshd dropped %d connections, and %d were counted", drops, turned)
	} else if drops == 0 {
		t.Log("sshd turned nobody away on this machine")
	}
}

// TestSeveralAgents: each host's keys come from the agent that ssh_config names for it, and a locked one serves as soon as it is unlocked.
func TestSeveralAgents(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	config := ""
	hosts, agents := map[string]inventory.Host{}, map[string]*sshtest.Agent{}
	for _, name := range []string{"work", "home"} {
		key := sshtest.NewKey(t, "ed25519")
		srv := sshtest.Start(t, sshtest.Config{Authorized: []string{keyLine(sshtest.Signer(t, key).PublicKey())}})
		a := sshtest.StartAgent(t, key)
		h := srv.Host(name)
		h.Addr, h.Identity = name, nil // what one would type behind ssh
		config += fmt.Sprintf("Host %s\n  HostName 127.0.0.1\n  IdentityAgent %s\n", name, a.Socket)
		hosts[name], agents[name] = h, a
	}
	put(t, filepath.Join(home, "cfg"), config)
	wrong := sshtest.StartAgent(t, sshtest.NewKey(t, "ed25519"))
	c := newClient(t, ssh.Options{Home: home, ConfigFiles: []string{filepath.Join(home, "cfg")}, AgentSocket: wrong.Socket})
	if err := agents["home"].Keyring.Lock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := run(t, c, hosts["work"], "true"); err != nil {
		t.Error(err)
	}
	_, _, _, err := run(t, c, hosts["home"], "true")
	if fault(t, err, ssh.AuthFailed); !strings.Contains(err.Error(), agents["home"].Socket) || !strings.Contains(err.Error(), "locked") {
		t.Errorf("the locked agent is not named: %v", err)
	}
	if err := agents["home"].Keyring.Unlock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := run(t, c, hosts["home"], "true"); err != nil {
		t.Errorf("unlocked meanwhile: %v", err)
	}
}
