package report

import (
	"fmt"
	"strings"
	"time"

	"tend/journal"
	"tend/runbooks"
)

// mostLanes is how many hosts the picture shows; of more, those first that did not end well.
const mostLanes = 120

// lanes are the picture of a run over time: a lane a host, its bars the tries of its steps.
type lanes struct {
	From, To, Took string
	Rows           []lane
}

// lane is a host's; Began counts from the run's beginning.
type lane struct {
	Host, Word, Began, Took string
	Bars                    []bar
}

// bar is a stretch of a lane, From and To in thousandths of the run. Word is an outcome's, "wave" or "decision". Reads says that it
// changed nothing on the host.
type bar struct {
	From, To int
	Word     string
	Reads    bool
	Wave     int // of a wave: its number, from 1
}

// Wide is the bar's width in thousandths; nothing is too short to be seen.
func (b bar) Wide() int { return max(b.To-b.From, 3) }

// Top and High are where a bar stands in a lane 20 high: what failed stands out by its height too, for those who see no colours, and for
// printers that have none.
func (b bar) Top() int {
	switch {
	case b.bad():
		return 1
	case b.Word == "wave", b.Word == "decision":
		return 4
	case b.Reads:
		return 8
	}
	return 5
}

// High goes with Top: the bar stands in the middle of its lane.
func (b bar) High() int { return 20 - 2*b.Top() }

func (b bar) bad() bool {
	switch b.Word {
	case journal.Failed.String(), journal.Refused.String(), journal.Unreachable.String(), journal.Unknown.String(), journal.Aborted.String():
		return true
	}
	return false
}

func (r *Run) timeline() section {
	from, to := r.State.Started, r.end()
	l := &lanes{From: stamp(from), To: r.clock(to), Took: took(from, to)}
	l.Rows = append(l.Rows, r.waveLane())
	if lane := r.decisionLane(); len(lane.Bars) > 0 {
		l.Rows = append(l.Rows, lane)
	}
	drawn := 0
	for _, bad := range []bool{true, false} {
		for i := range r.Hosts {
			if h := &r.Hosts[i]; h.Bad() == bad && drawn < mostLanes {
				drawn++
				l.Rows = append(l.Rows, r.lane(h))
			}
		}
	}
	s := section{Title: "Over time", Lanes: l}
	if n := len(r.Hosts) - drawn; n > 0 {
		s.Words = fmt.Sprintf("%d more hosts are not drawn.", n)
	}
	return s
}

// at is a time in thousandths of the run.
func (r *Run) at(t time.Time) int {
	whole := r.end().Sub(r.State.Started)
	if whole <= 0 {
		return 0
	}
	return min(max(int(float64(t.Sub(r.State.Started))/float64(whole)*1000), 0), 1000)
}

func (r *Run) waveLane() lane {
	l := lane{Host: "waves"}
	for i, w := range r.Waves {
		if w.Opened.IsZero() {
			continue
		}
		end := r.end()
		if i+1 < len(r.Waves) && !r.Waves[i+1].Opened.IsZero() {
			end = r.Waves[i+1].Opened
		}
		l.Bars = append(l.Bars, bar{From: r.at(w.Opened), To: max(r.at(end)-2, 0), Word: "wave", Wave: i + 1})
	}
	return l
}

func (r *Run) decisionLane() lane {
	l := lane{Host: "decisions"}
	for _, d := range r.Decisions {
		l.Bars = append(l.Bars, bar{From: r.at(d.At), To: r.at(d.At), Word: "decision"})
	}
	return l
}

func (r *Run) lane(h *Host) lane {
	l := lane{Host: line(string(h.Place.Name)), Word: h.Word, Took: took(h.Started, h.Ended)}
	if !h.Started.IsZero() {
		l.Began = "+" + took(r.State.Started, h.Started)
	}
	steps := r.State.Plan().Steps
	for j, s := range h.Steps {
		for _, t := range s.Tries {
			b := bar{From: r.at(t.Started), To: r.at(t.Ended), Word: t.Outcome.String(), Reads: steps[j].Risk == runbooks.Read}
			if t.Attempt == 0 {
				b.From = b.To
			}
			if t.Ended.IsZero() {
				b.To, b.Word = r.at(r.end()), s.Word
			}
			if t.Outcome != journal.Skipped || t.Attempt > 0 {
				l.Bars = append(l.Bars, b)
			}
		}
	}
	return l
}

const legend = "- reads   = changes   ~ warned   X failed, refused or aborted   ? unknown or unreachable   > running   1 wave 1   v decision"

// text is the lane in so many characters.
func (l lane) text(width int) string {
	cells := []byte(strings.Repeat(" ", width))
	for _, b := range l.Bars {
		from := min(b.From*width/1000, width-1)
		to := max(min((b.To*width+999)/1000, width), from+1)
		for i := from; i < to; i++ {
			if sign := b.sign(); weight(sign) >= weight(cells[i]) {
				cells[i] = sign
			}
		}
	}
	return string(cells)
}

func (b bar) sign() byte {
	switch b.Word {
	case "wave":
		return '0' + byte(b.Wave%10)
	case "decision":
		return 'v'
	case running:
		return '>'
	case journal.Warned.String():
		return '~'
	case journal.Failed.String(), journal.Refused.String(), journal.Aborted.String():
		return 'X'
	case journal.Unknown.String(), journal.Unreachable.String():
		return '?'
	}
	if b.Reads {
		return '-'
	}
	return '='
}

// weight says which of two signs in one place is seen: what went wrong is never hidden by what went well.
func weight(sign byte) int {
	if i := strings.IndexByte(" -=>~?X", sign); i >= 0 {
		return i
	}
	return len(legend) // waves and decisions have lanes of their own
}
