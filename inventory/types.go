package inventory

import "time"

// HostID is a host's name, unique in an inventory: "db-0712".
type HostID string

// Host is one machine, with every default of file, site and rack already applied. Hosts are values: a plan copies them, so
// that editing the inventory never changes a run in flight. The JSON form is what the journal stores. Parse fills in Groups and Services, so
// that a selector can ask for them wherever a Host goes.
type Host struct {
	Name   HostID `json:"name"`             // unique in the inventory: "db-0712"
	Site   string `json:"site"`             // where it stands
	Rack   string `json:"rack,omitempty"`   // within the site; none = in no rack
	Unit   int    `json:"unit,omitempty"`   // the lowest rack unit that it takes, from 1 at the bottom; 0 = not placed
	Height int    `json:"height,omitempty"` // units that it takes, from unit upwards
	Addr   string `json:"addr,omitempty"`   // a name or an address; "" = as ssh_config says, else its name
	Port   int    `json:"port,omitempty"`   // TCP; 0 = as ssh_config says, else 22
	User   string `json:"user,omitempty"`   // that tend logs in as; "" = as ssh_config says
	// Jump is the chain of jump hosts, nearest to us first, each "[user@]host[:port]" or the name of an inventory host.
	Jump []string `json:"jump,omitempty"`
	// Become is how a step gets root: "" or "none", "sudo", "doas", "su" (which asks for root's own password).
	Become string   `json:"become,omitempty"`
	Tags   []string `json:"tags,omitempty"` // words for selectors
	// OS is a hint, such as "debian-12"; facts read from the host outrank it.
	OS    string   `json:"os,omitempty"`
	Feeds []string `json:"feeds,omitempty"` // power feeds that it hangs on
	// Window is a maintenance window, such as "Sun 01:00-05:00 Europe/Amsterdam".
	Window string `json:"window,omitempty"`
	// Shell is "" for a POSIX sh, or "none" for network gear: commands only, no scripts, no detached steps.
	Shell string `json:"shell,omitempty"`
	// HostKey pins the host's key: an authorized_keys line or a SHA256: fingerprint.
	HostKey    string   `json:"host_key,omitempty"`
	KnownHosts []string `json:"known_hosts,omitempty"` // files, in place of those that ssh_config names
	Identity   []string `json:"identity,omitempty"`    // private keys' files, in place of those that ssh_config names
	// Prod says that the host serves production; screens show it in words.
	Prod          bool `json:"prod,omitempty"`
	RequireTicket bool `json:"require_ticket,omitempty"` // a run that changes it must carry a ticket
	RequireReason bool `json:"require_reason,omitempty"` // a run that changes it must carry a reason
	RecordShell   bool `json:"record_shell,omitempty"`   // interactive shells on it are recorded
	// LegacyCrypto lets this host, and no other, be spoken to with algorithms that are weak: the old PDU in the corner.
	LegacyCrypto bool `json:"legacy_crypto,omitempty"`
	// Face is the side of the rack that a host of half depth takes: "front" or "rear"; "" = the full depth.
	Face string `json:"face,omitempty"`
	// Locate is the runbook that makes the host's light blink, for the person before the rack; "" = the built-in locate.
	Locate    string    `json:"locate,omitempty"`
	Owner     string    `json:"owner,omitempty"`      // who to ask
	Warranty  time.Time `json:"warranty,omitzero"`    // the last day of the hardware's, midnight UTC; zero = not declared
	EndOfLife time.Time `json:"end_of_life,omitzero"` // the last day on which its maker has parts and firmware for it, midnight UTC; zero = not declared
	Groups    []string  `json:"groups,omitempty"`     // that it is a member of, in the file's order
	Services  []string  `json:"services,omitempty"`   // that it bears, in the file's order
	// Expect is what should be found on the host; none = nothing declared.
	Expect *Expect `json:"expect,omitempty"`
	// Vars overrides runbook parameters for this host: "health.disk_crit" = "98".
	Vars map[string]string `json:"vars,omitempty"`
	// Line is where the inventory declares the host, counted from 1.
	Line int `json:"line,omitempty"`
}

// Expect is what should be found on a host. The lists of all levels add up.
type Expect struct {
	Ports  []string `json:"ports,omitempty"`  // listening: "22", "53/udp"
	Mounts []string `json:"mounts,omitempty"` // mount points: "/srv"
	Units  []string `json:"units,omitempty"`  // running units or services: "nginx.service"
	Certs  []string `json:"certs,omitempty"`  // certificate files
}

// Rack is a cabinet; Units is its height.
type Rack struct {
	Name, Site string
	Units      int
	Row        string
	Feeds      []string
	Line       int
}

// Site is a room or a region.
type Site struct {
	Name, Title string
	Racks       []Rack
	Line        int
}

// Group is a fact about machines: how many of Members may be down together, whatever runbook takes them down.
type Group struct {
	Name    string   `json:"name"`    // its name
	Members string   `json:"members"` // a selector
	Hosts   []HostID `json:"hosts"`   // what it selected, in inventory order
	// MaxDown is below the number of members; 0 = a disruptive runbook never touches them. A percentage in the file is resolved
	// here: it rounds down, to one at least.
	MaxDown int `json:"max_down"`
	// Quorum is how many members must stay up for the group to work at all; 0 = not declared. MaxDown never goes below it.
	Quorum       int           `json:"quorum,omitempty"`
	Drain        string        `json:"drain,omitempty"`         // the script that takes the member out, run on it
	DrainProof   string        `json:"drain_proof,omitempty"`   // the script that exits 0 once it is out
	Undrain      string        `json:"undrain,omitempty"`       // the script that brings it back
	UndrainProof string        `json:"undrain_proof,omitempty"` // the script that exits 0 once it is back
	Become       bool          `json:"become,omitempty"`        // these scripts run as root
	DrainTimeout time.Duration `json:"drain_timeout,omitempty"` // how long a proof may take; 0 = ten minutes
	Soak         time.Duration `json:"soak,omitempty"`          // how long a member that is back is watched before the next one goes
	// Last is a selector: the members that it means, a primary among its replicas, are worked on in waves of their own, behind all
	// other hosts of a plan.
	Last string `json:"last,omitempty"`
	Line int    `json:"line,omitempty"` // of the inventory, counted from 1
}

// Service is what the machines are for. RTO and RPO are zero where they are not declared, as is EndOfLife.
type Service struct {
	Name, Owner string
	Select      string // the selector
	Hosts       []HostID
	RTO, RPO    time.Duration
	EndOfLife   time.Time // the day, at midnight UTC
	Backup      string    // where and how it is backed up, in words or as a path
	Depends     []string  // services that it needs, by name
	Line        int
}

// Inventory is a validated inventory file. It is read-only after Parse.
type Inventory struct {
	Path     string
	Digest   [32]byte // SHA-256 of the file's bytes
	Sites    []Site
	Hosts    []Host // in the file's order
	Groups   []Group
	Services []Service
	byName   map[HostID]int32
	byTag    map[string][]int32 // hosts, in their order
}

// Host returns the host of that name.
func (inv *Inventory) Host(name HostID) (Host, bool) {
	if i, ok := inv.byName[name]; ok {
		return inv.Hosts[i], true
	}
	if inv.byName == nil { // put together by hand, without Parse
		for _, h := range inv.Hosts {
			if h.Name == name {
				return h, true
			}
		}
	}
	return Host{}, false
}

// Values is what a selector asks about a host beyond the inventory: facts such as "pending" or "state".
// ok is false where the value is not known; an unknown value matches nothing, not even a negation by comparison.
type Values func(host HostID, key string) (value string, ok bool)
