package runbooks

import (
	"fmt"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
	"tend/inventory"
)

// echo is a runbook whose script writes its parameters back, each ended by an X, since a command substitution would eat newlines.
var echo = Runbook{Name: "echo", Title: "echo", Risk: Read,
	Params: []Param{{Name: "value", Type: "string"}, {Name: "other", Type: "string"}},
	Steps:  []Step{{ID: "say", Kind: Script, Phase: Main, Risk: Read, Script: "printf '%sX%s' \"$value\" \"$other\"\n"}},
}

var nasty = []string{
	"", "x", "'", "''", "'\\''", "a'b", "$(touch pwned)", "`id`", "$HOME", "\\", "\\\\", "\"", "\n", "a\nb\n", "\r\n", "*", "~", "!", "!!", "-n", "-e",
	"--", "#", ";", "&", "|", ">", "}", "{", "\n}\n", "\n: 'values of this host'\n", ": 'values of this host'", "'\n: 'values of this host'\n'",
	"EOF", "\x01\x02\x7f", "\u00e9\u4e2d\U0001F600", "\u202e", "a b\tc", "%s%d", strings.Repeat("'", 300), strings.Repeat("long ", 5000), "\x1b[31m",
}

// TestParametersArriveByteForByte is the promise that parameters are quoted, kept by the shells themselves, for the value that all hosts
// share and for a host's own.
func TestParametersArriveByteForByte(t *testing.T) {
	for name, argv := range everyShell(t) {
		t.Run(name, func(t *testing.T) {
			for _, v := range nasty {
				roundTrip(t, argv, v)
			}
		})
	}
}

// FuzzParameters puts any value through every shell of this machine.
func FuzzParameters(f *testing.F) {
	for _, v := range nasty {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		for _, argv := range everyShell(t) {
			roundTrip(t, argv, v)
		}
	})
}

func roundTrip(t *testing.T, argv []string, v string) {
	t.Helper()
	plan, err := Resolve(echo, "all", []inventory.Host{{Name: "h1", Vars: map[string]string{"echo.other": v}}}, nil, map[string]string{"value": v}, nil)
	if err != nil {
		if strings.Contains(v, "\x00") || strings.ToValidUTF8(v, "") != v {
			return // refused, and said so
		}
		t.Fatalf("%q: %v", v, err)
	}
	out, stderr, exit := run(t, argv, scriptOf(t, plan, "say"))
	if want := v + "X" + v; out != want || exit != 0 {
		t.Fatalf("%v: sent %q, got %q (exit %d, stderr %q)", argv, want, out, exit, stderr)
	}
}

func TestSecretsStayOutOfThePlan(t *testing.T) {
	rb := echo
	rb.Params = []Param{{Name: "value", Type: "string", Secret: true, Required: true}, {Name: "other", Type: "string", Secret: true}}
	for name, argv := range everyShell(t) {
		for _, v := range nasty[1:] {
			plan, err := Resolve(rb, "all", []inventory.Host{{Name: "h1"}}, nil, map[string]string{"value": v}, nil)
			if err != nil {
				t.Fatal(err)
			}
			header, err := plan.SecretHeader(map[string]string{"value": v})
			if err != nil {
				t.Fatal(err)
			}
			out, _, exit := run(t, argv, header+scriptOf(t, plan, "say"), "other=leaked from the environment")
			if out != v+"X" || exit != 0 {
				t.Fatalf("%s: sent %q, got %q (exit %d)", name, v, out, exit)
			}
		}
	}
	plan := Plan{Params: map[string]string{"value": secretMark, "other": ""}, Secrets: rb.Params}
	for _, values := range []map[string]string{{}, {"value": ""}, {"value": "x", "other": "y"}, {"value": "x", "third": "z"}, {"value": "a\x00b"}} {
		if h, err := plan.SecretHeader(values); err == nil {
			t.Errorf("%v: %q, want an error", values, h)
		} else if strings.Contains(err.Error(), "a\x00b") {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

func TestSecretIsNowhereInThePlan(t *testing.T) {
	const secret = "hunter2-correct-horse"
	rb := echo
	rb.Params = []Param{{Name: "value", Type: "string", Secret: true, Pattern: "[a-z]+"}}
	_, err := Resolve(rb, "all", []inventory.Host{{Name: "h1"}}, nil, map[string]string{"value": secret}, nil)
	if err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("a secret that does not match: %v", err)
	}
	rb.Params[0].Pattern = ""
	plan, err := Resolve(rb, "all", []inventory.Host{{Name: "h1"}}, nil, map[string]string{"value": secret}, nil)
	if err != nil || strings.Contains(fmt.Sprintf("%+v", plan), secret) {
		t.Errorf("%v: the plan holds the secret: %+v", err, plan)
	}
}

// TestCutScriptDoesNothing cuts a script at every byte: sh runs nothing of it until it has all of it.
func TestCutScriptDoesNothing(t *testing.T) {
	rb := echo
	rb.Steps = []Step{{ID: "say", Kind: Script, Phase: Main, Risk: Read, Script: "echo ran\nexit 0\n"}}
	script := scriptOf(t, planFor(t, rb, nil), "say")
	whole := strings.TrimRight(script, "\n")
	for name, argv := range everyShell(t) {
		for cut := 0; cut < len(whole); cut += 7 {
			if out, _, _ := run(t, argv, whole[:cut]); out != "" {
				t.Fatalf("%s: cut at %d of %d, it printed %q", name, cut, len(whole), out)
			}
		}
		if out, _, exit := run(t, argv, whole); out != "ran\n" || exit != 0 {
			t.Errorf("%s: the whole script printed %q (exit %d)", name, out, exit)
		}
	}
}

// TestRenderedIsOneCommand: whatever the body, what is rendered is one brace group.
func TestRenderedIsOneCommand(t *testing.T) {
	for _, body := range []string{"true", "true\n\n", "# a comment", "cat <<E\nx\nE", "exit 3 # said"} {
		rb := echo
		rb.Steps = []Step{{ID: "say", Kind: Script, Phase: Main, Risk: Read, Script: "true\n" + body}}
		oneCommand(t, scriptOf(t, planFor(t, rb, nil), "say"))
	}
	for _, body := range []string{"}", "} ; {", "cat <<E\nx", "true \\", "if"} {
		rb := echo
		rb.Steps = []Step{{ID: "say", Kind: Script, Phase: Main, Risk: Read, Script: body}}
		if plan, err := Resolve(rb, "all", []inventory.Host{{Name: "h1"}}, nil, nil, nil); err == nil {
			script := scriptOf(t, plan, "say")
			t.Errorf("%q was taken: %s", body, script[max(0, len(script)-80):])
		}
	}
}

func oneCommand(t *testing.T, script string) {
	t.Helper()
	f, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(script), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Stmts) != 1 {
		t.Fatalf("%d commands, want one", len(f.Stmts))
	}
	if _, ok := f.Stmts[0].Cmd.(*syntax.Block); !ok {
		t.Fatalf("a %T, want a brace group", f.Stmts[0].Cmd)
	}
}

func TestHostHeader(t *testing.T) {
	rb := echo
	rb.Params = append(rb.Params, Param{Name: "wait", Type: "duration", Default: "1h"})
	hosts := []inventory.Host{{Name: "h1", Vars: map[string]string{"echo.wait": "2m", "health.disk_crit": "98"}}, {Name: "h2"}}
	plan, err := Resolve(rb, "all", hosts, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := plan.HostHeader("h1"); err != nil || h != "wait='120'\n" {
		t.Errorf("%q, %v", h, err)
	}
	one, err1 := plan.Rendered("say", "h1")
	two, err2 := plan.Rendered("say", "h2")
	if err1 != nil || err2 != nil || !strings.Contains(one, "wait='3600'\n: 'values of this host'\nwait='120'\n") || two != plan.Steps[0].Script {
		t.Errorf("%v %v\n%s\n%s", err1, err2, one, two)
	}
	if _, err := plan.Rendered("sey", "h1"); err == nil {
		t.Error("an unknown step was rendered")
	}
}
