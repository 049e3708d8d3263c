package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"tend/fleet"
)

// TestExposition: every line is a comment or a sample of Prometheus' text format, families are not torn apart, and labels are escaped.
func TestExposition(t *testing.T) {
	text := exposition([]fleet.Posture{
		{Host: "a", Site: "s\"1\\", Rack: "r\n1", Word: "ok", Pending: 3, Security: -1, Seen: time.Unix(100, 0), Departures: 2,
			Drift: fleet.Reading{State: "warn", At: time.Unix(200, 0)}, Backup: fleet.Reading{State: "crit", At: time.Unix(300, 0)}},
		{Host: "b", Site: "s", Word: "never", Pending: -1, Security: -1, Departures: -1, Reboot: fleet.Reading{State: "unknown"}, Lease: fleet.Reading{State: "unknown"}},
	})
	line := regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{([a-z]+="([^"\\\n]|\\[\\"n])*",?)+\} -?[0-9]+)$`)
	family, seen, samples := "", map[string]bool{}, map[string]bool{}
	if !strings.HasSuffix(text, "\n") {
		t.Error("the last line does not end")
	}
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		if !line.MatchString(l) {
			t.Errorf("not Prometheus: %q", l)
		}
		if series, _, ok := strings.Cut(l, "} "); ok {
			if samples[series] {
				t.Errorf("twice: %s", series)
			}
			samples[series] = true
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(l, "# HELP "), "# TYPE "), " ")
		name, _, _ = strings.Cut(name, "{")
		if name != family && seen[name] {
			t.Errorf("the family %s is torn apart", name)
		}
		family, seen[name] = name, true
	}
	for _, there := range []string{`rack="r\n1",reading="drift"} 1`, `reading="backup"} 2`, `rack="r\n1",reading="backup"} 300`, `tend_host_departures{host="a",site="s\"1\\",rack="r\n1"} 2`} {
		if !strings.Contains(text, there) {
			t.Errorf("no sample %s", there)
		}
	}
	for _, absent := range []string{`tend_host_pending_updates{host="b"`, `tend_host_security_updates{`, `tend_host_seen_timestamp_seconds{host="b"`, `tend_host_reboot_due{host="b"`, `tend_host_departures{host="b"`, `tend_host_reading{host="b"`, `tend_host_leased{host="b"`} {
		if strings.Contains(text, absent) {
			t.Errorf("what is not known has a sample: %s", absent)
		}
	}
}
