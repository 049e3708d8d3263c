package runbooks

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
	"tend/inventory"
)

// plausible is a value for a required parameter of a built-in.
func plausible(p Param) string {
	switch {
	case !p.Required:
		return p.Default
	case p.Type == "int":
		return "1"
	case strings.HasPrefix(p.Pattern, "packages|"):
		return "packages users"
	case strings.HasPrefix(p.Pattern, "/"):
		return "/tmp"
	default:
		return "true"
	}
}

// allSteps calls f for every script of every built-in, rendered, with each choice that adds steps taken.
func allSteps(t *testing.T, f func(t *testing.T, rb Runbook, s Step, script string)) {
	t.Helper()
	all, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, rb := range all {
		params := map[string]string{}
		for _, p := range rb.Params {
			params[p.Name] = plausible(p)
		}
		for i := range rb.Steps {
			rb.Steps[i].Given = "" // every step, whatever the parameters
		}
		plan, err := Resolve(rb, "all", []inventory.Host{{Name: "h1"}}, nil, params, nil)
		if err != nil {
			t.Errorf("%s: %v", rb.Name, err)
			continue
		}
		for _, s := range plan.Steps {
			script, err := plan.Rendered(s.ID, "h1")
			if err != nil {
				t.Errorf("%s/%s: %v", rb.Name, s.ID, err)
			} else if script != "" {
				t.Run(rb.Name+"/"+string(s.ID), func(t *testing.T) { f(t, rb, s, script) })
			}
		}
	}
}

func TestBuiltinsAreThere(t *testing.T) {
	all, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, rb := range all {
		names = append(names, rb.Name)
		if rb.Source != "built-in" || rb.Title == "" || len(rb.Doc) < 200 {
			t.Errorf("%s: source %q, title %q, %d bytes of doc", rb.Name, rb.Source, rb.Title, len(rb.Doc))
		}
		for _, p := range rb.Params {
			if p.Help == "" {
				t.Errorf("%s: the parameter %s has no help", rb.Name, p.Name)
			}
		}
	}
	for _, want := range []string{
		"backup-check", "certs", "clean-disk", "collect-logs", "commission", "decommission", "exec", "facts", "health", "locate", "patch", "reboot", "replace-disk",
		"replace-host", "restart-service", "restore-drill", "security-posture", "drift", "accept-drift", "undo-drift",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("no built-in %s in %v", want, names)
		}
	}
}

// TestBuiltinsParseEverywhere: each rendered script is one command for our own parser and for every shell of this machine.
func TestBuiltinsParseEverywhere(t *testing.T) {
	sh := everyShell(t)
	allSteps(t, func(t *testing.T, _ Runbook, _ Step, script string) {
		oneCommand(t, script)
		file := filepath.Join(t.TempDir(), "script")
		if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, argv := range sh {
			if out, err := exec.Command(argv[0], append(argv[1:], "-n", file)...).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
		}
	})
}

// TestBuiltinsKeepTheRules: what tend's lab shell does not have, and what scripts for every host must not need, is not used.
func TestBuiltinsKeepTheRules(t *testing.T) {
	forbidden := map[string]string{"kill": "no kill", "local": "not POSIX", "source": "not POSIX", "[[": "not POSIX", "umask": "the lab has none", "exec": "would replace the shell",
		"function": "not POSIX", "declare": "not POSIX", "readarray": "not POSIX", "mapfile": "not POSIX", "which": "command -v is in POSIX"}
	awkFile := regexp.MustCompile(`\bgetline\b|\bsystem\(["a-z]`)
	allSteps(t, func(t *testing.T, _ Runbook, _ Step, script string) {
		f, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(script), "")
		if err != nil {
			t.Fatal(err)
		}
		syntax.Walk(f, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.Redirect:
				if n.N != nil && n.N.Value != "1" && n.N.Value != "2" && n.N.Value != "0" {
					t.Errorf("line %d: descriptor %s", n.Pos().Line(), n.N.Value)
				}
			case *syntax.CallExpr:
				if len(n.Args) > 0 && forbidden[n.Args[0].Lit()] != "" {
					t.Errorf("line %d: %s: %s", n.Pos().Line(), n.Args[0].Lit(), forbidden[n.Args[0].Lit()])
				}
			}
			return true
		})
		if m := awkFile.FindString(script); m != "" {
			t.Errorf("awk reads standard input only, and runs nothing: %s", m)
		}
	})
}

// TestLibraryIsComplete: every tend_ function that a script or the library calls is there, and none is there for nobody.
func TestLibraryIsComplete(t *testing.T) {
	fns, err := libFunctions()
	if err != nil {
		t.Fatal(err)
	}
	used, defined := map[string]bool{}, map[string]bool{}
	var head string // what the heads of the library's parts offer is there for users' runbooks
	for _, part := range []string{libCore, libPackages, libSnapshot} {
		offer, _, _ := strings.Cut(part, "\n\n")
		head += offer
	}
	for _, fn := range fns {
		defined[fn.name] = true
		used[fn.name] = strings.Contains(head, "  "+fn.name+" ")
		for _, u := range fn.uses[1:] {
			used[u] = true
		}
	}
	calls := func(script string) {
		f, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(script), "")
		if err != nil {
			t.Fatal(err)
		}
		syntax.Walk(f, func(n syntax.Node) bool {
			if c, ok := n.(*syntax.CallExpr); ok && len(c.Args) > 0 && strings.HasPrefix(c.Args[0].Lit(), "tend_") {
				name := c.Args[0].Lit()
				used[name] = true
				if !defined[name] {
					t.Errorf("%s is called and not defined", name)
				}
			}
			return true
		})
	}
	allSteps(t, func(_ *testing.T, _ Runbook, _ Step, script string) { calls(script) })
	for _, fn := range fns {
		if !used[fn.name] {
			t.Errorf("%s is in the library, and nothing calls it", fn.name)
		}
	}
}

const mine = "title = 'mine'\nrisk = 'read'\n[[step]]\nid = 'a'\nscript = 'true'\n"

func writeMode(t *testing.T, dir, name, text string, mode os.FileMode) string {
	t.Helper()
	write(t, dir+"/"+name, text)
	if err := os.Chmod(dir+"/"+name, mode); err != nil { // past the umask
		t.Fatal(err)
	}
	return dir + "/" + name
}

func TestOpen(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	own := writeMode(t, first, "health.toml", mine, 0o644)
	writeMode(t, second, "health.toml", strings.Replace(mine, "mine", "hidden", 1), 0o600)
	writeMode(t, second, "extra.toml", mine, 0o600)
	writeMode(t, second, ".hidden.toml", "not toml", 0o600)
	writeMode(t, second, "notes.txt", "not toml", 0o600)
	lib, err := Open(first, filepath.Join(first, "absent"), second)
	if err != nil {
		t.Fatal(err)
	}
	h, err := lib.Get("health")
	if err != nil || h.Title != "mine" || h.Source != own || h.Shadows != "built-in" {
		t.Errorf("%v %+v", err, h)
	}
	if e, err := lib.Get("extra"); err != nil || e.Shadows != "" {
		t.Errorf("%v %+v", err, e)
	}
	if _, err := lib.Get("helth"); err == nil || err.(Problem).Hint() != `did you mean "health"?` {
		t.Errorf("%v", err)
	}
	if names := lib.Names(); !slices.IsSorted(names) || !slices.Contains(names, "facts") || len(lib.All()) != len(names) {
		t.Errorf("%v", names)
	}
}

// TestOpenCopy: a copy of a built-in hides nothing.
func TestOpenCopy(t *testing.T) {
	data, err := builtinFiles.ReadFile("facts.toml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir+"/facts.toml", string(data))
	lib, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := lib.Get("facts"); err != nil || f.Source != builtinSource || f.Shadows != "" {
		t.Errorf("a copy of the built-in hides it: %v %s %s", err, f.Source, f.Shadows)
	}
}

// TestOpenRefusesOneByOne: what is broken refuses its own runbook, by whatever name it may have meant, and nothing else; no built-in is
// run in its place.
func TestOpenRefusesOneByOne(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		mode       os.FileMode
		refused    []string
		want, hint string
		line       int
	}{
		"others may write":          {"open.toml", mine, 0o666, []string{"open"}, "others may write to it", "chmod go-w", 0},
		"no TOML":                   {"bad.toml", "[[step", 0o600, []string{"bad"}, "bad.toml:1:", "", 1},
		"a built-in's file":         {"patch.toml", mine + "colour = 'red'\n", 0o600, []string{"patch"}, "patch.toml:6:1: unknown key", "", 6},
		"a built-in's name":         {"ours.toml", "name = 'patch'\n" + mine + "colour = 'red'\n", 0o600, []string{"patch"}, "ours.toml:7:1: unknown key", "", 7},
		"a name in what is no TOML": {"ours.toml", "name = \"patch\n" + mine, 0o600, []string{"ours", "patch"}, "ours.toml:1:", "", 1},
		"a parameter's name":        {"ours.toml", "title = 'x'\n[[param]]\nname = 'patch'\n[[step", 0o600, []string{"ours"}, "ours.toml:4:", "", 4},
		"no name at all":            {"patch.toml", "name = 7\n" + mine, 0o600, []string{"patch"}, "patch.toml:1:", "", 1},
	} {
		dir := t.TempDir()
		writeMode(t, dir, c.file, c.text, c.mode)
		writeMode(t, dir, "fine.toml", mine, 0o600)
		lib, err := Open(dir)
		if err != nil {
			t.Fatal(name, err)
		}
		var names []string
		for _, b := range lib.Broken() {
			names = append(names, b.Name)
			if !strings.Contains(b.First(), c.want) || !strings.Contains(b.Error, c.hint) || b.Line != c.line || b.Source != filepath.Join(dir, c.file) || b.Hidden {
				t.Errorf("%s: %+v", name, b)
			}
			if rb, err := lib.Get(b.Name); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %s is run: %v, from %q", name, b.Name, err, rb.Source)
			}
			if slices.Contains(lib.Names(), b.Name) {
				t.Errorf("%s: %s is offered", name, b.Name)
			}
		}
		if !slices.Equal(names, c.refused) {
			t.Errorf("%s: refused are %q, not %q", name, names, c.refused)
		}
		for _, other := range []string{"fine", "health"} {
			if _, err := lib.Get(other); err != nil {
				t.Errorf("%s: %s is refused too: %v", name, other, err)
			}
		}
	}
}

// TestOpenRefusesTwins: of two files of one name in one directory neither is run, nor the built-in one.
func TestOpenRefusesTwins(t *testing.T) {
	dir := t.TempDir()
	writeMode(t, dir, "patch.toml", mine, 0o600)
	writeMode(t, dir, "twin.toml", "name = 'patch'\n"+mine, 0o600)
	lib, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lib.Get("patch"); err == nil || !strings.Contains(err.Error(), `the name "patch" is `) || !strings.Contains(err.Error(), "another name") {
		t.Error(err)
	}
}

// TestOpenRefusesInOrder: the first directory that has a name has it, broken or not.
func TestOpenRefusesInOrder(t *testing.T) {
	bad, good := t.TempDir(), t.TempDir()
	writeMode(t, bad, "patch.toml", "[[step", 0o600)
	writeMode(t, good, "patch.toml", mine, 0o600)
	if lib, err := Open(bad, good); err != nil {
		t.Fatal(err)
	} else if _, err := lib.Get("patch"); err == nil || lib.Broken()[0].Hidden {
		t.Errorf("a later directory's runbook is run in place of a broken one: %v", err)
	}
	if lib, err := Open(good, bad); err != nil {
		t.Fatal(err)
	} else if rb, err := lib.Get("patch"); err != nil || rb.Title != "mine" || !lib.Broken()[0].Hidden {
		t.Errorf("what a broken file does not hide is refused: %v %+v", err, lib.Broken())
	}
}

// TestOpenUnreadable: where a directory cannot be read, nobody knows what it would hide.
func TestOpenUnreadable(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(writeMode(t, dir, "extra.toml", mine, 0o600)); err == nil { // a file where a directory should be
		t.Error("a file was opened as a directory")
	}
	if err := os.Mkdir(filepath.Join(dir, "x.toml"), 0o700); err != nil {
		t.Fatal(err)
	}
	if lib, err := Open(dir); err != nil || len(lib.Broken()) != 1 {
		t.Errorf("a directory was read as a runbook: %v %+v", err, lib.Broken())
	}
}
