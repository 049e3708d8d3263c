package plans

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestKeysAreComplete: the reference names every key that the reader asks for, and no other; the keys of the waves are a runbook's.
func TestKeysAreComplete(t *testing.T) {
	src, err := os.ReadFile("file.go")
	do(t, err)
	asked := []string{"canary", "batch", "by", "parallel", "max_failures", "pause", "cutoff"}
	for _, m := range regexp.MustCompile(`(?:\.(?:Text|Number|Yes|Day|Tables|Values)\(|(?:line|selector)\(r?t, )"([a-z_]+)"`).FindAllStringSubmatch(string(src), -1) {
		asked = append(asked, m[1])
	}
	var known []string
	for _, k := range Keys() {
		known = append(known, k.Name)
		if !slices.Contains(asked, k.Name) {
			t.Errorf("%s.%s: nobody reads it", k.Table, k.Name)
		}
		if k.Help == "" || !slices.Contains(KeyTables, k.Table) {
			t.Errorf("%s.%s: no help, or no such table", k.Table, k.Name)
		}
	}
	for _, key := range asked {
		if !slices.Contains(known, key) {
			t.Errorf("the reference lacks %q", key)
		}
	}
}

// TestKeyExamplesParse: every example is taken where it stands.
func TestKeyExamplesParse(t *testing.T) {
	for _, k := range Keys() {
		if k.Example == "" {
			continue
		}
		tables := map[string]map[string]string{"plan": {"goal": `"x"`}, "approver": {"name": `"ann"`}, "run": {"runbook": `"health"`, "scope": `"all"`}}
		tables[k.Table][k.Name] = k.Example
		if k.Name == "allowed_signers" {
			delete(tables, "approver")
		}
		var b strings.Builder
		for _, name := range KeyTables {
			if name != "plan" && tables[name] != nil {
				fmt.Fprintf(&b, "[[%s]]\n", name)
			}
			for key, v := range tables[name] {
				fmt.Fprintf(&b, "%s = %s\n", key, v)
			}
		}
		if _, err := Parse("p.toml", []byte(b.String()), func(string) ([]byte, error) { return nil, nil }); err != nil {
			t.Errorf("%s.%s: %v\n%s", k.Table, k.Name, err, b.String())
		}
	}
}
