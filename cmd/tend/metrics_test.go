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
		{Host: "a", Site: "s\"1\\", Rack: "r\n1", Word: "ok", Pending: 3, Security: -1, Seen: time.Unix(100, 0)},
		{Host: "b", Site: "s", Word: "never", Pending: -1, Security: -1, Reboot: fleet.Reading{State: "unknown"}},
	})
	line := regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{([a-z]+="([^"\\\n]|\\[\\"n])*",?)+\} -?[0-9]+)$`)
	family, seen := "", map[string]bool{}
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		if !line.MatchString(l) {
			t.Errorf("not Prometheus: %q", l)
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(l, "# HELP "), "# TYPE "), " ")
		name, _, _ = strings.Cut(name, "{")
		if name != family && seen[name] {
			t.Errorf("the family %s is torn apart", name)
		}
		family, seen[name] = name, true
	}
	for _, absent := range []string{`tend_host_pending_updates{host="b"`, `tend_host_security_updates{`, `tend_host_seen_timestamp_seconds{host="b"`, `tend_host_reboot_due{host="b"`} {
		if strings.Contains(text, absent) {
			t.Errorf("what is not known has a sample: %s", absent)
		}
	}
}
