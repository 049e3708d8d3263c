package runbooks

import (
	"strings"
	"testing"
)

// TestPortsThatMove: a service on a port from the range that the kernel hands out (ip-sysctl: ip_local_port_range) counts as any other; a program that is
// given another one at each start is neither gone nor new, and tunnels of people who are logged in are not looked at.
func TestPortsThatMove(t *testing.T) {
	before := `LISTEN 0 1 0.0.0.0:33060 x users:(("mysqld",pid=1,fd=3))
LISTEN 0 1 0.0.0.0:50051 x users:(("api server",pid=2,fd=3))
LISTEN 0 1 0.0.0.0:41001 x users:(("rpc.statd",pid=3,fd=3))
LISTEN 0 1 [::]:41002 x users:(("rpc.statd",pid=3,fd=4))
LISTEN 0 1 0.0.0.0:42000 x
LISTEN 0 1 127.0.0.1:43000 x users:(("sshd",pid=4,fd=3))
LISTEN 0 1 0.0.0.0%lo:43010 x
LISTEN 0 1 *:61000 x users:(("far",pid=5,fd=3))`
	after := `LISTEN 0 1 0.0.0.0:33060 x users:(("mysqld",pid=1,fd=3))
LISTEN 0 1 0.0.0.0:41003 x users:(("rpc.statd",pid=3,fd=3))
LISTEN 0 1 0.0.0.0:42001 x
LISTEN 0 1 127.0.0.1:43001 x users:(("sshd",pid=4,fd=3))
LISTEN 0 1 0.0.0.0:44000 x users:(("nc",pid=6,fd=3))`
	for name, argv := range shells(t) {
		dir, path := fakes(t, map[string]string{"ss": `cat "${0%/*}/sockets"`, "ip": "", "systemctl": "", "sleep": ""})
		at := strings.NewReplacer("/proc/mounts", dir+"/mounts", "/var/lib/tend", dir+"/kept", "/proc/sys/net/ipv4/ip_local_port_range", dir+"/range", "/run/systemd/system", dir+"/none")
		write(t, dir+"/mounts", "")
		write(t, dir+"/range", "32768\t60999\n")
		write(t, dir+"/sockets", before+"\n")
		if _, stderr, exit := run(t, argv, at.Replace(lib("tend_snapshot_keep x")), path); exit != 0 {
			t.Fatalf("%s: %s", name, stderr)
		}
		write(t, dir+"/sockets", after+"\n")
		out, stderr, _ := run(t, argv, at.Replace(lib("tend_compare x 0; tend_snapshot | grep -x 'port 33060'")), path)
		ports, _, _ := strings.Cut(out[strings.Index(out, "@check\tports"):], "\n")
		if !strings.Contains(ports, "CRIT\t\t\t\tgone since: 41") || !strings.HasSuffix(ports, ", 50051, 61000") || strings.Count(ports, ",") != 2 {
			t.Errorf("%s: %q; %s", name, ports, stderr)
		}
		if !strings.Contains(out, "@check\tnew\tWARN\t\t\t\tnot there before: port 44000\nport 33060\n") {
			t.Errorf("%s: %q", name, out)
		}
	}
}

// TestNewerKernelOfRedHat: its kernels carry the release that they were built for, and the next one's is an update all the same.
func TestNewerKernelOfRedHat(t *testing.T) {
	for running, c := range map[string]struct{ boot, want string }{
		"5.14.0-362.24.1.el9_3.x86_64":    {"5.14.0-427.13.1.el9_4.x86_64 5.14.0-362.24.1.el9_3.x86_64 0-rescue-0123456789abcdef", "5.14.0-427.13.1.el9_4.x86_64"},
		"6.8.9-300.fc40.x86_64":           {"6.8.9-300.fc40.x86_64 6.9.4-200.fc41.x86_64", "6.9.4-200.fc41.x86_64"},
		"5.14.0-427.13.1.el9_4.x86_64":    {"5.14.0-503.11.1.el9_5.x86_64+rt 5.15.0-300.163.18.el9uek.x86_64", ""},
		"6.1.0-28-amd64":                  {"6.1.0-30-cloud-amd64 6.1.0-28-amd64", ""},
		"5.15.0-206.153.7.el8uek.x86_64":  {"5.15.0-300.163.18.el8uek.x86_64 6.1.0-1.el8.x86_64", "5.15.0-300.163.18.el8uek.x86_64"},
		"4.18.0-553.el8_10.x86_64":        {"4.18.0-553.16.1.el8_10.x86_64", "4.18.0-553.16.1.el8_10.x86_64"},
		"6.1.102-111.187.amzn2023.x86_64": {"6.1.109-118.189.amzn2023.x86_64", "6.1.109-118.189.amzn2023.x86_64"},
	} {
		boot := t.TempDir()
		for _, k := range strings.Fields(c.boot) {
			write(t, boot+"/vmlinuz-"+k, "")
		}
		script := strings.ReplaceAll(lib("tend_newest_kernel "+running), "/boot/", boot+"/")
		if out, stderr, _ := run(t, []string{"/bin/sh"}, script); strings.TrimSpace(out) != c.want {
			t.Errorf("%s runs, %s: %q; %s", running, c.boot, out, stderr)
		}
	}
}
