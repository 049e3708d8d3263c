package runner

import (
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// TestEachQuestionGetsItsOwnAnswer: a password goes to the host that asked for it, however many ask at once; they are shown in the order in which
// they were asked, and each is told to be closed.
func TestEachQuestionGetsItsOwnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, got := NewAsker(), make([]string, 20)
		_, news, stop := a.listen()
		for i := range got {
			go func() { got[i], _ = a.Ask(t.Context(), Question{Text: strconv.Itoa(i)}) }()
			synctest.Wait()
		}
		now, _, end := a.listen()
		end()
		for i, q := range now {
			if q.Text != strconv.Itoa(i) {
				t.Fatalf("question %q is shown as number %d", q.Text, i)
			}
			if err := a.answer(request{ID: q.ID, Answer: "for " + q.Text, OK: true}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if again := a.answer(request{ID: q.ID, OK: true}); again == nil {
				t.Errorf("question %d was answered twice", i)
			}
		}
		stop()
		closed := map[int]bool{}
		for r := range news {
			closed[r.Closed] = true
		}
		for i, q := range now {
			if got[i] != "for "+strconv.Itoa(i) || !closed[q.ID] {
				t.Errorf("question %d got %q, closed %t", i, got[i], closed[q.ID])
			}
		}
	})
}

// TestAQuestionIsPatientAndTheRunIsNotHeldUp: a question waits for so long and no longer; who does not read what is told is cut off.
func TestAQuestionIsPatientAndTheRunIsNotHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, before := NewAsker(), time.Now()
		_, news, stop := a.listen()
		defer stop()
		for range 40 {
			if _, err := a.Ask(t.Context(), Question{}); !errors.Is(err, ErrNobody) {
				t.Fatal(err)
			}
		}
		if took := time.Since(before); took != 40*Patience {
			t.Errorf("%v", took)
		}
		n := 0
		for range news {
			n++
		}
		if n != cap(news) {
			t.Errorf("%d of 80 news were kept for one who does not read", n)
		}
	})
}
