package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"tend/ssh/sshtest"
)

// TestRealAPT has tend patch real Debian systems over a real sshd: the apt and dpkg are those of the distribution, the packages are ours.
func TestRealAPT(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	lower := debianRoot(t)
	for name, do := range map[string]func(d *debian){
		"security, then all": (*debian).upgrades, "lock": (*debian).waits, "dpkg is killed": (*debian).broken,
		"the link is cut": (*debian).linkCut, "the run's process is killed": (*debian).runnerCut,
		"a host's life": (*debian).life,
	} {
		t.Run(name, func(t *testing.T) {
			do(newDebian(t, lower))
		})
	}
}

// says wants the journal of the newest run to hold each text.
func (d *debian) says(want ...string) string {
	d.t.Helper()
	show := d.ok("journal", "show", "last", "--output")
	for _, w := range want {
		if !strings.Contains(show, w) {
			d.t.Errorf("the journal does not say %q:\n%s", w, show)
		}
	}
	return show
}

func (d *debian) at(want map[string]string) {
	d.t.Helper()
	for name, v := range want {
		if got := d.version(name); got != v {
			d.t.Errorf("%s is %q, want %q", name, got, v)
		}
	}
}

// upgrades takes security updates first and then the rest: a package stays that is held, and a configuration file that was changed here.
func (d *debian) upgrades() {
	d.has("fix", "conf", "kept", "flag")
	d.put("/etc/conf.conf", "changed here\n")
	d.in("apt-mark", "hold", "kept")
	d.ship("stable-security", pkg{name: "fix", version: "1.1"})
	d.ship("stable", pkg{name: "conf", version: "1.1"})
	d.ship("stable", pkg{name: "kept", version: "1.1"})
	d.ship("stable", pkg{name: "flag", version: "1.1", postinst: "echo '*** System restart required ***' >/run/reboot-required; echo flag >>/run/reboot-required.pkgs"})

	d.ok("run", "patch", "--set", "scope=security", "--set", "free_mb=0", "--set", "free_boot_mb=0", "--yes")
	d.says("do.fix=1.0 -> 1.1", "todo=1", "held.kept=held back with apt-mark hold", "security=1", "changed.fix=1.0 -> 1.1", "changed=1", "reboot_due=no")
	d.at(map[string]string{"fix": "ii  1.1", "conf": "ii  1.0", "kept": "hi  1.0", "flag": "ii  1.0"})

	d.ok("run", "patch", "--set", "free_mb=0", "--set", "free_boot_mb=0", "--yes")
	d.says("todo=2", "held.kept=held back with apt-mark hold", "conffile./etc/conf.conf=conf: changed on this host, and the new version brings another one",
		"beside./etc/conf.conf.dpkg-dist=lies beside", "beside WARN", "changed=2", "reboot_due=yes", "reboot_reasons=", "flag")
	d.at(map[string]string{"fix": "ii  1.1", "conf": "ii  1.1", "kept": "hi  1.0", "flag": "ii  1.1"})
	if old, new := d.read("/etc/conf.conf"), d.read("/etc/conf.conf.dpkg-dist"); old != "changed here\n" || new != "conf 1.1\n" {
		d.t.Errorf("conf.conf is %q, and beside it lies %q", old, new)
	}
	d.ok("run", "patch", "--set", "packages=kept", "--set", "free_mb=0", "--set", "free_boot_mb=0", "--yes")
	d.says("stays as it is: kept: held back with apt-mark hold", "named, and held: kept")
	d.ok("journal", "verify")
}

// waits has this process hold dpkg's lock: it is named, waited for, and taken once it is free.
func (d *debian) waits() {
	d.has("fix")
	d.ship("stable", pkg{name: "fix", version: "1.1"})
	f, err := os.OpenFile(d.root+"/var/lib/dpkg/lock-frontend", os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK}); err != nil {
		d.t.Fatal(err)
	}
	holder := fmt.Sprintf("%d %s", os.Getpid(), "tend.test")
	if out, errs, code := d.tend("run", "patch", "--set", "lock_wait=0s", "--set", "free_mb=0", "--yes"); code != 1 {
		d.t.Errorf("locked: exit %d\n%s%s", code, out, errs)
	}
	d.says("lock CRIT", holder)
	d.at(map[string]string{"fix": "ii  1.0"})

	run := strings.TrimSpace(d.ok("run", "patch", "--set", "lock_wait=5m", "--set", "free_mb=0", "--yes", "--detach"))
	d.told(run, "waiting for the lock held by process "+holder)
	if err := f.Close(); err != nil { // and with it the lock
		d.t.Fatal(err)
	}
	d.attached(run, 0)
	d.at(map[string]string{"fix": "ii  1.1"})
}

// told waits until the output of the run's steps has the words.
func (s *site) told(run, words string) {
	s.t.Helper()
	for deadline, looked := time.Now().Add(6*time.Minute), time.Now(); ; looked = rest(looked) {
		show := s.ok("journal", "show", run, "--output")
		if strings.Contains(show, words) {
			return
		}
		if time.Now().After(deadline) || strings.Contains(show, "run "+run+" ended") {
			s.t.Fatalf("no step says %q:\n%s", words, show)
		}
	}
}

// slow is a package whose configuration says many lines, and waits in their midst until the file /srv/gate is there.
func (d *debian) slow(exit int) {
	d.t.Helper()
	d.has("slow")
	d.ship("stable", pkg{name: "slow", version: "1.1", postinst: `
i=0
while [ $i -lt 3000 ]; do
	i=$((i + 1))
	echo "configuring, line $i"
	if [ $i = 1000 ]; then while [ ! -e /srv/gate ]; do sleep 0.1; done; fi
done
` + fmt.Sprintf("exit %d", exit)})
}

// broken kills dpkg in its middle. The next run does not touch what is half-installed; told to, it repairs that, and goes on.
func (d *debian) broken() {
	d.slow(0)
	d.has("half")
	run := strings.TrimSpace(d.ok("run", "patch", "--set", "free_mb=0", "--yes", "--detach"))
	d.told(run, "configuring, line 1000\n")
	if err := syscall.Kill(d.process("dpkg"), syscall.SIGKILL); err != nil {
		d.t.Fatal(err)
	}
	d.told(run, "E: Sub-process /usr/bin/dpkg ") // before the orphan speaks on, into its midst
	d.put("/srv/gate", "")                       // what dpkg ran is an orphan now, and ends
	d.attached(run, 1)
	d.says("exit 100", "changed.slow=1.0 -> 1.1")
	d.in("dpkg", "--unpack", d.ship("stable", pkg{name: "half", version: "1.1"}))
	if v := d.version("slow"); strings.HasPrefix(v, "ii") {
		d.t.Fatalf("slow is %q, and should be broken", v)
	}

	if out, errs, code := d.tend("run", "patch", "--set", "free_mb=0", "--yes"); code != 1 {
		d.t.Errorf("on broken packages: exit %d\n%s%s", code, out, errs)
	}
	d.says("packages CRIT", "half (iU)", "slow (i", "repair=yes finishes them")
	d.ok("run", "patch", "--set", "free_mb=0", "--set", "repair=yes", "--yes")
	d.at(map[string]string{"slow": "ii  1.1", "half": "ii  1.1"})
}

// linkCut cuts the link in dpkg's middle, and keeps it cut until dpkg is through; and again, where the transaction fails. Its exit code
// and every line of it arrive.
func (d *debian) linkCut() {
	p := d.through(d.srv)
	d.slow(3) // dpkg then says so, apt-get ends with 100, and the package stays half-configured
	run := strings.TrimSpace(d.ok("run", "patch", "--set", "free_mb=0", "--yes", "--detach"))
	d.told(run, "configuring, line 1000\n")
	apt := d.process("apt-get")
	p.CutAfter(sshtest.ToClient, 0)
	p.Cut()
	d.remarked(run, "the link was lost")
	d.put("/srv/gate", "")
	for deadline, looked := time.Now().Add(6*time.Minute), time.Now(); running(apt); looked = rest(looked) {
		if time.Now().After(deadline) {
			d.t.Fatal("apt-get does not end")
		}
	}
	p.CutAfter(sshtest.ToClient, 12000) // the link comes back, and breaks once more amid the output
	for deadline, looked := time.Now().Add(6*time.Minute), time.Now(); p.Left(sshtest.ToClient) > 0; looked = rest(looked) {
		if time.Now().After(deadline) {
			d.t.Fatal("nobody comes back")
		}
	}
	p.CutAfter(sshtest.ToClient, -1)
	d.attached(run, 1)
	d.whole("exit 100")
	if v := d.version("slow"); v != "iF  1.1" {
		d.t.Errorf("slow is %q", v)
	}
}

// runnerCut kills the run's own process in dpkg's middle, and takes the run up once dpkg is through.
func (d *debian) runnerCut() {
	d.slow(0)
	run := strings.TrimSpace(d.ok("run", "patch", "--set", "free_mb=0", "--yes", "--detach"))
	d.told(run, "configuring, line 1000\n")
	d.killRunner(run)
	d.put("/srv/gate", "")
	d.ok("resume", run)
	d.whole("changed.slow=1.0 -> 1.1")
	d.at(map[string]string{"slow": "ii  1.1"})
}

// whole wants every line of the slow package's configuration once, in order, and what came after it.
func (d *debian) whole(after string) {
	d.t.Helper()
	var want strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&want, "configuring, line %d\n", i+1)
	}
	show := d.says("Setting up slow (1.1)", after)
	if strings.Count(show, want.String()) != 1 || strings.Count(show, "configuring, line ") != 3000 {
		d.t.Errorf("of 3000 lines %d arrived:\n%s", strings.Count(show, "configuring, line "), show)
	}
	d.ok("journal", "verify")
}
