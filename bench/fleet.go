package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"tend/inventory"
)

// readOnly is a runbook that does what the floor does: one command that only reads.
const readOnly = `name = "uptime"
title = "One command that only reads"
risk = "read"
[[step]]
id = "uptime"
kind = "check"
risk = "read"
script = "uptime"
`

// room is a served fleet and what every contender needs to know of it.
type room struct {
	dir, tend, list, names string
	hosts                  []inventory.Host
	lab                    *exec.Cmd
}

// fleetOf serves n hosts and lets all contenders work on them in turn.
func fleetOf(ctx context.Context, dir, tend string, n, runs int, w io.Writer) error {
	r, err := open(ctx, filepath.Join(dir, fmt.Sprint(n)), tend, n)
	if err != nil {
		return err
	}
	defer r.close()
	all := r.contenders(n)
	got := make([][]figure, len(all))
	for range runs {
		for i, c := range all {
			f, err := measure(ctx, c, n, r.lab.Process.Pid)
			if err != nil {
				return err
			}
			got[i] = append(got[i], f)
		}
	}
	for i, c := range all {
		row(w, n, c.name, got[i], got[0])
	}
	return nil
}

func open(ctx context.Context, dir, tend string, n int) (*room, error) {
	if err := os.MkdirAll(filepath.Join(dir, "lab", "runbooks"), 0o700); err != nil {
		return nil, err
	}
	r := &room{dir: dir, tend: tend}
	inv := filepath.Join(dir, "fleet.toml")
	if err := os.WriteFile(inv, []byte(fleetTOML(n)), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "lab", "runbooks", "uptime.toml"), []byte(readOnly), 0o600); err != nil {
		return nil, err
	}
	r.lab = exec.CommandContext(ctx, tend, "lab", "-i", inv, "--dir", filepath.Join(dir, "lab"), "--speed", "1000")
	r.lab.Stderr = os.Stderr
	out, err := r.lab.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.lab.Start(); err != nil {
		return nil, err
	}
	var ready [1]byte
	if _, err := out.Read(ready[:]); err != nil {
		return nil, fmt.Errorf("the lab did not start: %w", err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the lab
	return r, r.read()
}

func (r *room) read() error {
	inv, err := inventory.Load(filepath.Join(r.dir, "lab", "inventory.toml"))
	if err != nil {
		return err
	}
	r.hosts = inv.Hosts
	var list, names strings.Builder
	for _, h := range r.hosts {
		fmt.Fprintf(&list, "%s:%d\n", h.Addr, h.Port)
		fmt.Fprintf(&names, "%s\n", h.Addr)
	}
	r.list, r.names = filepath.Join(r.dir, "list"), filepath.Join(r.dir, "names")
	if err := os.WriteFile(r.list, []byte(list.String()), 0o600); err != nil {
		return err
	}
	return os.WriteFile(r.names, []byte(names.String()), 0o600)
}

func (r *room) close() {
	_ = r.lab.Process.Kill()
	_ = r.lab.Wait()
}

// fleetTOML is an inventory of n healthy hosts, up to 200 a rack.
func fleetTOML(n int) string {
	var b strings.Builder
	b.WriteString("[defaults]\nuser = \"ops\"\ntags = [\"healthy\"]\n[[site]]\nname = \"bench\"\n")
	for rack := 0; n > 0; rack++ {
		k := min(n, 200)
		fmt.Fprintf(&b, "[[site.rack]]\nname = \"r%03d\"\nunits = 42\n[[site.rack.host]]\nname = \"b%03d-[001-%03d]\"\naddr = \"10.9.%d.[1-%d]\"\nos = \"debian-12\"\n", rack, rack, k, rack, k)
		n -= k
	}
	return b.String()
}

// contenders lists those that are there. The first is the yardstick.
func (r *room) contenders(n int) []contender {
	h := r.hosts[0]
	key, known := h.Identity[0], h.KnownHosts[0]
	lines := func(out string) int { return strings.Count(out, "load average") }
	self, _ := os.Executable()
	state := "XDG_STATE_HOME=" + filepath.Join(r.dir, "state")
	inv := filepath.Join(r.dir, "lab", "inventory.toml")
	opts := []string{"-p", fmt.Sprint(h.Port), "-l", h.User, "-i", key, "-o", "UserKnownHostsFile=" + known, "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-F", "none"}
	all := []contender{
		{name: "floor", args: []string{self, "floor", key, known, h.User, r.list, "uptime"}, answered: func(out string) int {
			k := 0
			_, _ = fmt.Sscan(out, &k)
			return k
		}},
		{name: "tend, journal on", args: []string{r.tend, "-i", inv, "run", "uptime", "--json"}, env: []string{state}, answered: ended},
		{name: "tend health, all checks", args: []string{r.tend, "-i", inv, "run", "health", "--json"}, env: []string{state}, answered: ended},
	}
	if n <= 200 && has("xargs") && has("ssh") {
		all = append(all, contender{name: "xargs -P64 ssh", answered: lines,
			args: append(append([]string{"xargs", "-a", r.names, "-P64", "-I{}", "ssh"}, opts...), "{}", "uptime")})
	}
	if n <= 200 && has("clush") {
		all = append(all, contender{name: "clush", answered: lines,
			args: []string{"clush", "-f", "64", "-o", strings.Join(opts, " "), "--hostfile", r.names, "-a", "uptime"}})
	}
	return all
}

// ended counts the hosts whose only step has ended, in tend's event lines.
func ended(out string) int { return strings.Count(out, `"kind":"step_ended"`) }

func has(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}
