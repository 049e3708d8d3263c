package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tend"
	"tend/inventory"
	"tend/lab"
)

type labFlags struct {
	dir    string
	port   int
	speed  float64
	faults []string
	linger time.Duration
	// windows keeps the inventory's maintenance windows, so that the twin can be worked on at its hours only.
	windows bool
}

func (f *labFlags) bind(c *cobra.Command) {
	c.Flags().StringVar(&f.dir, "dir", "", "`directory` for the lab's keys and inventory")
	c.Flags().IntVar(&f.port, "port", 0, "TCP port (0 = choose)")
	c.Flags().Float64Var(&f.speed, "speed", 1, "how many times faster than life")
	c.Flags().BoolVar(&f.windows, "windows", false, "keep the inventory's maintenance windows; else the lab may be worked on at any time")
	c.Flags().StringArrayVar(&f.faults, "fault", nil, "inject a `HOST:FAULT`, such as web-0001:dead; may be repeated")
}

func (a *app) labCmd() *cobra.Command {
	var f labFlags
	var list bool
	c := &cobra.Command{
		Use: "lab", Short: "Serve a pretend machine room over real SSH on loopback", Args: cobra.NoArgs,
		Long: `Serve a simulated twin of an inventory (-i, else the built-in example) over real SSH on loopback, for any SSH client. Nothing of
this machine can be read, changed or executed through it.`,
		Example: "  tend lab --dir /tmp/lab\n  tend lab --dir /tmp/lab --fault db-0712:dead --speed 20\n  tend lab --list-faults",
		RunE: func(c *cobra.Command, _ []string) error {
			if list {
				a.listFaults()
				return nil
			}
			return a.lab(c.Context(), f)
		},
	}
	f.bind(c)
	c.Flags().BoolVar(&list, "list-faults", false, "list the faults that can be injected")
	c.Flags().DurationVar(&f.linger, "linger", 0, "end after so much time without a console and without a connection (0 = never)")
	_ = c.Flags().MarkHidden("linger")
	return c
}

func (a *app) listFaults() {
	for _, d := range lab.Faults() {
		name := d.Name
		if d.Value != "" {
			name += "=" + d.Value
		}
		fmt.Fprintf(a.out, "%-22s %s\n", name, d.Text)
	}
}

// example is the inventory whose twin is served: the one that was asked for, else the one inside this program.
func (a *app) example() (*inventory.Inventory, error) {
	if a.inventory != "" {
		return a.load()
	}
	inv, err := inventory.Parse("inventory.toml", tend.Example)
	if err != nil {
		return nil, bad(err)
	}
	return inv, nil
}

func (a *app) lab(ctx context.Context, f labFlags) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	inv, err := a.example()
	if err != nil {
		return err
	}
	for i := range inv.Hosts {
		if !f.windows {
			inv.Hosts[i].Window = ""
		}
	}
	var faults []lab.Fault
	for _, s := range f.faults {
		ft, err := lab.ParseFault(s)
		if err != nil {
			return usage("tend lab --list-faults", "%w", err)
		}
		faults = append(faults, ft)
	}
	if f.dir == "" {
		if f.dir, err = os.MkdirTemp("", "tend-lab-"); err != nil {
			return err
		}
		defer os.RemoveAll(f.dir)
	}
	// The inventory that the lab writes names its files there.
	if f.dir, err = filepath.Abs(f.dir); err != nil {
		return err
	}
	l, err := lab.Serve(ctx, lab.Options{Inventory: inv, Dir: f.dir, Port: f.port, Speed: f.speed, Faults: faults, Seed: lab.DemoSeed})
	if err != nil {
		return bad(err)
	}
	path, err := l.WriteInventory()
	if err != nil {
		return err
	}
	a.announce(l, path, f)
	if f.linger > 0 {
		return a.lingerOn(ctx, l, f)
	}
	<-ctx.Done()
	stop()
	l.Wait()
	return nil
}

func (a *app) announce(l *lab.Lab, path string, f labFlags) {
	if f.linger > 0 { // started by the demo, which waits for this line and closes the pipe
		fmt.Fprintln(a.out, "ready")
		if c, ok := a.out.(io.Closer); ok {
			c.Close()
		}
		return
	}
	hosts := l.Inventory().Hosts
	h := hosts[0]
	fmt.Fprintf(a.out, `%s of the lab are up. Ctrl-C ends it.
  tend -i %s
  tend -i %s run health
  ssh -p %d -i %s -o UserKnownHostsFile=%s %s@%s
`, plural(len(hosts), "host"), path, path, h.Port, h.Identity[0], h.KnownHosts[0], h.User, h.Addr)
}

// lingerOn ends the lab once no demo console holds its lock and nobody has been connected for a while: a run that outlives its
// console still finds its hosts.
func (a *app) lingerOn(ctx context.Context, l *lab.Lab, f labFlags) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tick := time.NewTicker(min(f.linger/4+time.Millisecond, 5*time.Second))
	defer tick.Stop()
	var free time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if held(filepath.Join(f.dir, "consoles.lock")) || l.Idle() == 0 {
			free = time.Time{}
			continue
		}
		if free.IsZero() {
			free = time.Now()
		}
		if time.Since(free) >= f.linger {
			return nil
		}
	}
}
