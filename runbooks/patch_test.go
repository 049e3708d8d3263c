package runbooks

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// aptWorld is a Debian machine in a few fakes: two packages, one of them with a security update, and a held one. Its texts are those of
// apt 2.6.1 and needrestart 3.6 (README.batch.md). ${0%/*} is the directory that the fakes share as their state.
var aptWorld = map[string]string{
	"id":       `[ "$1" = -u ] && echo 0 || echo root`,
	"apt-mark": `echo nginx`,
	"apt-get": `d=${0%/*}; echo "$*" >>"$d/log"
case "$*" in
"-s --with-new-pkgs upgrade")
	echo "The following packages have been kept back:"; echo "  nginx"
	[ -e "$d/upgraded" ] || echo "Inst openssl [3.0.15-1] (3.0.16-1 Debian:12.11/stable, Debian-Security:12/stable-security [amd64])"
	;;
*--download-only*) echo "Download complete and in download only mode" ;;
*" --with-new-pkgs upgrade") echo "Setting up openssl (3.0.16-1) ..."; : >"$d/upgraded"; [ ! -e "$d/fail" ] || exit 100 ;;
"-q "*" update") echo "Reading package lists..." ;;
esac`,
	"dpkg-query": `d=${0%/*}
case "$*" in
*Conffiles*) printf 'openssl\n' ;;
*Version*)
	printf 'ii  nginx 1.22.1-9\n'
	if [ -e "$d/upgraded" ]; then printf 'ii  openssl 3.0.16-1\nii  libssl-new 1\n'; else printf 'ii  openssl 3.0.15-1\nii  old 1\n'; fi
	;;
*) printf 'ii  nginx\n'; [ ! -e "$d/half" ] || printf 'iU  openssl\n' ;;
esac`,
	"needrestart": `case "$*" in
*-k*) printf 'NEEDRESTART-VER: 3.6\nNEEDRESTART-KCUR: 6.1.0-28\nNEEDRESTART-KEXP: 6.1.0-30\nNEEDRESTART-KSTA: 3\n' ;;
*) printf 'NEEDRESTART-VER: 3.6\nNEEDRESTART-SVC: cron.service\nNEEDRESTART-SVC: ssh.service\nNEEDRESTART-SVC: cron.service\n' ;;
esac`,
	"ss":        `echo "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*"; [ -e "${0%/*}/lost" ] || echo "LISTEN 0 128 0.0.0.0:443 0.0.0.0:*"`,
	"ip":        `echo "default via 192.0.2.1 dev eth0"`,
	"systemctl": `echo "systemctl $*" >>"${0%/*}/log"; case "$1" in is-system-running) echo running;; esac`,
	"sleep":     "",
}

// patchStep runs a step of patch in the world at dir, and returns its facts by key and its exit code.
func patchStep(t *testing.T, argv []string, plan Plan, id StepID, dir, path string) (map[string]Fact, int) {
	t.Helper()
	script := strings.NewReplacer("/var/lib/tend", dir+"/kept", "/var/lib/apt/lists", dir+"/lists").Replace(scriptOf(t, plan, id))
	out, stderr, exit := run(t, argv, script, path)
	facts, warnings := ParseEmitted(stepOf(t, plan, id), []byte(out))
	if len(warnings) > 0 {
		t.Errorf("%s: %q", id, warnings)
	}
	if exit != 0 {
		t.Logf("%s ended with %d: %s", id, exit, stderr)
	}
	byKey := map[string]Fact{}
	for _, f := range facts {
		byKey[f.Key] = f
	}
	return byKey, exit
}

// TestPatchFromEndToEnd takes a host through every step.
func TestPatchFromEndToEnd(t *testing.T) {
	plan := planFor(t, builtin(t, "patch"), map[string]string{"reboot": "if-needed", "restart": "yes", "free_mb": "1", "free_boot_mb": "0", "settle": "0s"})
	for name, argv := range shells(t) {
		t.Run(name, func(t *testing.T) {
			dir, path := fakes(t, aptWorld)
			want := func(facts map[string]Fact, values map[string]string) {
				t.Helper()
				for k, v := range values {
					f, ok := facts[k]
					got := f.Value
					if f.Check {
						got = f.State.String()
					}
					if !ok || got != v {
						t.Errorf("%s is %q, want %q; there are %v", k, got, v, slices.Sorted(maps.Keys(facts)))
					}
				}
			}
			facts, _ := patchStep(t, argv, plan, "precheck", dir, path)
			want(facts, map[string]string{"manager": "OK", "root": "OK", "packages": "OK", "space:/": "OK"})
			if _, exit := patchStep(t, argv, plan, "refresh", dir, path); exit != 0 {
				t.Errorf("refresh: %d", exit)
			}
			facts, _ = patchStep(t, argv, plan, "pending", dir, path)
			want(facts, map[string]string{"pending": "1", "security": "1", "held": "1", "todo": "1", "held.nginx": "held back with apt-mark hold",
				"update.openssl": "3.0.15-1 -> 3.0.16-1 Debian:12.11/stable, Debian-Security:12/stable-security security"})
			patchStep(t, argv, plan, "snapshot", dir, path)
			patchStep(t, argv, plan, "download", dir, path)
			facts, exit := patchStep(t, argv, plan, "upgrade", dir, path)
			want(facts, map[string]string{"changed": "3", "changed.openssl": "3.0.15-1 -> 3.0.16-1", "changed.old": "1 -> (gone)", "changed.libssl-new": "(none) -> 1"})
			if exit != 0 {
				t.Errorf("upgrade: %d", exit)
			}
			facts, _ = patchStep(t, argv, plan, "assess", dir, path)
			want(facts, map[string]string{"reboot_due": "yes", "reboot_wanted": "yes", "restarts": "1", "stale.cron.service": "runs old code",
				"stale.ssh.service": "runs old code, and is not restarted from here"})
			patchStep(t, argv, plan, "restart", dir, path)
			facts, _ = patchStep(t, argv, plan, "verify", dir, path)
			want(facts, map[string]string{"packages": "OK", "left": "OK", "reboot": "WARN", "units": "OK", "ports": "OK", "mounts": "OK", "routes": "OK", "pending": "0", "conffiles": "0", "restarts_due": "2"})
			if err := os.WriteFile(dir+"/lost", nil, 0o600); err != nil {
				t.Fatal(err)
			}
			facts, _ = patchStep(t, argv, plan, "verify", dir, path)
			want(facts, map[string]string{"ports": "CRIT"})
			if facts["ports"].Text != "gone since: 443" {
				t.Errorf("%+v", facts["ports"])
			}
			log, _ := os.ReadFile(dir + "/log")
			if n := strings.Count(string(log), "systemctl restart"); n != 1 || !strings.Contains(string(log), "systemctl restart cron.service") {
				t.Errorf("restarted %d services:\n%s", n, log)
			}
		})
	}
}

// TestAFailedUpgradeNamesWhatIsHalfInstalled: the host goes no further, so no other step would; what was changed until then is told as ever.
func TestAFailedUpgradeNamesWhatIsHalfInstalled(t *testing.T) {
	plan := planFor(t, builtin(t, "patch"), nil)
	for _, c := range []struct{ half, last string }{{"half", "repair=yes finishes what is half-installed: openssl (iU)"}, {"", "Setting up openssl (3.0.16-1) ..."}} {
		dir, path := fakes(t, aptWorld)
		for _, name := range []string{"fail", c.half} {
			if err := os.WriteFile(dir+"/"+cmp.Or(name, "none"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		script := strings.ReplaceAll(scriptOf(t, plan, "upgrade"), "/var/lib/tend", dir+"/kept")
		out, _, exit := run(t, []string{"/bin/sh"}, script, path)
		if last := string(LastLine(stepOf(t, plan, "upgrade"), []byte(out))); exit != 100 || last != c.last || !strings.Contains(out, "\nchanged=3\n") {
			t.Errorf("%s: exit %d, %q, of\n%s", c.half, exit, last, out)
		}
	}
}

// TestPatchWaitsForTheLock: no step that takes the package manager's lock begins while another has it.
func TestPatchWaitsForTheLock(t *testing.T) {
	for _, step := range []StepID{"repair", "refresh", "download", "upgrade"} {
		dir, path := fakes(t, aptWorld)
		script := scriptOf(t, planFor(t, builtin(t, "patch"), map[string]string{"repair": "yes", "lock_wait": "0s"}), step)
		_, stderr, exit := run(t, []string{"/bin/sh"}, strings.ReplaceAll(script, "tend_who=$(tend_locks)", "tend_who='12 apt-get /var/lib/dpkg/lock'"), path)
		if log, _ := os.ReadFile(dir + "/log"); exit != 1 || !strings.Contains(stderr, "still locked after 0 s, by 12 apt-get") || len(log) > 0 {
			t.Errorf("%s: exit %d, %q; ran %q", step, exit, stderr, log)
		}
	}
}

// TestPatchFetches: both steps that fetch do, and are no better than the package manager.
func TestPatchFetches(t *testing.T) {
	for step, want := range map[StepID]string{"refresh": " update\n", "download": "--download-only"} {
		dir, path := fakes(t, aptWorld)
		plan := planFor(t, builtin(t, "patch"), nil)
		_, exit := patchStep(t, []string{"/bin/sh"}, plan, step, dir, path)
		if log, _ := os.ReadFile(dir + "/log"); exit != 0 || !strings.Contains(string(log), want) {
			t.Errorf("%s: exit %d, ran %q", step, exit, log)
		}
		dir, path = fakes(t, map[string]string{"apt-get": "echo no road >&2; exit 100", "id": "echo 0"})
		if _, exit := patchStep(t, []string{"/bin/sh"}, plan, step, dir, path); exit != 100 {
			t.Errorf("%s without a road: exit %d", step, exit)
		}
	}
}

// TestPatchTellsConffiles: which changed files may conflict is said before anything is fetched, and which will once it is.
func TestPatchTellsConffiles(t *testing.T) {
	world := maps.Clone(aptWorld)
	world["dpkg-query"] = "case \"$*\" in\n*Conffiles*openssl) printf 'openssl\\n /etc/hostname 00000000000000000000000000000000\\n' ;;\n*) " + aptWorld["dpkg-query"] + "\nesac"
	world["md5sum"] = "sed 's/^[^ ]*  //; s/$/: FAILED/'"
	plan := planFor(t, builtin(t, "patch"), nil)
	for name, argv := range shells(t) {
		dir, path := fakes(t, world)
		for step, want := range map[StepID]string{"pending": "openssl: changed on this host, and may conflict", "download": "openssl: changed on this host, and the new version brings another one"} {
			facts, _ := patchStep(t, argv, plan, step, dir, path)
			if got := facts["conffile./etc/hostname"].Value; got != want {
				t.Errorf("%s, %s: %q", name, step, got)
			}
		}
	}
}

// TestPatchRestarts: a service that does not start, or runs no more a moment later, fails the step, and the others are restarted all the same.
func TestPatchRestarts(t *testing.T) {
	plan := planFor(t, builtin(t, "patch"), map[string]string{"restart": "yes", "restart_never": "ssh*"})
	for name, argv := range shells(t) {
		for ill, want := range map[string]string{"": "", "restart a.service": "not running after the restart: a.service\n", "is-active --quiet b.service": "not running after the restart: b.service (does not run)\n",
			"show -p NRestarts --value c.service": "not running after the restart: c.service (ends and is begun anew: 2 times since)\n"} {
			world := maps.Clone(aptWorld)
			world["needrestart"] = "printf 'NEEDRESTART-SVC: %s.service\\n' b a ssh c"
			world["sleep"] = `echo "sleep $*" >>"${0%/*}/log"`
			world["systemctl"] = `echo "$*" >>"${0%/*}/log"; [ "$*" != "` + ill + `" ] || { echo 2; exit 1; }`
			dir, path := fakes(t, world)
			script := strings.ReplaceAll(scriptOf(t, plan, "restart"), "/run/systemd/system", dir)
			_, stderr, exit := run(t, argv, script, path)
			if (exit != 0) != (want != "") || stderr != want {
				t.Errorf("%s, %q: exit %d, %q", name, ill, exit, stderr)
			}
			log, _ := os.ReadFile(dir + "/log")
			if text := string(log); !strings.HasPrefix(text, "restart a.service\nrestart b.service\nrestart c.service\nsleep 3\n") || strings.Contains(text, "ssh") {
				t.Errorf("%s, %q: ran\n%s", name, ill, text)
			}
		}
	}
}

// TestPatchWantsAReboot: what the parameter says, and what the host does.
func TestPatchWantsAReboot(t *testing.T) {
	for reboot, want := range map[string][2]string{"never": {"no", "no"}, "if-needed": {"yes", "no"}, "always": {"yes", "yes"}} {
		for i, ksta := range []string{"3", "1"} {
			world := maps.Clone(aptWorld)
			world["needrestart"] = "echo NEEDRESTART-KSTA: " + ksta
			_, path := fakes(t, world)
			plan := planFor(t, builtin(t, "patch"), map[string]string{"reboot": reboot})
			out, _, _ := run(t, []string{"/bin/sh"}, strings.ReplaceAll(scriptOf(t, plan, "assess"), "\ttend_reboot\n", "\ttend_due=no tend_why=''\n"), path)
			due := [2]string{"reboot_due=yes\nreboot_reasons=needrestart: a newer kernel is installed\n", "reboot_due=no\nreboot_reasons=\n"}[i]
			if wanted := "reboot_wanted=" + want[i] + "\nrestarts=0\n"; out != due+wanted {
				t.Errorf("%s, KSTA %s: %q", reboot, ksta, out)
			}
		}
	}
}

// TestPatchVerifies: what is left, what cannot be known, what runs another kernel, and how much a loss weighs.
func TestPatchVerifies(t *testing.T) {
	for name, argv := range shells(t) {
		dir, path := fakes(t, aptWorld)
		verify := func(params map[string]string) map[string]Fact {
			facts, _ := patchStep(t, argv, planFor(t, builtin(t, "patch"), params), "verify", dir, path)
			return facts
		}
		facts := verify(nil) // nothing was upgraded, nor is there a snapshot
		wants(t, facts, map[string]string{"left": "WARN 1 updates  still pending: openssl", "units": "OK nothing was upgraded", "packages": "OK 0 broken"})
		if _, told := facts["changed.kernel"]; told || facts["kernel"].Value == "" || facts["pending"].Value != "1" {
			t.Errorf("%s: %+v", name, facts)
		}
		wants(t, verify(map[string]string{"packages": "nginx"}), map[string]string{"left": "WARN 1 updates  named, and held: nginx"})
		wants(t, verify(map[string]string{"packages": "curl"}), map[string]string{"left": "OK 0 updates"})
		write(t, dir+"/kept/patch", "boot x\nkernel 1.2.3-old\nport 22\nport 443\nroute default via 192.0.2.1\n")
		write(t, dir+"/lost", "")
		facts = verify(map[string]string{"settle": "0s", "differences": "warn"})
		wants(t, facts, map[string]string{"ports": "WARN gone since: 443", "units": "OK as before", "routes": "OK as before", "new": "WARN mount"})
		if got := facts["changed.kernel"].Value; got != "1.2.3-old -> "+facts["kernel"].Value {
			t.Errorf("%s: %q", name, got)
		}
		wants(t, verify(map[string]string{"settle": "0s"}), map[string]string{"ports": "CRIT gone since: 443"})
		write(t, dir+"/half", "")
		wants(t, verify(map[string]string{"settle": "0s"}), map[string]string{"packages": "CRIT half-installed: openssl (iU)"})
		if err := os.WriteFile(dir+"/apt-get", []byte("#!/bin/sh\nexit 100\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		wants(t, verify(map[string]string{"settle": "0s"}), map[string]string{"left": "UNKNOWN the package manager cannot say"})
	}
}

// TestPatchSaysWhenItFails: apt's exit code is the step's, and what did change is still told.
func TestPatchSaysWhenItFails(t *testing.T) {
	plan := planFor(t, builtin(t, "patch"), nil)
	for name, argv := range shells(t) {
		dir, path := fakes(t, aptWorld)
		if err := os.WriteFile(dir+"/fail", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		facts, exit := patchStep(t, argv, plan, "upgrade", dir, path)
		if exit != 100 || facts["changed"].Value != "3" {
			t.Errorf("%s: exit %d, %+v", name, exit, facts["changed"])
		}
	}
}

// TestPrecheckKeepsHandsOff: each reason not to touch a host is CRIT.
func TestPrecheckKeepsHandsOff(t *testing.T) {
	for name, c := range map[string]struct {
		params map[string]string
		world  map[string]string
		check  string
		state  CheckState
	}{
		"no room":           {map[string]string{"free_mb": "999999999"}, nil, "space:/", CheckCrit},
		"half-installed":    {nil, map[string]string{"half": ""}, "packages", CheckCrit},
		"to be repaired":    {map[string]string{"repair": "yes"}, map[string]string{"half": ""}, "packages", CheckWarn},
		"gate shut":         {map[string]string{"gate": "echo no backup since monday; exit 3"}, nil, "gate", CheckCrit},
		"gate open":         {map[string]string{"gate": "true"}, nil, "gate", CheckOK},
		"not root":          {nil, map[string]string{"id": "echo 1000"}, "root", CheckCrit},
		"gate fed no input": {map[string]string{"gate": "! read -r x"}, nil, "gate", CheckOK},
	} {
		t.Run(name, func(t *testing.T) {
			world := maps.Clone(aptWorld)
			maps.Copy(world, c.world)
			dir, path := fakes(t, world)
			facts, _ := patchStep(t, []string{"/bin/sh"}, planFor(t, builtin(t, "patch"), c.params), "precheck", dir, path)
			if f := facts[c.check]; f.State != c.state || !f.Check {
				t.Errorf("%s is %+v, want %v", c.check, f, c.state)
			}
		})
	}
}

// TestPrecheckSaysWhy: what else keeps hands off a host, each with its reason, and what does not.
func TestPrecheckSaysWhy(t *testing.T) {
	now := time.Now()
	dir := func(age time.Duration) string {
		d := t.TempDir()
		write(t, d+"/sub/dump", "x")
		if err := os.Chtimes(d+"/sub/dump", now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	old, fresh, empty, ahead := dir(27*time.Hour), dir(25*time.Hour), t.TempDir(), dir(-48*time.Hour)
	locked := []string{"$(tend_locks |", "$(printf '12 apt-get /var/lib/dpkg/lock\\n' |"}
	for name, c := range map[string]struct {
		params  map[string]string
		tools   map[string]string
		replace []string
		want    map[string]string
	}{
		"nobody is in the way": {nil, map[string]string{"who": ""}, nil, map[string]string{"lock": "OK nobody holds", "manager": "OK apt"}},
		"locked":               {nil, nil, locked, map[string]string{"lock": "WARN held by process 12 apt-get /var/lib/dpkg/lock; we wait up to 300 s"}},
		"locked, no waiting":   {map[string]string{"lock_wait": "0s"}, nil, locked, map[string]string{"lock": "CRIT held by process 12 apt-get"}},
		"nobody logged in":     {map[string]string{"logins": "none"}, map[string]string{"who": ""}, nil, map[string]string{"logins": "OK nobody"}},
		"somebody logged in": {map[string]string{"logins": "none"}, map[string]string{"who": "printf 'ann pts/0 x\\nbob tty1 y\\nann pts/0 z\\n'"}, nil,
			map[string]string{"logins": "CRIT logged in: ann on pts/0;bob on tty1;"}},
		"no who": {map[string]string{"logins": "none"}, nil, []string{"$(who 2>/dev/null", "$(: ", "tend_have who", "tend_have no-who-here"}, map[string]string{"logins": "UNKNOWN who is missing"}},
		"backups": {map[string]string{"backup_paths": old + " " + fresh + " " + empty + " /nonexistent/backups " + ahead, "backup_max": "26h"}, nil, nil, map[string]string{
			"backup:" + old: "CRIT 1620 minutes old 1560 older", "backup:" + fresh: "OK 1500 minutes old", "backup:" + empty: "CRIT holds no file", "backup:/nonexistent/backups": "CRIT holds no file",
			"backup:" + ahead: "CRIT minutes ahead of this host's clock"}},
		"a good backup command": {map[string]string{"backup_command": "echo last: today; echo more"}, nil, nil, map[string]string{"backup:command": "OK last: today"}},
		"a bad backup command":  {map[string]string{"backup_command": "echo last: monday >&2; exit 4"}, nil, nil, map[string]string{"backup:command": "CRIT last: monday"}},
		"no package manager": {nil, nil, []string{"\ntend_detect\n\nspace", "\ntend_detect\ntend_pm=none tend_pretty='Plan 9'\n\nspace"},
			map[string]string{"manager": "CRIT no package manager that tend knows is on this host (Plan 9)"}},
	} {
		world := maps.Clone(aptWorld)
		maps.Copy(world, c.tools)
		for shell, argv := range shells(t) {
			facts, exit := stepFacts(t, argv, "patch", "precheck", c.params, world, c.replace...)
			wants(t, facts, c.want)
			if _, told := facts["logins"]; told != (c.params["logins"] != "") || exit != 0 || strings.HasPrefix(name, "no package") && len(facts) != 1 {
				t.Errorf("%s, %s: exit %d, %v", name, shell, exit, facts)
			}
		}
	}
}

// TestVerifySaysWhatStays: a package that was asked for by name and is held is no success to be passed over; a file that lies beside is told of
// until it is gone; and who held the lock before holds it no more.
func TestVerifySaysWhatStays(t *testing.T) {
	for name, argv := range shells(t) {
		for _, c := range []struct{ packages, mark, beside, want, left, says string }{
			{"nginx", "echo nginx", "conf.dpkg-dist", "WARN conf.dpkg-dist lies beside a file", "WARN 1 updates  named, and held: nginx: held back with apt-mark hold", "stays as it is: nginx: held back with apt-mark hold\n"},
			{"openssl ngin*", "", "gone", "OK no upgrade left", "WARN 2 updates  still pending: openssl; named, and held: nginx: kept back", "stays as it is: nginx: kept back"},
			{"openssl", "echo nginx", "gone", "OK", "WARN 1 updates  still pending: openssl", ""},
			{"", "echo nginx", "gone", "OK", "WARN 1 updates  still pending: openssl", ""},
			{"ssh", "echo ssh", "gone", "OK", "OK 0 updates", "ssh is as new as it can be here\n"},
		} {
			if c.says == "" && name != "dash" {
				continue
			}
			world := maps.Clone(aptWorld)
			world["apt-mark"] = c.mark
			world["dpkg-query"] = "case \"$*\" in *Conffiles*) ;; *Version*) printf 'ii  %s 1\\n' nginx openssl ssh ;; *) printf 'ii  nginx\\n' ;; esac"
			dir, path := fakes(t, world)
			write(t, dir+"/conf.dpkg-dist", "")
			write(t, dir+"/kept/patch-beside", dir+"/"+c.beside+"\n")
			plan := planFor(t, builtin(t, "patch"), map[string]string{"packages": c.packages, "settle": "0s"})
			facts, _ := patchStep(t, argv, plan, "verify", dir, path)
			wants(t, facts, map[string]string{"beside": c.want, "left": c.left, "lock": "OK nobody holds"})
			if out, stderr, _ := run(t, argv, strings.Replace(scriptOf(t, plan, "pending"), "\ntend_detect\n", "\ntend_detect\ntend_pm=apt\n", 1), path); !strings.Contains(out, c.says) {
				t.Errorf("%s, %s: %q does not say %q; %s", name, c.packages, out, c.says, stderr)
			}
		}
	}
}

// TestRepairIsDone: what is left half-installed after a repair fails the step, and is named.
func TestRepairIsDone(t *testing.T) {
	plan := planFor(t, builtin(t, "patch"), map[string]string{"repair": "yes"})
	world := maps.Clone(aptWorld)
	world["dpkg"] = `rm -f "${0%/*}/half"; [ ! -e "${0%/*}/stuck" ] || : >"${0%/*}/half"`
	for name, argv := range shells(t) {
		dir, path := fakes(t, world)
		for _, c := range []struct {
			file, says string
			exit       int
		}{{"half", "", 0}, {"stuck", "still half-installed: openssl (iU)", 1}} {
			write(t, dir+"/"+c.file, "")
			if _, stderr, exit := run(t, argv, scriptOf(t, plan, "repair"), path); exit != c.exit || !strings.Contains(stderr, c.says) {
				t.Errorf("%s, %s: exit %d, %q", name, c.file, exit, stderr)
			}
		}
	}
}

// TestPatchRefusesWhatItCannotDo: an unknown package is one clear line, and nothing is upgraded.
func TestPatchRefusesWhatItCannotDo(t *testing.T) {
	for packages, want := range map[string]string{"opensll": "there is no package opensll on this host", "nginx opensll": "there is no package opensll on this host", "nginx": "", "open*": ""} {
		plan := planFor(t, builtin(t, "patch"), map[string]string{"packages": packages})
		_, path := fakes(t, aptWorld)
		for name, argv := range shells(t) {
			_, stderr, exit := run(t, argv, scriptOf(t, plan, "pending"), path)
			if (exit != 0) != (want != "") || !strings.Contains(stderr, want) {
				t.Errorf("%s, %s: exit %d, %q", name, packages, exit, stderr)
			}
		}
	}
}

// TestPatchPlansOnlyWhatCanHappen: the plan that the operator approves has no reboot in it unless one was asked for.
func TestPatchPlansOnlyWhatCanHappen(t *testing.T) {
	rb := builtin(t, "patch")
	ids := func(params map[string]string) string {
		var out []string
		for _, s := range planFor(t, rb, params).Steps {
			out = append(out, string(s.ID))
		}
		return strings.Join(out, " ")
	}
	for want, params := range map[string]map[string]string{
		"precheck refresh pending download snapshot save upgrade assess verify":                       nil,
		"precheck refresh pending download":                                                           {"stage": "download"},
		"precheck repair refresh pending download snapshot save upgrade assess restart reboot verify": {"repair": "yes", "restart": "yes", "reboot": "always"},
	} {
		if got := ids(params); got != want {
			t.Errorf("%v: %s", params, got)
		}
	}
}
