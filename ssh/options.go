package ssh

import (
	"os"
	"os/user"
	"time"

	"tend/inventory"
)

// Options is what a Client is made of. The zero Options behaves as ssh does for the user who runs it.
type Options struct {
	ConfigFiles []string // nil = ~/.ssh/config and /etc/ssh/ssh_config; empty but not nil = none
	KnownHosts  []string // nil = what ssh_config says, or OpenSSH's defaults; Host.KnownHosts overrides it per host
	Identity    []string // key files to offer first; Host.Identity overrides it per host
	AgentSocket string   // stands for $SSH_AUTH_SOCK, so ssh_config's IdentityAgent outranks it; "" = from Getenv; "none" = no agent
	Home        string   // what ~ means; "" = OwnHome
	Getenv      func(string) string
	// Prompter is asked for passphrases, passwords, codes and unknown host keys. nil = nobody can be asked.
	Prompter Prompter
	// Nameservers are asked for SSHFP records, as address:port, where VerifyHostKeyDNS says so; nil = those of /etc/resolv.conf.
	Nameservers []string
	// Hosts finds the inventory's host of a name, for jump chains that name one. nil = jump names are ssh_config's.
	Hosts func(inventory.HostID) (inventory.Host, bool)
	// Warn hears, once each, of what was skipped: an unreadable key file, a torn known_hosts line. It may be called from any
	// goroutine. nil = only Warnings tells.
	Warn func(Warning)
	// Dials limits how many handshakes run at once, 0 = 64: that many hide a wide area's delay, and more only wait for the CPU.
	// DialsPerAddr limits them for one address and port, 0 = 6: sshd refuses at random from the tenth on (MaxStartups 10:30:100).
	Dials, DialsPerAddr int
	// Files is how many open files the connections may take, 0 = what this process's own limit leaves (ulimit -n). Beyond it,
	// connections that rest are ended for others.
	Files int
	// ConnectTimeout is for TCP (default 10 s, or ssh_config's), AuthTimeout for handshake and login, without the time that a
	// question waits for its answer (default 20 s). A keepalive goes out when a link was silent for KeepaliveInterval (15 s, or
	// ServerAliveInterval); after KeepaliveCount silent intervals (3) the link is lost.
	ConnectTimeout, AuthTimeout, KeepaliveInterval time.Duration
	KeepaliveCount                                 int
}

// Warning is something that was passed over; it reads as one escaped line.
type Warning struct {
	Host inventory.HostID // "" where it concerns no single host
	Text string
}

func (o Options) filled() Options {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Home == "" {
		o.Home = OwnHome()
	}
	setDefault(&o.Dials, 64)
	setDefault(&o.DialsPerAddr, 6)
	setDefault(&o.AuthTimeout, 20*time.Second)
	if o.Prompter == nil {
		o.Prompter = askpass(o.Getenv)
	}
	return o
}

func setDefault[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// OwnHome is where a user lives for whom HOME says nothing: as OpenSSH, what the system's list of users says (ssh(1), FILES). It is never the
// directory that we happen to be in: one that came from elsewhere could bring an .ssh/config of its own.
func OwnHome() string {
	if h, err := os.UserHomeDir(); err == nil && h != "" {
		return h
	}
	if u, err := user.Current(); err == nil && u.HomeDir != "" {
		return u.HomeDir
	}
	return "/nonexistent"
}
