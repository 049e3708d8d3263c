package machine

import (
	"fmt"
	"time"

	"tend/lab/kernel"
	"tend/lab/userland"
	"tend/lab/vfs"
)

// SystemdRun starts a command as a unit of its own, which no login session's end touches.
func SystemdRun(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "+qu:p:GdPtE:r", map[string]byte{"quiet": 'q', "collect": 'G', "unit": 'u', "property": 'p', "user": 'U', "on-active": 'o', "wait": 'W',
		"pipe": 'P', "no-block": 'b', "setenv": 'E', "description": 'D', "scope": 's', "uid": 'i', "slice": 'S', "service-type": 'T', "same-dir": 'd', "system": 'y', "no-ask-password": 'K'})
	if !ok || len(t.Args()) == 0 {
		t.Fail("Command line to execute required.")
		return 1
	}
	if p.Cred.UID != 0 && !t.Has("U") {
		t.Fail("Failed to start transient service unit: Interactive authentication required.")
		return 1
	}
	unit := withSuffix(or(t.Val('u'), fmt.Sprintf("run-u%d", p.PID)))
	path, err := p.Find(t.Args()[0])
	if err != nil {
		t.Fail("Failed to find executable %s: %s", t.Args()[0], err)
		return 203
	}
	var delay time.Duration
	if v := t.Val('o'); v != "" {
		if delay, ok = userland.Span(v); !ok {
			t.Fail("Failed to parse timer value: %s", v)
			return 1
		}
	}
	unitProc, err := newUnit(t, unit)
	if err != nil {
		t.Fail("Failed to start transient service unit: %s", err)
		return 1
	}
	h.mu.Lock()
	h.units[unit] = unitProc
	h.mu.Unlock()
	unitProc.Go(func() int {
		if delay > 0 && !unitProc.Sleep(delay) {
			return 1
		}
		status, err := unitProc.ExecPath(path, t.Args())
		if err != nil {
			return 203
		}
		return status
	})
	if !t.Has("q") {
		fmt.Fprintf(p.Stderr(), "Running as unit: %s\n", unit)
	}
	if t.Has("WP") {
		status, _ := p.WaitFor(unitProc)
		return status
	}
	return 0
}

// newUnit makes the process of a transient unit: no terminal, an almost empty environment, a control group of its own.
func newUnit(t *userland.Tool, unit string) (*kernel.Proc, error) {
	p := t.Proc()
	env := []string{"PATH=" + kernel.DefaultPath, "LANG=C.UTF-8", "INVOCATION_ID=0123456789abcdef"}
	env = append(env, t.All('E')...)
	unitProc, err := p.Sys.New(t.Args(), vfs.Cred{UID: p.Cred.UID, GID: p.Cred.GID, Groups: p.Cred.Groups}, env, "/")
	if err != nil {
		return nil, err
	}
	unitProc.SetLogin(unit)
	if t.Has("U") {
		unitProc.SetLogin(userManagerName(p.Cred.UID))
	}
	for fd := range 3 {
		unitProc.SetFD(fd, kernel.Null())
	}
	if t.Has("P") {
		for fd := range 3 {
			p.Hand(unitProc, fd)
		}
	}
	return unitProc, nil
}

func (h *Host) lingers(user string) bool {
	_, err := h.FS.Stat(vfs.Cred{}, "/", "/var/lib/systemd/linger/"+user)
	return err == nil
}

func (h *Host) killsUsers() bool {
	_, on := h.Fault("kill-user-processes")
	return on
}
