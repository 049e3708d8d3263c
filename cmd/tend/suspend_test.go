package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fleetHome is a home with an inventory of one host that nobody can reach.
func fleetHome(t *testing.T) (home, inventory string) {
	t.Helper()
	home = shortDir(t)
	inventory = filepath.Join(home, "inventory.toml")
	if err := os.WriteFile(inventory, []byte("[[site]]\nname = \"here\"\n[[site.host]]\nname = \"one\"\naddr = \"192.0.2.1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return home, inventory
}

// TestSuspendAndComeBack: Ctrl-Z gives the terminal back to the shell as it was, fg brings the screen back, and its keys work.
func TestSuspendAndComeBack(t *testing.T) {
	scriptsOnly(t)
	for _, term := range []string{"screen-256color", "vt220"} {
		t.Run(term, func(t *testing.T) {
			home, inv := fleetHome(t)
			s := newScreen(t, term, home)
			s.env = append(s.env, "PS1=ready:", "TEND_INVENTORY="+inv)
			s.start("sh -i")
			s.see("ready:")
			s.typed("stty -g >" + home + "/before; " + os.Args[0] + " && echo left-$((40+2))\n")
			s.see("FLEET")
			for range 2 {
				s.keys("C-z")
				s.until("for the shell", func(pane string) bool { return !strings.Contains(pane, "FLEET") && strings.Contains(pane, "topped") })
				s.typed("stty -g >" + home + "/while; cmp " + home + "/before " + home + "/while && echo same-$((40+2))\n")
				s.see("same-42")
				s.typed("clear; fg\n")
				s.see("FLEET")
				s.keys("J")
				s.see("JOURNAL")
				s.keys("q")
				s.see("FLEET")
			}
			s.keys("C-c", "C-c")
			s.until("for its end", func(pane string) bool { return !strings.Contains(pane, "FLEET") })
			s.typed("stty -g >" + home + "/after; cmp " + home + "/before " + home + "/after && echo whole-$((40+2))\n")
			s.see("whole-42")
		})
	}
}

// TestKeysOfTheShellStayThere: what was typed at the shell and not read by it is no key of the screen that comes back.
func TestKeysOfTheShellStayThere(t *testing.T) {
	home, inv := fleetHome(t)
	s := newScreen(t, "screen-256color", home)
	s.env = append(s.env, "PS1=ready:", "TEND_INVENTORY="+inv)
	s.start("sh -i")
	s.see("ready:")
	s.typed(os.Args[0] + "\n")
	s.see("FLEET")
	s.keys("C-z")
	s.until("for the shell", func(pane string) bool { return !strings.Contains(pane, "FLEET") && strings.Contains(pane, "topped") })
	s.typed("clear; echo busy-$((40+2)); until [ -e " + home + "/go ]; do sleep 0.05; done; fg\n")
	s.see("busy-42")
	s.keys("J", "J")
	s.see("JJ") // the terminal has them, and nobody reads them
	if err := os.WriteFile(filepath.Join(home, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.see("FLEET")
	s.keys("e")
	s.see("the cursor is not in a rack") // on the fleet still: J would have led to the journal
	s.keys("C-c", "C-c")
	s.until("for its end", func(pane string) bool { return !strings.Contains(pane, "FLEET") })
}

// TestSuspendAsSessionLeader: where no shell could bring it back, Ctrl-Z says so, and the console goes on.
func TestSuspendAsSessionLeader(t *testing.T) {
	home, inv := fleetHome(t)
	s := newScreen(t, "screen-256color", home)
	s.env = append(s.env, "TEND_INVENTORY="+inv)
	s.start("sh -c 'exec \"$0\"' " + os.Args[0])
	s.see("FLEET")
	s.keys("C-z")
	s.see("there is no shell to suspend to")
	s.keys("J")
	s.see("JOURNAL")
	s.keys("C-c", "C-c")
	s.ended()
}

// TestNoTerminal: without one, in or out, the console is lines: no escape sequence, no hanging, and whatever was asked for is there.
func TestNoTerminal(t *testing.T) {
	home, inv := fleetHome(t)
	s := &screen{t: t, dir: home}
	file := filepath.Join(home, "out")
	for name, line := range map[string]string{
		"nothing to read":  `"$TEND" </dev/null >"$OUT"`,
		"commands piped":   `echo fleet | "$TEND" >"$OUT"`,
		"output to a file": `"$TEND" --tier auto </dev/null >"$OUT" 2>&1`,
		"read-only":        `echo fleet | "$TEND" --readonly >"$OUT"`,
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("sh", "-c", line)
			cmd.Env = append(s.env, asTend+"=1", "TEND="+os.Args[0], "OUT="+file, "HOME="+home, "XDG_STATE_HOME="+filepath.Join(home, "state"), "XDG_RUNTIME_DIR="+home,
				"PATH="+os.Getenv("PATH"), "TERM=xterm-256color", "TEND_INVENTORY="+inv, "SSH_AUTH_SOCK=")
			if msg, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, msg)
			}
			out, err := os.ReadFile(file)
			if err != nil || !strings.Contains(string(out), "tend: 1 host") || strings.ContainsRune(string(out), 0x1b) {
				t.Errorf("%v: %q", err, out)
			}
		})
	}
}
