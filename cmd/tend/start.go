package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"tend/inventory"
	"tend/journal"
	"tend/remote"
	"tend/runner"
)

// road is what the run's process must know to wire its SSH client as this process would.
type road struct {
	Home        string `json:"home,omitempty"`
	AgentSocket string `json:"agent_socket,omitempty"`
	// Jumps are the inventory's hosts that others are reached through.
	Jumps []inventory.Host `json:"jumps,omitempty"`
	// JobRoot is where jobs and leases lie on hosts, where it is not the usual place: $TEND_JOB_ROOT. All consoles that share hosts
	// must agree on it.
	JobRoot string `json:"job_root,omitempty"`
	// Keepless are hosts that are said not to keep a detached step: one that keeps it clears itself.
	Keepless []inventory.HostID `json:"keepless,omitempty"`
	// Seal, SealKey and Redact are the operator's settings about the record.
	Seal    bool     `json:"seal,omitempty"`
	SealKey string   `json:"seal_key,omitempty"`
	Redact  []string `json:"redact,omitempty"`
}

// place says where jobs and leases lie on hosts.
func (r road) place(o *remote.Options) {
	if r.JobRoot != "" {
		o.Root, o.Lease = r.JobRoot, r.JobRoot+".lease"
	}
}

// how says who is there to answer the run's questions.
type how struct {
	interactive, hostKeys bool
	reason, ticket        string
	plan                  *journal.Maintenance // that the run is part of
	keepless              []inventory.HostID
}

// start opens a run in a process of its own and returns once it is durable.
func (a *app) start(ctx context.Context, p prepared, h how) (journal.RunID, error) {
	if err := p.plan.Owed(h.reason, h.ticket); err != nil {
		return "", bad(err)
	}
	run := journal.NewRunID(a.now())
	h.keepless = a.doubted(ctx, &p.plan)
	c, err := a.commission(run, h, p.inv)
	if err != nil {
		return "", err
	}
	if err := a.recordable(p.plan); err != nil {
		return "", err
	}
	own, err := a.settings()
	if err != nil {
		return "", err
	}
	keep := redactorOf(own.Journal.Redact)
	h.reason, h.ticket = keep.String(h.reason), keep.String(h.ticket)
	p.inv.Path = absolute(p.inv.Path)
	c.Accepted, c.Secrets = a.accepted(ctx, p, h), p.secrets
	return run, a.spawn(ctx, c)
}

// resume takes up a run whose process is gone.
func (a *app) resume(ctx context.Context, run journal.RunID, h how) error {
	if err := a.elsewhere(run); err != nil {
		return err
	}
	inv, err := a.load()
	if err != nil {
		inv = nil // the run's hosts stand in its journal; only jump hosts that the inventory names are missed
	}
	c, err := a.commission(run, h, inv)
	if err != nil {
		return err
	}
	return a.spawn(ctx, c)
}

func (a *app) commission(run journal.RunID, h how, inv *inventory.Inventory) (runner.Commission, error) {
	dir, err := a.journalDir()
	if err != nil {
		return runner.Commission{}, err
	}
	own, err := a.settings()
	if err != nil {
		return runner.Commission{}, err
	}
	settings, err := json.Marshal(road{
		Home: a.getenv("HOME"), AgentSocket: a.getenv("SSH_AUTH_SOCK"), JobRoot: a.getenv("TEND_JOB_ROOT"), Jumps: jumps(inv), Keepless: h.keepless,
		Seal: own.Journal.Seal, SealKey: own.Journal.SealKey, Redact: own.Journal.Redact,
	})
	if err != nil {
		return runner.Commission{}, err
	}
	return runner.Commission{
		Run: run, Origin: a.origin(), Journal: dir, Socket: runner.SocketPath(a.runtimeDir(), dir, run),
		Interactive: h.interactive, HostKeys: h.hostKeys, Road: settings,
	}, nil
}

func (a *app) spawn(ctx context.Context, c runner.Commission) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program's own file: %w", err)
	}
	log, err := a.logPath(c.Run)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(log), 0o700); err != nil {
		return bad(err)
	}
	return runner.Spawn(ctx, exe, []string{"runner"}, c, log)
}

// logPath is where the run's process says what it cannot say in the journal.
func (a *app) logPath(run journal.RunID) (string, error) {
	state, err := a.stateDir()
	return filepath.Join(state, "log", string(run)+".log"), err
}

// jumps are the hosts that some host's jump chain names.
func jumps(inv *inventory.Inventory) []inventory.Host {
	if inv == nil {
		return nil
	}
	var out []inventory.Host
	seen := map[string]bool{}
	for _, h := range inv.Hosts {
		for _, j := range h.Jump {
			if via, ok := inv.Host(inventory.HostID(j)); ok && !seen[j] {
				seen[j] = true
				out = append(out, via)
			}
		}
	}
	return out
}

// find looks a jump host up.
func (r road) find(name inventory.HostID) (inventory.Host, bool) {
	for _, h := range r.Jumps {
		if h.Name == name {
			return h, true
		}
	}
	return inventory.Host{}, false
}

// client talks to the run's process.
func (a *app) client(run journal.RunID) (*runner.Client, error) {
	dir, err := a.journalDir()
	if err != nil {
		return nil, err
	}
	return runner.Dial(a.runtimeDir(), dir, run), nil
}
