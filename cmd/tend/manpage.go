package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manPage is the manual page of one command, in the man macros (man(7)).
func manPage(c *cobra.Command, version string, date time.Time) string {
	var b strings.Builder
	name := strings.ReplaceAll(c.CommandPath(), " ", "-")
	fmt.Fprintf(&b, ".TH %q \"1\" %q %q \"tend\"\n.nh\n.ad l\n", strings.ToUpper(name), date.Format("January 2006"), "tend "+version)
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(c.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(c.UseLine()))
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s", roffText(text))
	c.InitDefaultHelpFlag()
	b.WriteString(roffFlags("OPTIONS", c.NonInheritedFlags()))
	b.WriteString(roffFlags("OPTIONS OF EVERY COMMAND", c.InheritedFlags()))
	if c.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n%s", roffText(c.Example))
	}
	b.WriteString(".SH EXIT STATUS\n0 all passed, 1 some host failed, 2 usage or bad input, 3 aborted or unknown outcome.\n")
	if also := seeAlso(c); len(also) > 0 {
		fmt.Fprintf(&b, ".SH SEE ALSO\n%s\n", strings.Join(also, ",\n"))
	}
	return b.String()
}

func seeAlso(c *cobra.Command) []string {
	var out []string
	add := func(c *cobra.Command) {
		out = append(out, fmt.Sprintf("\\fB%s\\fR(1)", roff(strings.ReplaceAll(c.CommandPath(), " ", "-"))))
	}
	if c.HasParent() {
		add(c.Parent())
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			add(sub)
		}
	}
	return out
}

// roffFlags lists flags with the names of their values, and the defaults that say something.
func roffFlags(title string, flags *pflag.FlagSet) string {
	if !flags.HasAvailableFlags() {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, ".SH %s\n", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, help := pflag.UnquoteUsage(f)
		b.WriteString(".TP\n")
		if f.Shorthand != "" {
			fmt.Fprintf(&b, "\\fB\\-%s\\fR, ", f.Shorthand)
		}
		fmt.Fprintf(&b, "\\fB\\-\\-%s\\fR", roff(f.Name))
		if value != "" {
			fmt.Fprintf(&b, " \\fI%s\\fR", roff(value))
		}
		switch f.DefValue {
		case "", "false", "[]", "0", "0s":
		default:
			help += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(&b, "\n%s\n", roff(help))
	})
	return b.String()
}

// roffText is text whose indented lines stand as they are.
func roffText(text string) string {
	var b strings.Builder
	kept := false
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		line = strings.TrimRight(line, "\n")
		indented := strings.HasPrefix(line, "  ")
		if indented != kept && line != "" {
			b.WriteString(map[bool]string{true: ".PP\n.nf\n", false: ".fi\n.PP\n"}[indented])
			kept = indented
		}
		if line == "" && !kept {
			line = ".PP"
		} else {
			line = roff(line)
		}
		b.WriteString(line + "\n")
	}
	if kept {
		b.WriteString(".fi\n")
	}
	return b.String()
}

// roff is text in which nothing acts on the formatter: hyphens can be copied into a shell, and a dot or a quote at the start is a character.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}
