package segments_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"tend/journal"
	"tend/journal/journaltest"
	"tend/journal/segments"
)

const groupID = 54399

// share becomes another user, writes a run and a note in the group's journal, and reads, verifies and attacks what the other one wrote.
func share(*segments.Segments) error {
	uid, err := strconv.Atoi(os.Getenv("TEND_TEST_UID"))
	if err != nil {
		return err
	}
	if err := errors.Join(syscall.Setgroups([]int{groupID}), syscall.Setgid(uid), syscall.Setuid(uid)); err != nil {
		return err
	}
	dir, me, other := os.Getenv("TEND_TEST_DIR"), os.Getenv("TEND_TEST_ME"), os.Getenv("TEND_TEST_OTHER")
	s, err := segments.Open(dir, journal.OriginID(me), segments.SharedByMode(dir))
	if err != nil {
		return err
	}
	_, err = s.Append(context.Background(), journal.RunID("run-"+me), journaltest.Plan("health", "a"), journal.RunClosed{Result: journal.Passed})
	if err != nil {
		return err
	}
	if _, err := s.Note(context.Background(), journal.Noted{Text: "by " + me}); err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	if other == "" {
		return nil
	}
	return meddle(s, dir, other)
}

// meddle reads what another one wrote, and wants every way to change it refused.
func meddle(s *segments.Segments, dir, other string) error {
	n := 0
	for _, err := range s.Events(context.Background(), journal.RunID("run-"+other), 0, false) {
		if n++; err != nil {
			return err
		}
	}
	rep, err := s.Verify(context.Background())
	if err != nil || !rep.OK() || n != 2 || rep.Segments != 6 {
		return fmt.Errorf("%d events of the other's; %+v, %w", n, rep, err)
	}
	theirs := filepath.Join(dir, other)
	file := filepath.Join(theirs, "run-"+other+".jsonl")
	_, write := os.OpenFile(file, os.O_WRONLY, 0)
	for what, err := range map[string]error{
		"write": write, "remove": os.Remove(file), "rename": os.Rename(theirs, theirs+"x"), "put there": os.WriteFile(filepath.Join(theirs, "x.jsonl"), nil, 0o600),
	} {
		if !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("to %s what is another's: %w", what, err)
		}
	}
	return nil
}

// TestGroup: two users, neither of them root, keep a journal together by their group: each writes, both read and verify all of it, and
// neither can change what is the other's. Somebody outside of the group sees nothing.
func TestGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become two other users")
	}
	dir := t.TempDir()
	do(t, os.Chmod(filepath.Dir(dir), 0o755)) // the others must come by
	do(t, os.Chown(dir, 0, groupID))
	do(t, os.Chmod(dir, 0o770|os.ModeSetgid|os.ModeSticky))
	for i, me := range []string{"kim", "lee"} {
		t.Setenv("TEND_TEST_UID", strconv.Itoa(54321+i))
		t.Setenv("TEND_TEST_ME", me)
		t.Setenv("TEND_TEST_OTHER", []string{"", "kim"}[i])
		cmd, _, _ := child(t, "share", dir)
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%s: %v", me, err)
		}
	}
}

// TestOfGroup: only a mode that somebody set on purpose makes a journal a group's.
func TestOfGroup(t *testing.T) {
	dir := t.TempDir()
	for mode, want := range map[os.FileMode]bool{
		0o770 | os.ModeSetgid | os.ModeSticky: true, 0o770 | os.ModeSetgid: false, 0o770 | os.ModeSticky: false, 0o777 | os.ModeSetgid | os.ModeSticky: false,
		0o750 | os.ModeSetgid | os.ModeSticky: false, 0o700: false,
	} {
		do(t, os.Chmod(dir, mode))
		if got := journal.OfGroup(dir); got != want {
			t.Errorf("mode %v: %v", mode, got)
		}
		if _, err := segments.Open(dir, origin, segments.SharedByMode(dir)); (err == nil) != (want || mode == 0o700 || mode.Perm() == 0o750) {
			t.Errorf("mode %v opens with %v", mode, err)
		}
	}
}
