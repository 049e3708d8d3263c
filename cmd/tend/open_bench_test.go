package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
	"tend/runbooks"
)

// BenchmarkOpenFleet opens a journal of many runs over 10,000 hosts (TEND_HOSTS) and folds the posture of every one of them. TEND_EVENTS asks for
// a number of events, in ten runs or more: the more there are, the more hosts say in each. Opening does not depend on them, but on hosts and
// facts. TEND_CORPUS names a directory in which they are kept for the next time; after a day what they say is stale, and they must go.
func BenchmarkOpenFleet(b *testing.B) {
	hosts, events := asked("TEND_HOSTS", 10_000), asked("TEND_EVENTS", 60_000)
	dir, kept := corpus(b)
	a := &app{getenv: func(k string) string { return map[string]string{"XDG_STATE_HOME": dir, "HOME": dir}[k] }, now: time.Now}
	var toml strings.Builder
	toml.WriteString("[[site]]\nname = \"s\"\n")
	for i := range (hosts + 39) / 40 {
		fmt.Fprintf(&toml, "[[site.rack]]\nname = \"r%d\"\n[[site.rack.host]]\nname = \"h%d-[01-40]\"\ntags = [\"t\"]\n", i, i)
	}
	a.inventory = filepath.Join(dir, "inventory.toml")
	if err := os.WriteFile(a.inventory, []byte(toml.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	inv, err := a.load()
	if err != nil {
		b.Fatal(err)
	}
	j, err := segments.Open(filepath.Join(dir, "tend", "journal"), a.origin())
	if err != nil {
		b.Fatal(err)
	}
	n, lines := 0, max(2, events/hosts/10-3)
	for run := 0; n < events && !kept; run++ {
		n += nightly(b, j, journal.RunID(fmt.Sprintf("r%06d", run)), inv.Hosts, lines)
	}
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	if _, err := a.postures(b.Context(), inv, ""); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d events, %d hosts; the first time, with the index to be built: %v", n, len(inv.Hosts), time.Since(start))
	b.ResetTimer()
	for b.Loop() {
		all, err := a.postures(b.Context(), inv, "")
		if err != nil || len(all) != len(inv.Hosts) || all[0].Pending != 3 {
			b.Fatal(err, len(all))
		}
	}
}

// corpus is where the journal is, and whether it is there already.
func corpus(b *testing.B) (dir string, kept bool) {
	if dir = os.Getenv("TEND_CORPUS"); dir == "" {
		return b.TempDir(), false
	}
	_, err := os.Stat(filepath.Join(dir, "tend", "journal"))
	return dir, err == nil
}

func asked(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// nightly is a run over all hosts in which each says so many lines and leaves forty facts, as health and facts together do.
func nightly(b *testing.B, j *segments.Segments, id journal.RunID, hosts []inventory.Host, lines int) int {
	b.Helper()
	var ids []inventory.HostID
	for _, h := range hosts {
		ids = append(ids, h.Name)
	}
	n := 0
	bodies := []journal.Body{journaltest.Plan("health", ids...), journal.WaveOpened{}}
	put := func() {
		if _, err := j.Append(b.Context(), id, bodies...); err != nil {
			b.Fatal(err)
		}
		n += len(bodies)
		bodies = nil
	}
	for _, h := range ids {
		facts := []runbooks.Fact{{Key: "pending", Value: "3"}, {Key: "security", Value: "1"}}
		for i := range 18 {
			facts = append(facts, runbooks.Fact{Key: fmt.Sprintf("check:%d", i), Value: "41", Unit: "%", Threshold: "85/95", Check: true, State: runbooks.CheckOK},
				runbooks.Fact{Key: fmt.Sprintf("fact.%d", i), Value: "some value of a fact"})
		}
		bodies = append(bodies, journal.StepStarted{Host: h, Step: "check", Attempt: 1})
		for l := range lines {
			text := fmt.Sprintf("Get:%d http://deb.debian.org/debian bookworm/main amd64 libssl3 amd64 3.0.11-1~deb12u2 [2,021 kB]\n", l)
			bodies = append(bodies, journal.OutputRead{Host: h, Step: "check", Attempt: 1, Offset: int64(l * len(text)), Data: []byte(text)})
		}
		bodies = append(bodies, journal.FactsRead{Host: h, Step: "check", Facts: facts}, journal.StepEnded{Host: h, Step: "check", Attempt: 1, Outcome: journal.OK})
		if len(bodies) > 2000 {
			put()
		}
	}
	bodies = append(bodies, journal.RunClosed{Result: journal.Passed})
	put()
	if err := j.Release(id); err != nil {
		b.Fatal(err)
	}
	return n
}
