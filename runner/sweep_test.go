package runner

import (
	"errors"
	"net"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"tend/journal"
)

// TestNobodySweepsASocketThatIsBeingMade: whoever looks for runs removes the sockets of killed processes. One that is bound, and not listened
// on yet, refuses as theirs do; a run lost its socket so, and with it its process, in the moment of its birth.
func TestNobodySweepsASocketThatIsBeingMade(t *testing.T) {
	t.Parallel()
	dir := short(t)
	if err := private(dir); err != nil {
		t.Fatal(err)
	}
	path := SocketPath(dir, "/j", run)
	stop, done := make(chan struct{}), make(chan struct{})
	for range 2 {
		go func() {
			defer func() { done <- struct{}{} }()
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := Alive(t.Context(), dir, "/j"); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	for range 500 {
		s, err := listen(t.Context(), run, path, NewAsker())
		if err != nil {
			t.Error(err)
			break
		}
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
		s.close()
	}
	close(stop)
	<-done
	<-done
}

// TestSocketOfAKilledProcessIsSwept, unless somebody is making one at that moment.
func TestSocketOfAKilledProcessIsSwept(t *testing.T) {
	t.Parallel()
	dir := short(t)
	if err := private(dir); err != nil {
		t.Fatal(err)
	}
	path := SocketPath(dir, "/j", run)
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false) // as kill -9 leaves it
	ln.Close()
	unlock, err := lock(dir, unix.LOCK_EX)
	if err != nil {
		t.Fatal(err)
	}
	if runs, err := Alive(t.Context(), dir, "/j"); err != nil || len(runs) > 0 {
		t.Errorf("%v, %v", runs, err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("swept under a lock: %v", err)
	}
	unlock()
	if _, err := Alive(t.Context(), dir, "/j"); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("not swept: %v", err)
	}
	s, err := listen(t.Context(), run, path, NewAsker())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if runs, err := Alive(t.Context(), dir, "/j"); err != nil || !slices.Equal(runs, []journal.RunID{run}) {
		t.Errorf("%v, %v", runs, err)
	}
}
