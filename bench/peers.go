package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// floor is the yardstick, with so many commands on each connection.
func (r *room) floor(rounds int) contender {
	h, self := r.hosts[0], own()
	name := "floor"
	if rounds > 1 {
		name = fmt.Sprintf("floor, %d commands", rounds)
	}
	return contender{
		name: name, args: []string{self, "floor", h.Identity[0], h.KnownHosts[0], h.User, r.list, "uptime", fmt.Sprint(rounds)},
		answered: number, answers: rounds,
	}
}

// tendRuns is tend with one runbook of so many steps.
func (r *room) tendRuns(name, runbook string, steps int) contender {
	return contender{name: name, args: []string{r.tend, "-i", r.inv, "run", runbook, "--json"}, env: r.state(), answered: ended, answers: steps}
}

// tendOn lists the floor, which is the yardstick, and tend.
func (r *room) tendOn() []contender {
	return []contender{
		r.floor(1), r.tendRuns("tend, journal on", "uptime", 1), r.tendRuns("tend `health`, all checks", "health", 1),
	}
}

// onScreen is tend with its live screen attached.
func (r *room) onScreen() contender {
	return contender{name: "tend, live screen attached", args: []string{own(), "screen", r.tend, r.inv, "uptime"}, env: r.state(), answered: number, answers: 1}
}

func (r *room) state() []string {
	return []string{"XDG_STATE_HOME=" + filepath.Join(r.dir, "state"), "XDG_RUNTIME_DIR=" + filepath.Join(r.dir, "rt"), "SSH_AUTH_SOCK="}
}

// own is this program's file.
func own() string {
	self, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return self
}

// number reads the count that a contender of ours prints.
func number(out string) int {
	k := 0
	_, _ = fmt.Sscan(out, &k)
	return k
}

// ended counts the hosts whose only step has ended, in tend's event lines.
func ended(out string) int { return strings.Count(out, `"kind":"step_ended"`) }

// peers lists the other tools that are installed, each as its manual says it is fastest without further set-up.
func (r *room) peers() []contender {
	h := r.hosts[0]
	options := []string{"-o", "UserKnownHostsFile=" + h.KnownHosts[0], "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-F", "none", "-i", h.Identity[0], "-p", fmt.Sprint(h.Port)}
	login := append(options[:len(options):len(options)], "-l", h.User)
	all := []contender{
		{name: "xargs -P64 ssh", args: append(append([]string{"xargs", "-a", r.names, "-P64", "-I{}", "ssh"}, login...), "{}", "uptime")},
		{name: "pdsh -R ssh", args: []string{"pdsh", "-R", "ssh", "-f", "64", "-l", h.User, "-w", "^" + r.names, "uptime"},
			env: []string{"PDSH_SSH_ARGS_APPEND=" + strings.Join(options, " ")}},
		{name: "parallel-ssh", args: append(append([]string{"parallel-ssh", "-i", "-p", "64", "-l", h.User, "-h", r.names}, dashO(options)...), "uptime")},
		{name: "clush", args: []string{"clush", "-f", "64", "-l", h.User, "-o", strings.Join(options, " "), "--hostfile", r.names, "uptime"}},
		{name: "ansible -m raw -f 64", args: []string{"ansible", "all", "-i", r.names, "-m", "raw", "-a", "uptime", "-f", "64", "-u", h.User, "--ssh-common-args=" + strings.Join(options, " ")},
			env: []string{"ANSIBLE_HOME=" + filepath.Join(r.dir, "ansible"), "ANSIBLE_SSH_ARGS=", "ANSIBLE_NOCOLOR=1"}},
	}
	var here []contender
	for _, c := range all {
		if has(c.args[0]) {
			c.peer, c.answers = true, 1
			if strings.HasPrefix(c.name, "ansible") {
				c.atMost = 2 // a run takes as long as all others together
			}
			c.answered = func(out string) int { return strings.Count(out, "load average") }
			here = append(here, c)
		}
	}
	return here
}

// dashO turns ssh's options into those that parallel-ssh passes on.
func dashO(options []string) []string {
	var out []string
	for i := 0; i < len(options); i += 2 {
		switch options[i] {
		case "-o":
			out = append(out, "-O", options[i+1])
		default:
			out = append(out, "-x", options[i]+" "+options[i+1])
		}
	}
	return out
}

func has(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}
