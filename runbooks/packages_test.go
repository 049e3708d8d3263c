package runbooks

import (
	"crypto/md5"
	"fmt"
	"maps"
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

// TestPins reads preferences as apt_preferences(5) has them.
func TestPins(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/pins", "Explanation: new ones broke the exporter\nPackage: nginx nginx-common\nPin: version 1.22.*\nPin-Priority: 1001\n\nPackage: *\nPin: release a=backports\nPin-Priority: 400\n\nPackage: snapd\nPin: release a=*\nPin-Priority: -10\n")
	_, path := fakes(t, map[string]string{"apt-get": "", "apt-mark": ""})
	want := "H\tnginx\tpinned in /etc/apt/preferences: version 1.22.*, priority 1001\nH\tnginx-common\tpinned in /etc/apt/preferences: version 1.22.*, priority 1001\n" +
		"H\tsnapd\tpinned in /etc/apt/preferences: release a=*, priority -10\n"
	for name, argv := range shells(t) {
		if out, _, _ := run(t, argv, strings.ReplaceAll(lib("tend_pm=apt\ntend_pending"), "/etc/apt/preferences.d/*", dir+"/*"), path); out != want {
			t.Errorf("%s: %q", name, out)
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
		return log + `case "$*" in *list-patches*) printf 'R | Name | C | S\nr | one | security | x\n'; exit 0;; *list-updates*|*locks*) exit 0;; esac
n=$(grep -c patch "$LOG"); for c in ` + codes + `; do n=$((n-1)); [ $n -gt 0 ] || exit $c; done`
	}
	dpkg := "-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
	for _, c := range []struct {
		name, set, arg string
		tool, body     string
		pm             string
		want           string // the last command
		exit           int
		says           string
	}{
		{"apt all", "", "", "apt-get", log, "apt", "-y -q " + dpkg + " --with-new-pkgs upgrade", 0, ""},
		{"apt new conffiles", "conffile=new", "", "apt-get", log, "apt", "-y -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confnew --with-new-pkgs upgrade", 0, ""},
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
		{"zypper will renew itself", "scope=security", "download", "zypper", zypper("103 0"), "zypper", "-n --non-interactive-include-reboot-patches install -l --download-only patch:one", 0, "will renew itself first"},
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

// TestTransactionOfApk: the words are those of print_change in src/commit.c of apk-tools 2.14, and of 3, which puts blanks before the numbers.
func TestTransactionOfApk(t *testing.T) {
	body := `case "$*" in
"upgrade -s") printf '%s\n' "(1/6) Upgrading musl (1.2.4-r1 -> 1.2.4-r2)" "( 2/6) Installing libnew@edge (0.9-r0)" "(3/6) Replacing zlib (1.3-r0 -> 1.3-r0)" "(4/6) Purging old-lib (2.0-r3)" \
	"(5/6) Downgrading curl (8.6-r0 -> 8.5-r0)" "(6/6) Updating pinning htop (3.2-r0)" "OK: 12 MiB in 30 packages" ;;
"upgrade -s musl") printf '%s\n' "(1/1) Upgrading musl (1.2.4-r1 -> 1.2.4-r2)" "OK: 12 MiB in 30 packages" ;;
"upgrade -s curl") printf '%s\n' "ERROR: unable to select packages:" "  curl-8.5-r0:"; exit 1 ;;
*) exit 9 ;;
esac`
	for set, want := range map[string]string{
		":":             "musl 1.2.4-r1 1.2.4-r2\nlibnew - 0.9-r0\nzlib 1.3-r0 1.3-r0\nold-lib 2.0-r3 -\ncurl 8.6-r0 8.5-r0\n(0)",
		"packages=musl": "musl 1.2.4-r1 1.2.4-r2\n(0)",
		"exclude=curl":  "musl 1.2.4-r1 1.2.4-r2\n(0)",
		"packages=curl": "ERROR: unable to select packages:\n  curl-8.5-r0:\n(1)",
		"packages=bash": "(0)",
	} {
		for name, argv := range shells(t) {
			_, path := fakes(t, map[string]string{"apk": body})
			out, stderr, exit := run(t, argv, lib("tend_pm=apk scope=all packages='' exclude=''\n"+set+"\nprintf 'U\\tmusl\\t1.2.4-r1\\t1.2.4-r2\\t-\\tunknown\\nU\\tcurl\\t8.6-r0\\t8.5-r0\\t-\\tunknown\\n' | tend_transaction"), path)
			if got := fmt.Sprintf("%s%s(%d)", out, stderr, exit); got != want {
				t.Errorf("%s, %s: foretold\n%s\nwant\n%s", name, set, got, want)
			}
		}
	}
}

// TestBroken: what is named as broken, and what becomes of it; "two" is a package that rpm was killed over, and db.lck what pacman leaves behind.
func TestBroken(t *testing.T) {
	rpm := `case "$*" in
*rebuilddb) : >"${0%/*}/rebuilt" ;;
"-q two.x86_64 "*) printf 'two-%s.x86_64\n' 1.9-1 1.10-1 ;;
-qa*) [ ! -e "${0%/*}/hurt" ] || [ -e "${0%/*}/rebuilt" ] || exit 1; printf '%s.x86_64\n' one kernel kernel kmod-a kmod-a two gpg-pubkey gpg-pubkey two ;;
*) echo "rpm $*" ;;
esac`
	const forgets = "forgetting two-1.9-1.x86_64\nrpm -e --justdb --nodeps --noscripts --notriggers two-1.9-1.x86_64\n"
	const conf = "-y -q -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "
	for _, c := range []struct {
		name, pm string
		tools    map[string]string
		broken   string
		repair   string
		left     string
	}{
		{"dpkg", "apt", map[string]string{"dpkg-query": `printf 'ii  bash\nhi  nginx\nrc  old\niU  half\niF  failed\nun  gone\npn  purged\niHR torn\n'`,
			"dpkg": `echo "dpkg $*"; exit 1`, "apt-get": `echo "apt-get $*"`}, "half (iU)\nfailed (iF)\ntorn (iHR)\n",
			"dpkg --force-confdef --force-confold --configure -a\ndpkg could not configure all; apt tries\napt-get " + conf + "-f install\napt-get " + conf + "--reinstall install failed torn\n", "db.lck"},
		{"apt cannot", "apt", map[string]string{"dpkg-query": `echo 'iF  failed'`, "dpkg": "exit 0", "apt-get": `echo "apt-get $*"; exit 100`}, "failed (iF)\n", "apt-get " + conf + "-f install\n(100)", "db.lck"},
		{"rpm", "dnf", map[string]string{"rpm": rpm}, "two.x86_64 (two versions of it are installed)\n", forgets, "db.lck"},
		{"rpm's database", "zypper", map[string]string{"rpm": rpm, "hurt": ""}, "rpm (its database cannot be read)\n", forgets, "db.lck"},
		{"rpm says nothing", "yum", map[string]string{"rpm": ""}, "rpm (its database cannot be read)\n", "", "db.lck"},
		{"pacman, gone", "pacman", map[string]string{"ps": "echo sh"}, "pacman (db.lck was left by one that is gone)\n", "", ""},
		{"pacman, at work", "pacman", map[string]string{"ps": "echo sh; echo pacman"}, "", "", "db.lck"},
		{"apk", "apk", nil, "", "nothing to repair is known for apk\n", "db.lck"},
	} {
		for name, argv := range shells(t) {
			dir, path := fakes(t, c.tools)
			write(t, dir+"/db.lck", "")
			at := strings.NewReplacer("/var/lib/pacman", dir)
			if out, _, _ := run(t, argv, at.Replace(lib("tend_pm="+c.pm+"\ntend_broken")), path); out != c.broken {
				t.Errorf("%s, %s: %q, want %q", c.name, name, out, c.broken)
			}
			out, stderr, _ := run(t, argv, at.Replace(lib("tend_pm="+c.pm+"\ntend_repair || printf '(%s)' $?\n")), path)
			if _, err := os.Stat(dir + "/db.lck"); out != c.repair || (err == nil) != (c.left != "") {
				t.Errorf("%s, %s: repaired by %q, want %q; db.lck: %v; %s", c.name, name, out, c.repair, err, stderr)
			}
		}
	}
}

// TestRefusedBeforehand: what a package manager cannot do is refused with what is pending, and neither foretold as nothing to do nor as more
// than would be done.
func TestRefusedBeforehand(t *testing.T) {
	const told, untold, patches = "U\ta\t1\t2\to\tyes\n", "U\ta\t1\t2\to\tunknown\n", "S\t1\nU\ta\t1\t2\to\tunknown\n"
	const blind, whole = " does not tell security updates from others", "zypper applies security patches whole"
	for _, c := range []struct{ pm, os, set, records, want string }{
		{"apt", "debian", "scope=security packages=a", told, ""},
		{"dnf", "rocky", "scope=security", told, ""},
		{"dnf", "centos", "scope=security", untold, "dnf" + blind},
		{"dnf", "centos", "packages=a", untold, ""},
		{"yum", "centos", "scope=security", "", ""}, // nothing is pending
		{"pkg", "freebsd", "scope=security", "N\tb\t1\to\n" + untold, "pkg" + blind},
		{"apk", "alpine", "scope=security", "", "apk" + blind},
		{"zypper", "sles", "scope=security", patches, ""},
		{"zypper", "sles", "packages=a", patches, ""},
		{"zypper", "sles", "scope=security packages=a", patches, whole},
		{"zypper", "sles", "scope=security exclude=a", patches, whole},
		{"zypper", "opensuse-tumbleweed", "scope=security", "S\t0\nU\ta\t1\t2\to\tunknown\n", "zypper" + blind},
		{"pacman", "arch", "packages=a", untold, "pacman supports no partial upgrades"},
		{"pacman", "arch", "scope=security", untold, "pacman" + blind},
		{"pacman", "arch", "exclude=a", untold, ""},
	} {
		for name, argv := range shells(t) {
			_, stderr, exit := run(t, argv, lib("tend_pm="+c.pm+" tend_os="+c.os+" scope=all packages='' exclude=''\n"+strings.ReplaceAll(c.set, " ", "\n")+"\ntend_refuse <<'E'\n"+c.records+"E"))
			if (exit != 0) != (c.want != "") || !strings.HasPrefix(stderr, c.want) {
				t.Errorf("%s, %s %s: exit %d, %q, want %q", name, c.pm, c.set, exit, stderr, c.want)
			}
		}
	}
	if !strings.Contains(stepOf(t, planFor(t, builtin(t, "patch"), nil), "pending").Script, "| tend_refuse || exit\ntransaction=") {
		t.Error("patch does not ask before it foretells a transaction")
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
		out, stderr, _ := run(t, argv, lib("tend_pm=apt\nprintf 'U\\tdemo\\t1\\t2\\to\\tno\\n' | tend_conffile_facts"), path)
		if want := "conffile." + dir + "/changed.conf=demo: changed on this host, and may conflict\nconffiles=1\n"; out != want {
			t.Errorf("%s: %q, want %q, stderr %q", name, out, want, stderr)
		}
	}
}

// TestListsAndInstalled: how each package manager is told to fetch its lists, whose failure is the step's, and how it says what is installed: as
// apk-info(8), pkg-query(8), freebsd-version(1) and rpm(8) print it.
func TestListsAndInstalled(t *testing.T) {
	rpm := "printf 'kernel.x86_64 6.1-1\\nbash.x86_64 5.2-1\\ngpg-pubkey.(none) 1-2\\nkernel.x86_64 6.2-1\\n'"
	for pm, c := range map[string]struct{ tool, body, fetch, installed string }{
		"apt":    {"dpkg-query", "printf 'ii  bash 5.2\\nrc  old 1\\nhi  nginx 1.2\\niU  half 3\\n'", "-q -o DPkg::Lock::Timeout=7 update", "bash 5.2\nhalf 3\nnginx 1.2\n"},
		"dnf":    {"rpm", rpm, "--refresh makecache", "bash.x86_64 5.2-1\nkernel.x86_64 6.1-1\nkernel.x86_64 6.2-1\n"},
		"zypper": {"rpm", rpm, "-n refresh", "bash.x86_64 5.2-1\nkernel.x86_64 6.1-1\nkernel.x86_64 6.2-1\n"},
		"apk":    {"apk", "printf 'musl-1.2.4-r2\\nlib-x-y-2.0_p1-r0\\n'", "update", "lib-x-y 2.0_p1-r0\nmusl 1.2.4-r2\n"},
		"pkg":    {"pkg", "printf 'pkg 1.20.9\\nbash 5.2.15\\n'", "update", "FreeBSD-base 14.1-RELEASE-p3\nbash 5.2.15\npkg 1.20.9\n"},
		"pacman": {"pacman", "echo bash 5.2-1", "-Sy --noconfirm --dbpath kept/pacman --logfile /dev/null", "bash 5.2-1\n"},
	} {
		fetcher := map[string]string{"apt": "apt-get"}[pm]
		if fetcher == "" {
			fetcher = pm
		}
		for name, argv := range shells(t) {
			_, path := fakes(t, map[string]string{c.tool: c.body, "freebsd-version": `[ "$1" = -u ] && echo 14.1-RELEASE-p3`})
			if out, stderr, _ := run(t, argv, lib("tend_pm="+pm+"\ntend_installed"), path); out != c.installed {
				t.Errorf("%s, %s: %q, %q", pm, name, out, stderr)
			}
			_, path = fakes(t, map[string]string{fetcher: `echo "ran $*"; exit 3`})
			out, _, exit := run(t, argv, strings.ReplaceAll(lib("tend_pm="+pm+" lock_wait=7\ntend_refresh"), "/var/lib/tend", "kept"), path)
			if want := "ran " + c.fetch + "\n"; out != want || exit != 3 {
				t.Errorf("%s, %s: %q, exit %d", pm, name, out, exit)
			}
		}
	}
}

// TestConffilesOfOthers: pacman(8) -Qii marks what was changed in front of the path up to 6.0 and behind it since; apk-audit(8) and apk-info(8)
// say what was changed, and whose it is (info_who_owns in apk-tools' src/info.c: the name alone where it is to be quiet).
func TestConffilesOfOthers(t *testing.T) {
	pacman := func(files string) map[string]string {
		return map[string]string{"pacman": "[ \"$*\" = '-Qii openssh sudo' ] || exit 9\nprintf 'Name            : openssh\\nBackup Files    :\\n" + files + "\\nName            : sudo\\nBackup Files    : None\\n'"}
	}
	for _, c := range []struct {
		pm    string
		tools map[string]string
		want  string
	}{
		{"pacman", pacman(`MODIFIED\t/etc/ssh/sshd_config\nUNMODIFIED\t/etc/pam.d/sshd`), "/etc/ssh/sshd_config\topenssh\n"},
		{"pacman", pacman(`/etc/pam.d/sshd\n                  /etc/ssh/sshd_config [modified]`), "/etc/ssh/sshd_config\topenssh\n"},
		{"apk", map[string]string{"apk": `case "$*" in
audit) printf '%s\n' "A etc/motd.new" "U etc/ssh/sshd_config" "U etc/hosts" ;;
"info -q --who-owns /etc/ssh/sshd_config") echo openssh ;;
"info -q --who-owns /etc/hosts") echo alpine-baselayout ;;
*) exit 9 ;;
esac`}, "/etc/ssh/sshd_config\topenssh\n"},
	} {
		_, path := fakes(t, c.tools)
		for name, argv := range shells(t) {
			if out, stderr, _ := run(t, argv, lib("tend_pm="+c.pm+"\ntend_conffiles openssh sudo"), path); out != c.want {
				t.Errorf("%s, %s: %q, %q", c.pm, name, out, stderr)
			}
		}
	}
}

// TestExcludedByDNFsConfiguration: what dnf.conf(5) or a repository's file excludes is held, and why is said.
func TestExcludedByDNFsConfiguration(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/dnf.conf", "[main]\ngpgcheck=1\nexcludepkgs=kernel*, nginx\n")
	write(t, dir+"/x.repo", "[x]\nbaseurl=file:///x\nexclude = bash\n#exclude=vim\n")
	_, path := fakes(t, map[string]string{"dnf": "", "rpm": ""})
	const why = "\texcluded in the configuration of dnf\n"
	for name, argv := range shells(t) {
		out, stderr, _ := run(t, argv, strings.NewReplacer("/etc/dnf/dnf.conf", dir+"/dnf.conf", "/etc/yum.repos.d/", dir+"/").Replace(lib("tend_pm=dnf\ntend_pending")), path)
		if want := "H\tkernel*" + why + "H\tnginx" + why + "H\tbash" + why; out != want {
			t.Errorf("%s: %q, %q", name, out, stderr)
		}
	}
}

// TestNoneIsSaidByRootOnly: what a plain user cannot look into is not known, and that there is none of it is not said.
func TestNoneIsSaidByRootOnly(t *testing.T) {
	for _, c := range []struct {
		name, set, body string
		tools           map[string]string
		want            string
	}{
		{"nothing pending, root", "", "printf '' | tend_conffile_facts", nil, "conffiles=0\n"},
		{"nothing pending, a user", "", "printf '' | tend_conffile_facts", map[string]string{"id": "echo 1000"}, ""},
		{"nothing pending, a user with sudo", "sudo=yes", "printf '' | tend_conffile_facts", map[string]string{"id": "echo 1000", "sudo": `shift; exec "$@"`}, "conffiles=0\n"},
		{"sudo wants a password", "sudo=yes", "printf '' | tend_conffile_facts", map[string]string{"id": "echo 1000", "sudo": "exit 1"}, ""},
		{"sudo that nobody asked for", "", "printf '' | tend_conffile_facts", map[string]string{"id": "echo 1000", "sudo": `shift; exec "$@"`}, ""},
		{"a manager that does not tell", "tend_pm=pkg", "printf '' | tend_conffile_facts", nil, ""},
		{"no manager", "tend_pm=none", "printf '' | tend_conffile_facts", nil, ""},
		{"services, root", "", "tend_stale_facts", map[string]string{"needrestart": aptWorld["needrestart"]}, "stale.cron.service=runs old code\nstale.ssh.service=runs old code\nrestarts_due=2\n"},
		{"no service, root", "", "tend_stale_facts", map[string]string{"needrestart": ""}, "restarts_due=0\n"},
		{"services, a user with sudo", "sudo=yes", "tend_stale_facts", map[string]string{"id": "echo 1000", "sudo": `shift; exec "$@"`, "needrestart": "echo 'NEEDRESTART-SVC: cron.service'"},
			"stale.cron.service=runs old code\nrestarts_due=1\n"},
		{"services, by what is mapped", "", "tend_stale_facts", map[string]string{"id": "echo 1000", "needrestart": "exit 9", "grep": `echo "${0%/*}/maps"`, "cat": "echo 0::/system.slice/cron.service"},
			"stale.cron.service=runs old code\nrestarts_due=1\n"},
		{"no service, a user", "", "tend_stale_facts", map[string]string{"id": "echo 1000", "needrestart": "exit 9", "grep": "exit 1"}, ""},
	} {
		tools := map[string]string{"id": "echo 0"}
		maps.Copy(tools, c.tools)
		_, path := fakes(t, tools)
		for shell, argv := range shells(t) {
			if out, stderr, _ := run(t, argv, lib("tend_pm=apt\n"+c.set+"\n"+c.body), path); out != c.want {
				t.Errorf("%s, %s: %q, want %q, stderr %q", c.name, shell, out, c.want, stderr)
			}
		}
	}
}

// TestFactsTellWhatAnUpgradeMeets: the built-in facts carry both, in its one round trip, and patch tells them anew when it is done.
func TestFactsTellWhatAnUpgradeMeets(t *testing.T) {
	world := maps.Clone(aptWorld)
	world["dpkg-query"] = "case \"$*\" in\n*Conffiles*openssl) printf 'openssl\\n /etc/hostname 00000000000000000000000000000000\\n' ;;\nesac"
	world["md5sum"] = "sed 's/^[^ ]*  //; s/$/: FAILED/'"
	for shell, argv := range shells(t) {
		facts, _ := stepFacts(t, argv, "facts", "facts", nil, world, "tend_detect\n\n", "tend_detect\ntend_pm=apt\n\n")
		for key, want := range map[string]string{"pending": "1", "conffiles": "1", "conffile./etc/hostname": "openssl: changed on this host, and may conflict",
			"restarts_due": "2", "stale.cron.service": "runs old code"} {
			if facts[key].Value != want {
				t.Errorf("%s: %s is %q, want %q", shell, key, facts[key].Value, want)
			}
		}
	}
	for _, key := range []string{"conffiles", "restarts_due"} {
		if !slices.ContainsFunc(stepOf(t, planFor(t, builtin(t, "patch"), nil), "verify").Facts, func(f FactSpec) bool { return f.Key == key }) {
			t.Errorf("patch does not tell %s anew", key)
		}
	}
}
