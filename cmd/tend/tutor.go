package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/journal"
	"tend/lab"
)

func (a *app) tutorCmd() *cobra.Command {
	var speed float64
	c := &cobra.Command{
		Use: "tutor", Short: "Learn tend in a quarter of an hour, on a pretend machine room", Args: cobra.NoArgs,
		Long: `A few tasks on the lab, each of which notices by itself that it is done: look at a rack, find the sick host and mend it, patch,
live through a link that drops and through a run whose process is killed, read the journal. You type real tend commands. Nothing
real is touched, and nothing is kept.`,
		Example: "  tend tutor",
		RunE:    func(c *cobra.Command, _ []string) error { return a.tutor(c.Context(), speed) },
	}
	c.Flags().Float64Var(&speed, "speed", 10, "how many times faster than life")
	return c
}

// tutorFaults are what the lessons need to be wrong in the machine room.
func tutorFaults() []lab.Fault {
	all := []lab.Fault{{Hosts: "web-0102", Name: "failed-unit", Value: "nginx.service"}, {Hosts: "web-0107", Name: "flap", Value: "2s"}}
	for _, h := range []string{"web-0101", "web-0102", "web-0103", "web-0106", "web-0107"} {
		all = append(all, lab.Fault{Hosts: h, Name: "pending", Value: "12"})
	}
	return all
}

func (a *app) tutor(ctx context.Context, speed float64) error {
	ctx, cancel := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGHUP) // nothing is left behind then, either
	defer cancel()
	dir, err := os.MkdirTemp("", "tend-tutor-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	inv, err := a.example()
	if err != nil {
		return err
	}
	for i := range inv.Hosts {
		inv.Hosts[i].Window = ""
	}
	l, err := lab.Serve(ctx, lab.Options{Inventory: inv, Dir: dir, Speed: speed, Faults: tutorFaults(), Seed: lab.DemoSeed})
	if err != nil {
		return bad(err)
	}
	defer l.Wait()
	defer cancel()
	path, err := l.WriteInventory()
	if err != nil {
		return err
	}
	c, err := a.newClass(dir, path, l)
	if err != nil {
		return err
	}
	return c.teach(ctx, lessons())
}

// lessonLess is how less shows what is longer than the screen: as always, and with a word on how to leave it.
const lessonLess = `FRX -Psspace\: more   q\: back to the tutor$`

// class is a tutor at work: a directory of its own, in which the typed commands live.
type class struct {
	*app // as the commands see the world
	room *lab.Lab
	env  []string // of what is typed
	in   *bufio.Reader
	tty  io.Reader // what the commands read from: the terminal, or nothing
}

func (a *app) newClass(dir, inv string, room *lab.Lab) (*class, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return nil, err
	}
	if err := os.Symlink(exe, filepath.Join(bin, "tend")); err != nil {
		return nil, err
	}
	places := map[string]string{
		"XDG_STATE_HOME": filepath.Join(dir, "state"), "XDG_CONFIG_HOME": filepath.Join(dir, "config"), "XDG_CACHE_HOME": filepath.Join(dir, "cache"),
		"XDG_RUNTIME_DIR": dir, "TEND_INVENTORY": inv, "SSH_AUTH_SOCK": "", "PATH": bin + ":" + a.getenv("PATH"),
	}
	c := &class{room: room, app: &app{streams: a.streams, now: a.now, getenv: func(k string) string {
		if v, ok := places[k]; ok {
			return v
		}
		return a.getenv(k)
	}}, env: append(os.Environ(), "LESS="+cmp.Or(a.getenv("LESS"), lessonLess)), in: bufio.NewReader(a.in)}
	for k, v := range places {
		c.env = append(c.env, k+"="+v)
	}
	if terminal(a.in) {
		c.tty = a.in
	}
	return c, nil
}

// errLeft says that the learner has gone.
var errLeft = errors.New("left")

func (c *class) teach(ctx context.Context, all []lesson) error {
	fmt.Fprint(c.out, reflow(welcome, 80))
	for i, l := range all {
		fmt.Fprintf(c.out, "\n--- %d of %d: %s\n\n%s\n", i+1, len(all), l.title, strings.TrimSuffix(reflow(l.text, 80), "\n"))
		switch err := c.lesson(ctx, l); {
		case errors.Is(err, errLeft) || ctx.Err() != nil:
			fmt.Fprintln(c.out, "\nUntil next time. Nothing of this is left behind.")
			return nil
		case err != nil:
			return err
		}
	}
	fmt.Fprint(c.out, reflow(farewell, 80))
	return nil
}

// lesson reads and does commands until the task is done.
func (c *class) lesson(ctx context.Context, l lesson) error {
	if l.stall != "" {
		if err := c.stalls(l.stall, true); err != nil {
			return err
		}
		defer func() { _ = c.stalls(l.stall, false) }() // it was there a moment ago
	}
	for {
		fmt.Fprint(c.out, "tutor> ")
		line, err := c.next(ctx)
		line = strings.TrimSpace(line)
		if err != nil && line == "" {
			return errLeft
		}
		switch word, _, _ := strings.Cut(line, " "); word {
		case "":
			continue
		case "quit", "exit":
			return errLeft
		case "q": // one too many for the pager: all that was learnt would be gone
			fmt.Fprintln(c.out, "quit leaves the tutor.")
			continue
		case "skip":
			return nil
		case "hint", "help":
			fmt.Fprintf(c.out, "Try:  %s\n", l.hint)
			continue
		}
		t := turn{line: line}
		own := c.own(ctx, l, &t)
		if !own {
			t.exit = c.shell(ctx, line)
		}
		done, word, err := l.done(ctx, c, t)
		if err != nil {
			return err
		}
		if word != "" {
			fmt.Fprint(c.out, reflow(word, 80))
		}
		if done {
			return nil
		}
		if !own { // what it printed may have pushed the task out of sight
			fmt.Fprintf(c.out, "The task goes on: %s. hint says what to type.\n", l.title)
		}
	}
}

// next is what is typed next. A signal ends the tutor while it waits for that.
func (c *class) next(ctx context.Context) (string, error) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT)
	defer stop()
	type line struct {
		text string
		err  error
	}
	typed := make(chan line, 1)
	go func() { // it ends with what is typed, or with the process
		text, err := c.in.ReadString('\n')
		typed <- line{text, err}
	}()
	select {
	case l := <-typed:
		return l.text, l.err
	case <-ctx.Done():
		return "", errLeft
	}
}

// turn is what the learner typed, and how it went.
type turn struct {
	line, answer string
	exit         int
}

// own does the tutor's own words, answer and kill, and says what to type for what is no command of the shell's but one of tend's.
func (c *class) own(ctx context.Context, l lesson, t *turn) bool {
	word, rest, _ := strings.Cut(t.line, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case word == "answer" && !l.asks:
		fmt.Fprintln(c.out, "This task asks nothing; hint says what to type.")
	case word == "answer" && rest == "":
		fmt.Fprintln(c.out, "Type:  answer HOST")
	case word == "answer":
		t.answer = rest
	case word == "kill":
		if err := c.kill(ctx, rest); err != nil {
			fmt.Fprintln(c.out, "tutor:", err)
		}
	case c.bare(word):
		fmt.Fprintf(c.out, "%s is a command of tend. Type:  tend %s\n", word, t.line)
	default:
		return false
	}
	return true
}

// bare reports whether the word is one of tend's commands, without tend before it, and nothing that the shell would find.
func (c *class) bare(word string) bool {
	known := slices.ContainsFunc(c.root().Commands(), func(k *cobra.Command) bool { return k.Name() == word || k.HasAlias(word) })
	_, err := exec.LookPath(word)
	return known && err != nil
}

// stalls makes a host stand still in the middle of its upgrade, or lets it go on.
func (c *class) stalls(host string, on bool) error {
	return c.room.Inject(lab.Fault{Hosts: host, Name: "stall-in", Value: "unpack", Off: !on})
}

// kill pulls the plug of a run that is in the middle of its upgrade: SIGKILL, as the kernel does when memory is short.
func (c *class) kill(ctx context.Context, typed string) error {
	book, err := c.book()
	if err != nil {
		return err
	}
	defer book.Close()
	run, err := c.find(ctx, book, typed)
	if err != nil {
		return err
	}
	host, err := upgrading(ctx, book, run)
	if err != nil {
		return err
	}
	cl, err := c.client(run)
	if err != nil {
		return err
	}
	pid, err := cl.PID(ctx)
	if err != nil {
		return fmt.Errorf("the process of run %s: %w", run, err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	for alive := true; alive; {
		all, err := c.alive(ctx)
		if err != nil {
			return err
		}
		alive = all[run]
		time.Sleep(20 * time.Millisecond)
	}
	fmt.Fprintf(c.out, "kill -9 %d: the process of run %s is dead, and dpkg is half-way on %s.\n", pid, run, host)
	return c.stalls(string(host), false)
}

// upgrading waits until the upgrade of a host has begun. It stands still there, so that it is under way for as long as that takes.
func upgrading(ctx context.Context, book journal.Journal, run journal.RunID) (inventory.HostID, error) {
	for e, err := range book.Events(ctx, run, 0, true) {
		if err != nil {
			return "", err
		}
		if b, ok := e.Body.(journal.StepStarted); ok && b.Step == "upgrade" {
			return b.Host, nil
		}
	}
	return "", fmt.Errorf("run %s has ended: there is nothing to kill", run)
}

// shell runs what was typed. An interrupt is the command's, not the tutor's.
func (c *class) shell(ctx context.Context, line string) int {
	ours := make(chan os.Signal, 1) // caught and not ignored: what is ignored stays so in the command
	signal.Notify(ours, syscall.SIGINT)
	defer signal.Stop(ours)
	p := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	p.Env, p.Stdin, p.Stdout, p.Stderr = c.env, c.tty, c.out, c.err
	if err := p.Run(); err != nil && p.ProcessState == nil {
		fmt.Fprintln(c.out, "tutor:", err)
		return 127
	}
	return p.ProcessState.ExitCode()
}

// hostOf is a host of the lab.
func hostOf(s string) inventory.HostID { return inventory.HostID(strings.TrimSpace(s)) }
