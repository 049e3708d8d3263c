package runbooks

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tend/inventory"
)

// placing resolves a runbook with one placing step, and returns its script; keys are lines of the step.
func placing(t *testing.T, files map[string]string, keys string, set map[string]string) (Plan, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	book := filepath.Join(dir, "put.toml")
	text := "title = \"x\"\nrisk = \"change\"\n[[param]]\nname = \"server\"\ndefault = \"it's $(id) \\\\ \\\"a\\\"\"\n[[step]]\nid = \"conf\"\n" + keys +
		"[[step]]\nid = \"restart\"\nscript = \"true\"\nwhen = \"conf.changed=yes\"\n"
	if err := os.WriteFile(book, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	rb, err := Load(book)
	if err != nil {
		return Plan{}, err
	}
	return Resolve(rb, "h", []inventory.Host{{Name: "h", User: "root"}}, nil, set, nil)
}

func sh(t *testing.T, script string) (string, error) {
	t.Helper()
	cmd := exec.Command("sh", "-s")
	cmd.Stdin = strings.NewReader(script)
	var bad bytes.Buffer
	cmd.Stderr = &bad
	out, err := cmd.Output()
	return string(out) + bad.String(), err
}

func TestCopyAndTemplateWriteTheirFiles(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("line 'quoted' $x `y` \\ é\n", 3000)
	for name, tt := range map[string]struct{ key, content, want, mode string }{
		"text":       {"copy", "a 'b' $c\nno newline", "a 'b' $c\nno newline", "-rw-r--r--"},
		"long":       {"copy", long, long, "-rw-r--r--"},
		"binary":     {"copy", "\x00\xff\r\n" + strings.Repeat("\x80x", 20000), "\x00\xff\r\n" + strings.Repeat("\x80x", 20000), "-rw-r--r--"},
		"empty":      {"copy", "", "", "-rw-r--r--"},
		"as it is":   {"copy", "{{ server }} %s %%\n", "{{ server }} %s %%\n", "-rw-r--r--"},
		"template":   {"template", "server {{server}} iburst\n%s {{ server }}", "server it's $(id) \\ \"a\" iburst\n%s it's $(id) \\ \"a\"", "-rw-r--r--"},
		"given mode": {"copy", "x", "x", "-rw-r-----"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := filepath.Join(t.TempDir(), "o'f")
			keys := tt.key + " = \"f\"\nto = \"" + to + "\"\n"
			if name == "given mode" {
				keys += "mode = \"0640\"\n"
			}
			plan, err := placing(t, map[string]string{"f": tt.content}, keys, nil)
			if err != nil {
				t.Fatal(err)
			}
			script, err := plan.Rendered("conf", "h")
			if err != nil {
				t.Fatal(err)
			}
			for _, changed := range []string{"yes", "no"} {
				out, err := sh(t, script)
				if err != nil || out != "conf.changed="+changed+"\n" {
					t.Fatalf("%q %v", out, err)
				}
			}
			got, err := os.ReadFile(to)
			if err != nil || string(got) != tt.want {
				t.Errorf("%v: %.200q, want %.200q", err, got, tt.want)
			}
			if st, _ := os.Stat(to); st.Mode().String() != tt.mode {
				t.Errorf("mode %s", st.Mode())
			}
			if left, _ := os.ReadDir(filepath.Dir(to)); len(left) != 1 {
				t.Errorf("something is left: %v", left)
			}
			os.Remove(to)
			if err := os.Mkdir(to, 0o700); err != nil {
				t.Fatal(err)
			}
			if out, err := sh(t, script); err == nil || !strings.Contains(out, "is a directory") {
				t.Errorf("over a directory: %q %v", out, err)
			}
		})
	}
}

func TestCopyFaultsHaveTheirPlace(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]string{
		"copy = \"none\"\nto = \"/x\"\n":                  "8:8: none: no such file",
		"copy = \"../f\"\nto = \"/x\"\n":                  "beneath the runbook's directory",
		"copy = \"f\"\nto = \"x\"\n":                      "no absolute path",
		"copy = \"f\"\nto = \"/x\"\nmode = \"rw\"\n":      "no octal mode",
		"copy = \"f\"\nto = \"/x\"\nowner = \"a b\"\n":    "owner is",
		"copy = \"f\"\nscript = \"true\"\nto = \"/x\"\n":  "no script",
		"script = \"true\"\nto = \"/x\"\n":                "belongs to a step with copy",
		"template = \"bad\"\nto = \"/x\"\n":               "line 2: there is no parameter \"nobody\"",
		"template = \"go\"\nto = \"/x\"\n":                "line 1: {{ is followed by no",
		"copy = \"f\"\ntemplate = \"f\"\nto = \"/x\"\n":   "not both",
		"kind = \"check\"\ncopy = \"f\"\nto = \"/x\"\n":   "no other kind",
		"copy = \"f\"\nto = \"/x\"\nrisk = \"disrupt\"\n": "risk",
		"copy = \"big\"\nto = \"/x\"\n":                   "256 KiB",
	} {
		files := map[string]string{"f": "x", "bad": "a\n{{ nobody }}", "go": "{{ .Name }}", "big": strings.Repeat("x", maxCopy+1)}
		if _, err := placing(t, files, keys, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", keys, err, want)
		}
	}
}

// TestCopyStaysInItsDirectory: a link to a key of ours, in a directory of runbooks that came from elsewhere, is not followed; one within is,
// and so is one to the runbook itself.
func TestCopyStaysInItsDirectory(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	books := filepath.Join(home, "clone")
	for name, text := range map[string]string{"id": "secret", "clone/motd": "hello", "clone/put.toml": "title = \"x\"\nrisk = \"change\"\n[[step]]\nid = \"s\"\ncopy = \"f\"\nto = \"/etc/motd\"\n"} {
		if err := errors.Join(os.MkdirAll(books, 0o700), os.WriteFile(filepath.Join(home, name), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere := filepath.Join(home, "link.toml")
	if err := os.Symlink(filepath.Join(books, "put.toml"), elsewhere); err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{"../id": "leads out", filepath.Join(home, "id"): "leads out", "motd": "", "nothing": "no such file"} {
		f := filepath.Join(books, "f")
		_ = os.Remove(f) // it may not be there yet
		if err := os.Symlink(to, f); err != nil {
			t.Fatal(err)
		}
		for _, book := range []string{filepath.Join(books, "put.toml"), elsewhere} {
			_, err := Load(book)
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s with a link to %s: %v", book, to, err)
			}
		}
	}
}

// TestOneFaultOfAFileIsSaidOnce: a step whose file or place is wrong had no fact ID.changed either, and the step that asks for it was called
// wrong as well.
func TestOneFaultOfAFileIsSaidOnce(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a": "{{ nobody }}"}
	for _, keys := range []string{"copy = \"a\"\nto = \"etc/x\"\n", "copy = \"missing\"\nto = \"/etc/x\"\n", "template = \"a\"\nto = \"/etc/x\"\n", "copy = \"a\"\nto = \"/etc/x\"\nmode = \"rw\"\n"} {
		_, err := placing(t, files, keys, nil)
		if err == nil || strings.Contains(err.Error(), "emits the fact") || strings.Count(err.Error(), "put.toml:") != 1 {
			t.Errorf("%q is refused with %v", keys, err)
		}
	}
}
