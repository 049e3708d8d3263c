package segments_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"tend/journal"
	"tend/journal/segments"
)

// signer signs as cmd/tend's does, with a key of x/crypto/ssh.
type signer struct{ ssh.Signer }

func (s signer) PublicKey() []byte { return s.Signer.PublicKey().Marshal() }

func (s signer) Sign(data []byte) ([]byte, error) {
	algorithm := ""
	if s.Signer.PublicKey().Type() == ssh.KeyAlgoRSA {
		algorithm = ssh.KeyAlgoRSASHA512
	}
	sig, err := s.Signer.(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, data, algorithm)
	if err != nil {
		return nil, err
	}
	return ssh.Marshal(sig), nil
}

// key makes a key with ssh-keygen.
func key(t *testing.T, kind string) signer {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("no ssh-keygen here")
	}
	path := filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
	b, err := os.ReadFile(path)
	do(t, err)
	s, err := ssh.ParsePrivateKey(b)
	do(t, err)
	return signer{s}
}

// keygenVerifies runs `ssh-keygen -Y verify` over a seal.
func keygenVerifies(t *testing.T, sealed journal.Sealed, statement, namespace string) error {
	t.Helper()
	dir := t.TempDir()
	allowed, sig := filepath.Join(dir, "allowed"), filepath.Join(dir, "seal.sig")
	do(t, os.WriteFile(allowed, []byte("ops@console1 "+sealed.Key+"\n"), 0o600))
	do(t, os.WriteFile(sig, []byte(sealed.Signature), 0o600))
	cmd := exec.Command("ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "ops@console1", "-n", namespace, "-s", sig)
	cmd.Stdin = strings.NewReader(statement)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return errors.Join(err, errors.New(string(out)))
	}
	return nil
}

// TestSealsVerify: OpenSSH itself takes our signatures, of every kind of key, and only over what was signed.
func TestSealsVerify(t *testing.T) {
	for _, kind := range []string{"ed25519", "rsa", "ecdsa"} {
		t.Run(kind, func(t *testing.T) {
			k := key(t, kind)
			s := open(t, t.TempDir())
			write(t, s, "r1", 4, true)
			sealed, err := s.Seal(t.Context(), k)
			do(t, err)
			if err := keygenVerifies(t, sealed, sealed.Statement, segments.SealNamespace); err != nil {
				t.Errorf("verify: %v", err)
			}
			if keygenVerifies(t, sealed, strings.Replace(sealed.Statement, "ops", "eve", 1), segments.SealNamespace) == nil {
				t.Error("another statement verifies")
			}
			if keygenVerifies(t, sealed, sealed.Statement, "file") == nil {
				t.Error("another namespace verifies")
			}
			sig, err := segments.ParseSSHSignature(sealed.Signature)
			do(t, err)
			if !bytes.Equal(sig.PublicKey, k.PublicKey()) || sig.Namespace != segments.SealNamespace || sig.Armor() != sealed.Signature {
				t.Errorf("%+v", sig)
			}
		})
	}
}

func FuzzParseSSHSignature(f *testing.F) {
	f.Add(segments.SSHSignature{PublicKey: []byte("k"), Namespace: "n", Hash: "sha512", Signature: []byte("s")}.Armor())
	f.Add("-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAf////8=\n-----END SSH SIGNATURE-----")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := segments.ParseSSHSignature(text)
		if err != nil {
			return
		}
		if back, err := segments.ParseSSHSignature(s.Armor()); err != nil || back.Armor() != s.Armor() {
			t.Errorf("%q: %+v, %v", text, back, err)
		}
	})
}

// TestAgainst: a seal that lies elsewhere shows what the journal alone cannot: a removed tail, a chain built anew with its ledger.
func TestAgainst(t *testing.T) {
	k := key(t, "ed25519")
	cut := func(name string, n int) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			l := linesOf(t, segment(dir, name))
			put(t, segment(dir, name), l[:len(l)-1-n]...)
		}
	}
	cases := []struct {
		name string
		do   func(t *testing.T, dir string)
		what segments.Damage
		run  journal.RunID
	}{
		{"nothing", func(*testing.T, string) {}, "", ""},
		{"more came", func(t *testing.T, dir string) {
			s := open(t, dir)
			write(t, s, "r3", 3, true)
			add(t, s, journal.Remarked{Text: "x"})
		}, "", ""},
		{"the ledger's tail", cut("ledger", 2), segments.CutOff, "ledger"},
		{"the notes' tail", cut("notes", 2), segments.CutOff, "notes"},
		{"an orphan's tail, known to nobody else", cut("r1", 1), segments.CutOff, "r1"},
		{"a run and its ledger entries", func(t *testing.T, dir string) {
			remove(t, segment(dir, "r2"))
			put(t, segment(dir, "ledger"), linesOf(t, segment(dir, "ledger"))[0])
		}, segments.CutOff, "ledger"},
		{"the ledger built anew", func(t *testing.T, dir string) {
			l := linesOf(t, segment(dir, "ledger"))
			l = chainFrom(l[:len(l)-1], strings.Repeat("0", 64))
			l[0] = bytes.Replace(l[0], []byte(`"at":"2`), []byte(`"at":"1`), 1)
			put(t, segment(dir, "ledger"), chainFrom(l, strings.Repeat("0", 64))...)
		}, segments.Rewritten, "ledger"},
		{"all of it", func(t *testing.T, dir string) { do(t, os.RemoveAll(filepath.Join(dir, string(origin)))) }, segments.Missing, "ledger"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := segments.Open(dir, origin)
			do(t, err)
			add(t, s, journal.Remarked{Text: "1"}, journal.Remarked{Text: "2"}, journal.Remarked{Text: "3"})
			write(t, s, "r2", 5, true)
			_, err = s.Note(t.Context(), journal.Noted{Text: "x"})
			do(t, err)
			sealed, err := s.Seal(t.Context(), k)
			do(t, err)
			killed(t, s, dir) // r1 is not closed in the ledger
			c.do(t, dir)
			st, err := segments.ParseStatement("Dear auditor,\r\n" + strings.ReplaceAll(sealed.Statement, "\n", "\r\n") + "regards\r\n")
			do(t, err)
			if st.String() != sealed.Statement {
				t.Fatalf("%q came back as %q", sealed.Statement, st)
			}
			rep, err := fresh(t, dir).Against(t.Context(), st)
			do(t, err)
			if c.what == "" {
				if !rep.OK() {
					t.Error(rep.Problems)
				}
				return
			}
			found := false
			for _, p := range rep.Problems {
				found = found || p.What == c.what && p.Run == c.run
			}
			if !found {
				t.Errorf("%v, want %s of %s", rep.Problems, c.what, c.run)
			}
		})
	}
}

// killed leaves the directory as a process would that was killed now.
func killed(t *testing.T, s *segments.Segments, dir string) {
	t.Helper()
	ledger := linesOf(t, segment(dir, "ledger"))
	do(t, s.Close())
	put(t, segment(dir, "ledger"), ledger...)
}

// TestSealOfRun: a run's own seal, as it is made at its end.
func TestSealOfRun(t *testing.T) {
	k := key(t, "ed25519")
	dir := t.TempDir()
	s := open(t, dir)
	write(t, s, "r1", 4, true)
	write(t, s, "r2", 4, true)
	sealed, err := s.Seal(t.Context(), k, "r1")
	do(t, err)
	if strings.Contains(sealed.Statement, "r2") || strings.Count(sealed.Statement, "\n") != 4 {
		t.Errorf("%s", sealed.Statement)
	}
	if _, err := s.Seal(t.Context(), k, "nope"); !errors.Is(err, journal.ErrNoRun) {
		t.Errorf("a seal of nothing: %v", err)
	}
	var last journal.Body
	for e, err := range s.Events(t.Context(), "notes", 0, false) {
		do(t, err)
		last = e.Body
	}
	if last != sealed {
		t.Errorf("noted %+v", last)
	}
	put(t, segment(dir, "r1"), chainAnew(linesOf(t, segment(dir, "r1"))[:4])...)
	if _, err := s.Seal(t.Context(), k); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("what is broken was sealed: %v", err)
	}
}

// mangled are the forms in which a mail or a ticket gives a text back.
var mangled = map[string]func(string) string{
	"as it was": func(s string) string { return s },
	"CRLF, among words": func(s string) string {
		return "Dear auditor,\r\n" + strings.ReplaceAll(s, "\n", "\r\n") + "regards\r\n"
	},
	"quoted":       func(s string) string { return "On Monday kim wrote:\n> " + strings.ReplaceAll(s, "\n", "\n> ") },
	"quoted twice": func(s string) string { return ">> " + strings.ReplaceAll(s, "\n", "\r\n>> ") + "\r\n> thanks\r\n" },
	"git show": func(s string) string {
		return "commit 0a1b\n\n    a seal\n\n@@ -0,0 +1,9 @@\n+" + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n+") + "\n"
	},
	"indented":        func(s string) string { return "    " + strings.ReplaceAll(s, "\n", "  \n    ") },
	"wrapped at 72":   func(s string) string { return wrapped(s, "\n") },
	"wrapped, quoted": func(s string) string { return "| " + wrapped(strings.ReplaceAll(s, "\n", "\n| "), "\n| ") },
}

// wrapped breaks long lines at their last space, as mailers do.
func wrapped(s, with string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if at := strings.LastIndexByte(l, ' '); len(l) > 72 && at > 2 {
			lines[i] = l[:at] + with + l[at+1:]
		}
	}
	return strings.Join(lines, "\n")
}

// TestSealsComeBack: a seal is read out of whatever a mail or a ticket made of it, its signature too, and is the text that was signed; of one
// in which a word was changed it is not.
func TestSealsComeBack(t *testing.T) {
	k := key(t, "ed25519")
	s := open(t, t.TempDir())
	write(t, s, "r1", 4, false)
	sealed, err := s.Seal(t.Context(), k)
	do(t, err)
	for name, mangle := range mangled {
		text := segments.Mailed(mangle(sealed.Statement + sealed.Signature))
		st, err := segments.ParseStatement(text)
		if err != nil || st.String() != sealed.Statement {
			t.Errorf("%s: %q came back as %q, %v", name, sealed.Statement, st, err)
			continue
		}
		sig, err := segments.ParseSSHSignature(segments.Unquote(text))
		if do(t, err); sig.Armor() != sealed.Signature {
			t.Errorf("%s: the signature came back as %s", name, sig.Armor())
		}
		if _, err := sig.Check([]byte(st.String())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		st.Heads[0].Events++
		if _, err := sig.Check([]byte(st.String())); err == nil {
			t.Errorf("%s: the signature holds for another text", name)
		}
	}
}

// TestSealsOfAFile: a file in which seals are collected holds all of them.
func TestSealsOfAFile(t *testing.T) {
	h := strings.Repeat("0a", 32)
	one, two := "tend journal seal 1\norigin ops@console1\ntime 2026-11-22T22:13:00Z\nr1 1 "+h+"\nSIG\n", "tend journal seal 1\norigin ops@console1\ntime 2026-11-23T22:13:00Z\nr1 2 "+h+"\nSIG\n"
	for text, want := range map[string]int{"": 1, "no seal\n": 1, one: 1, "words\n" + one: 1, "SIG\n" + one: 1, one + two: 2, "words\n> " + strings.ReplaceAll(one+two, "\n", "\n> "): 2, "+" + strings.ReplaceAll(one+two+one, "\n", "\n+"): 3} {
		got := segments.Seals(text)
		if len(got) != want || want > 1 && (strings.TrimSpace(got[0]) != strings.TrimSpace(one) || strings.TrimSpace(got[1]) != strings.TrimSpace(two)) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestParseStatement(t *testing.T) {
	h := strings.Repeat("0", 64)
	for _, bad := range []string{"", "tend journal seal 1", "tend journal seal 2\norigin a\ntime 2026-11-22T22:13:00Z\nr1 1 " + h,
		"tend journal seal 1\norigin ../x\ntime 2026-11-22T22:13:00Z\nr1 1 " + h, "tend journal seal 1\norigin a\ntime now\nr1 1 " + h,
		"tend journal seal 1\norigin a\ntime 2026-11-22T22:13:00Z\n", "tend journal seal 1\norigin a\ntime 2026-11-22T22:13:00Z\n../x 1 " + h,
		"tend journal seal 1\norigin a\ntime 2026-11-22T22:13:00Z\nr1 0 " + h, "tend journal seal 1\norigin a\ntime 2026-11-22T22:13:00Z\nr1 1 " + h[1:]} {
		if st, err := segments.ParseStatement(bad); err == nil {
			t.Errorf("%q read as %+v", bad, st)
		}
	}
}
