package imports

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tend/inventory"
)

// TOML writes what was found as an inventory: sites, their racks, the hosts in them, and, as comments at its head, what was left out.
// What all hosts share stands once, in [defaults]. The error is inventory.Problems where the inventory's check refuses it.
func (f *Found) TOML() ([]byte, error) {
	var b strings.Builder
	f.head(&b)
	shared := f.shared()
	if shared.User != "" || shared.Become != "" || shared.Port != 0 {
		b.WriteString("[defaults]\n")
		fields(&b, "", shared)
		b.WriteByte('\n')
	}
	sites, racks := f.places()
	for i, s := range sites {
		if i > 0 {
			b.WriteByte('\n')
		}
		f.site(&b, s, racks[s], shared)
	}
	_, err := inventory.Parse("inventory.toml", []byte(b.String()))
	return []byte(b.String()), err
}

func (f *Found) head(b *strings.Builder) {
	fmt.Fprintf(b, "# Imported from %s.\n", oneLine(f.Source))
	if len(f.Left) > 0 {
		b.WriteString("# Not carried over:\n")
		for _, r := range f.Left {
			b.WriteString("#   " + oneLine(r.String()) + "\n")
		}
	}
	b.WriteByte('\n')
}

// oneLine keeps a comment a comment: TOML takes no control characters in it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// shared is what most hosts have alike, of what usually is; nothing where some host has none, which would be given it then.
func (f *Found) shared() Host {
	if len(f.Hosts) < 2 {
		return Host{}
	}
	users, becomes, ports := map[string]int{}, map[string]int{}, map[int]int{}
	for i := range f.Hosts {
		users[f.Hosts[i].User]++
		becomes[f.Hosts[i].Become]++
		ports[f.Hosts[i].Port]++
	}
	return Host{User: most(users), Become: most(becomes), Port: most(ports)}
}

// most is the value that comes most often, more than once; zero where some are zero.
func most[T cmp.Ordered](n map[T]int) T {
	var zero, best T
	if n[zero] > 0 {
		return zero
	}
	for v, k := range sorted(n) {
		if k > 1 && k > n[best] {
			best = v
		}
	}
	return best
}

func (f *Found) site(b *strings.Builder, site string, racks []Rack, shared Host) {
	b.WriteString("[[site]]\nname = " + str(site) + "\n")
	if t := f.Titles[site]; t != "" && t != site {
		b.WriteString("title = " + str(oneLine(t)) + "\n")
	}
	f.hosts(b, site, "", "site.host", "  ", shared)
	for _, r := range racks {
		writeRack(b, r)
		f.hosts(b, site, r.Name, "site.rack.host", "    ", shared)
	}
}

func writeRack(b *strings.Builder, r Rack) {
	b.WriteString("  [[site.rack]]\n  name = " + str(r.Name) + "\n")
	if r.Units > 0 {
		b.WriteString("  units = " + strconv.Itoa(r.Units) + "\n")
	}
}

func (f *Found) hosts(b *strings.Builder, site, rack, table, indent string, shared Host) {
	for i := range f.Hosts {
		h := f.Hosts[i]
		if h.Site != site || h.Rack != rack {
			continue
		}
		b.WriteString(indent + "[[" + table + "]]\n" + indent + "name = " + str(h.Name) + "\n")
		if h.User == shared.User {
			h.User = ""
		}
		if h.Become == shared.Become {
			h.Become = ""
		}
		if h.Port == shared.Port {
			h.Port = 0
		}
		fields(b, indent, h)
	}
}

// fields writes what is known of a host, but its name and place.
func fields(b *strings.Builder, indent string, h Host) {
	line := func(key, value string) { b.WriteString(indent + key + " = " + value + "\n") }
	text := func(key, value string) {
		if value != "" {
			line(key, str(value))
		}
	}
	number := func(key string, n int) {
		if n != 0 {
			line(key, strconv.Itoa(n))
		}
	}
	list := func(key string, all []string) {
		if len(all) > 0 {
			line(key, strs(all))
		}
	}
	number("unit", h.Unit)
	number("height", h.Height)
	text("face", h.Face)
	text("addr", h.Addr)
	number("port", h.Port)
	text("user", h.User)
	list("jump", h.Jump)
	text("become", h.Become)
	list("tags", h.Tags)
	text("os", h.OS)
	text("owner", h.Owner)
	text("shell", h.Shell)
	text("window", h.Window)
	list("identity", h.Identity)
	if h.Prod {
		line("prod", "true")
	}
}

// str is a TOML basic string.
func str(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

func strs(all []string) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = str(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// Merged is an inventory file with what a source adds to it.
type Merged struct {
	Text  []byte
	Added []string // hosts
	Had   int      // hosts that were there already, and are left as they are
	Left  []Remark // how those differ in the source
}

// Into adds the hosts that an inventory does not have yet, with the sites and racks that they need. Every byte of the file stays as it
// is and where it is among the others: comments, order and blank lines. The error is inventory.Problems where the file, or the
// result, is refused.
func (f *Found) Into(path string, file []byte) (Merged, error) {
	inv, err := inventory.Parse(path, file)
	if err != nil {
		return Merged{}, err
	}
	var m Merged
	fresh := Found{Source: f.Source, Racks: f.Racks, Titles: f.Titles}
	for _, h := range f.Hosts {
		if old, ok := inv.Host(inventory.HostID(h.Name)); ok {
			m.Had++
			m.differs(path, &old, &h)
			continue
		}
		fresh.Hosts = append(fresh.Hosts, h)
		m.Added = append(m.Added, h.Name)
	}
	if m.Text = file; len(fresh.Hosts) == 0 {
		return m, nil
	}
	if m.Text, err = fresh.insert(inv, file); err != nil {
		return m, err
	}
	return m, unchanged(inv, path, m.Text)
}

// differs says where the source and the inventory disagree about a host; the inventory wins.
func (m *Merged) differs(path string, old *inventory.Host, h *Host) {
	for _, d := range []struct{ what, here, there string }{
		{"addr", old.Addr, h.Addr}, {"user", old.User, h.User}, {"site", old.Site, h.Site}, {"rack", old.Rack, h.Rack},
	} {
		if d.there != "" && d.here != d.there {
			m.Left = append(m.Left, Remark{File: path, Line: old.Line, Count: 1,
				Text: fmt.Sprintf("%s is left as it is: %s is %q here and %q in the source", h.Name, d.what, d.here, d.there)})
		}
	}
}

// unchanged holds the new text against the old inventory: it must be whole, and every host of before must be as it was.
func unchanged(old *inventory.Inventory, path string, text []byte) error {
	now, err := inventory.Parse(path, text)
	if err != nil {
		return err
	}
	for _, h := range old.Hosts {
		n, ok := now.Host(h.Name)
		n.Line, h.Line = 0, 0
		n.Groups, h.Groups, n.Services, h.Services = nil, nil, nil, nil // selectors may take new hosts in, not change old ones
		if !ok || fmt.Sprintf("%+v", n) != fmt.Sprintf("%+v", h) {
			return fmt.Errorf("%s: adding to it would change %s; nothing was written", path, h.Name)
		}
	}
	return nil
}

// insert puts new racks behind their site's own lines, and new sites and hosts at the end.
func (f *Found) insert(inv *inventory.Inventory, file []byte) ([]byte, error) {
	lines := slices.Collect(strings.Lines(string(file)))
	sites, racks := f.places()
	var tail strings.Builder
	inserts := map[int]string{} // before this line, from 0
	for _, name := range sites {
		i := slices.IndexFunc(inv.Sites, func(s inventory.Site) bool { return s.Name == name })
		if i < 0 {
			tail.WriteByte('\n')
			f.site(&tail, name, racks[name], Host{})
			continue
		}
		if text := newRacks(&inv.Sites[i], racks[name]); text != "" {
			n, err := behind(inv, &inv.Sites[i], lines)
			if err != nil {
				return nil, err
			}
			inserts[n] = text
		}
	}
	f.flat(&tail, inv)
	var out strings.Builder
	for i := range len(lines) + 1 {
		if t, ok := inserts[i]; ok {
			if i == len(lines) && i > 0 && !strings.HasSuffix(lines[i-1], "\n") {
				out.WriteByte('\n')
			}
			out.WriteString(t)
		}
		if i < len(lines) {
			out.WriteString(lines[i])
		}
	}
	if s := out.String(); tail.Len() > 0 && s != "" && !strings.HasSuffix(s, "\n") {
		out.WriteByte('\n')
	}
	return []byte(out.String() + tail.String()), nil
}

func newRacks(s *inventory.Site, racks []Rack) string {
	var b strings.Builder
	for _, r := range racks {
		if !slices.ContainsFunc(s.Racks, func(k inventory.Rack) bool { return k.Name == r.Name }) {
			writeRack(&b, r)
		}
	}
	return b.String()
}

// flat writes the new hosts of sites that are there already, each in a [[host]] that names its place.
func (f *Found) flat(b *strings.Builder, inv *inventory.Inventory) {
	for _, h := range f.Hosts {
		if !slices.ContainsFunc(inv.Sites, func(s inventory.Site) bool { return s.Name == h.Site }) {
			continue
		}
		b.WriteString("\n[[host]]\nname = " + str(h.Name) + "\nsite = " + str(h.Site) + "\n")
		if h.Rack != "" {
			b.WriteString("rack = " + str(h.Rack) + "\n")
		}
		fields(b, "", h)
	}
}

var errInline = errors.New("a site that is not written as [[site]] cannot be added to by a program")

// behind is the line, from 0, before which a new rack of the site may stand: that of the next table, with the comments above it.
func behind(inv *inventory.Inventory, s *inventory.Site, lines []string) (int, error) {
	if s.Line < 1 || s.Line > len(lines) || !strings.HasPrefix(strings.TrimSpace(lines[s.Line-1]), "[[site]]") {
		return 0, fmt.Errorf("%s:%d: %w", inv.Path, s.Line, errInline)
	}
	next := len(lines) + 1
	nearer := func(line int) {
		if line > s.Line {
			next = min(next, line)
		}
	}
	for _, t := range inv.Sites {
		nearer(t.Line)
		for _, r := range t.Racks {
			nearer(r.Line)
		}
	}
	for i := range inv.Hosts {
		nearer(inv.Hosts[i].Line)
	}
	for _, g := range inv.Groups {
		nearer(g.Line)
	}
	for _, v := range inv.Services {
		nearer(v.Line)
	}
	at := next - 1
	for at > s.Line && strings.HasPrefix(strings.TrimSpace(lines[at-1]), "#") {
		at--
	}
	return at, nil
}
