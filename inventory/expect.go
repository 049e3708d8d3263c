package inventory

import (
	"slices"
	"strconv"
	"strings"
)

// expect adds a table of what should be found on the host.
func (d *decoder) expect(have *Expect, e *entry) *Expect {
	if !d.isTable(e) {
		return have
	}
	var out Expect
	if have != nil {
		out = *have
	}
	for i := range e.val.keys {
		e := &e.val.keys[i]
		switch e.key {
		case "ports":
			out.Ports = d.ports(out.Ports, e)
		case "mounts":
			out.Mounts = d.union(out.Mounts, e, isPath, "is not a mount point", "it begins with /")
		case "units":
			out.Units = d.union(out.Units, e, isLine, "is not a unit", "")
		case "certs":
			out.Certs = d.union(out.Certs, e, isPath, "is not a certificate's file", "it begins with /")
		default:
			d.unknownKey("expect", *e)
		}
	}
	if len(out.fields()) == 0 {
		return nil
	}
	return &out
}

// ports reads ports as integers or as strings such as "53/udp"; TCP is what goes without saying.
func (d *decoder) ports(have []string, e *entry) []string {
	if e.val.kind != kindArray || len(e.val.items) > maxItems {
		d.fail(e.val.at, "", "ports must be an array of at most %d ports", maxItems)
		return have
	}
	out := slices.Clip(have)
	for _, n := range e.val.items {
		text := strings.TrimSuffix(n.text, "/tcp")
		if n.kind == kindInt {
			text = strconv.FormatInt(n.num, 10) // whichever way it is written: +22, 0x16
		}
		digits := strings.TrimSuffix(text, "/udp")
		port, err := strconv.Atoi(digits)
		if n.kind != kindInt && n.kind != kindString || err != nil || port < 1 || port > 65535 || strconv.Itoa(port) != digits {
			d.fail(n.at, "such as 443 or \"53/udp\"", "this is not a port")
			continue
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return slices.Clip(out)
}
