package runbooks

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// driftWorld is a host's /etc, /proc and /var/lib/tend in a directory of ours, and tools that answer from files there.
type driftWorld struct {
	t     *testing.T
	dir   string
	argv  []string
	tools map[string]string
}

func newDriftWorld(t *testing.T, argv []string) *driftWorld {
	t.Helper()
	w := &driftWorld{t: t, dir: t.TempDir(), argv: argv}
	w.tools = map[string]string{
		"dpkg-query": "sed 's/^/ii  /' " + w.dir + "/packages", "ss": "cat " + w.dir + "/ss", "usermod": `echo "usermod $*" >>` + w.dir + "/did",
		"apt-get": `echo "apt-get $*" >>` + w.dir + "/did", "visudo": "exit 0", "rc-update": "echo 'sshd | default'", "mount": `echo "mount $*" >>` + w.dir + "/did",
		"sysctl": `f=` + w.dir + `/proc/sys/$(printf %s "${2%%=*}" | tr ./ /.); case $1 in -n) cat "$f" ;; -w) printf '%s\n' "${2#*=}" >"$f" ;; esac`,
	}
	w.write("packages", "nginx 1.18\nopenssl 3.0\n")
	w.write("ss", "tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\ntcp LISTEN 0 128 [::]:22 [::]:*\nudp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*\ntcp LISTEN 0 1 127.0.0.1:41234 0.0.0.0:*\n")
	w.write("proc/sys/net/ipv4/ip_forward", "0\n")
	w.write("proc/sys/kernel/ostype", "Linux\n")
	w.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nops:x:1000:1000::/home/ops:/bin/sh\n")
	w.write("etc/group", "root:x:0:\nsudo:x:27:ops\n")
	w.write("etc/sudoers", "ops ALL=(ALL) ALL\n")
	w.write("etc/ssh/sshd_config", "PermitRootLogin no\n")
	w.write("etc/ssh/ssh_host_ed25519_key", "secret\n")
	w.write("etc/os-release", "ID=debian\nVERSION_ID=12\n")
	w.write("etc/mtab", "changes\n")
	w.write("proc/mounts", "/dev/sda1 / ext4 rw,relatime 0 0\n/dev/sdb1 /srv ext4 rw,nosuid,relatime 0 0\nproc /proc proc rw 0 0\n")
	w.write("proc/cmdline", "BOOT_IMAGE=/vmlinuz-6.1 root=/dev/sda1 quiet\n")
	return w
}

func (w *driftWorld) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *driftWorld) read(name string) string {
	data, _ := os.ReadFile(filepath.Join(w.dir, name))
	return string(data)
}

func (w *driftWorld) run(book string, step StepID, params map[string]string) map[string]Fact {
	w.t.Helper()
	facts, exit := stepFacts(w.t, w.argv, book, step, params, w.tools, "/var/lib/tend", w.dir+"/tend", "/etc", w.dir+"/etc", "/proc/", w.dir+"/proc/", "/run/systemd", w.dir+"/run/systemd")
	if exit != 0 {
		w.t.Errorf("%s/%s: exit %d", book, step, exit)
	}
	return facts
}

// change makes the host another one than its baseline, in every kind.
func (w *driftWorld) change() {
	w.write("packages", "netcat 1.0\nopenssl 3.1\n")
	w.write("ss", "tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\ntcp LISTEN 0 128 0.0.0.0:4444 0.0.0.0:*\n")
	w.write("proc/sys/net/ipv4/ip_forward", "1\n")
	w.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nops:x:1000:1000::/home/ops:/bin/bash\nmallory:x:0:0::/:/bin/sh\n")
	w.write("etc/group", "root:x:0:\nsudo:x:27:ops,mallory\n")
	w.write("etc/sudoers", "ALL ALL=(ALL) NOPASSWD: ALL\n")
	w.write("etc/ssh/sshd_config", "PermitRootLogin yes\n")
	w.write("etc/cron.d/evil name", "* * * * * root true\n")
	w.write("etc/mtab", "has changed\n")
	w.write("proc/mounts", "/dev/sda1 / ext4 rw,relatime 0 0\n/dev/sdb1 /srv ext4 ro,relatime 0 0\n")
	w.tools["rc-update"] = "printf 'sshd | default\\nnc | default\\n'"
}

func TestDrift(t *testing.T) {
	for name, argv := range shells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newDriftWorld(t, argv)
			facts := w.run("drift", "compare", nil)
			if facts["drift"].Value != "unknown" {
				t.Fatalf("without a baseline: %+v", facts)
			}
			wants(t, facts, map[string]string{"departs": "UNKNOWN no baseline of packages, units"})
			kept := w.run("commission", "baseline", nil)
			if kept["drift"].Value != "0" || kept["baseline.digest"].Value == "" {
				t.Fatalf("just commissioned: %+v", kept)
			}
			if facts := w.run("drift", "compare", nil); facts["drift"].Value != "0" || facts["baseline.digest"].Value != kept["baseline.digest"].Value {
				t.Fatalf("nothing has changed: %+v", facts)
			}
			if _, err := os.Stat(filepath.Join(w.dir, "tend/baseline.d/copies", w.dir, "etc/ssh/ssh_host_ed25519_key")); err == nil {
				t.Error("a secret key was copied")
			}
			wants(t, w.run("drift", "compare", nil), map[string]string{"departs": "OK as the baseline says"})
			w.change()
			facts = w.run("drift", "compare", nil)
			wants(t, facts, map[string]string{"departs": "WARN 2 packages, 1 units, 3 ports"})
			wantFacts(t, facts, map[string]string{
				"drift.packages": "2", "drift.packages/nginx": "1.18 -> (none)", "drift.packages/netcat": "(none) -> 1.0", "drift.versions": "1", "drift.versions/openssl": "3.0 -> 3.1",
				"drift.ports/tcp/4444": "(none) -> 0.0.0.0", "drift.ports/udp/53": "127.0.0.53 -> (none)", "drift.sysctl/net.ipv4.ip_forward": "0 -> 1",
				"drift.users/mallory": "(none) -> uid 0 gid 0 / /bin/sh", "drift.users/group:sudo": "gid 27 ops -> gid 27 ops,mallory", "drift.sudoers": "1", "drift.units": "1",
				"drift.units/nc": "(none) -> enabled in default", "drift.mounts/" + "/srv": "/dev/sdb1 ext4 rw,nosuid -> /dev/sdb1 ext4 ro", "drift.files": "3",
			})
			if _, ok := facts["drift.files/"+w.dir+"/etc/cron.d/evil_name"]; !ok {
				t.Errorf("a file with a blank in its name is not seen: %v", facts)
			}
			putRight(t, w)
		})
	}
}

// TestKernelParametersAreReadAlike: whether they are files, which one process reads, or sysctl is asked for each.
func TestKernelParametersAreReadAlike(t *testing.T) {
	for name, argv := range shells(t) {
		w := newDriftWorld(t, argv)
		w.write("etc/sysctl.d/ours.conf", "net.ipv4.conf.eth0/100.forwarding = 1\n-kernel.cores=file\nnet.ipv4.tcp_rmem=4096 1 2\nnet.absent = 1\nkernel.nothing = 1\n")
		w.write("proc/sys/net/ipv4/conf/eth0.100/forwarding", "1\n")
		w.write("proc/sys/net/ipv4/tcp_rmem", "4096\t1\t2\n")
		w.write("proc/sys/kernel/cores", "file\npipe\n")
		w.write("proc/sys/kernel/nothing", "\n")
		want := "(boot)\troot=/dev/sda1 quiet\nkernel.cores\tfile pipe\nkernel.nothing\t\nnet.ipv4.conf.eth0/100.forwarding\t1\nnet.ipv4.ip_forward\t0\nnet.ipv4.tcp_rmem\t4096 1 2\n"
		for _, kind := range []string{"/proc/sys/kernel", "/nowhere"} { // the second: not a directory, so that sysctl is asked
			_, path := fakes(t, w.tools)
			script := strings.NewReplacer("/proc/sys/kernel", strings.Replace(kind, "/proc", w.dir+"/proc", 1), "/etc/sysctl", w.dir+"/etc/sysctl", "/proc/", w.dir+"/proc/").Replace(libDrift)
			got, _, _ := run(t, argv, script+"\ntend_state_sysctl\n", path)
			if got = sorted(got); got != want {
				t.Errorf("%s, %s: %q, want %q", name, kind, got, want)
			}
		}
	}
}

func sorted(text string) string {
	lines := strings.SplitAfter(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// TestWhatHasNoBaselineIsNotKnown: where one kind was accepted and no other has a baseline, that nothing departs is not known.
func TestWhatHasNoBaselineIsNotKnown(t *testing.T) {
	w := newDriftWorld(t, []string{"/bin/sh"})
	facts := w.run("accept-drift", "accept", map[string]string{"what": "users"})
	if facts["drift"].Value != "unknown" || facts["drift.users"].Value != "0" || facts["baseline.digest"].Value != facts["baseline.kept"].Value {
		t.Errorf("%+v", facts)
	}
	wants(t, facts, map[string]string{"departs": "UNKNOWN no baseline of packages, units, ports, sudoers"})
	w.change()
	if facts = w.run("drift", "compare", nil); facts["drift"].Value != "3" {
		t.Errorf("with departures: %+v", facts)
	}
}

// putRight undoes what can be undone, keeps what it replaces, and accepts the rest.
func putRight(t *testing.T, w *driftWorld) {
	t.Helper()
	w.run("undo-drift", "put-right", map[string]string{"what": "packages sysctl sudoers files mounts users units ports"})
	if got := w.read("etc/sudoers"); got != "ops ALL=(ALL) ALL\n" {
		t.Errorf("sudoers: %q", got)
	}
	if got := w.read("etc/ssh/sshd_config"); got != "PermitRootLogin no\n" {
		t.Errorf("sshd_config: %q", got)
	}
	if w.read("proc/sys/net/ipv4/ip_forward") != "0\n" || w.read("etc/cron.d/evil name") == "" {
		t.Error("a parameter was not set, or an added file was moved without being asked to")
	}
	did := w.read("did")
	for _, want := range []string{"apt-get -q -y install nginx\n", "mount -o remount,rw,nosuid /srv\n"} {
		if !strings.Contains(did, want) {
			t.Errorf("not done: %q in %q", want, did)
		}
	}
	if strings.Contains(did, "netcat") || strings.Contains(did, "mallory") {
		t.Errorf("what was added was touched without being asked to: %q", did)
	}
	undone, _ := filepath.Glob(filepath.Join(w.dir, "tend/undone/*", w.dir, "etc/sudoers"))
	if len(undone) != 1 {
		t.Errorf("what was replaced is not kept: %v", undone)
	}
	w.run("undo-drift", "put-right", map[string]string{"what": "files packages users", "remove": "yes"})
	did = w.read("did")
	if w.read("etc/cron.d/evil name") != "" || !strings.Contains(did, "remove netcat\n") {
		t.Errorf("with remove=yes: %q", did)
	}
	left := w.run("undo-drift", "left", map[string]string{"what": "sysctl sudoers"})
	wants(w.t, left, map[string]string{"chosen": "OK sysctl sudoers: as the baseline says", "departs": "WARN 2 packages"})
	wants(w.t, w.run("undo-drift", "left", map[string]string{"what": "ports sysctl"}), map[string]string{"chosen": "WARN ports sysctl: left: accept it"})
	before := w.run("drift", "compare", nil)
	accepted := w.run("accept-drift", "accept", map[string]string{"what": "ports packages"})
	if accepted["accepted.ports/tcp/4444"].Value != "(none) -> 0.0.0.0" || accepted["drift.ports"].Value != "0" {
		t.Errorf("accepted: %+v", accepted)
	}
	if got := accepted["departs"]; !got.Check || got.State != CheckWarn || strings.Contains(got.Text, "ports/") || got.Text == before["departs"].Text {
		t.Errorf("what was accepted is still told to depart: %+v", got)
	}
	if accepted["baseline.digest"].Value == before["baseline.digest"].Value {
		t.Error("another baseline has the same checksum")
	}
}

func wantFacts(t *testing.T, facts map[string]Fact, want map[string]string) {
	t.Helper()
	for k, v := range want {
		if got := facts[k].Value; got != v {
			t.Errorf("%s is %q, wanted %q", k, got, v)
		}
	}
}

// TestPortsThatTheKernelHandsOut: they are no part of a design, wherever the host has them; ports beside that range are, and all below 32768 are.
func TestPortsThatTheKernelHandsOut(t *testing.T) {
	for _, argv := range shells(t) {
		w := newDriftWorld(t, argv)
		var listening []string
		for _, p := range []string{"22", "1500", "32768", "39999", "40000", "50000", "50001", "61613"} {
			listening = append(listening, "tcp LISTEN 0 1 0.0.0.0:"+p+" 0.0.0.0:*")
		}
		w.write("ss", strings.Join(listening, "\n")+"\n")
		_, path := fakes(t, w.tools)
		for held, want := range map[string]string{
			"40000\t50000\n": "22 1500 32768 39999 50001 61613",
			"1024\t65535\n":  "22 1500",
			"":               "22 1500",
		} {
			if held != "" {
				w.write("proc/sys/net/ipv4/ip_local_port_range", held)
			} else {
				os.Remove(w.dir + "/proc/sys/net/ipv4/ip_local_port_range")
			}
			script := strings.ReplaceAll(libDrift, "/proc/", w.dir+"/proc/") + "\ntend_state_ports | sed 's/^tcp.//; s/\t.*//' | sort -n | tr '\\n' ' '\n"
			if out, stderr, _ := run(t, argv, script, path); strings.TrimSpace(out) != want || stderr != "" {
				t.Errorf("%q: %q, want %q; %s", held, out, want, stderr)
			}
		}
	}
}
