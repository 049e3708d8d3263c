package lab_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"tend/inventory"
	"tend/lab"
	"tend/remote"
	"tend/runbooks"
)

// fleet is an inventory of n hosts, in racks of forty.
func fleet(t testing.TB, n int) *inventory.Inventory {
	t.Helper()
	var b strings.Builder
	b.WriteString("[defaults]\nbecome = \"sudo\"\n[[site]]\nname = \"big\"\n")
	systems := []string{"debian-12", "ubuntu-24.04", "rocky-9", "alpine-3.22"}
	for i := 0; i < n; i += 40 {
		last := min(40, n-i)
		fmt.Fprintf(&b, "[[site.rack]]\nname = \"r%04d\"\n[[site.rack.host]]\nname = \"h%04d-[%02d-%02d]\"\naddr = \"10.%d.%d.[1-%d]\"\nunit = 1\nos = %q\n",
			i/40, i/40, 1, last, 10+i/40/250, i/40%250, last, systems[i/40%len(systems)])
	}
	return parse(t, b.String())
}

// TestTenThousandHosts: ready in about a second, in less than 100 MB.
func TestTenThousandHosts(t *testing.T) {
	inv := fleet(t, 10_000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	l := serve(t, lab.Options{Inventory: inv})
	took := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	mb := float64(after.HeapAlloc-before.HeapAlloc) / 1e6
	t.Logf("%d hosts ready in %v with %.1f MB", len(l.Inventory().Hosts), took, mb)
	if limit := 2 * time.Second * slowdown; took > limit || mb > 100 {
		t.Errorf("10,000 hosts took %v and %.0f MB", took, mb)
	}
	c := mustDial(t, l, "h0249-40")
	if out := script(t, c, "hostname"); out != "h0249-40\n" {
		t.Errorf("the last host says %q", out)
	}
}

// TestThousandHealth runs health on a thousand hosts, 64 at once.
func TestThousandHealth(t *testing.T) {
	n := 1000
	if slowdown > 1 || testing.Short() {
		n = 100
	}
	l := serve(t, lab.Options{Inventory: fleet(t, n), Speed: 100, Faults: []lab.Fault{{Name: "alive"}}})
	_, k := road(t, remote.Options{})
	hosts := l.Inventory().Hosts
	p := plan(t, "health", hosts[0], nil)
	start := time.Now()
	limit := make(chan struct{}, 64)
	var wg sync.WaitGroup
	var mu sync.Mutex
	verdicts := map[runbooks.CheckState]int{}
	for _, h := range hosts {
		limit <- struct{}{}
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer func() { <-limit }()
			var out output
			exit, err := k.Carry(context.Background(), remote.Order{Host: h, Script: p.Steps[0].Script}, out.take)
			facts, _ := runbooks.ParseEmitted(p.Steps[0], out.b)
			mu.Lock()
			defer mu.Unlock()
			verdicts[runbooks.Verdict(facts)]++
			if exit != 0 || err != nil {
				t.Errorf("%s: exit %d, %v\n%s", h.Name, exit, err, out.b)
			}
		}()
	}
	wg.Wait()
	t.Logf("health on %d hosts in %v: %v", n, time.Since(start), verdicts)
}
