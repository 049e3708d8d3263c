package insight

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tend/quote"
)

// Section is a part of an insight in words, a table: the first of Rows is its heading.
type Section struct {
	Name  string // "slow": stable, for whoever asks for it alone
	Title string
	None  string // what is said where there are no rows
	Rows  [][]string
	More  int // rows that were left out
	// Habits are those of Rows, in their order, where the section is about what is typed by hand.
	Habits []Habit
}

// Names are the sections' names, in their order.
var Names = []string{"by-hand", "slow", "failing", "waiting", "growth", "latency", "trends"}

// Sections tells an insight in words, at most most rows each (0 = all). draw makes a series fit to be seen: see Spark and Numbers.
func (i Insight) Sections(most int, draw func(Series) string) []Section {
	all := []Section{i.byHand(), i.slow(draw), i.failing(draw), i.waiting(), i.growth(draw), i.latency(draw), i.trends(draw)}
	for k := range all {
		s := &all[k]
		if most > 0 && len(s.Rows) > most+1 {
			s.More, s.Rows = len(s.Rows)-most-1, s.Rows[:most+1]
			s.Habits = s.Habits[:min(most, len(s.Habits))]
		}
	}
	return all
}

func (i Insight) byHand() Section {
	s := Section{Name: "by-hand", Title: "typed by hand again and again", None: "nothing was typed three times", Habits: i.Habits}
	s.Rows = [][]string{{"TIMES", "HOSTS", "LAST", "WHO", "COMMAND"}}
	for _, h := range i.Habits {
		s.Rows = append(s.Rows, []string{num(h.Times), num(h.Hosts), age(i.Until.Sub(h.Last)), quote.Line(strings.Join(h.Who, ",")), quote.Line(h.Shape)})
	}
	return s
}

func (i Insight) slow(draw func(Series) string) Section {
	s := Section{Name: "slow", Title: "takes the longest, added up over hosts", None: "no step has ended"}
	s.Rows = [][]string{{"TOTAL", "A HOST", "LONGEST", "ON", "RUNS", "STEP", "TREND", "OVER TIME, s"}}
	for _, c := range i.Steps {
		s.Rows = append(s.Rows, []string{age(c.Total), brief(c.Mean), brief(c.Longest), quote.Line(string(c.Slowest)), num(c.Runs),
			quote.Line(c.Runbook + "/" + string(c.Step)), c.Trend.Words(), draw(c.Took)})
	}
	return s
}

func (i Insight) failing(draw func(Series) string) Section {
	s := Section{Name: "failing", Title: "fails most", None: "nothing failed"}
	s.Rows = [][]string{{"FAILED", "OF", "SHARE", "STEP", "OVER TIME, %"}}
	for _, c := range Failing(i.Steps) {
		s.Rows = append(s.Rows, []string{num(c.Failed), num(c.Hosts), percent(c.Rate()), quote.Line(c.Runbook + "/" + string(c.Step)), draw(c.Failing.times(100))})
	}
	return s
}

func (i Insight) waiting() Section {
	s := Section{Name: "waiting", Title: "waits for people", None: "no run waited for anybody"}
	s.Rows = [][]string{{"TOTAL", "TIMES", "LONGEST", "IN RUN", "ON", "FOR"}}
	for _, w := range i.Waits {
		what := w.What
		if w.Step != "" {
			what += " " + string(w.Step)
		}
		s.Rows = append(s.Rows, []string{age(w.Total), num(w.Times), age(w.Longest), quote.Line(string(w.Run)), quote.Line(w.Who), quote.Line(what + " of " + w.Runbook)})
	}
	return s
}

func (i Insight) growth(draw func(Series) string) Section {
	s := Section{Name: "growth", Title: "grows, and will be full within a year", None: fmt.Sprintf("of %d measured, nothing surely grows towards full", i.Measured)}
	s.Rows = [][]string{{"HOST", "WHAT", "NOW", "A WEEK", "FULL IN", "19 OF 20", "OVER TIME, %"}}
	for _, f := range i.Growth {
		s.Rows = append(s.Rows, []string{quote.Line(string(f.Host)), quote.Line(f.Key), percent(f.Now / 100), fmt.Sprintf("+%.1f", f.Slope*7), f.Words(), f.Range(), draw(f.Points)})
	}
	return s
}

// Words is when it is full: "in 12 days".
func (f Forecast) Words() string {
	if f.Full < 1 {
		return "now"
	}
	return fmt.Sprintf("%.0f days", f.Full)
}

// Range is the interval of that: "9 to 18 days".
func (f Forecast) Range() string {
	if f.Latest > 10*horizon {
		return fmt.Sprintf("%.0f days to never", f.Soonest)
	}
	return fmt.Sprintf("%.0f to %.0f days", f.Soonest, f.Latest)
}

func (i Insight) latency(draw func(Series) string) Section {
	s := Section{Name: "latency", Title: "days from an update being seen anywhere to being installed", None: "no update was seen to come and go"}
	s.Rows = [][]string{{"SITE", "INSTALLED", "MEDIAN", "9 OF 10", "SECURITY", "MEDIAN", "WAITING", "OLDEST", "OVER TIME, days"}}
	for _, l := range i.Latency {
		site := l.Site
		if site == "" {
			site = "(all)"
		}
		if l.Installed+l.Waiting == 0 {
			continue
		}
		s.Rows = append(s.Rows, []string{quote.Line(site), num(l.Installed), days(l.Median, l.Installed), days(l.Most, l.Installed), num(l.Security),
			days(l.SecMedian, l.Security), num(l.Waiting), days(l.Oldest, l.Waiting), draw(l.Days)})
	}
	return s
}

func (i Insight) trends(draw func(Series) string) Section {
	s := Section{Name: "trends", Title: "runs of runbooks", None: "no run has ended"}
	s.Rows = [][]string{{"RUNBOOK", "RUNS", "NOT PASSED", "MEDIAN", "TREND", "OVER TIME, s", "NOT PASSED, %"}}
	for _, b := range i.Runbooks {
		s.Rows = append(s.Rows, []string{quote.Line(b.Runbook), num(b.Runs), num(b.Bad), brief(b.Took), b.Trend.Words(), draw(b.Times), draw(b.Failing.times(100))})
	}
	return s
}

// Words is a trend in words; "" where there is none that is surer than chance.
func (t Trend) Words() string {
	switch {
	case !t.Known && t.Of < fewest:
		return "too few"
	case !t.Known:
		return "steady"
	case t.By > 0:
		return fmt.Sprintf("%.0f%% slower", t.By*100)
	}
	return fmt.Sprintf("%.0f%% faster", -t.By*100)
}

func (s Series) times(by float64) Series {
	out := make(Series, len(s))
	for i, v := range s {
		out[i] = v
		if v > 0 {
			out[i] = v * by
		}
	}
	return out
}

var bars = []rune("▁▂▃▄▅▆▇█")

// Spark draws a series in one line of blocks, from its least to its greatest, with a blank where nothing was measured; the greatest stands
// behind it, as a number.
func Spark(s Series) string {
	least, most := math.Inf(1), math.Inf(-1)
	for _, v := range s {
		if v >= 0 {
			least, most = min(least, v), max(most, v)
		}
	}
	if math.IsInf(most, -1) {
		return ""
	}
	var b strings.Builder
	for _, v := range s {
		switch {
		case v < 0:
			b.WriteByte(' ')
		case most == least:
			b.WriteRune(bars[0])
		default:
			b.WriteRune(bars[int((v-least)/(most-least)*float64(len(bars)-1)+0.5)])
		}
	}
	return b.String() + " " + short(most)
}

// Numbers writes a series as four numbers at most, oldest first; "." where nothing was measured.
func Numbers(s Series) string {
	const parts = 4
	var out []string
	n := min(parts, len(s))
	for i := range n {
		sum, k := 0.0, 0
		for _, v := range s[i*len(s)/n : (i+1)*len(s)/n] {
			if v >= 0 {
				sum, k = sum+v, k+1
			}
		}
		if k == 0 {
			out = append(out, ".")
		} else {
			out = append(out, short(sum/float64(k)))
		}
	}
	return strings.Join(out, " ")
}

// Table sets rows in columns that are as wide as they must be; the last is not padded.
func Table(rows [][]string) []string {
	var widths []int
	for _, r := range rows {
		for i, c := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	var out []string
	for _, r := range rows {
		var b strings.Builder
		for i, c := range r {
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(c)
			if i < len(r)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)))
			}
		}
		out = append(out, strings.TrimRight(b.String(), " "))
	}
	return out
}

func num(n int) string { return strconv.Itoa(n) }

func percent(v float64) string { return fmt.Sprintf("%.0f%%", v*100) }

// days is a number of days; "-" where nothing was measured.
func days(v float64, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", v)
}

func short(v float64) string {
	if v != 0 && v < 10 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
	}
	return fmt.Sprintf("%.0f", v)
}

// age is a long time, brief a short one, in two figures and a unit at most.
func age(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return brief(d)
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0fm", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0fh", d.Hours())
	}
	return fmt.Sprintf("%.0fd", d.Hours()/24)
}

func brief(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	}
	return age(d)
}
