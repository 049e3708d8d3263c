package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/ssh/sshtest"
)

// TestRealSystemd has tend work on Debian systems that a real systemd booted as process 1, with their own sshd, logind and journald:
// testdata/systemd/boot does that in namespaces. What belongs to the kernel, a reboot above all, is not theirs.
//
// A machine whose kernel does not allow it (no cgroup2 that may be written, no mounts: most containers) skips, in CI too, and says why;
// .ci/run asks and prints the same. What is merely not installed fails CI.
func TestRealSystemd(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	lower := systemdRoot(t)
	for name, do := range map[string]func(d *debian){
		"health": (*debian).failedUnits, "restart-service": (*debian).restartsService, "patch": (*debian).restartsOldCode, "logind kills": (*debian).outlivesLogind,
		"logind and linger": (*debian).lingers,
	} {
		t.Run(name, func(t *testing.T) {
			user := "ops"
			if !strings.HasPrefix(name, "logind") {
				user = "root"
			}
			do(bootDebian(t, lower, user, strings.HasSuffix(name, "linger")))
		})
	}
}

// systemdRoot is the system that .ci/debian-root makes with an init system in it, unpacked.
func systemdRoot(t *testing.T) (lower string) {
	t.Helper()
	for _, tool := range []string{"unshare", "nsenter", "setpriv", "pivot_root", "tar", "dpkg-deb", "ssh"} {
		if _, err := exec.LookPath(tool); err != nil {
			cannotRun(t, "for want of "+tool)
		}
	}
	file := filepath.Join(filepath.Dir(debianFile()), "debian-systemd.tar")
	if _, err := os.Stat(file); err != nil {
		cannotRun(t, fmt.Sprintf("without a system to boot: %v (.ci/debian-root makes it)", err))
	}
	if os.Getuid() != 0 {
		cannotRun(t, "since it takes root to boot a system")
	}
	if out, err := exec.CommandContext(t.Context(), "sh", bootScript(t), "probe").CombinedOutput(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == 3 {
			t.Skipf("SKIPPED: this machine boots no systemd: %s", out)
		}
		t.Fatalf("probe: %v\n%s", err, out)
	}
	return unpacked(t, file)
}

func bootScript(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("testdata/systemd/boot")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// booted counts this process's machines: each has an address of the loopback for itself.
var booted atomic.Int32

// bootDebian boots one, with a site whose host real-1 it is, where that user logs in; ops may become root.
func bootDebian(t *testing.T, lower, user string, linger bool) *debian {
	t.Helper()
	n := os.Getpid()*16 + int(booted.Add(1))
	srv := &sshtest.Server{Addr: fmt.Sprintf("127.%d.%d.%d", 64+n>>16&63, n>>8&255, n&255), Port: 2222, User: user}
	dir := t.TempDir()
	srv.Key, srv.KnownHosts = filepath.Join(dir, "client"), filepath.Join(dir, "known_hosts")
	d := &debian{site: newSite(t, srv, 1, map[bool]string{true: "become = \"sudo\"\n"}[user != "root"]), srv: srv}
	d.env = append(d.env, "TEND_JOB_ROOT=")
	layer := d.configured(lower)
	if linger {
		d.put("/var/lib/systemd/linger/ops", "")
	}
	d.boot(layer + ":" + lower)
	d.archives()
	return d
}

// configured is a layer above the system's own: who may log in, and what is not to be started.
func (d *debian) configured(lower string) (layer string) {
	d.t.Helper()
	layer = d.t.TempDir()
	d.root = layer // for put
	key := sshtest.WriteKey(d.t, d.srv.Key, sshtest.NewKey(d.t, "ed25519"), "")
	d.put("/etc/ssh/authorized_keys", string(xssh.MarshalAuthorizedKey(key)))
	for name, more := range map[string]string{"passwd": "ops:x:1000:1000::/home/ops:/bin/sh\n", "group": "ops:x:1000:\n", "shadow": "ops:*:20000:0:99999:7:::\n"} {
		text, err := os.ReadFile(lower + "/etc/" + name)
		if err != nil {
			d.t.Fatal(err)
		}
		d.put("/etc/"+name, string(text)+more)
	}
	d.put("/home/ops/.profile", "")
	if err := os.Chown(layer+"/home/ops", 1000, 1000); err != nil {
		d.t.Fatal(err)
	}
	d.put("/etc/sudoers.d/ops", "ops ALL=(ALL) NOPASSWD: ALL\n")
	d.put("/etc/ssh/sshd_config", fmt.Sprintf("ListenAddress %s:2222\nHostKey /etc/ssh/host\nAuthorizedKeysFile /etc/ssh/authorized_keys\nUsePAM yes\nUseDNS no\nPasswordAuthentication no\n"+
		"KbdInteractiveAuthentication no\nPermitRootLogin yes\nStrictModes no\nPrintMotd no\nSubsystem sftp internal-sftp\n", d.srv.Addr))
	hostKey := sshtest.WriteKey(d.t, layer+"/etc/ssh/host", sshtest.NewKey(d.t, "ed25519"), "")
	if err := os.WriteFile(d.srv.KnownHosts, []byte("["+d.srv.Addr+"]:2222 "+string(xssh.MarshalAuthorizedKey(hostKey))), 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.put("/etc/systemd/logind.conf.d/test.conf", "[Login]\nKillUserProcesses=yes\n")
	if err := os.MkdirAll(layer+"/etc/systemd/system", 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Symlink("/dev/null", layer+"/etc/systemd/system/timers.target"); err != nil { // apt's, among them
		d.t.Fatal(err)
	}
	return layer
}

// boot starts process 1, and returns when systemd has started everything, and all is well.
func (d *debian) boot(layers string) {
	d.t.Helper()
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		d.t.Fatal(err)
	}
	at := regexp.MustCompile(`(?m)^\S+ (\S+) cgroup2 `).FindStringSubmatch(string(mounts))
	cgroup, err := os.MkdirTemp(at[1], "tend-test-")
	if err != nil {
		d.t.Fatal(err)
	}
	if err := os.Chmod(cgroup, 0o755); err != nil { // users have theirs below
		d.t.Fatal(err)
	}
	c := exec.Command("sh", bootScript(d.t), layers, cgroup)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		c.Process.Kill() // and with it process 1, and with that all of the others
		c.Wait()
		removeCgroup(d.t, cgroup)
	})
	begin := time.Now()
	for deadline, looked := begin.Add(2*time.Minute), time.Now(); ; looked = rest(looked) {
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", c.Process.Pid, c.Process.Pid))
		if pid := strings.TrimSpace(string(children)); pid != "" {
			d.root, d.enter = "/proc/"+pid+"/root", []string{"nsenter", "-a", "-t", pid}
			out, _ := d.try("systemctl", "is-system-running")
			if out == "running\n" {
				break
			}
			if out == "degraded\n" {
				d.t.Fatalf("booted, and not all is well:\n%s", d.in("systemctl", "--failed", "--no-pager"))
			}
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("systemd does not come up:\n%s", said.String())
		}
	}
	d.t.Logf("booted in %v", time.Since(begin).Round(time.Millisecond))
}

// removeCgroup removes one that is about to be empty, and those below.
func removeCgroup(t *testing.T, dir string) {
	for deadline, looked := time.Now().Add(20*time.Second), time.Now(); ; looked = rest(looked) {
		var all []string
		filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				all = append(all, path)
			}
			return nil
		})
		var err error
		for i := len(all) - 1; i >= 0; i-- {
			err = syscall.Rmdir(all[i])
		}
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%s is left behind: %v", dir, err)
			return
		}
	}
}

// unit writes a unit's file, and has systemd read it.
func (d *debian) unit(name, text string) {
	d.t.Helper()
	d.put("/etc/systemd/system/"+name, text)
	d.in("systemctl", "daemon-reload")
}

func (d *debian) mainPID(unit string) int {
	d.t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(d.in("systemctl", "show", "-p", "MainPID", "--value", unit)))
	if err != nil {
		d.t.Fatal(err)
	}
	return pid
}

// failedUnits has a unit fail: health names it, and what is expected and does not run, and is content when that is over.
func (d *debian) failedUnits() {
	d.unit("broken.service", "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo \"<3>boom\" >&2; exit 1'\n")
	d.unit("absent.service", "[Service]\nExecStart=/bin/sleep 1000\n")
	if out, err := d.try("systemctl", "start", "broken.service"); err == nil {
		d.t.Fatal(out)
	}
	if out, errs, code := d.tend("run", "health", "--set", "expect_units=ssh.service absent.service", "--set", "errors_warn=1"); code != 1 {
		d.t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	d.says("units CRIT 2", "failed: broken.service; not active: absent.service inactive", "journal WARN", "broken.service")
	d.in("systemctl", "reset-failed")
	d.in("systemctl", "start", "absent.service")
	d.tend("run", "health", "--set", "expect_units=ssh.service absent.service")
	d.says("units OK 0", "none failed")
}

// restartsService restarts one that is well, which is then another process; and one that starts and soon ends, which is not taken for
// one that runs.
func (d *debian) restartsService() {
	port := strconv.Itoa(20000 + os.Getpid()%10000)
	d.put("/srv/web.pl", `use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalAddr => "`+d.srv.Addr+`", LocalPort => `+port+`, Listen => 1, ReuseAddr => 1) or die $!;
if (-e "/srv/ill") { sleep 1; print STDERR "my data is gone\n"; exit 3 }
sleep 1 while 1;
`)
	d.unit("web.service", "[Service]\nExecStart=/usr/bin/perl /srv/web.pl\n")
	d.in("systemctl", "start", "web.service")
	before := d.mainPID("web.service")
	d.ok("run", "restart-service", "--set", "services=web", "--set", "ports="+port, "--yes")
	d.says("restart web\n", "service:web OK running", "port:"+port+" OK")
	if after := d.mainPID("web.service"); after == before || after == 0 {
		d.t.Errorf("the process of web.service was %d, and is %d", before, after)
	}

	d.put("/srv/ill", "")
	if out, errs, code := d.tend("run", "restart-service", "--set", "services=web", "--yes"); code != 1 {
		d.t.Errorf("a service that ends at once: exit %d\n%s%s", code, out, errs)
	}
	d.says("service:web CRIT", "my data is gone")
	d.unit("web.service", "[Service]\nExecStart=/usr/bin/perl /srv/web.pl\nRestart=always\nRestartSec=0\n") // and so again and again
	if out, errs, code := d.tend("run", "restart-service", "--set", "services=web", "--yes"); code != 1 {
		d.t.Errorf("a service that ends again and again: exit %d\n%s%s", code, out, errs)
	}
	d.says("service:web CRIT")

	if out, errs, code := d.tend("run", "restart-service", "--set", "services=nothing", "--yes"); code != 1 {
		d.t.Errorf("an unknown service: exit %d\n%s%s", code, out, errs)
	}
	d.says("service:nothing CRIT", "there is no such service")
}

// restartsOldCode upgrades the program of two services that run, by what needrestart says of them and by what /proc says where there is none:
// the one is restarted, once and after all, the other is of those that never are.
func (d *debian) restartsOldCode() {
	worker := pkg{name: "worker", version: "1.0", program: "/usr/lib/worker/worker", copied: "/usr/bin/sleep"}
	d.in("dpkg", "-i", d.ship("", worker))
	for _, unit := range []string{"worker.service", "gdm-test.service"} {
		d.unit(unit, "[Service]\nExecStart=/usr/lib/worker/worker 100000\n")
		d.in("systemctl", "start", unit)
	}
	left := d.mainPID("gdm-test.service")
	for i, version := range []string{"1.1", "1.2"} {
		if i == 1 {
			if err := os.Remove(d.root + "/usr/sbin/needrestart"); err != nil {
				d.t.Fatal(err)
			}
		}
		worker.version = version
		d.ship("stable", worker)
		d.put("/srv/stable/Release", "Label: Test\nSuite: stable\nVersion: "+version+"\nCodename: x\n") // else apt has it already
		before := d.mainPID("worker.service")
		d.ok("run", "patch", "--set", "restart=yes", "--set", "free_mb=0", "--set", "free_boot_mb=0", "--yes")
		show := d.says("stale.worker.service=runs old code\n", "stale.gdm-test.service=runs old code, and is not restarted from here", "restarts=1", "restarting worker.service\n", "restarts_due=1")
		if strings.Contains(show, "restarting gdm-test") || strings.Contains(show, "restarting ssh") {
			d.t.Errorf("restarted what never is:\n%s", show)
		}
		d.at(map[string]string{"worker": "ii  " + version})
		if after := d.mainPID("worker.service"); after == before || after == 0 {
			d.t.Errorf("%s: the process of worker.service was %d, and is %d", version, before, after)
		}
		if said := d.in("journalctl", "-o", "cat", "-u", "worker.service"); strings.Count(said, "Started ") != i+2 {
			d.t.Errorf("%s: how often was worker.service started?\n%s", version, said)
		}
		if now := d.mainPID("gdm-test.service"); now != left {
			d.t.Errorf("gdm-test.service is process %d, and was %d", now, left)
		}
	}
	d.endsAfterUpgrade(worker)
}

// endsAfterUpgrade upgrades a service that then starts well, and ends a second later: it is not called restarted, whether systemd leaves it
// there or begins it anew.
func (d *debian) endsAfterUpgrade(worker pkg) {
	d.t.Helper()
	const unit = "[Service]\nExecStart=/bin/sh -c 'if [ -e /srv/ill ]; then sleep 1; echo my data is gone; exit 3; fi; exec /usr/lib/worker/worker 100000'\n"
	for i, c := range []struct{ more, ill string }{{"", "does not run"}, {"Restart=always\nRestartSec=0\n", "ends and is begun anew: "}} {
		if err := os.RemoveAll(d.root + "/srv/ill"); err != nil {
			d.t.Fatal(err)
		}
		d.unit("worker.service", unit+c.more)
		d.in("systemctl", "restart", "worker.service")
		d.until("the worker runs", func() bool { // sh has become the worker
			exe, _ := os.Readlink(fmt.Sprintf("%s/proc/%d/exe", d.root, d.mainPID("worker.service")))
			return exe == "/usr/lib/worker/worker"
		})
		d.put("/srv/ill", "")
		worker.version = fmt.Sprint("1.", 3+i)
		d.ship("stable", worker)
		d.put("/srv/stable/Release", "Label: Test\nSuite: stable\nVersion: "+worker.version+"\nCodename: x\n")
		if out, errs, code := d.tend("run", "patch", "--set", "restart=yes", "--set", "free_mb=0", "--set", "free_boot_mb=0", "--set", "restart_never=gdm*", "--yes"); code != 1 {
			d.t.Errorf("%q: exit %d\n%s%s", c.more, code, out, errs)
		}
		d.says("restarting worker.service\n", "not running after the restart: worker.service ("+c.ill, "my data is gone")
	}
}

func (d *debian) until(what string, is func() bool) {
	d.t.Helper()
	for deadline, looked := time.Now().Add(time.Minute), time.Now(); !is(); looked = rest(looked) {
		if time.Now().After(deadline) {
			show, errs, _ := d.tend("journal", "show", "last", "--output")
			d.t.Fatalf("not yet: %s\n%s%s", what, show, errs)
		}
	}
}
