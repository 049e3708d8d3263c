package runbooks

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// aptArchives builds a few packages and two archives of newer ones, one of them a security archive:
//
//	alpha    1.0 → 1.1 from the security archive
//	beta     1.0 → 1.1, with a configuration file that differs in both versions
//	gamma    1.0 → 1.1, to be held
//	delta    1.0 → 1.1, which conflicts with epsilon: kept back
//	epsilon  1.0
func aptArchives(t *testing.T) (dir string, first []string) {
	t.Helper()
	dir = t.TempDir()
	index := map[string]string{}
	deb := func(archive, name, version, extra string) string {
		tree, file := t.TempDir(), dir+"/"+archive+"/"+name+".deb"
		control := "Package: " + name + "\nVersion: " + version + "\nArchitecture: all\nMaintainer: x <x@example.net>\nDescription: test\n" + extra
		write(t, tree+"/DEBIAN/control", control)
		write(t, tree+"/DEBIAN/conffiles", "/etc/"+name+".conf\n")
		write(t, tree+"/etc/"+name+".conf", name+" "+version+"\n")
		write(t, dir+"/"+archive+"/.keep", "")
		command(t, "dpkg-deb", "--root-owner-group", "-b", tree, file)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		index[archive] += fmt.Sprintf("%sFilename: ./%s.deb\nSize: %d\nSHA256: %x\n\n", control, name, len(data), sha256.Sum256(data))
		return file
	}
	for _, name := range []string{"alpha", "beta", "gamma", "delta", "epsilon"} {
		first = append(first, deb("old", name, "1.0", ""))
	}
	deb("security", "alpha", "1.1", "")
	deb("main", "beta", "1.1", "")
	deb("main", "gamma", "1.1", "")
	deb("main", "delta", "1.1", "Conflicts: epsilon\n")
	for archive, suite := range map[string]string{"old": "oldstable", "main": "stable", "security": "stable-security"} {
		write(t, dir+"/"+archive+"/Packages", index[archive])
		write(t, dir+"/"+archive+"/Release", "Label: Test\nSuite: "+suite+"\nVersion: 1\nCodename: x\n")
	}
	return dir, first
}

// aptRoot makes a throwaway root with the first packages in it, gamma held and beta's configuration file changed, and a PATH in which the
// real apt and dpkg work on it.
func aptRoot(t *testing.T, archives string, first []string) (root, path string) {
	t.Helper()
	root = t.TempDir()
	write(t, root+"/etc/apt/sources.list", "deb [trusted=yes] file:"+archives+"/main ./\ndeb [trusted=yes] file:"+archives+"/security ./\n")
	for _, dir := range []string{"etc/apt/apt.conf.d", "etc/apt/preferences.d", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "var/log/apt", "var/lib/dpkg/updates", "var/lib/dpkg/info", "var/lib/dpkg/triggers", "tmp"} {
		if err := os.MkdirAll(root+"/"+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, root+"/var/lib/dpkg/status", "")
	command(t, "dpkg", append([]string{"--root=" + root, "-i"}, first...)...)
	command(t, "sh", "-c", "echo gamma hold | dpkg --root="+root+" --set-selections")
	write(t, root+"/etc/beta.conf", "changed here\n")
	wrapper := func(tool string) string {
		return `exec /usr/bin/` + tool + ` -o Dir="` + root + `" -o Dir::State::status="` + root + `/var/lib/dpkg/status" -o Dir::Bin::dpkg="${0%/*}/dpkg" -o APT::Sandbox::User=root "$@"`
	}
	_, path = fakes(t, map[string]string{
		"apt-get": wrapper("apt-get"), "apt-mark": wrapper("apt-mark"),
		"dpkg":       `exec /usr/bin/dpkg --root="` + root + `" "$@"`,
		"dpkg-query": `exec /usr/bin/dpkg-query --admindir="` + root + `/var/lib/dpkg" "$@"`,
		"md5sum":     `sed 's# /etc# ` + root + `/etc#' | /usr/bin/md5sum "$@" | sed 's#^` + root + `##'`,
	})
	return root, path
}

// TestRealAPT takes the real apt through the recipes: what is pending and why not, security only, a chosen package, a conflict of
// configuration files, and a package that is left half-installed.
func TestRealAPT(t *testing.T) {
	need(t, "apt-get", "dpkg", "dpkg-deb")
	archives, first := aptArchives(t)
	records := []string{
		"H\tdelta\tkept back: it needs packages removed: epsilon", "H\tgamma\theld back with apt-mark hold",
		"U\talpha\t1.0\t1.1\tTest:1/stable-security\tyes", "U\tbeta\t1.0\t1.1\tTest:1/stable\tno",
	}
	for set, want := range map[string]string{
		"scope=security":   "alpha 1.1 beta 1.0 delta 1.0 epsilon 1.0 gamma 1.0",
		"exclude=alpha":    "alpha 1.0 beta 1.1 delta 1.0 epsilon 1.0 gamma 1.0",
		"conffile=new":     "alpha 1.1 beta 1.1 delta 1.0 epsilon 1.0 gamma 1.0",
		"packages=delta\n": "alpha 1.0 beta 1.0 delta 1.0 epsilon 1.0 gamma 1.0",
	} {
		root, path := aptRoot(t, archives, first)
		if _, stderr, exit := run(t, []string{"/bin/sh"}, lib("tend_pm=apt\ntend_refresh"), path); exit != 0 {
			t.Fatalf("refresh: %d, %s", exit, stderr)
		}
		flat := strings.Fields(want)
		var versions []string
		for pair := range slices.Chunk(flat, 2) {
			versions = append(versions, strings.Join(pair, " "))
		}
		afterwards(t, path, "apt", set, records, versions)
		records = nil // once is enough
		text, err := os.ReadFile(root + "/etc/beta.conf")
		if err != nil {
			t.Fatal(err)
		}
		_, beside := os.Stat(root + "/etc/beta.conf.dpkg-dist")
		switch upgraded := slices.Contains(versions, "beta 1.1"); {
		case !upgraded && string(text) != "changed here\n":
			t.Errorf("%s: beta.conf is %q", set, text)
		case upgraded && set == "conffile=new" && string(text) != "beta 1.1\n":
			t.Errorf("%s: beta.conf is %q", set, text)
		case upgraded && set != "conffile=new" && (string(text) != "changed here\n" || beside != nil):
			t.Errorf("%s: beta.conf is %q, and beside it: %v", set, text, beside)
		}
	}
}

func TestRealDpkg(t *testing.T) {
	need(t, "apt-get", "dpkg", "dpkg-deb")
	archives, first := aptArchives(t)
	root, path := aptRoot(t, archives, first)
	if out, stderr, _ := run(t, []string{"/bin/sh"}, lib("tend_pm=apt\ntend_conffiles alpha beta gamma"), path); out != "/etc/beta.conf\tbeta\n" {
		t.Errorf("changed configuration files: %q, %s", out, stderr)
	}
	if out, _, _ := run(t, []string{"/bin/sh"}, lib("tend_pm=apt\ntend_broken"), path); out != "" {
		t.Errorf("broken before anything was: %q", out)
	}
	command(t, "dpkg", "--root="+root, "--unpack", archives+"/main/beta.deb")
	if out, _, _ := run(t, []string{"/bin/sh"}, lib("tend_pm=apt\ntend_broken"), path); out != "beta (iU)\n" {
		t.Errorf("half-installed: %q", out)
	}
	plan := planFor(t, builtin(t, "patch"), map[string]string{"repair": "yes", "lock_wait": "0s"})
	out, stderr, exit := run(t, []string{"/bin/sh"}, scriptOf(t, plan, "repair"), path)
	if exit != 0 {
		t.Fatalf("repair: %d, %s\n%s", exit, stderr, out)
	}
	if out, _, _ := run(t, []string{"/bin/sh"}, lib("tend_pm=apt\ntend_broken\ntend_installed"), path); !strings.Contains(out, "beta 1.1\n") || strings.Contains(out, "(i") {
		t.Errorf("after the repair: %q", out)
	}
}
