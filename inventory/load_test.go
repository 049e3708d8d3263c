package inventory

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const oneHost = "[[host]]\nname = \"h\"\n"

// put writes a file of the given mode.
func put(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "inventory.toml")
	for _, mode := range []fs.FileMode{0o644, 0o600, 0o440} {
		os.Remove(path)
		put(t, path, oneHost, mode)
		inv, err := Load(path)
		if err != nil || len(inv.Hosts) != 1 || inv.Path != path {
			t.Errorf("mode %o: %+v, %v", mode, inv, err)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	put(t, at("group"), oneHost, 0o664)
	put(t, at("world"), oneHost, 0o602)
	put(t, at("both"), oneHost, 0o666)
	put(t, at("latin"), "[[host]]\nname = \"caf\xe9\"\n", 0o600)
	put(t, at("wide"), "\xff\xfe[\x00", 0o600)
	put(t, at("large"), strings.Repeat("# filler\n", MaxBytes/9+1), 0o600)
	put(t, at("broken"), "[[host]\n", 0o600)
	put(t, at("nul"), "a = \"\x00\"\n", 0o600)
	if err := syscall.Mkfifo(at("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(at("loop"), at("loop")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, want string }{
		{"", ": this is a directory, not an inventory file\n  name the file in it: " + at("inventory.toml")},
		{"none", ": there is no such file"},
		{"group", ": its group can write this file (mode 0664), and with it say where root's commands go\n  chmod go-w " + at("group")},
		{"world", ": everybody can write this file (mode 0602), and with it say where root's commands go\n  chmod go-w " + at("world")},
		{"both", ": its group and everybody can write this file (mode 0666), and with it say where root's commands go\n  chmod go-w " + at("both")},
		{"latin", ":2:12: this is not UTF-8\n  save it as UTF-8"},
		{"wide", ":1:1: this is UTF-16\n  save it as UTF-8"},
		{"large", ": larger than 16 MiB\n  host ranges keep an inventory short: name = \"web-[001-120]\""},
		{"broken", ":1:7: expected \"]]\" to close the header, found ']'"},
		{"nul", ":1:6: control character 0x00 in a string"},
		{"pipe", ": this is not a regular file\n  write the inventory to a file first"},
		{"loop", ": too many levels of symbolic links"},
		{"broken/x", ": not a directory"},
	} {
		inv, err := Load(at(c.name))
		if err == nil || err.Error() != at(c.name)+c.want || inv != nil {
			t.Errorf("%s:\n%v\nwant\n%s", c.name, err, at(c.name)+c.want)
		}
	}
	_, err := Load(at("none"))
	var p Problem
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &p) || p.Line != 0 {
		t.Errorf("%#v", err)
	}
}

// TestLoadUnreadable needs a file that this process may not read; root may read all that a mode forbids.
func TestLoadUnreadable(t *testing.T) {
	p := openProblem(&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES})
	if p.Msg != "you may not read this file" || p.Hint == "" || !errors.Is(p, fs.ErrPermission) {
		t.Errorf("%+v", p)
	}
	if p := openProblem(&fs.PathError{Op: "read", Path: "x", Err: syscall.EIO}); p.Msg != "input/output error" {
		t.Errorf("%+v", p)
	}
	if os.Getuid() == 0 {
		t.Skip("root may read every file; the message is tested above, its way to Load is not")
	}
	path := filepath.Join(t.TempDir(), "x")
	put(t, path, oneHost, 0o000)
	if _, err := Load(path); err == nil || err.Error() != path+": you may not read this file\n  see who may: ls -l" {
		t.Errorf("%v", err)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	home, xdg := filepath.Join(dir, "home"), filepath.Join(dir, "xdg")
	for _, d := range []string{home + "/.config/tend", xdg + "/tend"} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"HOME": home, "XDG_CONFIG_HOME": xdg, "TEND_INVENTORY": "from-env.toml"}
	getenv := func(k string) string { return env[k] }
	expect := func(flag, want string) {
		t.Helper()
		if got, err := Find(flag, getenv); err != nil || got != want {
			t.Errorf("Find(%q) = %q, %v; want %q", flag, got, err, want)
		}
	}
	refuse := func(want string) {
		t.Helper()
		got, err := Find("", getenv)
		var nf *NotFoundError
		if !errors.As(err, &nf) || err.Error() != want || nf.Hint() == "" || got != "" {
			t.Errorf("%q, %v, want %s", got, err, want)
		}
	}
	const prefix = "no inventory found; looked at -i (not given), $TEND_INVENTORY (not set), ./inventory.toml"
	expect("flag.toml", "flag.toml")
	expect("", "from-env.toml")
	delete(env, "TEND_INVENTORY")
	refuse(prefix + ", " + xdg + "/tend/inventory.toml")
	env["XDG_CONFIG_HOME"] = "relative/is/ignored"
	refuse(prefix + ", " + home + "/.config/tend/inventory.toml")
	put(t, home+"/.config/tend/inventory.toml", oneHost, 0o600)
	expect("", home+"/.config/tend/inventory.toml")
	env["XDG_CONFIG_HOME"] = xdg
	put(t, xdg+"/tend/inventory.toml", oneHost, 0o600)
	expect("", xdg+"/tend/inventory.toml")
	if err := os.Mkdir("inventory.toml", 0o700); err != nil { // not passed over: Load says what it is
		t.Fatal(err)
	}
	expect("", "inventory.toml")
	env = map[string]string{}
	os.Remove("inventory.toml")
	refuse(prefix)
}

// TestManyProblems: all are there, a hundred are shown.
func TestManyProblems(t *testing.T) {
	_, err := Parse("x.toml", []byte("[defaults]\n"+strings.Repeat("[[host]]\nname = 1\n", 150)))
	ps, ok := err.(Problems)
	if !ok || len(ps) != 150 || len(ps.Unwrap()) != 150 {
		t.Fatalf("%d problems", len(ps))
	}
	if got := strings.Count(err.Error(), "\n"); got != 100 || !strings.HasSuffix(err.Error(), "\n… and 50 more") {
		t.Errorf("%d lines:\n%s", got+1, err)
	}
}

func TestNear(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"ams2", "ams1"}, {"asm1", "ams1"}, {"AMS1", "ams1"}, {"ams1x", "ams1"}, {"ms1", "ams1"}, {"nyc1", ""}, {"max_dwon", "max_down"}, {"maxdown", "max_down"}, {"", ""}, {strings.Repeat("a", 300), ""},
	} {
		if got := near(c.word, []string{"ams1", "max_down", "title", strings.Repeat("b", 300)}); got != c.want {
			t.Errorf("%s: %q, want %q", c.word, got, c.want)
		}
	}
}
