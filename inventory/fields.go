package inventory

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// inherited are the keys that [defaults], sites, racks and hosts all take; the nearest wins. Tags, vars and expect add up.
var inherited = []string{"addr", "port", "user", "jump", "become", "tags", "os", "feeds", "window", "shell", "known_hosts", "identity",
	"prod", "require_ticket", "require_reason", "record_shell", "legacy_crypto", "height", "locate", "owner", "warranty", "end_of_life", "vars", "expect"}

// tableKeys are the keys of each table beside the inherited ones.
var tableKeys = map[string][]string{
	"file":     {"defaults", "site", "host", "group", "service"},
	"defaults": {},
	"site":     {"name", "title", "rack", "host"},
	"rack":     {"name", "units", "row", "host"},
	"host":     {"name", "unit", "host_key", "face"},
	"top host": {"name", "unit", "host_key", "face", "site", "rack"},
	"group":    {"name", "members", "max_down", "quorum", "drain", "drain_proof", "undrain", "undrain_proof", "become", "drain_timeout", "soak", "last"},
	"service":  {"name", "hosts", "owner", "rto", "rpo", "end_of_life", "backup", "depends"},
	"expect":   {"ports", "mounts", "units", "certs"},
}

// headers are the tables as they are written, in the order in which they are named as the place where a key belongs.
var headers = []struct{ table, header string }{
	{"rack", "[[site.rack]]"}, {"host", "a host"}, {"site", "[[site]]"}, {"group", "[[group]]"}, {"service", "[[service]]"}, {"file", "the top level"},
}

// inherits reports whether a table takes the inherited keys.
func inherits(table string) bool {
	return table == "defaults" || table == "site" || table == "rack" || table == "host" || table == "top host"
}

// hostDraft is what is known of a host, or of all hosts below a site or rack.
type hostDraft struct {
	Host
	addr *entry // where Addr was written
}

func (d *decoder) fail(at int32, hint, format string, args ...any) {
	d.problems = append(d.problems, located{at, fmt.Sprintf(format, args...), hint})
}

// lose is fail, for a problem through which a host goes missing.
func (d *decoder) lose(at int32, hint, format string, args ...any) {
	d.partial = true
	d.fail(at, hint, format, args...)
}

// scope reads a table that takes the inherited keys; own gets the keys that are its table's own.
func (d *decoder) scope(table string, n *node, h *hostDraft, own func(*entry)) {
	for i := range n.keys {
		e := &n.keys[i]
		if d.inherit(h, e) {
			continue
		}
		if !slices.Contains(tableKeys[table], e.key) {
			d.unknownKey(table, *e)
			continue
		}
		own(e)
	}
	if h.addr != nil && table != "host" && table != "top host" && n.get("addr") == h.addr && !strings.Contains(h.Addr, "{name}") {
		d.fail(h.addr.val.at, "put {name} into it: addr = \"{name}.example.net\"", "every host below would have the address %q", h.Addr)
	}
}

// unknownKey says that a table does not take a key, and what may have been meant.
func (d *decoder) unknownKey(table string, e entry) {
	known := slices.Clone(tableKeys[table])
	if inherits(table) {
		known = append(known, inherited...)
	}
	hint := ""
	if c := near(e.key, known); c != "" {
		hint = fmt.Sprintf("did you mean %q?", c)
	} else {
		for _, h := range headers {
			if slices.Contains(tableKeys[h.table], e.key) || h.table == "host" && slices.Contains(inherited, e.key) {
				hint = fmt.Sprintf("%s belongs to %s", e.key, h.header)
				break
			}
		}
	}
	d.fail(e.at, hint, "unknown key %q", e.key)
}

// inherit takes an inherited key; false = it is none.
func (d *decoder) inherit(h *hostDraft, e *entry) bool {
	switch e.key {
	case "addr":
		h.Addr, h.addr = d.text(e), e
	case "port":
		h.Port = d.number(e, 1, 65535)
	case "user":
		h.User = d.checked(e, isUser, "is not a user name", "")
	case "jump":
		h.Jump = d.jump(e)
	case "become":
		h.Become = d.choice(e, "", "", "none", "sudo", "doas", "su")
	case "tags":
		h.Tags = d.union(h.Tags, e, isTag, "is not a tag", "letters, digits and . _ - : with a letter or digit first")
	case "os":
		h.OS = d.checked(e, isName, "is not the name of a system", "such as debian-12")
	case "feeds":
		h.Feeds = d.union(nil, e, isName, "is not a feed", "letters, digits and . _ -")
	case "window":
		h.Window = d.window(e)
	case "shell":
		h.Shell = d.choice(e, "leave it out for a POSIX sh", "", "none")
	case "known_hosts":
		h.KnownHosts = d.union(nil, e, isLine, "is not a file name", "")
	case "identity":
		h.Identity = d.union(nil, e, isLine, "is not a file name", "")
	case "prod":
		h.Prod = d.flag(e)
	case "require_ticket":
		h.RequireTicket = d.flag(e)
	case "require_reason":
		h.RequireReason = d.flag(e)
	case "record_shell":
		h.RecordShell = d.flag(e)
	case "legacy_crypto":
		h.LegacyCrypto = d.flag(e)
	case "height":
		h.Height = d.number(e, 1, maxUnits)
	case "locate":
		h.Locate = d.checked(e, isName, "is not a runbook's name", "the runbook that makes the host's light blink")
	case "owner":
		h.Owner = d.words(e)
	case "warranty":
		h.Warranty = d.day(e)
	case "end_of_life":
		h.EndOfLife = d.day(e)
	case "vars":
		h.Vars = d.vars(h.Vars, e)
	case "expect":
		h.Expect = d.expect(h.Expect, e)
	default:
		return false
	}
	return true
}

// text reads a string.
func (d *decoder) text(e *entry) string {
	if e.val.kind != kindString {
		d.fail(e.val.at, "", "%s must be a string, not %s", e.key, e.val.kind)
		return ""
	}
	return e.val.text
}

// checked reads a string that is empty or passes the test.
func (d *decoder) checked(e *entry, good func(string) bool, complaint, hint string) string {
	s := d.text(e)
	if s != "" && !good(s) {
		d.fail(e.val.at, hint, "%s %s", Told(s), complaint)
		return ""
	}
	return s
}

// words reads text for people: one line, not empty.
func (d *decoder) words(e *entry) string {
	s := d.text(e)
	if e.val.kind == kindString && !isLine(s) {
		d.fail(e.val.at, "", "%s must be one line of text", e.key)
		return ""
	}
	return s
}

// name reads the name of a site, rack, group or service.
func (d *decoder) name(e *entry, what string) string {
	s := d.text(e)
	if e.val.kind == kindString && !isName(s) {
		d.lose(e.val.at, "letters, digits and . _ - with a letter or digit first", "%s is not the name of a %s", Told(s), what)
		return ""
	}
	return s
}

// choice reads a string that is one of the options; the hint adds to their list.
func (d *decoder) choice(e *entry, hint string, options ...string) string {
	s := d.text(e)
	if !slices.Contains(options, s) {
		known := didYouMean(s, slices.DeleteFunc(options, func(o string) bool { return o == "" }))
		if hint != "" {
			known += "; " + hint
		}
		d.fail(e.val.at, known, "%s cannot be %q", e.key, s)
		return ""
	}
	return s
}

// number reads an integer between lo and hi, both included; lo where it is wrong.
func (d *decoder) number(e *entry, lo, hi int64) int {
	switch n := e.val; {
	case n.kind != kindInt:
		d.fail(n.at, "", "%s must be an integer, not %s", e.key, n.kind)
	case n.num < lo || n.num > hi:
		d.fail(n.at, "", "%s must be from %d to %d, not %d", e.key, lo, hi, n.num)
	default:
		return int(n.num)
	}
	return int(lo)
}

func (d *decoder) flag(e *entry) bool {
	if e.val.kind != kindBool {
		d.fail(e.val.at, "", "%s must be true or false, not %s", e.key, e.val.kind)
	}
	return e.val.text == "true"
}

// day reads a date, as midnight UTC.
func (d *decoder) day(e *entry) time.Time {
	if e.val.kind != kindLocalDate {
		hint := "write it as 2028-06-30"
		if e.val.kind == kindString {
			hint += ", without quotes"
		}
		d.fail(e.val.at, hint, "%s must be a date, not %s", e.key, e.val.kind)
		return time.Time{}
	}
	_, t, _ := parseWhen(e.val.text) // the reader took it, so it is one
	return t
}

// maxItems is how many strings an array may hold; what adds lists up looks through them for each item.
const maxItems = 1000

// list returns the strings of an array, or the one string that stands for it.
func (d *decoder) list(e *entry) []*node {
	if e.val.kind == kindString {
		return []*node{e.val}
	}
	if e.val.kind != kindArray {
		d.fail(e.val.at, "", "%s must be an array of strings, not %s", e.key, e.val.kind)
		return nil
	}
	if len(e.val.items) > maxItems {
		d.fail(e.val.at, "", "%s has more than %d items", e.key, maxItems)
		return nil
	}
	for _, n := range e.val.items {
		if n.kind != kindString {
			d.fail(n.at, "", "%s must be an array of strings; this is %s", e.key, n.kind)
			return nil
		}
	}
	return e.val.items
}

// union adds a list to what there is, each string once, without touching what there is: hosts share it.
func (d *decoder) union(have []string, e *entry, good func(string) bool, complaint, hint string) []string {
	items := d.list(e)
	if e.val.kind == kindString && e.val.text == "" {
		return have
	}
	out := slices.Clip(have)
	for _, n := range items {
		switch {
		case !good(n.text):
			d.fail(n.at, hint, "%s %s", Told(n.text), complaint)
		case !slices.Contains(out, n.text):
			out = append(out, n.text)
		}
	}
	return slices.Clip(out)
}

// window reads a maintenance window; the same text is looked at once.
func (d *decoder) window(e *entry) string {
	s := d.text(e)
	err, seen := d.windows[s]
	if !seen {
		_, err = ParseWindow(s)
		d.windows[s] = err
	}
	if err != nil {
		hint := ""
		if h, ok := err.(interface{ Hint() string }); ok {
			hint = h.Hint()
		}
		d.fail(e.val.at, hint, "%s", err)
	}
	if s == "any" {
		return ""
	}
	return s
}

// jump reads a chain of jump hosts: an array, or one string with commas as ssh -J takes it; "" and "none" mean a direct way.
func (d *decoder) jump(e *entry) []string {
	items := d.list(e)
	if e.val.kind == kindString {
		if s := e.val.text; s == "" || s == "none" {
			return nil
		}
	}
	var out []string
	for _, n := range items {
		for hop := range strings.SplitSeq(n.text, ",") {
			if !isHop(hop) {
				d.fail(n.at, "write [user@]host[:port], or the name of an inventory host", "%q is not a jump host", hop)
				continue
			}
			out = append(out, hop)
		}
	}
	return out
}

// vars adds a table of runbook parameters; "health.disk_crit" may be written with or without quotes.
func (d *decoder) vars(have map[string]string, e *entry) map[string]string {
	if !d.isTable(e) {
		return have
	}
	out := maps.Clone(have)
	if out == nil {
		out = make(map[string]string, len(e.val.keys))
	}
	d.flatten(out, map[string]bool{}, "", e.val)
	if len(out) == 0 {
		return nil
	}
	return out
}

func (d *decoder) flatten(out map[string]string, seen map[string]bool, prefix string, n *node) {
	for _, e := range n.keys {
		key := prefix + e.key
		switch {
		case !isName(key):
			d.fail(e.at, "such as \"health.disk_crit\"", "%q is not the name of a parameter", key)
		case e.val.kind == kindTable:
			d.flatten(out, seen, key+".", e.val)
		case seen[key]:
			d.fail(e.at, "", "%q is given twice", key)
		case e.val.kind == kindString:
			out[key] = e.val.text
		case e.val.kind == kindInt:
			out[key] = strconv.FormatInt(e.val.num, 10)
		default:
			d.fail(e.val.at, "write it in quotes, as you would type it", "%s must be a string or an integer, not %s", key, e.val.kind)
		}
		seen[key] = e.val.kind != kindTable
	}
}
