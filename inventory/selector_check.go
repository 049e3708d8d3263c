package inventory

import (
	"fmt"
	"slices"
	"strings"
)

// Check holds a selector against the inventory: every site, rack, tag, group, service, feed and host that it names must exist, and a
// key must not look like a slip of a host's key. Facts are the keys of facts that are known to be meant, whatever they look like.
// The error is a *SelectorError. What Check passes may still select nothing.
func (inv *Inventory) Check(s Selector, facts ...string) error {
	if err := (checker{inv, s.text, true}).check(s, facts); err != nil {
		return err
	}
	return nil
}

// checker holds one selector against the inventory. Advise says whether to look for what may have been meant, which is a walk over all
// names.
type checker struct {
	*Inventory
	text   string
	advise bool
}

func (inv checker) check(s Selector, facts []string) *SelectorError {
	for i := range s.terms {
		t := &s.terms[i]
		if err := checkFactKey(s.text, t, facts); err != nil {
			return err
		}
		for j := range t.vals {
			if err := inv.checkValue(t, &t.vals[j]); err != nil {
				return err
			}
		}
	}
	return inv.checkTogether(s)
}

// slips are keys that someone who knows another tool types.
var slips = map[string]string{
	"host": "name", "hostname": "name", "address": "addr", "ip": "addr", "role": "tag", "label": "tag", "datacenter": "site", "dc": "site",
	"cabinet": "rack", "distro": "os", "production": "prod",
}

// checkFactKey refuses a key that is no host's key but looks like one.
func checkFactKey(text string, t *term, facts []string) *SelectorError {
	if t.key == "" || slices.Contains(hostKeys, t.key) || slices.Contains(facts, t.key) {
		return nil
	}
	meant := slips[t.key]
	if meant == "" {
		meant = slips[strings.TrimSuffix(t.key, "s")]
	}
	if c := near(t.key, hostKeys); meant == "" && c != "" && len(c) > 2 && distance(t.key, c, 1) <= 1 {
		meant = c
	}
	if meant == "" {
		return nil
	}
	return fail(text, t.at, fmt.Sprintf("did you mean %s%s%s?", meant, t.op, t.vals[0]), "%q is no key of a host", t.key)
}

// names returns what the inventory has under a key; ok is false for keys whose values are not declared.
func (inv *Inventory) names(key string) (names []string, ok bool) {
	switch key {
	case "site":
		for _, s := range inv.Sites {
			names = append(names, s.Name)
		}
	case "rack":
		for _, s := range inv.Sites {
			names = append(names, rackNames(s)...)
		}
	case "tag":
		for tag := range inv.byTag {
			names = append(names, tag)
		}
	case "group":
		for _, g := range inv.Groups {
			names = append(names, g.Name)
		}
	case "service":
		for _, s := range inv.Services {
			names = append(names, s.Name)
		}
	case "feed":
		for i := range inv.Hosts {
			for _, f := range inv.Hosts[i].Feeds {
				if !slices.Contains(names, f) {
					names = append(names, f)
				}
			}
		}
	default:
		return nil, false
	}
	slices.Sort(names)
	return slices.Compact(names), true
}

func rackNames(s Site) []string {
	names := make([]string, len(s.Racks))
	for i, r := range s.Racks {
		names[i] = r.Name
	}
	return names
}

func (inv checker) checkValue(t *term, p *pattern) *SelectorError {
	if p.text == "" && p.quoted || t.key == "tag" && p.literal() && inv.byTag[p.text] != nil {
		return nil
	}
	switch {
	case p.site != nil:
		return inv.checkPath(p)
	case t.key == "" || t.key == "name":
		return inv.checkName(t, p)
	}
	names, ok := inv.names(t.key)
	if !ok || slices.ContainsFunc(names, p.match) {
		return nil
	}
	if p.open() {
		return fail(inv.text, p.at, "", "no %s matches %s", t.key, p)
	}
	return fail(inv.text, p.at, inv.didYouMean(p.text, names), "there is no %s %q", t.key, p.text)
}

// didYouMean is the hint for a word that is none of the names.
func (inv checker) didYouMean(word string, names []string) string {
	if !inv.advise {
		return ""
	}
	return didYouMean(word, names)
}

// checkPath looks a site/rack up.
func (inv checker) checkPath(p *pattern) *SelectorError {
	sites, _ := inv.names("site")
	if !slices.ContainsFunc(sites, p.site.match) {
		return fail(inv.text, p.site.at, inv.didYouMean(p.site.text, sites), "there is no site %q", p.site.text)
	}
	var racks []string
	for _, s := range inv.Sites {
		if p.site.match(s.Name) {
			racks = append(racks, rackNames(s)...)
		}
	}
	if !slices.ContainsFunc(racks, p.match) {
		return fail(inv.text, p.at, inv.didYouMean(p.text, racks), "site %s has no rack %q", p.site, p.text)
	}
	return nil
}

// checkName looks hosts up. All names of a range must exist; of a glob, one.
func (inv checker) checkName(t *term, p *pattern) *SelectorError {
	if p.all() && t.key == "" {
		return nil
	}
	if p.open() {
		if slices.ContainsFunc(inv.Hosts, func(h Host) bool { return p.match(string(h.Name)) }) {
			return nil
		}
		return fail(inv.text, p.at, "", "no host matches %s", p)
	}
	if p.literal() {
		if _, ok := inv.byName[HostID(p.text)]; ok {
			return nil
		}
		return fail(inv.text, p.at, inv.meant(p.text), "there is no host %q", p.text)
	}
	tpl, err := parseTemplate(p.text)
	if err != nil || tpl.count() > MaxRange {
		return fail(inv.text, p.at, "", "%s stands for more than %d hosts", p, MaxRange)
	}
	var missing []HostID
	for _, name := range tpl.expand() {
		if _, ok := inv.byName[HostID(name)]; !ok {
			missing = append(missing, HostID(name))
		}
	}
	switch {
	case len(missing) == 1:
		return fail(inv.text, p.at, inv.meant(string(missing[0])), "there is no host %q", missing[0])
	case missing != nil:
		return fail(inv.text, p.at, inv.meant(string(missing[0])), "there are no hosts %s", HostSet(missing))
	}
	return nil
}

// meant is the hint for a name that no host has: something else of that name, or a host with nearly that name.
func (inv checker) meant(name string) string {
	if !inv.advise {
		return ""
	}
	for _, key := range []string{"site", "rack", "tag", "group", "service"} {
		if names, _ := inv.names(key); slices.Contains(names, name) {
			return fmt.Sprintf("did you mean %s=%s?", key, name)
		}
	}
	names := make([]string, len(inv.Hosts))
	for i := range inv.Hosts {
		names[i] = string(inv.Hosts[i].Name)
	}
	if c := near(name, names); c != "" {
		return fmt.Sprintf("did you mean %q?", c)
	}
	return "tend inventory list shows them all"
}

// checkTogether catches two terms that no host can meet at once, such as "web-01 web-02", which is meant as web-01,web-02.
func (inv checker) checkTogether(s Selector) *SelectorError {
	single := map[string][]*term{}
	for i := range s.terms {
		t := &s.terms[i]
		if t.not || t.op != equal {
			continue
		}
		switch t.key {
		case "", "name":
			single["name"] = append(single["name"], t)
		case "site", "rack":
			single[t.key] = append(single[t.key], t)
		}
	}
	for _, key := range []string{"name", "site", "rack"} {
		terms := single[key]
		if len(terms) < 2 || slices.ContainsFunc(inv.Hosts, func(h Host) bool {
			return !slices.ContainsFunc(terms, func(t *term) bool { return t.eval(&h, nil) != sure })
		}) {
			continue
		}
		a, b := *terms[0], *terms[1]
		return fail(s.text, b.at, fmt.Sprintf("terms side by side must all hold; for either, write %s", either(a, b)),
			"no host meets all of the %s terms", key)
	}
	return nil
}

// either writes two terms of one key as one.
func either(a, b term) string {
	a.vals = append(slices.Clone(a.vals), b.vals...)
	if b.key != "" {
		a.key = b.key
	}
	var sb strings.Builder
	a.write(&sb)
	return sb.String()
}
