package report

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/inventory"
	"tend/journal"
	"tend/runbooks"
)

// wellFormed walks a document as strict XML and returns its elements.
func wellFormed(t interface{ Fatalf(string, ...any) }, doc string) []xml.StartElement {
	d := xml.NewDecoder(strings.NewReader(doc))
	var list []xml.StartElement
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return list
		}
		if err != nil {
			at := int(d.InputOffset())
			t.Fatalf("not well-formed: %v behind %q", err, doc[max(at-200, 0):at])
		}
		if e, ok := tok.(xml.StartElement); ok {
			list = append(list, e.Copy())
		}
	}
}

// TestHTMLStandsAlone: no script, no address, nothing but what a report is made of.
func TestHTMLStandsAlone(t *testing.T) {
	doc := written(t, "html", night(t).fold(Limits{}), night(t).fold(Limits{}))
	elements(t, doc)
	for _, never := range []string{"http:", "https:", "url(", "@import", "javascript:", "<script"} {
		if strings.Contains(strings.ToLower(doc), never) {
			t.Errorf("the page holds %q", never)
		}
	}
	for _, want := range []string{"prefers-color-scheme: dark", "@media print", "max-width: 40rem", `name="viewport"`, "default-src 'none'", "2 runs", "<svg "} {
		if !strings.Contains(doc, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// elements holds a page to the elements and attributes that ours has.
func elements(t *testing.T, doc string) {
	t.Helper()
	tags := strings.Fields("html head meta title style body main article section h1 h2 h3 p strong table thead tbody tr th td div pre svg rect")
	attrs := strings.Fields("lang charset http-equiv content name class scope viewBox preserveAspectRatio role aria-label x y width height")
	for _, e := range wellFormed(t, doc) {
		if !slices.Contains(tags, e.Name.Local) {
			t.Errorf("the page holds a <%s>", e.Name.Local)
		}
		for _, a := range e.Attr {
			if !slices.Contains(attrs, a.Name.Local) || a.Name.Local == "http-equiv" && a.Value != "Content-Security-Policy" {
				t.Errorf("<%s> has %s=%q", e.Name.Local, a.Name.Local, a.Value)
			}
		}
	}
}

const evil = "</pre></td><script>alert(1)</script><img src=x onerror=alert(1)>\"'`</style>]]><!-- &lt;b&gt; \x1b[31mred\x1b]0;own\a \x9b2J \u202egnp.\u2066exe \u200b\ufeff\x00\x7f\r" +
	"\n```\n~~~\n# heading\n| cell | [a](javascript:alert(1)) ![i](http://evil.example/x.png) www.evil.example $x$ {{.}} \xff\xfe \U000e0041"

// hostile is a run in which every word that somebody else chose is evil.
func hostile(t *testing.T) *Run {
	b := newBook(t)
	host, step := inventory.HostID(evil), runbooks.StepID(evil)
	by := journal.Who{User: evil, From: evil}
	p := runbooks.Plan{
		Runbook: evil, Title: evil, Source: evil, Risk: runbooks.Risk(evil), Scope: evil, Params: map[string]string{evil: evil}, Warnings: []string{evil},
		Hosts:  []inventory.Host{{Name: host, Site: evil, Rack: evil}, {Name: "b"}},
		Steps:  []runbooks.Step{{ID: step, Title: evil, Kind: runbooks.Kind(evil), Phase: runbooks.Phase(evil), Risk: runbooks.Risk(evil)}, {ID: "second"}},
		Waves:  []runbooks.Wave{{Name: evil, Hosts: []inventory.HostID{host}}},
		Groups: []inventory.Group{{Name: evil, Members: evil, Hosts: []inventory.HostID{host}}},
		Policy: runbooks.Policy{Batch: evil, MaxFailures: evil, Pause: evil}, Digest: evil,
	}
	b.at(0, journal.PlanAccepted{Plan: p, By: by, Reason: evil, Ticket: evil, Version: evil, Inventory: journal.InventoryRef{Path: evil, Digest: evil, Commit: evil}},
		journal.RunnerStarted{Host: evil, PID: 1, Resumed: true, BootID: evil}, journal.WaveOpened{},
		journal.HostReached{Host: host, Addr: evil, Via: []string{evil}, User: evil, Key: evil, Auth: evil})
	b.at(s, journal.StepStarted{Host: host, Step: step, Attempt: 1, Job: evil}, journal.OutputRead{Host: host, Step: step, Attempt: 1, Data: []byte(evil)},
		journal.FactsRead{Host: host, Step: step, Facts: []runbooks.Fact{{Key: evil, Value: "1"}, {Key: "changed." + evil, Value: evil + " -> " + evil}}},
		journal.FactsRead{Host: host, Step: step, Facts: []runbooks.Fact{{Key: evil, Value: evil}, {Key: "c" + evil, Value: evil, Unit: evil, Threshold: evil, Text: evil, Check: true}}})
	b.at(2*s, journal.StepEnded{Host: host, Step: step, Attempt: 1, Outcome: journal.Failed, Exit: 1, Reason: evil, Hint: evil},
		journal.Decided{Decision: journal.Decision(evil), Host: host, Step: step, By: by, Reason: evil, Answers: map[string]string{evil: evil}},
		journal.Decided{Decision: journal.Answer, Host: host, By: by, Answers: map[string]string{evil: evil}},
		journal.Remarked{Host: host, Step: step, Text: evil}, journal.Noted{Host: host, Text: evil, By: by},
		journal.Sealed{Statement: evil, Signature: evil, Key: evil}, journal.RunClosed{Result: journal.SomeFailed, Reason: evil})
	return b.fold(Limits{})
}

// TestHostileWords: whatever is said, it is shown and does nothing.
func TestHostileWords(t *testing.T) {
	r := hostile(t)
	for format := range formats {
		doc := written(t, format, r, r)
		for _, c := range doc {
			if c < 0x20 && c != '\n' && c != '\t' || c >= 0x7f && c < 0xa0 || strings.ContainsRune("\u202e\u2066\u200b\ufeff\U000e0041", c) {
				t.Errorf("%s holds %U", format, c)
			}
		}
		if !strings.Contains(doc, "alert(1)") {
			t.Errorf("%s does not tell what was said", format)
		}
	}
	html := written(t, "html", r, r)
	elements(t, html)
	if strings.Contains(strings.ToLower(html), "<script") || strings.Contains(html, "<img") {
		t.Error("a tag came through")
	}
	markdown(t, written(t, "md", r, r))
	wellFormed(t, written(t, "xml", r))
	js := written(t, "json", r)
	if strings.ContainsAny(js, "<>&\x7f") || !json.Valid([]byte(js)) || strings.Count(js, "\n") != 1 {
		t.Error("JSON is not one line of inert ASCII")
	}
}

// markdown holds a document to the lines that ours has, outside its fences: headings that are ours, tables whose rows fit their heads,
// and texts in which nothing acts.
func markdown(t *testing.T, doc string) {
	t.Helper()
	fence, columns, fences := "", 0, 0
	ours := []string{"Over time", "What failed", "What changed", "Checks that are not OK", "Who decided what", "Remarks", "Notes", "Host by host", "Waves",
		"Steps of the plan", "Parameters", "Limits that bound", "Seals"}
	inert := strings.NewReplacer(`\\`, "", `\|`, "", "\\`", "", `\*`, "", `\~`, "", `\_`, "", `\$`, "")
	for n, l := range strings.Split(doc, "\n") {
		if fence != "" {
			if l == fence {
				fence = ""
			}
			continue
		}
		plain := inert.Replace(l)
		switch {
		case strings.HasPrefix(l, "```"):
			fence, fences = l, fences+1
			continue
		case strings.HasPrefix(l, "## "):
			if !slices.Contains(ours, l[3:]) {
				t.Errorf("line %d: a heading that is not ours: %q", n+1, l)
			}
		case strings.HasPrefix(l, "|"):
			if c := strings.Count(plain, "|"); columns == 0 {
				columns = c
			} else if c != columns {
				t.Errorf("line %d: %d bars in a table of %d: %q", n+1, c, columns, l)
			}
		default:
			columns = 0
		}
		if l == "" {
			columns = 0
		}
		plain = strings.TrimPrefix(plain, "> ")
		if strings.ContainsAny(plain, "<>`~$") || strings.Contains(plain, "](") || strings.Contains(plain, "://") || strings.Contains(plain, "www.") {
			t.Errorf("line %d acts: %q", n+1, l)
		}
	}
	if fence != "" || fences == 0 {
		t.Errorf("%d fences, the last of them open: %q", fences, fence)
	}
}

// TestJUnitCounts adds the cases up anew.
func TestJUnitCounts(t *testing.T) {
	type counts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"` // the whole must not say so
	}
	var doc struct {
		counts
		Suites []struct {
			counts
			Cases []struct {
				Skipped *struct{} `xml:"skipped"`
				Error   *struct{} `xml:"error"`
				Failure *struct {
					Text string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	r := night(t).fold(Limits{})
	if err := xml.Unmarshal([]byte(written(t, "xml", r, r)), &doc); err != nil {
		t.Fatal(err)
	}
	var all counts
	said := 0
	for _, s := range doc.Suites {
		var got counts
		for _, c := range s.Cases {
			got.Tests++
			if c.Skipped != nil {
				got.Skipped++
			}
			if c.Error != nil {
				got.Errors++
			}
			if c.Failure != nil {
				got.Failures++
				said += strings.Count(c.Failure.Text, "returned an error code (1)\n")
			}
		}
		if got != s.counts {
			t.Errorf("a suite says %+v and has %+v", s.counts, got)
		}
		all = counts{all.Tests + got.Tests, all.Failures + got.Failures, all.Errors + got.Errors, all.Skipped + got.Skipped}
	}
	if want := (counts{40, 2, 2, 20}); all != want || doc.counts != (counts{40, 2, 2, 0}) || said != 2 {
		t.Errorf("%+v, and the whole says %+v; want %+v; %d outputs", all, doc.counts, want, said)
	}
}

// TestOutputs: of a failure the end is kept, from a line's beginning; what comes twice counts once, and what is missing is marked.
func TestOutputs(t *testing.T) {
	out := func(pieces ...journal.OutputRead) *Output {
		b := newBook(t)
		b.at(0, journal.PlanAccepted{Plan: plan()}, journal.StepStarted{Host: "db-0310", Step: "upgrade", Attempt: 1})
		for _, p := range pieces {
			p.Host, p.Step, p.Attempt = "db-0310", "upgrade", 1
			b.at(s, p)
		}
		b.at(2*s, journal.StepEnded{Host: "db-0310", Step: "upgrade", Attempt: 1, Outcome: journal.Failed, Exit: 1})
		return b.fold(Limits{Output: 64}).Hosts[0].Steps[1].Tries[0].Output
	}
	var long []journal.OutputRead
	offset := int64(0)
	for i := range 1000 {
		data := fmt.Appendf(nil, "line %d\n", i)
		long = append(long, journal.OutputRead{Offset: offset, Data: data})
		offset += int64(len(data))
	}
	o := out(long...)
	if d := string(o.Data); len(d) > 64 || !strings.HasPrefix(d, "line ") || !strings.HasSuffix(d, "line 999\n") || o.Before+int64(len(d)) != offset {
		t.Errorf("%d bytes before %q of %d", o.Before, d, offset)
	}
	if o := out(journal.OutputRead{Data: []byte("abc")}, journal.OutputRead{Offset: 1, Data: []byte("bcd")}, journal.OutputRead{Data: []byte("abcd")}, journal.OutputRead{Offset: 6, Data: []byte("x")}); string(o.Data) != "abcd\n[2 bytes are missing]\nx" {
		t.Errorf("joined to %q", o.Data)
	}
	if o := out(journal.OutputRead{Data: []byte(strings.Repeat("é", 99) + "!")}); !strings.HasPrefix(string(o.Data), "é") || len(o.Data) > 64 {
		t.Errorf("cut to %q", o.Data)
	}
	if o := out(journal.OutputRead{Offset: 1<<63 - 1, Data: []byte("x")}, journal.OutputRead{Offset: -1 << 63, Data: []byte("y")}); o != nil {
		t.Errorf("impossible offsets give %q", o.Data)
	}
}

// TestBounds: a large run tells the steps of those that did not end as ok, and the outputs of so many failures; and it says so.
func TestBounds(t *testing.T) {
	r := night(t).fold(Limits{Outputs: 1, Detail: 2, Changes: 1})
	md := written(t, "md", r)
	for _, want := range []string{"The output of 1 more failures is in the journal: tend journal show 261122-2213-k7f3 --output", "The steps of 1 hosts that ended as ok are left out", "and 3 more"} {
		if !strings.Contains(md, want) {
			t.Errorf("%q is missing in\n%s", want, md)
		}
	}
}

// TestRecord: what is wrong with the record stands at the top.
func TestRecord(t *testing.T) {
	var events []journal.Event
	for e, err := range night(t).j.Events(context.Background(), runID, 0, false) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	tampered := slices.Clone(events)
	accepted := tampered[0].Body.(journal.PlanAccepted)
	accepted.Plan.Scope = "all"
	tampered[0].Body = accepted
	for name, c := range map[string]struct {
		events []journal.Event
		err    error
		want   string // an alarm, "" = none
	}{
		"whole":    {events, nil, ""},
		"missing":  {slices.Delete(slices.Clone(events), 5, 6), nil, "The journal's chain is broken: event 7 does not follow event 5."},
		"damaged":  {events[:9], fmt.Errorf("line 10: %w", journal.ErrDamaged), "could not be read to its end"},
		"running":  {events[:9], nil, "The run has not ended"},
		"tampered": {tampered, nil, "its digest does not match"},
	} {
		r, err := Fold(sequence(c.events, c.err), Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		alarms := strings.Join(r.alarms(), "\n")
		if c.want == "" && alarms != "" || !strings.Contains(alarms, c.want) {
			t.Errorf("%s: alarms %q, want %q", name, alarms, c.want)
		}
		if md := written(t, "md", r); c.want != "" && !strings.Contains(md, "> **") {
			t.Errorf("%s: the report does not say it:\n%s", name, md)
		}
	}
	if _, err := Fold(sequence(events[:3], context.Canceled), Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled fold says %v", err)
	}
	if _, err := Fold(sequence(events[1:], nil), Limits{}); !errors.Is(err, ErrNoPlan) {
		t.Errorf("without a plan: %v", err)
	}
}

func sequence(events []journal.Event, err error) iter.Seq2[journal.Event, error] {
	return func(yield func(journal.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
		if err != nil {
			yield(journal.Event{}, err)
		}
	}
}

// TestAnyEvents: whatever events come in whatever order, the report agrees with the fold, is written, and is well-formed.
func TestAnyEvents(t *testing.T) {
	hosts := []inventory.HostID{"db-0310", "db-0312", "stranger"}
	steps := []runbooks.StepID{"pending", "upgrade", "nothing"}
	body := rapid.Custom(func(t *rapid.T) journal.Body {
		h, st := rapid.SampledFrom(hosts).Draw(t, "host"), rapid.SampledFrom(steps).Draw(t, "step")
		n := rapid.IntRange(-1, 3).Draw(t, "n")
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			return journal.WaveOpened{Wave: n}
		case 1, 2:
			return journal.StepStarted{Host: h, Step: st, Attempt: n}
		case 3:
			return journal.OutputRead{Host: h, Step: st, Attempt: n, Offset: rapid.Int64().Draw(t, "offset"), Data: rapid.SliceOf(rapid.Byte()).Draw(t, "data")}
		case 4, 5:
			return journal.StepEnded{Host: h, Step: st, Attempt: n, Outcome: journal.Outcome(rapid.IntRange(-1, 8).Draw(t, "outcome"))}
		case 6:
			return journal.FactsRead{Host: h, Step: st, Facts: []runbooks.Fact{{Key: "pending", Value: fmt.Sprint(n), Check: n == 0, State: runbooks.CheckState(n)}}}
		case 7:
			return journal.Decided{Decision: journal.Decision(rapid.SampledFrom([]string{"approve", "retry", "skip_host", "skip_step", "answer"}).Draw(t, "decision")), Host: h, Wave: n}
		case 8:
			return journal.HostReached{Host: h}
		}
		return journal.RunClosed{Result: journal.Result(n)}
	})
	rapid.Check(t, func(t *rapid.T) {
		events := []journal.Event{{Run: runID, Seq: 1, At: t0, Body: journal.PlanAccepted{Plan: plan()}}}
		for i, b := range rapid.SliceOfN(body, 0, 40).Draw(t, "bodies") {
			events = append(events, journal.Event{Run: runID, Seq: uint64(i + 2), At: t0.Add(time.Duration(rapid.IntRange(-5, 900).Draw(t, "at")) * s), Body: b})
		}
		r, err := Fold(sequence(events, nil), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		words := map[string]int{}
		for _, h := range r.Hosts {
			words[h.Word]++
		}
		for word, n := range r.State.Summary().Counts {
			if words[word] != n {
				t.Fatalf("%d hosts are %s, and the fold says %d", words[word], word, n)
			}
		}
		for format, write := range formats {
			var b strings.Builder
			if err := write(&b, r); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			if format == "html" || format == "xml" {
				wellFormed(t, b.String())
			}
		}
	})
}
