package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tend/fleet"
	"tend/quote"
)

// metric is one family in Prometheus' text format.
type metric struct {
	name, help string
	value      func(p *fleet.Posture) (v float64, known bool)
}

func stamp(t time.Time) (float64, bool) { return float64(t.Unix()), !t.IsZero() }

// metricsOf are the families. A value that is not known has no sample: a zero would say that all is well.
var metricsOf = []metric{
	{"tend_host_risk", "How much the host wants attention; no unit.", func(p *fleet.Posture) (float64, bool) { return float64(p.Risk), true }},
	{"tend_host_pending_updates", "Updates that wait.", func(p *fleet.Posture) (float64, bool) { return float64(p.Pending), p.Pending >= 0 }},
	{"tend_host_security_updates", "Security updates that wait.", func(p *fleet.Posture) (float64, bool) { return float64(p.Security), p.Security >= 0 }},
	{"tend_host_reboot_due", "1 where a restart is due.", func(p *fleet.Posture) (float64, bool) {
		return map[bool]float64{true: 1}[p.Reboot.State == "warn" || p.Reboot.State == "crit"], p.Reboot.State != "unknown"
	}},
	{"tend_host_departures", "Things that depart from the host's baseline.", func(p *fleet.Posture) (float64, bool) {
		return float64(p.Departures), p.Departures >= 0 && !p.Drift.Stale
	}},
	{"tend_host_unread_values", "Values of the posture that are stale or were never read.", func(p *fleet.Posture) (float64, bool) { return float64(len(p.Unread)), true }},
	{"tend_host_leased", "1 where a run is at work on the host, as far as the journal knows.", func(p *fleet.Posture) (float64, bool) {
		return map[bool]float64{true: 1}[p.Lease.State == "warn"], p.Lease.State != "unknown"
	}},
	{"tend_host_seen_timestamp_seconds", "When the host last answered.", func(p *fleet.Posture) (float64, bool) { return stamp(p.Seen) }},
	{"tend_host_patched_timestamp_seconds", "When a patch run last ended well.", func(p *fleet.Posture) (float64, bool) { return stamp(p.Patched) }},
}

// exposition is the postures in Prometheus' text format, version 0.0.4.
func exposition(all []fleet.Posture) string {
	var b strings.Builder
	b.WriteString("# HELP tend_host_state 1 for the state that the host is in.\n# TYPE tend_host_state gauge\n")
	for i := range all {
		fmt.Fprintf(&b, "tend_host_state{%s,state=\"%s\"} 1\n", labels(&all[i]), label(all[i].Word))
	}
	for _, m := range metricsOf {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n", m.name, m.help, m.name)
		for i := range all {
			if v, known := m.value(&all[i]); known {
				fmt.Fprintf(&b, "%s{%s} %.0f\n", m.name, labels(&all[i]), v)
			}
		}
	}
	readings(&b, all)
	return b.String()
}

// measured are the readings that a state is told of.
var measured = []string{"reboot", "backup", "restore", "certs", "support", "drift"}

// readings are the states of what was read, and when that was: an alert on age needs no other source.
func readings(b *strings.Builder, all []fleet.Posture) {
	b.WriteString("# HELP tend_host_reading 0 = ok, 1 = warn, 2 = crit; absent where it is not known.\n# TYPE tend_host_reading gauge\n")
	severity := map[string]int{"ok": 0, "warn": 1, "crit": 2}
	for i := range all {
		for _, m := range measured {
			if v, known := severity[all[i].Reading(m).State]; known {
				fmt.Fprintf(b, "tend_host_reading{%s,reading=\"%s\"} %d\n", labels(&all[i]), m, v)
			}
		}
	}
	b.WriteString("# HELP tend_host_reading_timestamp_seconds When it was read.\n# TYPE tend_host_reading_timestamp_seconds gauge\n")
	for i := range all {
		for _, m := range measured {
			if at := all[i].Reading(m).At; !at.IsZero() {
				fmt.Fprintf(b, "tend_host_reading_timestamp_seconds{%s,reading=\"%s\"} %d\n", labels(&all[i]), m, at.Unix())
			}
		}
	}
}

func labels(p *fleet.Posture) string {
	return fmt.Sprintf("host=\"%s\",site=\"%s\",rack=\"%s\"", label(string(p.Host)), label(p.Site), label(p.Rack))
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// label is a label's value; the format is UTF-8.
func label(s string) string { return escapes.Replace(strings.ToValidUTF8(s, "\ufffd")) }

// metrics writes the file in one step: a collector never reads half of it.
func (a *app) metrics(all []fleet.Posture, path string) error {
	text := exposition(all)
	if path == "-" {
		_, err := fmt.Fprint(a.out, text)
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tend-*")
	if err != nil {
		return bad(err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", quote.Line(path), err), os.Remove(f.Name()))
	}
	return nil
}
