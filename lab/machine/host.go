package machine

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"tend/inventory"
	"tend/lab/kernel"
	"tend/lab/shell"
	"tend/lab/userland"
	"tend/lab/vfs"
)

// Room is what the hosts of a lab share: its clock, the programs, and one base tree for each distribution.
type Room struct {
	Seed  int64
	Clock kernel.Clock
	// Panicked is told of a fault in a tool of the lab.
	Panicked func(host string, p *kernel.Proc, value any, stack []byte)

	mu       sync.Mutex
	distros  map[string]*Distro
	trees    map[*Distro]*vfs.Node
	programs map[*Distro]map[string]kernel.Program
	cache    *shell.Cache
	awk      *userland.AwkCache
	wg       sync.WaitGroup
	closed   chan struct{}
}

// NewRoom makes an empty room.
func NewRoom(seed int64, clock kernel.Clock) *Room {
	return &Room{Seed: seed, Clock: clock, distros: map[string]*Distro{}, trees: map[*Distro]*vfs.Node{},
		programs: map[*Distro]map[string]kernel.Program{}, cache: shell.NewCache(), awk: &userland.AwkCache{}, closed: make(chan struct{})}
}

// Close ends what the room runs for its hosts, and waits for it.
func (r *Room) Close() {
	close(r.closed)
	r.wg.Wait()
}

// Distro gives the distribution that a hint names.
func (r *Room) Distro(hint string) *Distro {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.distros[hint]
	if d == nil {
		d = distroOf(hint)
		r.distros[hint] = d
	}
	return d
}

func (r *Room) base(d *Distro) (*vfs.Node, map[string]kernel.Program) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.trees[d] == nil {
		progs := r.table(d)
		r.programs[d] = progs
		r.trees[d] = buildTree(d, progs)
	}
	return r.trees[d], r.programs[d]
}

// Host is one machine.
type Host struct {
	Name string
	Inv  inventory.Host
	D    *Distro
	T    Traits
	FS   *vfs.FS
	room *Room

	Runs   atomic.Int64 // sessions that ran a command
	logins atomic.Int64 // numbers of login sessions

	mu        sync.Mutex
	sys       *kernel.System
	boots     int
	bootID    string
	bootAt    time.Time
	kernel    string
	startedAt time.Time // when this boot's services were all up
	off       bool
	pkgs      []pkgState
	refreshed atomic.Int64 // when the package lists were fetched, in seconds since 1970
	failed    map[string]bool
	stopped   map[string]bool
	restarted map[string]time.Time
	upgraded  map[string]time.Time // when a package got its new version
	held      map[string]bool
	lock      *lockHolder
	newKernel bool // it lies in /boot
	logs      []logLine
	units     map[string]*kernel.Proc // transient units of systemd-run
	seed      uint64

	// Faults have a lock of their own: the file system asks for them while it holds its lock, and the host's own lock may never be
	// held when the file system is called.
	faultMu sync.Mutex
	faults  map[string]string
}

type pkgState uint8

const (
	pkgOld pkgState = iota
	pkgNew
	pkgHalf // unpacked and not configured
)

// NewHost makes a host as it is before anything was done to it, running for days.
func (r *Room) NewHost(inv inventory.Host) *Host {
	d := r.Distro(inv.OS)
	tree, progs := r.base(d)
	h := &Host{Name: string(inv.Name), Inv: inv, D: d, T: TraitsOf(r.Seed, inv, d), room: r, failed: map[string]bool{},
		stopped: map[string]bool{}, restarted: map[string]time.Time{}, upgraded: map[string]time.Time{}, held: map[string]bool{},
		faults: map[string]string{}, units: map[string]*kernel.Proc{}}
	h.seed = dice(r.Seed, h.Name, "host").Uint64()
	now := r.Clock.Now()
	h.bootAt = now.Add(-time.Duration(h.T.DaysUp)*24*time.Hour - time.Duration(h.dice("uptime").IntN(86400))*time.Second)
	h.startedAt = h.bootAt.Add(40 * time.Second)
	h.refreshed.Store(now.Unix() - int64(h.dice("index").IntN(30*3600)))
	h.kernel = d.Kernel
	h.FS = vfs.New(tree, h, r.Clock.Now)
	h.FS.Room = h.roomFor
	h.initPackages()
	for _, u := range h.T.FailedUnits {
		h.failed[u] = true
	}
	for _, p := range h.T.Held {
		h.held[p] = true
	}
	h.sys = h.newSystem(progs)
	h.bootID = h.uuid(0)
	h.furnish()
	return h
}

func (h *Host) dice(what string) interface {
	IntN(int) int
	Float64() float64
	Uint64() uint64
} {
	return dice(h.room.Seed, h.Name, what)
}

func (h *Host) newSystem(progs map[string]kernel.Program) *kernel.System {
	s := kernel.Boot(h.FS, h.room.Clock, 1200+h.dice(fmt.Sprint("pid", h.boots)).IntN(30000))
	s.Programs, s.Host, s.Static = progs, h, h.daemons
	s.Panicked = func(p *kernel.Proc, v any, stack []byte) {
		if h.room.Panicked != nil {
			h.room.Panicked(h.Name, p, v, stack)
		}
	}
	return s
}

// uuid is the boot_id of the n-th boot.
func (h *Host) uuid(n int) string {
	r := dice(h.room.Seed, h.Name, fmt.Sprint("boot", n))
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], r.Uint64())
	binary.BigEndian.PutUint64(b[8:], r.Uint64())
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// System is the boot that runs now, or nil while the host is off.
func (h *Host) System() *kernel.System {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.off {
		return nil
	}
	return h.sys
}

// Now is lab time.
func (h *Host) Now() time.Time { return h.room.Clock.Now() }

// BootID identifies the boot.
func (h *Host) BootID() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bootID
}

// Boots counts how often the host was started since the lab was.
func (h *Host) Boots() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.boots
}

// KernelRelease is uname -r.
func (h *Host) KernelRelease() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.kernel
}

// SetFault switches a fault on, or off with ok false.
func (h *Host) SetFault(name, value string, on bool) {
	h.faultMu.Lock()
	if on {
		h.faults[name] = value
	} else {
		delete(h.faults, name)
	}
	h.faultMu.Unlock()
	h.applyFault(name, value, on)
}

// Fault tells whether a fault is on, and its value.
func (h *Host) Fault(name string) (string, bool) {
	h.faultMu.Lock()
	defer h.faultMu.Unlock()
	v, ok := h.faults[name]
	return v, ok
}

// PowerOff ends everything at once.
func (h *Host) PowerOff() {
	h.mu.Lock()
	h.off = true
	s := h.sys
	h.mu.Unlock()
	s.PowerOff()
}

// Wait returns when nothing runs on the host any more. Call it after PowerOff.
func (h *Host) Wait() {
	h.mu.Lock()
	s := h.sys
	h.mu.Unlock()
	s.Wait()
}

// PowerOn starts the host again, with the newest kernel that is installed.
func (h *Host) PowerOn() {
	_, progs := h.room.base(h.D)
	h.mu.Lock()
	if !h.off {
		h.mu.Unlock()
		return
	}
	old := h.sys
	h.mu.Unlock()
	old.Wait() // the last boot's goroutines end before the next one's begin
	h.FS.Revert("run")
	h.FS.Revert("tmp")
	h.FS.Revert("dev")
	h.mu.Lock()
	h.boots++
	h.bootID = h.uuid(h.boots)
	h.bootAt = h.Now()
	h.startedAt = h.bootAt.Add(time.Duration(4+h.dice(fmt.Sprint("start", h.boots)).IntN(5)) * time.Second)
	h.kernel = h.newestKernel()
	h.stopped, h.restarted = map[string]bool{}, map[string]time.Time{}
	h.units = map[string]*kernel.Proc{}
	if h.lock != nil && h.lock.proc != nil {
		h.lock = nil
	}
	h.failed = map[string]bool{}
	for _, u := range h.T.FailedUnits {
		h.failed[u] = true // what is broken fails again
	}
	h.sys = h.newSystem(progs)
	h.off = false
	h.mu.Unlock()
	h.furnish()
}

// Reboot takes the host down and brings it back some seconds later. It returns at once.
func (h *Host) Reboot(after time.Duration) {
	h.room.wg.Add(1)
	go func() {
		defer h.room.wg.Done()
		if !h.room.sleep(after) || h.System() == nil {
			return
		}
		h.log("systemd", "systemd[1]: Reached target reboot.target - System Reboot.", 6)
		h.PowerOff()
		if _, never := h.Fault("never-returns"); never || h.diesIn("reboot") {
			return
		}
		away := time.Duration(15+h.dice("away").IntN(20)) * time.Second
		if v, ok := h.Fault("slow-reboot"); ok {
			if d, err := time.ParseDuration(v); err == nil {
				away = d
			}
		}
		if h.room.sleep(away) {
			h.PowerOn()
		}
	}()
}

// Halt takes the host down for good.
func (h *Host) Halt(after time.Duration) {
	h.room.wg.Add(1)
	go func() {
		defer h.room.wg.Done()
		if h.room.sleep(after) {
			h.PowerOff()
		}
	}()
}

// sleep waits for lab time; false when the room closes.
func (r *Room) sleep(d time.Duration) bool {
	t := time.NewTimer(r.Clock.Real(d))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.closed:
		return false
	}
}
