package main

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

// TestLinesDoNotRunIntoAQuestion: what a run says while a question waits stands above it, and the question last.
func TestLinesDoNotRunIntoAQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := &oneTerminal{out: &out}
		said := func(want string) {
			t.Helper()
			synctest.Wait()
			s.mu.Lock()
			defer s.mu.Unlock()
			if got := out.String(); got != want {
				t.Errorf("%q, wanted %q", got, want)
			}
			out.Reset()
		}
		line := func(l string) { _, _ = s.Write([]byte(l)) }
		line("one\n")
		said("one\n")
		s.ask("web-1 asks\nPassword: ")
		said("web-1 asks\nPassword: ")
		line("two\n")
		line("three\n")
		said("")
		time.Sleep(gathered)
		said("\ntwo\nthree\nPassword: ")
		line("four\n")
		s.answered("")
		said("\nfour\n")
		time.Sleep(2 * gathered)
		line("five\n")
		said("five\n")
		s.ask("Password: ")
		s.answered("this needs no answer any more\n")
		said("Password: \nthis needs no answer any more\n")
		s.ask("Password: ")
		line("six\n")
		s.answered("") // the run has ended
		s.answered("") // and so has the asking
		said("Password: \nsix\n")
	})
}
