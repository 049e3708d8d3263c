package insight

import (
	"cmp"
	"math"
	"slices"
	"time"

	"tend/inventory"
	"tend/journal"
)

// Forecast is when something will be full if it goes on as it did.
type Forecast struct {
	Host  inventory.HostID `json:"host"`          // where it grows
	Key   string           `json:"key"`           // "disk:/var"
	Now   float64          `json:"now"`           // per cent, as last measured
	At    time.Time        `json:"at"`            // when that was
	Days  int              `json:"days_measured"` // on how many days it was measured since it was last emptied
	Slope float64          `json:"per_day"`       // percentage points a day
	// Low and High bound Slope: were the future like the past, it would lie between them 19 times of 20.
	Low, High float64 `json:"-"`
	// Full is in how many days it will be full; were the future like the past, that would lie between Soonest and Latest 19 times of 20 or oftener.
	Full    float64 `json:"full_in_days"`
	Soonest float64 `json:"soonest"` // full in how many days at the earliest
	Latest  float64 `json:"latest"`  // full in how many days at the latest
	Points  Series  `json:"points"`  // per cent, as measured, the oldest first; 24 at most
}

// What a forecast needs, and how far it looks.
const (
	fewestDays = 7   // measurements on as many days
	leastSpan  = 6.5 // days from the first to the last
	horizon    = 365 // days; what would be full later is not worth a line
	emptied    = 10  // percentage points: a drop as large as this begins a new story
	oldest     = 4   // days: what was not measured for longer is not forecast
	surely     = 2.5 // standard deviations of what wandering alone may have brought: of what grew no more, nobody can tell
)

// Growth forecasts everything that surely grows, the first to be full first, and says how many things were looked at. Samples stand by
// host, key and time.
func Growth(samples []journal.Sample, now time.Time) (out []Forecast, measured int) {
	for len(samples) > 0 {
		n := 1
		for n < len(samples) && samples[n].Host == samples[0].Host && samples[n].Key == samples[0].Key {
			n++
		}
		measured++
		if f, ok := forecast(past(samples[:n], now), now); ok {
			out = append(out, f)
		}
		samples = samples[n:]
	}
	slices.SortStableFunc(out, func(a, b Forecast) int {
		return cmp.Or(cmp.Compare(a.Full, b.Full), inventory.CompareNames(string(a.Host), string(b.Host)), cmp.Compare(a.Key, b.Key))
	})
	return out, measured
}

// past leaves out what is dated later than now: a clock was wrong.
func past(s []journal.Sample, now time.Time) []journal.Sample {
	for len(s) > 0 && s[len(s)-1].At.After(now.Add(journal.Ahead)) {
		s = s[:len(s)-1]
	}
	return s
}

// forecast fits a line to what was measured since it was last emptied. ok is false where there is too little, where the line may as well be
// level, or where it is full beyond the horizon.
func forecast(s []journal.Sample, now time.Time) (Forecast, bool) {
	for i := len(s) - 1; i > 0; i-- {
		if s[i-1].Value-s[i].Value >= emptied {
			s = s[i:]
			break
		}
	}
	if len(s) < fewestDays {
		return Forecast{}, false
	}
	last := s[len(s)-1]
	span := last.At.Sub(s[0].At).Hours() / 24
	if span < leastSpan || now.Sub(last.At) > oldest*24*time.Hour {
		return Forecast{}, false
	}
	l := fit(s)
	f := Forecast{Host: last.Host, Key: last.Key, Now: last.Value, At: last.At, Days: len(s), Slope: l.slope, Low: l.slope - l.margin, High: l.slope + l.margin}
	if f.Low <= 0 {
		return Forecast{}, false
	}
	since := now.Sub(last.At).Hours() / 24
	f.Soonest, f.Full, f.Latest = l.full(last.Value)
	f.Soonest, f.Full, f.Latest = max(f.Soonest-since, 0), max(f.Full-since, 0), max(f.Latest-since, 0)
	f.Points = thin(s)
	return f, f.Full <= horizon
}

type line struct {
	slope, margin float64 // a day
	end           float64 // where it stands on the last day
	spread        float64 // half of what a day's value strays from it, 19 times of 20
	wander        float64 // half of how far a day's growth strays and stays so, 19 times of 20
	middle        float64 // days from the middle of the measurements to the last
}

// full is in how many days after the last measurement the line comes to 100, and when the edges of the band do that holds what a day will
// measure 19 times of 20: where the line runs is not known exactly, nor how steep it is, days stray from it, and growth wanders. The square of
// the band's width is a quadratic in time, so the two days are the roots of one (Fieller 1954; Draper and Smith, "Inverse regression"). The margin
// is less than the slope.
func (l line) full(last float64) (soonest, most, latest float64) {
	if last >= 100 {
		return 0, 0, 0
	}
	left := 100 - l.end
	b, m := l.slope, l.margin*l.margin
	a, p, q := b*b-m, left*b+m*l.middle+l.wander*l.wander/2, left*left-l.spread*l.spread-m*l.middle*l.middle
	half := math.Sqrt(max(p*p-a*q, 0))
	return (p - half) / a, left / b, (p + half) / a
}

// fit is the least-squares line, and the half width of its slope's 95 % confidence interval by Student's t. Days that follow each other are
// alike, so that n of them tell less than n: the residuals' lag-one correlation r leaves n(1-r)/(1+r) of them (Bayley and Hammersley 1946).
func fit(s []journal.Sample) line {
	n := float64(len(s))
	var mx, my float64
	x := make([]float64, len(s))
	for i := range s {
		x[i] = s[i].At.Sub(s[0].At).Hours() / 24
		mx += x[i] / n
		my += s[i].Value / n
	}
	var sxx, sxy float64
	for i := range s {
		sxx += (x[i] - mx) * (x[i] - mx)
		sxy += (x[i] - mx) * (s[i].Value - my)
	}
	slope := sxy / sxx
	var rss, lag, before float64
	for i := range s {
		r := s[i].Value - my - slope*(x[i]-mx)
		rss += r * r
		lag += r * before
		before = r
	}
	left, r := n, 0.0
	if rss > 0 {
		r = lag / rss
		r = min(max(r+(1+4*r)/n, 0), 0.95) // the estimate is biased towards zero by that much (Kendall 1954; a slope is fitted as well)
		left = max(n*(1-r)/(1+r), 3)
	}
	// What is measured in whole per cents is not known better than that, however straight the line looks.
	rss = max(rss, n/12)
	day := rss / (n - 2)
	t, span := student(left-2), x[len(x)-1]-mx
	w, most := wander(s, x, slope)
	return line{
		slope: slope, margin: max(t*math.Sqrt(max(day*(n/left)/sxx, w/x[len(x)-1])), surely*math.Sqrt(most/x[len(x)-1])), middle: span, wander: max(t*math.Sqrt(w), surely*math.Sqrt(most)),
		end:    my + slope*span + r*before, // days that are alike: the next is where the last was rather than on the line
		spread: t * math.Sqrt(day*(1+1/left)),
	}
}

// student is the 97.5 % quantile of Student's t with df degrees of freedom: Cornish and Fisher's expansion, exact enough from df = 3 on, and
// the tables' values below.
func student(df float64) float64 {
	switch {
	case df < 1.5:
		return 12.706
	case df < 2.5:
		return 4.303
	}
	const z = 1.959964
	z3, z5, z7 := math.Pow(z, 3), math.Pow(z, 5), math.Pow(z, 7)
	return z + (z3+z)/(4*df) + (5*z5+16*z3+3*z)/(96*df*df) + (3*z7+19*z5+17*z3-15*z)/(384*df*df*df)
}

// thin is at most a screen's worth of what was measured.
func thin(s []journal.Sample) Series {
	const most = 24
	n := min(len(s), most)
	out := make(Series, n)
	for i := range out {
		at := i
		if n > 1 {
			at = i * (len(s) - 1) / (n - 1)
		}
		out[i] = s[at].Value
	}
	return out
}

// wander is the variance of a day's growth that later days do not take back: what stays the same over several days is measurement, what adds
// up is growth (the variance ratio of Cochrane 1988). A line through it looks surer than it is, for its residuals cling. Few days tell little
// of it, and of what grew by chance the most looks most like growth; so most is the variance that it may well have: all that days differ by,
// or all that several days do, two standard deviations up (Lo and MacKinlay 1988).
func wander(s []journal.Sample, x []float64, slope float64) (w, most float64) {
	variance := func(k int) (v, days float64) {
		for i := k; i < len(s); i++ {
			d := s[i].Value - s[i-k].Value - slope*(x[i]-x[i-k])
			v += d * d
			days += x[i] - x[i-k]
		}
		n := float64(len(s) - k)
		return v / n / (1 - float64(k)/float64(len(s))), days / n
	}
	k := max(len(s)/4, 2)
	far, long := variance(k)
	near, short := variance(1)
	most = min(near/short, far/long*(1+2*math.Sqrt(4*float64(k)/(3*float64(len(s))))))
	if long <= short {
		return 0, most
	}
	return max((far-near)/(long-short), 0), most
}
