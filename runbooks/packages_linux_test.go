package runbooks

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestLocksOfAContainer: what is locked in a root laid over this machine's files has the same inode, and is no lock of this machine's.
func TestLocksOfAContainer(t *testing.T) {
	const lock = "/var/lib/dpkg/lock"
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, ""); err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	for _, d := range []string{"up", "work", "root"} {
		if err := os.Mkdir(dir+"/"+d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mount("overlay", dir+"/root", "overlay", 0, "lowerdir=/,upperdir="+dir+"/up,workdir="+dir+"/work"); err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	defer syscall.Unmount(dir+"/root", syscall.MNT_DETACH)
	f, err := os.OpenFile(dir+"/root"+lock, os.O_RDONLY, 0)
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	defer f.Close()
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_RDLCK}); err != nil {
		t.Fatal(err)
	}
	seen, err := os.ReadFile("/proc/locks")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(lock)
	if err != nil {
		t.Fatal(err)
	}
	if inode := fmt.Sprintf(":%d ", info.Sys().(*syscall.Stat_t).Ino); !strings.Contains(string(seen), inode) {
		t.Skipf("SKIPPED: this overlay has inodes of its own")
	}
	for name, argv := range shells(t) {
		if out, _, _ := run(t, argv, lib("tend_pm=apt\ntend_locks")); out != "" {
			t.Errorf("%s: %q", name, out)
		}
	}
}
