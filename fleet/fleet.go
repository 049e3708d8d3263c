package fleet

import (
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// DefaultPatience is how long a fact counts as fresh: a day and two hours, so that a nightly run keeps a fleet known.
const DefaultPatience = 26 * time.Hour

// The facts that the fleet itself understands. The built-in runbooks emit them.
const (
	FactPending  = "pending"  // packages that wait to be upgraded, a number
	FactSecurity = "security" // those of them that close a security hole, a number
	FactReboot   = "reboot"   // "yes" where a restart is due
	FactOS       = "os"       // "debian-12"

	factRebootDue = "reboot_due" // the same, where it is no check
)

// Last is a host's part in the latest run that touched it.
type Last struct {
	Run     journal.RunID
	Runbook string
	At      time.Time
	Running bool
	Step    runbooks.StepID // the latest step that started or ended
	Outcome journal.Outcome // once not Running
	Reason  string
}

// Host is how one host stands. Pending and Security are -1 where they are not known.
type Host struct {
	ID       inventory.HostID
	State    State
	Reason   string    // the worst thing known, in words; "" for OK; see Why
	Stale    time.Time // when the check that Reason is about was read, where it is too old to count
	Pending  int
	Security int
	Reboot   bool // it wants a restart
	NoReboot bool // it wants none; neither = not known
	Last     Last
	Seen     time.Time // when it last answered; zero = never
}

// Why is the reason in words as of now: an age grows while nothing else happens.
func (h Host) Why(now time.Time) string {
	if h.Stale.IsZero() {
		return h.Reason
	}
	return h.Reason + " for " + Age(now.Sub(h.Stale))
}

// Fleet is the state of every host of an inventory. One owner mutates it; it has no clock but the times that it is handed.
type Fleet struct {
	// Patience is how old a fact may be before it counts as unknown; set it before the first Apply.
	Patience time.Duration

	inv     *inventory.Inventory
	hosts   []host
	index   map[inventory.HostID]int
	all     Roll
	sites   map[string]*Roll
	racks   map[place]*Roll
	runs    map[journal.RunID]run
	now     time.Time
	told    time.Time // the latest time that Refresh was given
	version uint64
	next    time.Time // when the first fresh host turns stale; zero = none will
}

type place struct{ site, rack string }

// host is what is kept of one.
type host struct {
	view    Host
	facts   facts
	verdict Last      // of the last run that ended on the host, which is not always the latest
	turns   time.Time // when something fresh of it turns stale; zero = nothing will
	rolls   [3]*Roll  // all, its site, its rack
}

// run is what must be remembered of a run to read its events.
type run struct {
	runbook string
	last    runbooks.StepID
	dry     bool
}

// New is a fleet of which nothing is known yet.
func New(inv *inventory.Inventory) *Fleet {
	f := &Fleet{
		Patience: DefaultPatience,
		inv:      inv,
		hosts:    make([]host, len(inv.Hosts)),
		index:    make(map[inventory.HostID]int, len(inv.Hosts)),
		sites:    make(map[string]*Roll),
		racks:    make(map[place]*Roll),
		runs:     make(map[journal.RunID]run),
	}
	for i := range inv.Hosts {
		h := &inv.Hosts[i]
		f.index[h.Name] = i
		f.hosts[i].view = Host{ID: h.Name, Pending: -1, Security: -1, Reason: "never seen"}
		f.hosts[i].rolls = f.rolls(h)
		f.hosts[i].count(+1)
	}
	return f
}

// Len is the number of hosts.
func (f *Fleet) Len() int { return len(f.hosts) }

// Host is how the host stands; ok is false where the inventory has no such host.
func (f *Fleet) Host(id inventory.HostID) (Host, bool) {
	i, ok := f.index[id]
	if !ok {
		return Host{}, false
	}
	return f.hosts[i].view, true
}

// At is how the i-th host of the inventory stands.
func (f *Fleet) At(i int) Host { return f.hosts[i].view }

// Refresh lets time pass: what has become stale turns unknown. It costs nothing until something does.
func (f *Fleet) Refresh(now time.Time) {
	if now.After(f.told) {
		f.told = now
	}
	if now.Before(f.now) {
		return
	}
	f.now = now
	if f.next.IsZero() || now.Before(f.next) {
		return
	}
	f.next = time.Time{}
	for i := range f.hosts {
		if t := f.hosts[i].turns; !t.IsZero() && !now.Before(t) {
			f.recount(i, func(*host) {})
		}
		f.due(f.hosts[i].turns)
	}
}

// due keeps next, the earliest time at which a host turns.
func (f *Fleet) due(t time.Time) {
	if !t.IsZero() && (f.next.IsZero() || t.Before(f.next)) {
		f.next = t
	}
}

// rolls are the sums that a host counts in.
func (f *Fleet) rolls(h *inventory.Host) [3]*Roll {
	site, rack := f.sites[h.Site], f.racks[place{h.Site, h.Rack}]
	if site == nil {
		site = &Roll{}
		f.sites[h.Site] = site
	}
	if rack == nil {
		rack = &Roll{}
		f.racks[place{h.Site, h.Rack}] = rack
	}
	return [3]*Roll{&f.all, site, rack}
}

// count adds the host to its sums, or takes it out of them.
func (h *host) count(by int) {
	for _, r := range h.rolls {
		r.add(&h.view, by)
	}
}

// Version grows with every change, so that what is drawn from the fleet can be kept until it does.
func (f *Fleet) Version() uint64 { return f.version }
