package main

import (
	"io"
	"strings"
	"sync"
	"time"
)

// oneTerminal is a terminal on which a run's lines are printed and its questions stand. A line does not run into a question that waits for its
// answer: what comes meanwhile is printed once a second, and the question again below it.
type oneTerminal struct {
	mu    sync.Mutex
	out   io.Writer
	asked string // the last line of the question that stands; "" = none does
	held  []byte // lines that came meanwhile
	due   *time.Timer
}

// gathered is for how long lines are gathered before they are printed above a question.
const gathered = time.Second

// Write prints a line, or keeps it where a question stands.
func (s *oneTerminal) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == "" {
		return s.out.Write(line)
	}
	if len(s.held) == 0 {
		s.due = time.AfterFunc(gathered, s.above)
	}
	s.held = append(s.held, line...)
	return len(line), nil
}

// above prints what was kept above the question, if one still stands.
func (s *oneTerminal) above() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked != "" && len(s.held) > 0 {
		s.print("\n", s.asked)
	}
}

// ask puts a question.
func (s *oneTerminal) ask(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = text[strings.LastIndexByte(text, '\n')+1:]
	_, _ = io.WriteString(s.out, text)
}

// answered ends the question's line, says what there is to say of it, and prints what was kept.
func (s *oneTerminal) answered(word string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == "" { // the run was over before
		return
	}
	if s.due != nil {
		s.due.Stop()
	}
	s.asked = ""
	s.print("\n"+word, "")
}

// print is best effort: where the terminal is gone, the lines' own reader notices.
func (s *oneTerminal) print(before, after string) {
	_, _ = io.WriteString(s.out, before+string(s.held)+after)
	s.held = nil
}
