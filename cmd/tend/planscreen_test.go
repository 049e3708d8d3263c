package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"tend/ssh/sshtest"
	"tend/ui"
)

// sealedKey is a key with a passphrase: its file, and its line for authorized_keys.
func sealedKey(t *testing.T, dir, passphrase string) (path, line string) {
	t.Helper()
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "key")
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return path, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// TestPlansForTheScreen: the console's plans say, compare, sign and rehearse as the commands do, and nothing is approved or started that is not
// what was shown.
func TestPlansForTheScreen(t *testing.T) {
	scriptsOnly(t)
	need(t, "git")
	dir := t.TempDir()
	key, line := sealedKey(t, dir, "open sesame")
	env := map[string]string{"HOME": dir, "XDG_STATE_HOME": filepath.Join(dir, "state"), "XDG_CONFIG_HOME": filepath.Join(dir, "config")}
	a := &app{getenv: func(k string) string { return env[k] }, inventory: filepath.Join(dir, "inventory.toml"), now: time.Now}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	plan := func(scope string) {
		write("plans/p.toml", "goal = \"new openssl\"\nscope = \""+scope+"\"\n[[approver]]\nname = \"ann\"\nkey = \""+line+"\"\n[[run]]\nrunbook = \"exec\"\nset = { command = \"true\" }\n")
	}
	commit := func() {
		t.Helper()
		for _, args := range [][]string{{"init", "-q"}, {"add", "-A", "plans", "inventory.toml"}, {"commit", "-q", "-m", "x"}} {
			cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
			cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
	}
	write("inventory.toml", "[[site]]\nname = \"s\"\n[[site.host]]\nname = \"web-[1-2]\"\naddr = \"127.0.0.[1-2]\"\n")
	plan("web-1")
	commit()
	w, err := a.world(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := a.plansForScreen(w.inv)
	look := func() ui.PlanPage {
		t.Helper()
		page, err := p.Look(t.Context(), "p")
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	page := look()
	if page.Shown != filepath.Join("plans", "p.toml") || strings.Contains(page.Text, dir) || !strings.Contains(page.Text, "(plans/p.toml)") {
		t.Errorf("the file is shown as %q, in\n%s", page.Shown, page.Text)
	}
	if len(p.Names) != 1 || page.Name != "p" || len(page.Hosts) != 1 || !strings.Contains(page.Text, "0 of 1; still asked: ann") || !strings.Contains(page.NoStart, "not approved") || page.Revision != "HEAD" || !strings.Contains(page.Scripts, "=== run 1 of 1") {
		t.Errorf("%v %+v", p.Names, page)
	}
	if _, err := p.Start(t.Context(), page.Path, page.Digest, 1); err == nil || !strings.Contains(err.Error(), "not approved") {
		t.Errorf("without approval: %v", err)
	}
	yes := ui.PlanApproval{Path: page.Path, Digest: page.Digest, By: "ann"}
	approve := func(want string, is error) {
		t.Helper()
		said, err := p.Approve(t.Context(), yes)
		if err != nil {
			said = err.Error()
		}
		if !strings.Contains(said, want) || is != nil && !errors.Is(err, is) {
			t.Errorf("%q %v, want %q", said, err, want)
		}
	}
	approve("no key", ui.ErrWantsKey)
	yes.Key = key
	approve("", ui.ErrWantsPassphrase)
	yes.Passphrase = []byte("sesame")
	approve("wants ann to sign", nil)
	yes.Passphrase = []byte("open sesame")
	approve("approved by 1 of 1", nil)
	commit()
	if page = look(); page.NoStart != "" || page.Revision != "approved" {
		t.Errorf("approved: %+v", page)
	}
	plan("web-1,web-2")
	approve("has changed since it was shown", nil)
	if _, err := p.Start(t.Context(), page.Path, page.Digest, 1); err == nil || !strings.Contains(err.Error(), "has changed since it was shown") {
		t.Errorf("changed: %v", err)
	}
	commit()
	for rev, want := range map[string]string{"approved": "hosts added: web-2", "HEAD": "the same", "HEAD~1": "hosts added: web-2"} {
		if text, err := p.Compare(t.Context(), page.Path, rev); err != nil || !strings.Contains(text, want) {
			t.Errorf("%s: %v %s", rev, err, text)
		}
	}
	if text, err := p.Rehearse(t.Context(), page.Path, "nothing"); err != nil || !strings.Contains(text, "2 ok") {
		t.Errorf("%v\n%s", err, text)
	}
	if _, err := p.Rehearse(t.Context(), page.Path, "all hell"); err == nil || !strings.Contains(err.Error(), `"all hell" is nothing that can go wrong`) {
		t.Error(err)
	}
	f := rehearsing{}
	if err := f.parse("chaos 3 seed 7, drop s web-2:dead"); err != nil || f.chaos != 3 || f.seed != 7 || f.drop != "s" || len(f.faults) != 1 {
		t.Errorf("%+v %v", f, err)
	}
	if _, err := p.Look(context.Background(), "gone"); err == nil || !strings.Contains(err.Error(), `there is no plan "gone"`) {
		t.Error(err)
	}
}

// TestPlanFromTheCalendar: by keys alone, from the calendar: a plan is seen, its name typed, and its first run is on the screen, which is named
// as part of the plan in the journal.
func TestPlanFromTheCalendar(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, &sshtest.Server{Addr: "127.0.0.1", Port: 1, User: "ops", KnownHosts: "/nowhere/known_hosts"}, 1, "")
	if err := os.Mkdir(filepath.Join(s.dir, "plans"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.write("plans/night.toml", "goal = \"look\"\nscope = \"real-1\"\n[[run]]\nrunbook = \"exec\"\nset = { command = \"true\" }\n")
	tty := s.onTerminal("--tier", "plain")
	for _, step := range []struct{ see, keys string }{
		{"FLEET", "W"}, {"always", "\r"}, {"MAINTENANCE", "s"}, {"Type night to start", "night\r"}, {"refused", "\x03\x03"},
	} {
		tty.see(step.see)
		for _, k := range step.keys {
			if _, err := tty.in.Write([]byte(string(k))); err != nil {
				t.Fatal(err)
			}
		}
	}
	tty.ended()
	if out := s.ok("journal", "list", "--json"); !strings.Contains(out, `"plan":"night"`) {
		t.Errorf("no run of the plan: %s", out)
	}
}
