package runbooks

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// stepFacts runs one step of a built-in in a world of fakes, with pieces of the script replaced, and returns its facts.
func stepFacts(t *testing.T, argv []string, name string, id StepID, params, tools map[string]string, replace ...string) (map[string]Fact, int) {
	t.Helper()
	_, path := fakes(t, tools)
	plan := planFor(t, builtin(t, name), params)
	script := strings.NewReplacer(replace...).Replace(scriptOf(t, plan, id))
	out, stderr, exit := run(t, argv, script, path)
	facts, warnings := ParseEmitted(stepOf(t, plan, id), []byte(out))
	if len(warnings) > 0 {
		t.Errorf("%s/%s: %q", name, id, warnings)
	}
	if exit != 0 {
		t.Logf("%s/%s: exit %d, %s", name, id, exit, stderr)
	}
	byKey := map[string]Fact{}
	for _, f := range facts {
		byKey[f.Key] = f
	}
	return byKey, exit
}

// pgbackrestSays is what "pgbackrest info --output=json" (2.45, of Debian 12, asked of a real stanza) prints of one stanza with a backup, or with none.
func pgbackrestSays(stanza string, ends ...time.Time) string {
	var backups []string
	for i, end := range ends {
		backups = append(backups, fmt.Sprintf(`{"archive":{"start":"00000001000000000000000%d","stop":"00000001000000000000000%d"},"backrest":{"format":5,"version":"2.45"},"database":{"id":1,"repo-key":1},"error":false,`+
			`"info":{"delta":22992607,"repository":{"delta":3043554,"size":3043554},"size":22992607},"label":"20261130-110026F","lsn":{"start":"0/2000028","stop":"0/2000100"},"prior":null,"reference":null,`+
			`"timestamp":{"start":%d,"stop":%d},"type":"full"}`, i+2, i+2, end.Unix()-12, end.Unix()))
	}
	return `{"archive":[{"database":{"id":1,"repo-key":1},"id":"15-1","max":"000000010000000000000002","min":"000000010000000000000001"}],"backup":[` + strings.Join(backups, ",") +
		`],"cipher":"none","db":[{"id":1,"repo-key":1,"system-id":7713917687957165828,"version":"15"}],"name":"` + stanza + `","repo":[{"cipher":"none","key":1,"status":{"code":0,"message":"ok"}}],` +
		`"status":{"code":0,"lock":{"backup":{"held":false}},"message":"ok"}}`
}

// TestBackupCheck: the answers are those of restic 0.16 (restic-snapshots(1)), borg 1.2 (borg-list(1)) and pgBackRest 2.45.
func TestBackupCheck(t *testing.T) {
	now := time.Now()
	at := func(d time.Duration, layout string) string { return now.Add(d).UTC().Format(layout) }
	inZone := now.Add(-time.Hour).In(time.FixedZone("", -5*3600)).Format("2006-01-02T15:04:05.123456789-07:00")
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/f", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	pgbackrests := `[ "$*" = "info --output=json" ] || exit 9; echo '[` + pgbackrestSays("main", now.Add(-40*time.Hour)) + "," + pgbackrestSays("next") + "," + pgbackrestSays("other", now.Add(-time.Hour)) + `]'`
	for name, c := range map[string]struct {
		kind, where, tool, body, key, want string
	}{
		"path":              {"path", dir, "x", "", "backup:" + dir, "OK 0 minutes 1560"},
		"path empty":        {"path", empty, "x", "", "backup:" + empty, "CRIT there is no backup"},
		"path gone":         {"path", dir + "/none", "x", "", "backup:" + dir + "/none", "UNKNOWN is not there"},
		"restic":            {"restic", "-", "restic", `[ "$*" = "snapshots --latest 1 --json" ] || exit 9; echo '[{"time":"2020-01-01T00:00:00Z","id":"a"},{"time":"` + inZone + `","paths":["/x"]}]'`, "backup:restic", "OK 60 minutes"},
		"restic old":        {"restic", "/r", "restic", `[ "$5" = -r ] && [ "$6" = /r ] || exit 9; echo '[{"time":"` + at(-30*time.Hour, time.RFC3339) + `"}]'`, "backup:/r", "CRIT 1800 minutes"},
		"restic none":       {"restic", "-", "restic", `echo null`, "backup:restic", "CRIT there is no backup"},
		"restic locked out": {"restic", "-", "restic", `echo "Fatal: wrong password" >&2; exit 1`, "backup:restic", "UNKNOWN wrong password"},
		"borg":              {"borg", "/b", "borg", `[ "$TZ" = UTC ] || exit 9; printf '{\n "archives": [\n {\n "start": "x",\n "time": "` + at(-2*time.Hour, "2006-01-02T15:04:05.000000") + `"\n}\n]}'`, "backup:/b", "OK 120 minutes"},
		"pgbackrest":        {"pgbackrest", "main", "pgbackrest", `[ "$*" = "info --output=json --stanza=main" ] || exit 9; echo '[` + pgbackrestSays("main", now.Add(-90*time.Hour), now.Add(-40*time.Hour)) + `]'`, "backup:main", "CRIT 2400 minutes 1560"},
		"pgbackrest, one":   {"pgbackrest", "-", "pgbackrest", pgbackrests, "backup:main", "CRIT 2400 minutes"},
		"pgbackrest, next":  {"pgbackrest", "-", "pgbackrest", pgbackrests, "backup:next", "CRIT there is no backup"},
		"pgbackrest, last":  {"pgbackrest", "-", "pgbackrest", pgbackrests, "backup:other", "OK 60 minutes"},
		"pgbackrest, none":  {"pgbackrest", "-", "pgbackrest", "echo '[]'", "backup:pgbackrest", "CRIT there is no backup"},
		"ahead":             {"command", "echo " + strconv.FormatInt(now.Add(10*time.Minute).Unix(), 10), "x", "", "backup:command", "UNKNOWN ahead of this host's clock"},
		"a little ahead":    {"command", "echo " + strconv.FormatInt(now.Add(3*time.Minute).Unix(), 10), "x", "", "backup:command", "OK minutes"},
		"command":           {"command", "echo fine", "x", "", "backup:command", "OK fine"},
		"command age":       {"command", "date +%s", "x", "", "backup:command", "OK 0 minutes"},
		"command of none":   {"command", "-", "x", "", "backup:command", "UNKNOWN needs it"},
		"command of blanks": {"command", " ", "x", "", "backup:command", "UNKNOWN needs it"},
		"path of none":      {"path", "-", "x", "", "backup:path", "UNKNOWN needs it"},
		"command fails":     {"command", "echo bad; exit 1", "x", "", "backup:command", "CRIT bad"},
	} {
		for shell, argv := range shells(t) {
			t.Run(name+"/"+shell, func(t *testing.T) {
				facts, _ := stepFacts(t, argv, "backup-check", "look", map[string]string{"kind": c.kind, "where": c.where}, map[string]string{c.tool: c.body})
				wants(t, facts, map[string]string{c.key: c.want})
			})
		}
	}
}

func TestBackupCheckWithoutItsTool(t *testing.T) {
	facts, _ := stepFacts(t, []string{"/bin/sh"}, "backup-check", "look", map[string]string{"kind": "restic", "where": "/r"}, nil, "asked restic ", "asked no-such-tool ")
	wants(t, facts, map[string]string{"backup:/r": "UNKNOWN no-such-tool is missing"})
}

// TestBackupCheckRestic asks the real restic about a real repository; the shells differ in nothing that matters to it, so one does.
func TestBackupCheckRestic(t *testing.T) {
	if _, err := exec.LookPath("restic"); err != nil {
		missing(t, "restic")
		t.SkipNow()
	}
	dir := t.TempDir()
	write(t, dir+"/files/f", "kept\n")
	write(t, dir+"/right", "RESTIC_PASSWORD=hunter2\nRESTIC_CACHE_DIR="+dir+"/cache\n")
	write(t, dir+"/wrong", "RESTIC_PASSWORD=hunter3\nRESTIC_CACHE_DIR="+dir+"/cache\n")
	restic := func(repo string, args ...string) {
		command(t, "sh", append([]string{"-c", `set -a; . "$0"; TZ=UTC exec restic --no-cache -q -r "$@"`, dir + "/right", dir + "/" + repo}, args...)...)
	}
	ago := func(d time.Duration) string { return time.Now().Add(-d).UTC().Format(time.DateTime) }
	asks := func(repo, env, age, want string) {
		t.Helper()
		where := dir + "/" + repo
		facts, _ := stepFacts(t, []string{"/bin/sh"}, "backup-check", "look", map[string]string{"kind": "restic", "where": where, "env_file": dir + "/" + env, "max_age": age}, nil)
		wants(t, facts, map[string]string{"backup:" + where: want})
	}
	restic("repo", "init")
	asks("repo", "right", "2h", "CRIT there is no backup")
	restic("repo", "backup", dir+"/files", "--time", ago(time.Hour))
	restic("repo", "backup", dir+"/files", "--time", ago(48*time.Hour), "--host", "other") // the newest of each host is told
	asks("repo", "right", "2h", "OK 60 minutes")
	asks("repo", "right", "30m", "CRIT 60 minutes 30")
	asks("repo", "wrong", "2h", "UNKNOWN wrong password")
	asks("none", "right", "2h", "UNKNOWN unable to open config file")
}

// TestBackupCheckBorg asks the real borg about a real repository; all of its own is in a directory of ours.
func TestBackupCheckBorg(t *testing.T) {
	if _, err := exec.LookPath("borg"); err != nil {
		missing(t, "borg")
		t.SkipNow()
	}
	dir := t.TempDir()
	write(t, dir+"/files/f", "kept\n")
	for name, passphrase := range map[string]string{"right": "hunter2", "wrong": "hunter3"} {
		write(t, dir+"/"+name, "BORG_PASSPHRASE="+passphrase+"\nBORG_BASE_DIR="+dir+"/base\nBORG_RELOCATED_REPO_ACCESS_IS_OK=no\nBORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=no\n")
	}
	borg := func(args ...string) {
		t.Helper()
		command(t, "sh", append([]string{"-c", `set -a; . "$0"; TZ=UTC exec borg "$@"`, dir + "/right"}, args...)...)
	}
	ago := func(d time.Duration) string { return time.Now().Add(-d).UTC().Format("2006-01-02T15:04:05") }
	asks := func(repo, env, age, want string) {
		t.Helper()
		where := dir + "/" + repo
		facts, _ := stepFacts(t, []string{"/bin/sh"}, "backup-check", "look", map[string]string{"kind": "borg", "where": where, "env_file": dir + "/" + env, "max_age": age}, nil)
		wants(t, facts, map[string]string{"backup:" + where: want})
	}
	borg("init", "--encryption=repokey", dir+"/repo")
	asks("repo", "right", "2h", "CRIT there is no backup")
	borg("create", "--timestamp", ago(48*time.Hour), dir+"/repo::a", dir+"/files")
	borg("create", "--timestamp", ago(time.Hour), dir+"/repo::b", dir+"/files")
	asks("repo", "right", "2h", "OK 60 minutes")
	asks("repo", "right", "30m", "CRIT 60 minutes 30")
	asks("repo", "wrong", "2h", "UNKNOWN incorrect")
	asks("none", "right", "2h", "UNKNOWN does not exist")
}

// TestBackupCheckEnvFile: what the file sets reaches the tool, and a file that others may write to is not read.
func TestBackupCheckEnvFile(t *testing.T) {
	file := t.TempDir() + "/env"
	if err := os.WriteFile(file, []byte("RESTIC_REPOSITORY=/from/file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tools := map[string]string{"restic": `echo "[{\"time\":\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"}]"; [ "$RESTIC_REPOSITORY" = /from/file ]`}
	params := map[string]string{"kind": "restic", "where": "-", "env_file": file}
	for mode, want := range map[os.FileMode]string{0o600: "OK", 0o640: "OK", 0o660: "UNKNOWN others may write", 0o606: "UNKNOWN others may write"} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		for _, argv := range shells(t) {
			facts, _ := stepFacts(t, argv, "backup-check", "look", params, tools)
			wants(t, facts, map[string]string{"backup:restic": want})
		}
	}
}

func TestSecurityPosture(t *testing.T) {
	bad := map[string]string{
		"id": "echo 0", "sshd": `printf 'port 22\npermitrootlogin yes\npasswordauthentication yes\n'`, "nft": "exit 0", "iptables": "exit 1", "pfctl": "exit 1", "apt-config": "",
		"ss":      `printf '%s\n' "LISTEN 0 1 0.0.0.0:22 x" "LISTEN 0 1 127.0.0.1:25 x" "LISTEN 0 1 [::]:5432 x" "LISTEN 0 1 *:6379 x"`,
		"apt-get": `echo "Inst a [1] (2 D:12/s-security [x])"`, "apt-mark": "",
	}
	good := map[string]string{
		"id": "echo 0", "sshd": `printf 'permitrootlogin no\npasswordauthentication no\n'`, "nft": `printf 'table inet filter {\n\tchain input {\n\t\ttype filter hook input priority 0; policy drop;\n'`,
		"apt-config": `echo 'APT::Periodic::Unattended-Upgrade "1";'`, "ss": `echo "LISTEN 0 1 0.0.0.0:22 x"`, "apt-get": "exit 0", "apt-mark": "",
	}
	etc := func(shadow, sudoers string, mode os.FileMode) string {
		dir := t.TempDir()
		for name, text := range map[string]string{"passwd": "root:x:0:0::/root:/bin/sh\n" + map[bool]string{true: "evil:x:0:0::/:/bin/sh\n"}[mode == 0o666], "shadow": shadow, "sudoers": sudoers, "os-release": "ID=debian\nVERSION_ID=12\n"} {
			if err := os.WriteFile(dir+"/"+name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(dir+"/sudoers", mode); err != nil {
			t.Fatal(err)
		}
		return dir + "/"
	}
	for _, argv := range shells(t) {
		facts, _ := stepFacts(t, argv, "security-posture", "look", nil, bad, "/etc ", etc("root:x:1\nguest::1\n", "ops ALL=(ALL) NOPASSWD: ALL\n# x NOPASSWD\n", 0o666)+" ", "/etc/", etc("root:x:1\nguest::1\n", "ops ALL=(ALL) NOPASSWD: ALL\n# x NOPASSWD\n", 0o666))
		wants(t, facts, map[string]string{"root-login": "CRIT yes", "password-login": "WARN", "empty-passwords": "CRIT guest", "root-accounts": "CRIT evil", "sudo": "WARN NOPASSWD: ops",
			"open-ports": "WARN on all addresses: 5432 6379", "firewall": "WARN", "writable": "CRIT sudoers", "automatic-updates": "WARN", "security-updates": "WARN 1", "eol": "OK"})
		facts, _ = stepFacts(t, argv, "security-posture", "look", nil, good, "/etc ", etc("root:x:1\n", "root ALL=(ALL) ALL\n", 0o600)+" ", "/etc/", etc("root:x:1\n", "root ALL=(ALL) ALL\n", 0o600))
		delete(facts, "reboot")
		for k, f := range facts {
			if f.State != CheckOK {
				t.Errorf("%s: %+v", k, f)
			}
		}
		facts, _ = stepFacts(t, argv, "security-posture", "look", nil, map[string]string{"id": "echo 1000", "sshd": "exit 255", "apt-get": "exit 0", "apt-mark": ""})
		wants(t, facts, map[string]string{"root-login": "UNKNOWN needs root", "password-login": "UNKNOWN", "empty-passwords": "UNKNOWN", "sudo": "UNKNOWN", "firewall": "UNKNOWN"})
	}
}

// TestCleanDisk removes an old file and leaves a new one.
func TestCleanDisk(t *testing.T) {
	for _, argv := range shells(t) {
		dir := t.TempDir()
		old := time.Now().Add(-20 * 24 * time.Hour)
		for _, name := range []string{"old file", "-rf", "new"} {
			if err := os.WriteFile(dir+"/"+name, make([]byte, 4096), 0o600); err != nil {
				t.Fatal(err)
			}
			if name != "new" {
				if err := os.Chtimes(dir+"/"+name, old, old); err != nil {
					t.Fatal(err)
				}
			}
		}
		quiet := map[string]string{"journalctl": "exit 0", "du": "exit 0"}
		journal := t.TempDir()
		for name, age := range map[string]time.Duration{"system@1.journal": 20 * 24 * time.Hour, "user-1000@2.journal~": 16 * 24 * time.Hour, "system@3.journal": time.Hour, "system.journal": 20 * 24 * time.Hour} {
			write(t, journal+"/"+name, strings.Repeat("x", 3072))
			if err := os.Chtimes(journal+"/"+name, time.Now().Add(-age), time.Now().Add(-age)); err != nil {
				t.Fatal(err)
			}
		}
		at := []string{"find /tmp /var/tmp", "find " + dir, "find /var/log/journal", "find " + journal}
		facts, _ := stepFacts(t, argv, "clean-disk", "look", map[string]string{"what": "tmp"}, quiet, at...)
		if facts["freeable.tmp"].Value != "8" || facts["freeable.journal"].Value != "6" {
			t.Errorf("%+v", facts)
		}
		facts, exit := stepFacts(t, argv, "clean-disk", "remove", map[string]string{"what": "tmp"}, quiet, at...)
		left, err := os.ReadDir(dir)
		if err != nil || len(left) != 1 || left[0].Name() != "new" || exit != 0 || facts["freed"].Value == "" {
			t.Errorf("%v: left %v, exit %d, %+v", err, left, exit, facts)
		}
	}
}

// TestCleanDiskKernels: autoremove takes all that nobody needs, whatever it is told, so that it is only asked, and kernels are removed by name.
func TestCleanDiskKernels(t *testing.T) {
	const remove = "-y -o APT::Get::AutomaticRemove=false --purge remove linux-image-1 linux-headers-1\n"
	for _, c := range []struct{ unneeded, along, want string }{
		{"linux-image-1 libold linux-headers-1", "linux-image-1 linux-headers-1", remove},
		{"libold", "", ""},
		{"linux-image-1 linux-headers-1", "zfs-of-1 linux-image-1 linux-headers-1", ""},
	} {
		world := map[string]string{"dpkg-query": "", "df": "", "apt-get": `case "$*" in
"-s autoremove") printf 'Remv %s [1]\n' ` + c.unneeded + ` ;;
"-s remove linux-image-1 linux-headers-1") printf 'Remv %s [1]\n' ` + c.along + ` ;;
*) echo "$*" >>"${0%/*}/log" ;;
esac`}
		for name, argv := range shells(t) {
			dir, path := fakes(t, world)
			script := scriptOf(t, planFor(t, builtin(t, "clean-disk"), map[string]string{"what": "kernels"}), "remove")
			_, stderr, exit := run(t, argv, strings.Replace(script, "\ntend_detect\n", "\ntend_detect\ntend_pm=apt\n", 1), path)
			log, _ := os.ReadFile(dir + "/log")
			if refused := strings.Contains(c.along, "zfs"); string(log) != c.want || (exit != 0) != refused || strings.Contains(stderr, "would go with them: zfs-of-1") != refused {
				t.Errorf("%s, %s: ran %q, exit %d, %q", name, c.unneeded, log, exit, stderr)
			}
		}
	}
}

// TestCleanDiskKernelsOfDNF: these are the words of dnf 4.14, which ends with 1 where there is nothing to remove, and where anything is wrong.
func TestCleanDiskKernelsOfDNF(t *testing.T) {
	const remove = "-y --noautoremove remove --oldinstallonly\n"
	old := func(more string) string {
		return "echo 'Removing:\n kernel       x86_64  1.0-1  @System    0  \n kernel-core-with-a-name-that-fills-a-line\n              x86_64  1.0-1  @System   85 M" + more + "\n\nTransaction Summary\n====\nRemove  2 Packages\n\nFreed space: 85 M'; echo 'Operation aborted.' >&2; exit 1"
	}
	for _, c := range []struct{ says, ran, words, freeable string }{
		{"echo 'Error: No old installonly packages found for removal.' >&2; exit 1", "", "no older kernel to remove\n", "0"},
		{old(""), remove, "", "87040"},
		{old("\nRemoving dependent packages:\n kmod-zfs     noarch  1-1    @System    0  "), "", "would go with them: kmod-zfs\n", "87040"},
		{"echo 'Error: database disk image is malformed' >&2; exit 1", "", "malformed\nkernels: failed\n", ""},
	} {
		world := map[string]string{"df": "", "du": "", "dnf": `case "$*" in "--assumeno --noautoremove remove --oldinstallonly") ` + c.says + ` ;; *) echo "$*" >>"${0%/*}/log" ;; esac`}
		for name, argv := range shells(t) {
			dir, path := fakes(t, world)
			script := scriptOf(t, planFor(t, builtin(t, "clean-disk"), map[string]string{"what": "kernels"}), "remove")
			out, stderr, exit := run(t, argv, strings.Replace(script, "\ntend_detect\n", "\ntend_detect\ntend_pm=dnf\n", 1), path)
			log, _ := os.ReadFile(dir + "/log")
			fails := strings.HasSuffix(c.words, "failed\n") || strings.Contains(c.words, "go with")
			if string(log) != c.ran || !strings.Contains(out+stderr, c.words) || (exit != 0) != fails {
				t.Errorf("%s: ran %q, exit %d, %q %q, want %q", name, log, exit, out, stderr, c.words)
			}
			facts, _ := stepFacts(t, argv, "clean-disk", "look", nil, world, "\ntend_detect\n", "\ntend_detect\ntend_pm=dnf\n", "/var/log ", t.TempDir()+" ")
			if got := facts["freeable.kernels"].Value; got != c.freeable {
				t.Errorf("%s: freeable %q, want %q", name, got, c.freeable)
			}
		}
	}
}

func TestRebootVerify(t *testing.T) {
	tools := map[string]string{"ss": `echo "LISTEN 0 1 0.0.0.0:22 x"`, "ip": `[ "$1" = -6 ] && echo "default via fe80::1 dev eth0" || echo "default via 192.0.2.1"`, "sleep": "", "id": "echo 0", "who": "printf 'ops pts/0\nops pts/1\nbob tty1\n'", "needrestart": ""}
	for _, argv := range shells(t) {
		dir := t.TempDir()
		kept := []string{"/var/lib/tend", dir}
		if _, exit := stepFacts(t, argv, "reboot", "snapshot", nil, tools, kept...); exit != 0 {
			t.Fatal(exit)
		}
		facts, _ := stepFacts(t, argv, "reboot", "verify", map[string]string{"settle": "0s"}, tools, kept...)
		wants(t, facts, map[string]string{"boot": "CRIT not restarted", "units": "OK", "ports": "OK", "routes": "OK", "mounts": "OK"})
		data, err := os.ReadFile(dir + "/reboot")
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(data), "\n")
		for i, l := range lines {
			if strings.HasPrefix(l, "boot ") {
				lines[i] = "boot 11111111-2222-3333-4444-555555555555 7"
			}
		}
		before := strings.Join(append(lines, "port 443", "mount /srv/gone", "route default via 192.0.2.9", "route default via fe80::9", ""), "\n")
		if err := os.WriteFile(dir+"/reboot", []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		facts, _ = stepFacts(t, argv, "reboot", "verify", map[string]string{"settle": "0s"}, tools, kept...)
		wants(t, facts, map[string]string{"boot": "OK another boot", "ports": "CRIT gone since: 443", "mounts": "CRIT /srv/gone", "routes": "CRIT gone since: default via 192.0.2.9, default via fe80::9", "new": "OK"})
		if err := os.Remove(dir + "/reboot"); err != nil {
			t.Fatal(err)
		}
		facts, _ = stepFacts(t, argv, "reboot", "verify", map[string]string{"settle": "0s"}, tools, kept...)
		for _, key := range []string{"boot", "units", "ports", "mounts", "routes"} {
			wants(t, facts, map[string]string{key: "UNKNOWN the snapshot from before is gone"})
		}
		facts, _ = stepFacts(t, argv, "reboot", "ready", map[string]string{"gate": "false"}, tools)
		wants(t, facts, map[string]string{"root": "OK", "lock": "OK", "gate": "CRIT"})
		if facts["logged_in"].Value != "bob ops" || facts["reboot_wanted"].Value != "yes" {
			t.Errorf("%+v", facts)
		}
	}
}

func TestRestartService(t *testing.T) {
	tools := map[string]string{
		"systemctl": `d=${0%/*}; case "$1 $2" in "cat web"|"cat nginx"|"is-active --quiet") ;; "restart web") : >"$d/up";; *) exit 1;; esac
[ "$1" != is-active ] || [ "$3" = web ] && [ -e "$d/up" ] || [ "$1" != is-active ]`,
		"nginx": "echo 'nginx: configuration file test failed'; exit 1", "sleep": "", "ss": `echo "LISTEN 0 1 0.0.0.0:80 x"`, "journalctl": "",
	}
	for _, argv := range shells(t) {
		_, path := fakes(t, tools)
		here := t.TempDir()
		plan := planFor(t, builtin(t, "restart-service"), map[string]string{"services": "web", "ports": "80 81", "wait": "1s", "test": "true"})
		facts := func(id StepID, plan Plan) (map[string]Fact, int) {
			out, _, exit := run(t, argv, strings.ReplaceAll(scriptOf(t, plan, id), "/run/systemd/system", here), path)
			all, _ := ParseEmitted(stepOf(t, plan, id), []byte(out))
			byKey := map[string]Fact{}
			for _, f := range all {
				byKey[f.Key] = f
			}
			return byKey, exit
		}
		got, _ := facts("test", plan)
		wants(t, got, map[string]string{"service:web": "OK", "test": "OK"})
		if _, exit := facts("restart", plan); exit != 0 {
			t.Errorf("exit %d", exit)
		}
		got, _ = facts("verify", plan)
		wants(t, got, map[string]string{"service:web": "OK running", "port:80": "OK", "port:81": "CRIT"})
		other := planFor(t, builtin(t, "restart-service"), map[string]string{"services": "nginx nothing"})
		got, _ = facts("test", other)
		wants(t, got, map[string]string{"service:nginx": "CRIT test failed", "service:nothing": "CRIT no such service"})
		if _, exit := facts("restart", other); exit == 0 {
			t.Error("a restart that failed passed")
		}
	}
}

// TestCommission keeps a baseline, in a directory of ours.
func TestCommission(t *testing.T) {
	for _, argv := range shells(t) {
		dir := t.TempDir()
		tools := map[string]string{"id": "echo 0", "ss": `echo "LISTEN 0 1 0.0.0.0:22 x"`, "find": ""}
		facts, exit := stepFacts(t, argv, "commission", "baseline", nil, tools, "/var/lib/tend", dir)
		if exit != 0 || facts["baseline"].Value == "" || facts["baseline.users"].Value == "0" {
			t.Errorf("exit %d, %+v", exit, facts)
		}
		if info, err := os.Stat(dir + "/baseline-users"); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info, err)
		}
		facts, _ = stepFacts(t, argv, "commission", "ready", map[string]string{"expect_ports": "22 80 53/udp", "expect_mounts": "/nowhere", "min_cpu": "10000"}, tools)
		wants(t, facts, map[string]string{"port:22": "OK", "port:80": "CRIT", "mount:/nowhere": "CRIT", "cpu": "CRIT", "memory": "OK", "root": "OK"})
	}
}
