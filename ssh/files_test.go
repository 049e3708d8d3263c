package ssh_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tend/ssh"
	"tend/ssh/sshtest"
)

func noise(n int) ([]byte, string) {
	b := make([]byte, n)
	rand.Read(b)
	sum := sha256.Sum256(b)
	return b, hex.EncodeToString(sum[:])
}

func files(t *testing.T, c *ssh.Client, srv *sshtest.Server, name string) *ssh.Files {
	t.Helper()
	f, err := c.Files(ctxFor(t, 3*time.Minute), srv.Host(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	all, _ := os.ReadDir(dir)
	var got []string
	for _, e := range all {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("%s holds %q, want %q", dir, got, names)
	}
}

func TestPushAndPull(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	f := files(t, newClient(t, ssh.Options{}), srv, "a")
	dir := t.TempDir()
	dst := filepath.Join(dir, "with space\n'quote'")
	for _, n := range []int{0, 1, 5 << 20} {
		data, sum := noise(n)
		var last int64
		tr, err := f.Push(bytes.NewReader(data), dst, 0o640, func(done, total int64) { last = done })
		if err != nil || tr.SHA256 != sum || tr.Bytes != int64(n) || tr.Resumed != 0 || last != int64(n) {
			t.Fatalf("%d bytes: %+v %v, progress %d", n, tr, err, last)
		}
		got, _ := os.ReadFile(dst)
		st, err := os.Stat(dst)
		if err != nil || !bytes.Equal(got, data) || st.Mode().Perm() != 0o640 {
			t.Fatalf("%d bytes: %v %v", n, st, err)
		}
		only(t, dir, filepath.Base(dst))
		var back bytes.Buffer
		if tr, err := f.Pull(dst, &back, nil); err != nil || tr.SHA256 != sum || !bytes.Equal(back.Bytes(), data) {
			t.Errorf("%d bytes back: %+v %v", n, tr, err)
		}
	}
}

func TestPushIsTakenUpAfterACut(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	dir := t.TempDir()
	dst := filepath.Join(dir, "f")
	put(t, dst, "the old content")
	data, sum := noise(12 << 20)
	c := newClient(t, ssh.Options{})
	f := files(t, c, srv, "a")
	_, err := f.Push(bytes.NewReader(data), dst, 0o600, func(done, _ int64) {
		if done > 8<<20 {
			c.Drop("a")
		}
	})
	fault(t, err, ssh.LinkLost)
	if old, _ := os.ReadFile(dst); string(old) != "the old content" {
		t.Error("half a file took the place of the old one")
	}
	tr, err := files(t, c, srv, "a").Push(bytes.NewReader(data), dst, 0o600, nil)
	if err != nil || tr.SHA256 != sum || tr.Resumed == 0 {
		t.Errorf("%+v %v", tr, err)
	}
	if got, _ := os.ReadFile(dst); !bytes.Equal(got, data) {
		t.Error("the file is another")
	}
	only(t, dir, "f")
}

func TestPushOverATamperedPart(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	dir := t.TempDir()
	data, sum := noise(6 << 20)
	put(t, filepath.Join(dir, ".f.tend-"+sum[:16]), strings.Repeat("x", 5<<20))
	f := files(t, newClient(t, ssh.Options{}), srv, "a")
	_, err := f.Push(bytes.NewReader(data), filepath.Join(dir, "f"), 0o600, nil)
	fault(t, err, ssh.FileFault)
	only(t, dir)
	if _, err := f.Push(bytes.NewReader(data), filepath.Join(dir, "f"), 0o600, nil); err != nil {
		t.Error(err)
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	remote, local := t.TempDir(), t.TempDir()
	src, dst := filepath.Join(remote, "f"), filepath.Join(local, "g")
	data, sum := noise(9 << 20)
	put(t, src, string(data))
	c := newClient(t, ssh.Options{})
	_, err := files(t, c, srv, "a").Fetch(src, dst, 0o644, func(done, _ int64) {
		if done > 4<<20 {
			c.Drop("a")
		}
	})
	fault(t, err, ssh.LinkLost)
	tr, err := files(t, c, srv, "a").Fetch(src, dst, 0o644, nil)
	if err != nil || tr.SHA256 != sum || tr.Resumed == 0 || tr.Bytes != int64(len(data)) {
		t.Errorf("%+v %v", tr, err)
	}
	if got, _ := os.ReadFile(dst); !bytes.Equal(got, data) {
		t.Error("the file is another")
	}
	only(t, local, "g")
}

func TestFileFaults(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	f := files(t, c, srv, "a")
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "absent"), "/dev/zero"} {
		_, err := f.Pull(path, &bytes.Buffer{}, nil)
		if e := fault(t, err, ssh.FileFault); !strings.Contains(err.Error(), path) || e.Host != "a" {
			t.Errorf("%v", err)
		}
	}
	_, err := f.Push(strings.NewReader("x"), filepath.Join(dir, "absent", "f"), 0o600, nil)
	fault(t, err, ssh.FileFault)
	os.Mkdir(filepath.Join(dir, "d"), 0o755)
	_, err = f.Push(strings.NewReader("x"), filepath.Join(dir, "d"), 0o600, nil)
	fault(t, err, ssh.FileFault)

	without := sshtest.Start(t, sshtest.Config{Lines: []string{"ForceCommand exit 0"}})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := c.Files(ctx, without.Host("b")); err == nil {
		t.Error("files of a host that has no SFTP")
	}
}

func TestFilesEndWithTheirContext(t *testing.T) {
	t.Parallel()
	srv := sshtest.Start(t, sshtest.Config{})
	c := newClient(t, ssh.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	f, err := c.Files(ctx, srv.Host("a"))
	if err != nil {
		t.Fatal(err)
	}
	srv.Freeze()
	defer srv.Thaw()
	go cancel()
	start := time.Now()
	data, _ := noise(1 << 20)
	_, err = f.Push(bytes.NewReader(data), filepath.Join(t.TempDir(), "f"), 0o600, nil)
	fault(t, err, ssh.Cancelled)
	f.Close()
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %s", d)
	}
	_, err = c.Files(ctx, srv.Host("b")) // of which nothing is known
	fault(t, err, ssh.Cancelled)
}

// TestPushThatTheHostCannotHold: a host whose disk (here: whose limit) ends in mid-file leaves nothing under the name, and what was there before
// as it was.
func TestPushThatTheHostCannotHold(t *testing.T) {
	t.Parallel()
	prlimit := tool(t, "prlimit")
	srv := sshtest.Start(t, sshtest.Config{Under: []string{prlimit, "--fsize=1000000"}})
	data, _ := noise(4 << 20)
	for _, old := range []string{"", "the old content"} {
		dst := filepath.Join(t.TempDir(), "f")
		if old != "" {
			put(t, dst, old)
		}
		c := newClient(t, ssh.Options{})
		f := files(t, c, srv, "a")
		if tr, err := f.Push(bytes.NewReader(data), dst, 0o600, nil); err == nil {
			t.Errorf("%+v: no error", tr)
		}
		if got, err := os.ReadFile(dst); string(got) != old || (old == "") != os.IsNotExist(err) {
			t.Errorf("%d bytes under the name, %v", len(got), err)
		}
		f.Close()
		c.Close()
	}
}
