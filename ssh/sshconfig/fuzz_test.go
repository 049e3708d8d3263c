package sshconfig

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func FuzzResolve(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.conf")
	for _, p := range files {
		b, _ := os.ReadFile(p)
		f.Add(string(b), "web")
	}
	f.Add("Match host \"a\nPort", "a")
	f.Add("Host=\\\"\nMatch !all\nMatch exec %\n", "%h")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text, host string) {
		if strings.Contains(strings.ToLower(text), "include") {
			return // would read the machine's files
		}
		path := filepath.Join(dir, "config")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load("/nowhere", Source{Path: path, Base: "/nowhere"})
		if err != nil {
			return
		}
		a, err := c.Resolve(context.Background(), Query{Host: host, LocalUser: "me", Getenv: func(string) string { return "" }})
		if err != nil {
			var e *Error
			if errors.As(err, &e) && e.Line == 0 {
				t.Errorf("an error without its line: %v", err)
			}
			return
		}
		for _, v := range a.All("port") {
			if !strings.HasPrefix(v.Source, path+":") {
				t.Errorf("a value without its source: %+v", v)
			}
		}
	})
}

func TestBadLinesHaveTheirPlace(t *testing.T) {
	for text, want := range map[string]string{
		"Host a\n  Port":                      "2: Port has no value",
		"Port twentytwo":                      `1: port cannot be "twentytwo"`,
		"Port 70000":                          "1: port cannot be",
		"User \"bob":                          "1: unbalanced quotes",
		"\n\nMatch":                           "3: Match has no value",
		"Match user":                          "1: Match user needs an argument",
		"Match frobnicate x":                  "1: Match does not know",
		"Match host a host b all":             `1: "all" cannot be combined`,
		"HostName a b":                        "1: hostname takes one value",
		"ConnectTimeout soon":                 "1: connecttimeout: \"soon\" is no time",
		"StrictHostKeyChecking maybe":         `1: stricthostkeychecking cannot be "maybe"`,
		"IdentitiesOnly perhaps":              `1: identitiesonly cannot be "perhaps"`,
		"Include testdata/loop.inc\nInclude ": "2: Include has no value",
	} {
		path := filepath.Join(t.TempDir(), "config")
		os.WriteFile(path, []byte(text), 0o600)
		c, err := Load("/nowhere", Source{Path: path, Base: "/nowhere"})
		if err == nil {
			_, err = c.Resolve(context.Background(), Query{Host: "a", LocalUser: "me"})
		}
		if err == nil || !strings.Contains(err.Error(), path+":"+want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestIncludeOfItselfEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	os.WriteFile(path, []byte("Port 1\nInclude "+path), 0o600)
	c, err := Load("/", Source{Path: path})
	if err == nil {
		_, err = c.Resolve(context.Background(), Query{Host: "a"})
	}
	if err == nil || !strings.Contains(err.Error(), "16 Includes deep") {
		t.Errorf("got %v", err)
	}
}

// TestMatchExecRunsOnlyBehindWhatHolds: a command must not run for a host that an earlier condition has ruled out.
func TestMatchExecRunsOnlyBehindWhatHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	os.WriteFile(path, []byte("Match host other exec \"one\"\nPort 1\nMatch exec \"two %h\" host other\nPort 2\nHost other\nInclude "+path+".inc\n"), 0o600)
	os.WriteFile(path+".inc", []byte("Match exec \"three\"\nPort 3\n"), 0o600)
	c, err := Load("/", Source{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	var ran []string
	a, err := c.Resolve(context.Background(), Query{Host: "this", Exec: func(_ context.Context, cmd string) (bool, error) { ran = append(ran, cmd); return true, nil }})
	if err != nil || a.All("port") != nil || strings.Join(ran, ";") != "two this" {
		t.Errorf("port %v, ran %q, %v", a.All("port"), ran, err)
	}
}

// TestConditionsBeyondUs: a line with a condition that cannot be judged applies to nobody, negated or not, and is reported.
func TestConditionsBeyondUs(t *testing.T) {
	for _, cond := range []string{"command x", "!command x", "sessiontype exec", "!sessiontype shell", "version OpenSSH_9*", "!version x"} {
		path := filepath.Join(t.TempDir(), "config")
		os.WriteFile(path, []byte("Match "+cond+"\n Port 1\n"), 0o600)
		c, err := Load("/", Source{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		a, err := c.Resolve(context.Background(), Query{Host: "h"})
		if err != nil || a.All("port") != nil || len(a.Warnings) != 1 {
			t.Errorf("%s: port %v, warnings %q, %v", cond, a.All("port"), a.Warnings, err)
		}
	}
}

func TestSeconds(t *testing.T) {
	for s, want := range map[string]time.Duration{"90": 90 * time.Second, "1m30s": 90 * time.Second, "2H": 2 * time.Hour, "none": 0, "1w": 168 * time.Hour} {
		if got, err := Seconds(s); err != nil || got != want {
			t.Errorf("%s: %v %v", s, got, err)
		}
	}
	for _, s := range []string{"", "x", "1x", "-1", "s", "99999999999", "9999w"} {
		if d, err := Seconds(s); err == nil {
			t.Errorf("%q: %v", s, d)
		}
	}
}

func TestCanonical(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	os.WriteFile(path, []byte(`CanonicalizeHostname yes
CanonicalDomains one.example two.example
CanonicalizePermittedCNAMEs *.two.example:*.cdn.example
Match canonical host web.cdn.example
  User cdn
Match canonical host db.one.example
  User db
Host via
  ProxyJump x
`), 0o600)
	names := map[string]string{"web.two.example.": "web.cdn.example.", "db.one.example.": "db.one.example.", "bad.one.example.": "evil.example."}
	c, err := Load("/", Source{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string][2]string{"web": {"web.cdn.example", "cdn"}, "db": {"db.one.example", "db"}, "bad": {"bad.one.example", ""}, "gone": {"gone", ""},
		"via": {"via", ""}, "10.0.0.1": {"10.0.0.1", ""}, "a.b.c": {"a.b.c", ""}} {
		a, err := c.Resolve(context.Background(), Query{Host: host, Lookup: func(_ context.Context, n string) (string, error) {
			if cn, ok := names[n]; ok {
				return cn, nil
			}
			return "", os.ErrNotExist
		}})
		if err != nil || a.Host != want[0] || a.Get("user", "") != want[1] {
			t.Errorf("%s: %q %q %v, want %q", host, a.Host, a.Get("user", ""), err, want)
		}
	}
}

// TestConfigThatIsNoFile: what may never end is refused by its name, and /dev/null is empty.
func TestConfigThatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	fifo, cfg := filepath.Join(dir, "fifo"), filepath.Join(dir, "config")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, good := range map[string]bool{os.DevNull: true, fifo: false, "/dev/zero": false, dir: false} {
		os.WriteFile(cfg, []byte("Include "+path+"\n"), 0o600)
		c, err := Load("/", Source{Path: cfg})
		if err == nil {
			_, err = c.Resolve(context.Background(), Query{Host: "h"})
		}
		if (err == nil) != good || !good && !strings.Contains(err.Error(), path+" is not a regular file") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
