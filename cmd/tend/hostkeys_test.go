package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	xssh "golang.org/x/crypto/ssh"

	"tend/ssh/sshtest"
)

// TestHostKeysAsOneDecision commissions three hosts: one is in the provider's list, one is not, one has another key than the list says.
func TestHostKeysAsOneDecision(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	var servers []*sshtest.Server
	for range 3 {
		servers = append(servers, sshtest.Start(t, sshtest.Config{}))
	}
	s := newSite(t, servers[0], 1, "")
	known := filepath.Join(s.dir, "known_hosts")
	var inv strings.Builder
	fmt.Fprintf(&inv, "[defaults]\nuser = %q\nknown_hosts = [%q]\n[[site]]\nname = \"here\"\n", servers[0].User, known)
	for i, srv := range servers {
		fmt.Fprintf(&inv, "[[site.host]]\nname = \"new-%d\"\naddr = %q\nport = %d\nidentity = [%q]\n", i+1, srv.Addr, srv.Port, srv.Key)
	}
	fmt.Fprintf(&inv, "[[site.host]]\nname = \"down-1\"\naddr = \"127.0.0.1\"\nport = 1\n")
	s.write("inventory.toml", inv.String())

	other := xssh.FingerprintSHA256(sshtest.Signer(t, sshtest.NewKey(t, "ed25519")).PublicKey())
	s.write("list", "# from the provider\n256 "+servers[0].Fingerprint()+" new-1 (ED25519)\nnew-3 "+other+" ssh-ed25519\n")
	list := filepath.Join(s.dir, "list")

	out, errs, code := s.tend("host", "keys", "all", "--list", list, "--accept", "--yes")
	if code != 1 { // a key differs, and a host is down
		t.Errorf("exit %d, want 1\n%s%s", code, out, errs)
	}
	for _, want := range []string{"new-1 +new +listed +SHA256:", "new-2 +new +absent +SHA256:", "new-3 +new +DIFFERS +SHA256:.{43}\n    .*" + regexp.QuoteMeta(other), "down-1 +unreached +- +-\n    .*refused"} {
		matches(t, out, want)
	}
	for l := range strings.Lines(out) {
		if len(l) > 81 && !strings.HasPrefix(l, "    ") {
			t.Errorf("wider than 80 columns: %q", l)
		}
	}
	matches(t, errs, "accepted the keys of 1 host")
	if text, _ := os.ReadFile(known); strings.Count(string(text), "\n") != 1 {
		t.Errorf("known_hosts: %q", text)
	}
	if out := s.ok("host", "keys", "new-1"); !strings.Contains(out, "known ") {
		t.Errorf("after accepting:\n%s", out)
	}
	if out := s.ok("journal", "search", "accepted"); !strings.Contains(out, "new-1") {
		t.Errorf("the journal does not have it:\n%s", out)
	}
	if _, errs, code := s.tend("host", "keys", "all", "--accept", "--yes"); code != 2 || !strings.Contains(errs, "not accepted unseen") {
		t.Errorf("keys were accepted unseen: %d %s", code, errs)
	}
	if _, errs, code := s.tend("host", "keys", "all", "--accept"); code != 2 || !strings.Contains(errs, "nobody is there") {
		t.Errorf("keys were accepted without a terminal: %d %s", code, errs)
	}
	s.ok("host", "accept", "new-2", servers[1].Fingerprint())
	if out := s.ok("journal", "search", "accepted"); !strings.Contains(out, "new-2") {
		t.Errorf("the journal does not have the single one:\n%s", out)
	}
}

func matches(t *testing.T, text, want string) {
	t.Helper()
	if !regexp.MustCompile(want).MatchString(text) {
		t.Errorf("no %q in:\n%s", want, text)
	}
}

// TestCommissionAtATerminal: whoever is at the terminal sees the keys of all as one table and decides once; then the hosts' facts are read, and
// what is to be kept on them is confirmed as any change. Another answer commissions nothing.
func TestCommissionAtATerminal(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := onLab(t, crashingLab(t), 0).site
	text, err := os.ReadFile(filepath.Join(s.dir, "inventory.toml"))
	if err != nil {
		t.Fatal(err)
	}
	known := filepath.Join(s.dir, "known_hosts")
	s.write("inventory.toml", regexp.MustCompile(`known_hosts = .*`).ReplaceAllString(string(text), fmt.Sprintf("known_hosts = [%q]", known)))

	no := s.onTerminal("commission", "host-[1-2]")
	no.see("Type 2 to accept the keys of 2 hosts: ")
	no.typed("yes\n")
	if code := no.ended(); code != 3 {
		t.Errorf("another answer: exit %d\n%s", code, no.text())
	}
	if _, err := os.Stat(known); err == nil {
		t.Error("keys were accepted all the same")
	}

	c := s.onTerminal("commission", "host-[1-2]", "--reason", "new")
	c.see("Type 2 to accept the keys of 2 hosts: ")
	c.typed("2\n")
	c.see("facts: passed")
	c.see("Type host-[1-2] to start: ")
	c.typed("host-[1-2]\n")
	if code := c.ended(); code != 0 {
		t.Errorf("exit %d\n%s", code, c.text())
	}
	if text, _ := os.ReadFile(known); strings.Count(string(text), "\n") != 2 {
		t.Errorf("known_hosts: %q", text)
	}
	if out := s.ok("journal", "list"); !strings.Contains(out, "commission") || !strings.Contains(out, "facts") {
		t.Errorf("the journal:\n%s", out)
	}
}
