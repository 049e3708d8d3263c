package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
)

// TestCompletionKnows: hosts, racks, groups, services, runbooks, their parameters, runs and flags' values complete, by the example inventory.
func TestCompletionKnows(t *testing.T) {
	home := shortDir(t)
	getenv := func(k string) string {
		return map[string]string{"TEND_INVENTORY": "../../inventory.toml", "HOME": home, "XDG_RUNTIME_DIR": home}[k]
	}
	if err := os.Chmod("../../inventory.toml", 0o644); err != nil {
		t.Fatal(err)
	}
	complete := func(args ...string) []string {
		var out strings.Builder
		Main(context.Background(), append([]string{"__complete"}, args...), streams{out: &out, err: io.Discard}, getenv)
		return strings.Split(out.String(), "\n")
	}
	if code := Main(context.Background(), []string{"note", "x"}, streams{out: io.Discard, err: io.Discard}, getenv); code != 0 {
		t.Fatalf("note: exit %d", code)
	}
	for _, c := range []struct {
		typed []string
		want  string
	}{
		{[]string{"run", "hea"}, "health\t"},
		{[]string{"run", "health", "web-07"}, "web-0701"},
		{[]string{"run", "health", "site=a"}, "site=ams1"},
		{[]string{"run", "health", "!rack=r0"}, "!rack=r01"},
		{[]string{"run", "health", "site=ams1,ny"}, "site=ams1,nyc1"},
		{[]string{"run", "health", "nyc1/r"}, "nyc1/r07"},
		{[]string{"exec", "group="}, "group=web-ams1"},
		{[]string{"plan", "patch", "service="}, "service="},
		{[]string{"run", "patch", "--set", ""}, "="},
		{[]string{"journal", "list", "--runbook", "pat"}, "patch\t"},
		{[]string{"journal", "list", "--host", "db-"}, "db-0712\t"},
		{[]string{"host", "show", "db-"}, "db-0712\t"},
		{[]string{"journal", "show", ""}, "last\t"},
		{[]string{"retry", "last", "db-"}, "db-0712\t"},
		{[]string{"--tier", "p"}, "plain"},
		{[]string{"schema", "i"}, "inventory"},
		{[]string{"jour"}, "journal\t"},
	} {
		if got := complete(c.typed...); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, c.want) }) {
			t.Errorf("%q completes to %q, without %q", c.typed, got, c.want)
		}
	}
	if got := complete("host", "show", "db-0712", ""); len(got) > 2 {
		t.Errorf("a second host is offered where one is wanted: %q", got)
	}
}

// TestCompletionOffersWhatCanStillBeDone: to take up, pause or abort are only runs that have not ended; to show are all.
func TestCompletionOffersWhatCanStillBeDone(t *testing.T) {
	home := shortDir(t)
	getenv := func(k string) string { return map[string]string{"HOME": home, "XDG_RUNTIME_DIR": home}[k] }
	book, err := segments.Open(filepath.Join(home, ".local/state/tend/journal"), "ops@console1")
	if err != nil {
		t.Fatal(err)
	}
	for run, bodies := range map[journal.RunID][]journal.Body{
		"261122-0001-open": {journaltest.Plan("health", "a")}, "261122-0002-done": {journaltest.Plan("health", "a"), journal.RunClosed{Result: journal.Passed}},
	} {
		if _, err := book.Append(t.Context(), run, bodies...); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		command    string
		open, done bool
	}{{"resume", true, false}, {"pause", true, false}, {"abort", true, false}, {"report", true, true}, {"attach", true, true}} {
		var out strings.Builder
		Main(context.Background(), []string{"__complete", c.command, ""}, streams{out: &out, err: io.Discard}, getenv)
		if got := out.String(); strings.Contains(got, "261122-0001-open") != c.open || strings.Contains(got, "261122-0002-done") != c.done {
			t.Errorf("tend %s offers %q", c.command, got)
		}
	}
}

// keystrokes are what is typed before tab is pressed, and what the line must be then.
var keystrokes = []struct{ typed, want string }{
	{"tend run he", "tend run health"},
	{"tend run health site=am", "health site=ams1"},
	{"tend run health site=ams1,ny", "site=ams1,nyc1"},
	{"tend run health group=web-n", "group=web-nyc1"},
	{"tend run health web-0701,db-0713,mon-08", "web-0701,db-0713,mon-0840"},
	{"tend run health web-0703 bak-12", "web-0703 bak-1210"},
	{`tend run health "site=lo`, `health "site=lon2`},
	{"tend run health '!site=ny", "health '!site=nyc1"},
	{"tend host show db-0712 --js", "db-0712 --json"},
	{"tend shell dns-12", "tend shell dns-1222"},
	{"tend --tier=pl", "tend --tier=plain"},
	{"tend run patch --set sco", "--set scope="},
	{"tend run patch --set=scope=sec", "--set=scope=security"},
	{"tend journal show la", "journal show last"},
	{"tend journal list --runbook pat", "--runbook patch"},
	{"tend runbook check ./ni", "check ./night.toml"},
	{"tend exec $(touch evil) >evil --tick", "--ticket"}, // and nothing of it is done yet
}

// TestCompletionKeyByKey presses tab in real shells, which have nothing else loaded and take the completion up as its help says. A bash 3.2,
// the one of macOS, is asked as well where one is on PATH by that name.
func TestCompletionKeyByKey(t *testing.T) {
	scriptsOnly(t)
	source := map[string]string{}
	for _, sh := range completed {
		source[sh.name] = strings.Replace(sh.now, "compinit; source", "compinit -u -D; source", 1) // it would ask, and keep a file
	}
	for name, sh := range map[string]struct{ command, source string }{
		"bash":     {"bash --norc --noprofile", source["bash"]},
		"bash-3.2": {"bash-3.2 --norc --noprofile", source["bash"]},
		"zsh":      {"zsh -f", source["zsh"]},
		"fish":     {"fish --no-config", "set -g fish_autosuggestion_enabled 0; " + source["fish"]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(name); err != nil && name == "bash-3.2" {
				t.Skip("no bash-3.2 on PATH")
			}
			need(t, name)
			dir := t.TempDir()
			s := newScreen(t, "tmux-256color", dir)
			s.size[0] = 120
			s.env = append(s.env, completionEnv(t)...)
			if err := os.WriteFile(filepath.Join(dir, "night.toml"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			s.start("sh -c 'cd " + dir + " && exec " + sh.command + "'")
			s.typed(sh.source + "; echo is 're'ady")
			s.keys("Enter")
			s.see("is ready")
			shown := "is ready"
			for _, k := range keystrokes {
				if strings.Contains(k.typed, k.want) {
					t.Errorf("%q is there before tab is pressed", k.want)
				}
				// Each key waits for what the one before did: a busy shell takes what is typed ahead of it for another line's.
				s.keys("C-u", "C-l")
				s.until("for an empty line", func(pane string) bool { return !strings.Contains(pane, shown) })
				s.typed(k.typed)
				s.see(k.typed)
				s.keys("Tab")
				s.see(k.want)
				shown = k.typed
			}
			s.killed() // a shell asked to exit may still take the words for a choice among its candidates
			if _, err := os.Stat(filepath.Join(dir, "evil")); err == nil {
				t.Error("what was typed was evaluated")
			}
		})
	}
}

// TestCompletionHelpNamesOnlyWhatIsThere: cobra's help wanted a package that is not needed, and offered a shell and a flag that do nothing here.
func TestCompletionHelpNamesOnlyWhatIsThere(t *testing.T) {
	none := func(string) string { return "" }
	for _, sh := range completed {
		var out strings.Builder
		if code := Main(context.Background(), []string{"completion", sh.name, "--help"}, streams{out: &out, err: io.Discard}, none); code != 0 || !strings.Contains(out.String(), sh.now) {
			t.Errorf("%s: exit %d, and how it is taken up is not in\n%s", sh.name, code, out.String())
		}
		if strings.Contains(out.String(), "depends on") || strings.Contains(out.String(), "--no-descriptions") {
			t.Errorf("%s: the help wants what is not so:\n%s", sh.name, out.String())
		}
	}
	for _, wrong := range [][]string{{"completion", "powershell"}, {"completion", "bash", "--no-descriptions"}, {"completion", "bash", "x"}} {
		if code := Main(context.Background(), wrong, streams{out: io.Discard, err: io.Discard}, none); code != 2 {
			t.Errorf("%q: exit %d, not 2", wrong, code)
		}
	}
}

// TestEveryPlaceIsCompleted: a command that takes a host, a run, a runbook or a selector offers them.
func TestEveryPlaceIsCompleted(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			walk(sub)
		}
		takes := regexp.MustCompile(`\b(HOST|RUN|RUNBOOK|SELECTOR|SHELL)\b`).FindString(c.Use)
		if takes != "" && !c.Hidden && c.ValidArgsFunction == nil {
			t.Errorf("tend %s completes no %s", c.Use, takes)
		}
	}
	walk((&app{getenv: func(string) string { return "" }, streams: streams{}}).root())
}

func completionEnv(t *testing.T) []string {
	t.Helper()
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "tend")); err != nil {
		t.Fatal(err)
	}
	inv, err := filepath.Abs("../../inventory.toml")
	if err != nil {
		t.Fatal(err)
	}
	return []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HISTFILE=", "PS1='$ '", "TEND_INVENTORY=" + inv}
}
