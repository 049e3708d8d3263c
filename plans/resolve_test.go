package plans

import (
	"strings"
	"testing"

	"tend/inventory"
	"tend/runbooks"
)

// TestDigest: the same wherever the files lie; another one when anything changes that an approver approves.
func TestDigest(t *testing.T) {
	a := resolved(t, good)
	if b := resolvedIn(t, "# a comment\n"+good, "# moved down a line\n"+world); a.Digest != b.Digest || len(a.Digest) != 64 {
		t.Errorf("%s and %s", a.Digest, b.Digest)
	}
	for _, c := range [][2]string{
		{`"CVE"`, `"CVE-1"`}, {`"OPS-1"`, `"OPS-2"`}, {"Sat 22", "Sat 21"}, {"11-30", "11-29"}, {"approvals = 1", "approvals = 2"}, {`"bob"`, `"bo"`},
		{`"true"`, `"false"`}, {"batch = 2", "batch = 1"}, {"go_on = true", "go_on = false"}, {`"tag=db"`, `"db-[1-2]"`}, {`"health"`, `"facts"`},
	} {
		if b := resolved(t, strings.Replace(good, c[0], c[1], 1)); b.Digest == a.Digest {
			t.Errorf("%s: the digest does not change", c[1])
		}
	}
	for _, c := range [][2]string{{"web-[1-6]", "web-[1-5]"}, {"max_down = 1", "max_down = 2"}, {"Sun 01:00", "Sun 02:00"}} {
		if b := resolvedIn(t, good, strings.Replace(world, c[0], c[1], 1)); b.Digest == a.Digest {
			t.Errorf("%s: the digest does not change", c[1])
		}
	}
	_, line := signing(t)
	if b := resolved(t, strings.Replace(good, `name = "ann"`, `name = "ann"`+"\nkey = \""+line+"\"", 1)); b.Digest == a.Digest {
		t.Error("a key does not change the digest")
	}
}

// TestFactsInAScopeAreSaid: they may void approvals without anybody's doing.
func TestFactsInAScopeAreSaid(t *testing.T) {
	f := parse(t, strings.Replace(good, `"tag=web"`, `"tag=web pending>0"`, 1))
	pending := func(h inventory.HostID, key string) (string, bool) { return "3", key == "pending" && h == "web-2" }
	r, err := Resolve(f, inv(t, world), library(t), pending)
	do(t, err)
	if len(r.Warnings) != 1 || !strings.HasPrefix(r.Warnings[0], "the hosts of run 1 are those whose pending say so now") || len(r.Plans[0].Hosts) != 1 {
		t.Errorf("%q %v", r.Warnings, r.Plans[0].Hosts)
	}
	if r := resolved(t, good); r.Warnings != nil {
		t.Errorf("%q", r.Warnings)
	}
}

// TestWindows: a host's own window outranks the plan's.
func TestWindows(t *testing.T) {
	for _, h := range func() []inventory.Host { r := resolved(t, good); return r.Hosts() }() {
		if want := map[string]string{"s1": "Sun 01:00-05:00 UTC", "s2": "Sat 22:00-24:00 UTC"}[h.Site]; h.Window != want {
			t.Errorf("%s: %s", h.Name, h.Window)
		}
	}
}

func TestPolicyOfARun(t *testing.T) {
	r := resolved(t, strings.Replace(good, "batch = 2", "batch = \"50%\"\nparallel = 3\npause = \"5m\"", 1))
	if p := r.Plans[1].Policy; p != (runbooks.Policy{Batch: "50%", Parallel: 3, MaxFailures: "0", Pause: "5m"}) || len(r.Plans[1].Waves) != 3 {
		t.Errorf("%+v, %d waves", p, len(r.Plans[1].Waves))
	}
	n := 2
	if p := overlay(runbooks.Policy{Canary: 1, Batch: "5"}, &Run{Canary: &n}); p != (runbooks.Policy{Canary: 2, Batch: "5"}) {
		t.Errorf("%+v", p)
	}
}

// TestResolveSaysEveryRun: what cannot be, by its run.
func TestResolveSaysEveryRun(t *testing.T) {
	f := parse(t, "goal = \"x\"\nscope = \"all\"\n[[run]]\nrunbook = \"nothing\"\n[[run]]\nrunbook = \"health\"\nscope = \"tag=none\"\n[[run]]\nrunbook = \"health\"\nset = { no_such = 1 }\n")
	_, err := Resolve(f, inv(t, world), library(t), nil)
	for _, want := range []string{"plans/p.toml: run 1, nothing: ", "run 2, health: ", "run 3, health: ", `no parameter "no_such"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

// TestSecretsHaveNoPlace: a secret in a file is refused.
func TestSecretsHaveNoPlace(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/login.toml", "title = \"x\"\nrisk = \"read\"\n[[param]]\nname = \"password\"\nsecret = true\n[[step]]\nid = \"a\"\nscript = \"true\"\n")
	lib, err := runbooks.Open(dir)
	do(t, err)
	f := parse(t, "goal = \"x\"\nscope = \"all\"\n[[run]]\nrunbook = \"login\"\nset = { password = \"p\" }\n")
	if _, err := Resolve(f, inv(t, world), lib, nil); err == nil || !strings.Contains(err.Error(), "a secret has no place in a file") {
		t.Error(err)
	}
}
