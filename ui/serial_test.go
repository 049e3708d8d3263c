package ui

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/journal"
)

// slow passes 960 bytes a second, as a line of 9600 baud does.
type slow struct{ file }

func (s slow) Write(p []byte) (int, error) {
	for from := 0; from < len(p); from += 48 {
		end := min(from+48, len(p))
		time.Sleep(time.Duration(end-from) * time.Second / 960)
		if _, err := s.file.Write(p[from:end]); err != nil {
			return from, err
		}
	}
	return len(p), nil
}

// printing is a run over all hosts, two of which have failed, and a function that lets each of the others print lines, the last of which is text.
func printing(tb testing.TB, cfg Config) func(text string) {
	plan, err := resolve(cfg.Inventory, Wish{Runbook: "patch", Select: "site=nyc1"})
	if err != nil {
		tb.Fatal(err)
	}
	put := func(bodies ...journal.Body) {
		if _, err := cfg.Journal.(*journal.Memory).Append(context.Background(), "r1", bodies...); err != nil {
			tb.Error(err)
		}
	}
	put(journal.PlanAccepted{Plan: plan}, journal.WaveOpened{})
	for i, h := range plan.Hosts {
		put(journal.StepStarted{Host: h.Name, Step: "upgrade", Attempt: 1})
		if i < 2 {
			put(journal.StepEnded{Host: h.Name, Step: "upgrade", Attempt: 1, Outcome: journal.Failed, Reason: "no room"})
		}
	}
	offset := int64(0)
	return func(text string) {
		lines := []byte(strings.Repeat("Unpacking one of very many packages\n", 50) + text + "\n")
		for _, h := range plan.Hosts[2:] {
			put(journal.OutputRead{Host: h.Name, Step: "upgrade", Attempt: 1, Offset: offset, Data: lines})
		}
		offset += int64(len(lines))
	}
}

// serial is a console on a VT220 that shows such a run.
func serial(tb testing.TB, output func(file) file) (*terminal, func(text string)) {
	x := newTerminal(tb, 80, 24)
	cfg := realConfig(tb)
	cfg.Env, cfg.Input, cfg.Output, cfg.Open = []string{"TERM=vt220"}, x.tty, output(x.tty), "r1"
	more := printing(tb, cfg)
	go func() { x.over <- Run(context.Background(), cfg) }()
	x.see("? help")
	x.see("> FAIL")
	return x, more
}

// move moves the cursor down, or up again, and waits until it stands there and nowhere else.
func (x *terminal) move(i int) {
	marks := []string{"> run", "> FAIL"}
	x.keys([]string{"j", "k"}[i%2])
	x.until("the cursor at "+marks[i%2], func(s string) bool { return strings.Contains(s, marks[i%2]) && !strings.Contains(s, marks[(i+1)%2]) })
}

// TestSerialLine counts what a line of 9600 baud would have to carry, 960 bytes a second, which no busy machine changes: a move of the cursor
// amid a run's output is there after 200 bytes, a pager after less than two seconds' worth, and what a run prints takes less of the line
// than there is from one picture to the next, so that no key ever queues behind it.
func TestSerialLine(t *testing.T) {
	x, more := serial(t, func(f file) file { return f })
	var moves []int
	for i := range 9 {
		was := len(x.bytes())
		x.move(i)
		moves = append(moves, len(x.bytes())-was)
	}
	slices.Sort(moves)
	if moves[len(moves)/2] > 200 {
		t.Errorf("moves of the cursor cost %d bytes, the budget is 200", moves)
	}
	was := len(x.bytes())
	more("all of it")
	x.see("all of it")
	printed := len(x.bytes()) - was
	if line := int(960 * plainPeriod.Seconds()); printed > line/2 {
		t.Errorf("a picture of a run that prints costs %d bytes; the line carries %d until the next", printed, line)
	}
	was = len(x.bytes())
	x.keys("\r")
	x.see("web-20| all of it")
	opened := len(x.bytes()) - was
	if opened > 2*960 {
		t.Errorf("the pager costs %d bytes, two seconds carry %d", opened, 2*960)
	}
	t.Logf("a move costs %d bytes, a picture of a run that prints %d, the pager %d", moves[len(moves)/2], printed, opened)
	if err := x.end(); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkSerialLine moves the cursor over a line of 960 bytes a second while a run prints all the time, and opens a pager at the end.
func BenchmarkSerialLine(b *testing.B) {
	x, more := serial(b, func(f file) file { return slow{f} })
	stop, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
				more("package " + itoa(i))
			}
		}
	}()
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		x.move(i)
		took = append(took, time.Since(start))
	}
	close(stop)
	<-over
	spread(b, took, 300*time.Millisecond, time.Second)
	start := time.Now()
	x.keys("\r")
	x.see("== upgrade")
	b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-pager")
	b.ReportMetric(2000, "ms-pager-budget")
	if err := x.end(); err != nil {
		b.Fatal(err)
	}
}
