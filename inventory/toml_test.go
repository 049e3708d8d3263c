package inventory

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// plain turns a node into what BurntSushi/toml decodes the same text into.
func plain(n *node) any {
	switch n.kind {
	case kindString:
		return n.text
	case kindInt:
		return n.num
	case kindFloat:
		if strings.HasSuffix(n.text, "nan") {
			return math.NaN()
		}
		f, err := strconv.ParseFloat(strings.ReplaceAll(n.text, "_", ""), 64)
		if err != nil {
			return err
		}
		return f
	case kindBool:
		return n.text == "true"
	case kindArray:
		if n.isTables() {
			list := make([]map[string]any, len(n.items))
			for i, item := range n.items {
				list[i] = plain(item).(map[string]any)
			}
			return list
		}
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = plain(item)
		}
		return list
	case kindTable:
		m := map[string]any{}
		for _, e := range n.keys {
			m[e.key] = plain(e.val)
		}
		return m
	}
	_, t, err := parseWhen(n.text)
	if err != nil {
		return err
	}
	return t
}

// differ says how two decoded values differ, "" if they do not.
func differ(path string, a, b any) string {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return fmt.Sprintf("%s: %v is not %v", path, a, b)
		}
		for k := range a {
			if d := differ(path+"."+k, a[k], b[k]); d != "" {
				return d
			}
		}
		return ""
	case []any, []map[string]any:
		as, bs := items(a), items(b)
		if len(as) != len(bs) {
			return fmt.Sprintf("%s: %v is not %v", path, a, b)
		}
		for i := range as {
			if d := differ(fmt.Sprintf("%s[%d]", path, i), as[i], bs[i]); d != "" {
				return d
			}
		}
		return ""
	case float64:
		b, ok := b.(float64)
		if ok && (a == b || math.IsNaN(a) && math.IsNaN(b)) {
			return ""
		}
	case time.Time:
		b, ok := b.(time.Time)
		_, off := b.Zone()
		if _, mine := a.Zone(); ok && a.Format("2006-01-02T15:04:05.999999999") == b.Format("2006-01-02T15:04:05.999999999") &&
			(mine == off || mine == 0) {
			return ""
		}
	case string: // both ways to read a CRLF in a multi-line string are lawful
		b, ok := b.(string)
		if ok && strings.ReplaceAll(a, "\r\n", "\n") == strings.ReplaceAll(b, "\r\n", "\n") {
			return ""
		}
	default:
		if a == b {
			return ""
		}
	}
	return fmt.Sprintf("%s: %#v is not %#v", path, a, b)
}

func items(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case []map[string]any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = v[i]
		}
		return out
	}
	return []any{fmt.Errorf("%T is no list", v)}
}

// checkPositions walks the tree and requires that every key and every value stands where its node says.
func checkPositions(t *testing.T, text string, n *node) {
	t.Helper()
	if n.at < 0 || int(n.at) > len(text) {
		t.Fatalf("%s at byte %d of %d", n.kind, n.at, len(text))
	}
	here := text[n.at:]
	switch {
	case n.kind == kindString && here[0] != '"' && here[0] != '\'',
		n.kind < kindArray && n.kind != kindString && !strings.HasPrefix(here, n.text),
		n.kind == kindArray && n.origin == byValue && here[0] != '[',
		n.kind == kindTable && n.origin == byValue && here[0] != '{':
		t.Fatalf("%s is not at byte %d: %.20q", n.kind, n.at, here)
	}
	if n.branch == nil {
		return
	}
	for _, e := range n.keys {
		r := &tomlReader{s: text, i: int(e.at)}
		if name, err := r.keyName(); err != nil || name != e.key {
			t.Fatalf("key %q is not at byte %d: %.20q", e.key, e.at, text[e.at:])
		}
		checkPositions(t, text, e.val)
	}
	for _, item := range n.items {
		checkPositions(t, text, item)
	}
}

// suite finds the toml-test suite that BurntSushi/toml carries in the module cache.
func suite(t *testing.T) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/BurntSushi/toml").Output()
	if err != nil {
		t.Skipf("the module cache cannot be asked for the toml-test suite: %v", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "internal", "toml-test", "tests")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no toml-test suite: %v", err)
	}
	return dir
}

// lawfulIn11 are the suite's files that TOML 1.1 made valid (internal/toml-test/version.go there).
const lawfulIn11 = ` invalid/datetime/no-secs.toml invalid/local-time/no-secs.toml invalid/local-datetime/no-secs.toml
 invalid/string/basic-byte-escapes.toml invalid/inline-table/trailing-comma.toml invalid/inline-table/linebreak-01.toml
 invalid/inline-table/linebreak-02.toml invalid/inline-table/linebreak-03.toml invalid/inline-table/linebreak-04.toml
`

// TestSuite holds the reader against the toml-test suite, for the files of TOML 1.1.
func TestSuite(t *testing.T) {
	dir := suite(t)
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, dir+"/")
		if err != nil || filepath.Ext(name) != ".toml" || strings.Contains(name, "spec-1.0.0") || name == "version.toml" ||
			strings.Contains(strings.ReplaceAll(lawfulIn11, "\n", " "), " "+name+" ") {
			return err
		}
		seen++
		data, err := os.ReadFile(path)
		if err == nil {
			checkSuiteFile(t, name, string(data))
		}
		return err
	})
	if err != nil || seen < 500 {
		t.Errorf("%d files in the suite, %v", seen, err)
	}
}

func checkSuiteFile(t *testing.T, name, text string) {
	bad := &syntaxError{msg: "not UTF-8"}
	var got *node
	if utf8.ValidString(text) {
		got, bad = readTOML(text)
	}
	if strings.HasPrefix(name, "invalid") {
		if bad == nil {
			t.Errorf("%s was accepted", name)
		}
		return
	}
	if bad != nil {
		t.Errorf("%s: byte %d: %s", name, bad.at, bad.msg)
		return
	}
	checkPositions(t, text, got)
	var want map[string]any
	if _, err := toml.Decode(text, &want); err != nil {
		t.Errorf("%s: the reference: %v", name, err)
	} else if d := differ("", plain(got), want); d != "" {
		t.Errorf("%s: %s", name, d)
	}
}

// FuzzTOML: what the reader accepts, the reference accepts and reads alike, and everything stands where its node says. (The
// other way round it does not hold: BurntSushi/toml 1.6 lets dotted keys add to tables where the specification forbids it.)
func FuzzTOML(f *testing.F) {
	for _, s := range []string{
		"a = 1\n[b.c]\nd = \"x\"\n[[e]]\nf = [1, 2]\n", "a.b.c = 1\na.b.d = {x = 1, y.z = 2,}\r\n", "'a' = \"\"\"\n\\\n x\"\"\"\"\n",
		"a = 1979-05-27T07:32:00-08:00 # c\nb = 07:32\nc = 0x_1", "\ufeffa = 1_000.5e-3\nb = -inf", "[a]\n[a.b]\n[a]", "[[a.b]]\n[a.b.c]\n[[a.b]]",
		`a = "\u00e9\x41\e"`, "a = [\n# c\n[{}], ''' x''''']",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		got, bad := readTOML(text)
		if bad != nil {
			if bad.at < 0 || bad.at > len(text) || bad.msg == "" {
				t.Fatalf("an error nowhere: %+v", bad)
			}
			return
		}
		checkPositions(t, text, got)
		var want map[string]any
		if _, err := toml.Decode(text, &want); err != nil {
			t.Fatalf("the reference refuses: %v", err)
		}
		if d := differ("", plain(got), want); d != "" {
			t.Fatal(d)
		}
	})
}
