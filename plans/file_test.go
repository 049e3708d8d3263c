package plans

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/runbooks"
)

const good = `goal = "new OpenSSL everywhere"
reason = "CVE"
ticket = "OPS-1"
scope = "tag=web"
window = "Sat 22:00-24:00 UTC"
from = 2026-11-01
until = 2026-11-30
approvals = 1
[[approver]]
name = "ann"
[[approver]]
name = "bob"
[[run]]
runbook = "health"
[[run]]
runbook = "exec"
scope = "tag=db"
set = { command = "true" }
canary = 0
batch = 2
max_failures = 0
go_on = true
`

func TestParse(t *testing.T) {
	f := parse(t, good)
	if f.Name != "p" || f.Goal != "new OpenSSL everywhere" || f.Ticket != "OPS-1" || f.Need != 1 || len(f.Approvers) != 2 || f.From != time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) {
		t.Errorf("%+v", f)
	}
	h, e := f.Runs[0], f.Runs[1]
	if h.Scope != "tag=web" || e.Scope != "tag=db" || e.Set["command"] != "true" || e.Canary == nil || *e.Canary != 0 || e.Policy.Batch != "2" || e.Policy.MaxFailures != "0" || !e.GoOn {
		t.Errorf("%+v", f.Runs)
	}
}

// TestParseSaysAllThatIsWrong: with line and column, in the file's order, and with what to do.
func TestParseSaysAllThatIsWrong(t *testing.T) {
	text := `gaol = "x"
window = "someday"
from = 2026-02-01
until = 2026-01-01
approvals = 3
ticket = "a\nb"
[[approver]]
name = "ann"
key = "rubbish"
[[approver]]
name = "ann"
[[run]]
runbok = "x"
scope = "tag="
batch = "lots"
set = { a = 1.5 }
`
	_, err := Parse("p.toml", []byte(text), nofile)
	var ps runbooks.Problems
	if err == nil {
		t.Fatal("no error")
	}
	ps, _ = err.(runbooks.Problems)
	want := []string{
		`p.toml:1:1: the plan has no goal`, `p.toml:1:1: unknown key "gaol"`, `p.toml:2:10: window: `, `p.toml:4:9: the plan ends before`,
		`p.toml:5:13: 3 approvals are wanted, and 2 may approve`, `p.toml:6:10: ticket is one line`, `p.toml:9:7: approver ann: not a public key`,
		`p.toml:11:8: approver ann is named twice`, `p.toml:12:1: the run names no runbook`, `p.toml:13:1: unknown key "runbok"`,
		`p.toml:14:9: scope: `, `p.toml:15:9: batch is "lots"`, `p.toml:16:13: a must be a string or a number`,
	}
	var got []string
	for _, p := range ps {
		got = append(got, p.Error())
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !strings.HasPrefix(got[i], want[i]) {
			t.Fatalf("%d:\n%s\nnot\n%s", i, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	for _, c := range [][2]string{
		{"", "p.toml:1:1: the plan has no goal"}, {"goal = ", "p.toml:1:"}, {"goal = \"x\"", "the plan runs nothing"},
		{"goal = \"x\"\n[[run]]\nrunbook = \"health\"\n", "p.toml:2:1: the run has no scope"},
		{"goal = \"x\"\nfrom = 2026-01-01T00:00:00Z\n", "p.toml:2:8: from must be a date without a time"},
		{"goal = \"x\"\nallowed_signers = \"gone\"\n", "p.toml:2:19: allowed_signers: no such file"},
		{strings.Repeat("#", 2<<20), "larger than 1 MiB"},
	} {
		if _, err := Parse("p.toml", []byte(c[0]), nofile); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%.40q: %v", c[0], err)
		}
	}
	if _, err := Parse("a b.toml", []byte(good), nofile); err == nil || !strings.Contains(err.Error(), "cannot be a plan's name") {
		t.Error(err)
	}
}

func TestAllowedSigners(t *testing.T) {
	_, line := signing(t)
	_, other := signing(t)
	read := func(path string) ([]byte, error) {
		if path != "plans/keys" {
			t.Errorf("asked for %s", path)
		}
		return []byte("ann namespaces=\"plan@tend\" " + line + "\nbob namespaces=\"git\" " + line + "\n"), nil
	}
	f, err := Parse("plans/p.toml", []byte("allowed_signers = \"keys\"\n"+good), read)
	if err == nil || !strings.Contains(err.Error(), "plans/p.toml:13:8: approver bob has no key in the allowed_signers") {
		t.Error(err)
	}
	if len(f.Approvers) != 2 || !slices.Equal(f.Approvers[0].Keys, []string{line}) {
		t.Errorf("%+v", f.Approvers)
	}
	withKey := strings.Replace("allowed_signers = \"keys\"\n"+good, `name = "bob"`, `name = "bob"`+"\nkey = \""+other+"\"", 1)
	if f, err = Parse("plans/p.toml", []byte(withKey), read); err != nil || !slices.Equal(f.Approvers[1].Keys, []string{other}) {
		t.Errorf("%+v %v", f.Approvers, err)
	}
}

// TestHolds: the first day from its beginning, the last one to its end, in the zone of this machine.
func TestHolds(t *testing.T) {
	f := parse(t, good)
	at := func(m time.Month, d, h int) time.Time { return time.Date(2026, m, d, h, 59, 0, 0, time.Local) }
	for _, c := range []struct {
		at  time.Time
		why string
	}{{at(10, 31, 23), "begins on 2026-11-01"}, {at(11, 1, 0), ""}, {at(11, 30, 23), ""}, {at(12, 1, 0), "ended on 2026-11-30"}} {
		if ok, why := f.Holds(c.at); ok != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%s: %v %s", c.at, ok, why)
		}
	}
	open := File{}
	if ok, _ := open.Holds(time.Now()); !ok {
		t.Error("a plan without days does not hold")
	}
}

// TestTheStartIsAPlan: what plan new writes is one, and so it is with every commented line in force that is no prose.
func TestTheStartIsAPlan(t *testing.T) {
	text, err := os.ReadFile("../cmd/tend/start/plan.toml")
	do(t, err)
	f := parse(t, string(text))
	if _, err := Resolve(f, inv(t, world), library(t), nil); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("[[run]]\nset = 3")
	f.Add("approver = [{}]\nrun = [{scope = \"\"}]")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse("p.toml", []byte(text), nofile)
		if err == nil && (p.Goal == "" || len(p.Runs) == 0 || p.Need > len(p.Approvers)) {
			t.Errorf("taken: %+v", p)
		}
	})
}
