package runbooks

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"
)

func TestHealthOfAnIllMachine(t *testing.T) {
	now := time.Now()
	cert := func(d time.Duration) string {
		return "notAfter=" + now.Add(d).UTC().Format("Jan _2 15:04:05 2006 GMT")
	}
	tools := map[string]string{
		"df":          illDF,
		"timedatectl": "echo no",
		"ps":          `for i in 1 2 3 4 5 6; do echo D; done; for i in 1 2 3; do echo Z; done; echo Ss`,
		"systemctl": `case "$*" in
"--failed --plain --no-legend") printf '%s\n' "nginx.service loaded failed failed A web server" "● old.service loaded failed failed An old systemd prints a bullet" ;;
is-active*) printf 'active\ninactive\n' ;;
esac`,
		"id":         `[ "$1" = -u ] && echo 0 || echo root`,
		"journalctl": `i=0; while [ $i -lt 25 ]; do echo '{"MESSAGE":"x","_SYSTEMD_UNIT":"sshd.service"}'; i=$((i+1)); done; echo '{"SYSLOG_IDENTIFIER":"kernel"}'`,
		"ss":         `printf '%s\n' "udp UNCONN 0 0 0.0.0.0:53 0.0.0.0:*" "tcp LISTEN 0 128 [::]:22 [::]:*"`,
		"zpool":      `case "$*" in "status -x") echo "  pool: tank"; echo " state: DEGRADED" ;; *) printf 'tank\tDEGRADED\t12%%\nwell\tONLINE\t85%%\n' ;; esac`,
		"openssl": fmt.Sprintf(`case "$*" in *soon.pem) echo "%s" ;; *late.pem) echo "%s" ;; *well.pem) echo "%s" ;; *) exit 1 ;; esac`,
			cert(241*time.Hour), cert(-24*time.Hour), cert(7201*time.Hour)),
	}
	dir := t.TempDir()
	var certs []string
	for _, n := range []string{"soon.pem", "late.pem", "well.pem", "bad.pem"} {
		certs = append(certs, dir+"/"+n)
		if err := os.WriteFile(dir+"/"+n, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old, fresh, ahead := t.TempDir(), t.TempDir(), t.TempDir()
	for name, at := range map[string]time.Time{old + "/a b": now.Add(-50 * time.Hour), old + "/c": now.Add(-90 * time.Hour), fresh + "/a": now.Add(-2 * time.Hour), ahead + "/a": now.Add(72 * time.Hour)} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	params := map[string]string{
		"expect_units": "cron.service app.service", "expect_ports": "22 80 53/udp 54/udp", "expect_mounts": "/ /data", "expect_certs": strings.Join(certs, " ") + " " + dir + "/none.pem",
		"backup_paths": old + " " + fresh + " " + ahead + " " + dir + "/nowhere", "backup_command": "echo last good: monday; false",
		"plugins": "queue echo 'QUEUE WARNING - 12 | q=12'; exit 1\nmine echo backlog is deep; echo depth=12; echo mail.oldest=3 h; echo \"no fact | x=1\"; exit 2\nmissing /nonexistent/plugin\n", "zombies_warn": "3",
	}
	for name, argv := range shells(t) {
		t.Run(name, func(t *testing.T) {
			facts := healthWorld(t, argv, illFiles, params, tools)
			wants(t, facts, map[string]string{
				"load": "CRIT 6.00 per CPU 2/5", "pressure:cpu": "WARN 97.5 %", "pressure:memory": "CRIT 41 %", "memory": "CRIT 97 %", "oom": "WARN 3",
				"disk:/": "CRIT 100 %", "disk:/var": "WARN 86 %", "disk:/boot": "WARN 85 % 80/95", "disk:/srv/with space": "OK 9 %", "disk:/btrfs": "OK 1",
				"inodes:/": "CRIT 96 %", "inodes:/var": "OK 1 %",
				"mounts": "CRIT read-only: /var, missing: ", "units": "CRIT 3", "time": "CRIT not synchronised",
				"raid:md0": "CRIT degraded [U_]", "raid:md1": "WARN recovery =  5.1%", "raid:md2": "OK", "zfs:tank": "CRIT DEGRADED", "zfs:well": "WARN 85 % 80/90",
				"ecc": "CRIT 12 corrected, 1 not", "temperature": "WARN 97", "fans": "CRIT", "ports": "CRIT not listening: 80, 54/udp",
				"journal": "WARN 26 in 60 minutes 20 25 sshd.service, 1 kernel", "zombies": "WARN 3", "blocked": "WARN 6",
				"cert:" + certs[0]: "WARN 10 days 21/7", "cert:" + certs[1]: "CRIT", "cert:" + certs[2]: "OK 300 days", "cert:" + certs[3]: "CRIT no certificate",
				"cert:" + dir + "/none.pem": "CRIT no such file",
				"backup:" + old:             "CRIT newest is 2 days old", "backup:" + fresh: "OK newest is 2 hours old", "backup:" + dir + "/nowhere": "CRIT no such path",
				"backup:" + ahead: "UNKNOWN days ahead of this host's clock",
				"backup:command":  "CRIT last good: monday", "queue": "WARN QUEUE WARNING - 12", "missing": "UNKNOWN",
				"mine": "CRIT backlog is deep",
			})
			if facts["own.mine.depth"].Value != "12" || facts["own.mine.mail.oldest"].Value != "3 h" || len(facts["own.mine.no fact | x"].Key) > 0 {
				t.Errorf("the lines of a check of one's own: %v, %v", facts["own.mine.depth"], facts["own.mine.mail.oldest"])
			}
			for _, m := range []string{"/srv", "/data"} {
				if !strings.Contains(facts["mounts"].Text, m) {
					t.Errorf("mounts does not name %s: %s", m, facts["mounts"].Text)
				}
			}
			for _, u := range []string{"nginx.service", "old.service", "app.service inactive"} {
				if !strings.Contains(facts["units"].Text, u) {
					t.Errorf("units does not name %s: %s", u, facts["units"].Text)
				}
			}
			for _, not := range []string{"disk:/run", "disk:/o", "disk:/nas", "disk:/var/again", "inodes:/btrfs", "smart:disks"} {
				if f, ok := facts[not]; ok {
					t.Errorf("%s should not be there: %+v", not, f)
				}
			}
		})
	}
}

func TestHealthOfAWellMachine(t *testing.T) {
	for name, argv := range shells(t) {
		facts := healthWorld(t, argv, wellFiles, nil, map[string]string{
			"df":      `case $1 in -P*i*) echo "Filesystem Inodes IUsed IFree IUse% Mounted on"; echo "/dev/vda1 100 5 95 5% /";; *) echo "Filesystem Type 1024-blocks Used Available Capacity Mounted on"; echo "/dev/vda1 ext4 1000 90 910 9% /";; esac`,
			"chronyc": `echo "C0A80001,ntp1.example.net,3,1795385580.1,-0.000123,0.00001,0.0001,-1.2,0.001,0.03,0.0003,0.0001,16.2,Normal"`,
		})
		delete(facts, "eol")    // of this machine
		delete(facts, "reboot") // of this machine
		if f, told := facts["backup:command"]; told {
			t.Errorf("nobody asked for it: %+v", f)
		}
		for key, f := range facts {
			if f.Check && f.State != CheckOK && key != "journal" {
				t.Errorf("%s: %+v", name, f)
			}
		}
		wants(t, facts, map[string]string{"time": "OK 0.123 ms off", "units": "OK none failed", "disk:/": "OK 9", "mounts": "OK as declared", "journal": "UNKNOWN needs root"})
		if got := facts["unseen"].Value; got != "journal (needs root, or the group systemd-journal)" {
			t.Errorf("unseen is %q", got)
		}
	}
}

// TestHealthSkips: what is not wanted is neither reported nor missed.
func TestHealthSkips(t *testing.T) {
	facts := healthWorld(t, []string{"/bin/sh"}, illFiles, map[string]string{"skip": "journal raid disk:/var"}, map[string]string{"df": illDF})
	for _, key := range []string{"journal", "raid:md0", "disk:/var"} {
		if f, ok := facts[key]; ok {
			t.Errorf("%+v", f)
		}
	}
	if _, ok := facts["disk:/"]; !ok || facts["unseen"].Value != "" {
		t.Errorf("%+v", facts)
	}
}

// TestHealthSMART goes through smartctl's exit codes (smartctl(8)).
func TestHealthSMART(t *testing.T) {
	for rc, want := range map[int]string{0: "OK passed", 2: "UNKNOWN could not look", 8: "CRIT failing", 24: "CRIT failing", 16: "WARN below its limit", 32: "WARN before", 64: "WARN errors are logged",
		128: "CRIT self-test failed", 4: "OK", 66: "UNKNOWN"} {
		tools := map[string]string{"smartctl": fmt.Sprintf("echo 'SMART overall-health'; exit %d", rc), "id": "echo 0", "grep": "exit 1"}
		facts := smartWorld(t, tools)
		wants(t, facts, map[string]string{"smart:sdz": want})
	}
	facts := smartWorld(t, map[string]string{"smartctl": "echo 'Device is in STANDBY mode, exit(2)'; exit 2", "id": "echo 0"})
	wants(t, facts, map[string]string{"smart:sdz": "OK asleep"})
	facts = smartWorld(t, map[string]string{"smartctl": "exit 0"})
	wants(t, facts, map[string]string{"smart:disks": "UNKNOWN needs root"})
	if !strings.Contains(facts["unseen"].Value, "smart:disks (needs root)") {
		t.Errorf("unseen is %q", facts["unseen"].Value)
	}
}

// smartWorld is a well machine with one disk, sdz.
func smartWorld(t *testing.T, tools map[string]string) map[string]Fact {
	t.Helper()
	world := map[string]string{"uname": "echo Linux", "nproc": "echo 4", "head": quoted(wellFiles), "id": "echo 1000", "grep": "exit 1", "df": "", "ps": "", "timedatectl": "echo yes"}
	maps.Copy(world, tools)
	dir, path := fakes(t, world)
	if err := os.MkdirAll(dir+"/block/sdz", 0o700); err != nil {
		t.Fatal(err)
	}
	plan := planFor(t, builtin(t, "health"), nil)
	script := strings.ReplaceAll(scriptOf(t, plan, "checks"), "/sys/block/", dir+"/block/")
	out, stderr, _ := run(t, []string{"/bin/sh"}, script, path)
	facts, _ := ParseEmitted(stepOf(t, plan, "checks"), []byte(out))
	if len(facts) == 0 {
		t.Fatal(stderr)
	}
	byKey := map[string]Fact{}
	for _, f := range facts {
		byKey[f.Key] = f
	}
	return byKey
}

// TestHealthOfFreeBSD: the texts are those of FreeBSD 14's sysctl(8), df(1), mount(8) and netstat(1).
func TestHealthOfFreeBSD(t *testing.T) {
	world := map[string]string{
		"uname": `[ "$1" = -r ] && echo 14.1-RELEASE-p3 || echo FreeBSD`, "freebsd-version": "echo 14.1-RELEASE-p5", "id": "echo 1001", "ps": "printf 'Is\\nZ\\n'",
		"sysctl": `case "$*" in
"-n hw.ncpu") echo 4 ;;
"-n kern.vm_guest") echo none ;;
"-n kern.disks") echo "ada0" ;;
*) printf '%s\n' "vm.loadavg: { 0.40 8.40 0.20 }" "hw.physmem: 17179869184" "hw.pagesize: 4096" "vm.stats.vm.v_free_count: 1000000" "vm.stats.vm.v_inactive_count: 500000" "vm.stats.vm.v_laundry_count: 0" ;;
esac`,
		"df": `case $1 in
-il) printf '%s\n' "Filesystem 512-blocks Used Avail Capacity iused ifree %iused Mounted on" "/dev/ada0p2 100 50 50 50% 98 2 98% /" ;;
*) printf '%s\n' "Filesystem Type 1024-blocks Used Avail Capacity Mounted on" "/dev/ada0p2 ufs 1000 960 40 96% /" "devfs devfs 1 1 0 100% /dev" ;;
esac`,
		"mount": `echo "/dev/ada0p2		/			ufs	rw			1 1"`, "cat": `case "$*" in /etc/fstab) echo "/dev/ada0p2 / ufs rw 1 1" ;; *) /bin/cat "$@" ;; esac`,
		"ntpq":    `echo "leap=00, stratum=2, offset=-0.412"`,
		"netstat": `printf '%s\n' "tcp4       0      0 *.22                   *.*                    LISTEN" "udp4       0      0 *.514                  *.*"`,
		"ss":      "exit 127", "chronyc": "exit 1", "timedatectl": "exit 1", "smartctl": "exit 0",
	}
	plan := planFor(t, builtin(t, "health"), map[string]string{"expect_ports": "22 514/udp 80"})
	for name, argv := range shells(t) {
		_, path := fakes(t, world)
		script := strings.ReplaceAll(scriptOf(t, plan, "checks"), "tend_container() {", "tend_container() { return 1;")
		script = strings.ReplaceAll(script, "netstat -ltun", "false")
		out, stderr, _ := run(t, argv, script, path)
		facts, warnings := ParseEmitted(stepOf(t, plan, "checks"), []byte(out))
		byKey := map[string]Fact{}
		for _, f := range facts {
			byKey[f.Key] = f
		}
		if len(warnings) > 0 {
			t.Errorf("%s: %q", name, warnings)
		}
		wants(t, byKey, map[string]string{"load": "WARN 2.10 per CPU", "memory": "OK 64", "disk:/": "CRIT 96", "inodes:/": "CRIT 98", "mounts": "OK", "time": "OK 0.412", "ports": "CRIT not listening: 80",
			"zombies": "OK 1", "reboot": "WARN kernel 14.1-RELEASE-p5 is installed, 14.1-RELEASE-p3 runs", "smart:disks": "UNKNOWN needs root"})
		if t.Failed() {
			t.Log(stderr)
		}
	}
}

// TestEndOfSupport runs the awk of the check over the table itself.
func TestEndOfSupport(t *testing.T) {
	for release, want := range map[string]string{
		"ID=debian\nVERSION_ID=\"9\"": "CRIT", "ID=alpine\nVERSION_ID=3.24.1": "OK", "ID=arch": "OK has no releases", "ID=rhel\nVERSION_ID=\"10.1\"": "OK rhel 10.1: support ends on 2035-05-31",
		"ID=plan9": "UNKNOWN not in the table", "ID=fedora\nVERSION_ID=99\nSUPPORT_END=2001-01-01": "CRIT", "ID=fedora\nVERSION_ID=99": "UNKNOWN",
		"ID=x\nVERSION_ID=1\nSUPPORT_END=" + time.Now().UTC().Format("2006-01-02"):                   "WARN x 1: support ends on ", // the day itself still counts
		"ID=x\nVERSION_ID=1\nSUPPORT_END=" + time.Now().UTC().AddDate(0, 0, -1).Format("2006-01-02"): "CRIT x 1: support ended on ",
		"ID=x\nVERSION_ID=1\nSUPPORT_END=" + time.Now().Add(100*24*time.Hour).Format("2006-01-02"):   "WARN",
	} {
		dir, path := fakes(t, map[string]string{"head": quoted(wellFiles), "df": "", "ps": ""})
		if err := os.WriteFile(dir+"/os-release", []byte(release+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		plan := planFor(t, builtin(t, "health"), nil)
		out, _, _ := run(t, []string{"/bin/sh"}, strings.ReplaceAll(scriptOf(t, plan, "checks"), "/etc/os-release", dir+"/os-release"), path)
		facts, _ := ParseEmitted(stepOf(t, plan, "checks"), []byte(out))
		for _, f := range facts {
			if f.Key == "eol" {
				wants(t, map[string]Fact{"eol": f}, map[string]string{"eol": want})
			}
		}
	}
}

// TestReadersRunHere runs health and facts on this very machine: every check that is declared for every host must come, facts must fit
// their types, and nothing may be written to standard error.
func TestReadersRunHere(t *testing.T) {
	for _, name := range []string{"health", "facts"} {
		plan := planFor(t, builtin(t, name), nil)
		step := plan.Steps[0]
		for shell, argv := range shells(t) {
			_, path := fakes(t, map[string]string{"apt-get": "exit 0", "apt-mark": ""}) // TestPendingReal asks the real one
			start := time.Now()
			out, stderr, exit := run(t, argv, scriptOf(t, plan, step.ID), path)
			t.Logf("%s under %s: %v", name, shell, time.Since(start).Round(time.Millisecond))
			facts, warnings := ParseEmitted(step, []byte(out))
			if exit != 0 || stderr != "" || len(warnings) > 0 {
				t.Errorf("%s under %s: exit %d, stderr %q, warnings %q", name, shell, exit, stderr, warnings)
			}
			came := map[string]Fact{}
			for _, f := range facts {
				came[f.Key] = f
				if f.Text == "the host did not report it" {
					t.Errorf("%s under %s: no check %s", name, shell, f.Key)
				}
			}
			must := []string{"load", "memory", "disk:/", "inodes:/", "mounts", "time", "zombies", "blocked", "eol", "reboot", "unseen"}
			if name == "facts" {
				must = []string{"os.id", "os.pretty", "os.family", "pm", "kernel", "arch", "hostname", "boot_id", "uptime", "mem", "cpu", "reboot_due", "pending", "security", "held"}
			}
			for _, key := range must {
				if _, ok := came[key]; !ok {
					t.Errorf("%s under %s: %s did not come", name, shell, key)
				}
			}
		}
	}
}
