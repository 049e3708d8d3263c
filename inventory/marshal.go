package inventory

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Marshal writes the inventory as a flat file: no defaults, no ranges, each host in a [[host]] of its own. It parses back to the same
// inventory but for Path, Digest and Line. Hosts may have been changed since Parse, in the bounds of what Parse accepts.
func (inv *Inventory) Marshal() []byte {
	w := &writer{}
	feeds := map[string][]string{}
	for _, s := range inv.Sites {
		w.table("site")
		w.str("name", s.Name)
		w.str("title", s.Title)
		for _, r := range s.Racks {
			w.table("site.rack")
			w.str("name", r.Name)
			w.int("units", r.Units)
			w.str("row", r.Row)
			w.list("feeds", r.Feeds)
			feeds[s.Name+"/"+r.Name] = r.Feeds
		}
	}
	for i := range inv.Hosts {
		w.host(&inv.Hosts[i], feeds)
	}
	for _, g := range inv.Groups {
		w.group(g)
	}
	for _, s := range inv.Services {
		w.service(s)
	}
	return w.Bytes()
}

// writer writes tables; a value that is zero is left out.
type writer struct{ bytes.Buffer }

func (w *writer) table(name string) {
	if w.Len() > 0 {
		w.WriteByte('\n')
	}
	w.WriteString("[[" + name + "]]\n")
}

func (w *writer) str(key, value string) {
	if value != "" {
		w.WriteString(key + " = " + tomlString(value) + "\n")
	}
}

func (w *writer) int(key string, value int) {
	if value != 0 {
		w.WriteString(key + " = " + strconv.Itoa(value) + "\n")
	}
}

func (w *writer) list(key string, values []string) {
	if len(values) > 0 {
		w.WriteString(key + " = " + tomlList(values) + "\n")
	}
}

func (w *writer) yes(key string, is bool) {
	if is {
		w.WriteString(key + " = true\n")
	}
}

func (w *writer) day(key string, t time.Time) {
	if !t.IsZero() {
		w.WriteString(key + " = " + t.Format(time.DateOnly) + "\n")
	}
}

func (w *writer) host(h *Host, rackFeeds map[string][]string) {
	w.table("host")
	w.str("name", string(h.Name))
	w.str("site", h.Site)
	w.str("rack", h.Rack)
	w.int("unit", h.Unit)
	w.int("height", h.Height)
	w.str("addr", h.Addr)
	w.int("port", h.Port)
	w.str("user", h.User)
	w.list("jump", h.Jump)
	w.str("become", h.Become)
	w.list("tags", h.Tags)
	w.str("os", h.OS)
	if rack := rackFeeds[h.Site+"/"+h.Rack]; !slices.Equal(rack, h.Feeds) {
		w.WriteString("feeds = " + tomlList(h.Feeds) + "\n") // a rack's feeds are its hosts' default
	}
	w.str("window", h.Window)
	w.str("shell", h.Shell)
	w.str("host_key", h.HostKey)
	w.list("known_hosts", h.KnownHosts)
	w.list("identity", h.Identity)
	w.yes("prod", h.Prod)
	w.yes("require_ticket", h.RequireTicket)
	w.yes("require_reason", h.RequireReason)
	w.yes("record_shell", h.RecordShell)
	w.yes("legacy_crypto", h.LegacyCrypto)
	w.str("face", h.Face)
	w.str("locate", h.Locate)
	w.str("owner", h.Owner)
	w.day("warranty", h.Warranty)
	w.day("end_of_life", h.EndOfLife)
	w.inline("expect", h.Expect.fields())
	vars := make([]string, 0, len(h.Vars))
	for _, k := range slices.Sorted(maps.Keys(h.Vars)) {
		vars = append(vars, tomlString(k)+" = "+tomlString(h.Vars[k]))
	}
	w.inline("vars", vars)
}

// fields writes the lists that are not empty; nil has none.
func (x *Expect) fields() []string {
	if x == nil {
		return nil
	}
	out := []string{}
	for _, f := range []struct {
		key    string
		values []string
	}{{"ports", x.Ports}, {"mounts", x.Mounts}, {"units", x.Units}, {"certs", x.Certs}} {
		if len(f.values) > 0 {
			out = append(out, f.key+" = "+tomlList(f.values))
		}
	}
	return out
}

// inline writes an inline table.
func (w *writer) inline(key string, fields []string) {
	if len(fields) > 0 {
		w.WriteString(key + " = { " + strings.Join(fields, ", ") + " }\n")
	}
}

func (w *writer) group(g Group) {
	w.table("group")
	w.str("name", g.Name)
	w.str("members", g.Members)
	w.WriteString("max_down = " + strconv.Itoa(g.MaxDown) + "\n")
	w.int("quorum", g.Quorum)
	w.str("drain", g.Drain)
	w.str("drain_proof", g.DrainProof)
	w.str("undrain", g.Undrain)
	w.str("undrain_proof", g.UndrainProof)
	if g.Become {
		w.WriteString("become = true\n")
	}
	w.str("drain_timeout", writeDuration(g.DrainTimeout))
	w.str("soak", writeDuration(g.Soak))
	w.str("last", g.Last)
}

func (w *writer) service(s Service) {
	w.table("service")
	w.str("name", s.Name)
	w.str("hosts", s.Select)
	w.str("owner", s.Owner)
	w.str("rto", writeDuration(s.RTO))
	w.str("rpo", writeDuration(s.RPO))
	w.day("end_of_life", s.EndOfLife)
	w.str("backup", s.Backup)
	w.list("depends", s.Depends)
}

// tomlString writes a basic string.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func tomlList(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = tomlString(v)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
