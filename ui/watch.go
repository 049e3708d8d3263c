package ui

import (
	"bytes"
	"strings"
	"time"

	"tend/fleet"
	"tend/journal"
	"tend/runbooks"
)

// lastKeep is how much of an unfinished line of output is kept to be shown.
const lastKeep = 512

// output is what is kept of a host's output in its latest step: enough to fold equal ones and to show the last line. All of it is
// in the journal.
type output struct {
	step    int
	attempt int
	offset  int64
	sum     ownSum
	lines   int
	tail    []byte // the unfinished last line
	last    string // the last line that holds anything
	at      time.Time
}

// watch is a run that is being read: live or long past, there is no difference.
type watch struct {
	run   journal.RunID
	state *journal.State
	outs  []output // by the host's place in the plan
	marks []journal.Remarked
	// holds is what the run said that it waits for, until it goes on.
	holds string
	// decisions are what people decided about it, in their order.
	decisions []decision
	feed      *feed[journal.Event]
	ended     bool // nothing will follow
	past      bool // it is shown as it stood, in a film: nothing behind its latest event counts
	// missed counts the looks in a row that found no process at work on it; two are believed, since one may be older than the run.
	missed int
	// heard is version at the latest look: a run of which events still come is being read.
	heard uint64
	err   error
	// drafts are the pages of manual steps that were left, by the host's place.
	drafts map[int]*manualScreen
	// version grows with every event, so that what is drawn from the fold can be kept until it changes.
	version uint64
	// shape grows with every event but output: what stands alike changes with nothing else.
	shape uint64
	// behind says that more was read than is taken up yet: what is drawn of it is old at once.
	behind bool
	// verdicts are what the hosts' checks come to, by the host's place; they are made again after an event of the host.
	verdicts []judgement
}

type judgement struct {
	made bool
	verdict
}

// pull takes up what was read. It stops when the time is up, so that a key never waits for a backlog.
func (w *watch) pull(f *fleet.Fleet, until time.Time, clock func() time.Time) (changed, more bool) {
	for !w.ended {
		events, left, ended, err := w.feed.take(256)
		for _, e := range events {
			w.apply(e)
			f.Apply(e)
		}
		changed = changed || len(events) > 0 || ended
		w.ended, w.err, w.behind = ended, err, left
		if !left {
			return changed, false
		}
		if !clock().Before(until) {
			return true, true
		}
	}
	return changed, false
}

func (w *watch) apply(e journal.Event) {
	w.version++
	if _, output := e.Body.(journal.OutputRead); !output {
		w.shape++
	}
	w.state.Apply(e)
	switch b := e.Body.(type) {
	case journal.PlanAccepted:
		if w.outs == nil {
			w.outs, w.verdicts = make([]output, len(w.state.Hosts)), make([]judgement, len(w.state.Hosts))
		}
	case journal.FactsRead:
		if i := w.state.Index(b.Host); i >= 0 {
			w.verdicts[i].made = false
		}
	case journal.WaveOpened, journal.RunClosed:
		w.holds = ""
	case journal.StepStarted:
		w.holds = ""
		if i := w.state.Index(b.Host); i >= 0 {
			w.verdicts[i].made = false
			w.outs[i] = output{step: w.state.StepIndex(b.Step), attempt: b.Attempt, sum: newOwnSum(b.Host), at: e.At}
		}
	case journal.OutputRead:
		if i := w.state.Index(b.Host); i >= 0 && w.outs[i].step == w.state.StepIndex(b.Step) && w.outs[i].attempt == b.Attempt {
			w.outs[i].read(b)
		}
	case journal.Remarked:
		w.marks = append(w.marks, b)
		if b.Host == "" {
			w.holds = b.Text
		}
	case journal.Decided:
		w.decided(e.At, b)
	}
}

const fnvOffset = 14695981039346656037

// read takes in a piece of output; what was seen already, by its offset, is left out.
func (o *output) read(b journal.OutputRead) {
	data := b.Data
	if seen := o.offset - b.Offset; seen > 0 {
		if seen >= int64(len(data)) {
			return
		}
		data = data[seen:]
	}
	o.offset = b.Offset + int64(len(b.Data))
	o.sum.add(data)
	o.lines += bytes.Count(data, []byte{'\n'})
	for len(data) > 0 {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			o.tail = append(o.tail, data[:min(len(data), max(lastKeep-len(o.tail), 0))]...)
			return
		}
		if j := bytes.LastIndexByte(data, '\n'); j > i { // only the last whole lines can matter
			if k := bytes.LastIndexByte(data[:j], '\n'); k > i && len(bytes.TrimSpace(data[k:j])) > 0 {
				data, i, o.tail = data[k+1:], j-k-1, nil
			}
		}
		o.line(append(o.tail, data[:min(i, lastKeep)]...))
		o.tail, data = o.tail[:0], data[i+1:]
	}
}

func (o *output) line(l []byte) {
	if l = bytes.TrimSpace(l); len(l) > 0 {
		o.last = string(l[:min(len(l), lastKeep)])
	}
}

// hash goes on with FNV-1a, 64 bits (the standard's hash/fnv cannot be continued from a number).
func hash(h uint64, data []byte) uint64 {
	for _, c := range data {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// words is the host's latest output in one line, as it came.
func (o *output) words() string {
	s := o.latest()
	if f, ok := checkFields(s); ok {
		return strings.TrimSpace(f[0] + " " + f[1] + " " + f[2] + f[3] + " " + f[5])
	}
	return s
}

// latest is the host's latest line that holds anything.
func (o *output) latest() string {
	if t := bytes.TrimSpace(o.tail); len(t) > 0 {
		return string(t)
	}
	return o.last
}

// counts reports whether the latest line is a fact or a check of the step: it says what there is, and not what went wrong.
func (o *output) counts(step runbooks.Step) bool { return runbooks.Told(step, []byte(o.latest())) }

// checkFields parts a check's line as runbooks says it is printed: @check, then name, state, value, unit, threshold and text, a tab
// between each two.
func checkFields(line string) (f [6]string, ok bool) {
	rest, ok := strings.CutPrefix(line, "@check\t")
	if ok {
		copy(f[:], strings.SplitN(rest, "\t", 6))
	}
	return f, ok
}

// verdict is what a host's checks in this run come to.
type verdict struct {
	worst runbooks.Fact // zero where all are fine
	bad   int           // how many are not fine
	all   int
}

// judged reads the verdict off a host's facts; all is 0 where it had no checks.
func judged(facts map[string]runbooks.Fact) verdict {
	var v verdict
	for _, f := range facts {
		if !f.Check {
			continue
		}
		v.all++
		if f.State == runbooks.CheckOK {
			continue
		}
		v.bad++
		if v.bad == 1 || badness(f.State) > badness(v.worst.State) || badness(f.State) == badness(v.worst.State) && f.Key < v.worst.Key {
			v.worst = f
		}
	}
	return v
}

// words is the verdict in words.
func (v verdict) words() string {
	switch {
	case v.bad == 0:
		return plural(v.all, "check") + " fine"
	case v.bad > 1:
		return fleet.Words(v.worst) + ", and " + plural(v.bad-1, "more")
	}
	return fleet.Words(v.worst)
}

// sort is what is alike in verdicts of many hosts, whose numbers are never alike: the check that is worst, and how bad it is.
func (v verdict) sort() string {
	if v.bad == 0 {
		return plural(v.all, "check") + " fine"
	}
	word, _ := checkWord(v.worst.State)
	return v.worst.Key + " " + word
}

func badness(s runbooks.CheckState) int {
	switch s {
	case runbooks.CheckCrit:
		return 3
	case runbooks.CheckWarn:
		return 2
	case runbooks.CheckUnknown:
		return 1
	}
	return 0
}
