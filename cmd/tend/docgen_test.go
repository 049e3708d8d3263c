package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tend/inventory"
	"tend/plans"
	"tend/runbooks"
	"tend/ui"
)

// table writes rows as a Markdown table.
func mdTable(head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) {
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(strings.ReplaceAll(c, "|", "\\|"), "\n", " ")
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	line(slices.Clone(head))
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, r := range rows {
		line(r)
	}
	return b.String()
}

func mdCode(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func inventoryKeys() string {
	var b strings.Builder
	names := map[string]string{"file": "the top level", "every level": "[defaults], and every site, rack and host: the nearest wins", "site": "[[site]]",
		"rack": "[[site.rack]]", "host": "[[site.rack.host]], [[site.host]], [[host]]", "expect": "expect", "group": "[[group]]", "service": "[[service]]"}
	for _, table := range inventory.KeyTables {
		var rows [][]string
		for _, k := range inventory.Keys() {
			if k.Table == table {
				rows = append(rows, keyRow(k.Table, k.Name, k.Type, k.Options, k.Required, k.Help, k.Example))
			}
		}
		fmt.Fprintf(&b, "### %s\n\n%s\n", names[table], mdTable([]string{"key", "type", "what it is", "example"}, rows))
	}
	return b.String()
}

// tableHeads are the keys that are tables, as their headers are written.
var tableHeads = map[string]string{"file.defaults": "[defaults]", "file.site": "[[site]]", "file.host": "[[host]]", "file.group": "[[group]]", "file.service": "[[service]]",
	"site.rack": "[[site.rack]]", "site.host": "[[site.host]]", "rack.host": "[[site.rack.host]]", "runbook.param": "[[param]]", "runbook.before": "[[before]]", "runbook.step": "[[step]]",
	"runbook.after": "[[after]]", "runbook.waves": "[waves]", "plan.approver": "[[approver]]", "plan.run": "[[run]]"}

func keyRow(table, name, kind string, options []string, required bool, help, sample string) []string {
	if len(options) > 0 {
		kind = strings.Join(options, ", ")
	}
	if required {
		help += " (required)"
	}
	header := tableHeads[table+"."+name]
	switch {
	case sample != "":
		sample = mdCode(name + " = " + sample)
	case header != "":
		sample = mdCode(header) + ", its keys below"
	}
	return []string{mdCode(name), kind, help, sample}
}

func runbookKeys() string {
	var b strings.Builder
	names := map[string]string{"runbook": "the top level", "param": "[[param]]", "step": "[[before]], [[step]], [[after]]", "facts": "", "asks": "[[step.asks]]", "waves": "[waves]"}
	for _, table := range runbooks.KeyTables {
		var rows [][]string
		for _, k := range runbooks.Keys() {
			if k.Table == table {
				rows = append(rows, keyRow(k.Table, k.Name, k.Type, k.Options, k.Required, k.Help, k.Example))
			}
		}
		if len(rows) > 0 {
			title := names[table]
			if title == "" {
				title = "[[step." + table + "]]"
			}
			fmt.Fprintf(&b, "### %s\n\n%s\n", title, mdTable([]string{"key", "type", "what it is", "example"}, rows))
		}
	}
	fmt.Fprintf(&b, "A script's table of variants may have the keys %s. A fact's type is one of %s.\n", strings.Join(runbooks.VariantNames(), ", "), strings.Join(runbooks.FactTypes(), ", "))
	return b.String()
}

func planKeys() string {
	var b strings.Builder
	for _, table := range plans.KeyTables {
		var rows [][]string
		for _, k := range plans.Keys() {
			if k.Table == table {
				rows = append(rows, keyRow(k.Table, k.Name, k.Type, k.Options, k.Required, k.Help, k.Example))
			}
		}
		title := "[[" + table + "]]"
		if table == "plan" {
			title = "the top level"
		}
		fmt.Fprintf(&b, "### %s\n\n%s\n", title, mdTable([]string{"key", "type", "what it is", "example"}, rows))
	}
	return b.String()
}

func builtins() string {
	lib, err := runbooks.Open()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, rb := range lib.All() {
		fmt.Fprintf(&b, "### %s\n\n%s. Risk: %s.\n\n", rb.Name, rb.Title, rb.Risk)
		if rb.Doc != "" {
			fmt.Fprintf(&b, "%s\n\n", rb.Doc)
		}
		if len(rb.Params) > 0 {
			b.WriteString(paramTable(rb.Params) + "\n")
		}
	}
	return b.String()
}

func paramTable(params []runbooks.Param) string {
	var rows [][]string
	for _, p := range params {
		kind := p.Type
		if len(p.Options) > 0 {
			kind = strings.Join(p.Options, ", ")
		}
		def := mdCode(p.Default)
		if p.Required {
			def = "required"
		}
		rows = append(rows, []string{mdCode(p.Name), kind, def, p.Help})
	}
	return mdTable([]string{"parameter", "type", "default", "what it is"}, rows)
}

func commands() string {
	var b strings.Builder
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Hidden || c.Name() == "help" {
			return
		}
		c.InitDefaultHelpFlag()
		fmt.Fprintf(&b, "### %s\n\n%s.\n\n", c.CommandPath(), c.Short)
		if c.Runnable() && c.HasParent() {
			fmt.Fprintf(&b, "    %s\n\n", c.UseLine())
		}
		if c.Long != "" {
			fmt.Fprintf(&b, "%s\n\n", c.Long)
		}
		if c.Example != "" {
			fmt.Fprintf(&b, "```text\n%s\n```\n\n", c.Example)
		}
		if rows := flagRows(c.NonInheritedFlags()); len(rows) > 0 {
			fmt.Fprintf(&b, "%s\n", mdTable([]string{"flag", "default", "what it does"}, rows))
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&app{getenv: func(string) string { return "" }, streams: streams{}}).root())
	return b.String()
}

func flagRows(flags *pflag.FlagSet) [][]string {
	var rows [][]string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		text := "--" + f.Name
		if f.Shorthand != "" {
			text = "-" + f.Shorthand + ", " + text
		}
		if name != "" {
			text += " " + name
		}
		def := f.DefValue
		if def == "false" || def == "[]" || def == "0" || def == "0s" {
			def = ""
		}
		rows = append(rows, []string{mdCode(text), mdCode(def), usage})
	})
	return rows
}

func themeNames() string {
	return "The names are " + strings.Join(ui.ThemeNames(), ", ") + ".\n"
}
