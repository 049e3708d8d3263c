package ssh_test

import (
	"strings"
	"testing"

	xssh "golang.org/x/crypto/ssh"

	"tend/ssh"
	"tend/ssh/knownhosts"
	"tend/ssh/sshtest"
)

func TestKeyList(t *testing.T) {
	pub := sshtest.Signer(t, sshtest.NewKey(t, "ed25519")).PublicKey()
	fp, line := xssh.FingerprintSHA256(pub), keyLine(pub)
	for form, text := range map[string]string{
		"ssh-keyscan": "# web-1:22 SSH-2.0\nweb-1,10.0.0.1 " + line,
		"hashed":      knownhosts.Hash("web-1") + " " + line,
		"keygen":      "256 " + fp + " web-1 (ED25519)\n",
		"by hand":     "WEB-1 " + fp,
		"bracketed":   "[web-1]:2222 " + line + "web-1 " + line,
	} {
		l, err := ssh.ReadKeyList("f", strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		if _, ok := ssh.Vouches(l.Of("none", "web-1"), ssh.HostKey{Fingerprint: fp}); !ok || len(l.Of("web-1")) != 1 || len(l.Of("web-2", "")) != 0 {
			t.Errorf("%s: %+v", form, l.Of("web-1"))
		}
	}
	for text, want := range map[string]string{
		"":                               "empty",
		"web-1 ssh-ed25519 AAAA":         "f:1: ",
		"\n" + fp:                        "f:2: no host's name",
		"web-1 SHA256:abc":               "no whole fingerprint",
		"@cert-authority * " + line:      "marker",
		"web-1":                          "neither",
		"web-1 ssh-rsa " + line[12:]:     "not followed by its key",
		"ok " + fp + "\nweb-1 SHA256:!!": "f:2: ",
	} {
		if _, err := ssh.ReadKeyList("f", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzKeyList(f *testing.F) {
	for _, s := range []string{"a SHA256:x", "256 SHA256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa a (RSA)", "|1|a|b ssh-rsa AAAA", "@revoked * ssh-rsa A", "# x\n\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ssh.ReadKeyList("f", strings.NewReader(s))
		if err != nil {
			return
		}
		for _, k := range l.Of(strings.Fields(s)...) {
			if len(k.Fingerprint) != len("SHA256:")+43 || k.Line < 1 {
				t.Errorf("%q gives %+v", s, k)
			}
		}
	})
}
