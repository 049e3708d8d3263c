package ssh_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/ssh"
	"tend/ssh/sshtest"
)

// TestDropbear is the server of routers and initramfs: another implementation, other algorithms, no SFTP of its own.
func TestDropbear(t *testing.T) {
	t.Parallel()
	bear, keygen := tool(t, "dropbear"), tool(t, "dropbearkey")
	dir := t.TempDir()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	hostKey := filepath.Join(dir, "host")
	out, err := exec.Command(keygen, "-t", "ed25519", "-f", hostKey).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	line := regexp.MustCompile(`(?m)^ssh-ed25519 \S+`).FindString(string(out))
	key := filepath.Join(dir, "client")
	pub := sshtest.WriteKey(t, key, sshtest.NewKey(t, "ed25519"), "")
	if err := os.Mkdir(filepath.Join(dir, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, ".ssh", "authorized_keys"), keyLine(pub))
	put(t, filepath.Join(dir, "passwd"), fmt.Sprintf("%s:x:%s:%s::%s:/bin/sh\n", me.Username, me.Uid, me.Gid, dir))
	under := over(t, map[string]string{"/etc/passwd": filepath.Join(dir, "passwd")})
	port := dropbearAt(t, append(under, bear), hostKey, dir)
	known := filepath.Join(dir, "known")
	put(t, known, fmt.Sprintf("[127.0.0.1]:%d %s\n", port, line))
	h := inventory.Host{Name: "router", Addr: "127.0.0.1", Port: port, User: me.Username, Identity: []string{key}, KnownHosts: []string{known}}
	c := newClient(t, ssh.Options{})
	exit, said, bad, err := run(t, c, h, "echo out; echo err >&2; exit 7")
	if err != nil || exit != 7 || said != "out\n" || bad != "err\n" {
		t.Fatalf("%d %q %q %v", exit, said, bad, err)
	}
	big := strings.Repeat(base64.StdEncoding.EncodeToString([]byte("0123456789ab"))+"\n", 20000)
	var got strings.Builder
	if exit, err := c.Exec(ctxFor(t, 3*time.Minute), h, "cat", strings.NewReader(big), &got, nil); err != nil || exit != 0 || got.String() != big {
		t.Errorf("%d bytes of %d came back: %d %v", got.Len(), len(big), exit, err)
	}
	long := "echo " + strings.Repeat("x", 40<<10) // more than its packets hold: it would end the connection, and nobody knew what became of the command
	var e *ssh.Error
	if _, _, _, err := run(t, c, h, long); !errors.As(err, &e) || e.Kind != ssh.LongLine || !e.NotStarted() {
		t.Errorf("a long line: %v", err)
	}
	if exit, said, _, err := run(t, c, h, "echo still there"); err != nil || exit != 0 || said != "still there\n" {
		t.Errorf("after a long line: %d %q %v", exit, said, err)
	}
	if k, err := c.HostKey(context.Background(), h); err != nil || k.State != "" {
		t.Errorf("%+v %v", k, err)
	}
}

// dropbearAt starts dropbear on a free port and returns when it listens.
func dropbearAt(t *testing.T, bear []string, hostKey, dir string) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	ctx, stop := context.WithCancel(context.Background())
	args := append(bear[1:], "-F", "-E", "-s", "-r", hostKey, "-P", filepath.Join(dir, "pid"), "-p", fmt.Sprintf("127.0.0.1:%d", port))
	cmd := exec.CommandContext(ctx, bear[0], args...)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		cmd.Wait()
		log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("dropbear says:\n%s", text)
		}
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(time.Minute); ; {
		if nc, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			nc.Close()
			return port
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("dropbear does not listen")
		}
	}
}
