package machine

import (
	"fmt"
	"strings"
	"time"

	"tend/lab/kernel"
)

// daemon is a process that the host always runs.
type daemon struct {
	pid, ppid, uid int
	unit           string
	args           string
	rss            int64 // MiB
}

var systemdDaemons = []daemon{
	{1, 0, 0, "init.scope", "/sbin/init", 13},
	{2, 0, 0, "", "[kthreadd]", 0},
	{15, 2, 0, "", "[ksoftirqd/0]", 0},
	{61, 2, 0, "", "[kworker/u64:1-events_unbound]", 0},
	{412, 1, 0, "systemd-journald.service", "/lib/systemd/systemd-journald", 42},
	{447, 1, 0, "systemd-udevd.service", "/lib/systemd/systemd-udevd", 8},
	{702, 1, 101, "dbus.service", "@dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only", 5},
	{711, 1, 0, "cron.service", "/usr/sbin/cron -f", 3},
	{713, 1, 0, "rsyslog.service", "/usr/sbin/rsyslogd -n -iNONE", 7},
	{718, 1, 0, "systemd-logind.service", "/lib/systemd/systemd-logind", 8},
	{745, 1, 102, "chrony.service", "/usr/sbin/chronyd -F 1", 4},
	{802, 1, 0, "ssh.service", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", 9},
	{811, 1, 0, "getty@tty1.service", "/sbin/agetty -o -p -- \\u --noclear - linux", 2},
}

// serviceDaemons are what a host runs for its users, by tag.
var serviceDaemons = map[string][]daemon{
	"web":   {{951, 1, 0, "nginx.service", "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;", 12}, {952, 951, 33, "nginx.service", "nginx: worker process", 18}},
	"db":    {{1020, 1, 105, "postgresql.service", "/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main", 210}, {1031, 1020, 105, "postgresql.service", "postgres: checkpointer", 96}},
	"k8s":   {{987, 1, 0, "containerd.service", "/usr/bin/containerd", 88}, {1033, 1, 0, "kubelet.service", "/usr/bin/kubelet --config=/var/lib/kubelet/config.yaml", 120}},
	"cache": {{966, 1, 33, "redis-server.service", "/usr/bin/redis-server 127.0.0.1:6379", 640}},
	"dns":   {{958, 1, 33, "named.service", "/usr/sbin/named -f -u bind", 74}},
	"mon":   {{960, 1, 33, "prometheus.service", "/usr/bin/prometheus", 900}},
	"lb":    {{944, 1, 33, "haproxy.service", "haproxy -Ws -f /etc/haproxy/haproxy.cfg", 44}},
}

// unitNames gives the distribution's own name of a unit.
func (d *Distro) unitName(unit string) string {
	switch d.Family {
	case "rhel", "suse", "arch":
		return map[string]string{"cron.service": "crond.service", "chrony.service": "chronyd.service", "ssh.service": "sshd.service",
			"dbus.service": "dbus-broker.service"}[unit]
	case "alpine", "freebsd":
		return map[string]string{"cron.service": "crond", "chrony.service": "chronyd", "ssh.service": "sshd"}[unit]
	}
	return ""
}

func (h *Host) unit(name string) string { return or(h.D.unitName(name), name) }

// daemonTable lists the daemons with their units, those of stopped and failed units left out.
func (h *Host) daemonTable() []daemon {
	list := systemdDaemons
	if !h.D.Systemd {
		list = []daemon{systemdDaemons[0], systemdDaemons[7], systemdDaemons[10], systemdDaemons[11]}
		if h.D.Family == "freebsd" {
			list[0].args = "/sbin/init"
		}
	}
	out := append([]daemon(nil), list...)
	for _, tag := range h.tags() {
		out = append(out, serviceDaemons[tag]...)
	}
	keep := out[:0]
	for _, d := range out {
		d.unit = h.unit(d.unit)
		if d.unit != "" && (h.failed[d.unit] || h.stopped[d.unit]) {
			continue
		}
		keep = append(keep, d)
	}
	return keep
}

// tags are the inventory's, and what the host's name begins with.
func (h *Host) tags() []string {
	seen := map[string]bool{}
	var out []string
	prefix, _, _ := strings.Cut(h.Name, "-")
	for _, t := range append(append([]string(nil), h.Inv.Tags...), prefix) {
		if !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}

// daemons is the fixed part of the process table.
func (h *Host) daemons() []kernel.Info {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []kernel.Info
	for _, d := range h.daemonTable() {
		started := h.bootAt.Add(time.Duration(d.pid) * 10 * time.Millisecond)
		if at, ok := h.restarted[d.unit]; ok {
			started = at
		}
		i := kernel.Info{PID: d.pid, PPID: d.ppid, PGID: d.pid, SID: d.pid, UID: d.uid, Stat: "Ss", TTY: "?", Start: started, RSS: d.rss << 20}
		if strings.HasPrefix(d.args, "[") || strings.Contains(d.args, ": ") {
			i.Args = []string{d.args}
		} else {
			i.Args = strings.Fields(d.args)
		}
		if strings.HasPrefix(d.args, "[") {
			i.Stat = "I<"
		}
		out = append(out, i)
	}
	if l := h.lock; l != nil && l.proc == nil {
		out = append(out, kernel.Info{PID: l.pid, PPID: 1, PGID: l.pid, SID: l.pid, Stat: "Ss", TTY: "?", Args: []string{"/usr/bin/" + l.name}, Start: h.bootAt, RSS: 60 << 20})
	}
	return out
}

// cgroup is a process's control group: its unit's, or its login session's.
func (h *Host) cgroup(i kernel.Info) string {
	if p := h.sysOf().Get(i.PID); p != nil {
		if p.Login() == "" {
			return "/system.slice"
		}
		if strings.HasSuffix(p.Login(), ".service") {
			return "/system.slice/" + p.Login()
		}
		return fmt.Sprintf("/user.slice/user-%d.slice/session-%s.scope", i.UID, p.Login())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.daemonTable() {
		if d.pid == i.PID && d.unit != "" {
			return "/system.slice/" + d.unit
		}
	}
	return "/"
}

func (h *Host) sysOf() *kernel.System {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sys
}

// maps shows a library, marked as deleted where the process still runs the one from before an upgrade.
func (h *Host) maps(i kernel.Info) string {
	gone := ""
	h.mu.Lock()
	for _, d := range h.daemonTable() {
		if d.pid == i.PID && h.stale(d) {
			gone = " (deleted)"
		}
	}
	h.mu.Unlock()
	return "55d0c0000000-55d0c0020000 r-xp 00000000 08:02 131073                     /usr/sbin/" + "daemon\n" +
		"7f1200000000-7f1200180000 r-xp 00000000 08:02 262147                     /usr/lib64/libssl.so.3" + gone + "\n"
}

// stale reports whether a daemon runs code that an upgrade replaced: its own package's, or OpenSSL's or libc's.
func (h *Host) stale(d daemon) bool {
	if d.unit == "" || d.pid < 100 {
		return false
	}
	started := h.bootAt
	if at, ok := h.restarted[d.unit]; ok {
		started = at
	}
	for name, at := range h.upgraded {
		i, ok := h.D.ByName[name]
		if !ok || !at.After(started) {
			continue
		}
		lib := strings.HasPrefix(name, "libssl") || strings.HasPrefix(name, "openssl-libs") || strings.HasPrefix(name, "libopenssl") || name == "libc6" || name == "glibc"
		uses := d.unit == h.unit("ssh.service") || strings.HasPrefix(d.unit, "nginx") || strings.HasPrefix(d.unit, "postgresql") || strings.HasPrefix(d.unit, "kubelet")
		if h.D.Packages[i].Unit == d.unit || lib && uses {
			return true
		}
	}
	return false
}

func (h *Host) uptime() time.Duration { return h.Now().Sub(h.bootTime()) }

func (h *Host) bootTime() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bootAt
}
