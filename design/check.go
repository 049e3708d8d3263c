package design

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
)

// Rule is the stable name of what is looked for: it stands in silences and in what machines read.
type Rule string

// The rules.
const (
	SingleRack       Rule = "single-rack"
	SingleFeed       Rule = "single-feed"
	SingleSite       Rule = "single-site"
	OneHost          Rule = "one-host"
	JumpHost         Rule = "jump-host"
	MaxDown          Rule = "max-down"
	NeverDown        Rule = "never-down"
	NoBackup         Rule = "no-backup"
	RPOMissed        Rule = "rpo-missed"
	RPOUnmeasured    Rule = "rpo-unmeasured"
	RTOMissed        Rule = "rto-missed"
	RTOUndrilled     Rule = "rto-undrilled"
	RTODepends       Rule = "rto-depends"
	EndOfLife        Rule = "end-of-life"
	EndOfLifeDepends Rule = "end-of-life-depends"
	Warranty         Rule = "warranty"
	HardwareEnd      Rule = "hardware-end-of-life"
	Capacity         Rule = "capacity"
	OSEndOfLife      Rule = "os-end-of-life"
	NoOwner          Rule = "no-owner"
	NoHealth         Rule = "no-health"
	NoPatch          Rule = "no-patch"
	Ungrouped        Rule = "ungrouped"
	DuplicateAddress Rule = "duplicate-address"
	BadSilence       Rule = "bad-silence"
	ExpiredSilence   Rule = "expired-silence"
	UnusedSilence    Rule = "unused-silence"
)

// RuleInfo describes a rule.
type RuleInfo struct {
	Rule  Rule   `json:"rule"`
	About string `json:"about"`
	Facts bool   `json:"facts,omitempty"` // it can be judged by measured facts only

	look func(*checker)
}

// Rules are all rules, in the order in which they are looked at.
func Rules() []RuleInfo {
	return []RuleInfo{
		{SingleRack, "losing one rack takes a group below its quorum, or all of a group or service", false, (*checker).racks},
		{SingleFeed, "losing one power feed takes a group below its quorum, or all of a group or service", false, (*checker).feeds},
		{SingleSite, "all of a group or service stands in one site, where there are several", false, (*checker).sites},
		{OneHost, "a service runs on one host", false, (*checker).oneHost},
		{JumpHost, "a whole site is reached through one jump host", false, (*checker).jumpHosts},
		{MaxDown, "max_down lets more members go down than the quorum bears, or half of them where none is declared", false, (*checker).maxDown},
		{NeverDown, "max_down = 0: no patch or reboot ever reaches the group", false, (*checker).neverDown},
		{NoBackup, "a service has no backup", false, (*checker).noBackup},
		{RPOMissed, "the newest backup was older than the service can afford to lose", true, (*checker).rpoMissed},
		{RPOUnmeasured, "nobody has looked how old a service's backup is", true, (*checker).rpoUnmeasured},
		{RTOMissed, "a restore took longer than the service may be away", true, (*checker).rtoMissed},
		{RTOUndrilled, "no restore drill is on record", true, (*checker).rtoUndrilled},
		{RTODepends, "a service promises to be back before what it depends on", false, (*checker).rtoDepends},
		{EndOfLife, "a service is past its end of life, or near it", false, (*checker).endOfLife},
		{EndOfLifeDepends, "a service is to outlive what it depends on", false, (*checker).endOfLifeDepends},
		{Warranty, "the hardware's warranty is over, or nearly", false, (*checker).warranty},
		{HardwareEnd, "the hardware is past its end of life, or near it", false, (*checker).hardwareEnd},
		{OSEndOfLife, "the operating system's support is over, or nearly, or not known", false, (*checker).osEndOfLife},
		{Capacity, "growth fills a disk, its inodes or the memory before the next review", true, (*checker).capacity},
		{NoOwner, "a host or a service that nobody owns", false, (*checker).noOwner},
		{NoHealth, "no health check for too long", true, (*checker).noHealth},
		{NoPatch, "not patched for too long", true, (*checker).noPatch},
		{Ungrouped, "a host in no group, though groups are made of its tag", false, (*checker).ungrouped},
		{DuplicateAddress, "two names for one address", false, (*checker).duplicateAddress},
		{BadSilence, "a silence that cannot be read", false, (*checker).badSilences},
		{ExpiredSilence, "a silence that has come to its end", false, (*checker).expiredSilences},
		{UnusedSilence, "a silence that silences nothing", false, (*checker).unusedSilences},
	}
}

// Facts is where measured facts come from: *fleet.Fleet is one.
type Facts interface {
	// Facts is what is known of a host.
	Facts(inventory.HostID) []journal.Known
}

// Options is what Check knows beyond the inventory.
type Options struct {
	Facts    Facts             // nil = nothing was measured
	Runs     []journal.HostRun // the latest run of each runbook on each host, as the journal's index lists them
	Samples  []journal.Sample  // what was measured of disks, inodes and memory, by host, key and time
	Silences []Silence
	// The rest is how long things may last; 0 = the default.
	Horizon      time.Duration // an end nearer than this is found; 180 days
	Review       time.Duration // until the next review of capacity; 90 days
	HealthWithin time.Duration // 7 days
	PatchWithin  time.Duration // 35 days
	BackupWithin time.Duration // how old a measurement of a backup's age may be; 26 hours
	DrillWithin  time.Duration // 365 days
}

const day = 24 * time.Hour

func (o Options) withDefaults() Options {
	o.Horizon = cmp.Or(o.Horizon, 180*day)
	o.Review = cmp.Or(o.Review, 90*day)
	o.HealthWithin = cmp.Or(o.HealthWithin, 7*day)
	o.PatchWithin = cmp.Or(o.PatchWithin, 35*day)
	o.BackupWithin = cmp.Or(o.BackupWithin, 26*time.Hour)
	o.DrillWithin = cmp.Or(o.DrillWithin, 365*day)
	return o
}

// checker is one Check.
type checker struct {
	Options
	inv      *inventory.Inventory
	now      time.Time
	measured map[inventory.HostID]measured
	rule     Rule // that is being looked at
	silences []silence
	report   Report
}

// Check holds the inventory against all rules, at the time now. It costs one pass over the hosts and their facts, and one over each
// group's and service's members.
func Check(inv *inventory.Inventory, now time.Time, o Options) Report {
	c := &checker{Options: o.withDefaults(), inv: inv, now: now, report: Report{Path: inv.Path, At: now}}
	c.measure()
	c.compile()
	for _, r := range Rules() {
		c.rule = r.Rule
		if r.Facts && !c.informed() {
			c.report.Unjudged = append(c.report.Unjudged, r.Rule)
			continue
		}
		r.look(c)
	}
	slices.SortStableFunc(c.report.Findings, Finding.compare)
	slices.SortStableFunc(c.report.Silenced, func(a, b Silenced) int { return a.compare(b.Finding) })
	return c.report
}

func (c *checker) informed() bool { return c.Facts != nil || len(c.Runs) > 0 || len(c.Samples) > 0 }

// found keeps a finding about a group, a service or the whole, unless it is silenced.
func (c *checker) found(f Finding) {
	f.Rule = c.rule
	if s := c.quiet(f); s != nil {
		c.hush(f, s)
		return
	}
	c.report.Findings = append(c.report.Findings, f)
}

// foundOn keeps a finding about hosts, split into those that a silence covers and the others; what says it of either.
func (c *checker) foundOn(f Finding, hosts []inventory.Host, what func([]inventory.HostID) string) {
	f.Rule = c.rule
	var loud []inventory.HostID
	var order []*silence
	quiet := map[*silence][]inventory.HostID{}
	for _, h := range hosts {
		s := c.quietOn(h)
		if s == nil {
			loud = append(loud, h.Name)
			continue
		}
		if quiet[s] == nil {
			order = append(order, s)
		}
		quiet[s] = append(quiet[s], h.Name)
	}
	for _, s := range order {
		f.Hosts, f.What = quiet[s], what(quiet[s])
		c.hush(f, s)
	}
	if len(loud) > 0 {
		f.Hosts, f.What = loud, what(loud)
		c.report.Findings = append(c.report.Findings, f)
	}
}

func (c *checker) hush(f Finding, s *silence) {
	s.used = true
	c.report.Silenced = append(c.report.Silenced, Silenced{Finding: f, Reason: s.Reason, Until: s.Until})
}

// hosts are the hosts of those names, in their order.
func (c *checker) hosts(ids []inventory.HostID) []inventory.Host {
	list := make([]inventory.Host, 0, len(ids))
	for _, id := range ids {
		if h, ok := c.inv.Host(id); ok {
			list = append(list, h)
		}
	}
	return list
}

// bucket is hosts that have something in common.
type bucket[K comparable] struct {
	key   K
	hosts []inventory.Host
}

// buckets sorts hosts by a key, in the order in which the keys turn up; ok = false leaves a host out.
func buckets[K comparable](hosts []inventory.Host, key func(inventory.Host) (k K, ok bool)) []bucket[K] {
	var list []bucket[K]
	at := map[K]int{}
	for _, h := range hosts {
		k, ok := key(h)
		if !ok {
			continue
		}
		i, known := at[k]
		if !known {
			i = len(list)
			at[k] = i
			list = append(list, bucket[K]{key: k})
		}
		list[i].hosts = append(list[i].hosts, h)
	}
	return list
}

func names(hosts []inventory.Host) []inventory.HostID {
	ids := make([]inventory.HostID, len(hosts))
	for i, h := range hosts {
		ids[i] = h.Name
	}
	return ids
}

// set writes hosts short, and shorter where there are many.
func set(ids []inventory.HostID) string {
	const most = 160
	s := inventory.HostSet(ids)
	if len(s) <= most {
		return s
	}
	s = s[:max(strings.LastIndexByte(s[:most], ','), 0)] + ",..."
	if strings.LastIndexByte(s, '[') > strings.LastIndexByte(s, ']') {
		s += "]"
	}
	return s
}

// date writes a day as the inventory does.
func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }
