package inventory

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestKeysAreComplete: the reference names exactly the keys that the reader takes.
func TestKeysAreComplete(t *testing.T) {
	want := map[string][]string{"every level": inherited}
	for table, keys := range tableKeys {
		if table != "top host" && table != "defaults" {
			want[table] = keys
		}
	}
	want["host"] = tableKeys["top host"]
	got := map[string][]string{}
	for _, k := range Keys() {
		got[k.Table] = append(got[k.Table], k.Name)
		if k.Help == "" {
			t.Errorf("%s.%s says nothing", k.Table, k.Name)
		}
	}
	for table := range got {
		if !slices.Contains(KeyTables, table) {
			t.Errorf("KeyTables lacks %q", table)
		}
	}
	for _, table := range KeyTables {
		slices.Sort(got[table])
		if w := slices.Sorted(slices.Values(want[table])); !slices.Equal(got[table], w) {
			t.Errorf("%s:\n got %v\nwant %v", table, got[table], w)
		}
	}
}

// TestKeyExamplesParse: every example is taken where it stands.
func TestKeyExamplesParse(t *testing.T) {
	for _, k := range Keys() {
		if k.Example == "" {
			continue
		}
		if _, err := Parse("inventory.toml", []byte(exampleFile(k))); err != nil {
			t.Errorf("%s.%s = %s: %v", k.Table, k.Name, k.Example, err)
		}
	}
}

// exampleFile is the least file that has the key in it.
func exampleFile(k Key) string {
	const room = "[[site]]\nname = \"ams1\"\n[[site.rack]]\nname = \"r07\"\n"
	line := fmt.Sprintf("%s = %s\n", k.Name, k.Example)
	extra := "[[site.rack.host]]\nname = \"bastion-1\"\n[[site.rack.host]]\nname = \"db-[1-3]\"\ntags = [\"db\"]\n"
	group := "[[group]]\nname = \"pg-main\"\nmembers = \"tag=db\"\nmax_down = 1\n"
	service := "[[service]]\nname = \"ldap\"\nhosts = \"tag=db\"\n"
	without := func(text string) string { // a key is given once
		var out []string
		for _, l := range strings.SplitAfter(text, "\n") {
			if !strings.HasPrefix(l, k.Name+" = ") {
				out = append(out, l)
			}
		}
		return strings.Join(out, "")
	}
	switch {
	case k.Table == "every level":
		return "[defaults]\n" + line + room + extra
	case k.Table == "expect":
		return "[defaults.expect]\n" + line + room + extra
	case k.Table == "site":
		return without("[[site]]\nname = \"x\"\n") + line
	case k.Table == "rack":
		return "[[site]]\nname = \"x\"\n" + without("[[site.rack]]\nname = \"y\"\n") + line
	case k.Table == "host" && (k.Name == "site" || k.Name == "rack"):
		other := map[string]string{"site": "rack = \"r07\"\n", "rack": "site = \"ams1\"\n"}[k.Name]
		return room + "[[host]]\nname = \"h\"\n" + line + other
	case k.Table == "host":
		return room + without("[[site.rack.host]]\nname = \"h\"\n") + line
	case k.Table == "group":
		return room + extra + without(group) + line
	default:
		return room + extra + group + service + without("[[service]]\nname = \"billing\"\nhosts = \"tag=db\"\n") + line
	}
}
