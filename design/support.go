package design

import (
	"fmt"
	"strings"
	"time"

	"tend/inventory"
	"tend/runbooks"
)

func (c *checker) warranty() {
	c.hardware("warranty", "extend it, keep spare parts, or plan what replaces them", func(h inventory.Host) time.Time { return h.Warranty })
}

func (c *checker) hardwareEnd() {
	c.hardware("hardware's life", "plan what replaces them: no parts and no firmware come any more", func(h inventory.Host) time.Time { return h.EndOfLife })
}

// hardware finds the hosts that share a last day which is past or near.
func (c *checker) hardware(what, hint string, last func(inventory.Host) time.Time) {
	over := buckets(c.inv.Hosts, func(h inventory.Host) (time.Time, bool) {
		_, over := c.ends(last(h), Warning, Note)
		return last(h), over
	})
	for _, b := range over {
		severity, _ := c.ends(b.key, Warning, Note)
		f := Finding{Severity: severity, Line: b.hosts[0].Line, Hint: hint}
		c.foundOn(f, b.hosts, func(ids []inventory.HostID) string {
			return fmt.Sprintf("the %s of %s %s: %s", what, plural(len(ids), "host"), ends(c.now, b.key), set(ids))
		})
	}
}

// support is a verdict on an operating system.
type support struct {
	what     string
	severity Severity
}

// osEndOfLife goes by what the host's own check said, which knows of extended support; else by the table, for the system that the host
// named, or that the inventory supposes.
func (c *checker) osEndOfLife() {
	old := buckets(c.inv.Hosts, func(h inventory.Host) (support, bool) {
		m := c.measured[h.Name]
		if m.support.Fact.Check && m.support.Fact.State != runbooks.CheckUnknown {
			return checked(m.support.Fact)
		}
		if m.os != "" {
			return c.supported(m.os, m.version)
		}
		id, version := cutOS(h.OS)
		return c.supported(id, version)
	})
	for _, b := range old {
		f := Finding{Severity: b.key.severity, Line: b.hosts[0].Line, Hint: "plan the upgrade, host by host; an OS without updates is open to whatever is found next"}
		c.foundOn(f, b.hosts, func(ids []inventory.HostID) string {
			return fmt.Sprintf("%s: %s: %s", b.key.what, plural(len(ids), "host"), set(ids))
		})
	}
}

func checked(f runbooks.Fact) (support, bool) {
	s := support{what: f.Text, severity: Warning}
	if s.what == "" {
		s.what = strings.TrimSpace("end of support " + f.Value + " " + f.Unit)
	}
	if f.State == runbooks.CheckCrit {
		s.severity = Critical
	}
	return s, f.State != runbooks.CheckOK
}

// cutOS cuts the inventory's hint at its version: "opensuse-leap-15.6".
func cutOS(hint string) (id, version string) {
	i := strings.LastIndexByte(hint, '-')
	if i < 0 || i+1 == len(hint) || hint[i+1] < '0' || hint[i+1] > '9' {
		return hint, ""
	}
	return hint[:i], hint[i+1:]
}

// supported judges an operating system by the table; ok is false where there is nothing to say.
func (c *checker) supported(id, version string) (s support, ok bool) {
	if id == "" {
		return support{"nothing is known of the operating system", Note}, true
	}
	name := strings.TrimSpace(id + " " + version)
	r, known := find(id, version)
	if !known {
		return support{"the end of support of " + name + " is not known", Note}, true
	}
	if r.version != version && r.version != "-" {
		name += fmt.Sprintf(" (as %s)", r.version)
	}
	severity, over := c.ends(r.end, Critical, Warning)
	if over && severity == Critical && c.now.Before(r.long.Add(day)) {
		return support{fmt.Sprintf("%s: support ended on %s, long-term support goes on until %s", name, date(r.end), date(r.long)), Warning}, true
	}
	if over {
		return support{fmt.Sprintf("%s: support %s", name, ends(c.now, r.end)), severity}, true
	}
	return support{}, false
}

// release is a line of the table. A zero end = it never ends; long is the last day of free long-term support, zero = none.
type release struct {
	id, version string
	end, long   time.Time
}

// find looks a release up: by its version, by the version without its last parts (9.4 is 9), or, where less is known than the table
// tells apart (freebsd 14), by the release of that version which is supported longest.
func find(id, version string) (release, bool) {
	table := releases()
	for v := version; v != ""; {
		var best release
		for _, r := range table {
			if r.id == id && (r.version == v || v == version && strings.HasPrefix(r.version, v+".")) && (best.id == "" || r.end.After(best.end)) {
				best = r
			}
		}
		if best.id != "" {
			return best, true
		}
		cut := strings.LastIndexAny(v, ".-")
		v = v[:max(cut, 0)]
	}
	for _, r := range table {
		if r.id == id && r.version == "-" {
			return r, true
		}
	}
	return release{}, false
}

func releases() []release {
	var list []release
	for line := range strings.Lines(runbooks.SupportTable()) {
		f := strings.Fields(line)
		r := release{id: f[0], version: f[1]}
		r.end, _ = time.Parse(time.DateOnly, f[2]) // "never" = zero
		if len(f) > 3 {
			r.long, _ = time.Parse(time.DateOnly, f[3])
		}
		list = append(list, r)
	}
	return list
}
