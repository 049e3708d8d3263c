package main

import (
	"context"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
	"tend/ssh"
	"tend/ssh/knownhosts"
	"tend/ui"
)

// maxSocket is how long a Unix socket's path may be where it may be longest for all systems (sockaddr_un, 104 with its NUL).
const maxSocket = 103

func (a *app) lookSockets(context.Context) []symptom {
	dir := a.runtimeDir()
	name := filepath.Join(dir, strings.Repeat("x", 32)+".sock")
	switch info, err := os.Stat(dir); {
	case len(name) > maxSocket:
		return []symptom{fails("sockets", "set XDG_RUNTIME_DIR to a shorter directory", "%s is too long a path for the runs' sockets", dir)}
	case err == nil && info.Mode().Perm()&0o077 != 0:
		return []symptom{fails("sockets", "chmod 700 "+dir, "others may enter %s, where the runs' sockets are", dir)}
	}
	return []symptom{ok("sockets", "%s", dir)}
}

// lookAgent asks the agent for its keys, and no more.
func (a *app) lookAgent(ctx context.Context) []symptom {
	path := a.getenv("SSH_AUTH_SOCK")
	if path == "" {
		return []symptom{warns("agent", "eval $(ssh-agent), ssh-add; or use key files", "SSH_AUTH_SOCK is not set: there is no agent")}
	}
	n, err := ssh.AgentKeys(ctx, path)
	switch {
	case err != nil:
		return []symptom{fails("agent", "start it, or unset SSH_AUTH_SOCK", "%s: %s", path, err)}
	case n == 0:
		return []symptom{warns("agent", "ssh-add; a locked agent shows no keys either: ssh-add -X", "the agent holds no key")}
	case n > 5:
		return []symptom{warns("agent", "name the right one per host: IdentityFile and IdentitiesOnly yes", "the agent holds %d keys, and servers refuse after 6 tries (MaxAuthTries)", n)}
	}
	return []symptom{ok("agent", "%s", plural(n, "key"))}
}

// lookKeys judges the usual key files as ssh would.
func (a *app) lookKeys(context.Context) []symptom {
	var out []symptom
	paths, _ := filepath.Glob(filepath.Join(a.home(), ".ssh", "id_*"))
	for _, p := range paths {
		if strings.HasSuffix(p, ".pub") {
			continue
		}
		info, err := os.Stat(p)
		data, rerr := os.ReadFile(p)
		block, _ := pem.Decode(data)
		switch {
		case err != nil || rerr != nil:
			out = append(out, fails("key", "ls -l "+p, "%s cannot be read", p))
		case info.Mode().Perm()&0o077 != 0:
			out = append(out, fails("key", "chmod 600 "+p, "%s may be read by others (mode %04o), and is refused", p, info.Mode().Perm()))
		case block == nil:
		default:
			out = append(out, ok("key", "%s, %s", p, lockedWord(data)))
		}
	}
	if len(out) == 0 {
		return []symptom{ok("key", "no key files in ~/.ssh: the agent's are used, and those that ssh_config or the inventory names")}
	}
	return out
}

func lockedWord(data []byte) string {
	if ssh.KeyLocked(data) {
		return "with a passphrase, which is asked for once"
	}
	return "without a passphrase"
}

func (a *app) lookKnownHosts(context.Context) []symptom {
	path := filepath.Join(a.home(), ".ssh", "known_hosts")
	db := knownhosts.Load(path, "/etc/ssh/ssh_known_hosts")
	var out []symptom
	for _, w := range db.Warnings() {
		out = append(out, warns("known hosts", "mend or remove the line", "%s", w))
	}
	if _, err := os.Stat(path); err != nil {
		return append(out, warns("known hosts", "tend host accept HOST FINGERPRINT writes the first line", "there is no %s: a host is unknown, and refused, where no other file is named for it", path))
	}
	if len(out) == 0 {
		out = append(out, ok("known hosts", "%s", path))
	}
	return out
}

// lookConfig reads ssh_config for some hosts of the inventory and repeats what tend passes over in it, once each.
func (a *app) lookConfig(ctx context.Context) []symptom {
	inv, err := a.load()
	if err != nil {
		inv = &inventory.Inventory{}
	}
	hosts := inv.Hosts[:min(len(inv.Hosts), 200)]
	if len(hosts) == 0 {
		hosts = []inventory.Host{{Name: "host.example"}}
	}
	o := a.sshOptions(inv)
	seen := map[string]bool{}
	var out []symptom
	for _, h := range hosts {
		s, err := ssh.Resolve(ctx, h, o)
		if err != nil {
			return append(out, fails("ssh config", hintOf(err), "%s", firstLine(err)))
		}
		for _, w := range s.Warnings {
			if !seen[w] {
				seen[w] = true
				out = append(out, warns("ssh config", "see docs/ssh.md", "%s", w))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, ok("ssh config", "nothing in it that tend passes over, for %s", plural(len(hosts), "host")))
	}
	return out
}

func (a *app) lookTerminal(context.Context) []symptom {
	tier := ui.DetectTier(a.environ(), terminal(a.in) && terminal(a.out))
	text := fmt.Sprintf("TERM=%s, tier %s", a.getenv("TERM"), tier)
	locale := a.getenv("LC_ALL") + a.getenv("LC_CTYPE") + a.getenv("LANG")
	if tier == ui.Full && !strings.Contains(strings.ToUpper(strings.ReplaceAll(locale, "-", "")), "UTF8") {
		return []symptom{warns("terminal", "set LANG=C.UTF-8, or use --tier plain", "%s, and the locale %q is not UTF-8", text, locale)}
	}
	return []symptom{ok("terminal", "%s", text)}
}

// newestRun is the run that began last, as its own clock had it.
func (a *app) newestRun(ctx context.Context) (run journal.RunID, began time.Time) {
	book, err := a.book()
	if err != nil {
		return "", time.Time{}
	}
	defer book.Close()
	runs, err := book.Runs(ctx, journal.Query{Limit: 1})
	if err != nil || len(runs) == 0 {
		return "", time.Time{}
	}
	return runs[0].Run, runs[0].Started
}

func (a *app) lookClock(ctx context.Context) []symptom {
	now := a.now()
	if r, at := a.newestRun(ctx); at.After(now.Add(time.Hour)) {
		return []symptom{fails("clock", "set it; where that run's was wrong, what it found of its hosts counts until then",
			"it says %s, and run %s of the journal began on %s", now.Format(time.RFC3339), r, at.Format(time.RFC3339))}
	}
	if now.Year() < 2026 {
		return []symptom{fails("clock", "set it: certificates and windows go by it", "it says %s", now.Format(time.RFC3339))}
	}
	switch yes, off, known := synchronised(); {
	case !known:
		return []symptom{unknown("clock", "it says %s; this system does not tell whether it is kept right", now.Format(time.RFC3339))}
	case !yes:
		return []symptom{warns("clock", "run chrony, ntpd or systemd-timesyncd", "it says %s, and nothing keeps it right", now.Format(time.RFC3339))}
	default:
		return []symptom{ok("clock", "kept right, to %s", off.Round(time.Millisecond))}
	}
}

// lookLimits counts open files: a host at work takes one, or two through a jump host.
func (a *app) lookLimits(context.Context) []symptom {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return []symptom{unknown("open files", "%s", err)}
	}
	need, most := uint64(2*runbooks.DefaultParallel+64), uint64(l.Max)
	if most < need {
		return []symptom{warns("open files", fmt.Sprintf("ulimit -n %d, or --parallel %d", need, max(1, (int(most)-64)/2)), "at most %d, and %d hosts at once may want %d", most, runbooks.DefaultParallel, need)}
	}
	return []symptom{ok("open files", "up to %d", most)}
}

// lookLinger sees whether systemd kills a user's processes at logout (logind.conf(5), KillUserProcesses).
func (a *app) lookLinger(context.Context) []symptom {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return []symptom{ok("logout", "no systemd: runs go on after a logout")}
	}
	if !killsUserProcesses() {
		return []symptom{ok("logout", "runs go on after a logout")}
	}
	if _, err := os.Stat("/var/lib/systemd/linger/" + a.user()); err == nil {
		return []symptom{ok("logout", "this user lingers: runs go on after a logout")}
	}
	return []symptom{warns("logout", "loginctl enable-linger "+a.user(), "logind ends your processes when you log out, and the runs with them; they can be resumed")}
}

func killsUserProcesses() bool {
	files, _ := filepath.Glob("/etc/systemd/logind.conf.d/*.conf")
	kills := false
	for _, f := range append([]string{"/etc/systemd/logind.conf"}, files...) {
		data, _ := os.ReadFile(f)
		for line := range strings.Lines(string(data)) {
			if k, v, found := strings.Cut(strings.TrimSpace(line), "="); found && strings.TrimSpace(k) == "KillUserProcesses" {
				kills = slices.Contains([]string{"yes", "true", "1", "on"}, strings.ToLower(strings.TrimSpace(v)))
			}
		}
	}
	return kills
}

// lookTools looks for the programs that some features call.
func (a *app) lookTools(ctx context.Context) []symptom {
	if _, err := exec.LookPath("git"); err != nil {
		return []symptom{warns("git", "install git", "not found: runs do not record the inventory's commit")}
	}
	inv, err := a.load()
	if err != nil {
		return []symptom{ok("git", "runs record the inventory's commit, where it lies in a repository")}
	}
	switch ref := reference(ctx, inv); {
	case ref.Commit == "":
		return []symptom{ok("git", "the inventory lies in no repository: runs record the sum of it, and no commit")}
	case ref.Dirty:
		return []symptom{ok("git", "runs record the inventory's commit, %.12s, and that the file is not as it is there", ref.Commit)}
	default:
		return []symptom{ok("git", "runs record the inventory's commit, %.12s", ref.Commit)}
	}
}
