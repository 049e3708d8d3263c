package insight

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func ago(days float64) time.Time { return now.Add(-time.Duration(days * 24 * float64(time.Hour))) }

func daily(host, key string, values ...float64) []journal.Sample {
	var out []journal.Sample
	for i, v := range values {
		out = append(out, journal.Sample{Host: inventory.HostID(host), Key: key, At: ago(float64(len(values) - 1 - i)), Value: v})
	}
	return out
}

func ramp(n int, from, by float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = from + by*float64(i)
	}
	return out
}

func TestGrowth(t *testing.T) {
	cases := []struct {
		name    string
		samples []journal.Sample
		full    float64 // -1 = withheld
	}{
		{"a straight line", daily("a", "disk:/", ramp(31, 50, 1)...), 20},
		{"level", daily("a", "disk:/", ramp(31, 50, 0)...), -1},
		{"shrinking", daily("a", "disk:/", ramp(9, 50, -1)...), -1},
		{"too few days", daily("a", "disk:/", ramp(6, 50, 5)...), -1},
		{"beyond the horizon", daily("a", "disk:/", ramp(100, 10, 0.1)...), -1},
		{"emptied, and too early to tell", daily("a", "disk:/", append(ramp(20, 60, 2), ramp(3, 40, 2)...)...), -1},
		{"emptied, and growing anew", daily("a", "disk:/", append(ramp(20, 60, 2), ramp(15, 40, 2)...)...), 16},
		{"full already", daily("a", "disk:/", ramp(11, 90, 1)...), 0},
		{"one per cent, once: whole numbers are not known better", daily("a", "disk:/", 50, 50, 50, 50, 50, 50, 50, 51), -1},
	}
	for _, c := range cases {
		got, measured := Growth(c.samples, now)
		switch {
		case measured != 1:
			t.Errorf("%s: %d measured", c.name, measured)
		case c.full < 0 && len(got) > 0:
			t.Errorf("%s: forecast %+v, wanted none", c.name, got[0])
		case c.full >= 0 && len(got) != 1:
			t.Errorf("%s: no forecast", c.name)
		case c.full >= 0 && (got[0].Full < c.full-0.01 || got[0].Full > c.full+0.01):
			t.Errorf("%s: full in %v, wanted %v", c.name, got[0].Full, c.full)
		case c.full > 0 && !(got[0].Soonest < got[0].Full && got[0].Full < got[0].Latest):
			t.Errorf("%s: %v is not within %v and %v", c.name, got[0].Full, got[0].Soonest, got[0].Latest)
		}
	}
	old := daily("a", "disk:/", ramp(31, 50, 1)...)
	if got, _ := Growth(old, now.Add(5*24*time.Hour)); len(got) > 0 {
		t.Errorf("what was last measured five days ago is forecast: %+v", got)
	}
	two := append(daily("a", "disk:/", ramp(31, 50, 1)...), daily("b", "disk:/", ramp(31, 60, 1)...)...)
	if got, n := Growth(two, now); n != 2 || len(got) != 2 || got[0].Host != "b" {
		t.Errorf("the first to be full first: %+v", got)
	}
}

// TestIntervalsAreHonest: of many series with a known slope and noise that clings, the interval holds the true slope nearly as often as it says,
// and a level series is rarely called growing.
func TestIntervalsAreHonest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const tries = 2000
	held, alarms := 0, 0
	for range tries {
		series := func(slope float64) []journal.Sample {
			values, noise := ramp(30, 40, slope), 0.0
			for i := range values {
				noise = 0.6*noise + r.NormFloat64()
				values[i] += noise
			}
			return daily("a", "disk:/", values...)
		}
		l := fit(series(0.3))
		if l.slope-l.margin <= 0.3 && 0.3 <= l.slope+l.margin {
			held++
		}
		if l = fit(series(0)); l.slope-l.margin > 0 {
			alarms++
		}
	}
	if held < tries*90/100 {
		t.Errorf("the interval held the truth %d times of %d", held, tries)
	}
	if alarms > tries*6/100 {
		t.Errorf("%d of %d level series were called growing", alarms, tries)
	}
}

// TestFullInIsHonest: the day on which it is full lies within the interval as often as that says, whether days stray from a line, stray and
// cling, or the growth itself wanders; and what grows is not withheld for that.
func TestFullInIsHonest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		name                string
		days                int
		noise, cling, stays float64
		left                float64
	}{{"straight", 30, 0, 0, 0, 25}, {"days stray", 14, 0.3, 0, 0, 25}, {"days stray far", 90, 1, 0, 0, 25}, {"days stray, and few are left", 90, 1, 0, 0, 5}, {"they cling", 30, 1, 0.7, 0, 25},
		{"growth wanders", 30, 0, 0, 0.3, 25}, {"growth wanders for long", 90, 0, 0, 0.4, 25}, {"growth wanders, and few are left", 90, 0, 0, 0.4, 8}} {
		const tries, slope = 200, 0.5
		shown, held := 0, 0
		for range tries {
			level, noise := 0.0, 0.0
			next := func() float64 {
				level += slope + c.stays*r.NormFloat64()
				noise = c.cling*noise + math.Sqrt(1-c.cling*c.cling)*c.noise*r.NormFloat64()
				return level + noise
			}
			values := make([]float64, c.days)
			for i := range values {
				values[i] = next()
			}
			shift := 100 - c.left - level
			for i := range values {
				values[i] = math.Round(values[i] + shift)
			}
			full := 1.0
			for ; next()+shift < 99.5; full++ {
			}
			if f, ok := forecast(daily("a", "disk:/", values...), now); ok {
				shown++
				if math.Floor(f.Soonest) <= full && full <= math.Ceil(f.Latest) {
					held++
				}
			}
		}
		if shown < tries*8/10 || held < shown*88/100 {
			t.Errorf("%s: of %d, %d were forecast, and %d of the intervals held the day", c.name, tries, shown, held)
		}
	}
}

// TestWhatWandersIsHardlyForecast: where growth wanders from day to day as much as it grows and more, few forecasts are made at all, and those
// hold the day as often as they say: what grew most by chance looks most like growth.
func TestWhatWandersIsHardlyForecast(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct {
		days         int
		slope, stays float64
	}{{8, 0, 1}, {8, 0.5, 0.3}, {8, 0.5, 1}, {14, 0.1, 1}, {14, 0.5, 0.3}, {14, 0.5, 1}, {30, 0, 0.3}, {30, 0.1, 0.3}, {30, 0.5, 1}, {90, 0.1, 0.3}, {90, 0.5, 1}} {
		const tries, left = 400, 25
		shown, held := 0, 0
		for range tries {
			level := 0.0
			next := func() float64 {
				level += c.slope + c.stays*r.NormFloat64()
				return level
			}
			values := make([]float64, c.days)
			for i := range values {
				values[i] = next()
			}
			shift := 100 - left - level
			for i := range values {
				values[i] = math.Round(values[i] + shift)
			}
			f, ok := forecast(daily("a", "disk:/", values...), now)
			if !ok {
				continue
			}
			shown++
			full := 1.0
			for ; next()+shift < 99.5 && full < 5000; full++ {
			}
			if math.Floor(f.Soonest) <= full && full <= math.Ceil(f.Latest) {
				held++
			}
		}
		if wrong := shown - held; wrong > tries*3/100 || shown > tries/10 && held < shown*88/100 {
			t.Errorf("%d days that grow by %v and stray by %v: of %d, %d were forecast, and %d of the intervals held the day", c.days, c.slope, c.stays, tries, shown, held)
		}
	}
}

func TestSteps(t *testing.T) {
	var spent []journal.Spent
	for i := range 20 {
		took := 10 * time.Second
		if i >= 10 {
			took = 20 * time.Second
		}
		took += time.Duration(i) * time.Millisecond
		spent = append(spent, journal.Spent{Run: journal.RunID(fmt.Sprint(i)), Runbook: "patch", Step: "upgrade", At: ago(float64(20 - i)), Hosts: 2, Failed: i % 2,
			Total: 2 * took, Longest: took, Slowest: "a"})
	}
	spent = append(spent, journal.Spent{Runbook: "health", Step: "checks", At: ago(1), Hosts: 1, Total: time.Second, Longest: time.Second})
	got := Steps(spent, ago(24), now)
	if len(got) != 2 || got[0].Step != "upgrade" || got[0].Runs != 20 || got[0].Hosts != 40 || got[0].Failed != 10 || got[0].Slowest != "a" {
		t.Fatalf("%+v", got)
	}
	if tr := got[0].Trend; !tr.Known || tr.By < 0.9 || tr.By > 1.1 {
		t.Errorf("trend %+v, wanted twice as long", tr)
	}
	if got[1].Trend.Known {
		t.Errorf("one run has a trend: %+v", got[1].Trend)
	}
	if len(got[0].Took) != slots || got[0].Took[0] != -1 {
		t.Errorf("series %v", got[0].Took)
	}
	if f := Failing(got); len(f) != 1 || f[0].Rate() != 0.25 {
		t.Errorf("failing %+v", f)
	}
}

// TestTrendsAreHonest: of series without a trend, few are said to have one.
func TestTrendsAreHonest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	wrong := 0
	for range 2000 {
		v := make([]float64, 20)
		for i := range v {
			v[i] = r.ExpFloat64() * 10
		}
		if trend(v).Known {
			wrong++
		}
	}
	if wrong > 120 {
		t.Errorf("%d of 2000 series without a trend have one", wrong)
	}
}

func TestBooks(t *testing.T) {
	runs := []journal.RunSummary{
		{Runbook: "patch", Started: ago(2), Ended: ago(2).Add(time.Minute), Result: journal.Passed},
		{Runbook: "patch", Started: ago(1), Ended: ago(1).Add(3 * time.Minute), Result: journal.SomeFailed},
		{Runbook: "patch", Started: ago(0)}, // at work
		{Runbook: "health", Started: ago(1), Ended: ago(1).Add(time.Second), Result: journal.Passed},
	}
	got := Books(runs, ago(7), now)
	if len(got) != 2 || got[0].Runbook != "patch" || got[0].Runs != 2 || got[0].Bad != 1 || got[0].Took != 2*time.Minute {
		t.Errorf("%+v", got)
	}
}

func TestWaits(t *testing.T) {
	got := Waits([]journal.Stood{
		{Run: "1", Runbook: "patch", What: "approval of a wave", Who: "kim", For: time.Hour},
		{Run: "2", Runbook: "patch", What: "approval of a wave", Who: "kim", For: 3 * time.Hour},
		{Run: "2", Runbook: "replace-disk", What: "a manual step", Step: "swap", Who: "ann", For: 2 * time.Hour},
	})
	if len(got) != 2 || got[0].Who != "kim" || got[0].Times != 2 || got[0].Total != 4*time.Hour || got[0].Longest != 3*time.Hour || got[0].Run != "2" {
		t.Errorf("%+v", got)
	}
}

// TestLatencies: published when any host saw it first; an update that gave way to a newer one was not installed.
func TestLatencies(t *testing.T) {
	site := func(h inventory.HostID) string { return strings.ToUpper(string(h[:1])) }
	updates := []journal.Awaited{
		{Host: "a1", Name: "ssl", Version: "2", Security: true, First: ago(10), Last: ago(7), Published: ago(10), Gone: ago(6)},
		{Host: "b1", Name: "ssl", Version: "2", Security: true, First: ago(9), Last: ago(9), Published: ago(10), Gone: ago(8)},
		{Host: "b1", Name: "zlib", Version: "1", First: ago(9), Last: ago(5), Published: ago(9), Gone: ago(4)},
		{Host: "b1", Name: "zlib", Version: "2", Security: true, First: ago(4), Last: ago(2), Published: ago(4), Gone: ago(1)},
		{Host: "b2", Name: "zlib", Version: "2", First: ago(3), Last: ago(1), Published: ago(4)},
	}
	got := Latencies(updates, site, ago(30), now)
	var sites []string
	for _, l := range got {
		sites = append(sites, l.Site)
	}
	if !slices.Equal(sites, []string{"B", "A", ""}) {
		t.Fatalf("sites %q", sites)
	}
	if a := got[1]; a.Installed != 1 || a.Median != 4 || a.SecMedian != 4 {
		t.Errorf("A: %+v", a)
	}
	if b := got[0]; b.Installed != 2 || b.Median != 5 || b.Waiting != 1 || b.Oldest != 4 || b.SecMedian != 2.5 { // 2 days, and 8 of both versions of zlib, 3 of them with a hole
		t.Errorf("B: %+v", b)
	}
	if all := got[2]; all.Installed != 3 || all.Waiting != 1 {
		t.Errorf("all: %+v", all)
	}
}

func typed(commands ...string) []journal.Typed {
	var out []journal.Typed
	for i, c := range commands {
		out = append(out, journal.Typed{Run: journal.RunID(fmt.Sprint(i)), At: ago(float64(len(commands) - i)), Who: "kim", Command: c, Scope: "tag=app", Hosts: 2})
	}
	return out
}

func TestHabits(t *testing.T) {
	got := Habits(typed("uptime", "systemctl restart app-1", "systemctl  restart app-12", "df -h", "systemctl restart app-3", "uptime"))
	if len(got) != 1 || got[0].Shape != "systemctl restart app-#" || got[0].Times != 3 || got[0].Hosts != 6 || got[0].Name() != "systemctl-restart-app" {
		t.Fatalf("%+v", got)
	}
}

// TestHabitBecomesARunbook: what is written is a runbook that is read back and means what was typed, whatever that was.
func TestHabitBecomesARunbook(t *testing.T) {
	cases := []struct {
		commands []string
		script   string
		params   int
	}{
		{[]string{"systemctl restart app-1", "systemctl restart app-2", "systemctl restart app-2"}, "systemctl restart \"$word1\"\n", 1},
		{[]string{"df -h /var", "df -h /var", "df -h /var"}, "df -h /var\n", 0},
		{[]string{"echo 'a  1'", "echo 'a  2'", "echo 'a  3'"}, "echo 'a  3'\n", 0},
		{[]string{"x1", "x2", "x3"}, "x3\n", 0},
		{[]string{"echo $(id 1)", "echo $(id 2)", "echo $(id 3)"}, "echo $(id 3)\n", 0},
		{[]string{"a \"\"\" b", "a \"\"\" b", "a \"\"\" b"}, "a \"\"\" b\n", 0},
	}
	for _, c := range cases {
		h := Habits(typed(c.commands...))
		if len(h) != 1 {
			t.Fatalf("%q: %d habits", c.commands, len(h))
		}
		toml := h[0].Runbook("mine")
		rb, err := runbooks.Parse("mine.toml", []byte(toml))
		if err != nil {
			if strings.Contains(c.script, `"""`) {
				continue // three quotes are no shell; the runbook's check says so to whoever edits it
			}
			t.Errorf("%q: %v\n%s", c.commands, err, toml)
			continue
		}
		if rb.Steps[0].Script != c.script || len(rb.Params) != c.params {
			t.Errorf("%q: script %q, %d parameters", c.commands, rb.Steps[0].Script, len(rb.Params))
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\"b\\c\n\x01é\xff")
	f.Fuzz(func(t *testing.T, s string) {
		toml := Habit{Commands: []string{s}, Shape: s, Who: []string{s}}.Runbook("mine")
		if strings.ContainsAny(toml, "\x00\x01\x1b\r") {
			t.Errorf("a control character: %q", toml)
		}
	})
}

func TestOfNothing(t *testing.T) {
	if got := Of(Material{Since: ago(90)}, now); !got.Empty() || !reflect.DeepEqual(got.Steps, []Cost(nil)) {
		t.Errorf("%+v", got)
	}
}

// TestAnUpdateThatGivesWay: it waits until what took its place is installed, through however many versions; one that was installed before the
// next was seen is not drawn out by it, and another package's, or another host's, is none of it.
func TestAnUpdateThatGivesWay(t *testing.T) {
	u := func(host, name string, published, gone float64) journal.Awaited {
		a := journal.Awaited{Host: inventory.HostID(host), Name: name, First: ago(published), Published: ago(published)}
		if gone > 0 {
			a.Gone = ago(gone)
		}
		return a
	}
	for _, c := range []struct {
		name    string
		updates []journal.Awaited
		want    string // installed, of them the median and nine of ten; waiting, the oldest
	}{
		{"one after the other", []journal.Awaited{u("a", "x", 20, 18), u("a", "x", 10, 6)}, "2 3.0 3.8; 0 0.0"},
		{"gave way", []journal.Awaited{u("a", "x", 20, 10), u("a", "x", 10, 6)}, "1 14.0 14.0; 0 0.0"},
		{"gave way twice", []journal.Awaited{u("a", "x", 20, 12), u("a", "x", 12, 9), u("a", "x", 9, 5)}, "1 15.0 15.0; 0 0.0"},
		{"gave way to what waits", []journal.Awaited{u("a", "x", 20, 12), u("a", "x", 12, 0)}, "0 0.0 0.0; 1 20.0"},
		{"another package", []journal.Awaited{u("a", "x", 20, 12), u("a", "y", 12, 0)}, "1 8.0 8.0; 1 12.0"},
		{"another host", []journal.Awaited{u("a", "x", 20, 12), u("b", "x", 12, 0)}, "1 8.0 8.0; 1 12.0"},
		{"installed before the period", []journal.Awaited{u("a", "x", 50, 31)}, "0 0.0 0.0; 0 0.0"},
	} {
		all := Latencies(c.updates, nil, ago(30), now)
		if len(all) == 0 && c.want == "0 0.0 0.0; 0 0.0" {
			continue
		}
		l := all[len(all)-1]
		if got := fmt.Sprintf("%d %.1f %.1f; %d %.1f", l.Installed, l.Median, l.Most, l.Waiting, l.Oldest); len(all) != 1 || got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestLatencyOverTime: the median is drawn where it was installed in the period, and nothing is drawn where nothing was.
func TestLatencyOverTime(t *testing.T) {
	at := func(published, gone float64) journal.Awaited {
		return journal.Awaited{Host: "a", Name: fmt.Sprint(published), First: ago(published), Published: ago(published), Gone: ago(gone)}
	}
	l := Latencies([]journal.Awaited{at(33, 29.9), at(31, 29.8), at(5, 0.1)}, func(inventory.HostID) string { return "s" }, ago(30), now)
	if len(l) != 2 || l[0].Site != "s" || l[1].Site != "" {
		t.Fatalf("%+v", l)
	}
	days := l[0].Days
	if len(days) != slots || days[0] < 2.1 || days[0] > 2.2 || days[slots-1] < 4.8 || days[slots-1] > 5 {
		t.Errorf("%v", days)
	}
	for _, d := range days[1 : slots-1] {
		if d != -1 {
			t.Errorf("something where nothing was installed: %v", days)
		}
	}
}

// TestHabitsSayWhoAndWhere: each user once, the latest scope and command, all hosts; the most frequent come first, then those of most hosts.
func TestHabitsSayWhoAndWhere(t *testing.T) {
	var all []journal.Typed
	add := func(who, command, scope string, hosts int) {
		all = append(all, journal.Typed{At: ago(float64(50 - len(all))), Who: who, Command: command, Scope: scope, Hosts: hosts})
	}
	add("kim", "df -h /var", "a", 1)
	add("ann", "df -h /var", "b", 1)
	add("kim", "df -h /var", "c", 2)
	add("kim", "  ", "c", 2)
	for range 2 {
		add("bob", "uptime", "all", 30)
	}
	add("kim", "rm /tmp/x1", "d", 9)
	add("kim", "rm /tmp/x2", "d", 9)
	add("kim", "rm /tmp/x1", "e", 9)
	for range 4 {
		add("bob", "sync", "all", 1)
	}
	var got []string
	for _, h := range Habits(all) {
		got = append(got, fmt.Sprintf("%s %d %d %v %s %q %v", h.Shape, h.Times, h.Hosts, h.Who, h.Scope, h.Commands, h.Last.Equal(all[len(all)-1].At)))
	}
	want := []string{
		`sync 4 4 [bob] all ["sync"] true`,
		`rm /tmp/x# 3 27 [kim] e ["rm /tmp/x1" "rm /tmp/x2"] false`,
		`df -h /var 3 4 [kim ann] c ["df -h /var"] false`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	toml := Habits(all)[2].Runbook("mine")
	for _, s := range []string{"Run by hand 3 times by kim, ann, lastly on c at ", "# [[before]]"} {
		if !strings.Contains(toml, s) {
			t.Errorf("no %q in\n%s", s, toml)
		}
	}
}
