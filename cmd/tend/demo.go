package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"tend/ui"
)

// linger is how long the demo's machine room stays up with nobody in it.
const linger = 2 * time.Minute

func (a *app) demoCmd() *cobra.Command {
	var f labFlags
	var fresh bool
	c := &cobra.Command{
		Use: "demo [COMMAND…]", Short: "Open the console on a pretend machine room: nothing to set up, nothing real touched",
		Long: `Serve the example inventory as simulated hosts over real SSH on loopback and open the console on it. Everything of the demo, its
journal too, lives in a directory of its own; your own journal and SSH files are not touched. With a command behind it, that
command runs in the demo's world instead.`,
		Example: "  tend demo\n  tend demo run health site=ams1\n  tend demo journal list\n  tend demo --fresh",
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := ui.ParseTier(a.tierFlag); err != nil { // before a machine room is built
				return usage("see tend demo --help", "--tier: %w", err)
			}
			return a.demo(c.Context(), f, fresh, args)
		},
	}
	f.bind(c)
	a.screenFlags(c)
	c.Flags().SetInterspersed(false)
	c.Flags().BoolVar(&fresh, "fresh", false, "forget the demo's journal and begin anew")
	return c
}

func (a *app) demo(ctx context.Context, f labFlags, fresh bool, args []string) error {
	if f.dir == "" {
		state, err := a.dir("XDG_STATE_HOME", ".local", "state")
		if err != nil {
			return err
		}
		f.dir = filepath.Join(state, "tend-demo")
	}
	f.dir = absolute(f.dir)
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return bad(err)
	}
	if fresh {
		if err := a.forget(f.dir); err != nil {
			return err
		}
	}
	hold, err := os.OpenFile(filepath.Join(f.dir, "consoles.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return bad(err)
	}
	defer hold.Close()
	if err := unix.Flock(int(hold.Fd()), unix.LOCK_SH); err != nil {
		return err
	}
	if err := a.ensureLab(ctx, f); err != nil {
		return err
	}
	if len(args) == 0 && !a.readonly {
		if err := a.firstLook(ctx, f.dir); err != nil {
			return err
		}
	}
	if len(args) == 0 {
		args = []string{"--tier=" + a.tierFlag, fmt.Sprintf("--readonly=%t", a.readonly)}
	}
	return a.inDemo(ctx, f.dir, args)
}

// firstLook starts a run of health over the whole room where nobody has been before: a newcomer sees a fleet, not a list of names. It
// goes on behind the console, as any run does.
func (a *app) firstLook(ctx context.Context, dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "tend", "journal")); !os.IsNotExist(err) {
		return nil
	}
	quiet := *a
	quiet.out = io.Discard
	return quiet.inDemo(ctx, dir, []string{"run", "health", "--detach", "--reason", "the demo's first look"})
}

// inDemo runs a command line with every place that tend keeps things in moved into the demo's directory.
func (a *app) inDemo(ctx context.Context, dir string, args []string) error {
	places := map[string]string{
		"XDG_STATE_HOME": dir, "XDG_CONFIG_HOME": filepath.Join(dir, "config"), "XDG_CACHE_HOME": filepath.Join(dir, "cache"),
		"TEND_INVENTORY": filepath.Join(dir, "inventory.toml"), "SSH_AUTH_SOCK": "", "HOME": filepath.Join(dir, "home"),
	}
	getenv := func(k string) string {
		if v, ok := places[k]; ok {
			return v
		}
		return a.getenv(k)
	}
	if code := Main(ctx, args, a.streams, getenv); code != 0 {
		return silent(code)
	}
	return nil
}

// forget removes the demo's own journal, where no demo is open and no run of it is alive.
func (a *app) forget(dir string) error {
	if held(filepath.Join(dir, "consoles.lock")) {
		return usage("close it first", "another demo is open in %s", dir)
	}
	return os.RemoveAll(filepath.Join(dir, "tend"))
}

// held reports whether anybody holds the lock file.
func held(path string) bool {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil
}

// ensureLab starts the machine room where none is up. Its process holds lab.lock for as long as it lives.
// Who comes while another starts it waits until it is there: what lies in the directory until then is of an earlier one, or nothing.
func (a *app) ensureLab(ctx context.Context, f labFlags) error {
	turn, err := os.OpenFile(filepath.Join(f.dir, "start.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return bad(err)
	}
	defer turn.Close()
	for err = unix.EINTR; err == unix.EINTR; {
		err = unix.Flock(int(turn.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(f.dir, "lab.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return bad(err)
	}
	defer file.Close() // the lab's process has inherited it by then, and keeps the lock
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil // it is up
	}
	return a.startLab(ctx, f, file)
}

func (a *app) startLab(ctx context.Context, f labFlags, lock *os.File) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	args := []string{"lab", "--dir", f.dir, "--linger", linger.String(), "--port", fmt.Sprint(f.port), "--speed", fmt.Sprint(f.speed)}
	for _, ft := range f.faults {
		args = append(args, "--fault", ft)
	}
	if f.windows {
		args = append(args, "--windows")
	}
	if a.inventory != "" {
		args = append(args, "-i", absolute(a.inventory))
	}
	log, err := os.OpenFile(filepath.Join(f.dir, "lab.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return bad(err)
	}
	defer log.Close()
	p := exec.Command(exe, args...)
	p.Dir, p.Stderr, p.ExtraFiles = "/", log, []*os.File{lock}
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	p.Stdout = theirs
	err = p.Start()
	theirs.Close()
	if err != nil {
		return fmt.Errorf("start the lab: %w", err)
	}
	go func() { _ = p.Wait() }() // reaps it while we live; it outlives us by design
	defer context.AfterFunc(ctx, func() { out.Close() })()
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		why, _ := os.ReadFile(log.Name())
		return fmt.Errorf("the lab did not start: %s", strings.TrimSpace(string(why)))
	}
	return nil
}
