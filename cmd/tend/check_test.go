package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
	"tend/runbooks"
)

// TestCheckSeesGrowth: a disk that the journal saw growing is found by its host's line when it will be full before the review, and not when
// the review comes first; a silence in the inventory keeps it quiet, with its reason, until its day.
func TestCheckSeesGrowth(t *testing.T) {
	dir := t.TempDir()
	env := map[string]string{"XDG_STATE_HOME": dir, "HOME": dir, "TEND_INVENTORY": filepath.Join(dir, "inventory.toml")}
	write := func(head string) {
		toml := head + "[defaults]\nowner = \"us\"\nos = \"arch\"\n[[site]]\nname = \"s\"\n[[site.host]]\nname = \"db-1\"\nend_of_life = " +
			time.Now().AddDate(0, 0, 100).Format(time.DateOnly) + "\n"
		if err := os.WriteFile(env["TEND_INVENTORY"], []byte(toml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	measuredDaily(t, filepath.Join(dir, "tend", "journal"), "db-1", 30)
	check := func(args ...string) (string, string, int) {
		var out, errs bytes.Buffer
		code := Main(context.Background(), append([]string{"check"}, args...), streams{in: strings.NewReader(""), out: &out, err: &errs}, func(k string) string { return env[k] })
		return out.String(), errs.String(), code
	}
	write("")
	if out, errs, code := check("--fail-on", "warning"); code != 1 || !strings.Contains(out, "inventory.toml:6: warning: capacity: db-1: disk /srv is 75% full, grows by 0.5 points a day") ||
		!strings.Contains(out, "inventory.toml:6: note: hardware-end-of-life: the hardware's life of 1 host ends on ") {
		t.Errorf("%d %s\n%s", code, errs, out)
	}
	if out, _, _ := check("--review", "20d", "--horizon", "90d"); strings.Contains(out, "capacity") || strings.Contains(out, "hardware-end-of-life") {
		t.Errorf("found before its time:\n%s", out)
	}
	for _, flag := range []string{"--review", "--horizon", "--health-within", "--patch-within"} {
		if _, errs, code := check(flag, "2020-01-01"); code != 2 || !strings.Contains(errs, flag+`: "2020-01-01" is no time ahead`) {
			t.Errorf("%s: %d %s", flag, code, errs)
		}
	}
	write("# tend: ignore capacity db-1 until " + time.Now().AddDate(0, 0, 30).Format(time.DateOnly) + ": the shelf is ordered\n")
	if out, _, _ := check(); strings.Contains(out, "warning: capacity") || !strings.Contains(out, "because: the shelf is ordered") {
		t.Errorf("silenced:\n%s", out)
	}
	write("# tend: ignore capacity db-1 until " + time.Now().AddDate(0, 0, -2).Format(time.DateOnly) + ": the shelf is ordered\n")
	if out, _, _ := check(); !strings.Contains(out, "warning: capacity") || !strings.Contains(out, "inventory.toml:1: warning: expired-silence") {
		t.Errorf("the silence is over:\n%s", out)
	}
}

// measuredDaily is a journal of a health run on each of the last days, in which a disk grows by half a per cent a day to 75.
func measuredDaily(t *testing.T, dir string, host inventory.HostID, days int) {
	t.Helper()
	at := time.Now()
	j, err := segments.Open(dir, "them", segments.WithClock(func() time.Time { return at }))
	if err != nil {
		t.Fatal(err)
	}
	for d := days; d >= 0; d-- {
		at = time.Now().AddDate(0, 0, -d)
		id := journal.RunID(fmt.Sprintf("r%03d", days-d))
		fact := runbooks.Fact{Key: "disk:/srv", Value: fmt.Sprint(75 - float64(d)/2), Unit: "%", Check: true, State: runbooks.CheckOK}
		load := runbooks.Fact{Key: "load", Value: "1", Check: true, State: runbooks.CheckOK}
		if _, err := j.Append(t.Context(), id, journaltest.Plan("health", host), journal.WaveOpened{}, journal.StepStarted{Host: host, Step: "check", Attempt: 1},
			journal.FactsRead{Host: host, Step: "check", Facts: []runbooks.Fact{fact, load}},
			journal.StepEnded{Host: host, Step: "check", Attempt: 1, Outcome: journal.OK}, journal.RunClosed{Result: journal.Passed}); err != nil {
			t.Fatal(err)
		}
		if err := j.Release(id); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}
