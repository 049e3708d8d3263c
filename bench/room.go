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
	dir, tend   string
	inv         string // the inventory's file
	list, names string // files: an address:port a line, an address a line
	hosts       []inventory.Host
	server      *exec.Cmd
}

// lab serves n simulated hosts.
func lab(ctx context.Context, dir, tend string, n int) (*room, error) {
	if err := os.MkdirAll(filepath.Join(dir, "lab", "runbooks"), 0o700); err != nil {
		return nil, err
	}
	r := &room{dir: dir, tend: tend, inv: filepath.Join(dir, "lab", "inventory.toml")}
	fleet := filepath.Join(dir, "fleet.toml")
	if err := os.WriteFile(fleet, []byte(fleetTOML(n)), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "lab", "runbooks", "uptime.toml"), []byte(readOnly), 0o600); err != nil {
		return nil, err
	}
	r.server = exec.CommandContext(ctx, tend, "lab", "-i", fleet, "--dir", filepath.Join(dir, "lab"), "--speed", "1000")
	r.server.Stderr = os.Stderr
	out, err := r.server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.server.Start(); err != nil {
		return nil, err
	}
	var ready [1]byte
	if _, err := out.Read(ready[:]); err != nil {
		return nil, fmt.Errorf("the lab did not start: %w", err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the lab
	return r, r.read()
}

// read loads the inventory and writes the lists that the peers want.
func (r *room) read() error {
	inv, err := inventory.Load(r.inv)
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
	_ = r.server.Process.Kill()
	_ = r.server.Wait()
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
