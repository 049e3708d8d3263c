package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tend/ssh/sshtest"
)

// TestRealUnknownManager: a host whose package manager nobody knows is said to be one, on a line of its own, and is not touched; what else
// is known of it is.
func TestRealUnknownManager(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	like := "" // a family whose manager this machine lacks
	for family, manager := range map[string]string{"alpine": "apk", "arch": "pacman", "freebsd": "pkg"} {
		if _, err := exec.LookPath(manager); err != nil {
			like = family
		}
	}
	s := bareSite(t)
	s.write("os-release", "ID=void\nID_LIKE="+like+"\nPRETTY_NAME=\"Void Linux\"\n")
	under := []string{"unshare", "-m", "sh", "-c", `mount --bind "$0" "$(readlink -f /etc/os-release)" && exec "$@"`, filepath.Join(s.dir, "os-release")}
	if out, err := exec.Command(under[0], append(slices.Clone(under[1:]), "true")...).CombinedOutput(); like == "" || err != nil {
		cannotRun(t, "since this machine has every package manager, or allows no mounts: "+string(out))
	}
	s = newSite(t, sshtest.Start(t, sshtest.Config{Under: under}), 1, "")
	out, errs, code := s.tend("run", "patch", "--yes")
	if want := "real-1: manager no package manager that tend knows is on this host (Void Linux)\n"; code != 1 || strings.Count(out, want) != 1 || errs != "" {
		t.Errorf("patch: exit %d, no %q\n%s%s", code, want, out, errs)
	}
	if n := s.kinds(); n["step_started"] != 1 {
		t.Errorf("%d steps were started, and the first said that there is nothing to be done: %v", n["step_started"], n)
	}
	s.ok("run", "facts")
	show := s.ok("journal", "show", "last", "--output")
	if !strings.Contains(show, "pm=none") || !strings.Contains(show, "os.pretty=Void Linux") || strings.Contains(show, "pending=") || strings.Contains(show, "conffiles=") {
		t.Errorf("facts makes something up:\n%s", show)
	}
}
