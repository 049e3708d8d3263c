package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tend/journal"
)

// notSaved says which of the bodies are lost with an append that failed: those that tell of something that has happened. The pieces of a
// step's output are one loss.
func notSaved(err error, bodies []journal.Body) *NotSaved {
	e := &NotSaved{Err: err}
	type source struct{ host, step string }
	output := map[source]int{} // bytes
	for _, b := range bodies {
		switch b := b.(type) {
		case journal.StepEnded:
			e.Lost = append(e.Lost, fmt.Sprintf("%s: %s ended: %s, exit %d", b.Host, b.Step, b.Outcome, b.Exit))
		case journal.OutputRead:
			output[source{string(b.Host), string(b.Step)}] += len(b.Data)
		case journal.FactsRead:
			e.Lost = append(e.Lost, fmt.Sprintf("%s: %s of %s", b.Host, count(len(b.Facts), "fact", "facts"), b.Step))
		case journal.Decided:
			e.Lost = append(e.Lost, fmt.Sprintf("decision %s by %s", b.Decision, b.By.User))
		}
	}
	for of, n := range output {
		e.Lost = append(e.Lost, fmt.Sprintf("%s: %d bytes of output of %s", of.host, n, of.step))
	}
	return e
}

// abandon is what follows a journal that failed. Nothing new starts; steps are left on their hosts, where a resume finds them; what
// only reads is let go of. Everything that happened and could not be recorded is in the error.
func (r *run) abandon(err error) error {
	var e *NotSaved
	if !errors.As(err, &e) {
		return err
	}
	r.stop()
	for len(r.active) > 0 {
		<-r.box.bell
		taps, notes, ends := r.box.empty(true)
		for _, t := range taps {
			e.Lost = append(e.Lost, notSaved(nil, t.body(nil)).Lost...)
		}
		for _, n := range notes {
			e.Lost = append(e.Lost, notSaved(nil, n.bodies).Lost...)
			n.done <- e.Err
		}
		for _, a := range ends {
			e.Lost = append(e.Lost, notSaved(nil, append(a.tap.body(nil), a.bodies...)).Lost...)
			if len(a.bodies) == 0 {
				e.Left = append(e.Left, a.left()...)
			}
			delete(r.active, a.at)
			a.saved <- false
		}
	}
	slices.Sort(e.Lost)
	slices.Sort(e.Left)
	// A full disk may have a reserve for this; from any other failure nothing comes back.
	text := e.Error()
	_, _ = r.e.rec.Append(context.WithoutCancel(r.work), r.s.Run, journal.Remarked{Text: text[:min(len(text), 1000)]})
	return e
}

// broken is the error of the attempts whose hands could not record; nil where there is none. It names all of them.
func broken(ends []*attempt) error {
	var e *NotSaved
	for _, a := range ends {
		if a.broken == nil {
			continue
		}
		if e == nil {
			e = &NotSaved{Err: a.broken}
		}
		e.Left = append(e.Left, a.left()...)
	}
	if e == nil {
		return nil
	}
	return e
}

// left says what stays on the host, for a resume to find: nothing where the step only reads.
func (a *attempt) left() []string {
	if a.job == "" {
		return nil
	}
	return []string{fmt.Sprintf("%s: %s, job %s", a.host.Name, a.step.ID, a.job)}
}
