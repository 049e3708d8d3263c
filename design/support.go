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
	for line := range strings.Lines(strings.TrimSpace(supportTable)) {
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

// supportTable is the one of runbooks/lib.sh (tend_eol), where its source stands: distribution, version, last day of support, last day
// of free long-term support. A test holds it to that.
const supportTable = `
debian 13 2028-08-09 2030-06-30
debian 12 2026-07-11 2028-06-30
debian 11 2024-08-14 2026-08-31
debian 10 2022-09-10 2024-06-30
debian 9 2020-07-18 2022-07-01
ubuntu 26.04 2031-04-30
ubuntu 25.10 2026-07-01
ubuntu 25.04 2026-01-17
ubuntu 24.10 2025-07-10
ubuntu 24.04 2029-05-31
ubuntu 22.04 2027-04-01
ubuntu 20.04 2025-05-31
ubuntu 18.04 2023-05-31
ubuntu 16.04 2021-04-02
rhel 10 2035-05-31
rhel 9 2032-05-31
rhel 8 2029-05-31
rhel 7 2024-06-30
almalinux 10 2035-05-31
almalinux 9 2032-05-31
almalinux 8 2029-05-31
rocky 10 2035-05-31
rocky 9 2032-05-31
rocky 8 2029-05-31
ol 9 2032-06-30
ol 8 2029-07-31
ol 7 2024-12-31
centos 10 2030-05-31
centos 9 2027-05-31
centos 8 2024-05-31
centos 7 2024-06-30
fedora 44 2027-06-02
fedora 43 2026-12-09
fedora 42 2026-05-27
fedora 41 2025-12-15
fedora 40 2025-05-13
amzn 2023 2029-06-30
amzn 2 2026-06-30
alpine 3.24 2028-06-01
alpine 3.23 2027-11-01
alpine 3.22 2027-05-01
alpine 3.21 2026-11-01
alpine 3.20 2026-04-01
alpine 3.19 2025-11-01
alpine 3.18 2025-05-09
opensuse-leap 16.0 2027-10-31
opensuse-leap 15.6 2026-04-30
opensuse-leap 15.5 2024-12-31
sles 16.0 2027-11-30
sles 15.7 2031-07-31
sles 15.6 2025-12-31
sles 15.5 2024-12-31
sles 12.5 2024-10-31
freebsd 15.1 2027-03-31
freebsd 15.0 2026-09-30
freebsd 14.4 2026-12-31
freebsd 14.3 2026-06-30
freebsd 13.5 2026-04-30
arch - never
opensuse-tumbleweed - never
`
