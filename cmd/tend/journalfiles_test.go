package main

import (
	"path/filepath"
	"testing"

	"tend/inventory"
	"tend/runbooks"
)

// TestFetchedFilesStayBeneathTheirDirectory: an imported run was planned by somebody else, and its names are not ours.
func TestFetchedFilesStayBeneathTheirDirectory(t *testing.T) {
	for _, c := range []struct {
		host inventory.HostID
		step runbooks.Step
		want string // "" = it is refused
	}{
		{"web-1", runbooks.Step{ID: "conf", Fetch: "/etc/ntp.conf"}, "out/web-1/etc/ntp.conf"},
		{"web-1", runbooks.Step{ID: "conf", Fetch: "/etc/{{ name }}"}, "out/web-1/conf"},
		{"web-1", runbooks.Step{ID: "conf", Fetch: "/../../.ssh/authorized_keys"}, ""},
		{"web-1", runbooks.Step{ID: "../../conf", Fetch: "/etc/{{ name }}"}, ""},
		{"web-1", runbooks.Step{ID: "conf", Fetch: "//etc/ntp.conf"}, ""},
		{"..", runbooks.Step{ID: "conf", Fetch: "/etc/ntp.conf"}, ""},
		{"../../web-1", runbooks.Step{ID: "conf", Fetch: "/etc/ntp.conf"}, ""},
		{"a/b", runbooks.Step{ID: "conf", Fetch: "/etc/ntp.conf"}, ""},
		{"", runbooks.Step{ID: "conf", Fetch: "/etc/ntp.conf"}, ""},
	} {
		got, err := beneath("out", c.host, c.step)
		if (err != nil) != (c.want == "") || got != filepath.FromSlash(c.want) {
			t.Errorf("%q %q %q: %q, %v", c.host, c.step.ID, c.step.Fetch, got, err)
		}
	}
}
