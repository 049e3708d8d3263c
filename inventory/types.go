package inventory

import "time"

// HostID is a host's name, unique in an inventory: "db-0712".
type HostID string

// Host is one machine, with every default of file, site and rack already applied. Hosts are values: a plan copies them, so
// that editing the inventory never changes a run in flight. The JSON form is what the journal stores.
type Host struct {
	Name HostID `json:"name"`           // unique in the inventory: "db-0712"
	Site string `json:"site"`           // where it stands
	Rack string `json:"rack,omitempty"` // within the site; none = in no rack
	// Unit is the lowest rack unit that the host occupies, counted from 1 at the bottom; 0 = not placed. Height is in units.
	Unit   int `json:"unit,omitempty"`
	Height int `json:"height,omitempty"` // units that it takes, from unit upwards
	// Addr is a name or address, Port a TCP port. Both empty means: ask ssh_config, which falls back to Name and 22.
	Addr string `json:"addr,omitempty"`
	Port int    `json:"port,omitempty"` // none = as ssh_config says
	User string `json:"user,omitempty"` // that tend logs in as; none = as ssh_config says
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
	HostKey string `json:"host_key,omitempty"`
	// KnownHosts and Identity override the files that ssh_config names.
	KnownHosts []string `json:"known_hosts,omitempty"`
	Identity   []string `json:"identity,omitempty"` // private keys
	// Prod says that the host serves production; screens show it in words.
	Prod bool `json:"prod,omitempty"`
	// RequireTicket and RequireReason say that a run which changes the host must carry a ticket, a reason; RecordShell that
	// interactive shells on it are recorded.
	RequireTicket bool `json:"require_ticket,omitempty"`
	RequireReason bool `json:"require_reason,omitempty"` // a run that changes it must carry a reason
	RecordShell   bool `json:"record_shell,omitempty"`   // interactive shells on it are recorded
	// LegacyCrypto lets this host, and no other, be spoken to with algorithms that are weak: the old PDU in the corner.
	LegacyCrypto bool `json:"legacy_crypto,omitempty"`
	// Face is the side of the rack that a host of half depth takes: "front" or "rear"; "" = the full depth.
	Face string `json:"face,omitempty"`
	// Locate is the runbook that makes the host's light blink, for the person before the rack; "" = the built-in locate.
	Locate string `json:"locate,omitempty"`
	// Owner is who to ask, Warranty the last day of the hardware's warranty, EndOfLife the last on which its maker has parts and firmware
	// for it (midnight UTC; zero = not declared).
	Owner     string    `json:"owner,omitempty"`
	Warranty  time.Time `json:"warranty,omitzero"`    // none = not declared
	EndOfLife time.Time `json:"end_of_life,omitzero"` // none = not declared
	// Groups and Services are those that the host is a member of, in the file's order. Parse fills them in, so that a selector
	// can ask for them wherever a Host goes.
	Groups   []string `json:"groups,omitempty"`
	Services []string `json:"services,omitempty"` // that it bears
	// Expect is what should be found on the host; nil = nothing declared.
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
	Name string `json:"name"` // its name
	// Members is a selector; Hosts is what it selected, in inventory order.
	Members string   `json:"members"`
	Hosts   []HostID `json:"hosts"` // its members
	// MaxDown is below the number of members; 0 = a disruptive runbook never touches them. A percentage in the file is resolved
	// here: it rounds down, to one at least.
	MaxDown int `json:"max_down"`
	// Quorum is how many members must stay up for the group to work at all; 0 = not declared. MaxDown never goes below it.
	Quorum int `json:"quorum,omitempty"`
	// Drain and Undrain are scripts run on the member; each Proof exits 0 once it is so.
	Drain        string `json:"drain,omitempty"`
	DrainProof   string `json:"drain_proof,omitempty"`   // that the member is out
	Undrain      string `json:"undrain,omitempty"`       // brings the member back
	UndrainProof string `json:"undrain_proof,omitempty"` // that the member is back
	// Become runs these scripts as root. DrainTimeout is how long a proof may take, 0 = ten minutes; Soak is how long a member that is
	// back is watched before the next one goes.
	Become       bool          `json:"become,omitempty"`
	DrainTimeout time.Duration `json:"drain_timeout,omitempty"` // 0 = ten minutes
	Soak         time.Duration `json:"soak,omitempty"`          // 0 = not at all
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
