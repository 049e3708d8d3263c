package ui

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"tend/journal"
)

// filmScreen is a run as it went: the run screen, with the run as it stood at a moment of it. Nothing can be decided on it.
type filmScreen struct {
	*runScreen
	reel
	read  func() *watch   // the run, from its first event
	ahead *watch          // the run while it is read again up to an earlier moment
	rest  []journal.Event // what was read and lies behind the moment
	said  string          // what happened at it
}

// newFilm is a run's film, at its beginning. It plays as soon as its moments are known.
func newFilm(c *console, run journal.RunID) *filmScreen {
	j, work := c.cfg.Journal, c.work
	s := &filmScreen{runScreen: &runScreen{cfg: c.cfg}}
	s.read = func() *watch {
		w := &watch{run: run, state: journal.NewState(), past: true}
		w.feed = newFeed(work.ctx, &work.wg, func(ctx context.Context) iter.Seq2[journal.Event, error] { return j.Events(ctx, run, 0, false) }, eventCost)
		return w
	}
	s.w = s.read()
	s.coming = newFeed(work.ctx, &work.wg, moments(j, run), func(moment) int { return 0 })
	s.speed, s.playing = -1, true
	return s
}

func openFilm(run journal.RunID) action {
	return func(c *console) tea.Cmd {
		c.stack, c.note = append(c.stack, newFilm(c, run)), note{}
		return c.tick(0)
	}
}

// Leave ends the reading.
func (s *filmScreen) Leave() {
	s.w.feed.stop()
	if s.ahead != nil {
		s.ahead.feed.stop()
	}
	if s.coming != nil {
		s.coming.stop()
	}
}

// Pull lets the film go on, and takes up what lies before the moment that it has come to.
func (s *filmScreen) Pull(budget time.Duration) (changed, more bool) {
	until := time.Now().Add(budget)
	changed, more = s.reel.pull()
	if s.coming == nil && s.speed < 0 { // how long it takes is known now
		s.speed, s.clocked = s.fitting(), s.cfg.Now()
	}
	if s.pass(s.cfg.Now()) {
		changed = true
	}
	took, left := s.wind(until)
	return changed || took, more || left
}

// goal is the event up to which the run is shown.
func (s *filmScreen) goal() uint64 {
	if s.at < len(s.moments) {
		return s.moments[s.at].seq
	}
	return 0
}

// wind folds the run up to the goal. What lies before what is shown is folded anew, and shown when it is there.
func (s *filmScreen) wind(until time.Time) (changed, more bool) {
	goal := s.goal()
	w := s.w
	switch {
	case s.ahead != nil && s.ahead.state.Seq <= goal:
		w = s.ahead
	case s.ahead != nil || s.w.state.Seq > goal:
		if s.ahead != nil {
			s.ahead.feed.stop()
		}
		w, s.rest = s.read(), nil
		s.ahead = w
	}
	for w.state.Seq < goal {
		if len(s.rest) == 0 {
			events, _, ended, err := w.feed.take(256)
			s.rest = events
			if ended && err != nil {
				s.w.err = err
			}
			if len(events) == 0 {
				return changed, !ended
			}
		}
		for len(s.rest) > 0 && s.rest[0].Seq <= goal {
			s.take(w, s.rest[0])
			s.rest = s.rest[1:]
		}
		changed = true
		if !time.Now().Before(until) {
			return true, w.state.Seq < goal
		}
	}
	if w == s.ahead {
		s.w.feed.stop()
		s.w, s.ahead, s.drawn, changed = w, nil, ^uint64(0), true
	}
	return changed, false
}

// take folds an event, and keeps in words what it tells.
func (s *filmScreen) take(w *watch, e journal.Event) {
	tells, _ := happening(e)
	if !tells {
		w.apply(e)
		return
	}
	var b strings.Builder
	(&linePrinter{out: &b, w: w}).event(e)
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if said := lines[0]; said != "" {
		s.said = said
	}
	switch b := e.Body.(type) {
	case journal.StepStarted:
		s.said = e.At.Local().Format("15:04:05 ") + fmt.Sprintf("%s begins %s", b.Host, b.Step)
		if b.Attempt > 1 {
			s.said += fmt.Sprintf(", attempt %d", b.Attempt)
		}
	case journal.WaveOpened:
		s.said = e.At.Local().Format("15:04:05 ") + fmt.Sprintf("wave %d begins", b.Wave+1)
	}
}

// Binds are those of the run that only look, and those of a film.
func (s *filmScreen) Binds() []bind {
	play := bind{keys: "space", name: "play", help: "let it go on by itself, or stop it; silence is shortened to two seconds", foot: true, why: s.unwound, do: done(s.play)}
	if s.playing {
		play.name, play.as = "stop", "play"
	}
	verbs := []bind{
		play,
		{keys: "l right", name: "forward", help: "stop, and one step on: to what happened next", foot: true, why: s.noMore(+1, "what happened"), do: s.to(+1, toldMoment)},
		{keys: "h left", name: "backward", help: "stop, and one step back", foot: true, why: s.noMore(-1, "what happened"), do: s.to(-1, toldMoment)},
		{keys: "n", name: "next", help: "to the next step that did not end well", foot: true, why: s.noMore(+1, "failure"), do: s.to(+1, badMoment)},
		{keys: "N", name: "previous", help: "to the one before", why: s.noMore(-1, "failure"), do: s.to(-1, badMoment)},
		{keys: "+ =", name: "faster", help: "more of the run in a second", foot: true, why: s.fastest, do: done(func() { s.speed++ })},
		{keys: "-", name: "slower", help: "less of the run in a second", foot: true, why: s.slowest, do: done(func() { s.speed-- })},
		{keys: "<", name: "beginning", help: "to the run's beginning", why: s.unwound, do: s.wound(func() { s.goTo(0) })},
		{keys: ">", name: "end", help: "to the run's end", why: s.unwound, do: s.wound(func() { s.goTo(len(s.moments) - 1) })},
		{keys: "t", name: "time", help: "to a time: 03:12 of the run, or 14:03:12 by the clock", why: s.unwound, do: func() action { return ask(s.timePrompt()) }},
	}
	looks := map[string]string{"output": "enter", "view": "tab", "failures": "f", "difference": "d", "info": "i", "write": "w", "host": "e"}
	for _, b := range s.runScreen.Binds() {
		if k, ok := looks[b.name]; ok {
			b.keys = k
			verbs = append(verbs, b)
		}
	}
	return append(verbs, s.list.binds()...)
}

func toldMoment(m moment) bool { return m.tells }
func badMoment(m moment) bool  { return m.bad }

// unwound says that it is not known yet what the run is made of.
func (s *filmScreen) unwound() string {
	switch {
	case s.coming != nil:
		return "the run is being read"
	case len(s.moments) == 0:
		return "the run has no events"
	}
	return ""
}

func (s *filmScreen) noMore(by int, what string) func() string {
	wanted := map[string]func(moment) bool{"failure": badMoment}[what]
	if wanted == nil {
		wanted = toldMoment
	}
	return func() string {
		if s.find(by, wanted) >= 0 {
			return ""
		}
		where := map[bool]string{true: "behind", false: "before"}[by > 0]
		return firstOf(s.unwound(), "there is no "+map[bool]string{true: "failure", false: "step"}[what == "failure"]+" "+where+" this one")
	}
}

func (s *filmScreen) fastest() string {
	return firstOf(s.unwound(), map[bool]string{true: "it cannot go any faster"}[s.speed+1 >= len(filmSpeeds)])
}

func (s *filmScreen) slowest() string {
	return firstOf(s.unwound(), map[bool]string{true: "this is the run's own time"}[s.speed <= 0])
}

// play goes on, or stops; at its end it begins again.
func (s *filmScreen) play() {
	if s.playing = !s.playing; s.playing && s.at+1 >= len(s.moments) {
		s.goTo(0)
	}
	s.clocked = s.cfg.Now()
}

// wound stops the film, moves it, and winds it there.
func (s *filmScreen) wound(move func()) func() action {
	return func() action {
		s.playing = false
		move()
		return func(c *console) tea.Cmd {
			if _, more := s.wind(time.Now().Add(pullBudget)); more {
				return c.tick(pullRest)
			}
			return nil
		}
	}
}

func (s *filmScreen) to(by int, wanted func(moment) bool) func() action {
	return s.wound(func() { s.goTo(s.find(by, wanted)) })
}

func (s *filmScreen) timePrompt() *prompt {
	return &prompt{label: "time (03:12 of the run, or 14:03:12):", field: newField(""), enter: func(text string) action {
		pos, ok := s.place(strings.TrimSpace(text))
		if !ok {
			return warnOf("not a time in the run; write it as 03:12, 1:03:12 or 14:03:12")
		}
		return s.wound(func() { s.goToTime(pos) })()
	}}
}

// place is how far into the run a time lies: as the time of day where the run has it, else as the time since its beginning.
func (s *filmScreen) place(text string) (time.Duration, bool) {
	n := 0
	parts := strings.Split(text, ":")
	for _, p := range parts {
		x, err := strconv.Atoi(p)
		if err != nil || x < 0 || len(p) > 4 {
			return 0, false
		}
		n = n*60 + x
	}
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	since := time.Duration(n) * time.Second
	if len(parts) == 3 {
		first := s.moments[0].at.Local()
		day := time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, first.Location()).Add(since)
		if day.Before(first.Truncate(time.Second)) {
			day = day.AddDate(0, 0, 1)
		}
		if pos := day.Sub(first); pos <= s.length() && since > s.length() {
			return max(pos, 0), true
		}
	}
	return since, true
}

// View is the run as it stood, its time in a strip below, and what happened last.
func (s *filmScreen) View(a area) frame {
	b := a
	b.h, b.now = a.h-2, s.reel.clock()
	f := s.runScreen.View(b)
	f.name = "REPLAY"
	for len(f.body) < b.h {
		f.body = append(f.body, "")
	}
	f.body = append(f.body[:b.h], a.rule(a.w), s.timeline(a))
	f.status = a.text(s.said)
	switch {
	case s.reel.err != nil:
		f.status = a.paint(bad, a.text("reading stopped: "+withHint(s.reel.err)))
	case s.coming != nil || s.ahead != nil:
		f.status = "the journal is being read ..."
	}
	return f
}

func (s *filmScreen) timeline(a area) string {
	word := "stopped"
	switch {
	case s.playing:
		word = "plays"
	case s.at+1 >= len(s.moments) && len(s.moments) > 0:
		word = "the end"
	}
	left := clock(s.pos) + " of " + clock(s.length()) + "  " + a.pad(fmt.Sprintf("%s x%d", word, filmSpeeds[max(s.speed, 0)]), 14)
	return left + "[" + s.strip(a.pen, max(a.w-width(left)-2, 10)) + "]"
}
