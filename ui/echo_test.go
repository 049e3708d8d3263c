package ui

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"
)

// TestLineConsoleLeavesTheEcho: a secret of the line console is asked for in the dark; ^C at it ends it, and the terminal shows again what is
// typed.
func TestLineConsoleLeavesTheEcho(t *testing.T) {
	if os.Getenv("TEND_TEST_ASKS_SECRET") != "" {
		(&lineConsole{cfg: Config{Input: os.Stdin}, out: os.Stdout}).secret("asked\n", true)
		return
	}
	c := exec.Command(os.Args[0], "-test.run", "^TestLineConsoleLeavesTheEcho$")
	c.Env = append(os.Environ(), "TEND_TEST_ASKS_SECRET=1")
	f, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	was, err := term.GetState(f.Fd()) // before anybody is there who changes it
	if err != nil {
		t.Fatal(err)
	}
	c.Stdin, c.Stdout, c.Stderr, c.SysProcAttr = tty, tty, tty, &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := errors.Join(c.Start(), tty.Close()); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(f).ReadString('\n'); err != nil || !strings.Contains(line, "asked") {
		t.Fatalf("%q, %v", line, err)
	}
	if now, err := term.GetState(f.Fd()); err != nil || *now == *was {
		t.Errorf("it asks while what is typed is still shown: %v", err)
	}
	if _, err := f.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err == nil {
		t.Error("it went on")
	}
	if now, err := term.GetState(f.Fd()); err != nil || *now != *was {
		t.Errorf("the terminal is not what it was: %v", err)
	}
}
