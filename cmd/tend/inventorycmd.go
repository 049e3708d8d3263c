package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/quote"
)

func (a *app) inventoryCmd() *cobra.Command {
	c := &cobra.Command{
		Use: "inventory", Short: "Check, list, edit and compare the inventory",
		Example: "  tend inventory check\n  tend inventory list site=ams1 tag=db",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.inventoryCheck(), a.inventoryList(), a.inventoryDiff(), a.inventoryEdit())
	return c
}

func (a *app) inventoryCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check [FILE]", Short: "Check an inventory; prints every problem with its line and column", Args: cobra.MaximumNArgs(1),
		Example: "  tend inventory check\n  tend inventory check ./inventory.toml",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.inventory = args[0]
			}
			inv, err := a.load()
			if err != nil {
				return err
			}
			racks := 0
			for _, s := range inv.Sites {
				racks += len(s.Racks)
			}
			fmt.Fprintf(a.out, "%s: ok: %s, %s, %s, %s, %s\n", quote.Line(inv.Path), plural(len(inv.Sites), "site"), plural(racks, "rack"),
				plural(len(inv.Hosts), "host"), plural(len(inv.Groups), "group"), plural(len(inv.Services), "service"))
			return nil
		},
	}
}

func (a *app) inventoryList() *cobra.Command {
	var asJSON, short bool
	c := &cobra.Command{
		Use: "list [SELECTOR…]", Short: "List the hosts that a selector means",
		Example: "  tend inventory list\n  tend inventory list site=ams1 tag=web !rack=r07\n  tend inventory list tag=db --short",
		RunE: func(c *cobra.Command, args []string) error {
			inv, err := a.load()
			if err != nil {
				return err
			}
			hosts, err := world{inv: inv}.hosts(strings.Join(args, " "), a.values(c.Context(), inv, args))
			switch {
			case err != nil:
				return err
			case asJSON:
				return jsonLines(a, hosts)
			case short:
				fmt.Fprintln(a.out, inventory.HostSet(names(hosts)))
				return nil
			}
			tw := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
			fmt.Fprintln(tw, "HOST\tSITE\tRACK\tUNIT\tADDR\tOS\tTAGS")
			for _, h := range hosts {
				fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", h.Name, h.Site, dash(h.Rack), dash(unit(h.Unit)), dash(h.Addr), dash(h.OS), dash(strings.Join(h.Tags, ",")))
			}
			return tw.Flush()
		},
		ValidArgsFunction: a.completeSelector,
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON lines")
	c.Flags().BoolVar(&short, "short", false, "print one short host set")
	return c
}

func names(hosts []inventory.Host) []inventory.HostID {
	out := make([]inventory.HostID, len(hosts))
	for i, h := range hosts {
		out[i] = h.Name
	}
	return out
}

func unit(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return quote.Line(s)
}
