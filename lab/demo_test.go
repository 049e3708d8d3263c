package lab_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tend/inventory"
	"tend/lab"
	"tend/remote"
	"tend/runbooks"
)

// TestDemoHealth runs health over the example inventory as the demo serves it: most of it is well, nothing could not be looked at, and
// each kind of trouble is found where the seed put it.
func TestDemoHealth(t *testing.T) {
	b, err := os.ReadFile("../inventory.toml")
	if err != nil {
		t.Fatal(err)
	}
	inv, err := inventory.Parse("../inventory.toml", b)
	if err != nil {
		t.Fatal(err)
	}
	l := serve(t, lab.Options{Inventory: inv, Speed: 100})
	_, k := road(t, remote.Options{Backoff: remote.Backoff{First: time.Hour, Max: time.Hour}})
	all, err := runbooks.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(r runbooks.Runbook) bool { return r.Name == "health" })
	twin := l.Inventory()
	p, err := runbooks.Resolve(all[i], "all", twin.Hosts, twin.Groups, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	bad := map[string]string{} // what is not OK, by host
	unreachable := 0
	limit := make(chan struct{}, 32)
	var wg sync.WaitGroup
	for _, h := range twin.Hosts {
		if v, _ := l.Host(string(h.Name)); v.Dead() {
			unreachable++
			continue
		}
		limit <- struct{}{}
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer func() { <-limit }()
			text, err := p.Rendered(p.Steps[0].ID, h.Name)
			if err != nil {
				t.Error(err)
				return
			}
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			defer cancel()
			var out output
			exit, err := k.Carry(ctx, remote.Order{Host: h, Script: text}, out.take)
			facts, warnings := runbooks.ParseEmitted(p.Steps[0], out.b)
			if err != nil || exit != 0 || len(warnings) > 0 {
				t.Errorf("%s: exit %d, %v, %q", h.Name, exit, err, warnings)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, f := range facts {
				if f.Check && f.State != runbooks.CheckOK {
					bad[string(h.Name)] += f.Key + "=" + f.State.String() + " (" + f.Text + ") "
				}
			}
		}()
	}
	wg.Wait()
	found := ""
	for name, text := range bad {
		t.Log(name, text)
		found += text
		if strings.Contains(text, "UNKNOWN") {
			t.Errorf("%s: %s", name, text)
		}
	}
	for _, want := range []string{"disk:/var=CRIT", "units=CRIT", "time=CRIT", "temperature=", "reboot=WARN", "raid:md0=CRIT", "cert:", "load=WARN", "oom=WARN"} {
		if !strings.Contains(found, want) {
			t.Errorf("nowhere is %s", want)
		}
	}
	if n := len(bad); unreachable != 1 || n < 10 || n > len(twin.Hosts)/5 {
		t.Errorf("%d hosts with something of %d, %d dead", n, len(twin.Hosts), unreachable)
	}
}
