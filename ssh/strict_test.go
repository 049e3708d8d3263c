package ssh_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tend/ssh"
	"tend/ssh/sshtest"
)

// TestStrictHostKeyChecking: what each of its values makes of a key that nobody knows, with a person who says yes; and that none of them
// makes anything of a key that has changed. What is accepted unasked is warned of, and kept.
func TestStrictHostKeyChecking(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	old := nameOf(srv) + " " + keyLine(sshtest.Signer(t, sshtest.NewKey(t, "ed25519")).PublicKey())
	for strict, want := range map[string]struct{ accepted, asked bool }{
		"yes": {}, "ask": {true, true}, "accept-new": {true, false}, "no": {true, false}, "off": {true, false}, "": {true, true},
	} {
		dir := t.TempDir()
		cfg := filepath.Join(dir, "config")
		put(t, cfg, "")
		if strict != "" {
			put(t, cfg, "StrictHostKeyChecking "+strict+"\n")
		}
		for _, known := range []string{"", old} {
			h := srv.Host("web-1")
			h.KnownHosts = []string{filepath.Join(dir, "known")}
			put(t, h.KnownHosts[0], known)
			p, warned := says("yes"), ""
			c := newClient(t, ssh.Options{ConfigFiles: []string{cfg}, Prompter: p, Warn: func(w ssh.Warning) { warned += w.Text }})
			_, _, _, err := run(t, c, h, "true")
			text, _ := os.ReadFile(h.KnownHosts[0])
			kept := strings.Contains(string(text), keyLine(srv.HostKeys[0]))
			if known != "" {
				fault(t, err, ssh.KeyChanged)
				if kept || len(p.questions()) > 0 {
					t.Errorf("%q: a changed key was kept (%v) or put to the vote (%v)", strict, kept, p.questions())
				}
				continue
			}
			if (err == nil) != want.accepted || kept != want.accepted || (len(p.questions()) > 0) != want.asked {
				t.Errorf("%q: %v, kept %v, asked %v", strict, err, kept, p.questions())
			}
			if unasked := want.accepted && !want.asked; unasked != strings.Contains(warned, "was not known, and was accepted because") {
				t.Errorf("%q: warned %q", strict, warned)
			}
		}
	}
}

// TestKeyKeptNowhere: UserKnownHostsFile /dev/null keeps nothing, and is no trouble; what was to be kept by a person's word says so.
func TestKeyKeptNowhere(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	h := srv.Host("web-1")
	h.KnownHosts = []string{os.DevNull}
	c := newClient(t, ssh.Options{Prompter: says("yes")})
	if err := c.Accept(t.Context(), h, srv.Fingerprint()); err == nil || !strings.Contains(err.Error(), "no known_hosts file") {
		t.Errorf("accepted into /dev/null: %v", err)
	}
	_, _, _, err := run(t, c, h, "true")
	if r, _ := c.Road("web-1"); err != nil || r.KnownBy != "accepted now, kept nowhere" || len(c.Warnings()) > 0 {
		t.Errorf("%v, known by %q, warned %v", err, r.KnownBy, c.Warnings())
	}
}
