package runbooks

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
"-C check-update") cat <<'E'

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

	{"pkg, cached", "pkg", "cached", map[string]string{
		"freebsd-update": "exit 1",
		"pkg":            `case "$*" in "upgrade -n -U") printf 'Installed packages to be UPGRADED:\n\tcurl: 8.8.0 -> 8.9.1 [FreeBSD]\n'; exit 1 ;; "audit -q"|query*) exit 0 ;; *) exit 9 ;; esac`,
	}, []string{"U\tcurl\t8.8.0\t8.9.1\t[FreeBSD]\tno"}, []string{"pending=1", "security=0"}},
}
