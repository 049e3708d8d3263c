package ssh_test

import (
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pkg/sftp"
	xssh "golang.org/x/crypto/ssh"

	"tend/ssh"
)

// liar is an SFTP server whose one file is said to hold size bytes, and holds as many as anybody reads.
type liar struct {
	size int64
	sent atomic.Int64
}

func (l *liar) Fileread(*sftp.Request) (io.ReaderAt, error) { return l, nil }
func (l *liar) ReadAt(p []byte, _ int64) (int, error) {
	if l.sent.Add(int64(len(p))) > 256<<20 {
		return 0, io.EOF // the test has failed, and needs not fill the disk to say so
	}
	return len(p), nil
}
func (l *liar) Filelist(*sftp.Request) (sftp.ListerAt, error) { return l, nil }
func (l *liar) ListAt(out []os.FileInfo, at int64) (int, error) {
	if at > 0 || len(out) == 0 {
		return 0, io.EOF
	}
	out[0] = l
	return 1, io.EOF
}
func (l *liar) Name() string       { return "f" }
func (l *liar) Size() int64        { return l.size }
func (l *liar) Mode() fs.FileMode  { return 0o644 }
func (l *liar) ModTime() time.Time { return time.Unix(1, 0) }
func (l *liar) IsDir() bool        { return false }
func (l *liar) Sys() any           { return nil }

// speak serves the liar's files on every session of the connection.
func (l *liar) speak(nc net.Conn, cfg *xssh.ServerConfig) {
	conn, sessions := login(nc, cfg)
	if conn == nil {
		return
	}
	defer conn.Close()
	for ch, creqs := range sessions {
		go func() {
			for r := range creqs {
				_ = r.Reply(r.Type == "subsystem", nil)
				if r.Type == "subsystem" {
					go func() {
						_ = sftp.NewRequestServer(ch, sftp.Handlers{FileGet: l, FileList: l}).Serve()
						_ = ch.Close()
					}()
				}
			}
		}()
	}
}

// TestEndlessFile: a host that sends more than it said fills no disk of the console: the file is refused where it should have ended, and
// nothing of it is left.
func TestEndlessFile(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{0, 10, 3 << 20} {
		l := &liar{size: size}
		p := serve(t, &xssh.ServerConfig{NoClientAuth: true}, l.speak)
		f, err := newClient(t, ssh.Options{}).Files(ctxFor(t, time.Minute), p.host("evil"))
		if err != nil {
			t.Fatal(err)
		}
		local := t.TempDir()
		_, err = f.Fetch("/f", filepath.Join(local, "g"), 0o600, nil)
		if fault(t, err, ssh.FileFault); !strings.Contains(err.Error(), "holds more than its host said") {
			t.Errorf("%d bytes: %v", size, err)
		}
		only(t, local)
		f.Close()
		if n := l.sent.Load(); n > size+64<<20 {
			t.Errorf("%d bytes were taken of a file of %d", n, size)
		}
	}
}

// TestFetchFollowsNoLink: a part file's name can be foretold, and where others may write it may be a link of theirs.
func TestFetchFollowsNoLink(t *testing.T) {
	t.Parallel()
	l := &liar{size: 10}
	p := serve(t, &xssh.ServerConfig{NoClientAuth: true}, l.speak)
	f, err := newClient(t, ssh.Options{}).Files(ctxFor(t, time.Minute), p.host("evil"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	local, mine := t.TempDir(), filepath.Join(t.TempDir(), "mine")
	if err := os.Symlink(mine, filepath.Join(local, ".g.tend-10-1")); err != nil {
		t.Fatal(err)
	}
	_, err = f.Fetch("/f", filepath.Join(local, "g"), 0o600, nil)
	fault(t, err, ssh.FileFault)
	if _, err := os.Lstat(mine); err == nil {
		t.Error("the link was followed")
	}
}
