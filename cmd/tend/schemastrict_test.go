package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tend/inventory"
	"tend/plans"
	"tend/runbooks"
)

// frames are the least files, with a place (^) for a line; what stands there again further up is left out.
var frames = map[string]string{
	"defaults": "[defaults]\n^[[site]]\nname = \"a\"\n[[site.rack]]\nname = \"r\"\n[[site.rack.host]]\nname = \"h\"\n",
	"expect":   "[defaults.expect]\n^[[host]]\nname = \"h\"\n",
	"site":     "[[site]]\nname = \"a\"\n^[[site.host]]\nname = \"h\"\n",
	"rack":     "[[site]]\nname = \"a\"\n[[site.rack]]\nname = \"r\"\n^[[site.rack.host]]\nname = \"h\"\n",
	"host":     "[[site]]\nname = \"a\"\n[[site.rack]]\nname = \"r\"\n[[site.rack.host]]\nname = \"h\"\n^",
	"top host": "[[site]]\nname = \"a\"\n[[site.rack]]\nname = \"r\"\n[[host]]\nname = \"h\"\n^",
	"group":    "[[host]]\nname = \"h[1-3]\"\n[[group]]\nname = \"g\"\nmembers = \"all\"\nmax_down = 1\n^",
	"service":  "[[host]]\nname = \"h[1-3]\"\n[[service]]\nname = \"s\"\nhosts = \"all\"\n^",
	"runbook":  "title = \"x\"\nrisk = \"change\"\n^[[step]]\nid = \"s\"\nscript = \"true\"\n",
	"param":    "title = \"x\"\nrisk = \"read\"\n[[param]]\nname = \"p\"\n^[[step]]\nid = \"s\"\nscript = \"true\"\n",
	"number":   "title = \"x\"\nrisk = \"read\"\n[[param]]\nname = \"p\"\ntype = \"int\"\n^[[step]]\nid = \"s\"\nscript = \"true\"\n",
	"step":     "title = \"x\"\nrisk = \"disrupt\"\n[[param]]\nname = \"p\"\ntype = \"bool\"\n[[step]]\nid = \"s\"\nrepeat = true\nscript = \"true\"\n^",
	"bare":     "title = \"x\"\nrisk = \"disrupt\"\n[[step]]\nid = \"s\"\n^",
	"before":   "title = \"x\"\nrisk = \"change\"\n[[before]]\nid = \"b\"\nscript = \"true\"\n^[[step]]\nid = \"s\"\nscript = \"true\"\n",
	"copied":   "title = \"x\"\nrisk = \"change\"\n[[step]]\nid = \"s\"\ncopy = \"motd\"\nto = \"/etc/motd\"\n^",
	"facts":    "title = \"x\"\nrisk = \"read\"\n[[step]]\nid = \"s\"\nscript = \"true\"\n[step.facts]\n^",
	"asks":     "title = \"x\"\nrisk = \"read\"\n[[step]]\nid = \"s\"\nwords = \"do\"\n[[step.asks]]\nname = \"n\"\ntext = \"t\"\n^",
	"waves":    "title = \"x\"\nrisk = \"change\"\n[waves]\n^[[step]]\nid = \"s\"\nscript = \"true\"\n",
	"plan":     "goal = \"x\"\nscope = \"all\"\n^[[run]]\nrunbook = \"health\"\n",
	"approver": "goal = \"x\"\nscope = \"all\"\n[[approver]]\nname = \"ann\"\n^[[run]]\nrunbook = \"health\"\n",
	"run":      "goal = \"x\"\n[[run]]\nrunbook = \"health\"\nscope = \"all\"\n^",
}

// strictness are lines that both the reader and the schema take, or both refuse; key by key, the values between bars.
var strictness = []struct{ frame, key, good, bad string }{
	{"defaults", "addr", `"{name}.example.net" | "{name}-{site}"`, `"host.example.net" | "" | 7 | "{nam}-{name}" | "{name} x"`},
	{"defaults", "port", `1 | 65535`, `0 | -1 | 65536 | 22.5 | "22"`},
	{"defaults", "user", `"ops" | "CORP\\ann" | "ann@corp" | "" | "jürgen"`, `"-oProxy" | "a b" | "a;b" | 7`},
	{"defaults", "jump", `"none" | "" | ["a", "b"] | "u@h:22,[::1]:22" | "fe80::1"`, `"a b" | ["u@"] | "-x" | 1 | "h:port"`},
	{"defaults", "become", `"sudo" | "none" | ""`, `"root" | true`},
	{"defaults", "tags", `"web" | ["role:db", "x"] | "" | []`, `"-x" | [":x"] | ["a b"] | [1] | [""]`},
	{"defaults", "os", `"debian-12" | ""`, `"Debian 12" | 12`},
	{"defaults", "feeds", `["A", "B"] | "A"`, `["A B"] | [""]`},
	{"defaults", "window", `"any" | "" | "Sun 01:00-05:00 Europe/Amsterdam" | "Mon-Thu,Sat 22:00-04:00 UTC; daily 00:00-24:00 UTC" | "2nd Tue 20:00-24:00 America/New_York"`,
		`"Sun" | "Sun 1:00-5:00 UTC" | "Sun 01:00-05:00" | "Sun 25:00-26:00 UTC" | "6th Sun 01:00-02:00 UTC" | "sun 01:00-02:00 UTC" | "Sun 01:00-02:60 UTC"`},
	{"defaults", "shell", `"none" | ""`, `"bash"`},
	{"defaults", "known_hosts", `"~/k" | ["a", "b c"]`, `[" "] | ["a\nb"] | 1`},
	{"defaults", "identity", `"~/k"`, `[" "] | ["a\tb"]`},
	{"defaults", "prod", `true`, `"yes" | 1`},
	{"defaults", "require_ticket", `true`, `"yes"`},
	{"defaults", "require_reason", `true`, `"yes"`},
	{"defaults", "legacy_crypto", `true`, `"yes"`},
	{"defaults", "record_shell", `true`, `"yes"`},
	{"defaults", "height", `1 | 2`, `0 | 101 | "2"`},
	{"defaults", "locate", `"uid-led" | ""`, `"a b"`},
	{"defaults", "owner", `"storage team"`, `"" | " " | "a\nb"`},
	{"defaults", "warranty", `2028-06-30`, `"soon" | 2028-06-30T10:00:00Z | 2028`},
	{"defaults", "end_of_life", `2028-06-30`, `"soon" | 2028-06-30T10:00:00`},
	{"defaults", "vars", `{ "health.disk_crit" = 98, x.y = "z" }`, `{ "a b" = 1 } | { x = true } | { x = 1.5 } | { "-x" = 1 } | []`},
	{"defaults", "expect", `{ ports = [22] }`, `{ prots = [22] } | [22]`},
	{"expect", "ports", `[22, "53/udp", "443/tcp", "80"]`, `[0] | [65536] | ["53/sctp"] | ["0/udp"] | ["070"] | ["+22"] | ["65536"] | 22`},
	{"expect", "mounts", `"/srv" | ["/a", "/b c"]`, `"srv" | [" /x"] | ["/a\nb"]`},
	{"expect", "units", `["nginx.service"]`, `[" "] | [1]`},
	{"expect", "certs", `["/etc/ssl/web.pem"]`, `["web.pem"]`},
	{"site", "name", `"ams-1"`, `"ams 1" | "-a" | "" | 1`},
	{"site", "title", `"Amsterdam, Science Park"`, `"" | "a\nb"`},
	{"site", "addr", `"{name}.x"`, `"x"`},
	{"rack", "name", `"r07"`, `"r/7" | ""`},
	{"rack", "units", `1 | 100`, `0 | 101 | "42"`},
	{"rack", "row", `"B"`, `"" | 2`},
	{"host", "name", `"web-[01-20]" | "r[1,3]-n[1-2]"`, `"all" | "" | "a b" | "web-[a-b]" | "web-[1" | ".a" | "a/b"`},
	{"host", "addr", `"10.0.0.7" | "fe80::1%eth0" | "" | "{rack}.x"`, `"a b" | "-x" | "{nam}" | "a/b" | "10.1.7.[1-x]"`},
	{"host", "unit", `1 | [42]`, `0 | 101 | [0] | [] | "1"`},
	{"host", "host_key", `"SHA256:uNiVztksCsDhcc0u9e8BgrJXVGLVuLtPw0D4LMAsBxM" | ""`, `"SHA256:short" | "MD5:aa:bb" | "ssh-ed25519"`},
	{"host", "face", `"rear" | ""`, `"side"`},
	{"host", "site", ``, `"a"`},
	{"host", "rack", ``, `"r"`},
	{"top host", "site", `"a"`, `"a b" | 1`},
	{"top host", "rack", ``, `"r"`},
	{"group", "name", `"pg-main"`, `"a b" | ""`},
	{"group", "members", `"h1,h2"`, `"" | "  " | ["h1"]`},
	{"group", "max_down", `0 | 2 | "34%" | "0%" | "50%"`, `-1 | "1" | "101%" | "x" | "-1%" | 1.5 | ""`},
	{"group", "quorum", `1 | 2`, `0 | -1 | "2"`},
	{"group", "drain", `"true"`, `1`},
	{"group", "drain_proof", `"true"`, `1`},
	{"group", "undrain", `"true"`, `1`},
	{"group", "undrain_proof", `"true"`, `1`},
	{"group", "become", `true`, `"sudo"`},
	{"group", "drain_timeout", `"30m" | "1h30m" | "2w"`, `"0s" | "" | "30" | "90 s" | "1.5h" | "5m1h" | "-5m" | 30`},
	{"group", "soak", `"2m"`, `"0m" | "soon"`},
	{"group", "last", `"h1"`, `"" | " "`},
	{"service", "name", `"billing"`, `"a b"`},
	{"service", "hosts", `"all"`, `""`},
	{"service", "owner", `"x"`, `""`},
	{"service", "rto", `"1h"`, `"1" | "0h" | 60`},
	{"service", "rpo", `"15m"`, `"15 min"`},
	{"service", "end_of_life", `2028-06-30`, `"never"`},
	{"service", "backup", `"restic"`, `""`},
	{"service", "depends", `[]`, `["a b"] | [1]`},

	{"runbook", "name", `"rotate-logs" | ""`, `"Rotate" | "a b" | "1a" | "a_b"`},
	{"runbook", "title", `"x"`, `"" | 1`},
	{"runbook", "doc", `"x"`, `1`},
	{"runbook", "risk", `"change"`, `"" | "harmless" | true`},
	{"param", "name", `"keep_days"`, `"Keep" | "keep-days" | "" | "tend_x"`},
	{"param", "type", `"list" | ""`, `"choice" | "float"`},
	{"param", "help", `"x"`, `1`},
	{"param", "default", `"a" | 1 | true`, `["a"] | 1.5 | {}`},
	{"param", "options", `[]`, `["a"] | "a" | [1]`},
	{"param", "min", ``, `1`},
	{"number", "min", `1 | -5`, `1.5 | "1"`},
	{"number", "max", `9`, `"9"`},
	{"param", "pattern", `"[a-z]+"`, `1`},
	{"param", "required", `true`, `"yes" | true\ndefault = "a"`},
	{"param", "secret", `true`, `"yes" | true\ndefault = "a"`},
	{"step", "id", `"a-1"`, `"A" | "a_b" | "" | "a b"`},
	{"step", "title", `"x" | ""`, `1`},
	{"step", "kind", `"check" | "script" | ""`, `"shell"`},
	{"step", "risk", `"read" | "disrupt" | ""`, `"none"`},
	{"step", "script", `"true" | { apt = "true", "dnf|yum" = "true", default = "true" }`, `"" | " " | { aptt = "true" } | ["true"] | { apt = "" }`},
	{"step", "line", `""`, `"A b" | 1`},
	{"copied", "copy", `"motd"`, `1`},
	{"copied", "to", `"/etc/motd" | "/a/..b"`, `"etc/motd" | "/" | "/etc/" | "/a/../b" | "/a//b" | "/a/."`},
	{"copied", "mode", `"0644" | "640" | ""`, `"rw" | "888" | 644 | "64"`},
	{"copied", "owner", `"root:adm" | "root" | ""`, `"a b" | "root:" | ":x"`},
	{"step", "to", ``, `"/etc/motd"`},
	{"step", "mode", ``, `"0644"`},
	{"bare", "template", `"motd"\nto = "/etc/motd"`, `"motd"`},
	{"bare", "copy", ``, `"" | ""\nto = "/etc/motd"`},
	{"bare", "fetch", `"/etc/motd"`, `"etc/motd" | "/" | "/a/../b" | ""`},
	{"bare", "kind", `"reboot" | "reboot"\nrisk = "disrupt"`, `"script" | "wait" | "reboot"\nrisk = "read" | "reboot"\nrisk = "change"`},
	{"step", "become", `true`, `"sudo"`},
	{"step", "given", `"p=yes" | ""`, `"p" | "p=" | "=yes"`},
	{"step", "when", `"tag=web" | ""`, `1`},
	{"step", "timeout", `"30m" | "1h30m" | "3d" | "2w" | "1.5h" | "0" | ""`, `"30" | "soon" | "-5m" | "3 d" | "1.5d" | 30`},
	{"step", "retries", `0 | 20`, `-1 | 21 | "2"`},
	{"step", "repeat", `true`, `1`},
	{"step", "any_time", `false`, `1`},
	{"step", "on_failure", `"go-on" | ""`, `"continue"`},
	{"step", "undo", `"true"`, `1`},
	{"step", "emits", `"facts" | ""`, `"json"`},
	{"step", "facts", `{ a = "int x" }`, `"int"`},
	{"step", "risk", `"change"`, `"read"\nkind = "chekc" | "change"\nkind = "check"`},
	{"before", "risk", `"read" | ""`, `"change" | "disrupt"`},
	{"before", "kind", `"check"`, `"reboot"`},
	{"facts", "a", `"int days" | "string" | "check x"`, `"integer" | "" | "intx" | 1`},
	{"facts", `"disk:*"`, `"check x"`, `"x"`},
	{"facts", `"a b"`, ``, `"int"`},
	{"facts", `"a*b"`, `"int"`, `"x"`},
	{"bare", "words", `"do"`, `1`},
	{"bare", "for", `"5m" | "1d"`, `"0s" | "0d" | "" | "5" | "long"`},
	{"bare", "asks", ``, `[]`},
	{"asks", "name", `"serial"`, `"Serial" | "" | "a b"`},
	{"asks", "text", `"t?"`, `"" | 1`},
	{"asks", "type", `"yes" | "text" | ""`, `"no"`},
	{"asks", "is", `""`, `1`},
	{"waves", "canary", `0 | 3`, `-1 | "1"`},
	{"waves", "batch", `1 | "5" | "20%" | "100%" | ""`, `0 | -1 | "0" | "101%" | "120%" | "x" | "-5" | 1.5 | "1e3"`},
	{"waves", "by", `"rack" | ""`, `"row"`},
	{"waves", "parallel", `1 | 1024`, `-1 | 1025 | "8"`},
	{"waves", "max_failures", `0 | "0" | "10%" | ""`, `-1 | "101%" | "many" | "-1"`},
	{"waves", "pause", `"manual" | "5m" | ""`, `"auto" | "5" | 5`},
	{"waves", "cutoff", `"45m" | ""`, `"45" | "-1m"`},

	{"plan", "goal", `"x y"`, `"" | " " | "a\nb"`},
	{"plan", "reason", `"x" | ""`, `"a\nb" | 1`},
	{"plan", "ticket", `"x"`, `"a\tb"`},
	{"plan", "scope", `"all"`, `1`},
	{"plan", "window", `"any" | "Sun 01:00-05:00 UTC"`, `"Sun" | 1`},
	{"plan", "from", `2027-01-10`, `"x" | 2027-01-10T00:00:00Z`},
	{"plan", "until", `2027-01-10`, `"x"`},
	{"plan", "approvals", `0`, `-1 | "1"`},
	{"plan", "allowed_signers", `""`, `1`},
	{"approver", "name", `"ann"`, `"" | "a b" | "a,b" | "a/b"`},
	{"approver", "key", `""`, `1`},
	{"run", "runbook", `"patch"`, `"" | 1`},
	{"run", "scope", `"all"`, `1`},
	{"run", "set", `{ a = "x", b = 1, c = true, d = ["e"] }`, `{ a = 1.5 } | { a = [1] } | []`},
	{"run", "canary", `0`, `-1`},
	{"run", "batch", `"100%" | 5`, `0 | "101%" | "0"`},
	{"run", "by", `"site" | ""`, `"row"`},
	{"run", "parallel", `1`, `1025`},
	{"run", "max_failures", `0 | "5%"`, `"200%"`},
	{"run", "pause", `"manual"`, `"auto"`},
	{"run", "cutoff", `"45m"`, `"x"`},
	{"run", "go_on", `true`, `"yes"`},
}

// TestSchemasAreAsStrictAsTheReaders: the value of each key that the reader refuses for itself, the schema refuses; what the reader takes, it takes.
func TestSchemasAreAsStrictAsTheReaders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "motd"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	of := map[string]map[string]any{"inventory": printed(t, "inventory"), "runbook": printed(t, "runbook"), "plan": printed(t, "plan")}
	for _, row := range strictness {
		for _, sound := range []bool{true, false} {
			values := map[bool]string{true: row.good, false: row.bad}[sound]
			for value := range strings.SplitSeq(values, " | ") {
				if value == "" {
					continue
				}
				file, text := framed(row.frame, row.key, value)
				if err := reads(dir, file, text); (err == nil) != sound {
					t.Errorf("%s.%s = %s: the reader says: %v", row.frame, row.key, value, err)
				}
				if err := fits(of[file], decoded(t, text)); (err == nil) != sound {
					t.Errorf("%s.%s = %s: the schema says: %v", row.frame, row.key, value, err)
				}
			}
		}
	}
	everyKeyHasARow(t)
}

// framed is the file, and its kind, with a key's line in its place and nowhere else.
func framed(frame, key, value string) (file, text string) {
	head, tail, _ := strings.Cut(frames[frame], "^")
	at := strings.LastIndex(head, "\n[") + 1 // the table that the place is in
	own := head[at:]
	value = strings.ReplaceAll(value, `"\n`, "\"\n")
	value = strings.ReplaceAll(value, "true\\n", "true\n")
	for _, k := range []string{key, "script", "kind", "risk"} {
		if k == key || k == "script" && slices.Contains([]string{"words", "for", "fetch"}, key) {
			if i := strings.Index("\n"+own, "\n"+k+" = "); i >= 0 {
				own = own[:i] + own[i+strings.Index(own[i:], "\n")+1:]
			}
		}
	}
	text = head[:at] + own + key + " = " + value + "\n" + tail
	switch {
	case strings.HasPrefix(frames[frame], "title"):
		file = "runbook"
	case strings.HasPrefix(frames[frame], "goal"):
		file = "plan"
	default:
		file = "inventory"
	}
	return file, text
}

func reads(dir, file, text string) (err error) {
	switch file {
	case "inventory":
		_, err = inventory.Parse("inventory.toml", []byte(text))
	case "runbook":
		_, err = runbooks.ParseAt(filepath.Join(dir, "x.toml"), []byte(text))
	default:
		_, err = plans.Parse(filepath.Join(dir, "x.toml"), []byte(text), os.ReadFile)
	}
	return err
}

// everyKeyHasARow: a new key comes with a value that is wrong.
func everyKeyHasARow(t *testing.T) {
	frameOf := map[string][]string{"every level": {"defaults"}, "param": {"param", "number"}, "host": {"host", "top host"}, "step": {"step", "bare", "copied", "before"}}
	has := func(table, name string) {
		in := append(frameOf[table], table)
		if !slices.ContainsFunc(strictness, func(r struct{ frame, key, good, bad string }) bool {
			return r.key == name && r.bad != "" && slices.Contains(in, r.frame)
		}) {
			t.Errorf("%s.%s has no value that is wrong", table, name)
		}
	}
	isTable := func(kind string) bool {
		return slices.Contains(slices.Concat(inventory.KeyTables, runbooks.KeyTables, plans.KeyTables), kind)
	}
	for _, k := range inventory.Keys() {
		if !isTable(k.Type) {
			has(k.Table, k.Name)
		}
	}
	for _, k := range slices.Concat(runbooks.Keys(), plans.Keys()) {
		if !isTable(k.Type) {
			has(k.Table, k.Name)
		}
	}
}
