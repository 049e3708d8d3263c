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

// TestLocksByPIDFile: zypper, dnf and yum leave their number in a file; that of a process that is gone holds nothing. Who waits says for whom,
// each half minute.
func TestLocksByPIDFile(t *testing.T) {
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	for name, argv := range shells(t) {
		dir, path := fakes(t, map[string]string{"ls": "", "sleep": ""})
		var moved []string
		var want strings.Builder
		held := fmt.Sprintf("%d %s %s/", os.Getpid(), strings.TrimSpace(string(comm)), dir)
		for i, file := range []string{"/run/zypp.pid", "/var/run/zypp.pid", "/var/cache/dnf/metadata_lock.pid", "/var/lib/dnf/rpmdb_lock.pid", "/var/run/yum.pid"} {
			moved = append(moved, " "+file, fmt.Sprint(" ", dir, "/", i))
			fmt.Fprintf(&want, "%s%d\n", held, i)
		}
		want.WriteString(strings.Repeat("waiting for the lock held by process "+held+"0\n", 2))
		body := fmt.Sprintf("cd %s\nfor i in 0 1 2 3 4; do echo %d >$i; tend_locks; echo 999999999 >$i; tend_locks; rm $i; done\necho %[2]d >0\ntend_wait_lock 35", dir, os.Getpid())
		out, stderr, exit := run(t, argv, strings.NewReplacer(moved...).Replace(lib("tend_pm=zypper"))+body, path)
		if out != want.String() || exit != 1 || !strings.HasPrefix(stderr, "the package manager is still locked after 35 s, by "+held) {
			t.Errorf("%s: exit %d, %q, want %q; %q", name, exit, out, want.String(), stderr)
		}
	}
}

// TestUpgradeAsksNobody: nobody is there to answer debconf, ucf or apt-listchanges, and services are restarted once, afterwards.
func TestUpgradeAsksNobody(t *testing.T) {
	_, path := fakes(t, map[string]string{"apt-get": `env | grep -E '^(DEBIAN|NEEDRESTART|APT_LIST|UCF)' | sort`})
	const all = "APT_LISTCHANGES_FRONTEND=none\nDEBIAN_FRONTEND=noninteractive\nNEEDRESTART_SUSPEND=1\n"
	for conffile, want := range map[string]string{"keep": all + "UCF_FORCE_CONFFOLD=1\n", "new": all + "UCF_FORCE_CONFFNEW=1\n"} {
		for name, argv := range shells(t) {
			if out, stderr, _ := run(t, argv, lib("tend_pm=apt scope=all packages='' exclude='' conffile="+conffile+"\ntend_upgrade"), path); out != want {
				t.Errorf("%s, %s: %q, %s", name, conffile, out, stderr)
			}
		}
	}
}
