package machine

import (
	"fmt"
	"strings"
	"time"

	"tend/lab/kernel"
	"tend/lab/userland"
	"tend/lab/vfs"
)

// Password is the one that the lab's hosts take, where a fault makes sudo ask.
const Password = "lab"

// asks reports whether becoming root needs a password here.
func (h *Host) asks() bool {
	_, on := h.Fault("sudo-password")
	return on || !h.T.NoPassword
}

// become turns p into user, with the environment that sudo gives.
func become(p *kernel.Proc, u userland.User, keep []string) {
	from := userland.UserName(p, p.Cred.UID)
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + u.Home, "LOGNAME=" + u.Name, "USER=" + u.Name,
		"SHELL=" + u.Shell, "SUDO_USER=" + from, fmt.Sprintf("SUDO_UID=%d", p.Cred.UID), fmt.Sprintf("SUDO_GID=%d", p.Cred.GID)}
	for _, k := range append([]string{"TERM", "LANG", "LC_ALL"}, keep...) {
		if v := p.Getenv(k); v != "" {
			env = append(env, k+"="+v)
		}
	}
	p.Env = env
	p.SetCred(u.Cred())
}

// Sudo runs a command as another user: -n -S -p -u -g -H -E -i -s -k -v -l -b --, and NAME=value words.
func Sudo(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "+nSp:u:g:HEiskvlbKA", map[string]byte{"non-interactive": 'n', "stdin": 'S', "prompt": 'p', "user": 'u', "login": 'i', "shell": 's',
		"preserve-env": 'E', "set-home": 'H', "validate": 'v', "list": 'l', "reset-timestamp": 'k', "background": 'b', "group": 'g'})
	if !ok {
		fmt.Fprintln(p.Stderr(), "usage: sudo -h | -K | -k | -V")
		return 1
	}
	rest := t.Args()
	target, ok := userland.LookupUser(p, or(t.Val('u'), "root"))
	if !ok {
		fmt.Fprintf(p.Stderr(), "sudo: unknown user %s\nsudo: error initializing audit plugin sudoers_audit\n", t.Val('u'))
		return 1
	}
	if p.Cred.UID != 0 && h.asks() && !(len(rest) == 0 && t.Has("k")) {
		if status := h.authenticate(t); status != 0 {
			return status
		}
	}
	if t.Has("kvKl") && len(rest) == 0 {
		if t.Has("l") {
			fmt.Fprintf(p.Stdout(), "User %s may run the following commands on %s:\n    (ALL : ALL) NOPASSWD: ALL\n", userland.UserName(p, p.Cred.UID), h.Name)
		}
		return 0
	}
	var assigns []string
	for len(rest) > 0 && strings.Contains(rest[0], "=") && rest[0][0] != '/' {
		assigns = append(assigns, rest[0])
		rest = rest[1:]
	}
	if t.Has("is") {
		if len(rest) == 0 {
			rest = []string{target.Shell}
		} else {
			rest = []string{target.Shell, "-c", strings.Join(rest, " ")}
		}
	}
	if len(rest) == 0 {
		fmt.Fprintln(p.Stderr(), "usage: sudo -h | -K | -k | -V")
		return 1
	}
	become(p, target, kept(t))
	for _, a := range assigns {
		k, v, _ := strings.Cut(a, "=")
		p.Setenv(k, v)
	}
	if t.Has("i") {
		p.Cwd = target.Home
	}
	status, err := p.Exec(rest)
	if err != nil {
		fmt.Fprintf(p.Stderr(), "sudo: %s: %s\n", rest[0], sudoErr(err))
		return 1
	}
	return status
}

// kept are the variables that -E hands on.
func kept(t *userland.Tool) (names []string) {
	if t.Has("E") {
		for _, e := range t.Proc().Env {
			k, _, _ := strings.Cut(e, "=")
			names = append(names, k)
		}
	}
	return names
}

func sudoErr(err error) string {
	if err == vfs.ENOENT {
		return "command not found"
	}
	return strings.ToLower(err.Error())
}

// authenticate asks for the password up to three times, on the terminal or, with -S, on standard input.
func (h *Host) authenticate(t *userland.Tool) int {
	p := t.Proc()
	if t.Has("n") {
		fmt.Fprintln(p.Stderr(), "sudo: a password is required")
		return 1
	}
	user := userland.UserName(p, p.Cred.UID)
	prompt := strings.NewReplacer("%p", user, "%u", or(t.Val('u'), "root"), "%h", h.Name, "%%", "%").Replace(or(t.Val('p'), "[sudo] password for %p: "))
	if p.TTY() == nil && !t.Has("S") {
		fmt.Fprintln(p.Stderr(), "sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\nsudo: a password is required")
		return 1
	}
	for try := range 3 {
		fmt.Fprint(p.Stderr(), prompt)
		var line []byte
		var err error
		if t.Has("S") || p.TTY() == nil {
			line, err = readLine(p)
		} else {
			line, err = p.TTY().Secret(p)
		}
		if err != nil || p.Dead() {
			if try == 0 {
				fmt.Fprintln(p.Stderr(), "\nsudo: no password was provided\nsudo: a password is required")
			} else {
				fmt.Fprintf(p.Stderr(), "\nsudo: no password was provided\nsudo: %d incorrect password attempt\n", try)
			}
			return 1
		}
		if strings.TrimRight(string(line), "\r\n") == Password {
			if p.TTY() != nil && !t.Has("S") {
				fmt.Fprintln(p.Stderr())
			}
			return 0
		}
		p.Sleep(2 * time.Second)
		if try < 2 {
			fmt.Fprintln(p.Stderr(), "Sorry, try again.")
		}
	}
	fmt.Fprintln(p.Stderr(), "sudo: 3 incorrect password attempts")
	return 1
}

// readLine reads standard input a byte at a time, so that what follows is left for the command.
func readLine(p *kernel.Proc) ([]byte, error) {
	var out []byte
	var b [1]byte
	for len(out) < 4096 {
		n, err := p.Read(0, b[:])
		if err != nil {
			return out, err
		}
		if n == 0 {
			if len(out) == 0 {
				return nil, vfs.EIO
			}
			return out, nil
		}
		if b[0] == '\n' {
			break
		}
		out = append(out, b[0])
	}
	return out, nil
}

// Doas is OpenBSD's small sudo: -n -u USER command.
func Doas(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "+nu:sL", nil)
	if !ok || len(t.Args()) == 0 && !t.Has("s") {
		fmt.Fprintln(p.Stderr(), "usage: doas [-Lns] [-C config] [-u user] command [args]")
		return 1
	}
	target, ok := userland.LookupUser(p, or(t.Val('u'), "root"))
	if !ok {
		fmt.Fprintln(p.Stderr(), "doas: unknown user")
		return 1
	}
	if p.Cred.UID != 0 && h.asks() {
		if t.Has("n") || p.TTY() == nil {
			fmt.Fprintln(p.Stderr(), "doas: Authentication required")
			return 1
		}
		fmt.Fprintf(p.Stderr(), "doas (%s@%s) password: ", userland.UserName(p, p.Cred.UID), h.Name)
		if line, err := p.TTY().Secret(p); err != nil || strings.TrimRight(string(line), "\r\n") != Password {
			fmt.Fprintln(p.Stderr(), "\ndoas: Authentication failed")
			return 1
		}
	}
	rest := t.Args()
	if t.Has("s") {
		rest = []string{target.Shell}
	}
	become(p, target, nil)
	status, err := p.Exec(rest)
	if err != nil {
		fmt.Fprintf(p.Stderr(), "doas: %s: %s\n", rest[0], sudoErr(err))
		return 1
	}
	return status
}

// Su runs a shell as another user: su [-] [user] [-c command].
func Su(h *Host, p *kernel.Proc, args []string) int {
	t, ok := userland.Start(p, args, "c:s:lmp", map[string]byte{"command": 'c', "login": 'l', "shell": 's', "preserve-environment": 'm'})
	if !ok {
		return 1
	}
	name, login := "root", t.Has("l")
	for _, a := range t.Args() {
		if a == "-" {
			login = true
		} else {
			name = a
			break
		}
	}
	target, ok := userland.LookupUser(p, name)
	if !ok {
		fmt.Fprintf(p.Stderr(), "su: user %s does not exist or the user entry does not contain all the required fields\n", name)
		return 1
	}
	if p.Cred.UID != 0 {
		fmt.Fprint(p.Stderr(), "Password: ")
		var line []byte
		var err error
		if p.TTY() != nil {
			line, err = p.TTY().Secret(p)
		} else {
			line, err = readLine(p)
		}
		if err != nil || strings.TrimRight(string(line), "\r\n") != Password {
			p.Sleep(time.Second)
			fmt.Fprintln(p.Stderr(), "\nsu: Authentication failure")
			return 1
		}
		fmt.Fprintln(p.Stderr())
	}
	become(p, target, nil)
	if login {
		p.Cwd = target.Home
	}
	argv := []string{or(t.Val('s'), target.Shell)}
	if c := t.Val('c'); c != "" {
		argv = append(argv, "-c", c)
	}
	return p.ExecOr("su", argv)
}
