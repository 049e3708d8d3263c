package imports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Host is a machine as a source describes it. Zero values are not known.
type Host struct {
	Name, Site, Rack string
	Unit, Height     int // rack units
	Addr             string
	Port             int
	User             string
	Jump             []string
	Become           string // "sudo", "doas", "su", "none"
	Tags             []string
	OS, Owner, Face  string
	Shell            string // "none" for gear without a POSIX sh
	Identity         []string
	Window           string
	Prod             bool
	Line             int // in the source, from 1; 0 = the source has no lines
}

// Rack is a cabinet that the source names; Units is its height, 0 where it does not say.
type Rack struct {
	Site, Name string
	Units      int
}

// Remark is something that was not carried over, and why. Line is that of its first place; Count says how many there are.
type Remark struct {
	File  string `json:"file,omitempty"`
	Line  int    `json:"line,omitempty"`
	Text  string `json:"text"`
	Count int    `json:"count"`
}

// String is the remark on one line.
func (r Remark) String() string {
	s := r.Text
	if r.Count > 1 {
		s += fmt.Sprintf(" (%d times)", r.Count)
	}
	return at(r.File, r.Line) + s
}

func at(file string, line int) string {
	switch {
	case file == "":
		return ""
	case line == 0:
		return file + ": "
	}
	return fmt.Sprintf("%s:%d: ", file, line)
}

// Found is what a source holds.
type Found struct {
	Source string // in words, for the head of the file that is written
	Hosts  []Host // in the source's order
	Racks  []Rack // those of which more than the name is known
	Titles map[string]string
	Left   []Remark

	seen map[string]int // of remarks, by text
}

// leave notes what is not carried over, once each.
func (f *Found) leave(file string, line int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if i, ok := f.seen[text]; ok {
		f.Left[i].Count++
		return
	}
	if f.seen == nil {
		f.seen = map[string]int{}
	}
	f.seen[text] = len(f.Left)
	f.Left = append(f.Left, Remark{File: file, Line: line, Text: text, Count: 1})
}

// Problem is why a source cannot be read: one line, with its place.
type Problem struct {
	File   string
	Line   int // from 1; 0 = the file as a whole
	Msg    string
	Advice string
}

// Error is "file:line: message".
func (p *Problem) Error() string { return at(p.File, p.Line) + p.Msg }

// Hint says what to do about it, or "".
func (p *Problem) Hint() string { return p.Advice }

func wrong(file string, line int, advice, format string, args ...any) error {
	return &Problem{File: file, Line: line, Msg: fmt.Sprintf(format, args...), Advice: advice}
}

// settle makes names sound and unique and puts hosts without a site into the given one. A host that cannot be named is left, and said.
func (f *Found) settle(file, site string) error {
	if len(f.Hosts) == 0 {
		return wrong(file, 0, "is it the file that names the hosts?", "no host in it")
	}
	byName := map[string]int{}
	kept := f.Hosts[:0]
	for _, h := range f.Hosts {
		if first, twice := byName[h.Name]; twice {
			f.leave(file, h.Line, "host %s once more; the one of line %d was taken", h.Name, first)
			continue
		}
		byName[h.Name] = h.Line
		if h.Site == "" {
			h.Site = site
		}
		f.sound(file, &h)
		kept = append(kept, h)
	}
	f.Hosts = kept
	slices.SortStableFunc(f.Left, func(a, b Remark) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	f.seen = nil // the places have moved
	return nil
}

// sound makes a host's words such that an inventory takes them; what it changes it says.
func (f *Found) sound(file string, h *Host) {
	if n := name(h.Name); n != h.Name {
		f.leave(file, h.Line, "host %q is named %s: names are letters, digits and . _ -", h.Name, n)
		if a := strings.Trim(h.Name, "[]"); h.Addr == "" && !strings.ContainsAny(a, " \t()/") {
			h.Addr = a
		}
		h.Name = n
	}
	h.Site, h.Rack = f.word(file, h.Line, "site", h.Site), f.word(file, h.Line, "rack", h.Rack)
	for i, t := range h.Tags {
		h.Tags[i] = f.word(file, h.Line, "tag", t)
	}
	slices.Sort(h.Tags)
	h.Tags = slices.Compact(h.Tags)
	if h.Addr == h.Name {
		h.Addr = "" // what a host is called is how it is reached, where nothing else is said
	}
	if h.Rack == "" && h.Unit > 0 {
		f.leave(file, h.Line, "a rack unit without a rack")
		h.Unit = 0
	}
	if h.Face != "" && h.Unit == 0 {
		h.Face = ""
	}
}

func (f *Found) word(file string, line int, what, s string) string {
	n := name(s)
	if s != "" && n != s {
		f.leave(file, line, "%s %q is written %s", what, s, n)
	}
	return n
}

// name is s as a name that an inventory takes.
func name(s string) string {
	ok := func(r rune) rune {
		if r < 128 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-') {
			return r
		}
		return '-'
	}
	s = strings.TrimLeft(strings.Map(ok, strings.TrimSpace(s)), "._-")
	return strings.TrimRight(s, "-")
}

// places lists the sites and their racks, in the order of their first host.
func (f *Found) places() (sites []string, racks map[string][]Rack) {
	racks = map[string][]Rack{}
	for i := range f.Hosts {
		h := &f.Hosts[i]
		if !slices.Contains(sites, h.Site) {
			sites = append(sites, h.Site)
		}
		have := slices.ContainsFunc(racks[h.Site], func(r Rack) bool { return r.Name == h.Rack })
		if h.Rack != "" && !have {
			racks[h.Site] = append(racks[h.Site], f.rack(h.Site, h.Rack))
		}
	}
	for s := range racks {
		slices.SortFunc(racks[s], func(a, b Rack) int { return cmp.Compare(a.Name, b.Name) })
	}
	return sites, racks
}

// rack is what is known of a rack; one whose hosts stand higher than its 42 units has as many as they need.
func (f *Found) rack(site, rack string) Rack {
	r := Rack{Site: site, Name: rack}
	for _, k := range f.Racks {
		if name(k.Site) == site && name(k.Name) == rack {
			r.Units = max(r.Units, k.Units)
		}
	}
	if r.Units > 0 {
		return r
	}
	for i := range f.Hosts {
		if h := &f.Hosts[i]; h.Site == site && h.Rack == rack {
			r.Units = max(r.Units, h.Unit+max(h.Height, 1)-1)
		}
	}
	if r.Units <= 42 {
		r.Units = 0
	}
	return r
}
