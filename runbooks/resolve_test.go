package runbooks

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
	"tend/inventory"
)

func fleet(n int) []inventory.Host {
	out := make([]inventory.Host, n)
	for i := range out {
		out[i] = inventory.Host{Name: inventory.HostID(fmt.Sprintf("h%03d", i)), User: "root"}
	}
	return out
}

// TestWaves holds for all policies: every host is in exactly one wave, in the order given, and the sizes are what was asked for.
func TestWaves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "hosts")
		p := Policy{Canary: rapid.IntRange(0, 20).Draw(t, "canary")}
		size := n
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 1:
			size = rapid.IntRange(1, 400).Draw(t, "batch")
			p.Batch = fmt.Sprint(size)
		case 2:
			percent := rapid.IntRange(0, 100).Draw(t, "percent")
			p.Batch, size = fmt.Sprintf("%d%%", percent), max(1, n*percent/100)
		}
		hosts, at := fleet(n), 0
		waves := p.waves(hosts, nil)
		for i, w := range waves {
			for _, h := range w.Hosts {
				if at >= n || h != hosts[at].Name {
					t.Fatalf("wave %d has %s in place %d", i, h, at)
				}
				at++
			}
			want := min(size, n-(at-len(w.Hosts)))
			if i == 0 && p.Canary > 0 {
				want = min(p.Canary, n)
			}
			if len(w.Hosts) != want || w.Name == "" {
				t.Fatalf("%+v: wave %d (%q) has %d hosts, want %d", p, i, w.Name, len(w.Hosts), want)
			}
		}
		if at != n {
			t.Fatalf("%d of %d hosts are in waves", at, n)
		}
	})
}

func TestBudget(t *testing.T) {
	for _, c := range []struct {
		max       string
		of, limit int
		unlimited bool
	}{{"3", 50, 3, false}, {"0", 50, 0, false}, {"10%", 50, 5, false}, {"10%", 59, 5, false}, {"", 50, 0, true}, {"100%", 50, 0, true}, {"0%", 50, 0, false}} {
		if limit, unlimited := (Policy{MaxFailures: c.max}).Budget(c.of); limit != c.limit || unlimited != c.unlimited {
			t.Errorf("%+v: %d %v", c, limit, unlimited)
		}
	}
}

func fullPlan(t *testing.T) Plan {
	t.Helper()
	rb, err := Parse("whole.toml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	hosts := fleet(12)
	hosts[3].Vars = map[string]string{"whole.n": "5"}
	groups := []inventory.Group{{Name: "g", Hosts: []inventory.HostID{"h001", "elsewhere"}, MaxDown: 1}, {Name: "far", Hosts: []inventory.HostID{"elsewhere"}}}
	plan, err := Resolve(rb, "site=ams1", hosts, groups, map[string]string{"reboot": "if-needed"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestResolve(t *testing.T) {
	plan := fullPlan(t)
	if want := map[string]string{"reboot": "if-needed", "n": "3", "hosts": "a b"}; !reflect.DeepEqual(plan.Params, want) {
		t.Errorf("params %v", plan.Params)
	}
	if want := map[inventory.HostID]map[string]string{"h003": {"n": "5"}}; !reflect.DeepEqual(plan.Vars, want) {
		t.Errorf("vars %v", plan.Vars)
	}
	if len(plan.Groups) != 1 || plan.Groups[0].Name != "g" {
		t.Errorf("groups %+v", plan.Groups)
	}
	if len(plan.Waves) != 7 || plan.Waves[0].Name != "canary" || plan.Waves[1].Name != "batch 1 of 6" || plan.Risk != Disrupt {
		t.Errorf("%s, waves %+v", plan.Risk, plan.Waves)
	}
	if plan.Digest == "" || plan.Digest != plan.ComputeDigest() {
		t.Errorf("digest %q", plan.Digest)
	}
	if again := fullPlan(t); again.Digest != plan.Digest {
		t.Error("the same plan has two digests")
	}
}

// TestGivenDropsSteps: a step that cannot happen is not in the plan, and does not count towards its risk.
func TestGivenDropsSteps(t *testing.T) {
	rb := Runbook{Name: "x", Risk: Disrupt, Params: []Param{{Name: "reboot", Type: "choice", Options: []string{"never", "always"}, Default: "never"}},
		Steps: []Step{{ID: "a", Kind: Script, Risk: Change, Script: "true"}, {ID: "b", Kind: Reboot, Risk: Disrupt, Given: "reboot=always"}}}
	hosts := fleet(1)
	plan, err := Resolve(rb, "all", hosts, nil, nil, nil)
	if err != nil || len(plan.Steps) != 1 || plan.Risk != Change {
		t.Errorf("%v %+v", err, plan.Steps)
	}
	plan, err = Resolve(rb, "all", hosts, nil, map[string]string{"reboot": "always"}, nil)
	if err != nil || len(plan.Steps) != 2 || plan.Risk != Disrupt {
		t.Errorf("%v %+v", err, plan.Steps)
	}
	hosts[0].Vars = map[string]string{"x.reboot": "always"}
	if _, err = Resolve(rb, "all", hosts, nil, nil, nil); err == nil || !strings.Contains(err.Error(), "cannot differ from host to host") {
		t.Errorf("a host's own value that decides the steps: %v", err)
	}
	rb.Steps[1].When = "name=h*" // the author of such a step sees to it that each host decides for itself
	if plan, err = Resolve(rb, "all", hosts, nil, nil, nil); err != nil || len(plan.Steps) != 2 {
		t.Errorf("%v %+v", err, plan.Steps)
	}
}

// TestRefusals: one clear line each, and all at once.
func TestRefusals(t *testing.T) {
	one, nine := 1, 9
	rb := Runbook{Name: "x", Risk: Disrupt, Params: []Param{
		{Name: "count", Type: "int", Min: &one, Max: &nine}, {Name: "ports", Type: "list", Min: &one, Max: &nine}, {Name: "mode", Type: "choice", Options: []string{"fast", "slow"}},
		{Name: "path", Type: "string", Pattern: "/.*", Required: true}, {Name: "flag", Type: "bool"}, {Name: "wait", Type: "duration"}, {Name: "token", Type: "string", Secret: true},
	}, Steps: []Step{{ID: "a", Kind: Script, Risk: Disrupt, Script: "true"}}}
	fine := map[string]string{"path": "/x"}
	with := func(k, v string) map[string]string { return map[string]string{"path": "/x", k: v} }
	muted := fleet(2)
	muted[1].Shell = "none"
	overridden := func(k, v string) []inventory.Host {
		h := fleet(1)
		h[0].Vars = map[string]string{k: v}
		return h
	}
	frozen := []inventory.Group{{Name: "etcd", Hosts: []inventory.HostID{"h000"}, MaxDown: 0}}
	for _, c := range []struct {
		params map[string]string
		hosts  []inventory.Host
		groups []inventory.Group
		policy *Policy
		want   string
	}{
		{nil, fleet(1), nil, nil, "parameter path is required"},
		{with("count", "0"), fleet(1), nil, nil, "parameter count is 0, and must be at least 1"},
		{with("count", "10"), fleet(1), nil, nil, "must be at most 9"},
		{with("count", "two"), fleet(1), nil, nil, `is "two", and must be a whole number`},
		{with("ports", "9/udp 10/udp"), fleet(1), nil, nil, "parameter ports is 10, and must be at most 9"},
		{with("ports", "9 0"), fleet(1), nil, nil, "parameter ports is 0, and must be at least 1"},
		{with("ports", "ssh"), fleet(1), nil, nil, `is "ssh", and must be a whole number`},
		{with("mode", "fsat"), fleet(1), nil, nil, `did you mean "fast"?`},
		{with("flag", "maybe"), fleet(1), nil, nil, "must be yes or no"},
		{with("wait", "10"), fleet(1), nil, nil, "must be a time"},
		{map[string]string{"path": "x"}, fleet(1), nil, nil, "does not match /.*"},
		{map[string]string{"path": "/\xff"}, fleet(1), nil, nil, "is not UTF-8"},
		{map[string]string{"path": "/\x00"}, fleet(1), nil, nil, "NUL"},
		{with("coutn", "1"), fleet(1), nil, nil, `did you mean "count"?`},
		{fine, nil, nil, nil, `no host matches "all"`},
		{fine, muted, nil, nil, "there is none on h001"},
		{fine, fleet(2), frozen, nil, "the group etcd allows none of its members to be down (max_down = 0): h000"},
		{fine, fleet(1), nil, &Policy{Batch: "half"}, `batch is "half"`},
		{fine, overridden("x.count", "99"), nil, nil, "h000: in the inventory, x.count is 99"},
		{fine, overridden("x.cuont", "9"), nil, nil, `did you mean "count"?`},
		{fine, overridden("x.token", "9"), nil, nil, "the inventory holds the secret parameter"},
	} {
		_, err := Resolve(rb, "all", c.hosts, c.groups, c.params, c.policy)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	_, err := Resolve(rb, "all", muted, frozen, map[string]string{"count": "0", "mode": "x", "z": "1"}, &Policy{Canary: -1})
	if ps, _ := err.(Problems); len(ps) != 7 {
		t.Errorf("want seven problems at once, got\n%v", err)
	}
}

func TestWarnings(t *testing.T) {
	rb := echo
	rb.Source, rb.Shadows = "/home/ops/runbooks/echo.toml", builtinSource
	rb.Steps = []Step{{ID: "say", Kind: Script, Risk: Read, Script: "true", Become: true}}
	hosts := fleet(2)
	hosts[1].User, hosts[1].Vars = "ops", map[string]string{"echo.value": "own"}
	plan, err := Resolve(rb, "all", hosts, nil, map[string]string{"value": "given"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(plan.Warnings, "\n")
	for _, want := range []string{"hides the one that is built-in", "value was given for this run", "step say wants root, and the inventory gives no way to become root on h001"} {
		if !strings.Contains(all, want) {
			t.Errorf("no warning %q in\n%s", want, all)
		}
	}
	if len(plan.Vars) != 0 {
		t.Errorf("a value given for the run outranks the host's own: %v", plan.Vars)
	}
}

// TestDigestSeesEverything changes each field of a plan, however deep, and wants another digest each time.
func TestDigestSeesEverything(t *testing.T) {
	plan := fullPlan(t)
	plan.Warnings, plan.Secrets = []string{"w"}, []Param{{Name: "s"}}
	digest, changed := plan.ComputeDigest(), 0
	plan.Digest = "something else"
	if plan.ComputeDigest() != digest {
		t.Error("the digest depends on the digest")
	}
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		check := func(change, undo func()) {
			change()
			if plan.ComputeDigest() == digest {
				t.Errorf("a change of %s is not in the digest", path)
			}
			undo()
			changed++
		}
		if old, ok := v.Interface().(time.Time); ok {
			check(func() { v.Set(reflect.ValueOf(old.Add(time.Hour))) }, func() { v.Set(reflect.ValueOf(old)) })
			return
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if name := v.Type().Field(i).Name; path != "Plan" || name != "Digest" {
					walk(path+"."+name, v.Field(i))
				}
			}
		case reflect.Slice:
			old := reflect.ValueOf(v.Interface())
			check(func() { v.Set(reflect.Append(old, reflect.New(v.Type().Elem()).Elem())) }, func() { v.Set(old) })
			for i := range v.Len() {
				walk(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
			}
		case reflect.Map:
			old := reflect.ValueOf(v.Interface())
			with := reflect.MakeMap(v.Type())
			for _, k := range old.MapKeys() {
				with.SetMapIndex(k, old.MapIndex(k))
			}
			with.SetMapIndex(reflect.ValueOf("new").Convert(v.Type().Key()), reflect.New(v.Type().Elem()).Elem())
			check(func() { v.Set(with) }, func() { v.Set(old) })
		case reflect.String:
			old := v.String()
			check(func() { v.SetString(old + "x") }, func() { v.SetString(old) })
		case reflect.Int, reflect.Int64:
			old := v.Int()
			check(func() { v.SetInt(old + 1) }, func() { v.SetInt(old) })
		case reflect.Bool:
			old := v.Bool()
			check(func() { v.SetBool(!old) }, func() { v.SetBool(old) })
		case reflect.Pointer:
			old := reflect.ValueOf(v.Interface())
			other := reflect.Zero(v.Type())
			if v.IsNil() {
				other = reflect.New(v.Type().Elem())
			}
			check(func() { v.Set(other) }, func() { v.Set(old) })
			if !v.IsNil() {
				walk(path, v.Elem())
			}
		default:
			t.Errorf("%s is a %s, which this test does not know", path, v.Kind())
		}
	}
	walk("Plan", reflect.ValueOf(&plan).Elem())
	if changed < 300 || plan.ComputeDigest() != digest {
		t.Errorf("%d changes tried", changed)
	}
}

// TestDigestOutlivesTheJournal: a trip through JSON keeps the plan and its digest, and order of maps does not matter.
func TestDigestOutlivesTheJournal(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.String()
		rb := Runbook{Name: "x", Title: text.Draw(r, "title"), Risk: Read, Params: []Param{{Name: "a", Type: "string"}, {Name: "b", Type: "string"}},
			Steps: []Step{{ID: "s", Kind: Script, Risk: Read, Script: "true", Timeout: time.Duration(rapid.Int64().Draw(r, "timeout"))}}}
		params := map[string]string{"a": strings.ReplaceAll(text.Draw(r, "a"), "\x00", ""), "b": strings.ReplaceAll(text.Draw(r, "b"), "\x00", "")}
		plan, err := Resolve(rb, "all", fleet(rapid.IntRange(1, 5).Draw(r, "hosts")), nil, params, nil)
		if err != nil {
			r.Fatal(err)
		}
		data, err := json.Marshal(plan)
		if err != nil {
			r.Fatal(err)
		}
		var back Plan
		if err := json.Unmarshal(data, &back); err != nil {
			r.Fatal(err)
		}
		if back.ComputeDigest() != plan.Digest || back.Digest != plan.Digest || back.Steps[0].Script != plan.Steps[0].Script {
			r.Fatalf("%s became another plan", data)
		}
	})
}
