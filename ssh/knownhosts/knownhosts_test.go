package knownhosts

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// keyOf makes a well-formed ed25519 key from a number.
func keyOf(n int) (blob []byte, line string) {
	pub := make([]byte, ed25519.PublicKeySize)
	binary.BigEndian.PutUint32(pub, uint32(n))
	for _, f := range [][]byte{[]byte("ssh-ed25519"), pub} {
		blob = binary.BigEndian.AppendUint32(blob, uint32(len(f)))
		blob = append(blob, f...)
	}
	return blob, "ssh-ed25519 " + base64.StdEncoding.EncodeToString(blob)
}

func load(t *testing.T, text string) *DB {
	t.Helper()
	db, err := Parse(strings.NewReader(text), "kh")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestLookup(t *testing.T) {
	_, a := keyOf(1)
	_, b := keyOf(2)
	db := load(t, strings.Join([]string{
		"# comment", "", "web,10.0.0.1 " + a, "[web]:2222 " + b + " a comment", "*.example.com,!bad.example.com " + a,
		Hash("hidden") + " " + a, Hash("[hidden]:2222") + " " + b, "@cert-authority *.ca.org " + a, "@revoked * " + b, "MixedCase " + a,
	}, "\n"))
	for name, want := range map[string][3]int{ // keys, authorities, revoked
		"web": {1, 0, 1}, "10.0.0.1": {1, 0, 1}, "[web]:2222": {1, 0, 1}, "x.example.com": {1, 0, 1}, "bad.example.com": {0, 0, 1},
		"hidden": {1, 0, 1}, "HIDDEN": {1, 0, 1}, "[hidden]:2222": {1, 0, 1}, "h.ca.org": {0, 1, 1}, "mixedcase": {1, 0, 1}, "nobody": {0, 0, 1}, "webx": {0, 0, 1},
	} {
		for range 2 { // the second time from the memory of the first
			s := db.Lookup(name)
			if got := [3]int{len(s.Keys), len(s.CAs), len(s.Revoked)}; got != want {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		}
	}
	if e := db.Lookup("[web]:2222").Keys[0]; e.File != "kh" || e.Line != 4 || e.Type != "ssh-ed25519" {
		t.Errorf("%+v", e)
	}
	if len(db.Warnings()) > 0 {
		t.Errorf("warnings: %v", db.Warnings())
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		host string
		port int
		want string
	}{{"Web", 22, "web"}, {"web.", 0, "web"}, {"web", 2222, "[web]:2222"}, {"FE80::1", 22, "fe80::1"}, {"fe80::1", 23, "[fe80::1]:23"}} {
		if got := Name(tt.host, tt.port); got != tt.want {
			t.Errorf("%s %d: %s, want %s", tt.host, tt.port, got, tt.want)
		}
	}
}

// TestBadLines: each bad line is a warning with its number, and hides nothing of its neighbours.
func TestBadLines(t *testing.T) {
	blob, good := keyOf(1)
	cut := good[:len(good)-8]
	bad := []string{
		"web", "web ssh-ed25519", "web " + cut, "web ssh-rsa " + strings.Fields(good)[1], "web ssh-ed25519 !!!!", "@what web " + good,
		"|1|c2hvcnQ=|c2hvcnQ= " + good, "|2|a|b " + good, "web 1024 35 1234567890", "web ssh-ed25519 " + base64.StdEncoding.EncodeToString(append(bytes.Clone(blob), 0)),
		"web ssh-future AAAACnNzaC1mdXR1cmU=", "web\x00 " + good, "web ssh-ed25519 AAAA", strings.Repeat("x", maxLine+1) + " " + good,
	}
	for i, line := range bad {
		db := load(t, "first "+good+"\n"+line+"\nlast "+good)
		w := db.Warnings()
		if len(w) != 1 || w[0].Line != 2 || !strings.HasPrefix(w[0].String(), "kh:2: ") {
			t.Errorf("%d %.40q: warnings %v", i, line, w)
		}
		if len(db.Lookup("first").Keys) != 1 || len(db.Lookup("last").Keys) != 1 || len(db.Lookup("web").Keys) != 0 {
			t.Errorf("%d %.40q: the neighbours are hidden, or the line was believed", i, line)
		}
	}
}

func TestFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	if w := Load(filepath.Join(dir, "absent")).Warnings(); len(w) != 0 {
		t.Errorf("an absent file: %v", w)
	}
	if w := Load(os.DevNull).Warnings(); len(w) != 0 {
		t.Errorf("no file: %v", w)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, fifo, "/dev/zero"} {
		if w := Load(path).Warnings(); len(w) != 1 || !strings.Contains(w[0].String(), path) || !strings.Contains(w[0].String(), "not a regular file") {
			t.Errorf("%s: %v", path, w)
		}
	}
}

func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "kh")
	blob, good := keyOf(7)
	os.MkdirAll(filepath.Dir(path), 0o700)
	os.WriteFile(path, []byte("torn ssh-ed25519 AAAA"), 0o600)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if err := Append(path, fmt.Sprintf("host%d", i), "ssh-ed25519", blob); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	db := Load(path)
	if w := db.Warnings(); len(w) != 1 || w[0].Line != 1 {
		t.Errorf("only the torn line should be: %v", w)
	}
	for i := range 50 {
		if len(db.Lookup(fmt.Sprintf("host%d", i)).Keys) != 1 {
			t.Errorf("host%d is not there", i)
		}
	}
	for _, name := range []string{"", "a b", "a\nb " + good, "a,b"} {
		if Append(path, name, "ssh-ed25519", blob) == nil {
			t.Errorf("%q was taken for a name", name)
		}
	}
}

// TestAgainstSSHKeygen: what ssh-keygen finds, we find, hashed by it and by us.
func TestAgainstSSHKeygen(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("ssh-keygen (package openssh-client) is not installed, and CI=true wants it")
		}
		t.Skip("ssh-keygen (package openssh-client) is not installed")
	}
	path := filepath.Join(t.TempDir(), "kh")
	_, k := keyOf(3)
	names := []string{"web", "10.1.2.3", "[web]:2222", "[10.1.2.3]:99", "some-long-name.sub.example.com"}
	for _, n := range names {
		f, _ := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		fmt.Fprintf(f, "%s %s\n", n, k)
		f.Close()
	}
	if out, err := exec.Command(keygen, "-H", "-f", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	db := Load(path)
	for _, n := range names {
		if len(db.Lookup(n).Keys) != 1 {
			t.Errorf("%s, hashed by ssh-keygen, is not found", n)
		}
	}
	ours := filepath.Join(t.TempDir(), "ours")
	os.WriteFile(ours, []byte(Hash("[web]:2222")+" "+k+"\n"), 0o600)
	if out, err := exec.Command(keygen, "-F", "[web]:2222", "-f", ours).Output(); err != nil || !strings.Contains(string(out), "found: line 1") {
		t.Errorf("ssh-keygen does not find what we hashed: %v %s", err, out)
	}
}

func FuzzParse(f *testing.F) {
	_, k := keyOf(1)
	f.Add("web "+k+"\n@revoked * "+k+"\n"+Hash("x")+" "+k, "web")
	f.Add("|1|", "")
	f.Fuzz(func(t *testing.T, text, name string) {
		db, err := Parse(strings.NewReader(text), "f")
		if err != nil {
			t.Skip()
		}
		s := db.Lookup(name)
		for _, e := range append(append(s.Keys, s.CAs...), s.Revoked...) {
			if checkBlob(e.Type, e.Blob) != nil || e.Line < 1 {
				t.Errorf("believed %+v", e)
			}
		}
		for _, w := range db.Warnings() {
			if strings.ContainsAny(w.String(), "\x1b\r\n") {
				t.Errorf("raw bytes in %q", w.String())
			}
		}
	})
}

// BenchmarkLookup asks for a fleet of 1,000 names, each once, in a file of that many lines.
func BenchmarkLookup(b *testing.B) {
	for _, form := range []string{"plain", "hashed"} {
		b.Run(form, func(b *testing.B) {
			var text strings.Builder
			for i := range 1000 {
				_, k := keyOf(i)
				name := fmt.Sprintf("host-%d.example.com", i)
				if form == "hashed" {
					name = Hash(name)
				}
				text.WriteString(name + " " + k + "\n")
			}
			for b.Loop() {
				db, _ := Parse(strings.NewReader(text.String()), "b")
				for i := range 1000 {
					if len(db.Lookup(fmt.Sprintf("host-%d.example.com", i)).Keys) != 1 {
						b.Fatal("lost")
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/host")
		})
	}
}
