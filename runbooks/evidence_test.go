package runbooks

import (
	"os"
	"strings"
	"testing"
)

// TestSecurityPostureBetween: what is neither all well nor all bad, and what cannot be told.
func TestSecurityPostureBetween(t *testing.T) {
	dir, local := t.TempDir(), t.TempDir()
	write(t, dir+"/passwd", "root:x:0:0::/root:/bin/sh\ntoor:*:0:0::/root:\n")
	write(t, dir+"/master.passwd", "root:x:1\nguest::1\n")
	write(t, dir+"/sudoers.d/ops", "%ops ALL=(ALL) NOPASSWD: ALL\n")
	write(t, local+"/sudoers.d/dev", "dev ALL=(ALL) NOPASSWD: ALL\n")
	for _, d := range []string{dir + "/sticky", dir + "/open"} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir+"/sticky", 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir+"/open", 0o777); err != nil {
		t.Fatal(err)
	}
	tools := map[string]string{
		"id": "echo 0", "sshd": "echo permitrootlogin without-password", "nft": "exit 0", "iptables": `printf '%s\n' '-P INPUT ACCEPT' '-A INPUT -j DROP'`, "pfctl": "exit 1",
		"apk": "echo 'a-1-r0 < 2-r0'", "ss": `printf '%s\n' "LISTEN 0 1 0.0.0.0:5432 x" "LISTEN 0 1 [::]:6379 x" "LISTEN 0 1 *:11211 x" "LISTEN 0 1 [::1]:25 x"`,
	}
	at := []string{"/usr/local/etc/", local + "/", "/etc ", dir + " ", "/etc/", dir + "/", "\ntend_detect\n", "\ntend_detect\ntend_pm=apk\n"}
	for _, argv := range shells(t) {
		facts, _ := stepFacts(t, argv, "security-posture", "look", nil, tools, at...)
		wants(t, facts, map[string]string{"root-login": "WARN without-password", "password-login": "UNKNOWN sshd -T does not tell", "root-accounts": "OK", "empty-passwords": "CRIT without a password: guest",
			"sudo": "WARN NOPASSWD: %ops dev", "open-ports": "WARN on all addresses: 5432 6379 11211", "firewall": "OK iptables", "security-updates": "UNKNOWN apk does not tell"})
		if got := facts["writable"].Text; strings.TrimSpace(got) != dir+"/open" {
			t.Errorf("writable: %q", got)
		}
	}
	for _, f := range []string{"/master.passwd", "/sudoers.d/ops"} {
		if err := os.Remove(dir + f); err != nil {
			t.Fatal(err)
		}
	}
	tools["iptables"], tools["pfctl"], tools["sshd"] = "exit 1", "echo block in all", "exit 255"
	facts, _ := stepFacts(t, []string{"/bin/sh"}, "security-posture", "look", nil, tools, at...)
	wants(t, facts, map[string]string{"root-login": "UNKNOWN sshd -T does not tell", "empty-passwords": "UNKNOWN no password file", "sudo": "WARN NOPASSWD: dev", "firewall": "OK pf"})
}

// TestSnapshotTells: what is kept of a host, line by line; and what is waited for, and not beyond its time.
func TestSnapshotTells(t *testing.T) {
	for name, argv := range shells(t) {
		dir, path := fakes(t, map[string]string{
			"systemctl": `case "$*" in
"--failed --plain --no-legend") printf '%s\n' "a.service loaded failed failed A" "* b.service loaded failed failed B" ;;
is-system-running) [ -e "${0%/*}/soon" ] && echo running || echo starting ;;
esac`,
			"sleep": `[ ! -e "${0%/*}/soon" ] || : >"${0%/*}/up"`,
			"ss":    `printf '%s\n' "LISTEN 0 1 0.0.0.0:22 x" "LISTEN 0 1 [::]:40000 x"; [ ! -e "${0%/*}/up" ] || echo "LISTEN 0 1 *:443 x"`, "ip": "exit 0",
		})
		write(t, dir+"/mounts", "/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n/dev/loop1 /snap/x squashfs ro 0 0\n/dev/sr0 /cd iso9660 ro 0 0\nnas:/x /nas nfs4 rw 0 0\ntank/x /tank zfs rw 0 0\n")
		at := strings.NewReplacer("/run/systemd/system", dir, "/proc/mounts", dir+"/mounts", "/var/lib/tend", dir+"/kept")
		says := func(body, want string) {
			t.Helper()
			if out, stderr, _ := run(t, argv, at.Replace(lib(body)), path); out != want {
				t.Errorf("%s: %q, want %q; %s", name, out, want, stderr)
			}
		}
		says("tend_snapshot | grep -v '^kernel\\|^boot'", "unit a.service\nunit b.service\nport 22\nport 40000\nmoves 40000 ?\nmount /\nmount /nas\nmount /tank\n")
		says("tend_settle 6 || echo \"$tend_running after $tend_s\"", "starting after 6\n")
		write(t, dir+"/kept/x", "port 22\nport 443\nport 40000\nmount /\nmount /nas\nmount /tank\nunit a.service\n")
		const rest = "@check\tports\tOK\t\t\t\tas before\n@check\tmounts\tOK\t\t\t\tas before\n@check\troutes\tOK\t\t\t\tas before\n@check\tnew\tOK\t\t\t\tnothing\n"
		write(t, dir+"/soon", "")
		says("tend_compare x 10; ls -ld "+dir+"/kept | cut -c 1-10", "@check\tunits\tCRIT\t\t\t\tfailed since: b.service\n"+rest+"drwxr-xr-x\n")
		says("tend_snapshot_keep x; ls -ld "+dir+"/kept | cut -c 1-10; tend_compare x 10", "drwx------\n@check\tunits\tOK\t\t\t\tas before\n"+rest)
	}
}

// TestRebootIsReady: what keeps hands off, and whether the host is taken at all; and what systemd says of the boot afterwards.
func TestRebootIsReady(t *testing.T) {
	tools := map[string]string{"id": "echo 1000", "needrestart": "", "ss": "", "ip": "", "sleep": ""}
	facts, _ := stepFacts(t, []string{"/bin/sh"}, "reboot", "ready", map[string]string{"if_due": "yes"}, tools, "$(tend_locks |", "$(echo '12 dpkg /lock' |", "\ntend_reboot_deep\n", "\ntend_due=no tend_why=''\n")
	wants(t, facts, map[string]string{"root": "CRIT", "lock": "CRIT process 12 dpkg"})
	if facts["reboot_wanted"].Value != "no" {
		t.Errorf("%+v", facts["reboot_wanted"])
	}
	for said, want := range map[string]string{"running": "OK running", "degraded": "WARN degraded", "maintenance": "CRIT maintenance", "starting": "CRIT starting"} {
		dir := t.TempDir()
		tools["systemctl"] = `[ "$1" != is-system-running ] || echo ` + said
		facts, _ := stepFacts(t, []string{"/bin/sh"}, "reboot", "verify", map[string]string{"settle": "2s"}, tools, "/run/systemd/system", dir, "/var/lib/tend", dir)
		wants(t, facts, map[string]string{"system": want})
	}
}

// TestCleanDiskCommands: what each package manager is told, and what fails is said.
func TestCleanDiskCommands(t *testing.T) {
	log := `echo "${0##*/} $*" >>"${0%/*}/log"; [ ! -e "${0%/*}/fail" ]`
	tools := map[string]string{"df": "", "du": ""}
	for _, tool := range []string{"apt-get", "dnf", "dnf5", "yum", "zypper", "pacman", "pkg", "journalctl"} {
		tools[tool] = log
	}
	for pm, want := range map[string]string{"apt": "apt-get -y clean", "dnf": "dnf -y clean packages", "dnf5": "dnf5 -y clean packages", "yum": "yum -y clean packages", "zypper": "zypper -n clean",
		"pacman": "pacman -Sc --noconfirm", "pkg": "pkg clean -y"} {
		dir, path := fakes(t, tools)
		script := strings.Replace(scriptOf(t, planFor(t, builtin(t, "clean-disk"), map[string]string{"keep_journal": "2d"}), "remove"), "\ntend_detect\n", "\ntend_detect\ntend_pm="+pm+"\n", 1)
		_, stderr, exit := run(t, []string{"/bin/sh"}, script, path)
		if text, _ := os.ReadFile(dir + "/log"); string(text) != want+"\njournalctl --vacuum-time=172800s\n" || exit != 0 {
			t.Errorf("%s: ran %q, exit %d, %s", pm, text, exit, stderr)
		}
		write(t, dir+"/fail", "")
		if _, stderr, exit := run(t, []string{"/bin/sh"}, script, path); exit != 1 || stderr != "packages: failed\n" {
			t.Errorf("%s fails: exit %d, %q", pm, exit, stderr)
		}
	}
}

// TestPortsAreInRange: what no port can be is refused before anything runs, by every built-in that takes ports.
func TestPortsAreInRange(t *testing.T) {
	all, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, rb := range all {
		for _, p := range rb.Params {
			if !strings.HasPrefix(p.Pattern, `\d{1,5}`) {
				continue
			}
			asked++
			for ports, want := range map[string]string{"1 65535": "", "0": "is 0, and must be at least 1", "22 99999": "is 99999, and must be at most 65535"} {
				if _, err := p.Value(ports); (err == nil) != (want == "") || err != nil && err.Error() != want {
					t.Errorf("%s, %s=%s: %v, want %q", rb.Name, p.Name, ports, err, want)
				}
			}
		}
	}
	if asked < 6 {
		t.Errorf("only %d parameters take ports", asked)
	}
}

// TestServicesOfOthers: what OpenRC (rc-service(8)) and FreeBSD (service(8)) are told, and that their word counts.
func TestServicesOfOthers(t *testing.T) {
	log := `echo "${0##*/} $*"; [ "$*" != "$not" ]`
	for _, c := range []struct{ tool, script, want, not string }{
		{"rc-service", "known web.service", "rc-service -e web\n", "-e none"}, {"rc-service", "known none", "rc-service -e none\n", "-e none"}, {"rc-service", "running web.service", "", "web status"},
		{"rc-service", "restart web.service", "rc-service web restart\n", "web restart"}, {"service", "known none", "", "none rcvar"}, {"service", "running web", "", "web status"},
		{"service", "restart web", "service web restart\n", "web restart"},
	} {
		_, path := fakes(t, map[string]string{c.tool: log})
		body := strings.NewReplacer("/run/systemd/system", "/nonexistent/systemd", "tend_have rc-service", "[ "+c.tool+" = rc-service ]").Replace(lib("tend_service " + c.script + "; echo $?"))
		for not, code := range map[string]string{"": "0\n", c.not: "1\n"} {
			if strings.HasPrefix(c.script, "known web") {
				code = "0\n"
			}
			out, _, _ := run(t, []string{"/bin/sh"}, body, path, "not="+not)
			if want := c.want + code; !strings.HasSuffix(out, want) || c.want == "" && out != code {
				t.Errorf("%s %s, not %q: %q, want %q", c.tool, c.script, not, out, want)
			}
		}
	}
}
