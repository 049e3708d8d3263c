package machine

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/userland"
)

// unitList is every unit that the host knows, with its state.
func (h *Host) unitList() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[string]string{}
	for _, d := range h.daemonTable() {
		if d.unit != "" {
			out[d.unit] = "active"
		}
	}
	for _, p := range h.D.Packages {
		if p.Unit != "" && out[p.Unit] == "" && h.runs(p.Unit) {
			out[p.Unit] = "active"
		}
	}
	for u := range h.stopped {
		out[u] = "inactive"
	}
	for u, bad := range h.failed {
		if bad {
			out[u] = "failed"
		}
	}
	for u, p := range h.units {
		if !p.Dead() {
			out[u] = "active"
		}
	}
	return out
}

// runs reports whether a package's unit is one that this host runs: its service's only where its tags say so.
func (h *Host) runs(unit string) bool {
	for tag, list := range serviceDaemons {
		for _, d := range list {
			if d.unit == unit {
				return slices.Contains(h.tags(), tag)
			}
		}
	}
	return unit != "postgresql.service" && unit != "mdmonitor.service" || h.T.Mirror
}

func (h *Host) failedUnits() []string {
	var out []string
	for u, s := range h.unitList() {
		if s == "failed" {
			out = append(out, u)
		}
	}
	sort.Strings(out)
	return out
}

func (h *Host) runningState() string {
	h.mu.Lock()
	starting := h.Now().Before(h.startedAt)
	h.mu.Unlock()
	switch {
	case starting:
		return "starting"
	case len(h.failedUnits()) > 0:
		return "degraded"
	}
	return "running"
}

// Systemctl answers what scripts ask of systemd, and starts, stops and reboots.
func Systemctl(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "aqlnp:t:s:o:fHM:", map[string]byte{"failed": 'F', "plain": 'P', "no-legend": 'L', "no-pager": 'N', "all": 'a', "quiet": 'q',
		"no-block": 'B', "property": 'p', "value": 'V', "type": 't', "state": 's', "wait": 'W', "now": 'w', "full": 'l', "lines": 'n', "force": 'f',
		"user": 'U', "system": 'S', "no-ask-password": 'K', "output": 'o', "message": 'm', "no-wall": 'k', "runtime": 'r'})
	if !ok {
		return 1
	}
	verb, rest := "list-units", []string(nil)
	if a := t.Args(); len(a) > 0 {
		verb, rest = a[0], a[1:]
	}
	if t.Has("F") {
		return h.listUnits(t, "failed")
	}
	switch verb {
	case "list-units":
		return h.listUnits(t, t.Val('s'))
	case "is-system-running":
		return h.isRunning(t)
	case "is-active", "is-failed", "is-enabled":
		return h.isState(t, verb, rest)
	case "show":
		return h.showUnit(t, rest)
	case "status":
		return h.statusUnit(t, rest)
	case "cat":
		return h.catUnit(t, rest)
	case "start", "stop", "restart", "try-restart", "reload", "reload-or-restart", "try-reload-or-restart", "kill", "reset-failed":
		return h.control(t, verb, rest)
	case "enable", "disable", "mask", "unmask", "daemon-reload", "daemon-reexec", "preset", "set-property":
		if p.Cred.UID != 0 {
			t.Fail("Failed to %s unit: Access denied", verb)
		}
		return t.End()
	case "reboot", "poweroff", "halt", "kexec", "soft-reboot":
		return h.power(p, t.Proc().Args()[0], verb == "reboot" || verb == "kexec" || verb == "soft-reboot", 500*time.Millisecond)
	case "list-timers", "list-unit-files", "list-jobs", "list-sockets", "list-dependencies", "get-default":
		t.Printf("0 listed.\n")
		return t.End()
	}
	t.Fail("Unknown command verb %s.", verb)
	return t.End()
}

func (h *Host) listUnits(t *userland.Tool, state string) int {
	units := h.unitList()
	names := make([]string, 0, len(units))
	for u, s := range units {
		if (state == "" || s == state || state == "running" && s == "active") && (t.Val('t') == "" || strings.HasSuffix(u, "."+t.Val('t'))) {
			names = append(names, u)
		}
	}
	sort.Strings(names)
	if !t.Has("L") && len(names) > 0 {
		t.Printf("  UNIT                         LOAD   ACTIVE SUB     DESCRIPTION\n")
	}
	for _, u := range names {
		mark, sub := "  ", "running"
		if units[u] == "failed" {
			mark, sub = "● ", "failed"
		}
		if t.Has("P") || t.Has("L") && !t.Proc().IsTTY(1) && t.Has("P") {
			mark = ""
		}
		t.Printf("%s%-28s loaded %s %s %s\n", mark, u, units[u], sub, describe(u))
	}
	if !t.Has("L") {
		t.Printf("%d loaded units listed.\n", len(names))
	}
	return t.End()
}

func describe(unit string) string {
	name := strings.TrimSuffix(unit, ".service")
	if d, ok := map[string]string{"ssh": "OpenBSD Secure Shell server", "sshd": "OpenSSH server daemon", "cron": "Regular background program processing daemon",
		"nginx": "A high performance web server and a reverse proxy server", "postgresql": "PostgreSQL RDBMS", "kubelet": "kubelet: The Kubernetes Node Agent",
		"logrotate": "Rotate log files", "rsyslog": "System Logging Service", "chrony": "chrony, an NTP client/server"}[name]; ok {
		return d
	}
	return name
}

func (h *Host) isRunning(t *userland.Tool) int {
	state := h.runningState()
	for t.Has("W") && state == "starting" && t.Proc().Sleep(200*time.Millisecond) {
		state = h.runningState()
	}
	t.Printf("%s\n", state)
	if state != "running" {
		t.Status(1)
	}
	return t.End()
}

func (h *Host) isState(t *userland.Tool, verb string, names []string) int {
	units := h.unitList()
	good := false
	status := 3
	for _, n := range names {
		s := or(units[withSuffix(n)], "inactive")
		switch verb {
		case "is-active":
			good = s == "active"
		case "is-failed":
			good, status = s == "failed", 1
		case "is-enabled":
			if good, status = units[withSuffix(n)] != "", 1; good {
				s = "enabled"
			} else {
				s = "not-found"
			}
		}
		if !t.Has("q") {
			t.Printf("%s\n", s)
		}
		if !good {
			t.Status(status)
		}
	}
	return t.End()
}

func withSuffix(name string) string {
	if strings.Contains(name, ".") {
		return name
	}
	return name + ".service"
}

func (h *Host) showUnit(t *userland.Tool, names []string) int {
	units := h.unitList()
	unit := ""
	if len(names) > 0 {
		unit = withSuffix(names[0])
	}
	state := or(units[unit], "inactive")
	sub := map[string]string{"active": "running", "failed": "failed", "inactive": "dead"}[state]
	load := "loaded"
	if units[unit] == "" {
		load = "not-found"
	}
	pid := 0
	for _, d := range h.daemonTableLocked() {
		if d.unit == unit {
			pid = d.pid
			break
		}
	}
	props := [][2]string{{"Id", unit}, {"Names", unit}, {"LoadState", load}, {"ActiveState", state}, {"SubState", sub}, {"MainPID", fmt.Sprint(pid)},
		{"Description", describe(unit)}, {"Result", map[bool]string{true: "exit-code", false: "success"}[state == "failed"]}, {"NRestarts", "0"},
		{"ActiveEnterTimestamp", h.bootTime().UTC().Format("Mon 2006-01-02 15:04:05 MST")}, {"SystemState", h.runningState()},
		{"Version", "252"}, {"NFailedUnits", fmt.Sprint(len(h.failedUnits()))}, {"KillUserProcesses", map[bool]string{true: "yes", false: "no"}[h.killsUsers()]}}
	var want []string
	for _, v := range t.All('p') {
		want = append(want, strings.Split(v, ",")...)
	}
	for _, kv := range props {
		if len(want) > 0 && !slices.Contains(want, kv[0]) {
			continue
		}
		if t.Has("V") {
			t.Printf("%s\n", kv[1])
		} else {
			t.Printf("%s=%s\n", kv[0], kv[1])
		}
	}
	return t.End()
}

func (h *Host) daemonTableLocked() []daemon {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.daemonTable()
}

func (h *Host) statusUnit(t *userland.Tool, names []string) int {
	units := h.unitList()
	if len(names) == 0 {
		t.Printf("● %s\n    State: %s\n    Units: %d loaded\n     Jobs: 0 queued\n   Failed: %d units\n    Since: %s\n", h.Name, h.runningState(), len(units),
			len(h.failedUnits()), h.bootTime().UTC().Format("Mon 2006-01-02 15:04:05 MST"))
		return t.End()
	}
	for _, n := range names {
		u := withSuffix(n)
		switch s := units[u]; s {
		case "":
			t.Fail("Unit %s could not be found.", u)
			t.Status(4)
		case "active":
			t.Printf("● %s - %s\n     Loaded: loaded (/lib/systemd/system/%s; enabled; preset: enabled)\n     Active: active (running) since %s\n", u, describe(u), u, h.bootTime().UTC().Format("Mon 2006-01-02 15:04:05 MST"))
		default:
			t.Printf("× %s - %s\n     Loaded: loaded (/lib/systemd/system/%s; enabled; preset: enabled)\n     Active: %s (Result: exit-code)\n", u, describe(u), u, s)
			t.Status(3)
		}
	}
	return t.End()
}

// catUnit shows unit files: whether a unit runs does not matter.
func (h *Host) catUnit(t *userland.Tool, names []string) int {
	units := h.unitList()
	for _, n := range names {
		u := withSuffix(n)
		if units[u] == "" {
			t.Fail("No files found for %s.", u)
			continue
		}
		t.Printf("# /lib/systemd/system/%s\n[Unit]\nDescription=%s\n", u, describe(u))
	}
	return t.End()
}

// control starts, stops and restarts units. A unit that is broken fails again.
func (h *Host) control(t *userland.Tool, verb string, names []string) int {
	p := t.Proc()
	if p.Cred.UID != 0 {
		t.Fail("Failed to %s %s: Interactive authentication required.", verb, strings.Join(names, " "))
		return 4
	}
	known := h.unitList()
	for _, n := range names {
		u := withSuffix(n)
		if known[u] == "" && verb != "reset-failed" {
			t.Fail("Failed to %s %s: Unit %s not found.", verb, u, u)
			t.Status(5)
			continue
		}
		if !t.Has("B") {
			p.Sleep(300 * time.Millisecond)
		}
		if !h.setUnit(u, verb) {
			t.Fail("Job for %s failed because the control process exited with error code.\nSee \"systemctl status %s\" and \"journalctl -xeu %s\" for details.", u, u, u)
		}
	}
	if verb == "reset-failed" && len(names) == 0 {
		h.mu.Lock()
		h.failed = map[string]bool{}
		h.mu.Unlock()
	}
	return t.End()
}

func (h *Host) setUnit(u, verb string) bool {
	_, breaks := h.Fault("restart-fails")
	h.mu.Lock()
	unit := h.units[u]
	h.mu.Unlock()
	if unit != nil && (verb == "stop" || verb == "kill") {
		unit.Signal(kernel.SIGTERM)
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch verb {
	case "stop", "kill":
		h.stopped[u] = true
		delete(h.failed, u)
	case "reset-failed":
		delete(h.failed, u)
	case "reload":
	default:
		delete(h.stopped, u)
		if slices.Contains(h.T.FailedUnits, u) || breaks {
			h.failed[u] = true
			return false
		}
		delete(h.failed, u)
		h.restarted[u] = h.Now()
	}
	return true
}

// power reboots or halts; only root may.
func (h *Host) power(p *kernel.Proc, who string, reboot bool, after time.Duration) int {
	if p.Cred.UID != 0 {
		fmt.Fprintf(p.Stderr(), "Call to Reboot failed: Interactive authentication required.\n")
		return 1
	}
	h.log(who, "System is rebooting.", 5)
	if reboot {
		h.Reboot(after)
	} else {
		h.Halt(after)
	}
	return 0
}
