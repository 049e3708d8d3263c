package machine

import (
	"fmt"

	"time"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// Login is a session that someone has open.
type Login struct {
	User, TTY, From string
	At              time.Time
	ID              string
}

// Logins lists the terminal sessions.
func (h *Host) Logins() []Login {
	s := h.System()
	if s == nil {
		return nil
	}
	var out []Login
	for _, i := range s.List() {
		p := s.Get(i.PID)
		if p == nil || p.SID() != p.PID {
			continue
		}
		if tty := p.TTY(); tty != nil {
			out = append(out, Login{User: h.User(), TTY: tty.Name, From: "10.0.0.9", At: p.Start, ID: p.Login()})
		}
	}
	return out
}

// Session starts a login's process: the user's shell, with the environment that sshd gives. It is nil where the host is off, or
// has no such user.
func (h *Host) Session(user string, argv []string, tty *kernel.TTY, env []string) (*kernel.Proc, error) {
	s := h.System()
	if s == nil {
		return nil, vfs.ESRCH
	}
	cred, home := vfs.Cred{UID: 1000, GID: 1000, Groups: []int{1000, 4, 27, 10, 999}}, "/home/"+user
	switch {
	case user == "root":
		cred, home = vfs.Cred{Groups: []int{0}}, "/root"
	case user != h.User():
		return nil, vfs.ENOENT
	}
	full := append([]string{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/games", "HOME=" + home, "USER=" + user, "LOGNAME=" + user, "SHELL=" + h.D.LoginShell,
		"SSH_CONNECTION=10.0.0.9 51234 " + h.address() + " 22", "SSH_CLIENT=10.0.0.9 51234 22"}, env...)
	if h.D.Systemd {
		full = append(full, fmt.Sprintf("XDG_RUNTIME_DIR=/run/user/%d", cred.UID))
	}
	if tty != nil {
		full = append(full, "SSH_TTY=/dev/"+tty.Name, "TERM=xterm-256color")
	}
	p, err := s.New(argv, cred, full, home)
	if err != nil {
		return nil, err
	}
	p.SetTTY(tty)
	p.SetLogin(fmt.Sprint(h.logins.Add(1)))
	h.Runs.Add(1)
	return p, nil
}

// Logout is what logind does when a session has closed: a user's own systemd ends with his last session unless he lingers, and
// with KillUserProcesses all that the session left behind is killed.
func (h *Host) Logout(login string, uid int) {
	s := h.System()
	if s == nil || h.lingers(h.User()) {
		return
	}
	manager := userManagerName(uid)
	var left, units []*kernel.Proc
	others := false
	for _, i := range s.List() {
		switch p := s.Get(i.PID); {
		case p == nil || p.Login() == "":
		case p.Login() == login:
			left = append(left, p)
		case p.Login() == manager:
			units = append(units, p)
		case i.UID == uid:
			others = true
		}
	}
	if !others {
		left = append(left, units...)
	}
	for _, p := range left {
		if h.killsUsers() || p.Login() == manager {
			p.Signal(kernel.SIGKILL)
		}
	}
}

func userManagerName(uid int) string { return fmt.Sprintf("user@%d", uid) }
