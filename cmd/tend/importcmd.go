package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tend/imports"
	"tend/quote"
)

// importing is where an import's result goes.
type importing struct {
	site, out, into string
	force           bool
}

func (a *app) importCmd() *cobra.Command {
	c := &cobra.Command{
		Use: "import", Short: "Make an inventory from Ansible, ssh_config, NetBox or a table",
		Long: `Read what another tool knows of your machines and write it as an inventory: to standard output, to a new file (-o), or into an
inventory that you have (--into), of which not a byte is changed but for what is added. What cannot be carried over is listed, once each.
Groups become tags: how many machines may be down together is not known to other tools, and stays yours to say in [[group]].`,
		Example: "  tend import ansible hosts.ini -o inventory.toml\n  tend import ssh-config\n  tend import netbox https://netbox.example.net --into inventory.toml",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.importAnsible(), a.importList(), a.importSSH(), a.importNetBox(), a.importCSV())
	return c
}

// importer makes one of its commands.
func (a *app) importer(use, short, example string, args cobra.PositionalArgs, read func(ctx context.Context, args []string, site string) (*imports.Found, error)) *cobra.Command {
	var to importing
	c := &cobra.Command{
		Use: use, Short: short, Example: example, Args: args,
		RunE: func(c *cobra.Command, args []string) error {
			found, err := read(c.Context(), args, to.site)
			if err != nil {
				return bad(err)
			}
			return a.write(found, to)
		},
	}
	fl := c.Flags()
	fl.StringVar(&to.site, "site", "main", "the `site` of hosts that name none")
	fl.StringVarP(&to.out, "output", "o", "", "write to this `file` (- or nothing: standard output)")
	fl.StringVar(&to.into, "into", "", "add what is new to this inventory `file`; nothing that stands there is changed")
	fl.BoolVar(&to.force, "force", false, "with -o: write over a file that is there")
	return c
}

func (a *app) importAnsible() *cobra.Command {
	return a.importer("ansible FILE|DIR", "Import an Ansible inventory, INI or YAML, with its group_vars and host_vars; programs in it are not run",
		"  tend import ansible /etc/ansible/hosts\n  tend import ansible inventories/production -o inventory.toml", cobra.ExactArgs(1),
		func(_ context.Context, args []string, site string) (*imports.Found, error) {
			return imports.Ansible(args[0], site)
		})
}

func (a *app) importList() *cobra.Command {
	return a.importer("ansible-list FILE", "Import what ansible-inventory --list printed",
		"  tend import ansible-list production.json -o inventory.toml\n  ansible-inventory -i production --list | tend import ansible-list - -o inventory.toml", cobra.ExactArgs(1),
		a.fromFile(imports.AnsibleList))
}

func (a *app) importCSV() *cobra.Command {
	return a.importer("csv FILE", "Import a table; its first line names the columns: name, addr, site, rack, unit, tags, …",
		"  tend import csv machines.csv --site ams1 -o inventory.toml", cobra.ExactArgs(1), a.fromFile(imports.CSV))
}

// fromFile reads a file, or standard input for "-".
func (a *app) fromFile(read func(file string, data []byte, site string) (*imports.Found, error)) func(context.Context, []string, string) (*imports.Found, error) {
	return func(_ context.Context, args []string, site string) (*imports.Found, error) {
		if args[0] == "-" {
			data, err := imports.ReadAll("standard input", a.in)
			if err != nil {
				return nil, err
			}
			return read("standard input", data, site)
		}
		data, err := imports.ReadFile(args[0])
		if err != nil {
			return nil, err
		}
		return read(args[0], data, site)
	}
}

func (a *app) importNetBox() *cobra.Command {
	return a.importer("netbox FILE|URL", "Import devices from NetBox: its REST JSON in a file, or an address; the token is in $NETBOX_TOKEN",
		"  tend import netbox devices.json\n  NETBOX_TOKEN=… tend import netbox https://netbox.example.net --into inventory.toml\n"+
			"  tend import netbox 'https://netbox.example.net/api/dcim/devices/?site=ams1&status=active'", cobra.ExactArgs(1),
		func(ctx context.Context, args []string, site string) (*imports.Found, error) {
			if strings.Contains(args[0], "://") {
				return imports.NetBoxURL(ctx, http.DefaultClient, args[0], a.getenv("NETBOX_TOKEN"), site)
			}
			return a.fromFile(imports.NetBox)(ctx, args, site)
		})
}

func (a *app) importSSH() *cobra.Command {
	var resolve bool
	c := a.importer("ssh-config [FILE]", "Import the hosts that an ssh_config names; of your own file only the names, since tend asks it itself",
		"  tend import ssh-config -o inventory.toml\n  tend import ssh-config /mnt/old-laptop/config --site home", cobra.MaximumNArgs(1),
		func(ctx context.Context, args []string, site string) (*imports.Found, error) {
			home := a.home()
			own := filepath.Join(home, ".ssh", "config")
			file := own
			if len(args) == 1 {
				file = args[0]
			}
			return imports.SSHConfig(ctx, file, home, filepath.Dir(absolute(file)), site, resolve || absolute(file) != own)
		})
	c.Flags().BoolVar(&resolve, "resolve", false, "write address, port, user, keys and jump hosts even of your own file")
	return c
}

// write puts what was found where it was asked for, and says what was left out.
func (a *app) write(found *imports.Found, to importing) error {
	if to.into != "" {
		return a.mergeInto(found, to)
	}
	text, err := found.TOML()
	if err != nil {
		return bad(fmt.Errorf("the inventory that this makes is refused; the source needs a look first\n%w", err))
	}
	if to.out == "" || to.out == "-" {
		_, err := a.out.Write(text) // the remarks stand in its head
		return err
	}
	if err := put(to.out, text, to.force); err != nil {
		return err
	}
	a.remarks(found.Left)
	fmt.Fprintf(a.out, "wrote %s: %s; next: tend inventory check %s\n", quote.Line(to.out), plural(len(found.Hosts), "host"), typed(to.out))
	return nil
}

func (a *app) mergeInto(found *imports.Found, to importing) error {
	old, err := imports.ReadWhole(to.into)
	if err != nil {
		return bad(err)
	}
	m, err := found.Into(to.into, old)
	if err != nil {
		return bad(err)
	}
	if to.out == "-" {
		_, err := a.out.Write(m.Text)
		return err
	}
	target := to.into
	if to.out != "" {
		target = to.out
	}
	if len(m.Added) > 0 || target != to.into {
		if err := put(target, m.Text, to.force || target == to.into); err != nil {
			return err
		}
	}
	a.remarks(append(found.Left, m.Left...))
	fmt.Fprintf(a.out, "%s: %s added, %d there already\n", quote.Line(target), plural(len(m.Added), "host"), m.Had)
	return nil
}

func (a *app) remarks(all []imports.Remark) {
	for _, r := range all {
		fmt.Fprintf(a.err, "not carried over: %s\n", quote.Line(r.String()))
	}
}

// put writes a file whole or not at all; over one that is there only with force, and then with that one's permissions.
func put(path string, data []byte, force bool) error { return putAs(path, data, 0o644, force) }

func putAs(path string, data []byte, mode fs.FileMode, force bool) error {
	switch st, err := os.Stat(path); {
	case err == nil && !force:
		return usage("--force writes over it", "%s is there already, and is left as it is", quote.Line(path))
	case err == nil:
		mode = st.Mode().Perm()
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tend-*")
	if err != nil {
		return bad(err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(bad(err), os.Remove(f.Name()))
	}
	return nil
}
