package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// life has a real host taken into service, looked after, and taken out again, by the built-in runbooks as they are: the scripts run as
// root, in a real Debian, behind a real sshd. It has no systemd: services are those of /etc/init.d.
func (d *debian) life() {
	before := writtenAt("/var/lib/tend/baseline")
	d.program("/etc/init.d/app", "#!/bin/sh\necho \"$1\" >>/var/log/app.log\ncase $1 in status) [ -e /run/app.up ] ;; stop) rm -f /run/app.up ;; start | restart) : >/run/app.up ;; esac\n", 0o755)
	d.program("/usr/sbin/shutdown", "#!/bin/sh\necho \"$@\" >>/var/log/shutdown\n", 0o755)                                 // this machine is not to go down
	d.program("/usr/bin/ss", "#!/bin/sh\ncase $* in *established*) ;; *) echo 'LISTEN 0 1 0.0.0.0:22 x' ;; esac\n", 0o755) // what it would see is this machine's
	d.commissioned()
	if after := writtenAt("/var/lib/tend/baseline"); after != before {
		d.t.Errorf("this machine's own baseline was written: %v, was %v", after, before)
	}
	d.lookedAfter()
	d.decommissioned()
	d.ok("journal", "verify")
}

// writtenAt is when a file was last written; zero where there is none.
func writtenAt(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// commissioned: its key is accepted since the provider's list has it, and from then on it is the only one; facts and baseline are kept.
func (d *debian) commissioned() {
	pinned := filepath.Join(d.dir, "pinned")
	inv, err := os.ReadFile(filepath.Join(d.dir, "inventory.toml"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.write("inventory.toml", strings.ReplaceAll(string(inv), d.srv.KnownHosts, pinned))
	out := d.ok("commission", "real-1", "--list", d.srv.KnownHosts, "--yes", "--reason", "new")
	for _, want := range []string{"listed", "facts: passed, OK:1", "commission: passed, OK:1"} {
		if !strings.Contains(out, want) {
			d.t.Errorf("commission does not say %q:\n%s", want, out)
		}
	}
	keys, _ := os.ReadFile(pinned) // the name is hashed
	known, _ := os.ReadFile(d.srv.KnownHosts)
	if a, b := strings.Fields(string(keys)), strings.Fields(string(known)); len(a) != 3 || len(b) != 3 || a[2] != b[2] {
		d.t.Errorf("pinned is %q, want the key of %q", keys, known)
	}
	d.says("@check manager OK", "@check root OK", "baseline.packages=", "departures=0")
	if info, err := os.Stat(d.root + "/var/lib/tend/baseline"); err != nil || info.Mode().Perm() != 0o600 {
		d.t.Errorf("the baseline: %v, %v", info, err)
	}
}

// lookedAfter: what is done again and again.
func (d *debian) lookedAfter() {
	d.put("/etc/sudoers.d/ops", "ops ALL=(ALL) NOPASSWD: ALL\n")
	d.put("/srv/backup/dump", "rows\n")
	d.put("/var/cache/apt/archives/old_1.0_all.deb", "no longer needed\n")
	for _, run := range []struct {
		args []string
		want []string
	}{
		{[]string{"drift"}, []string{"departures=2", "sudoers"}},
		{[]string{"security-posture"}, []string{"@check sudo WARN", "NOPASSWD", "@check root-accounts OK"}},
		{[]string{"backup-check", "--set", "where=/srv/backup"}, []string{"@check backup:/srv/backup OK"}},
		{[]string{"restore-drill", "--set", `restore=cp -a /srv/backup/. "$target"`, "--set", `check=[ -s "$target/dump" ]`, "--set", "need_mb=0"}, []string{"@check restore OK", "@check rto OK", "drill_seconds="}},
		{[]string{"clean-disk", "--set", "what=packages"}, nil},
		{[]string{"restart-service", "--set", "services=app", "--set", "ports=22"}, []string{"@check service:app OK", "@check port:22 OK"}},
		{[]string{"collect-logs", "--set", "files=/var/log/app.log"}, []string{"restart"}},
	} {
		d.ok(append(append([]string{"run"}, run.args...), "--yes")...)
		d.says(run.want...)
	}
	if _, err := os.Stat(d.root + "/var/cache/apt/archives/old_1.0_all.deb"); err == nil {
		d.t.Error("clean-disk left a package file behind")
	}
	left, _ := filepath.Glob(d.root + "/var/tmp/tend-drill.*")
	if len(left) > 0 {
		d.t.Errorf("the drill left %v", left)
	}
}

// decommissioned: a person answers, what served is stopped, and the host is told to go down.
func (d *debian) decommissioned() {
	run := strings.TrimSpace(d.ok("run", "decommission", "--set", "services=app", "--yes", "--detach"))
	if _, errs, code := d.tend("answer", run, "nobody"); code != 2 || !strings.Contains(errs, `has no host "nobody"`) {
		d.t.Errorf("a host that is not there: exit %d, %s", code, errs)
	}
	for _, step := range []struct {
		refused string // of an answer that is not enough
		less    []string
		answers []string
	}{
		{"asks for owner", []string{"backup=x", "dns=yes", "monitoring=yes", "secrets=yes"}, []string{"backup=tape 7, until 2030", "dns=yes", "monitoring=yes", "secrets=yes", "owner=bob"}},
		{`done is yes or no, not "maybe"`, []string{"how=x", "done=maybe"}, []string{"how=wiped, certificate 12", "done=yes"}},
		{`does not ask for "colour"`, []string{"rack=yes", "commit=x", "colour=red"}, []string{"rack=yes", "commit=abc123"}},
	} {
		d.refused(step.refused, append([]string{"answer", run, "real-1"}, step.less...)...)
		d.ok(append([]string{"answer", run, "real-1"}, step.answers...)...)
	}
	d.attached(run, 0)
	d.says("@check connections OK", "stopping app")
	for _, answer := range []string{"tape 7, until 2030", "certificate 12", "abc123"} {
		if !strings.Contains(d.ok("journal", "show", run, "--json"), answer) {
			d.t.Errorf("the answer %q is not in the journal", answer)
		}
	}
	if log := d.read("/var/log/app.log"); !strings.HasSuffix(log, "stop\n") {
		d.t.Errorf("the service was asked to %q", log)
	}
	if how := d.read("/var/log/shutdown"); !strings.HasPrefix(how, "-h +1") {
		d.t.Errorf("the host was told %q", how)
	}
}

// refused waits until the host is asked something: till then there is nothing to answer. Then what it is told is refused in these words.
func (s *site) refused(words string, args ...string) {
	s.t.Helper()
	for end, looked := time.Now().Add(time.Minute), time.Now(); ; looked = rest(looked) {
		_, errs, code := s.tend(args...)
		switch {
		case code == 2 && strings.Contains(errs, words):
			return
		case code != 2 || time.Now().After(end): // the step before may not have ended yet, or this one not have begun
			s.t.Fatalf("%v: exit %d\n%s", args, code, errs)
		}
	}
}
