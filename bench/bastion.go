package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// behind measures a fleet behind one bastion, a real sshd: what tend costs against the same hosts reached straight, and how many
// logins and connections the bastion saw.
func behind(ctx context.Context, dir, tend string, n, runs int, w io.Writer) error {
	r, err := lab(ctx, filepath.Join(dir, "inner"), tend, n)
	if err != nil {
		return err
	}
	defer r.close()
	gate, err := openssh(ctx, filepath.Join(dir, "gate"), tend, 1)
	if err != nil {
		return err
	}
	defer gate.close()
	if err := r.put(gate); err != nil {
		return err
	}
	straight := r.tendRuns("straight", "uptime", 1)
	through := r.tendRuns("through one bastion (OpenSSH)", "uptime", 1)
	through.args = []string{r.tend, "-i", r.gated(), "run", "uptime", "!tag=gate", "--json"}
	fmt.Fprintf(w, "\n### %d simulated hosts behind one bastion\n%s", n, columns)
	err = r.compare(ctx, runs, []contender{straight, through}, func(name string, got, yard []figure) {
		row(w, fmt.Sprint(n), n, name, got, yard)
	})
	if err != nil {
		return err
	}
	log, err := os.ReadFile(filepath.Join(gate.dir, "sshd.log"))
	if err != nil {
		return err
	}
	logins := bytes.Count(log, []byte("Accepted publickey"))
	fmt.Fprintf(w, "\nThe bastion counted %d logins in %d runs over %d hosts: %.1f a run. `xargs ssh -J` makes %d a run.\n", logins, runs, n, float64(logins)/float64(runs), n)
	return nil
}

func (r *room) gated() string { return filepath.Join(filepath.Dir(r.inv), "gated.toml") }

// put writes a second inventory of the room, whose hosts are reached through the gate's only host.
func (r *room) put(gate *room) error {
	text, err := os.ReadFile(r.inv)
	if err != nil {
		return err
	}
	g := gate.hosts[0]
	jump := strings.ReplaceAll(string(text), "\nuser = ", "\njump = [\"bastion\"]\nuser = ")
	bastion := fmt.Sprintf("[[host]]\nname = \"bastion\"\nsite = \"bench\"\naddr = %q\nport = %d\nuser = %q\ntags = [\"gate\"]\nidentity = [%q]\nknown_hosts = [%q]\n",
		g.Addr, g.Port, g.User, g.Identity[0], g.KnownHosts[0])
	return os.WriteFile(r.gated(), []byte(jump+"\n"+bastion), 0o600)
}
