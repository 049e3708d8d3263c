package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tend/journal/index"
	"tend/journal/segments"
	"tend/ssh/sshtest"
)

// suiteSecrets are all that tests of the command line type, pass or let hosts print and that must stay nowhere. After each test that has a
// site, and each script, every file of its state is searched for every one of them.
var suiteSecrets = []string{
	"hunter2-tophat",       // a secret parameter, and what was typed into a shell without being shown
	"AKIA0123456789ABCDEF", // what a pattern of the settings is about
	"correct horse",        // the passphrase of a key
	"netbox-t0ken-5577",    // the token of an import
}

// spellings are the forms in which a file could hold a secret.
func spellings(secret string) []string {
	b := []byte(secret)
	out := []string{secret, hex.EncodeToString(b)}
	for shift := range 3 { // within a longer text, base64 begins at any of three places
		enc := base64.StdEncoding.EncodeToString(append(bytes.Repeat([]byte{0}, shift), b...))
		out = append(out, enc[[]int{0, 2, 3}[shift]:len(enc)-4])
	}
	quoted, _ := json.Marshal(secret)
	return append(out, strings.Trim(string(quoted), `"`))
}

// leaks lists the files below a directory that hold a secret, and how many files there are.
func leaks(t testing.TB, dir string) (found []string, files int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil // gone meanwhile, or a socket
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		files++
		for _, secret := range suiteSecrets {
			for _, s := range spellings(secret) {
				if bytes.Contains(b, []byte(s)) {
					found = append(found, secret+" in "+path)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return found, files
}

// holdsNoSecret is run when a test's processes have ended.
func holdsNoSecret(t testing.TB, state string) {
	t.Helper()
	if found, _ := leaks(t, state); len(found) > 0 {
		t.Errorf("secrets are kept: %s", strings.Join(found, "; "))
	}
}

// TestNoSecretAnywhere: a secret parameter that a host repeats in one piece and in two, one that a pattern is about, in output, in a note, in
// a reason and a ticket: not in the segments, not in the index, and not in the WAL of an index that somebody else has open.
func TestNoSecretAnywhere(t *testing.T) {
	scriptsOnly(t)
	s := newSite(t, sshtest.Start(t, sshtest.Config{}), 1, "").withBook(`title = "says what it should not"
risk = "change"
[[param]]
name = "token"
secret = true
[[step]]
id = "say"
script = '''
echo "the token is $token"
printf 'hunter2-'; printf 'tophat\n'
echo "key AKIA0123456789ABC""DEF of somebody" >&2
echo "leak=$token"
'''
[step.facts]
leak = "string"
`)
	s.write("home/.config/tend/config.toml", "[journal]\nredact = [\"AKIA[0-9A-Z]{16}\"]\n")
	run := func() {
		s.ok("run", "own", "real-1", "--set", "token="+suiteSecrets[0], "--yes", "--reason", "because of "+suiteSecrets[1], "--ticket", suiteSecrets[1])
		s.ok("note", "--run", "last", "it used "+suiteSecrets[1])
		s.ok("journal", "search", "token")
	}
	run()
	dir := filepath.Join(s.dir, "state", "tend", "journal")
	book, err := segments.Open(dir, "looker", segments.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	x, err := index.Open(filepath.Join(dir, "index.db"), book)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	run()
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f, err := x.Search(t.Context(), index.Search{Text: "somebody"}); err != nil || len(f.Hits) < 2 {
		t.Errorf("the output around it is not found: %d hits, %v", len(f.Hits), err)
	}
	if info, err := os.Stat(filepath.Join(dir, "index.db-wal")); err != nil || info.Size() == 0 {
		t.Errorf("there is no WAL to look at: %v", err)
	}
	found, files := leaks(t, filepath.Join(s.dir, "state"))
	if len(found) > 0 || files < 5 {
		t.Errorf("%d files; %s", files, strings.Join(found, "; "))
	}
	probe := t.TempDir() // the search itself finds each, in each spelling
	for i, secret := range suiteSecrets {
		for _, spelt := range append(spellings(secret), base64.StdEncoding.EncodeToString([]byte("ab "+secret+" yz"))) {
			if err := os.WriteFile(filepath.Join(probe, "f"), []byte("x"+spelt+"x"), 0o600); err != nil {
				t.Fatal(err)
			}
			if found, _ := leaks(t, probe); len(found) == 0 {
				t.Errorf("secret %d is not found as %q", i, spelt)
			}
		}
	}
}
