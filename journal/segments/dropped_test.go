package segments_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"tend/journal"
	"tend/journal/segments"
)

// TestLetGoIsTold: that runs were let go is never silent, for whoever can write the ledger can enter it; verify says what a seal signs of it,
// and whose, and what was let go since an older seal.
func TestLetGoIsTold(t *testing.T) {
	k := key(t, "ed25519")
	s := open(t, t.TempDir())
	for _, run := range []journal.RunID{"r1", "r2", "r3"} {
		write(t, s, run, 4, true)
	}
	old, err := s.Seal(t.Context(), k)
	do(t, err)
	before, err := segments.ParseStatement(old.Statement)
	do(t, err)
	said := func(when, want, since string) {
		t.Helper()
		rep := verify(t, s)
		against, err := s.Against(t.Context(), before)
		do(t, err)
		if !rep.OK() || !against.OK() {
			t.Errorf("%s: %v %v", when, rep.Problems, against.Problems)
		}
		if got := remarks(rep); !regexp.MustCompile("^" + want + "$").MatchString(got) {
			t.Errorf("%s: %q, want %s", when, got, want)
		}
		if got := remarks(against); !strings.Contains(got, since) || since == "" && got != "" {
			t.Errorf("%s, against the seal: %q, want %s", when, got, since)
		}
	}
	said("nothing is gone", "", "")
	do(t, s.Drop(t.Context(), "r1"))
	said("one is gone", "runs: 1, recordings: 0, .* no seal signs that: .*", "runs: 1, recordings: 0, from this entry on; since the seal")
	_, err = s.Seal(t.Context(), k)
	do(t, err)
	said("that is sealed", "runs: 1, .* sealed by SHA256:[A-Za-z0-9+/]{43}", "since the seal")
	do(t, s.Drop(t.Context(), "r2"))
	said("another is gone", "runs: 1, .* sealed by SHA256:[A-Za-z0-9+/]{43}/runs: 1, .* no seal signs that.*", "runs: 2, ")
}

// remarks are the texts of those about what was let go.
func remarks(rep segments.Report) string {
	var all []string
	for _, r := range rep.Remarks {
		if r.What == segments.LetGo {
			all = append(all, r.Text)
		}
	}
	return strings.Join(all, "/")
}

// TestForgedLetGo: somebody removes a run and enters in the ledger that retention did, with a summary of his own. A run of another length or
// with another end than the ledger or a seal knows is damage; one told truly is a remark that no seal signs.
func TestForgedLetGo(t *testing.T) {
	k := key(t, "ed25519")
	for name, c := range map[string]struct {
		events int
		last   string // "" = the true one
		what   segments.Damage
	}{
		"another end": {4, strings.Repeat("ab", 32), segments.Rewritten},
		"shorter":     {3, "", segments.CutOff},
		"as it was":   {4, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			write(t, s, "r1", 4, true)
			write(t, s, "r2", 4, true)
			sealed, err := s.Seal(t.Context(), k)
			do(t, err)
			st, err := segments.ParseStatement(sealed.Statement)
			do(t, err)
			do(t, s.Drop(t.Context(), "r1"))
			l := linesOf(t, segment(dir, "ledger"))
			l = l[:len(l)-1]
			end := len(l) - 1
			forged := bytes.Replace(l[end], []byte(`"events":4`), fmt.Appendf(nil, `"events":%d`, c.events), 1)
			if c.last != "" {
				forged = regexp.MustCompile(`"last":"[0-9a-f]+"`).ReplaceAll(forged, []byte(`"last":"`+c.last+`"`))
			}
			put(t, segment(dir, "ledger"), append(l[:end], rehash(forged))...)
			rep, err := fresh(t, dir).Against(t.Context(), st)
			do(t, err)
			if c.what == "" {
				if !rep.OK() || !strings.Contains(remarks(rep), "no seal signs that") {
					t.Errorf("%v, %v", rep.Problems, rep.Remarks)
				}
			} else if len(rep.Problems) != 1 || rep.Problems[0].What != c.what || rep.Problems[0].Run != "ledger" {
				t.Errorf("%v, want %s", rep.Problems, c.what)
			}
		})
	}
}
