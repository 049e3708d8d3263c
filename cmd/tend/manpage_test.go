package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestManPages: each command has its page, whose name stands in its head; the flags have their values' names; and groff, where it is
// installed, finds nothing wrong and shows what was written.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	root := (&app{getenv: func(string) string { return "" }, streams: streams{}}).root()
	if err := writeManPages(root, dir, time.Unix(0, 0).UTC()); err != nil {
		t.Fatal(err)
	}
	pages, _ := filepath.Glob(filepath.Join(dir, "*.1"))
	if len(pages) < 70 {
		t.Fatalf("only %d pages", len(pages))
	}
	text := read(t, filepath.Join(dir, "tend-run.1"))
	for _, want := range []string{`.TH "TEND-RUN" "1" "January 1970"`, "\\fB\\-\\-set\\fR \\fIname=value\\fR\n", ".SH EXAMPLES\n.PP\n.nf\n", ".SH EXIT STATUS\n0 all passed"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, p := range pages {
		verbatim := false
		for line := range strings.Lines(read(t, p)) {
			if strings.HasPrefix(line, ".") {
				verbatim = line == ".nf\n" || verbatim && line != ".fi\n"
			}
			if shown := strings.ReplaceAll(strings.TrimRight(line, "\n"), `\-`, "-"); verbatim && len(shown) > 113 { // and 7 to its left
				t.Errorf("%s: nothing breaks this line of %d columns: %s", filepath.Base(p), len(shown), shown)
			}
		}
		for line := range strings.Lines(read(t, p)) {
			if strings.HasPrefix(line, "'") || strings.HasPrefix(line, ".") && !strings.HasPrefix(line, ".SH ") && !strings.HasPrefix(line, ".TH ") && !strings.HasPrefix(line, ".B ") && len(strings.TrimSpace(line)) > 3 && line != ".ad l\n" {
				t.Errorf("%s: %q acts on the formatter", filepath.Base(p), line)
			}
		}
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		return // the pages themselves are looked at above
	}
	cmd := exec.Command(groff, append([]string{"-man", "-Tutf8", "-Kutf8", "-ww", "-rHY=0"}, pages...)...)
	cmd.Env = append(os.Environ(), "GROFF_NO_SGR=1")
	var bad strings.Builder
	cmd.Stderr = &bad
	out, err := cmd.Output()
	if err != nil || bad.Len() > 0 {
		t.Errorf("groff: %v\n%.2000s", err, bad.String())
	}
	if !strings.Contains(string(out), "TEND-RUN(1)") {
		t.Errorf("%.2000s", out)
	}
}
