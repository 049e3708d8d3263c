package runbooks

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tend/inventory"
)

// fetching resolves a runbook whose only step fetches; path may name the parameter "which".
func fetching(t *testing.T, path, which string) (string, error) {
	t.Helper()
	rb, err := Parse("get.toml", []byte("title = \"x\"\nrisk = \"change\"\n[[param]]\nname = \"which\"\ndefault = \"none\"\n[[param]]\nname = \"key\"\nsecret = true\n[[step]]\nid = \"get\"\nfetch = '"+path+"'\n"))
	if err != nil {
		return "", err
	}
	plan, err := Resolve(rb, "h", []inventory.Host{{Name: "h", User: "root"}}, nil, map[string]string{"which": which}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s := plan.Steps[0]; s.Risk != Read || s.Fetch != path {
		t.Errorf("risk %s, fetch %q", s.Risk, s.Fetch)
	}
	return plan.Rendered("get", "h")
}

func TestFetchBringsTheFile(t *testing.T) {
	t.Parallel()
	for name, argv := range shells(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, data := range map[string]string{"text": "a=b\n@end\nget.bytes=7\n", "bin\n": "\x00\xff\r\n" + strings.Repeat("\x80x\n", 30000), "em'pty": "", "$(id)": "x"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(data), 0o600); err != nil {
					t.Fatal(err)
				}
				script, err := fetching(t, dir+"/{{ which }}", file)
				if err != nil {
					t.Fatal(err)
				}
				out, _, code := run(t, argv, script)
				got, err := ParseFetched([]byte(out))
				if code != 0 || err != nil || string(got.Data) != data {
					t.Errorf("%q: exit %d, %v, %d bytes of %d\n%.300s", file, code, err, len(got.Data), len(data), out)
				}
				if !strings.Contains(out, "\nget.sha256="+got.SHA256+"\n") {
					t.Errorf("%q: no sum in the facts", file)
				}
			}
		})
	}
}

// TestFetchWithoutTools: a host with neither base64 nor a tool for sums gives the file all the same; its sum is then ours.
func TestFetchWithoutTools(t *testing.T) {
	t.Parallel()
	bin, file := t.TempDir(), filepath.Join(t.TempDir(), "f")
	for _, tool := range []string{"head", "wc", "od"} {
		p, err := exec.LookPath(tool)
		if err != nil {
			t.Skip(err)
		}
		if err := os.Symlink(p, filepath.Join(bin, tool)); err != nil {
			t.Fatal(err)
		}
	}
	data := bytes.Repeat([]byte("\x00\xffab\n"), 5000)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-s")
	cmd.Env, cmd.Stdin = []string{"PATH=" + bin}, strings.NewReader(fetchScript("get", "printf %s "+file))
	out, err := cmd.CombinedOutput()
	got, perr := ParseFetched(out)
	if err != nil || perr != nil || !bytes.Equal(got.Data, data) || bytes.Contains(out, []byte("sha256=")) {
		t.Errorf("%v, %v, %d bytes\n%.300s", err, perr, len(got.Data), out)
	}
}

func TestFetchRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	big := filepath.Join(dir, "big")
	if err := os.WriteFile(big, make([]byte, maxFetch+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{big: "a step may fetch 4194304: use tend pull", dir: "is no regular file", dir + "/none": "there is no ", "{{ which }}": "no absolute path: none"} {
		script, err := fetching(t, path, "none")
		if err != nil {
			t.Fatal(err)
		}
		if out, err := sh(t, script); err == nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v %.200q", path, err, out)
		}
	}
	for path, want := range map[string]string{"etc/x": "no absolute path", "/etc/../x": "no absolute path", "/x/{{ nobody }}": "no parameter", "/x/{{ key }}": "a secret"} {
		if _, err := fetching(t, path, "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	for out, want := range map[string]string{
		"nothing": "no file", "@file 3 - base64\nYWJj\n": "not whole", "@file 4 - base64\nYWJj\n@end\n": "not whole", "@file 3 00 base64\nYWJj\n@end\n": "not whole",
		"@file 3 - base64\n*\n@end\n": "not whole", "@file 3 -\n@end\n": "not whole",
	} {
		if _, err := ParseFetched([]byte(out)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", out, err)
		}
	}
}
