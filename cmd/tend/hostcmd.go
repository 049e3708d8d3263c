package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/ssh"
)

func (a *app) hostCmd() *cobra.Command {
	c := &cobra.Command{
		Use: "host", Short: "See how a host is reached; accept its key; see or break the lease on it", Args: cobra.NoArgs,
		Example: "  tend host accept db-0712 SHA256:4mQ…",
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.hostShow(), a.hostKeys(), a.hostAccept(), a.hostLease(), a.hostBreak())
	return c
}

// hostValue is one option of how a host is reached.
type hostValue struct {
	Option string `json:"option"` // in ssh_config's words, in lower case: "hostname"
	Value  string `json:"value"`  // what is in force; an option with several stands in as many lines
	From   string `json:"from"`   // the file and line, or who else says so
}

func (a *app) hostShow() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "show HOST", Short: "Show how a host is reached, and where each value comes from", Args: cobra.ExactArgs(1),
		Example: "  tend host show db-0712",
		RunE: func(c *cobra.Command, args []string) error {
			inv, err := a.load()
			if err != nil {
				return err
			}
			h, err := one(inv, args[0])
			if err != nil {
				return err
			}
			s, err := ssh.Resolve(c.Context(), h, a.sshOptions(inv))
			if err != nil {
				return err
			}
			if asJSON {
				var all []hostValue
				for _, v := range s.Values {
					all = append(all, hostValue{v.Name, v.Text, v.Source})
				}
				return jsonLines(a, all)
			}
			tw := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
			fmt.Fprintln(tw, "OPTION\tVALUE\tFROM")
			for _, v := range s.Values {
				fmt.Fprintf(tw, "%s\t%s\t%s\n", v.Name, dash(v.Text), dash(v.Source))
			}
			return tw.Flush()
		},
		ValidArgsFunction: a.completeHost,
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON lines")
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
			if !strings.HasPrefix(args[1], "SHA256:") {
				return usage("on the host's console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub", "%.80q is no fingerprint of the form SHA256:…", args[1])
			}
			client := ssh.New(a.sshOptions(inv))
			defer client.Close()
			if err := a.acceptOne(c.Context(), client, h, args[1]); err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%s: accepted\n", h.Name)
			return nil
		},
		ValidArgsFunction: a.completeHost,
	}
}

// acceptOne records what it is about to accept; all else that Accept may find is its to say.
func (a *app) acceptOne(ctx context.Context, client *ssh.Client, h inventory.Host, fingerprint string) error {
	k, err := client.HostKey(ctx, h)
	if err != nil || k.State != ssh.KeyUnknown || k.Fingerprint != fingerprint {
		return client.Accept(ctx, h, fingerprint)
	}
	return a.withBook(func(book *shelf) error {
		if err := a.noteKey(ctx, book, h.Name, k, "by its fingerprint"); err != nil {
			return err
		}
		return client.Keep(ctx, h, k)
	})
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

// sshOptions are those of this user; the person at the terminal, if there is one, answers.
func (a *app) sshOptions(inv *inventory.Inventory) ssh.Options {
	return ssh.Options{Hosts: inv.Host, Home: a.getenv("HOME"), AgentSocket: a.getenv("SSH_AUTH_SOCK"), Getenv: a.getenv, Prompter: a.deskOf()}
}
