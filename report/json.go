package report

import (
	"io"
	"time"
	"unicode/utf8"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/runbooks"
)

// Version is the JSON document's; it grows where a reader would have to change. New keys may come at any time.
const Version = 1

// The JSON form of a run. Times are UTC and left out where there is none; texts are as the journal has them.
type (
	runJSON struct {
		Report      int                  `json:"tend_report"`
		Run         journal.RunID        `json:"run"`
		Origin      journal.OriginID     `json:"origin"`
		Runbook     string               `json:"runbook"`
		Title       string               `json:"title"`
		Source      string               `json:"source"`
		Risk        runbooks.Risk        `json:"risk"`
		Dry         bool                 `json:"dry"`
		Scope       string               `json:"scope"`
		Params      map[string]string    `json:"params,omitempty"`
		Policy      runbooks.Policy      `json:"policy"`
		Digest      string               `json:"digest"`
		DigestOK    bool                 `json:"digest_ok"` // the plan is the one that was approved
		By          journal.Who          `json:"by"`
		Reason      string               `json:"reason,omitempty"`
		Ticket      string               `json:"ticket,omitempty"`
		Maintenance *journal.Maintenance `json:"maintenance,omitempty"`
		Inventory   journal.InventoryRef `json:"inventory"`
		Version     string               `json:"version,omitempty"`
		Warnings    []string             `json:"warnings,omitempty"`
		Started     time.Time            `json:"started"`
		Ended       time.Time            `json:"ended,omitzero"`
		Result      journal.Result       `json:"result"`
		Why         string               `json:"why,omitempty"`
		Counts      map[string]int       `json:"counts"`
		Waves       []waveJSON           `json:"waves"`
		Groups      []inventory.Group    `json:"groups,omitempty"`
		Steps       []stepJSON           `json:"steps"`
		Hosts       []hostJSON           `json:"hosts"`
		Decisions   []Decision           `json:"decisions,omitempty"`
		Remarks     []Remark             `json:"remarks,omitempty"`
		Notes       []Note               `json:"notes,omitempty"`
		Runners     []Runner             `json:"runners,omitempty"`
		Seals       []Seal               `json:"seals,omitempty"`
		Events      uint64               `json:"events"`
		Head        journal.Hash         `json:"head"`
		Broken      string               `json:"broken,omitempty"`
		Damaged     string               `json:"damaged,omitempty"`
		Unshown     int                  `json:"outputs_left_out,omitempty"`
	}
	waveJSON struct {
		runbooks.Wave
		Opened time.Time `json:"opened,omitzero"`
	}
	stepJSON struct {
		Step  runbooks.StepID `json:"step"`
		Title string          `json:"title,omitempty"`
		Kind  runbooks.Kind   `json:"kind"`
		Phase runbooks.Phase  `json:"phase"`
		Risk  runbooks.Risk   `json:"risk"`
	}
	hostJSON struct {
		Host    inventory.HostID `json:"host"`
		Site    string           `json:"site,omitempty"`
		Rack    string           `json:"rack,omitempty"`
		Wave    int              `json:"wave"` // from 0
		Outcome string           `json:"outcome"`
		Started time.Time        `json:"started,omitzero"`
		Ended   time.Time        `json:"ended,omitzero"`
		Roads   []Road           `json:"roads,omitempty"`
		Tries   []tryJSON        `json:"tries"`
		Changes []Change         `json:"changes,omitempty"`
		More    int              `json:"changes_left_out,omitempty"`
		Checks  []checkJSON      `json:"checks,omitempty"` // those that are not OK
	}
	tryJSON struct {
		Step    runbooks.StepID `json:"step"`
		Attempt int             `json:"attempt"`
		Started time.Time       `json:"started,omitzero"`
		Ended   time.Time       `json:"ended,omitzero"`
		Seconds float64         `json:"seconds,omitempty"`
		Outcome string          `json:"outcome"`
		Exit    int             `json:"exit"`
		Reason  string          `json:"reason,omitempty"`
		Hint    string          `json:"hint,omitempty"`
		Output  *outputJSON     `json:"output,omitempty"`
	}
	// outputJSON holds exactly one of Text and Base64.
	outputJSON struct {
		Before int64   `json:"bytes_before"`
		Text   *string `json:"text,omitempty"`
		Base64 []byte  `json:"base64,omitempty"`
	}
	checkJSON struct {
		Check     string `json:"check"`
		State     string `json:"state"`
		Value     string `json:"value,omitempty"`
		Unit      string `json:"unit,omitempty"`
		Threshold string `json:"threshold,omitempty"`
		Text      string `json:"text,omitempty"`
	}
)

// JSON writes each run as one line of ASCII: whatever hosts said, it does nothing to a terminal or within a web page, and reads back the
// same.
func JSON(w io.Writer, runs ...*Run) error {
	for _, r := range runs {
		if err := quote.WriteJSON(w, r.json()); err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) json() runJSON {
	s, a, p := r.State, r.State.Accepted, r.State.Plan()
	out := runJSON{
		Report: Version, Run: s.Run, Origin: s.Origin, Runbook: p.Runbook, Title: p.Title, Source: p.Source, Risk: p.Risk, Dry: p.Dry, Scope: p.Scope,
		Params: p.Params, Policy: p.Policy, Digest: p.Digest, DigestOK: p.Digest == p.ComputeDigest(), By: a.By, Reason: a.Reason, Ticket: a.Ticket,
		Maintenance: a.Maintenance, Inventory: a.Inventory, Version: a.Version, Warnings: p.Warnings, Started: s.Started, Ended: s.Closed, Result: s.Result, Why: s.Reason,
		Counts: map[string]int{}, Waves: []waveJSON{}, Groups: p.Groups, Steps: []stepJSON{}, Hosts: []hostJSON{},
		Decisions: r.Decisions, Remarks: r.Remarks, Notes: r.Notes, Runners: r.Runners, Seals: r.Seals,
		Events: r.Events, Head: r.Head, Broken: r.Broken, Damaged: r.Damaged, Unshown: r.Unshown,
	}
	for _, c := range r.counts() {
		out.Counts[c.word] = c.n
	}
	for _, w := range r.Waves {
		out.Waves = append(out.Waves, waveJSON(w))
	}
	for _, st := range p.Steps {
		out.Steps = append(out.Steps, stepJSON{st.ID, st.Title, st.Kind, st.Phase, st.Risk})
	}
	for i := range r.Hosts {
		out.Hosts = append(out.Hosts, r.hostJSON(i))
	}
	return out
}

func (r *Run) hostJSON(i int) hostJSON {
	h := &r.Hosts[i]
	out := hostJSON{Host: h.Place.Name, Site: h.Place.Site, Rack: h.Place.Rack, Wave: r.State.Hosts[i].Wave, Outcome: h.Word, Started: h.Started, Ended: h.Ended,
		Roads: h.Roads, Tries: []tryJSON{}, Changes: h.Changes, More: h.More}
	for j, s := range h.Steps {
		for _, t := range s.Tries {
			out.Tries = append(out.Tries, newTry(r.State.Plan().Steps[j].ID, s, t))
		}
	}
	for _, f := range h.Checks {
		state := map[runbooks.CheckState]string{runbooks.CheckWarn: "warn", runbooks.CheckCrit: "crit"}[f.State]
		if state == "" {
			state = "unknown"
		}
		out.Checks = append(out.Checks, checkJSON{f.Key, state, f.Value, f.Unit, f.Threshold, f.Text})
	}
	return out
}

func newTry(step runbooks.StepID, s Step, t Try) tryJSON {
	out := tryJSON{Step: step, Attempt: t.Attempt, Started: t.Started, Ended: t.Ended, Outcome: t.Outcome.String(), Exit: t.Exit, Reason: t.Reason, Hint: t.Hint}
	if t.Ended.IsZero() {
		out.Outcome = s.Word
	} else if !t.Started.IsZero() {
		out.Seconds = t.Ended.Sub(t.Started).Seconds()
	}
	if t.Output != nil {
		out.Output = &outputJSON{Before: t.Output.Before}
		if text := string(t.Output.Data); utf8.ValidString(text) {
			out.Output.Text = &text
		} else {
			out.Output.Base64 = t.Output.Data
		}
	}
	return out
}
