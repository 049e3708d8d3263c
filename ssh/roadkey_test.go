package ssh

import (
	"testing"

	"tend/inventory"
)

// TestRoadKeysDiffer: hosts that are reached in different ways never share their settings, however their words are cut.
func TestRoadKeysDiffer(t *testing.T) {
	seen := map[string]int{}
	for i, h := range []inventory.Host{
		{Name: "a"}, {Addr: "a"}, {User: "a"}, {HostKey: "a"}, {Name: "a", Port: 1}, {Name: "a", LegacyCrypto: true},
		{Jump: []string{"a"}}, {KnownHosts: []string{"a"}}, {Identity: []string{"a"}}, {Jump: []string{"a", "b"}}, {Jump: []string{"a"}, KnownHosts: []string{"b"}},
		{Jump: []string{`a""b`}}, {Name: `a"`, Addr: `"b`}, {Name: `a""`, Addr: `b`},
	} {
		key := roadKey(h)
		if other, twice := seen[key]; twice {
			t.Errorf("hosts %d and %d share the key %s", other, i, key)
		}
		seen[key] = i
	}
}
