package runbooks

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The tests of this file ask real package managers that are not this machine's own, each in a throwaway root with a tiny repository in a
// directory. On a laptop they skip visibly where the tools are missing (apt-get install dnf zypper rpm createrepo-c
// pacman-package-manager makepkg libarchive-tools); in CI, which installs them, what is missing is a failure. The scripts run as they
// are; only wrappers, first in PATH, point the tools at the throwaway root.

// need skips where a tool is missing or where this user is not root, which rpm's --root wants; with CI=true it fails.
func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			lacks(t, "for want of "+tool)
		}
	}
	if os.Getuid() != 0 {
		lacks(t, "since it takes root to install into another root")
	}
}

func lacks(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal("cannot run " + why)
	}
	t.Skip("SKIPPED " + why)
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rpmPackages builds alpha, beta (with an epoch) and gamma in versions 1.0 and 1.1. Needed is a package that beta asks for from 1.1 on.
func rpmPackages(t *testing.T, needed ...string) (dir string) {
	t.Helper()
	top := t.TempDir()
	var specs []string
	for _, version := range []string{"1.0", "1.1"} {
		for name, extra := range map[string]string{"alpha": "", "beta": "Epoch: 2", "gamma": ""} {
			spec := filepath.Join(top, name+version+".spec")
			for _, n := range needed {
				switch {
				case name+version == "beta1.1":
					extra += "\nRequires: " + n
				case name+version == "alpha1.1": // once
					write(t, filepath.Join(top, n+".spec"), "Name: "+n+"\nVersion: 1.1\nRelease: 1\nSummary: test\nLicense: none\nBuildArch: noarch\n%description\ntest\n%files\n")
					specs = append(specs, filepath.Join(top, n+".spec"))
				}
			}
			write(t, spec, "Name: "+name+"\nVersion: "+version+"\nRelease: 1\nSummary: test\nLicense: none\nBuildArch: noarch\n"+extra+"\n%description\ntest\n%files\n")
			specs = append(specs, spec)
		}
	}
	command(t, "rpmbuild", append([]string{"--quiet", "--nodeps", "--define", "_topdir " + top, "--define", "_rpmdir " + top, "-bb"}, specs...)...)
	return top + "/noarch"
}

// rpmRoot makes a root with the packages in version 1.0, and a repository that also has 1.1 of them: alpha's is a security update, beta's
// a bug fix, and nobody says anything of gamma's. More is what alpha's update says besides; gamma's is a security update then, too.
func rpmRoot(t *testing.T, packages string, more ...string) (root, repo string) {
	t.Helper()
	top, root, repo := t.TempDir(), t.TempDir(), t.TempDir()
	if err := os.CopyFS(repo+"/noarch", os.DirFS(packages)); err != nil {
		t.Fatal(err)
	}
	update := func(id, kind, name, epoch string, more ...string) string {
		return `<update from="x" status="stable" type="` + kind + `" version="1"><id>` + id + `</id><title>t</title><severity>Important</severity><issued date="2026-11-01 00:00:00"/>` +
			`<updated date="2026-11-01 00:00:00"/><description>d</description><references/><pkglist><collection short="c"><name>c</name>` +
			`<package name="` + name + `" version="1.1" release="1" epoch="` + epoch + `" arch="noarch"><filename>` + name + `-1.1-1.noarch.rpm</filename>` + strings.Join(more, "") + `</package></collection></pkglist></update>`
	}
	others := ""
	if len(more) > 0 {
		others = update("TEST-3", "security", "gamma", "0")
	}
	write(t, top+"/updateinfo.xml", "<updates>"+update("TEST-1", "security", "alpha", "0", more...)+update("TEST-2", "bugfix", "beta", "2")+others+"</updates>")
	command(t, "createrepo_c", "-q", repo)
	command(t, "modifyrepo_c", top+"/updateinfo.xml", repo+"/repodata")
	old, err := filepath.Glob(repo + "/noarch/*-1.0-1.noarch.rpm")
	if err != nil || len(old) != 3 {
		t.Fatal(old, err)
	}
	command(t, "rpm", append([]string{"--root", root, "--define", "_dbpath /var/lib/rpm", "--nodeps", "-i"}, old...)...)
	write(t, root+"/home/.rpmmacros", "%_dbpath /var/lib/rpm\n") // Debian's own lies in the caller's home
	return root, repo
}

// afterwards compares records, and the versions after an upgrade.
func afterwards(t *testing.T, path, pm, set string, wantRecords, wantVersions []string) {
	t.Helper()
	for name, argv := range shells(t) {
		if wantRecords == nil {
			break
		}
		out, stderr, exit := run(t, argv, lib("tend_pm="+pm+" tend_os=test\ntend_pending"), path)
		got := strings.Split(strings.TrimSpace(out), "\n")
		slices.Sort(got)
		if !slices.Equal(got, wantRecords) || exit != 0 {
			t.Errorf("%s: exit %d, %s\n%q, want\n%q", name, exit, stderr, got, wantRecords)
		}
	}
	out, stderr, exit := run(t, []string{"/bin/sh"}, lib("tend_pm="+pm+" tend_os=test scope=all packages='' exclude='' lock_wait=0\n"+set+"\ntend_upgrade download >&2 && tend_upgrade >&2 || exit\ntend_installed"), path)
	if got := strings.Split(strings.TrimSpace(out), "\n"); !slices.Equal(got, wantVersions) || exit != 0 {
		t.Errorf("%s: exit %d, %q, want %q\n%s", set, exit, got, wantVersions, stderr)
	}
}

// takenBack goes back to the versions from before an upgrade, as unpatch does; moved is what in the script stands for something else here.
func takenBack(t *testing.T, path, pm string, want []string, moved ...string) {
	t.Helper()
	script := lib("tend_pm=" + pm + ` tend_os=test scope=all packages='' exclude='' lock_wait=0
tend_installed | sed 's/1\.1/1.0/' >old
tend_installed | tend_changes old >undo
tend_downgrade try <undo >&2 && tend_installed >tried || exit
tend_installed | cmp - tried >&2 || exit
tend_downgrade <undo >&2 || exit
tend_installed`)
	out, stderr, exit := run(t, []string{"/bin/sh"}, strings.NewReplacer(moved...).Replace(script), path)
	if got := strings.Split(strings.TrimSpace(out), "\n"); !slices.Equal(got, want) || exit != 0 {
		t.Errorf("taken back: exit %d, %q, want %q\n%s", exit, got, want, stderr)
	}
}

func TestRealDNF(t *testing.T) {
	need(t, "dnf", "rpm", "rpmbuild", "createrepo_c")
	packages := rpmPackages(t)
	records := []string{"U\talpha.noarch\t1.0-1\t1.1-1\tt\tyes", "U\tbeta.noarch\t2:1.0-1\t2:1.1-1\tt\tno", "U\tgamma.noarch\t1.0-1\t1.1-1\tt\tno"}
	for _, c := range []struct {
		set  string
		want []string
	}{
		{"scope=security", []string{"alpha.noarch 1.1-1", "beta.noarch 2:1.0-1", "gamma.noarch 1.0-1"}},
		{"exclude='gam*'", []string{"alpha.noarch 1.1-1", "beta.noarch 2:1.1-1", "gamma.noarch 1.0-1"}},
		{"packages=gamma", []string{"alpha.noarch 1.0-1", "beta.noarch 2:1.0-1", "gamma.noarch 1.1-1"}},
		{":", []string{"alpha.noarch 1.1-1", "beta.noarch 2:1.1-1", "gamma.noarch 1.1-1"}},
	} {
		root, repo := rpmRoot(t, packages)
		write(t, root+"/repos/t.repo", "[t]\nname=t\nbaseurl=file://"+repo+"\ngpgcheck=0\n")
		_, path := fakes(t, map[string]string{
			"dnf": `HOME="` + root + `/home" exec /usr/bin/dnf --installroot="` + root + `" --releasever=1 --setopt=reposdir="` + root + `/repos" --setopt=cachedir=/cache --setopt=persistdir=/persist "$@"`,
			"rpm": `exec /usr/bin/rpm --root "` + root + `" --define "_dbpath /var/lib/rpm" "$@"`,
		})
		afterwards(t, path, "dnf", c.set, records, c.want)
		if c.set == ":" {
			takenBack(t, path, "dnf", []string{"alpha.noarch 1.0-1", "beta.noarch 2:1.0-1", "gamma.noarch 1.0-1"})
		}
		records = nil // once is enough
	}
}

func TestRealZypper(t *testing.T) {
	need(t, "zypper", "rpm", "rpmbuild", "createrepo_c")
	packages := rpmPackages(t)
	for _, c := range []struct {
		set  string
		want []string
	}{
		{"scope=security", []string{"alpha.noarch 1.1-1", "beta.noarch 2:1.0-1", "gamma.noarch 1.0-1"}},
		{":", []string{"alpha.noarch 1.1-1", "beta.noarch 2:1.1-1", "gamma.noarch 1.0-1"}}, // gamma is locked
	} {
		root, path := zypperRoot(t, packages)
		command(t, "zypper", "--root", root, "-n", "-q", "addlock", "gamma")
		afterwards(t, path, "zypper", c.set, []string{"H\tgamma\tlocked with zypper addlock", "S\t1", "U\talpha\t1.0-1\t1.1-1\tt\tunknown", "U\tbeta\t2:1.0-1\t2:1.1-1\tt\tunknown"}, c.want)
		if c.set == ":" {
			takenBack(t, path, "zypper", []string{"alpha.noarch 1.0-1", "beta.noarch 2:1.0-1", "gamma.noarch 1.0-1"})
		}
	}
}

// zypperRoot is a root of rpmRoot's that zypper knows; path is the PATH on which zypper works there and keeps its exit codes in root/codes.
func zypperRoot(t *testing.T, packages string, more ...string) (root, path string) {
	t.Helper()
	root, repo := rpmRoot(t, packages, more...)
	write(t, root+"/etc/rpm/macros", "%_dbpath /var/lib/rpm\n")
	zypper := `/usr/bin/zypper --root "` + root + `" "$@"; rc=$?; echo "$rc $*" >>"` + root + `/codes"; exit $rc`
	_, path = fakes(t, map[string]string{"zypper": zypper, "rpm": `exec /usr/bin/rpm --root "` + root + `" --define "_dbpath /var/lib/rpm" "$@"`})
	command(t, "zypper", "--root", root, "-n", "-q", "addrepo", "-G", "file://"+repo, "t")
	command(t, "zypper", "--root", root, "-n", "-q", "refresh")
	return root, path
}

// TestRealZypperRunsAgain: an update that suggests a restart of the package manager (updateinfo's restart_suggested) is installed by itself,
// zypper ends with 103 (zypper(8), ZYPPER_EXIT_INF_RESTART_NEEDED), and patch runs it again for the rest. What the dry run foretells and what
// is downloaded beforehand is both rounds, with all as with security alone, and what they bring along: the window is spent on installing only.
func TestRealZypperRunsAgain(t *testing.T) {
	need(t, "zypper", "rpm", "rpmbuild", "createrepo_c")
	packages := rpmPackages(t, "delta")
	const patch = " -n --non-interactive-include-reboot-patches patch -l "
	for scope, c := range map[string]struct{ foretold, versions, codes []string }{
		"all": {
			[]string{"alpha 1.0-1 1.1-1", "beta 2:1.0-1 2:1.1-1", "gamma 1.0-1 1.1-1", "delta - 1.1-1"},
			[]string{"alpha.noarch 1.1-1", "beta.noarch 2:1.1-1", "delta.noarch 1.1-1", "gamma.noarch 1.1-1"},
			[]string{"103" + patch + "--with-update --download-only", "0 -n update -l --download-only", "103" + patch + "--with-update", "0" + patch + "--with-update"},
		},
		"security": {
			[]string{"alpha 1.0-1 1.1-1", "gamma 1.0-1 1.1-1"},
			[]string{"alpha.noarch 1.1-1", "beta.noarch 2:1.0-1", "gamma.noarch 1.1-1"},
			[]string{"103" + patch + "--category security --download-only", "0 -n -q --no-refresh list-patches --category security",
				"103 -n --non-interactive-include-reboot-patches install -l --download-only patch:TEST-1 patch:TEST-3", "103" + patch + "--category security", "0" + patch + "--category security"},
		},
	} {
		root, path := zypperRoot(t, packages, "<restart_suggested>True</restart_suggested>")
		set := "scope=" + scope
		out, stderr, _ := run(t, []string{"/bin/sh"}, lib("tend_pm=zypper tend_os=test packages='' exclude='' "+set+"\ntend_pending cached >r\ngrep ^S r\ntend_transaction <r"), path)
		if want := "S\t2\n" + strings.Join(c.foretold, "\n") + "\n"; out != want {
			t.Errorf("%s: foretold\n%swant\n%s%s", scope, out, want, stderr)
		}
		if err := os.Remove(root + "/codes"); err != nil {
			t.Fatal(err)
		}
		command(t, "sh", "-c", "rm -rf "+root+"/var/cache/zypp/packages")
		afterwards(t, path, "zypper", set, nil, c.versions)
		codes, err := os.ReadFile(root + "/codes")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Split(strings.TrimSpace(string(codes)), "\n"); !slices.Equal(got, c.codes) {
			t.Errorf("%s: zypper was run as\n%q, want\n%q", scope, got, c.codes)
		}
	}
}

func TestRealPacman(t *testing.T) {
	need(t, "pacman", "repo-add", "bsdtar")
	if _, err := os.Stat("/usr/share/makepkg/util/compress.sh"); err != nil {
		lacks(t, "for want of makepkg, which repo-add needs")
	}
	root, repo := t.TempDir(), t.TempDir()
	build := func(name, version string, more ...string) string {
		dir := t.TempDir()
		write(t, dir+"/.PKGINFO", "pkgname = "+name+"\npkgver = "+version+"\npkgdesc = test\nurl = x\nbuilddate = 1\npackager = x\nsize = 1\narch = any\n"+strings.Join(more, ""))
		file := repo + "/" + name + "-" + version + "-any.pkg.tar.gz"
		command(t, "bsdtar", "-czf", file, "-C", dir, ".PKGINFO")
		return file
	}
	write(t, root+"/pacman.conf", "[options]\nArchitecture = auto\nSigLevel = Never\nIgnorePkg = gamma\n[t]\nServer = file://"+repo+"\n")
	if err := os.MkdirAll(root+"/var/lib/pacman", 0o755); err != nil {
		t.Fatal(err)
	}
	at := []string{"--root", root, "--config", root + "/pacman.conf", "--cachedir", root + "/cache", "--noconfirm"}
	var first, second []string
	for _, name := range []string{"alpha", "beta", "gamma"} {
		first, second = append(first, build(name, "1.0-1")), append(second, build(name, "1.1-1", map[string]string{"alpha": "depend = delta\n"}[name]))
	}
	second = append(second, build("delta", "2.0-1"))
	command(t, "pacman", append(append(at, "-U"), first...)...)
	command(t, "repo-add", append([]string{repo + "/t.db.tar.gz"}, second...)...)
	command(t, "pacman", append(at, "-Sy")...) // what checkupdates does, in a copy of the database
	_, path := fakes(t, map[string]string{"pacman": `exec /usr/bin/pacman ` + strings.Join(at[:6], " ") + ` "$@"`})
	foretold := func(set string) string {
		t.Helper()
		out, stderr, exit := run(t, []string{"/bin/sh"}, lib("tend_pm=pacman scope=all packages='' exclude=''\n"+set+"\ntend_pending cached | tend_transaction"), path)
		return fmt.Sprintf("%s%s(%d)", out, stderr, exit)
	}
	for set, want := range map[string]string{"exclude=beta": "delta - 2.0-1\nalpha 1.0-1 1.1-1\n(0)", ":": "delta - 2.0-1\nalpha 1.0-1 1.1-1\nbeta 1.0-1 1.1-1\n(0)"} {
		if got := foretold(set); got != want { // gamma is ignored
			t.Errorf("%s: foretold\n%s\nwant\n%s", set, got, want)
		}
	}
	if got := foretold("exclude=delta"); !strings.Contains(got, "could not satisfy dependencies") || !strings.HasSuffix(got, "(1)") {
		t.Errorf("what cannot be done is foretold as\n%s", got)
	}
	afterwards(t, path, "pacman", "exclude=beta", []string{"H\tgamma\tignored in pacman.conf", "U\talpha\t1.0-1\t1.1-1\t-\tunknown", "U\tbeta\t1.0-1\t1.1-1\t-\tunknown"},
		[]string{"alpha 1.1-1", "beta 1.0-1", "delta 2.0-1", "gamma 1.0-1"})
	takenBack(t, path, "pacman", []string{"alpha 1.0-1", "beta 1.0-1", "delta 2.0-1", "gamma 1.0-1"}, "/var/cache/pacman/pkg", repo)
}
