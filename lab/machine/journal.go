package machine

import (
	"fmt"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/userland"
)

// logLine is a message of the host's journal.
type logLine struct {
	at    time.Time
	unit  string
	text  string
	level int // 0 emerg ... 3 err ... 7 debug
}

const maxLog = 500

func (h *Host) log(unit, text string, level int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.logs = append(h.logs, logLine{h.Now(), unit, text, level})
	if len(h.logs) > maxLog {
		h.logs = h.logs[len(h.logs)-maxLog:]
	}
}

// journal is what the host logged lately: some errors by its traits, then what happened since the lab began.
func (h *Host) journal() []logLine {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.Now()
	var out []logLine
	units := []string{"kernel"}
	for _, d := range h.daemonTable() {
		if d.pid > 700 {
			units = append(units, d.unit)
		}
	}
	for i := range h.T.Errors {
		u := units[i*i%len(units)]
		out = append(out, logLine{now.Add(-time.Duration(h.T.Errors-i) * 50 * time.Minute / time.Duration(h.T.Errors+1)), u, "error " + fmt.Sprint(i) + ": connection reset by peer", 3})
	}
	for _, u := range h.T.FailedUnits {
		out = append(out, logLine{now.Add(-20 * time.Minute), u, u + ": Failed with result 'exit-code'.", 3})
	}
	for range h.T.OOM {
		out = append(out, logLine{now.Add(-3 * time.Hour), "kernel", "Out of memory: Killed process 4123 (java) total-vm:8123456kB", 3})
	}
	return append(out, h.logs...)
}

// Journalctl prints the journal: -b -p -u -n -o --since --no-pager -k -q -f is refused.
func Journalctl(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "qbkrxep:u:n:o:S:U:t:l", map[string]byte{"quiet": 'q', "boot": 'b', "priority": 'p', "unit": 'u', "lines": 'n', "output": 'o',
		"since": 'S', "until": 'U', "no-pager": 'N', "output-fields": 'F', "dmesg": 'k', "reverse": 'r', "identifier": 't', "disk-usage": 'd', "no-hostname": 'H', "grep": 'g', "utc": 'z', "vacuum-time": 'v', "vacuum-size": 'v'})
	if !ok {
		return 1
	}
	if t.Has("d") {
		t.Printf("Archived and active journals take up %dM in the file system.\n", 80+h.seed%400)
		return t.End()
	}
	level := 7
	if v := t.Val('p'); v != "" {
		for i, n := range []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"} {
			if n == v || fmt.Sprint(i) == v || v == "error" && n == "err" {
				level = i
			}
		}
	}
	since := time.Time{}
	if v := t.Val('S'); v != "" {
		if since, ok = sinceTime(v, h.Now()); !ok {
			t.Fail("Failed to parse timestamp: %s", v)
			return 1
		}
	}
	var lines []logLine
	for _, l := range h.journal() {
		if l.level <= level && l.at.After(since) && (t.Val('u') == "" || withSuffix(t.Val('u')) == l.unit) && (!t.Has("k") || l.unit == "kernel") {
			lines = append(lines, l)
		}
	}
	if v := t.Val('n'); v != "" {
		n := 0
		fmt.Sscan(v, &n)
		lines = lines[max(0, len(lines)-n):]
	}
	if len(lines) == 0 && !t.Has("q") {
		t.Printf("-- No entries --\n")
	}
	for _, l := range lines {
		t.Printf("%s\n", h.logText(l, t.Val('o')))
	}
	return t.End()
}

func (h *Host) logText(l logLine, format string) string {
	name := strings.TrimSuffix(l.unit, ".service")
	switch format {
	case "json":
		unit := ""
		if l.unit != "kernel" {
			unit = fmt.Sprintf(`"_SYSTEMD_UNIT":%q,`, l.unit)
		}
		return fmt.Sprintf(`{%s"SYSLOG_IDENTIFIER":%q,"PRIORITY":"%d","__REALTIME_TIMESTAMP":"%d","MESSAGE":%q}`, unit, name, l.level, l.at.UnixMicro(), l.text)
	case "cat":
		return l.text
	case "short-iso":
		return l.at.UTC().Format("2006-01-02T15:04:05+0000") + " " + h.Name + " " + name + ": " + l.text
	}
	return l.at.UTC().Format("Jan 02 15:04:05") + " " + h.Name + " " + name + ": " + l.text
}

// sinceTime reads systemd.time(7)'s "-3600s", "-1h", "1 hour ago", "today", and dates.
func sinceTime(s string, now time.Time) (time.Time, bool) {
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		if d, ok := userland.Span(s[1:]); ok {
			return now.Add(-d), true
		}
		if d, err := time.ParseDuration(strings.Replace(s[1:], "min", "m", 1)); err == nil {
			return now.Add(-d), true
		}
		return now, false
	}
	if s == "today" {
		return now.Truncate(24 * time.Hour), true
	}
	return userland.ParseDate(s, now)
}

// Logger writes to the journal.
func Logger(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "+t:p:isn:", map[string]byte{"tag": 't', "priority": 'p', "id": 'i', "stderr": 's'})
	if !ok {
		return 1
	}
	h.log(or(t.Val('t'), userland.UserName(p, p.Cred.UID)), strings.Join(t.Args(), " "), 5)
	return 0
}

// Dmesg prints the kernel's messages; only root may.
func Dmesg(h *Host, p *kernel.Proc, args []string) int {
	if p.Cred.UID != 0 {
		fmt.Fprintln(p.Stderr(), "dmesg: read kernel buffer failed: Operation not permitted")
		return 1
	}
	fmt.Fprintf(p.Stdout(), "[    0.000000] Linux version %s\n[    0.000000] Command line: BOOT_IMAGE=/boot/vmlinuz-%s\n", h.KernelRelease(), h.KernelRelease())
	for _, l := range h.journal() {
		if l.unit == "kernel" {
			fmt.Fprintf(p.Stdout(), "[%12.6f] %s\n", l.at.Sub(h.bootTime()).Seconds(), l.text)
		}
	}
	return 0
}
