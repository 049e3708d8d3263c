package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/runbooks"
)

// page is a run as Markdown and HTML show it: every string in it went through quote, and goes through the format's escapes yet.
type page struct {
	ID       string // of anchors: the run's name
	Title    string
	Word     string // the result
	Summary  string
	Facts    [][2]string
	Alarms   []string // what is wrong with the record itself
	Sections []section
}

// section is a table, a picture, or texts as they came.
type section struct {
	Title string
	Words string
	Head  []string
	Rows  []row
	Lanes *lanes
	Pre   []pre
}

// row is a table's row; Word is an outcome's word, for its colour, "" = none.
type row struct {
	Word  string
	Cells []string
}

// pre is foreign text of several lines.
type pre struct {
	Title, Words, Text string
}

func (r *Run) page() page {
	s, p := r.State, r.State.Plan()
	pg := page{ID: line(string(s.Run)), Title: line(fmt.Sprintf("Run %s: %s", s.Run, p.Runbook)), Word: s.Result.String(), Summary: r.summary(), Facts: r.facts(), Alarms: r.alarms()}
	for _, sec := range []section{r.timeline(), r.failures(), r.changes(), r.checks(), r.decisions(), r.remarks(), r.notes(),
		r.hosts(), r.waves(), r.plan(), r.params(), r.groups(), r.seals()} {
		if len(sec.Rows) > 0 || len(sec.Pre) > 0 || sec.Lanes != nil {
			pg.Sections = append(pg.Sections, sec)
		}
	}
	return pg
}

func line(s string) string { return strings.TrimSpace(quote.Line(s)) }

// stamp is a time as the report tells it; "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// clock is a time on the day of the report; it says the day where that is another.
func (r *Run) clock(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.UTC().Format(time.DateOnly) != r.State.Started.UTC().Format(time.DateOnly):
		return stamp(t)
	}
	return t.UTC().Format(time.TimeOnly)
}

// took is a duration in words: "3s", "4m 20s", "2h 5m"; "" where an end is missing.
func took(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return ""
	}
	d := max(to.Sub(from), 0)
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64) + "s"
	case d < time.Hour:
		return fmt.Sprintf("%dm %ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%dh %dm", d/time.Hour, d%time.Hour/time.Minute)
}

// end is when the run ended, or the last that is known of it.
func (r *Run) end() time.Time {
	if r.State.Closed.IsZero() {
		return r.State.Last
	}
	return r.State.Closed
}

func (r *Run) summary() string {
	var parts []string
	for _, c := range r.counts() {
		parts = append(parts, fmt.Sprintf("%d %s", c.n, c.word))
	}
	s := fmt.Sprintf("%d hosts: %s", len(r.Hosts), strings.Join(parts, ", "))
	if len(r.Hosts) == 1 {
		s = "1 host: " + strings.Join(parts, ", ")
	}
	if t := took(r.State.Started, r.end()); t != "" {
		s += "; " + t
	}
	if r.State.Reason != "" {
		s += "; " + r.State.Reason
	}
	return line(s)
}

type counted struct {
	word string
	n    int
}

// counts are the hosts by how they ended, the worst first.
func (r *Run) counts() []counted {
	var list []counted
	for _, w := range []journal.Outcome{journal.Failed, journal.Refused, journal.Unreachable, journal.Unknown, journal.Aborted, journal.Warned, journal.OK, journal.Skipped} {
		list = append(list, counted{word: w.String()})
	}
	list = append(list, counted{word: running}, counted{word: waiting})
	for _, h := range r.Hosts {
		for i := range list {
			if list[i].word == h.Word {
				list[i].n++
			}
		}
	}
	return slices.DeleteFunc(list, func(c counted) bool { return c.n == 0 })
}

// alarms say what is wrong with the record.
func (r *Run) alarms() []string {
	var list []string
	if r.Damaged != "" {
		list = append(list, line("The journal could not be read to its end, and this report holds what was read: "+r.Damaged))
	}
	if r.Broken != "" {
		list = append(list, line("The journal's chain is broken: "+r.Broken+"."))
	}
	if p := r.State.Plan(); p.Digest != p.ComputeDigest() {
		list = append(list, "The plan is not the one that was approved: its digest does not match.")
	}
	if r.State.Closed.IsZero() {
		list = append(list, "The run has not ended: this is how it stood.")
	}
	return list
}

// maintenance is the plan that the run was part of, and who approved it.
func maintenance(m *journal.Maintenance) string {
	if m == nil {
		return ""
	}
	s := fmt.Sprintf("%s, run %d of %d, digest %s", m.Plan, m.Run, m.Of, m.Digest)
	if len(m.Approved) > 0 {
		s += "; approved by " + strings.Join(m.Approved, ", ")
	}
	return s
}

func (r *Run) facts() [][2]string {
	s, a, p := r.State, r.State.Accepted, r.State.Plan()
	what := fmt.Sprintf("%s (%s), risk: %s, from %s", p.Runbook, p.Title, p.Risk, p.Source)
	if p.Dry {
		what += "; a dry run: only its reading part"
	}
	all := [][2]string{
		{"What", what}, {"Scope", runbooks.ScopeName(p.Scope)}, {"By", who(a.By)}, {"Reason", a.Reason}, {"Ticket", a.Ticket}, {"Maintenance plan", maintenance(a.Maintenance)},
		{"Began", stamp(s.Started) + " UTC"}, {"Ended", utc(s.Closed)},
		{"Inventory", place(a.Inventory)}, {"Plan's digest", p.Digest}, {"Policy", policy(p.Policy)},
		{"Run on", r.ranOn()}, {"Journal", fmt.Sprintf("%s, %d events", s.Origin, r.Events)}, {"Journal's head", r.Head.String()}, {"tend", a.Version},
	}
	for _, w := range p.Warnings {
		all = append(all, [2]string{"Warning", w})
	}
	var list [][2]string
	for _, f := range all {
		if f[1] != "" {
			list = append(list, [2]string{f[0], line(f[1])})
		}
	}
	return list
}

func utc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t) + " UTC"
}

func who(w journal.Who) string {
	if w.From == "" {
		return w.User
	}
	return w.User + " (" + w.From + ")"
}

func place(i journal.InventoryRef) string {
	var parts []string
	if i.Path != "" {
		parts = append(parts, i.Path)
	}
	if i.Commit != "" {
		parts = append(parts, "commit "+i.Commit)
	}
	if i.Dirty {
		parts = append(parts, "with changes that were not committed")
	}
	if i.Digest != "" {
		parts = append(parts, "SHA-256 "+i.Digest)
	}
	return strings.Join(parts, ", ")
}

func policy(p runbooks.Policy) string {
	var parts []string
	for _, f := range []struct{ name, value string }{
		{"canary", nonzero(p.Canary)}, {"batch", p.Batch}, {"by", p.By}, {"parallel", nonzero(p.Parallel)}, {"max_failures", p.MaxFailures}, {"pause", p.Pause}, {"cutoff", p.Cutoff},
	} {
		if f.value != "" {
			parts = append(parts, f.name+" "+f.value)
		}
	}
	return strings.Join(parts, ", ")
}

func nonzero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func (r *Run) ranOn() string {
	var parts []string
	for _, x := range r.Runners {
		s := fmt.Sprintf("%s (process %d)", x.Host, x.PID)
		if x.Resumed {
			s = fmt.Sprintf("resumed at %s on %s", r.clock(x.At), s)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, "; ")
}

// set writes hosts short, and shorter where they are many.
func set(ids []inventory.HostID) string {
	const most = 300
	s := inventory.HostSet(ids)
	if len(s) > most {
		s = s[:most] + "..."
	}
	return s
}

// cells quotes a row's cells.
func cells(word string, texts ...string) row {
	for i := range texts {
		texts[i] = line(texts[i])
	}
	return row{word, texts}
}
