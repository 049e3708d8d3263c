package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/ssh"
)

func (a *app) hostCmd() *cobra.Command {
	c := &cobra.Command{
		Use: "host", Short: "Accept a host's key; see or break the lease on it", Args: cobra.NoArgs,
		Example: "  tend host accept db-0712 SHA256:4mQ…",
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.hostAccept(), a.hostLease(), a.hostBreak())
	return c
}

func (a *app) hostAccept() *cobra.Command {
	return &cobra.Command{
		Use: "accept HOST FINGERPRINT", Short: "Write a host's key into known_hosts, where it has this fingerprint", Args: cobra.ExactArgs(2),
		Long: `Connect to the host, see that the key it presents has exactly this fingerprint, and write it into known_hosts. Get the
fingerprint from somewhere else than the network: the host's console, its provider, or whoever installed it
(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub).`,
		Example: "  tend host accept db-0712 SHA256:4mQ7xk0T…",
		RunE: func(c *cobra.Command, args []string) error {
			inv, err := a.load()
			if err != nil {
				return err
			}
			h, err := one(inv, args[0])
			if err != nil {
				return err
			}
			client := ssh.New(a.sshOptions(nil))
			defer client.Close()
			if err := client.Accept(c.Context(), h, args[1]); err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%s: accepted\n", h.Name)
			return nil
		},
		ValidArgsFunction: a.completeSelector,
	}
}

// one is the host of that name.
func one(inv *inventory.Inventory, name string) (inventory.Host, error) {
	if h, ok := inv.Host(inventory.HostID(name)); ok {
		return h, nil
	}
	sel, err := inventory.ParseSelector(name)
	if err == nil {
		err = inv.Check(sel)
	}
	if err == nil {
		err = fmt.Errorf("no host is named %q", name)
	}
	return inventory.Host{}, bad(err)
}

// sshOptions are those of this user; p answers questions, nil nobody.
func (a *app) sshOptions(p ssh.Prompter) ssh.Options {
	return ssh.Options{Home: a.getenv("HOME"), AgentSocket: a.getenv("SSH_AUTH_SOCK"), Getenv: a.getenv, Prompter: p}
}
