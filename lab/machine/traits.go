package machine

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"

	"tend/inventory"
)

// Traits is what makes a host different from the next: a pure function of the seed and the host's name (and of what the
// inventory says of it).
type Traits struct {
	Dead        bool
	Slow        bool
	FullMount   string // a file system that is almost full
	FailedUnits []string
	Degraded    bool // a mirror lost a disk
	RebootDue   bool
	Held        []string
	Phased      bool
	CertDays    int // until the site certificate ends; negative once it has
	NTPOff      bool
	Hot         bool
	OOM         int
	Errors      int // messages of level err in the last hour
	Virtual     bool
	Mirror      bool // has an md array
	CPUs        int
	MemoryMB    int
	DiskGB      int
	DaysUp      int
	Pending     float64 // share of the available updates that are not installed
	Conffile    bool    // a configuration file was changed here
	NoPassword  bool    // sudo asks for none
}

// dice is a source of numbers that depends on the seed, the host and what they are for.
func dice(seed int64, name, what string) *rand.Rand {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(seed))
	h := sha256.New()
	h.Write(b[:])
	h.Write([]byte(name + "\x00" + what))
	sum := h.Sum(nil)
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum), binary.LittleEndian.Uint64(sum[8:])))
}

// TraitsOf decides what a host is like. About one host in eight has something wrong with it.
func TraitsOf(seed int64, h inventory.Host, d *Distro) Traits {
	name := string(h.Name)
	healthy := slices.Contains(h.Tags, "healthy") // for measurements and rehearsals: none of the troubles below
	chance := func(what string, p float64) bool { return !healthy && dice(seed, name, what).Float64() < p }
	is := func(tag string) bool {
		for _, t := range h.Tags {
			if t == tag {
				return true
			}
		}
		return strings.HasPrefix(name, tag+"-")
	}
	r := dice(seed, name, "size")
	t := Traits{CPUs: 4 << r.IntN(4), MemoryMB: 16384 << r.IntN(3), DiskGB: 100 << r.IntN(3), DaysUp: 4 + r.IntN(70), NoPassword: true,
		CertDays: 30 + r.IntN(300), Errors: r.IntN(4), Pending: 0.25 + 0.6*r.Float64()}
	t.Virtual = h.Unit == 0 || is("lb") || is("jobs")
	t.Mirror = !t.Virtual && (is("db") || is("bak") || is("cache") || chance("mirror", 0.3)) && d.Family != "freebsd"
	t.Dead = chance("dead", 0.008)
	t.Slow = chance("slow", 0.015)
	if chance("full", 0.015) || is("db") && chance("fulldb", 0.12) {
		t.FullMount = "/var"
	}
	if units := failable[d.Family]; len(units) > 0 && chance("units", 0.025) {
		t.FailedUnits = []string{units[dice(seed, name, "unit").IntN(len(units))]}
	}
	t.Degraded = t.Mirror && chance("degraded", 0.04)
	t.RebootDue = d.Family != "arch" && chance("reboot", 0.03)
	t.NTPOff = chance("ntp", 0.01)
	t.Hot = !t.Virtual && chance("hot", 0.012)
	if chance("oom", 0.008) {
		t.OOM = 1 + r.IntN(3)
	}
	if chance("errors", 0.01) {
		t.Errors = 40 + r.IntN(200)
	}
	switch {
	case chance("expired", 0.006):
		t.CertDays = -3
	case chance("expiring", 0.012):
		t.CertDays = 5 + r.IntN(10)
	}
	if chance("patched", 0.12) {
		t.Pending = 0
	}
	t.Phased = d.ID == "ubuntu" && chance("phased", 0.3)
	t.Conffile = chance("conffile", 0.15)
	if pkgs := holdable[d.Family]; len(pkgs) > 0 && chance("held", 0.04) {
		t.Held = []string{pkgs[dice(seed, name, "hold").IntN(len(pkgs))]}
	}
	return t
}

var failable = map[string][]string{
	"debian": {"logrotate.service", "nginx.service", "fwupd-refresh.service", "postgresql.service", "apt-daily.service"},
	"rhel":   {"kubelet.service", "tuned.service", "mcelog.service", "containerd.service"},
	"suse":   {"backup-rotate.service", "wickedd.service"},
	"arch":   {"shadow.service"},
	"alpine": {"keepalived"},
}

var holdable = map[string][]string{
	"debian": {"nginx", "postgresql-15", "postgresql-17", "openssh-server", "snapd"},
	"rhel":   {"kubelet", "containerd.io"},
	"suse":   {"kernel-default"},
	"alpine": {"haproxy"},
}
