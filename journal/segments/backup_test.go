package segments_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
)

// busy begins, writes, notes, closes and lets go of a run for each byte of its input, from three goroutines, and prints its name when it is
// whole.
func busy(s *segments.Segments) error {
	next := make(chan bool)
	go func() {
		defer close(next)
		in := bufio.NewReader(os.Stdin)
		for {
			if _, err := in.ReadByte(); err != nil {
				return
			}
			next <- true
		}
	}()
	var wg sync.WaitGroup
	for g := range 3 {
		wg.Go(func() {
			i := 0
			for range next {
				i++
				run := journal.RunID(fmt.Sprintf("r%d-%d", g, i))
				bodies := []journal.Body{journaltest.Plan("health", "a"), journal.Remarked{Text: "1"}, journal.OutputRead{Host: "a", Data: make([]byte, 50_000)}, journal.RunClosed{}}
				for _, b := range bodies {
					if _, err := s.Append(context.Background(), run, b); err != nil {
						fmt.Fprintln(os.Stderr, err)
						return
					}
				}
				_, err := s.Note(context.Background(), journal.Noted{Run: run, Text: "done"})
				if err == nil && i%3 != 0 {
					err = s.Release(run)
				}
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				fmt.Println(run)
			}
		})
	}
	wg.Wait()
	return s.Close()
}

// TestBackupOfWhatIsWritten: copies made while another process writes for all it is worth are whole journals, hold all that was acknowledged
// before they were begun, and are brought up to date in the same place. What is written is whole meanwhile.
func TestBackupOfWhatIsWritten(t *testing.T) {
	dir, dst := t.TempDir(), filepath.Join(t.TempDir(), "backup")
	cmd, out, in := child(t, "busy", dir)
	acked := make(chan string, 30)
	go func() {
		defer close(acked)
		for {
			_, _ = in.Write([]byte{'\n'}) // it is closed at the end
			l, err := out.ReadString('\n')
			if err != nil {
				return
			}
			acked <- strings.TrimSpace(l)
		}
	}()
	s, err := segments.Open(dir, "kim@console2", segments.ReadOnly())
	do(t, err)
	_, err = in.Write([]byte("\n\n\n\n\n"))
	do(t, err)
	known := []string{<-acked}
	copies := 10
	if testing.Short() {
		copies = 4
	}
	for i := range copies {
		for n := len(acked); n > 0; n-- {
			known = append(known, <-acked)
		}
		where := fmt.Sprintf("%s-%d", dst, i%3)
		if _, err := s.Backup(t.Context(), where); err != nil {
			t.Fatalf("backup %d: %v", i, err)
		}
		last := <-acked // it wrote meanwhile, and goes on
		copied := fresh(t, where)
		if rep := verify(t, copied); !rep.OK() || len(rep.Remarks) > 0 {
			t.Errorf("copy %d: %v %v", i, rep.Problems, rep.Remarks)
		}
		if rep := verify(t, s); !rep.OK() {
			t.Errorf("while it is written: %v", rep.Problems)
		}
		for _, run := range known[max(0, len(known)-40):] {
			if n := count(t, copied, journal.RunID(run)); n != 4 {
				t.Errorf("copy %d has %d events of run %s", i, n, run)
			}
		}
		known = append(known, last)
	}
	in.Close()
	for range acked {
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	t.Logf("%d runs were whole when the last copy began", len(known))
}

func count(t *testing.T, s *segments.Segments, run journal.RunID) (n int) {
	t.Helper()
	for _, err := range s.Events(t.Context(), run, 0, false) {
		if err != nil {
			t.Errorf("run %s: %v", run, err)
			return n
		}
		n++
	}
	return n
}
