package segments_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
)

// The test binary is its own child: TEND_TEST_CHILD names what it does, in the journal of TEND_TEST_DIR.
func TestMain(m *testing.M) {
	what := os.Getenv("TEND_TEST_CHILD")
	if what == "" {
		os.Exit(m.Run())
	}
	var s *segments.Segments
	var err error
	if what != "share" { // which opens the journal as somebody else
		s, err = segments.Open(os.Getenv("TEND_TEST_DIR"), origin)
	}
	if err == nil {
		err = children[what](s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

var children = map[string]func(*segments.Segments) error{"flood": flood, "hold": hold, "stuck": stuck, "shell": shellForEver, "share": share, "busy": busy}

// child starts the test binary as a child that does what in dir.
func child(t testing.TB, what, dir string) (*exec.Cmd, *bufio.Reader, io.WriteCloser) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TEND_TEST_CHILD="+what, "TEND_TEST_DIR="+dir, "GOMAXPROCS=2")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewReader(out), in
}

// flood appends from four goroutines for ever, and prints each event once it is acknowledged: "SEQ HASH". Every seventh body is large,
// so that kills come in the middle of writes.
func flood(s *segments.Segments) error {
	big := bytes.Repeat([]byte("x"), 150_000)
	if err := s.Claim(context.Background(), "r1"); err != nil {
		return err
	}
	fmt.Println("claimed")
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				var b journal.Body = journal.Remarked{Text: fmt.Sprintf("%d.%d", g, i)}
				if i%7 == g {
					b = journal.OutputRead{Host: "a", Data: big[:rand.IntN(len(big))]}
				}
				events, err := s.Append(context.Background(), "r1", b)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				fmt.Printf("%d %s\n", events[0].Seq, events[0].Hash)
			}
		})
	}
	wg.Wait()
	return errors.New("the flood ended")
}

// hold claims r1, says so, and then appends one event a line that it reads.
func hold(s *segments.Segments) error {
	if _, err := s.Append(context.Background(), "r1", journaltest.Plan("health", "a")); err != nil {
		return err
	}
	fmt.Println("ready")
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var b journal.Body = journal.Remarked{Text: in.Text()}
		if in.Text() == "end" {
			b = journal.RunClosed{Result: journal.Passed}
		}
		if _, err := s.Append(context.Background(), "r1", b); err != nil {
			return err
		}
		fmt.Println("done")
	}
	return s.Close()
}

// stuck appends one event whose sync never ends.
func stuck(s *segments.Segments) error {
	if _, err := s.Append(context.Background(), "r1", journaltest.Plan("health", "a")); err != nil {
		return err
	}
	if err := s.Release("r1"); err != nil {
		return err
	}
	x := &faulty{match: "r1"}
	b, err := segments.Open(os.Getenv("TEND_TEST_DIR"), origin, segments.WithFiles(x.wrap))
	if err != nil {
		return err
	}
	if err := b.Claim(context.Background(), "r1"); err != nil {
		return err
	}
	x.set(func() {
		x.sync = func(*os.File) error {
			fmt.Println("stuck")
			select {}
		}
	})
	_, err = b.Append(context.Background(), "r1", journal.Remarked{Text: "written, never synced"})
	return err
}

// kills is how often TestKill kills; TEND_KILLS asks for more.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("TEND_KILLS")); err == nil {
		return n
	}
	switch {
	case testing.Short():
		return 20
	case os.Getenv("CI") == "true":
		return 1000
	}
	return 100
}

// TestKill kills a writer with SIGKILL at random points, again and again on the same run: whatever was acknowledged is there,
// as it was acknowledged, and the run can be resumed.
func TestKill(t *testing.T) {
	const each = 20 // kills of one run: its segment grows
	torn := 0
	for done := 0; done < kills() && !t.Failed(); done += each {
		torn += killRun(t, t.TempDir(), each)
	}
	t.Logf("%d kills left %d torn tails", kills(), torn)
}

func killRun(t *testing.T, dir string, n int) (torn int) {
	t.Helper()
	s := open(t, dir)
	write(t, s, "r1", 1, false)
	acked := map[uint64]string{}
	for range n {
		if killOne(t, dir, acked); t.Failed() {
			return torn
		}
		if rep := verify(t, s); !rep.OK() {
			t.Fatalf("after a kill: %v", rep.Problems)
		} else {
			torn += len(rep.Remarks)
		}
	}
	orphans, err := s.Orphans(t.Context())
	if err != nil || len(orphans) != 1 || orphans[0] != "r1" {
		t.Errorf("orphans: %v, %v", orphans, err)
	}
	remarks := 0
	for e, err := range s.Events(t.Context(), "r1", 0, false) {
		if err != nil {
			t.Fatal(err)
		}
		if want, ok := acked[e.Seq]; ok && want != e.Hash.String() {
			t.Fatalf("event %d is not the one that was acknowledged", e.Seq)
		}
		delete(acked, e.Seq)
		if r, ok := e.Body.(journal.Remarked); ok && strings.Contains(r.Text, "torn by a crash") {
			remarks++
		}
	}
	if len(acked) > 0 {
		t.Errorf("%d acknowledged events are lost", len(acked))
	}
	if remarks > torn || remarks < torn-1 { // the last tear has not been cut yet
		t.Errorf("%d torn tails, and %d are recorded", torn, remarks)
	}
	return torn
}

func killOne(t *testing.T, dir string, acked map[uint64]string) {
	t.Helper()
	cmd, out, in := child(t, "flood", dir)
	defer in.Close()
	wait := rand.IntN(40)
	for i := 0; ; i++ {
		l, err := out.ReadString('\n')
		if err != nil {
			break
		}
		if seq, hash, ok := strings.Cut(strings.TrimSpace(l), " "); ok {
			n, _ := strconv.ParseUint(seq, 10, 64)
			acked[n] = hash
		}
		if i == wait {
			for spin := rand.IntN(1000); spin > 0; spin-- {
				_ = time.Now() // a random moment within the next write
			}
			_ = cmd.Process.Kill()
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.Exited() {
		t.Errorf("the child ended by itself: %v", err)
	}
}

// TestTwoProcesses: another process that writes a run keeps this one from it, and not from reading along.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	cmd, out, in := child(t, "hold", dir)
	expect(t, out, "ready")
	s := open(t, dir)
	if err := s.Claim(t.Context(), "r1"); !errors.Is(err, journal.ErrBusy) {
		t.Errorf("claim: %v, want ErrBusy", err)
	}
	if _, err := s.Append(t.Context(), "r1", journal.Remarked{}); !errors.Is(err, journal.ErrBusy) {
		t.Errorf("append: %v, want ErrBusy", err)
	}
	if orphans, err := s.Orphans(t.Context()); err != nil || len(orphans) != 0 {
		t.Errorf("orphans: %v, %v", orphans, err)
	}
	write(t, s, "r2", 3, true) // the ledger is shared
	next := 0
	fmt.Fprintln(in, next)
	for e, err := range s.Events(t.Context(), "r1", 1, true) {
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Body.(journal.Remarked).Text; got != fmt.Sprint(next) {
			t.Fatalf("saw %q, want %d", got, next)
		}
		if next++; next == 10 {
			break
		}
		fmt.Fprintln(in, next) // each event is seen here before the next is written there
	}
	fmt.Fprintln(in, "end")
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if rep := verify(t, s); !rep.OK() || rep.Segments != 3 {
		t.Errorf("%d segments, %v", rep.Segments, rep.Problems)
	}
}

func expect(t testing.TB, out *bufio.Reader, want string) {
	t.Helper()
	if l, err := out.ReadString('\n'); strings.TrimSpace(l) != want {
		t.Fatalf("the child said %q (%v), want %q", l, err, want)
	}
}

// TestWriterDies: what a killed writer wrote and did not sync is shown only when it is certain that it is dead, and synced by then.
func TestWriterDies(t *testing.T) {
	dir := t.TempDir()
	cmd, out, in := child(t, "stuck", dir)
	defer in.Close()
	expect(t, out, "stuck")
	s := open(t, dir)
	if got := kinds(t, s); got != "plan_accepted" {
		t.Errorf("before the kill: %s", got)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if got := kinds(t, s); got != "plan_accepted remarked" {
		t.Errorf("after the kill: %s", got)
	}
	if err := s.Claim(t.Context(), "r1"); err != nil {
		t.Errorf("claim: %v", err)
	}
}

// TestFollowOverCrash: a follower in another process sees no torn tail, and sees what the next writer writes in its place.
func TestFollowOverCrash(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	write(t, s, "r1", 2, false)
	whole := linesOf(t, segment(dir, "r1"))
	put(t, segment(dir, "r1"), append(whole, []byte(`{"v":1,"seq":3,"at":"20`))...)
	got := make(chan string)
	go func() {
		defer close(got)
		for e, err := range fresh(t, dir).Events(t.Context(), "r1", 0, true) {
			if err != nil {
				t.Error(err)
				return
			}
			got <- e.Body.Kind()
		}
	}()
	if a, b := <-got, <-got; a != "plan_accepted" || b != "output_read" {
		t.Errorf("saw %s, %s", a, b)
	}
	add(t, s, journal.Decided{Decision: journal.Abort})
	if a, b := <-got, <-got; a != "remarked" || b != "decided" {
		t.Errorf("saw %s, %s", a, b)
	}
	add(t, s, journal.RunClosed{})
	if a := <-got; a != "run_closed" {
		t.Errorf("saw %s", a)
	}
	if a, ok := <-got; ok {
		t.Errorf("saw %s behind the end", a)
	}
}

// shellForEver records a shell and stands still in it.
func shellForEver(s *segments.Segments) error {
	sh, err := s.OpenShell(context.Background(), journal.ShellOpened{Session: "s1", Host: "a", Recorded: true})
	if err != nil {
		return err
	}
	if _, err := io.WriteString(sh, "hello"); err != nil {
		return err
	}
	fmt.Println("open")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
