package runbooks

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestListsTellTheirAge: what package lists that were never fetched, or long ago, do not name is not known, whatever the package manager says.
// The files are those that each of them was seen to leave (apt 2.6, dnf 4.14, zypper 1.14, pacman 6.0), or that its sources name (apk, pkg).
func TestListsTellTheirAge(t *testing.T) {
	dir := t.TempDir()
	for age, since := range map[string]time.Duration{"new": time.Hour, "old": 72*time.Hour + time.Minute} {
		at := time.Now().Add(-since)
		for _, file := range []string{
			"/var/lib/apt/lists/deb.debian.org_debian_dists_stable_main_binary-amd64_Packages", "/var/lib/apt/lists/partial/.keep", "/var/cache/dnf/t-f51d67f7834e09e9/repodata/repomd.xml",
			"/var/cache/libdnf5/t-f51d67f7834e09e9/repodata/repomd.xml", "/var/cache/yum/x86_64/7/base/repomd.xml", "/var/cache/zypp/raw/t/repomd.xml", "/var/cache/apk/APKINDEX.066df28d.tar.gz",
			"/var/lib/pacman/sync/core.db", "/var/db/pkg/repos/FreeBSD/db",
		} {
			file = dir + "/" + age + file
			write(t, file, "")
			for _, dated := range []string{file, filepath.Dir(file)} {
				if err := os.Chtimes(dated, at, at); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	script := strings.NewReplacer("/var/", "$root/var/", "/etc/apk/cache", "/nowhere").Replace(lib(`for age in never new old; do
	root=` + dir + `/$age
	for tend_pm in apt dnf dnf5 yum zypper apk pacman pkg; do
		tend_lists cached >said
		printf '%s %s: %s; %s; %s\n' "$age" "$tend_pm" "$tend_blind" "$(sed 's/\(index_age=[0-9]*\)[0-9][0-9][0-9]$/\1/' said)" "$(printf '' | tend_pending_facts | tr '\n' ' ')"
	done
done`))
	want := ""
	for _, age := range []string{"never", "new", "old"} {
		for _, pm := range []string{"apt", "dnf", "dnf5", "yum", "zypper", "apk", "pacman", "pkg"} {
			blind := map[string]string{"never": "the package lists were never fetched", "old": "the package lists were fetched 72 hours ago: what was released since is not known"}[age]
			told := map[string]string{"new": "index_age=3", "old": "index_age=259"}[age]
			if pm == "pkg" {
				blind, told = map[string]string{"never": blind}[age], ""
			}
			facts := "held=0 security_known=yes "
			if blind == "" {
				facts = "pending=0 held=0 new_packages=0 security=0 security_known=yes "
			}
			want += age + " " + pm + ": " + blind + "; " + told + "; " + facts + "\n"
		}
	}
	for name, argv := range shells(t) {
		if out, stderr, _ := run(t, argv, script); out != want {
			t.Errorf("%s: %s\n%swant\n%s", name, stderr, out, want)
		}
	}
}

// TestWhatOldListsNameCounts: an update that they name is pending, whatever else there is.
func TestWhatOldListsNameCounts(t *testing.T) {
	for name, argv := range shells(t) {
		out, _, _ := run(t, argv, lib("tend_blind=old\nprintf 'U\\ta\\t1\\t2\\to\\tno\\n' | tend_pending_facts"))
		if !strings.Contains(out, "pending=1\n") || strings.Contains(out, "security=") {
			t.Errorf("%s: %q", name, out)
		}
	}
}

// TestNothingToDoIsNotSaidOfOldLists goes through patch's steps: without lists there is no todo, and a list that could not be fetched stops the host.
func TestNothingToDoIsNotSaidOfOldLists(t *testing.T) {
	world := map[string]string{"id": "echo 0", "apt-mark": "", "dpkg-query": "",
		"apt-get": `case "$*" in *update) echo "Reading package lists..."; [ ! -e "${0%/*}/dead" ] || printf 'W: Failed to fetch http://sec/InRelease  Could not connect\nW: Some index files failed to download. They have been ignored, or old ones used instead.\n' >&2 ;; esac`}
	argv := []string{"/bin/sh"}
	dir, path := fakes(t, world)
	plan := planFor(t, builtin(t, "patch"), nil)
	facts, exit := patchStep(t, argv, plan, "pending", dir, path)
	if _, said := facts["todo"]; said || exit != 0 || facts["lists"].State != CheckOK && facts["lists"].Text != "the package lists were never fetched" {
		t.Errorf("never fetched: exit %d, todo %q, lists %+v", exit, facts["todo"].Value, facts["lists"])
	}
	write(t, dir+"/lists/x_Packages", "")
	write(t, dir+"/lists/partial/.keep", "")
	if facts, _ = patchStep(t, argv, plan, "pending", dir, path); facts["todo"].Value != "0" || facts["lists"].State != CheckOK {
		t.Errorf("just fetched: todo %q, lists %+v", facts["todo"].Value, facts["lists"])
	}
	if facts, exit = patchStep(t, argv, plan, "refresh", dir, path); exit != 0 || facts["fetched"].State != CheckOK {
		t.Errorf("refresh: exit %d, %+v", exit, facts["fetched"])
	}
	write(t, dir+"/dead", "")
	if _, exit = patchStep(t, argv, plan, "refresh", dir, path); exit == 0 {
		t.Error("a list that could not be fetched passes")
	}
	plan = planFor(t, builtin(t, "patch"), map[string]string{"lists": "warn"})
	if facts, exit = patchStep(t, argv, plan, "refresh", dir, path); exit != 0 || facts["fetched"].State != CheckWarn {
		t.Errorf("lists=warn: exit %d, %+v", exit, facts["fetched"])
	}
}

// TestRealListsFail asks the real tools: one list that cannot be had makes fetching fail, or is told as left out where the configuration allows that;
// what was never fetched is not called up to date; and what was released a moment ago is found.
func TestRealListsFail(t *testing.T) {
	dead := "http://127.0.0.1:1/x"
	t.Run("apt", func(t *testing.T) {
		need(t, "apt-get", "dpkg", "dpkg-deb")
		archives, first := aptArchives(t)
		root, path := aptRoot(t, archives, first)
		list, err := os.ReadFile(root + "/etc/apt/sources.list")
		if err != nil {
			t.Fatal(err)
		}
		write(t, root+"/etc/apt/sources.list", string(list)+"deb [trusted=yes] "+dead+" ./\n")
		_, stderr, exit := run(t, []string{"/bin/sh"}, lib("tend_pm=apt\ntend_refresh"), path)
		if exit != 1 || !strings.HasPrefix(stderr, "Failed to fetch "+dead) {
			t.Errorf("exit %d, %q", exit, stderr)
		}
	})
	t.Run("dnf", func(t *testing.T) {
		need(t, "dnf", "rpm", "rpmbuild", "createrepo_c")
		root, repo := rpmRoot(t, rpmPackages(t))
		server := httptest.NewServer(http.FileServer(http.Dir(repo)))
		defer server.Close()
		write(t, root+"/repos/t.repo", "[t]\nname=t\nbaseurl="+server.URL+"\ngpgcheck=0\n")
		_, path := fakes(t, map[string]string{
			"dnf": `HOME="` + root + `/home" exec /usr/bin/dnf --installroot="` + root + `" --releasever=1 --setopt=reposdir="` + root + `/repos" --setopt=cachedir="` + root + `/cache" --setopt=persistdir=/persist "$@"`,
			"rpm": `exec /usr/bin/rpm --root "` + root + `" --define "_dbpath /var/lib/rpm" "$@"`,
		})
		ask := func(script string) (string, int) {
			out, stderr, exit := run(t, []string{"/bin/sh"}, lib("tend_pm=dnf\n"+script), path)
			return out + stderr, exit
		}
		if out, exit := ask("tend_pending cached"); exit == 0 || !strings.Contains(out, "no cache for 't'") {
			t.Errorf("never fetched: exit %d, %q", exit, out)
		}
		updates := repo + "/noarch/alpha-1.1-1.noarch.rpm"
		command(t, "mv", updates, root+"/later.rpm")
		command(t, "createrepo_c", "-q", "--update", repo)
		if out, exit := ask("tend_refresh >&2; tend_pending cached"); exit != 0 || strings.Contains(out, "U\talpha") {
			t.Errorf("before the release: exit %d, %q", exit, out)
		}
		command(t, "mv", root+"/later.rpm", updates)
		command(t, "createrepo_c", "-q", repo)
		if out, exit := ask("tend_refresh >&2; tend_pending cached"); exit != 0 || !strings.Contains(out, "U\talpha.noarch\t1.0-1\t1.1-1") {
			t.Errorf("a moment after the release: exit %d, %q", exit, out)
		}
		write(t, root+"/repos/d.repo", "[d]\nname=d\nbaseurl="+dead+"\ngpgcheck=0\nskip_if_unavailable=1\n")
		if out, exit := ask(`tend_refresh >&2; echo "left out: $tend_left_out"`); exit != 0 || !strings.Contains(out, "left out: d\n") {
			t.Errorf("left out: exit %d, %q", exit, out)
		}
	})
	t.Run("pacman", func(t *testing.T) {
		need(t, "pacman", "repo-add", "bsdtar")
		root, repo := t.TempDir(), t.TempDir()
		write(t, root+"/pacman.conf", "[options]\nArchitecture = auto\nSigLevel = Never\n[t]\nServer = file://"+repo+"\n")
		write(t, root+"/var/lib/pacman/local/ALPM_DB_VERSION", "9\n")
		for _, version := range []string{"1.0-1", "1.1-1"} {
			dir := t.TempDir()
			write(t, dir+"/.PKGINFO", "pkgname = alpha\npkgver = "+version+"\npkgdesc = test\nurl = x\nbuilddate = 1\npackager = x\nsize = 1\narch = any\n")
			command(t, "bsdtar", "-czf", repo+"/alpha-"+version+".pkg.tar.gz", "-C", dir, ".PKGINFO")
		}
		command(t, "repo-add", repo+"/t.db.tar.gz", repo+"/alpha-1.1-1.pkg.tar.gz")
		command(t, "pacman", "--root", root, "--config", root+"/pacman.conf", "--cachedir", root+"/cache", "--noconfirm", "-U", repo+"/alpha-1.0-1.pkg.tar.gz")
		_, path := fakes(t, map[string]string{"pacman": `case "$*" in *--dbpath*) ;; *) set -- "$@" --dbpath "` + root + `/var/lib/pacman" ;; esac
exec /usr/bin/pacman --root "` + root + `" --config "` + root + `/pacman.conf" "$@"`})
		ask := func(script string) (string, int) {
			out, stderr, exit := run(t, []string{"/bin/sh"}, strings.ReplaceAll(lib("tend_pm=pacman scope=all packages='' exclude=''\n"+script), "/var/lib/", root+"/var/lib/"), path)
			return out + stderr, exit
		}
		if out, exit := ask("tend_pending cached"); exit == 0 || !strings.Contains(out, "database file for 't' does not exist") {
			t.Errorf("never fetched: exit %d, %q", exit, out)
		}
		if out, exit := ask("tend_refresh >&2 || exit\ntend_lists\necho \"blind: $tend_blind.\"\ntend_pending >r\ncat r\ntend_transaction <r"); exit != 0 || !strings.Contains(out, "blind: .\nU\talpha\t1.0-1\t1.1-1\t-\tunknown\nalpha 1.0-1 1.1-1\n") {
			t.Errorf("fetched: exit %d, %q", exit, out)
		}
		if _, err := os.Stat(root + "/var/lib/pacman/sync/t.db"); err == nil {
			t.Error("pacman's own lists were fetched: what is installed next would be a partial upgrade")
		}
	})
}
