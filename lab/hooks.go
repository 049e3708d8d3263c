package lab

import (
	"fmt"
	"net/netip"

	"tend/lab/vfs"
)

// HostState is what a test may want to know of a host, as only its maker can.
type HostState struct {
	Addr      netip.AddrPort
	Made      bool  // someone has connected to it
	Up        bool  // it is not off or rebooting
	Runs      int64 // sessions that ran a command or a shell
	Processes int   // live ones, daemons not counted
	BootID    string
	Boots     int // reboots since the lab began
	Kernel    string
	Pending   int      // updates
	Half      []string // packages that are unpacked and not configured
}

// HostView looks at one host from outside, for tests.
type HostView struct {
	l *Lab
	e *entry
}

// Host finds a host by name.
func (l *Lab) Host(name string) (HostView, bool) {
	e, ok := l.byName[name]
	return HostView{l, e}, ok
}

// State is a snapshot. It makes the host where nobody has connected to it yet.
func (v HostView) State() HostState {
	made := v.e.made() != nil
	m := v.l.machine(v.e)
	s := HostState{Addr: v.e.addr, Made: made, Runs: m.Runs.Load(), BootID: m.BootID(), Boots: m.Boots(), Kernel: m.KernelRelease(), Pending: m.PendingCount(), Half: m.HalfNames()}
	if sys := m.System(); sys != nil {
		s.Up, s.Processes = true, sys.Count()
	}
	return s
}

// Runs is how often a session ran a command there.
func (v HostView) Runs() int64 { return v.l.machine(v.e).Runs.Load() }

// ReadFile and WriteFile reach the host's disk as root.
func (v HostView) ReadFile(path string) ([]byte, error) {
	return v.l.machine(v.e).FS.ReadFile(vfs.Cred{}, "/", path)
}

func (v HostView) WriteFile(path string, mode uint16, data []byte) error {
	return v.l.machine(v.e).FS.WriteFile(path, mode, data)
}

// Reboot restarts the host, as if someone had pulled and pushed its plug.
func (v HostView) Reboot() { v.l.machine(v.e).Reboot(0) }

// PowerOn starts a host that is off.
func (v HostView) PowerOn() { v.l.machine(v.e).PowerOn() }

// Cut drops the host's connections.
func (v HostView) Cut() { v.e.cut() }

// String names the host.
func (v HostView) String() string { return fmt.Sprint(v.e.inv.Name) }

// Dead reports whether the host says nothing, by its seed or by a fault.
func (v HostView) Dead() bool { return dead(v.l.machine(v.e)) }
