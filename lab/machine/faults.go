package machine

import (
	"strings"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// roomFor is what the file system asks before it grows: a full disk takes no more data, a read-only one no change.
func (h *Host) roomFor(path string, n int64) error {
	h.faultMu.Lock()
	defer h.faultMu.Unlock()
	if at, ok := h.faults["read-only"]; ok && under(path, or(at, "/")) {
		return vfs.EROFS
	}
	if at, ok := h.faults["disk-full"]; ok && n > 0 && under(path, or(at, "/")) && !under(path, "/run") && !under(path, "/dev/shm") {
		return vfs.ENOSPC
	}
	return nil
}

// stallsIn reports whether the host is to stand still in this phase of its work.
func (h *Host) stallsIn(phase string) bool {
	v, ok := h.Fault("stall-in")
	return ok && v == phase
}

func under(path, dir string) bool {
	return dir == "/" || path == dir || strings.HasPrefix(path, dir+"/")
}

// diesIn reports whether the host is to lose power in this phase of its work ("update", "download", "upgrade", "configure", "reboot").
func (h *Host) diesIn(phase string) bool {
	v, ok := h.Fault("die-in")
	return ok && v == phase
}

// lockHolder is who holds the package manager's lock: a process of the lab, or one that a fault made up.
type lockHolder struct {
	pid  int
	name string
	proc *kernel.Proc
}

// applyFault does what a fault changes at once.
func (h *Host) applyFault(name, value string, on bool) {
	if name == "pending" && on {
		h.setPending(value)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch name {
	case "lock-held":
		if on {
			h.lock = &lockHolder{pid: 1187, name: or(value, map[string]string{"apt": "unattended-upgr", "dnf": "dnf-automatic", "zypper": "zypper"}[h.D.PM])}
			if h.lock.name == "" {
				h.lock.name = h.D.PM
			}
		} else if h.lock != nil && h.lock.proc == nil {
			h.lock = nil
		}
	case "failed-unit":
		h.failed[or(value, "nginx.service")] = on
	case "ntp-off":
		h.T.NTPOff = on
	case "hot":
		h.T.Hot = on
	case "degraded-raid":
		h.T.Degraded, h.T.Mirror = on, true
	case "cert-expired":
		h.T.CertDays = -3
	}
}
