package runbooks

import (
	"crypto/md5"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// lib is the whole library, followed by body: for tests of single functions.
func lib(body string) string {
	return "LC_ALL=C; export LC_ALL\n" + libCore + "\n" + libPackages + "\n" + libSnapshot + "\n" + body + "\n"
}

// Each case is what a package manager prints, and the records and facts that it must become. Where the texts come from:
//
//	apt     apt 2.6.1 on Debian 12, a run with a hold and a phased package; the words of apt 3 from apt-private/private-output.cc
//	dnf     dnf 4.14, "dnf -q check-update" and "updateinfo --list security" on Fedora; dnf(8) for exit code 100
//	dnf5    dnf5-check-upgrade(8), dnf5-advisory(8): the columns of "advisory list"
//	yum     yum(8) of RHEL 7: a long name is alone on its line
//	zypper  zypper(8) 1.14: list-updates, list-patches, locks
//	apk     apk-version(8) of apk-tools 2.14
//	pacman  checkupdates(8) of pacman-contrib, pacman(8)
//	pkg     pkg-upgrade(8), pkg-audit(8) of pkg 1.20
var managers = []struct {
	name, pm string
	cached   string
	fakes    map[string]string
	want     []string // records, sorted
	facts    []string // among the facts
}{
	{"apt 2", "apt", "", map[string]string{
		"apt-mark": "echo linux-image-amd64; echo nginx",
		"apt-get": `case "$*" in
"-s --with-new-pkgs upgrade") cat <<'E'
NOTE: This is only a simulation!
      apt-get needs root privileges for real execution.
Reading package lists...
Building dependency tree...
Calculating upgrade...
The following packages have been kept back:
  linux-image-amd64 mariadb-server
The following upgrades have been deferred due to phasing:
  snapd python3-software-properties
The following NEW packages will be installed:
  libnew1
The following packages will be upgraded:
  libc6 libc6:i386 openssl
3 upgraded, 1 newly installed, 0 to remove and 4 not upgraded.
Inst libc6 [2.36-9+deb12u9] (2.36-9+deb12u10 Debian:12.11/stable [amd64]) []
Inst libc6:i386 [2.36-9+deb12u9] (2.36-9+deb12u10 Debian:12.11/stable [i386])
Inst libnew1 (1.0-1 Debian:12.11/stable [amd64])
Inst openssl [3.0.15-1~deb12u1] (3.0.16-1~deb12u1 Debian:12.11/stable, Debian-Security:12/stable-security [amd64])
Conf libc6 (2.36-9+deb12u10 Debian:12.11/stable [amd64])
E
;;
"-s dist-upgrade") cat <<'E'
Remv old-plugin [1.0]
Inst mariadb-server [1:10.11.6-0+deb12u1] (1:10.11.11-0+deb12u1 Debian:12.11/stable [amd64])
E
;;
*) echo "unexpected: $*"; exit 9;;
esac`,
	}, []string{
		"H\tlinux-image-amd64\theld back with apt-mark hold",
		"H\tmariadb-server\tkept back: it needs packages removed: old-plugin",
		"H\tnginx\theld back with apt-mark hold; nothing newer is known",
		"H\tpython3-software-properties\tphased: it is released step by step, and not yet to this host",
		"H\tsnapd\tphased: it is released step by step, and not yet to this host",
		"N\tlibnew1\t1.0-1\tDebian:12.11/stable",
		"U\tlibc6:i386\t2.36-9+deb12u9\t2.36-9+deb12u10\tDebian:12.11/stable\tno",
		"U\tlibc6\t2.36-9+deb12u9\t2.36-9+deb12u10\tDebian:12.11/stable\tno",
		"U\topenssl\t3.0.15-1~deb12u1\t3.0.16-1~deb12u1\tDebian:12.11/stable, Debian-Security:12/stable-security\tyes",
	}, []string{"pending=3", "security=1", "held=5", "new_packages=1", "security_known=yes",
		"update.openssl=3.0.15-1~deb12u1 -> 3.0.16-1~deb12u1 Debian:12.11/stable, Debian-Security:12/stable-security security"}},

	{"apt 3", "apt", "", map[string]string{
		"apt-mark": "",
		"apt-get": `case "$*" in
"-s --with-new-pkgs upgrade") cat <<'E'
Upgrading:
  gzip

Not upgrading:
  udev  systemd

Not upgrading yet due to phasing:
  qemu-utils

Summary:
  Upgrading: 1, Installing: 0, Removing: 0, Not Upgrading: 3
Inst gzip [1.12-1] (1.13-1 Ubuntu:25.10/questing-updates, Ubuntu:25.10/questing-security [arm64])
E
;;
*) echo "Inst udev [1] (2 Ubuntu:25.10/questing-updates [arm64])";;
esac`,
	}, []string{
		"H\tqemu-utils\tphased: it is released step by step, and not yet to this host",
		"H\tsystemd\tkept back: what it depends on cannot be had",
		"H\tudev\tkept back: a full upgrade would make it",
		"U\tgzip\t1.12-1\t1.13-1\tUbuntu:25.10/questing-updates, Ubuntu:25.10/questing-security\tyes",
	}, []string{"pending=1", "security=1", "held=3"}},

	{"dnf 4", "dnf", "cached", map[string]string{
		"rpm": `printf 'bash.x86_64 5.2.15-3.fc39\nvim-minimal.x86_64 2:9.0.1-1.fc39\nkernel.x86_64 6.5.6-300.fc39\n'`,
		"dnf": `case "$*" in
"-q -C check-update") cat <<'E'

bash.x86_64                      5.2.21-1.fc39                     updates
kernel.x86_64                    6.6.8-200.fc39                    updates
vim-minimal.x86_64               2:9.0.2190-1.fc39                 updates
Obsoleting Packages
foo.x86_64                       1-1                               updates
    bar.x86_64                   1-1                               @updates
E
exit 100;;
"-q -C updateinfo --list security") echo "FEDORA-2024-1f2e3d4c5b Important/Sec. bash-5.2.20-1.fc39.x86_64"; echo "FEDORA-2024-0000000000 Moderate/Sec. vim-minimal-2:9.0.2190-1.fc39.x86_64";;
"-q -C updateinfo --list --all") echo "FEDORA-2024-1f2e3d4c5b bugfix x-1-1.x86_64";;
"-q -C versionlock list") echo "kernel-0:6.5.6-300.fc39.*";;
*) echo "unexpected: $*" >&2; exit 9;;
esac`,
	}, []string{
		"H\tkernel\tlocked with versionlock",
		"U\tbash.x86_64\t5.2.15-3.fc39\t5.2.21-1.fc39\tupdates\tyes",
		"U\tkernel.x86_64\t6.5.6-300.fc39\t6.6.8-200.fc39\tupdates\tno",
		"U\tvim-minimal.x86_64\t2:9.0.1-1.fc39\t2:9.0.2190-1.fc39\tupdates\tyes",
	}, []string{"pending=3", "security=2", "held=1", "security_known=yes"}},

	{"dnf 4 without advisories", "dnf", "", map[string]string{
		"rpm": `echo 'bash.x86_64 5.1.8-6.el9'`,
		"dnf": `case "$*" in
"-q check-update") echo "bash.x86_64 5.1.8-9.el9 baseos"; exit 100;;
"-q updateinfo"*) exit 0;;
*) exit 1;;
esac`,
	}, []string{"U\tbash.x86_64\t5.1.8-6.el9\t5.1.8-9.el9\tbaseos\tunknown"}, []string{"pending=1", "security_known=no"}},

	{"dnf 5", "dnf5", "", map[string]string{
		"rpm": `printf 'bash.x86_64 5.2.26-3.fc41\ntzdata.noarch 2024a-9.fc41\n'`,
		"dnf5": `case "$*" in
"-q check-update") printf 'bash.x86_64   5.2.32-1.fc41 updates\ntzdata.noarch 2024b-1.fc41  updates\n'; exit 100;;
"-q advisory list --security") cat <<'E'
Name                   Type     Severity  Package                  Issued
FEDORA-2024-abcdef0123 security Important bash-5.2.32-1.fc41.x86_64 2024-11-02 01:23:45
E
;;
"-q advisory list --all") echo Name;;
"-q versionlock list") printf '# Added by user\nPackage name: tzdata\nevr = 2024a-9.fc41\n';;
*) exit 9;;
esac`,
	}, []string{
		"H\ttzdata\tlocked with versionlock",
		"U\tbash.x86_64\t5.2.26-3.fc41\t5.2.32-1.fc41\tupdates\tyes",
		"U\ttzdata.noarch\t2024a-9.fc41\t2024b-1.fc41\tupdates\tno",
	}, []string{"pending=2", "security=1"}},

	{"yum 3", "yum", "", map[string]string{
		"rpm": `echo 'java-1.8.0-openjdk-headless.x86_64 1:1.8.0.392.b08-2.el7_9'`,
		"yum": `case "$*" in
"-q check-update") printf '\njava-1.8.0-openjdk-headless.x86_64\n                      1:1.8.0.412.b08-1.el7_9        updates\n'; exit 100;;
"-q updateinfo list security") echo "RHSA-2024:1817 Important/Sec. java-1.8.0-openjdk-headless-1:1.8.0.412.b08-1.el7_9.x86_64";;
"-q updateinfo list all") echo x;;
*) exit 1;;
esac`,
	}, []string{"U\tjava-1.8.0-openjdk-headless.x86_64\t1:1.8.0.392.b08-2.el7_9\t1:1.8.0.412.b08-1.el7_9\tupdates\tyes"}, []string{"pending=1", "security=1"}},

	{"dnf, nothing pending", "dnf", "", map[string]string{"dnf": "exit 0", "rpm": "exit 0"}, nil, []string{"pending=0", "held=0", "security=0"}},

	{"zypper", "zypper", "cached", map[string]string{
		"zypper": `case "$*" in
"-n -q --no-refresh list-updates") cat <<'E'
S | Repository                 | Name       | Current Version       | Available Version     | Arch
--+----------------------------+------------+-----------------------+-----------------------+-------
v | SLE-Module-Basesystem15-SP6 | curl       | 8.0.1-150400.5.41.1   | 8.6.0-150600.4.3.1    | x86_64
v | SLE-Module-Basesystem15-SP6 | vim-small  | 9.1.0111-150500.20.9.1 | 9.1.0330-150500.20.12.1 | x86_64
E
;;
"-n -q --no-refresh list-patches --category security") cat <<'E'
Repository                  | Name                | Category | Severity  | Interactive | Status | Since | Summary
----------------------------+---------------------+----------+-----------+-------------+--------+-------+--------------------------
SLE-Module-Basesystem15-SP6 | SUSE-SLE-2024-1234  | security | important | ---         | needed | -     | Security update for curl
SLE-Module-Basesystem15-SP6 | SUSE-SLE-2024-1300  | security | moderate  | reboot      | needed | -     | Security update for kernel | more
E
;;
"-n -q locks") cat <<'E'
# | Name      | Type    | Repository
--+-----------+---------+-----------
1 | kernel-*  | package | (any)
E
;;
*) echo "unexpected $*"; exit 9;;
esac`,
	}, []string{
		"H\tkernel-*\tlocked with zypper addlock", "S\t2",
		"U\tcurl\t8.0.1-150400.5.41.1\t8.6.0-150600.4.3.1\tSLE-Module-Basesystem15-SP6\tunknown",
		"U\tvim-small\t9.1.0111-150500.20.9.1\t9.1.0330-150500.20.12.1\tSLE-Module-Basesystem15-SP6\tunknown",
	}, []string{"pending=2", "security=2", "security_known=yes", "held=1"}},

	{"apk", "apk", "", map[string]string{
		"apk": `[ "$*" = "version -l <" ] || exit 9; cat <<'E'
Installed:                                Available:
busybox-1.36.1-r15                      < 1.36.1-r29
py3-yaml-6.0.1-r1                       < 6.0.1-r2
E
`,
	}, []string{
		"U\tbusybox\t1.36.1-r15\t1.36.1-r29\t-\tunknown", "U\tpy3-yaml\t6.0.1-r1\t6.0.1-r2\t-\tunknown",
	}, []string{"pending=2", "security_known=no"}},

	{"pacman", "pacman", "", map[string]string{
		"checkupdates": "printf 'linux 6.9.6.arch1-1 -> 6.9.7.arch1-1\\nopenssl 3.3.0-1 -> 3.3.1-1\\n'",
	}, []string{"U\tlinux\t6.9.6.arch1-1\t6.9.7.arch1-1\t-\tunknown", "U\topenssl\t3.3.0-1\t3.3.1-1\t-\tunknown"}, []string{"pending=2"}},

	{"pacman, cached", "pacman", "cached", map[string]string{
		"checkupdates": "exit 9",
		"pacman":       "[ \"$*\" = -Qu ] || exit 9; printf 'linux 6.9.6.arch1-1 -> 6.9.7.arch1-1 [ignored]\\nopenssl 3.3.0-1 -> 3.3.1-1\\n'",
	}, []string{"H\tlinux\tignored in pacman.conf", "U\topenssl\t3.3.0-1\t3.3.1-1\t-\tunknown"}, []string{"pending=1", "held=1"}},

	{"pacman, none", "pacman", "", map[string]string{"checkupdates": "exit 2"}, nil, []string{"pending=0"}},

	{"pkg", "pkg", "", map[string]string{
		"freebsd-version": "echo 14.1-RELEASE-p3",
		"freebsd-update":  `[ "$*" = updatesready ] || exit 9`,
		"pkg": `case "$*" in
"upgrade -n") cat <<'E'
Updating FreeBSD repository catalogue...
FreeBSD repository is up to date.
All repositories are up to date.
Checking for upgrades (2 candidates): 100%
Processing candidates (2 candidates): 100%
The following 3 package(s) will be affected (of 0 checked):

New packages to be INSTALLED:
	libunistring: 1.2 [FreeBSD]

Installed packages to be UPGRADED:
	curl: 8.8.0 -> 8.9.1 [FreeBSD]
	tmux: 3.3a_1 -> 3.4 [FreeBSD]

Number of packages to be installed: 1
E
exit 1;;
"audit -q") echo curl-8.8.0; exit 1;;
"query -e %k = 1 %n") echo postgresql15-server;;
*) exit 9;;
esac`,
	}, []string{
		"H\tpostgresql15-server\tlocked with pkg lock", "N\tlibunistring\t1.2\t[FreeBSD]",
		"U\tFreeBSD-base\t14.1-RELEASE-p3\tfetched\tfreebsd-update\tyes",
		"U\tcurl\t8.8.0\t8.9.1\t[FreeBSD]\tyes", "U\ttmux\t3.3a_1\t3.4\t[FreeBSD]\tno",
	}, []string{"pending=3", "security=2", "held=1", "new_packages=1"}},
}

func TestPending(t *testing.T) {
	sh := shells(t)
	patch := builtin(t, "patch")
	step := patch.Steps[slices.IndexFunc(patch.Steps, func(s Step) bool { return s.ID == "pending" })]
	for _, c := range managers {
		for shell, argv := range sh {
			t.Run(c.name+"/"+shell, func(t *testing.T) {
				_, path := fakes(t, c.fakes)
				out, stderr, exit := run(t, argv, lib("tend_pm="+c.pm+"\nr=$(tend_pending "+c.cached+") || exit\nprintf '%s\\n@@\\n' \"$r\"\nprintf '%s\\n' \"$r\" | tend_pending_facts"), path)
				records, out, _ := strings.Cut(out, "\n@@\n")
				var got []string
				if records != "" {
					got = strings.Split(records, "\n")
				}
				slices.Sort(got)
				slices.Sort(c.want)
				if !slices.Equal(got, c.want) || exit != 0 {
					t.Fatalf("exit %d, stderr %q, got\n%s\nwant\n%s", exit, stderr, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
				}
				for _, want := range c.facts {
					if !strings.Contains("\n"+out, "\n"+want+"\n") {
						t.Errorf("no %q in\n%s", want, out)
					}
				}
				if _, warnings := ParseEmitted(step, []byte(out)); len(warnings) > 0 {
					t.Errorf("%q", warnings)
				}
			})
		}
	}
}

// TestPendingFails: a package manager that cannot answer is no package manager without updates.
func TestPendingFails(t *testing.T) {
	broken := "echo 'E: The package cache file is corrupted' >&2; exit 1"
	for pm, tool := range map[string]string{"apt": "apt-get", "dnf": "dnf", "dnf5": "dnf5", "yum": "yum", "zypper": "zypper", "apk": "apk", "pacman": "checkupdates", "pkg": "pkg", "none": "none"} {
		_, path := fakes(t, map[string]string{tool: broken})
		out, stderr, exit := run(t, []string{"/bin/sh"}, lib("tend_pm="+pm+"\ntend_pending"), path)
		if exit == 0 || out != "" || stderr == "" {
			t.Errorf("%s: exit %d, out %q, stderr %q", pm, exit, out, stderr)
		}
	}
}

// TestPendingReal asks the apt of this machine, in simulation, and holds the answer against apt's own count.
func TestPendingReal(t *testing.T) {
	if _, err := os.Stat("/usr/bin/apt-get"); err != nil {
		missing(t, "apt-get")
		return
	}
	_, path := fakes(t, map[string]string{"apt-get": `/usr/bin/apt-get "$@" >"${0%/*}/said"; rc=$?; cat "${0%/*}/said"; exit $rc`})
	out, stderr, exit := run(t, []string{"/bin/sh"}, lib(`tend_detect
tend_pending | tend_pending_facts
d=$(command -v apt-get)
sed -n 's/^\([0-9]*\) upgraded, \([0-9]*\) newly.*/apt: \1 \2/p' "${d%/*}/said"`), path)
	facts, warnings := ParseEmitted(Step{Emits: "facts", Facts: []FactSpec{{Key: "pending", Type: "int"}, {Key: "new_packages", Type: "int"}, {Key: "security", Type: "int"}}}, []byte(out))
	if exit != 0 || len(facts) != 3 || len(warnings) > 0 {
		t.Fatalf("exit %d, %q, %q\n%s", exit, stderr, warnings, out)
	}
	value := map[string]string{}
	for _, f := range facts {
		value[f.Key] = f.Value
	}
	if want := "apt: " + value["pending"] + " " + value["new_packages"] + "\n"; !strings.Contains(out, want) {
		t.Errorf("we say %q, and apt says otherwise:\n%s", want, out[max(0, len(out)-200):])
	}
}

func TestSelect(t *testing.T) {
	records := "U\tlibc6:i386\t1\t2\to\tyes\nU\tlibc6\t1\t2\to\tno\nU\tbash.x86_64\t1\t2\to\tunknown\nU\tlinux-image-amd64\t1\t2\to\tyes\nN\tnew\t1\to\nH\theld\twhy\n"
	for set, want := range map[string]string{
		"":                               "libc6:i386 2\nlibc6 2\nbash.x86_64 2\nlinux-image-amd64 2\n",
		"scope=security":                 "libc6:i386 2\nlinux-image-amd64 2\n",
		"packages='libc6 bash'":          "libc6:i386 2\nlibc6 2\nbash.x86_64 2\n",
		"packages='lib*'":                "libc6:i386 2\nlibc6 2\n",
		"exclude='linux-* bash'":         "libc6:i386 2\nlibc6 2\n",
		"scope=security exclude=linux-*": "libc6:i386 2\n",
		"packages='lib[a]*'":             "",
	} {
		for name, argv := range shells(t) {
			if out, _, _ := run(t, argv, lib(strings.ReplaceAll(set, "' ", "'\n")+"\ntend_select <<'E'\n"+records+"E")); out != want {
				t.Errorf("%s, %s: %q, want %q", name, set, out, want)
			}
		}
	}
}

// TestUpgrade looks at the exact commands that are run, and at what becomes of their exit codes.
func TestUpgrade(t *testing.T) {
	const log = `for a; do printf '%s ' "$a"; done >>"$LOG"; echo >>"$LOG"; `
	aptList := log + `case "$*" in
"-s --with-new-pkgs upgrade") printf 'Inst a [1] (2 D:12/s-security [x])\nInst b [1] (2 D:12/s [x])\nInst c [1] (2 D:12/s-security [x])\n';;
"-s --only-upgrade --no-remove install a=2 c=2") printf 'Inst a [1] (2 x)\nInst c [1] (2 x)\n';;
"-s --only-upgrade --no-remove install a=2") printf 'Inst a [1] (2 x)\nInst c [1] (2 x)\n';;
esac`
	zypper := func(codes string) string {
		return log + `case "$*" in *list-updates*|*locks*|*list-patches*) exit 0;; esac
n=$(grep -c patch "$LOG"); for c in ` + codes + `; do n=$((n-1)); [ $n -gt 0 ] || exit $c; done`
	}
	dpkg := "-o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
	for _, c := range []struct {
		name, set, arg string
		tool, body     string
		pm             string
		want           string // the last command
		exit           int
		says           string
	}{
		{"apt all", "", "", "apt-get", log, "apt", "-y -q " + dpkg + " --with-new-pkgs upgrade", 0, ""},
		{"apt new conffiles", "conffile=new", "", "apt-get", log, "apt", "-y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confnew --with-new-pkgs upgrade", 0, ""},
		{"apt download", "", "download", "apt-get", log, "apt", "-y -q --download-only " + dpkg + " --with-new-pkgs upgrade", 0, ""},
		{"apt security", "scope=security", "", "apt-get", aptList, "apt", "-y -q " + dpkg + " --only-upgrade --no-remove install a=2 c=2", 0, ""},
		{"apt excluded and needed", "scope=security\nexclude=c", "", "apt-get", aptList, "apt", "-s --only-upgrade --no-remove install a=2", 1, "c is excluded"},
		{"apt fails", "", "", "apt-get", log + "exit 100", "apt", "-y -q " + dpkg + " --with-new-pkgs upgrade", 100, ""},
		{"dnf security", "scope=security\nexclude='kernel* a'", "", "dnf", log, "dnf", "-y --security --exclude=kernel* --exclude=a upgrade", 0, ""},
		{"dnf named", "packages='bash vim*'", "", "dnf", log, "dnf", "-y upgrade bash vim*", 0, ""},
		{"dnf5 download", "", "download", "dnf5", log, "dnf5", "-y --downloadonly upgrade", 0, ""},
		{"dnf fails", "", "", "dnf", log + "exit 1", "dnf", "-y upgrade", 1, ""},
		{"yum", "", "", "yum", log, "yum", "-y update", 0, ""},
		{"zypper", "", "", "zypper", zypper("0"), "zypper", "-n --non-interactive-include-reboot-patches patch -l --with-update", 0, ""},
		{"zypper security, run again, reboot", "scope=security", "", "zypper", zypper("103 102"), "zypper", "-n --non-interactive-include-reboot-patches patch -l --category security", 0, "run again\nzypper says that a reboot is due"},
		{"zypper never content", "", "", "zypper", zypper("103 103 103 103 103"), "zypper", "-n --non-interactive-include-reboot-patches patch -l --with-update", 1, "still wants"},
		{"zypper skipped a repository", "", "", "zypper", zypper("106"), "zypper", "-n --non-interactive-include-reboot-patches patch -l --with-update", 1, "skipped"},
		{"zypper %post", "", "", "zypper", zypper("107"), "zypper", "-n --non-interactive-include-reboot-patches patch -l --with-update", 1, "%post"},
		{"zypper locked", "", "", "zypper", zypper("7"), "zypper", "-n --non-interactive-include-reboot-patches patch -l --with-update", 7, ""},
		{"tumbleweed", "tend_os=opensuse-tumbleweed", "", "zypper", zypper("0"), "zypper", "-n dist-upgrade -l", 0, ""},
		{"apk", "", "", "apk", log, "apk", "upgrade", 0, ""},
		{"apk security", "scope=security", "", "apk", log, "apk", "", 1, "does not tell security updates"},
		{"apk but for one", "exclude=b", "", "apk", log + `case "$*" in version*) printf 'a-1-r0 < 2-r0\nb-1-r0 < 2-r0\n';; esac`, "apk", "upgrade a", 0, ""},
		{"pacman", "exclude='linux nvidia'", "", "pacman", log, "pacman", "-Syu --noconfirm --ignore linux,nvidia", 0, ""},
		{"pacman download", "", "download", "pacman", log, "pacman", "-Syuw --noconfirm", 0, ""},
		{"pacman partly", "packages=linux", "", "pacman", log, "pacman", "", 1, "no partial upgrades"},
		{"pkg fetch", "", "download", "pkg", log, "pkg", "upgrade -y -F", 0, ""},
	} {
		for shell, argv := range shells(t) {
			t.Run(c.name+"/"+shell, func(t *testing.T) {
				dir, path := fakes(t, map[string]string{c.tool: c.body, "freebsd-update": "exit 0", "apt-mark": ""})
				out, stderr, exit := run(t, argv, lib("tend_pm="+c.pm+" tend_os=x scope=all packages='' exclude='' conffile=keep lock_wait=300\n"+c.set+"\ntend_upgrade "+c.arg), path, "LOG="+dir+"/log")
				data, _ := os.ReadFile(dir + "/log")
				lines := strings.Split(strings.TrimSpace(string(data)), "\n")
				if last := strings.TrimSpace(lines[len(lines)-1]); last != c.want || exit != c.exit || !strings.Contains(out+stderr, c.says) {
					t.Errorf("ran %q (exit %d), want %q (exit %d); said %q", last, exit, c.want, c.exit, out+stderr)
				}
			})
		}
	}
}

func TestBroken(t *testing.T) {
	_, path := fakes(t, map[string]string{"dpkg-query": `printf 'ii  bash\nhi  nginx\nrc  old\niU  half\niF  failed\nun  gone\n'`})
	for name, argv := range shells(t) {
		if out, _, _ := run(t, argv, lib("tend_pm=apt\ntend_broken"), path); out != "half (iU)\nfailed (iF)\n" {
			t.Errorf("%s: %q", name, out)
		}
	}
}

// TestLocks holds dpkg's real lock for a moment, and wants to be named as its holder.
func TestLocks(t *testing.T) {
	f, err := os.OpenFile("/var/lib/dpkg/lock", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	defer f.Close()
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK}); err != nil {
		t.Skipf("SKIPPED: someone has dpkg's lock: %v", err)
	}
	for name, argv := range shells(t) {
		out, _, _ := run(t, argv, lib("tend_pm=apt\ntend_locks"))
		if !strings.Contains(out, strconv.Itoa(os.Getpid())+" ") || !strings.Contains(out, "/var/lib/dpkg/lock\n") {
			t.Errorf("%s: %q", name, out)
		}
		if _, stderr, exit := run(t, argv, lib("tend_pm=apt\ntend_wait_lock 0")); exit != 1 || !strings.Contains(stderr, "still locked after 0 s, by "+strconv.Itoa(os.Getpid())) {
			t.Errorf("%s: exit %d, %q", name, exit, stderr)
		}
	}
}

// TestConffiles changes one of two files that a package ships.
func TestConffiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"kept.conf": "as shipped\n", "changed.conf": "changed here\n", "gone.conf": ""} {
		if text != "" {
			if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	sum := fmt.Sprintf("%x", md5.Sum([]byte("as shipped\n")))
	body := "[ \"$3\" = demo ] || exit 9\nprintf 'demo\\n'\nfor f in kept changed gone; do printf ' %s " + sum + "\\n' \"" + dir + "/$f.conf\"; done\nprintf ' " + dir + "/changed.conf 00 obsolete\\n'"
	_, path := fakes(t, map[string]string{"dpkg-query": body})
	for name, argv := range shells(t) {
		if out, stderr, _ := run(t, argv, lib("tend_pm=apt\ntend_conffiles demo"), path); out != dir+"/changed.conf\tdemo\n" {
			t.Errorf("%s: %q, stderr %q", name, out, stderr)
		}
	}
}
