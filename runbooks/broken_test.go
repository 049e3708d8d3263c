package runbooks_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"tend/runbooks"
)

// TestBrokenNamesAreEscaped: the name of a file in a cloned repository reaches a terminal in lists and warnings, and acts on none.
func TestBrokenNamesAreEscaped(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a\x1b]0;b\x07\nc.toml"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	lib, err := runbooks.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := lib.Broken()
	if len(all) != 1 || strings.ContainsFunc(all[0].Name, unicode.IsControl) || !strings.HasPrefix(all[0].Name, "a\\x1b") {
		t.Errorf("%+v", all)
	}
}
