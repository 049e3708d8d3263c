package quote

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// shells are the ones that a word must survive, by the words that start them. In CI (CI=true) none may be missing.
func shells(t *testing.T) [][]string {
	t.Helper()
	var out [][]string
	all := [][]string{{"/bin/sh"}, {"dash"}, {"busybox", "sh"}, {"bash", "--posix"}, {"mksh"}}
	for _, more := range filepath.SplitList(os.Getenv("TEND_SHELLS")) { // CONTRIBUTING.md
		all = append(all, []string{more})
	}
	for _, argv := range all {
		path, err := exec.LookPath(argv[0])
		switch {
		case err == nil:
			out = append(out, append([]string{path}, argv[1:]...))
		case os.Getenv("CI") == "true" || strings.Contains(argv[0], "/"):
			t.Errorf("%s is missing, and CI must have it", argv[0])
		default:
			t.Logf("SKIPPED for want of %s", argv[0])
		}
	}
	return out
}

var words = []string{
	"", "x", "'", "''", "'\\''", "a'b'c", "\"", "\\", "\\'", "$HOME", "$(id)", "`id`", "\n", "a\n\nb\n", "\r", "\t", " ", "  ", "*", "?", "[a]", "~", "~root",
	"!", "!!", "-n", "--", "#x", ";", "&&", "|", "<", ">", "{", "}", "(", ")", "=", "\x01\x1b[31m\x7f", "\x80\xff\xfe", "é中😀", "\u202e", "EOF\n", "%s",
	strings.Repeat("'", 1000), strings.Repeat("x\n", 20000),
}

// TestWordSurvivesShells gives values to real shells, as words and as assignments, and wants them back byte for byte.
func TestWordSurvivesShells(t *testing.T) {
	for _, argv := range shells(t) {
		for _, locale := range []string{"C", "C.UTF-8"} {
			for _, w := range words {
				survives(t, argv, locale, w)
			}
		}
	}
}

// FuzzWord does the same for any bytes.
func FuzzWord(f *testing.F) {
	for _, w := range words {
		f.Add(w)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, argv := range shells(t) {
			survives(t, argv, "C", s)
		}
	})
}

func survives(t *testing.T, argv []string, locale, s string) {
	t.Helper()
	word, err := Word(s)
	assign, err2 := Assign("v", s)
	if strings.IndexByte(s, 0) >= 0 {
		if !errors.Is(err, ErrNUL) || !errors.Is(err2, ErrNUL) {
			t.Fatalf("%q: %v, %v; want ErrNUL", s, err, err2)
		}
		return
	}
	if err != nil || err2 != nil {
		t.Fatalf("%q: %v, %v", s, err, err2)
	}
	cmd := exec.CommandContext(t.Context(), argv[0], append(argv[1:], "-s")...)
	cmd.Stdin = strings.NewReader(assign + "\nprintf '%s.%s.' \"$v\" " + word + "\n")
	cmd.Env = []string{"LC_ALL=" + locale, "PATH=" + os.Getenv("PATH"), "v=leaked"}
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	if want := s + "." + s + "."; err != nil || !bytes.Equal(out, []byte(want)) {
		t.Fatalf("%v in %s: sent %q, got %q (%v)", argv, locale, want, out, err)
	}
}

// logins are the login shells that a command line must pass, by name; sshd runs each with -c.
var logins = []string{"dash", "bash", "tcsh", "fish", "zsh"}

// passes sends a script through a login shell and wants its words back byte for byte.
func passes(t *testing.T, login, s string) {
	t.Helper()
	word, err := Word(s)
	if errors.Is(err, ErrNUL) {
		if _, err := Argv(s); !errors.Is(err, ErrNUL) {
			t.Fatalf("%q: %v; want ErrNUL", s, err)
		}
		return
	}
	coded, err := Coded(s)
	if err != nil {
		t.Fatal(err)
	}
	line, err := Argv("# a comment, 100% ~ {a,b} *\nprintf '%s.' "+word+"\nprintf '%b.%s' \"$2\" \"$1\"\nexit 3 # the end\n\n", "first", coded)
	if err != nil {
		t.Fatal(err)
	}
	if len(line) > 100<<10 {
		return // execve's limit for one argument is 128 KiB (execve(2), MAX_ARG_STRLEN)
	}
	cmd := exec.CommandContext(t.Context(), login, "-c", line)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != 3 || string(out) != s+"."+s+".first" {
		t.Fatalf("%s: sent %q, got %q (%v)", login, s, out, err)
	}
}

// TestArgvPassesLoginShells: real login shells, the odd ones too.
func TestArgvPassesLoginShells(t *testing.T) {
	for _, login := range logins {
		if _, err := exec.LookPath(login); err != nil {
			if os.Getenv("CI") == "true" {
				t.Errorf("%s is missing, and CI must have it", login)
			}
			t.Logf("SKIPPED for want of %s", login)
			continue
		}
		t.Run(login, func(t *testing.T) {
			t.Parallel()
			for _, w := range words {
				passes(t, login, w)
			}
			passes(t, login, strings.Repeat("of 40,000 bytes!", 2500))
		})
	}
}

// FuzzArgv does the same for any bytes.
func FuzzArgv(f *testing.F) {
	for _, w := range words {
		f.Add(w)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, login := range logins {
			if _, err := exec.LookPath(login); err == nil {
				passes(t, login, s)
			}
		}
	})
}

func TestAssignTakesOnlyNames(t *testing.T) {
	for _, name := range []string{"", "1a", "a-b", "a b", "a=b", "a;b", "é", "a\n", "$a", "a[0]"} {
		if s, err := Assign(name, "x"); err == nil {
			t.Errorf("%q was taken: %s", name, s)
		}
	}
	for _, name := range []string{"a", "_", "A9_z"} {
		if s, err := Assign(name, "x"); err != nil || s != name+"='x'" {
			t.Errorf("%q: %q, %v", name, s, err)
		}
	}
}

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "a\tb": "a b", "a\nb": `a\nb`, "a\r": `a\r`, "\x1b[31m": `\x1b[31m`, "\u009b2J": `\x9b2J`, "\x9b": `\x9b`, "é中": "é中",
		"\u202eabc": `\u{202e}abc`, "a\u200bb": `a\u{200b}b`, "\u2028": `\u{2028}`, "\ufeff": `\u{feff}`, "\U000e0041": `\u{e0041}`, "\x00\a\b\x7f": `\x00\x07\x08\x7f`,
	} {
		if got := Line(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := Text("a\r\nb\x1bc\n"); got != "a\nb\\x1bc\n" {
		t.Errorf("%q", got)
	}
	if got := ASCII("é中\x1b"); got != `\xe9\u{4e2d}\x1b` {
		t.Errorf("%q", got)
	}
}

// FuzzLine: whatever comes in, no byte that acts on a terminal comes out, and what is drawn says what came in.
func FuzzLine(f *testing.F) {
	for _, w := range words {
		f.Add(w)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, out := range []string{Line(s), ASCII(s), strings.ReplaceAll(Text(s), "\n", "")} {
			if !utf8.ValidString(out) {
				t.Fatalf("%q became %q", s, out)
			}
			for _, r := range out {
				if !Shown(r) {
					t.Fatalf("%q became %q, which holds %U", s, out, r)
				}
			}
		}
		if again := Line(Line(s)); again != Line(s) {
			t.Fatalf("%q: twice escaped is %q, once %q", s, again, Line(s))
		}
	})
}
