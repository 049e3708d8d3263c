package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tend/ssh/sshtest"
)

// debian is a throwaway Debian system behind a real sshd: real apt and dpkg, an archive of tiny packages, and nothing of this machine
// that they could touch. Whoever logs in finds himself in it.
type debian struct {
	*site
	srv   *sshtest.Server
	root  string   // its root, as this process sees it
	enter []string // what goes before a command that is to run in its namespaces, where it has its own
}

// debianRoot is a file that holds what debootstrap installs (.ci/debian-root makes it, once, since that takes minutes), unpacked. A Debian
// machine without one is its own model: its root lies below a layer that is thrown away, and is only read.
func debianRoot(t *testing.T) (lower string) {
	t.Helper()
	for _, tool := range []string{"apt-get", "dpkg-deb", "unshare", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			cannotRun(t, "for want of "+tool)
		}
	}
	if os.Getuid() != 0 {
		cannotRun(t, "since it takes root to make a throwaway root")
	}
	file := debianFile()
	if _, err := os.Stat(file); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v: .ci/debian-root makes it", err)
		}
		t.Logf("%v (.ci/debian-root makes it): this machine's own root is the model", err)
		return "/"
	}
	return unpacked(t, file)
}

// debianFile is where .ci/debian-root puts the smallest system.
func debianFile() string {
	if f := os.Getenv("TEND_DEBIAN_ROOT"); f != "" {
		return f
	}
	cache, _ := os.UserCacheDir()
	return filepath.Join(cache, "tend", "debian-root.tar")
}

func unpacked(t *testing.T, file string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "tar", "-C", dir, "-xpf", file).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	return dir
}

func cannotRun(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal("cannot run " + why)
	}
	t.Skip("SKIPPED " + why)
}

// apart is run before sshd, in a mount namespace that goes with it: the system below is only read, and all that is written goes to memory.
const apart = `
set -e
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$1,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
mkdir -p /mnt/root/proc /mnt/root/dev /mnt/root/run
mount -t proc proc /mnt/root/proc
mount --rbind /dev /mnt/root/dev
mount -t tmpfs -o mode=755 tmpfs /mnt/root/run
echo $$ >"$2"
shift 2
exec "$@"
`

// newDebian starts one whose writable layer is empty, with a site whose host real-1 it is.
func newDebian(t *testing.T, lower string) *debian {
	t.Helper()
	pid := filepath.Join(t.TempDir(), "pid")
	under := []string{"unshare", "-m", "sh", "-c", apart, "sh", lower, pid}
	if out, err := exec.Command(under[0], append(slices.Clone(under[1:]), "true")...).CombinedOutput(); err != nil {
		cannotRun(t, fmt.Sprintf("since this machine allows no mounts: %v, %s", err, out))
	}
	srv := sshtest.Start(t, sshtest.Config{Under: under, Lines: []string{"ChrootDirectory /mnt/root"}})
	b, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	d := &debian{site: newSite(t, srv, 1, ""), srv: srv, root: "/proc/" + strings.TrimSpace(string(b)) + "/root/mnt/root"}
	d.env = append(d.env, "TEND_JOB_ROOT=") // the usual places: they are its own
	d.archives()
	return d
}

// archives puts two empty ones of ours in the place of the distribution's.
func (d *debian) archives() {
	d.t.Helper()
	root := d.within()
	defer root.Close()
	for _, path := range []string{"etc/apt/sources.list.d", ".dockerenv"} { // a model may be a container, which is never restarted
		if err := root.RemoveAll(path); err != nil {
			d.t.Fatal(err)
		}
	}
	d.put("/etc/apt/sources.list", "deb [trusted=yes] file:/srv/stable ./\ndeb [trusted=yes] file:/srv/stable-security ./\n")
	for _, suite := range []string{"stable", "stable-security"} {
		d.put("/srv/"+suite+"/Packages", "")
		d.put("/srv/"+suite+"/Release", "Label: Test\nSuite: "+suite+"\nVersion: 1\nCodename: x\n")
	}
}

func (d *debian) put(path, text string) { d.program(path, text, 0o644) }

// program is put for a file of another mode. A file that is there goes first: it may be a link, and one that begins with a slash leads out of
// here, to the program of the machine that the tests run on.
func (d *debian) program(path, text string, mode os.FileMode) {
	d.t.Helper()
	path = strings.TrimPrefix(path, "/")
	root := d.within()
	defer root.Close()
	err := root.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		if err = root.Remove(path); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = errors.Join(root.WriteFile(path, []byte(text), mode), root.Chmod(path, mode))
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// within is its file system: nothing that is asked of it leads out.
func (d *debian) within() *os.Root {
	d.t.Helper()
	root, err := os.OpenRoot(d.root)
	if err != nil {
		d.t.Fatal(err)
	}
	return root
}

func (d *debian) read(path string) string {
	d.t.Helper()
	root := d.within()
	defer root.Close()
	b, err := root.ReadFile(strings.TrimPrefix(path, "/"))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(b)
}

// in runs a command in the throwaway system and returns what it said.
func (d *debian) in(argv ...string) string {
	d.t.Helper()
	out, err := d.try(argv...)
	if err != nil {
		d.t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	return out
}

func (d *debian) try(argv ...string) (string, error) {
	line := slices.Concat(d.enter, []string{"/usr/bin/env", "-i", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, argv)
	c := exec.CommandContext(d.t.Context(), line[0], line[1:]...)
	if d.enter == nil {
		c.SysProcAttr = &syscall.SysProcAttr{Chroot: d.root}
		c.Dir = "/"
	}
	out, err := c.CombinedOutput()
	return string(out), err
}

// pkg is a package of the archive: it has a configuration file of its name, may do something when it is configured, and may have the file
// of a program, which is a copy of another one of the throwaway system.
type pkg struct{ name, version, postinst, program, copied string }

// ship puts a package into an archive ("" = none: it is only a file) and returns the path of its file in the throwaway system.
func (d *debian) ship(suite string, p pkg) (path string) {
	d.t.Helper()
	tree := d.t.TempDir()
	control := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: x <x@example.net>\nDescription: test\n", p.name, p.version)
	for name, text := range map[string]string{"DEBIAN/control": control, "DEBIAN/conffiles": "/etc/" + p.name + ".conf\n", "etc/" + p.name + ".conf": p.name + " " + p.version + "\n",
		"DEBIAN/postinst": "#!/bin/sh\n[ \"$1\" = configure ] || exit 0\n" + p.postinst + "\n"} {
		file := filepath.Join(tree, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			d.t.Fatal(err)
		}
	}
	if p.program != "" {
		if err := os.MkdirAll(filepath.Dir(tree+p.program), 0o755); err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(tree+p.program, []byte(d.read(p.copied)), 0o755); err != nil {
			d.t.Fatal(err)
		}
	}
	path = "/srv/" + suite + "/" + p.name + "_" + p.version + ".deb"
	if out, err := exec.CommandContext(d.t.Context(), "dpkg-deb", "--root-owner-group", "-b", tree, d.root+path).CombinedOutput(); err != nil {
		d.t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
	data := d.read(path)
	if suite != "" {
		d.put("/srv/"+suite+"/Packages", fmt.Sprintf("%s%sFilename: ./%s\nSize: %d\nSHA256: %x\n\n", d.read("/srv/"+suite+"/Packages"), control, filepath.Base(path), len(data), sha256.Sum256([]byte(data))))
	}
	return path
}

// has installs version 1.0 of packages, by dpkg alone.
func (d *debian) has(names ...string) {
	d.t.Helper()
	argv := []string{"dpkg", "-i"}
	for _, n := range names {
		argv = append(argv, d.ship("", pkg{name: n, version: "1.0"}))
	}
	d.in(argv...)
}

// version is "state version" of a package by dpkg's own record: "ii  1.1".
func (d *debian) version(name string) string {
	d.t.Helper()
	return strings.TrimSpace(d.in("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Version}", name))
}

// process finds a process of that name in the throwaway system.
func (d *debian) process(comm string) int {
	d.t.Helper()
	own, err := os.Readlink(filepath.Dir(strings.TrimSuffix(d.root, "/mnt/root")) + "/ns/mnt")
	if err != nil {
		d.t.Fatal(err)
	}
	for deadline, looked := time.Now().Add(time.Minute), time.Now(); time.Now().Before(deadline); looked = rest(looked) {
		dirs, _ := filepath.Glob("/proc/[0-9]*")
		for _, p := range dirs {
			name, _ := os.ReadFile(p + "/comm")
			if ns, _ := os.Readlink(p + "/ns/mnt"); strings.TrimSpace(string(name)) == comm && ns == own {
				pid, _ := strconv.Atoi(filepath.Base(p))
				return pid
			}
		}
	}
	d.t.Fatalf("no process %s", comm)
	return 0
}

// TestNothingIsPutOutside: a throwaway system is often a copy of the machine that the tests run on, where /sbin/shutdown is a link to
// /bin/systemctl.
func TestNothingIsPutOutside(t *testing.T) {
	d := &debian{site: &site{t: t}, root: t.TempDir()}
	outside := filepath.Join(t.TempDir(), "systemctl")
	if err := errors.Join(os.WriteFile(outside, []byte("real"), 0o755), os.MkdirAll(d.root+"/usr/sbin", 0o755), os.Symlink(outside, d.root+"/usr/sbin/shutdown")); err != nil {
		t.Fatal(err)
	}
	d.program("/usr/sbin/shutdown", "ours", 0o755)
	if b, err := os.ReadFile(outside); string(b) != "real" || d.read("/usr/sbin/shutdown") != "ours" {
		t.Errorf("outside is %q now, %v", b, err)
	}
}
