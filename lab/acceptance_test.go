package lab_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tend/inventory"
	"tend/lab"
	"tend/remote"
	"tend/runbooks"
	"tend/ssh"
)

// road is the real client and the real keeper of detached steps, as a run has them.
func road(t testing.TB, o remote.Options) (*ssh.Client, *remote.Keeper) {
	t.Helper()
	c := ssh.New(ssh.Options{ConfigFiles: []string{}, Home: t.TempDir(), AgentSocket: "none", Getenv: func(string) string { return "" }})
	t.Cleanup(func() { c.Close() })
	if o.Backoff == (remote.Backoff{}) {
		o.Backoff = remote.Backoff{First: 50 * time.Millisecond, Max: 300 * time.Millisecond}
	}
	return c, remote.New(c, o)
}

// output collects what a step printed.
type output struct {
	mu sync.Mutex
	b  []byte
}

func (o *output) take(off int64, p []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if int(off) != len(o.b) {
		return fmt.Errorf("output at %d, not at %d", off, len(o.b))
	}
	o.b = append(o.b, p...)
	return nil
}

func plan(t testing.TB, name string, h inventory.Host, params map[string]string) runbooks.Plan {
	t.Helper()
	all, err := runbooks.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(r runbooks.Runbook) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("there is no built-in %s", name)
	}
	p, err := runbooks.Resolve(all[i], string(h.Name), []inventory.Host{h}, nil, params, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// carry runs one step of a plan as the engine would: attached where it only reads, detached else.
func carry(t testing.TB, k *remote.Keeper, p runbooks.Plan, s runbooks.Step, h inventory.Host) (string, int) {
	t.Helper()
	text, err := p.Rendered(s.ID, h.Name)
	if err != nil {
		t.Fatal(err)
	}
	o := remote.Order{Host: h, Script: text, Become: s.Become}
	if s.Risk != runbooks.Read {
		o.Job = fmt.Sprintf("j%d-%s", time.Now().UnixNano(), s.ID)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	var out output
	exit, err := k.Carry(ctx, o, out.take)
	if err != nil {
		t.Fatalf("%s: %s: %v\n%s", h.Name, s.ID, err, out.b)
	}
	return string(out.b), exit
}

func twin(t testing.TB, l *lab.Lab, name string) inventory.Host {
	t.Helper()
	h, ok := l.Inventory().Host(inventory.HostID(name))
	if !ok {
		t.Fatalf("no host %s", name)
	}
	return h
}

// TestHealthEverywhere runs the built-in health on every distribution: each check that applies is there, none could not look.
func TestHealthEverywhere(t *testing.T) {
	l := serve(t, lab.Options{Seed: 3})
	_, k := road(t, remote.Options{})
	for _, h := range l.Inventory().Hosts {
		p := plan(t, "health", h, map[string]string{"sudo": "yes", "expect_ports": "22", "certs": "/etc/ssl/certs/site.pem"})
		for _, s := range p.Steps {
			out, exit := carry(t, k, p, s, h)
			facts, warnings := runbooks.ParseEmitted(s, []byte(out))
			if exit != 0 || len(warnings) > 0 || len(facts) < 10 {
				t.Errorf("%s: exit %d, %d facts, warnings %q\n%s", h.Name, exit, len(facts), warnings, out)
			}
			for _, f := range facts {
				if f.Check && f.State == runbooks.CheckUnknown {
					t.Errorf("%s: %s is UNKNOWN: %s", h.Name, f.Key, f.Text)
				}
			}
			t.Logf("%s\n%s", h.Name, out)
		}
	}
}

// TestFactsEverywhere runs the built-in facts.
func TestFactsEverywhere(t *testing.T) {
	l := serve(t, lab.Options{Seed: 3})
	_, k := road(t, remote.Options{})
	for _, h := range l.Inventory().Hosts {
		p := plan(t, "facts", h, nil)
		for _, s := range p.Steps {
			out, exit := carry(t, k, p, s, h)
			facts, warnings := runbooks.ParseEmitted(s, []byte(out))
			if exit != 0 || len(warnings) > 0 {
				t.Errorf("%s: exit %d, warnings %q\n%s", h.Name, exit, warnings, out)
			}
			have := map[string]string{}
			for _, f := range facts {
				have[f.Key] = f.Value
			}
			for _, key := range strings.Fields("os.id os.family pm kernel hostname boot_id uptime mem cpu pending reboot_due addresses gateway ports") {
				if have[key] == "" {
					t.Errorf("%s: no fact %s\n%s", h.Name, key, out)
				}
			}
			t.Logf("%s\n%s", h.Name, out)
		}
	}
}

// TestPatchEverywhere runs the built-in patch, step by step: afterwards nothing is pending, and what is said to have changed has.
func TestPatchEverywhere(t *testing.T) {
	l := serve(t, lab.Options{Seed: 3, Speed: 100})
	_, k := road(t, remote.Options{})
	for _, h := range l.Inventory().Hosts {
		t.Run(string(h.Name), func(t *testing.T) {
			v, _ := l.Host(string(h.Name))
			before := v.State()
			p := plan(t, "patch", h, nil)
			for _, s := range p.Steps {
				if s.Kind == runbooks.Reboot || strings.Contains(s.When, "restarts") {
					continue
				}
				out, exit := carry(t, k, p, s, h)
				facts, warnings := runbooks.ParseEmitted(s, []byte(out))
				t.Logf("%s %s: exit %d, %d facts\n%s", h.Name, s.ID, exit, len(facts), out)
				if exit != 0 || len(warnings) > 0 {
					t.Errorf("%s: %s: exit %d, warnings %q", h.Name, s.ID, exit, warnings)
				}
			}
			after := v.State()
			t.Logf("pending %d -> %d", before.Pending, after.Pending)
			if before.Pending == 0 || after.Pending > 3 || len(after.Half) > 0 {
				t.Errorf("pending %d before, %d after; half-configured %q", before.Pending, after.Pending, after.Half)
			}
		})
	}
}
