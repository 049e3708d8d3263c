package inventory

import (
	"strings"
	"testing"
)

const diffWorld = `[[site]]
name = "s"
window = "Sun 01:00-05:00 UTC"
[[site.rack]]
name = "r1"
units = 42
[[site.rack.host]]
name = "db-[1-3]"
tags = ["db"]
[[site.rack.host]]
name = "web-1"
tags = ["web"]
vars = { "health.disk_crit" = "98" }
[[group]]
name = "pg"
members = "tag=db"
max_down = 1
[[service]]
name = "shop"
hosts = "tag=web"
rto = "1h"
`

// TestDiff: each change is said once, in meaning, and hosts of which the same is said stand together.
func TestDiff(t *testing.T) {
	parsed := func(text string) *Inventory {
		inv, err := Parse("inventory.toml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return inv
	}
	a := parsed(diffWorld)
	for _, c := range []struct{ from, to, want string }{
		{"", "# a comment\n", ""},
		{"window = \"Sun 01:00-05:00 UTC\"\n[[site.rack]]\nname = \"r1\"\n", "[[site.rack]]\nname = \"r1\"\nwindow = \"Sun 01:00-05:00 UTC\"\n", ""}, // the same, from another level
		{"Sun 01", "Sun 02", `hosts changed: db-[1-3],web-1: window: "Sun 01:00-05:00 UTC" -> "Sun 02:00-05:00 UTC"`},
		{`["web"]`, `["web", "edge"]`, `host changed: web-1: tags: "web" -> "web edge"`},
		{`"98"`, `"97"`, `host changed: web-1: vars: "{\"health.disk_crit\":\"98\"}" -> "{\"health.disk_crit\":\"97\"}"`},
		{"db-[1-3]", "db-[1-4]", "host added: db-4 (site s, rack r1)\ngroup changed: pg: hosts: \"db-[1-3]\" -> \"db-[1-4]\""},
		{"db-[1-3]", "db-[2-3]", "host removed: db-1 (site s, rack r1)\ngroup changed: pg: hosts: \"db-[1-3]\" -> \"db-[2-3]\""},
		{"max_down = 1", "max_down = 2", `group changed: pg: max_down: "1" -> "2"`},
		{`"pg"`, `"pq"`, "group removed: pg (members tag=db, max_down 1)\ngroup added: pq (members tag=db, max_down 1)"},
		{"units = 42", "units = 47", `rack changed: s/r1: units: "42" -> "47"`},
		{`rto = "1h"`, "", `service changed: shop: rto: "1h" -> nothing`},
		{`"tag=web"`, `"tag=web,db"`, `service changed: shop: hosts: "tag=web" -> "tag=web,db"; which are: "web-1" -> "db-[1-3],web-1"`},
		{"name = \"s\"\n", "name = \"s\"\ntitle = \"Hall 2\"\n", `site changed: s: title: nothing -> "Hall 2"`},
	} {
		b := parsed(strings.Replace(diffWorld, c.from, c.to, 1))
		var got []string
		for _, ch := range Diff(a, b) {
			got = append(got, ch.String())
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%q -> %q:\n%s\nnot\n%s", c.from, c.to, strings.Join(got, "\n"), c.want)
		}
	}
	if got := Diff(a, &Inventory{}); len(got) != 5 || got[0].String() != "site removed: s" || got[2].String() != "hosts removed: db-[1-3],web-1 (site s, rack r1)" {
		t.Errorf("%v", got)
	}
}
