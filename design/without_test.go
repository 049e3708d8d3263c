package design

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/inventory"
	"tend/runbooks"
)

func parse(t *testing.T, toml string) *inventory.Inventory {
	t.Helper()
	inv, err := inventory.Parse("t.toml", []byte(toml))
	if err != nil {
		t.Fatalf("%v\n%s", err, toml)
	}
	return inv
}

// plant has one of everything that can fall.
const plant = `
[[site]]
name = "s"
jump = "gate"
  [[site.rack]]
  name = "r1"
    [[site.rack.host]]
    name = "a[1-2]"
    feeds = ["A"]
    [[site.rack.host]]
    name = "gate"
  [[site.rack]]
  name = "r2"
    [[site.rack.host]]
    name = "a3"
    feeds = ["A", "B"]
    [[site.rack.host]]
    name = "b[1-4]"
    feeds = ["B"]
[[group]]
name = "etcd"
members = "a[1-3]"
quorum = 2
[[group]]
name = "web"
members = "b[1-4]"
max_down = 1
[[service]]
name = "keys"
hosts = "group=etcd"
rto = "5m"
owner = "us"
[[service]]
name = "shop"
hosts = "group=web"
rto = "1h"
depends = ["keys"]
[[service]]
name = "door"
hosts = "gate"
`

func TestWithout(t *testing.T) {
	inv := parse(t, plant)
	for sel, want := range map[string]string{
		"a1":                "lost a1 cut | etcd:stands:2 | keys:stands:2 | at stake",
		"rack=r1":           "lost a[1-2],gate cut a3,b[1-4] | etcd:falls:1 | keys:falls:1 shop:falls:4 door:falls:0 | at stake keys 5m0s",
		"feed=A":            "lost a[1-2] cut | etcd:falls:1 | keys:falls:1 shop:falls:4 | at stake keys 5m0s",
		"feed=B":            "lost b[1-4] cut | web:falls:0 | shop:falls:0 | at stake shop 1h0m0s",
		"feed=A and feed=B": "lost a[1-3],b[1-4] cut | etcd:falls:0 web:falls:0 | keys:falls:0 shop:falls:0 | at stake keys 5m0s",
		"a1 and a2":         "lost a[1-2] cut | etcd:falls:1 | keys:falls:1 shop:falls:4 | at stake keys 5m0s",
		"b[1-2]":            "lost b[1-2] cut | web:strains:2 | shop:strains:2 | at stake",
		"gate":              "lost gate cut a[1-3],b[1-4] | | door:falls:0 | at stake",
		"all":               "lost a[1-3],b[1-4],gate cut | etcd:falls:0 web:falls:0 | keys:falls:0 shop:falls:0 door:falls:0 | at stake keys 5m0s",
		"!feed=*":           "lost gate cut a[1-3],b[1-4] | | door:falls:0 | at stake",
	} {
		var together []inventory.Selector
		for one := range strings.SplitSeq(sel, " and ") {
			together = append(together, selector(t, one))
		}
		i := Without(inv, nil, together...)
		if got := inShort(i); got != want || i.Without != sel {
			t.Errorf("without %s:\n got %s\nwant %s", sel, got, want)
		}
	}
}

// TestFalls: a group alone or a service alone is enough, and what strains has not fallen.
func TestFalls(t *testing.T) {
	for want, list := range map[bool][]Impact{
		true:  {{Groups: []GroupImpact{{Fate: Strains}, {Fate: Falls}}}, {Services: []ServiceImpact{{Fate: Falls}}}},
		false: {{}, {Groups: []GroupImpact{{Fate: Strains}}, Services: []ServiceImpact{{Fate: Strains}}}},
	} {
		for _, i := range list {
			if i.Falls() != want {
				t.Errorf("%+v: falls = %v", i, i.Falls())
			}
		}
	}
}

func inShort(i Impact) string {
	var b strings.Builder
	fmt.Fprintf(&b, "lost %s cut %s", inventory.HostSet(i.Lost), inventory.HostSet(i.Cut))
	b.WriteString(" |")
	for _, g := range i.Groups {
		fmt.Fprintf(&b, " %s:%s:%d", g.Group, g.Fate, g.Left)
	}
	b.WriteString(" |")
	for _, s := range i.Services {
		fmt.Fprintf(&b, " %s:%s:%d", s.Service, s.Fate, s.Left)
	}
	b.WriteString(" | at stake")
	if s, d := i.AtStake(); d > 0 {
		fmt.Fprintf(&b, " %s %s", s, d)
	}
	return strings.ReplaceAll(strings.TrimSpace(b.String()), "  ", " ")
}

// TestWhy: a service that falls with another says so, and the text says it all in ASCII.
func TestWhy(t *testing.T) {
	i := Without(parse(t, plant), nil, selector(t, "feed=A"))
	var b bytes.Buffer
	if err := i.Text(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"without feed=A: 2 hosts lost: a[1-2]", "falls   group etcd: 1 of 3 members left, quorum 2",
		"falls   service shop: 4 of 4 hosts left; it depends on keys, which falls; to be back within 1h", "at stake: keys is to be back within 5m"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, b.String())
		}
	}
}

// TestNothingLost: without nothing, nothing happens, in any inventory.
func TestNothingLost(t *testing.T) {
	for _, toml := range []string{plant, string(read(t, "../inventory.toml"))} {
		i := Without(parse(t, toml), nil, selector(t, "state=fail"))
		if len(i.Lost)+len(i.Cut)+len(i.Groups)+len(i.Services) > 0 || i.Falls() {
			t.Errorf("impact of nothing: %+v", i)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		if i := without(drawn(t), nil); len(i.Lost)+len(i.Cut)+len(i.Groups)+len(i.Services) > 0 || i.Falls() {
			t.Fatalf("impact of nothing: %+v", i)
		}
	})
}

// TestMoreLossIsNoBetter: whoever loses more hosts is nowhere better off, and the numbers add up.
func TestMoreLossIsNoBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inv := drawn(t)
		n := rapid.IntRange(0, len(inv.Hosts)).Draw(t, "lost")
		more := rapid.IntRange(n, len(inv.Hosts)).Draw(t, "more")
		a, b := without(inv, inv.Hosts[:n]), without(inv, inv.Hosts[:more])
		for _, g := range a.Groups {
			if g.Left+len(g.Lost) != g.Members {
				t.Fatalf("%+v does not add up", g)
			}
			i := slices.IndexFunc(b.Groups, func(h GroupImpact) bool { return h.Group == g.Group })
			if i < 0 || b.Groups[i].Fate < g.Fate || b.Groups[i].Left > g.Left {
				t.Fatalf("%s: %+v, and with more lost %+v", g.Group, g, b.Groups)
			}
		}
		for _, s := range a.Services {
			i := slices.IndexFunc(b.Services, func(h ServiceImpact) bool { return h.Service == s.Service })
			if i < 0 || b.Services[i].Fate < s.Fate || b.Services[i].Left > s.Left {
				t.Fatalf("%s: %+v, and with more lost %+v", s.Service, s, b.Services)
			}
		}
	})
}

// drawn is an inventory put together by hand: groups and services of random members, services that depend on any others, in circles too.
func drawn(t *rapid.T) *inventory.Inventory {
	inv := &inventory.Inventory{}
	for i := range rapid.IntRange(1, 8).Draw(t, "hosts") {
		inv.Hosts = append(inv.Hosts, inventory.Host{Name: inventory.HostID(fmt.Sprintf("h%d", i))})
	}
	members := func(label string) []inventory.HostID {
		var ids []inventory.HostID
		for _, h := range inv.Hosts {
			if rapid.Bool().Draw(t, label) {
				ids = append(ids, h.Name)
			}
		}
		return ids
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "groups") {
		g := inventory.Group{Name: fmt.Sprintf("g%d", i), Hosts: members("member")}
		g.Quorum = rapid.IntRange(0, len(g.Hosts)).Draw(t, "quorum")
		g.MaxDown = rapid.IntRange(0, len(g.Hosts)).Draw(t, "max_down")
		inv.Groups = append(inv.Groups, g)
	}
	n := rapid.IntRange(0, 4).Draw(t, "services")
	for i := range n {
		s := inventory.Service{Name: fmt.Sprintf("s%d", i), Hosts: members("host"), RTO: time.Duration(i) * time.Minute}
		for j := range n {
			if rapid.IntRange(0, 3).Draw(t, "depends") == 0 {
				s.Depends = append(s.Depends, fmt.Sprintf("s%d", j))
			}
		}
		inv.Services = append(inv.Services, s)
	}
	return inv
}

func without(inv *inventory.Inventory, hosts []inventory.Host) Impact {
	text := "nobody"
	if len(hosts) > 0 {
		text = inventory.HostSet(names(hosts))
	}
	sel, err := inventory.ParseSelector(text)
	if err != nil {
		panic(err)
	}
	return Without(inv, nil, sel)
}

// TestHostileText: what hosts, files and reasons say reaches a terminal as ASCII without control characters, and JSON reads back.
func TestHostileText(t *testing.T) {
	evil := "\x1b]0;owned\a\x1b[2J\u202egnp.exe\u200b\r\n\x9b31mé\x7f<script>"
	inv := parse(t, room(host("r1", "a", ""), ""))
	inv.Path = evil
	o := Options{Facts: facts("a", time.Hour, check("eol", runbooks.CheckCrit, evil)), Silences: []Silence{
		{Rule: NoOwner, Reason: evil, Until: now}, {Rule: Rule(evil), Scope: evil, Reason: evil, Until: now}}}
	r := Check(inv, now, o)
	var text, js bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.JSON(&js); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"text": text.Bytes(), "json": js.Bytes()} {
		for _, c := range bytes.ReplaceAll(b, []byte("\n"), nil) {
			if c < 0x20 || c > 0x7e {
				t.Errorf("%s holds the byte %#x:\n%q", name, c, b)
				break
			}
		}
	}
	if n := bytes.Count(js.Bytes(), []byte("\n")); n != 1 {
		t.Errorf("JSON has %d lines", n)
	}
	var back struct{ Inventory string }
	if err := json.Unmarshal(js.Bytes(), &back); err != nil || back.Inventory != strings.ToValidUTF8(evil, "\ufffd") {
		t.Errorf("JSON reads back as %q, %v", back.Inventory, err)
	}
}
