package main

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"
)

// TestAFullDiskIsNoWholeList: what could not be printed is said, and the exit code is not that of success.
func TestAFullDiskIsNoWholeList(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/dev/full is Linux's")
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	home := t.TempDir()
	getenv := func(k string) string {
		return map[string]string{"HOME": home, "TEND_INVENTORY": "../../inventory.toml", "XDG_RUNTIME_DIR": home}[k]
	}
	for _, line := range []string{"version", "help run", "run --help", "inventory check", "inventory list --short", "inventory list --json", "runbook show health", "plan health web-0701",
		"check --rules", "lab --list-faults", "journal verify", "journal list", "runs", "schema inventory", "new inventory -", "doctor --json"} {
		var errs bytes.Buffer
		code := Main(t.Context(), strings.Fields(line), streams{in: strings.NewReader(""), out: full, err: &errs}, getenv)
		if code != 1 || !strings.Contains(errs.String(), "no space left") {
			t.Errorf("%s: exit %d, %s", line, code, errs.String())
		}
	}
}
