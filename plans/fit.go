package plans

import (
	"fmt"
	"slices"
	"time"

	"tend/inventory"
	"tend/runbooks"
)

// Fits is the verdict of an estimate against a window. The zero value is what is not known.
type Fits int

// The verdicts.
const (
	FitUnknown Fits = iota // no earlier run says how long it takes, or a person must approve in between
	FitYes                 // also where hosts are slow
	FitMaybe               // at the median pace it does, where hosts are slow it does not
	FitNo                  // not even at the median pace
)

var fitWords = [...]string{"unknown whether it fits", "fits", "may not fit", "does not fit"}

// String is the verdict in words.
func (f Fits) String() string { return fitWords[f] }

// MarshalText is String.
func (f Fits) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// Fit is whether a run's work on the hosts of one window will be done in that window.
type Fit struct {
	Window   string             `json:"window"`        // as the inventory has it
	Hosts    []inventory.HostID `json:"hosts"`         // that it binds
	Opens    time.Time          `json:"opens"`         // or when the work begins in it, where it is open
	Shuts    time.Time          `json:"shuts"`         // when it closes
	Last     time.Time          `json:"last,omitzero"` // of the cut-off: no host is begun after it
	Estimate Estimate           `json:"estimate"`      // of the work on these hosts
	Fits     Fits               `json:"fits"`          // "fits", "may not fit" (where hosts are slow), "does not fit" or "unknown whether it fits"
}

// String is the verdict with its reasons, in one line.
func (f Fit) String() string {
	const day = "Mon 2 Jan 15:04"
	last := ""
	if !f.Last.IsZero() {
		last = ", the last host begun by " + f.Last.Format("15:04")
	}
	return fmt.Sprintf("%s: %s into %s to %s, %s%s: %s", inventory.HostSet(f.Hosts), f.Fits,
		f.Opens.Format(day), f.Shuts.Format("Mon 15:04 MST"), spell(f.Shuts.Sub(f.Opens)), last, f.Estimate)
}

// FitRun holds the estimate of a run that is accepted now against the windows of its hosts: for each window, the work on the hosts that it
// binds against the opening that the run would work in. A run that windows do not bind has none.
func FitRun(p *runbooks.Plan, t *Times, now time.Time) []Fit {
	if !p.Windowed() {
		return nil
	}
	var out []Fit
	for _, h := range p.Hosts {
		w, err := inventory.ParseWindow(h.Window) // the inventory was read, so it is one
		if err != nil || w.Always() {
			continue
		}
		i := slices.IndexFunc(out, func(f Fit) bool { return f.Window == h.Window })
		if i < 0 {
			i = len(out)
			opens, shuts := w.Next(now.Add(p.Policy.CutoffTime()))
			if opens.Before(now) {
				opens = now.In(opens.Location())
			}
			out = append(out, Fit{Window: h.Window, Opens: opens, Shuts: shuts})
			if cut := p.Policy.CutoffTime(); cut > 0 && !shuts.IsZero() {
				out[i].Last = shuts.Add(-cut)
			}
		}
		out[i].Hosts = append(out[i].Hosts, h.Name)
	}
	for i := range out {
		out[i].judge(p, t)
	}
	return out
}

// Fits holds each run of the plan against the windows of its hosts, one after the other: a run begins when those before it are done, in the
// time that they take at the median pace. Where that is not known, neither is whether the later ones fit.
func (r *Resolved) Fits(t *Times, now time.Time) [][]Fit {
	out := make([][]Fit, len(r.Plans))
	at, slow, known := now, now, true
	for i := range r.Plans {
		p := &r.Plans[i]
		out[i] = FitRun(p, t, at)
		late := FitRun(p, t, slow)
		for k := range out[i] {
			out[i][k].behind(late[k], known)
		}
		e := EstimateRun(p, t)
		at, slow = ended(out[i], at, e.Time), ended(late, slow, e.Slow)
		known = known && len(e.Unknown) == 0 && e.Asks == 0
	}
	return out
}

// behind takes into account what ran before: late is the same work begun when the runs before it were slow.
func (f *Fit) behind(late Fit, known bool) {
	switch {
	case f.Fits == FitNo:
	case !known:
		f.Fits = FitUnknown
	case f.Fits == FitYes && (late.Fits != FitYes || !late.Shuts.Equal(f.Shuts)):
		f.Fits = FitMaybe
	}
}

// ended is when a run is done that began then, and had to wait for windows.
func ended(fits []Fit, began time.Time, takes time.Duration) time.Time {
	for _, f := range fits {
		if f.Opens.After(began) {
			began = f.Opens
		}
	}
	return began.Add(takes)
}

func (f *Fit) judge(p *runbooks.Plan, t *Times) {
	only := map[inventory.HostID]bool{}
	for _, h := range f.Hosts {
		only[h] = true
	}
	f.Estimate.add(p, only, t)
	// Who goes in the last round begins that much before the end.
	median, _ := t.at(p.Runbook, 0.5)
	slow, _ := t.at(p.Runbook, 0.9)
	late := func(all, last time.Duration) bool {
		end := f.Opens.Add(all)
		return end.After(f.Shuts) || !f.Last.IsZero() && end.Add(-last).After(f.Last)
	}
	switch e := f.Estimate; {
	case f.Shuts.IsZero() || late(e.Time, median):
		f.Fits = FitNo
	case len(e.Unknown) > 0 || e.Asks > 0:
		f.Fits = FitUnknown
	case late(e.Slow, slow):
		f.Fits = FitMaybe
	default:
		f.Fits = FitYes
	}
}
