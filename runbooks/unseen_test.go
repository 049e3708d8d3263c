package runbooks

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runAsNobody runs a script as a user who may do nothing, as run does.
func runAsNobody(t *testing.T, argv []string, script string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("SKIPPED since only root becomes another user")
	}
	cmd := exec.CommandContext(t.Context(), argv[0], append(argv[1:], "-s")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Dir, cmd.Env = "/", []string{"PATH=" + os.Getenv("PATH"), "HOME=/dev/null/home"}
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// shut is a directory that anyone may look into, with one in it that only root may, and files in both.
func shut(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "shut")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	write(t, dir+"/open/a.pem", "x")
	write(t, dir+"/shut/b.pem", "x")
	write(t, dir+"/open/own.pem", "x")
	old := time.Now().Add(-50 * time.Hour)
	for path, mode := range map[string]os.FileMode{dir + "/open/own.pem": 0o600, dir: 0o755, dir + "/open": 0o755, dir + "/shut": 0o700} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"/open/a.pem", "/open/own.pem"} {
		if err := os.Chtimes(dir+f, old, old); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestWhatMayNotBeLookedIntoIsUnknown: a directory that this user may not look into is named, and is neither empty nor gone.
func TestWhatMayNotBeLookedIntoIsUnknown(t *testing.T) {
	dir := shut(t)
	for name, argv := range shells(t) {
		t.Run(name, func(t *testing.T) {
			out := runAsNobody(t, argv, lib("for p in '"+dir+"/*/*.pem' '"+dir+"/shut/b.pem' '"+dir+"/none/*'; do set -f; for q in $p; do set +f; tend_files \"$q\"; done; done\ntend_newest "+dir))
			if want := dir + "/open/a.pem\n" + dir + "/open/own.pem\n? " + dir + "/shut\n? " + dir + "/shut\n"; !strings.HasPrefix(out, want) || !strings.HasSuffix(out, "\n? "+dir+"/shut\n") {
				t.Errorf("%q", out)
			}
			certs := planFor(t, builtin(t, "certs"), map[string]string{"files": dir + "/shut/*.pem"})
			saysUnseen(t, certs, "look", argv, map[string]string{"cert:" + dir + "/shut/*.pem": "UNKNOWN needs root to look into " + dir + "/shut"})
			backups := planFor(t, builtin(t, "backup-check"), map[string]string{"where": dir + " " + dir + "/shut " + dir + "/open"})
			saysUnseen(t, backups, "look", argv, map[string]string{"backup:" + dir: "UNKNOWN " + dir + "/shut may not be read", "backup:" + dir + "/shut": "UNKNOWN may not be read",
				"backup:" + dir + "/open": "CRIT"})
			own := planFor(t, builtin(t, "health"), map[string]string{"expect_certs": dir + "/open/own.pem"})
			saysUnseen(t, own, "checks", argv, map[string]string{"cert:" + dir + "/open/own.pem": "UNKNOWN needs root"})
			health := planFor(t, builtin(t, "health"), map[string]string{"expect_certs": dir + "/shut/*.pem", "certs": dir + "/shut/b.pem", "backup_paths": dir + " " + dir + "/shut"})
			saysUnseen(t, health, "checks", argv, map[string]string{"cert:" + dir + "/shut/*.pem": "UNKNOWN needs root", "cert:" + dir + "/shut/b.pem": "UNKNOWN needs root",
				"backup:" + dir: "UNKNOWN " + dir + "/shut may not be read", "backup:" + dir + "/shut": "UNKNOWN may not be read"})
		})
	}
}

func saysUnseen(t *testing.T, plan Plan, id StepID, argv []string, want map[string]string) {
	t.Helper()
	facts, _ := ParseEmitted(stepOf(t, plan, id), []byte(runAsNobody(t, argv, scriptOf(t, plan, id))))
	byKey := map[string]Fact{}
	for _, f := range facts {
		byKey[f.Key] = f
	}
	wants(t, byKey, want)
	if _, none := byKey["certs"]; none {
		t.Error("says that there was nothing to look at")
	}
}

// TestHealthWithoutPS: that nothing was counted is not that there is nothing. A file system that df may not look at is told, and df is not
// asked again for those of other machines.
func TestHealthWithoutPS(t *testing.T) {
	files := wellFiles + "\n==> /proc/mounts <==\n/dev/vdb1 /root/data ext4 rw 0 0\n/dev/vdc1 /hurt ext4 rw 0 0\ntracefs /trace tracefs rw 0 0\n"
	df := `case $1 in
-P*i*) echo "Filesystem Inodes IUsed IFree IUse% Mounted on" ;;
-PTkl) echo "Filesystem Type 1024-blocks Used Available Capacity Mounted on"; for m in "/root/data: Permission denied" "/trace: Permission denied" "/hurt: Input/output error"; do echo "df: $m" >&2; done; exit 1 ;;
*) echo "/dev/far ext4 100 99 1 99% /far" ;;
esac`
	for _, argv := range shells(t) {
		facts := healthWorld(t, argv, files, nil, map[string]string{"df": df})
		wants(t, facts, map[string]string{"disk:/root/data": "UNKNOWN needs root", "disk:/hurt": "CRIT Input/output error"})
		for _, key := range []string{"disk:/trace", "disk:/far"} {
			if f, ok := facts[key]; ok {
				t.Errorf("%+v", f)
			}
		}
		facts, _ = stepFacts(t, argv, "health", "checks", nil, nil, "tend_have ps", "tend_have no-ps-here")
		wants(t, facts, map[string]string{"zombies": "UNKNOWN ps is missing", "blocked": "UNKNOWN ps is missing"})
	}
}

// TestCertsOfAPattern: each file that a pattern names is looked at, by its own name.
func TestCertsOfAPattern(t *testing.T) {
	dir := t.TempDir()
	for name, d := range map[string]int{"a b": 100, "late": -2} {
		cert, _ := certOf(t, name, time.Duration(d)*day+time.Hour)
		write(t, dir+"/"+name+"/cert.pem", string(cert))
	}
	for _, argv := range shells(t) {
		facts, _ := stepFacts(t, argv, "certs", "look", map[string]string{"files": dir + "/*/cert.pem"}, nil)
		wants(t, facts, map[string]string{"cert:" + dir + "/a b/cert.pem": "OK 100 days", "cert:" + dir + "/late/cert.pem": "CRIT"})
	}
}

// TestHealthWithoutOpenSSL: what is missing is named, by health as by certs.
func TestHealthWithoutOpenSSL(t *testing.T) {
	file := certFile(t, []byte("x"))
	for book, c := range map[string]struct{ step, param string }{"health": {"checks", "expect_certs"}, "certs": {"look", "files"}} {
		facts, _ := stepFacts(t, []string{"/bin/sh"}, book, StepID(c.step), map[string]string{c.param: file}, nil, "tend_have openssl", "tend_have no-openssl-here")
		wants(t, facts, map[string]string{"cert:" + file: "UNKNOWN openssl is missing"})
	}
	params := map[string]string{"files": "/nonexistent/*", "ports": "443"}
	facts, _ := stepFacts(t, []string{"/bin/sh"}, "certs", "look", params, nil, "tend_have openssl", "tend_have no-openssl-here")
	wants(t, facts, map[string]string{"tls:443": "UNKNOWN openssl is missing"})
	// A port that accepts and says nothing is given up.
	facts, _ = stepFacts(t, []string{"/bin/sh"}, "certs", "look", params, map[string]string{"openssl": "echo asked without a limit >&2", "timeout": `[ "$1 $2 $3" = "20 openssl s_client" ] && exit 124`})
	wants(t, facts, map[string]string{"tls:443": "UNKNOWN shows no certificate"})
}

// TestHealthOfPower: the lines are those of ipmitool(1), "sdr type", of a machine with a supply that is well, one without a cable and one that
// is broken.
func TestHealthOfPower(t *testing.T) {
	const well, unplugged = "PS1 Status       | C8h | ok  | 10.1 | Presence detected\n", "PS2 Status       | C9h | ok  | 10.2 | Presence detected, Power Supply AC lost\n"
	const broken, unread = "PS3 Status       | CAh | cr  | 10.3 | Presence detected, Failure detected\n", "PS4 Status       | CBh | ns  | 10.4 | No Reading\n"
	for said, want := range map[string]string{well + unread: "OK 2 power supplies report", well + unplugged: "CRIT 1 failed  PS2 Status", well + unplugged + broken: "CRIT 2 failed  PS2 Status", "": "UNKNOWN ipmitool does not answer"} {
		ipmitool := "[ \"$*\" = 'sdr type Power Supply' ] || exit 9\n" + quoted(said)
		if said == "" {
			ipmitool = "exit 1"
		}
		for name, argv := range shells(t) {
			facts, _ := stepFacts(t, argv, "health", "checks", nil, map[string]string{"ipmitool": ipmitool, "id": "echo 0", "smartctl": "exit 2"}, "[ -e /dev/ipmi0 ]", "true")
			wants(t, facts, map[string]string{"psu": want})
			if t.Failed() {
				t.Log(name)
			}
		}
	}
	facts, _ := stepFacts(t, []string{"/bin/sh"}, "health", "checks", nil, nil, "[ -e /dev/ipmi0 ]", "true", "tend_have ipmitool", "tend_have no-ipmitool-here")
	wants(t, facts, map[string]string{"psu": "UNKNOWN ipmitool is missing"})
}

// TestHealthByNTPCtl: the line is that of ntpctl(8), "-s status"; it is asked where nobody else tells the time.
func TestHealthByNTPCtl(t *testing.T) {
	for said, want := range map[string]string{"4/4 peers valid, clock synced, stratum 3": "OK clock synced", "0/4 peers valid, clock unsynced": "CRIT unsynced"} {
		for _, argv := range shells(t) {
			facts := healthWorld(t, argv, "", nil, map[string]string{"timedatectl": "exit 1", "ntpq": "exit 1", "ntpctl": "[ \"$*\" = '-s status' ] && echo '" + said + "'"})
			wants(t, facts, map[string]string{"time": want})
		}
	}
}
