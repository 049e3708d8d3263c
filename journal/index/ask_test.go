package index_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/journal/index"
	"tend/journal/journaltest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func when(s string) (time.Time, error) {
	if s != "1d" {
		return time.Time{}, errors.New("no time")
	}
	return noon, nil
}

// TestAsk: words and conditions, as they are typed.
func TestAsk(t *testing.T) {
	for text, want := range map[string]string{
		"":                               `"" "" run= book= who= kinds= results= `,
		"no space left":                  `"no space left" "" run= book= who= kinds= results= `,
		`host=web-[01-20] disk "a b=c"`:  `"disk \"a b=c\"" "name=web-[01-20]" run= book= who= kinds= results= `,
		"!tag=web site=ams1 !host=x w":   `"w" "!tag=web site=ams1 !name=x" run= book= who= kinds= results= `,
		"run=r1 runbook=patch who=kim":   `"" "" run=r1 book=patch who=kim kinds= results= `,
		`who="kim as root" x`:            `"x" "" run= book= who=kim as root kinds= results= `,
		"kind=noted,sealed result=open":  `"" "" run= book= who= kinds=noted sealed results=open `,
		"result=failed,unknown since=1d": `"" "" run= book= who= kinds= results=failed unknown since`,
		"a=b http://x/?run=1 =x !x":      `"a=b http://x/?run=1 =x !x" "" run= book= who= kinds= results= `,
	} {
		a, err := index.Ask(text, when)
		since := ""
		if a.Since.Equal(noon) {
			since = "since"
		}
		got := fmt.Sprintf("%q %q run=%s book=%s who=%s kinds=%s results=%s %s", a.Text, a.Selector, a.Run, a.Runbook, a.User, strings.Join(a.Kinds, " "), strings.Trim(fmt.Sprint(a.Results), "[]"), since)
		if err != nil || got != want {
			t.Errorf("%s:\n%s, %v, want\n%s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"result=bad": "no run ends with the result", "kind=noted,bad": `no event is of the kind "bad"`, "since=never": "no time", "who!=kim": `"who!=kim" is no condition`, "!run=x": "is no condition", "run=": "is no condition", "host=[": "",
	} {
		if _, err := index.Ask(text, when); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestConditions: what narrows a search, alone and with words; few hosts are tags, and many are a filter.
func TestConditions(t *testing.T) {
	b := open(t)
	hosts := make([]inventory.HostID, 400)
	for i := range hosts {
		hosts[i] = inventory.HostID(fmt.Sprintf("h-%03d", i))
	}
	plan := journaltest.Plan("patch", hosts...)
	plan.By.User = "kim as root"
	bodies := []journal.Body{plan}
	for _, h := range hosts {
		bodies = append(bodies, output(h, "needle of "+string(h)))
	}
	add(t, b, "261120-0000-aaaa", append(bodies, journal.RunClosed{Result: journal.SomeFailed})...)
	add(t, b, "261121-0000-bbbb", journaltest.Plan("health", "x"), output("x", "needle"), journal.RunClosed{Result: journal.Passed})
	_, err := b.Note(t.Context(), journal.Noted{Host: "x", Text: "a needle", By: journal.Who{User: "lee"}})
	do(t, err)
	do(t, b.x.CatchUp(t.Context()))
	all, err := b.x.Hosts(t.Context())
	if do(t, err); len(all) != 401 || all[400] != "x" {
		t.Errorf("%d hosts", len(all))
	}
	for _, c := range []struct {
		q    index.Search
		want int
	}{
		{index.Search{Text: "needle"}, 402},
		{index.Search{Text: "needle", Hosts: hosts[:10]}, 10},
		{index.Search{Text: "needle", Hosts: hosts}, 400},
		{index.Search{Hosts: hosts[50:]}, 350},
		{index.Search{Text: "needle", Hosts: []inventory.HostID{}}, 0},
		{index.Search{Text: "needle", Hosts: []inventory.HostID{"gone"}}, 0},
		{index.Search{Text: "needle", User: "kim"}, 400},
		{index.Search{Text: "needle", User: "kim as root"}, 400},
		{index.Search{Text: "needle", User: "root"}, 0},
		{index.Search{User: "lee"}, 1},
		{index.Search{Text: "needle", Runbook: "health"}, 1},
		{index.Search{Text: "needle", Results: []journal.Result{journal.Passed}}, 1},
		{index.Search{Text: "needle", Results: []journal.Result{journal.Passed, journal.SomeFailed}}, 401},
		{index.Search{Text: "needle", Results: []journal.Result{journal.Stopped}}, 0},
		{index.Search{Text: "needle", Runbook: "patch", Results: []journal.Result{journal.Passed}}, 0},
	} {
		c.q.Limit = 1000
		if got := len(search(t, b.x, c.q).Hits); got != c.want {
			q := c.q
			q.Hosts = slices.Clip(q.Hosts[:min(3, len(q.Hosts))])
			t.Errorf("%+v finds %d, want %d", q, got, c.want)
		}
	}
}

// TestTimes: events are found by when they happened, whatever run they belong to and in which order they were indexed.
func TestTimes(t *testing.T) {
	b := open(t)
	var marks []time.Time
	for i := range 6 {
		for _, run := range []journal.RunID{"long", journal.RunID(fmt.Sprintf("r%d", i))} {
			body := []journal.Body{output("a", fmt.Sprintf("needle %d", i))}
			if i == 0 || run != "long" {
				body = append([]journal.Body{journaltest.Plan("x", "a")}, body...)
			}
			add(t, b, run, body...)
		}
		do(t, b.x.CatchUp(t.Context()))
		marks = append(marks, time.Now())
		time.Sleep(time.Millisecond) // the marks differ from every event's time, whatever the clock's grain
	}
	for from := range marks {
		for to := from; to < len(marks); to++ {
			got := search(t, b.x, index.Search{Text: "needle", Since: marks[from], Until: marks[to]}).Hits
			if len(got) != 2*(to-from) {
				t.Errorf("between %d and %d: %d events, want %d", from, to, len(got), 2*(to-from))
			}
		}
	}
}
