package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// TestPullAndPush moves a file from and to real hosts: whole, with its sum, in the journal, and not over what is there.
func TestPullAndPush(t *testing.T) {
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 2, "")
	from, to, dst := filepath.Join(s.dir, "dump.bin"), filepath.Join(s.dir, "in"), filepath.Join(s.dir, "pushed.bin")
	data := strings.Repeat("0123456789abcde\n", 200_000)
	s.write("dump.bin", data)
	out := s.ok("pull", "real-[1-2]", from, to)
	if strings.Count(out, "3200000 bytes, SHA256 ") != 2 {
		t.Errorf("%s", out)
	}
	for _, h := range []string{"real-1", "real-2"} {
		if b, err := os.ReadFile(filepath.Join(to, h, from)); string(b) != data {
			t.Errorf("%s: %d bytes, %v", h, len(b), err)
		}
	}
	if _, errs, code := s.tend("pull", "real-1", from, to); code != 1 || !strings.Contains(errs, "is there already") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if _, errs, code := s.tend("pull", "real-1", from+".none", to); code != 1 || strings.Count(errs, "real-1") < 1 || !strings.Contains(errs, "no such file") && !strings.Contains(errs, "not exist") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if _, errs, code := s.tend("pull", "real-1", "relative", to); code != 2 || !strings.Contains(errs, "no absolute path") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if _, errs, code := s.tend("push", "real-1", from, dst); code != 2 || !strings.Contains(errs, "nobody is there to confirm") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if out := s.ok("push", "real-1", from, dst, "--mode", "0640", "--yes", "--reason", "CHG-7"); !strings.Contains(out, "real-1: pushed") {
		t.Errorf("%s", out)
	}
	if b, err := os.ReadFile(dst); string(b) != data {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if st, err := os.Stat(dst); err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("%v %v", st, err)
	}
	for _, text := range []string{"pulled " + from, "pushing " + from, "CHG-7", "pushed " + from, "pull failed"} {
		if found := s.ok("journal", "search", text); !strings.Contains(found, "real-1") {
			t.Errorf("%q is not in the journal:\n%s", text, found)
		}
	}
	s.ok("journal", "verify")
}

// TestRealPushOwes: a pushed file is a change, and owes what a run on its hosts would.
func TestRealPushOwes(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "require_reason = true\nrequire_ticket = true")
	dst := filepath.Join(s.dir, "pushed")
	s.write("file", "text")
	push := []string{"push", "real-1", filepath.Join(s.dir, "file"), dst, "--yes"}
	for _, miss := range []struct{ lacks, given string }{{"require_reason", "--ticket"}, {"require_ticket", "--reason"}} {
		if _, errs, code := s.tend(append(push, miss.given, "CHG-7")...); code != 2 || !strings.Contains(errs, miss.lacks) {
			t.Errorf("without what %s wants: exit %d: %s", miss.lacks, code, errs)
		}
	}
	if _, err := os.Stat(dst); err == nil {
		t.Error("it was pushed all the same")
	}
	s.ok(append(push, "--reason", "new firmware", "--ticket", "CHG-7")...)
	if found := s.ok("journal", "search", "CHG-7"); !strings.Contains(found, "new firmware") {
		t.Errorf("the journal does not tell why:\n%s", found)
	}
}

// TestAShellAsksAtItsTerminal: what the road asks for a shell is asked where the person sits, without echo, and can be declined.
func TestAShellAsksAtItsTerminal(t *testing.T) {
	locked := filepath.Join(t.TempDir(), "locked")
	pub := sshtest.WriteKey(t, locked, sshtest.NewKey(t, "ed25519"), "open sesame")
	srv := sshtest.Start(t, sshtest.Config{Bare: true, Authorized: []string{strings.TrimSpace(string(xssh.MarshalAuthorizedKey(pub)))}})
	srv.Key = locked
	s := newSite(t, srv, 1, "")
	c := s.onTerminal("shell", "real-1")
	c.see("passphrase")
	c.typed("open sesamx\x7fe\r")
	c.typed("PS1='ready> '; echo in-$((40+2)); exit\n")
	c.see("in-42")
	if code := c.ended(); code != 0 || strings.Contains(c.text(), "sesame") {
		t.Fatalf("exit %d\n%s", code, c.text())
	}
	c = s.onTerminal("shell", "real-1")
	c.see("passphrase")
	c.typed("\x03")
	if code := c.ended(); code != 1 {
		t.Fatalf("exit %d\n%s", code, c.text())
	}
}

// TestRealPushIsTakenUpByTheSameCommand: a push that is cut off in its middle leaves nothing under the name; the same command, once
// the host is there again, takes its lease from the push that is over and sends the rest, not the whole, and the sum is of the whole.
func TestRealPushIsTakenUpByTheSameCommand(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	s, _, proxy := proxied(t)
	noise := make([]byte, 12<<20)
	rand.Read(noise)
	from, dst := filepath.Join(s.dir, "image.bin"), filepath.Join(s.dir, "in", "image.bin")
	s.write("image.bin", string(noise))
	if err := os.Mkdir(filepath.Dir(dst), 0o700); err != nil {
		t.Fatal(err)
	}
	proxy.CutEach(func(n int) (toServer, toClient int64) {
		if n > 0 {
			return 0, 0 // it is away: nobody can give anything back there
		}
		return 9 << 20, -1
	})
	out, errs, code := s.tend("push", "real-1", from, dst, "--yes")
	if _, err := os.Stat(dst); code != 1 || err == nil || !strings.Contains(errs, "keeps the lease of push") {
		t.Fatalf("exit %d, %v under the name\n%s%s", code, err, out, errs)
	}
	proxy.CutEach(nil) // it is there again
	if out := s.ok("host", "lease", "real-1"); !strings.Contains(out, "held by run") {
		t.Errorf("the push that was cut left no lease: this test proves less than it says\n%s", out)
	}
	const rest = 8 << 20
	proxy.CutAfter(sshtest.ToServer, rest) // less than the whole may pass
	out = s.ok("push", "real-1", from, dst, "--yes")
	if want := fmt.Sprintf("%x", sha256.Sum256(noise)); !strings.Contains(out, want) || !strings.Contains(out, "of them were there already") {
		t.Errorf("want the sum %s and a part that was there:\n%s", want, out)
	}
	if left := proxy.Left(sshtest.ToServer); left <= 0 {
		t.Errorf("more than %d bytes were sent again", rest)
	}
	if out := s.ok("host", "lease", "real-1"); !strings.Contains(out, "no run is at work") {
		t.Error(out)
	}
	if left, err := os.ReadDir(filepath.Join(s.dir, "state", "tend", "pushes")); err != nil || len(left) > 0 {
		t.Errorf("%d pushes are noted as under way, %v", len(left), err)
	}
	got, err := os.ReadFile(dst)
	if all, _ := os.ReadDir(filepath.Dir(dst)); err != nil || !bytes.Equal(got, noise) || len(all) != 1 {
		t.Errorf("%d bytes, %d files, %v", len(got), len(all), err)
	}
}

// TestFilesThatWereBrokenOff: behind a signal no other host is begun, and of those nothing is said but how many they are.
func TestFilesThatWereBrokenOff(t *testing.T) {
	dir := t.TempDir()
	env := map[string]string{"HOME": dir, "XDG_STATE_HOME": dir, "TEND_INVENTORY": filepath.Join(dir, "inventory.toml")}
	if err := os.WriteFile(env["TEND_INVENTORY"], []byte("[[site]]\nname = \"s\"\n[[site.host]]\nname = \"web-[1-9]\"\naddr = \"127.0.0.[1-9]\"\nport = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	a := &app{now: time.Now, getenv: func(k string) string { return env[k] }, streams: streams{out: &out, err: &errs}}
	ctx, cancel := context.WithCancel(t.Context())
	m := &mover{a: a, verb: "push", check: func([]inventory.Host) error { cancel(); return nil }}
	err := m.each(ctx, "site=s", func(context.Context, inventory.Host, *ssh.Files, ssh.Progress) (string, error) { return "", nil })
	if err == nil || err.Error() != "9 hosts of 9 did not get there: it was broken off" || out.Len()+errs.Len() > 0 {
		t.Errorf("%v\n%s%s", err, &out, &errs)
	}
}
