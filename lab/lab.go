package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"tend/inventory"
	"tend/lab/kernel"
	"tend/lab/machine"
)

// DemoSeed is the seed with which the example inventory shows every kind of trouble: a dead host, a full disk, failed units and so on.
const DemoSeed = 2991

// Options says what to serve.
type Options struct {
	// Inventory is whose twin the lab is.
	Inventory *inventory.Inventory
	// Dir holds keys, known_hosts and the twin's inventory; it is made, 0700. Its keys stay from one lab to the next.
	Dir string
	// Seed decides how the hosts differ; 0 means DemoSeed.
	Seed int64
	// Speed is how fast lab time runs: 1 for believable durations, 20 for twenty times faster; 0 means 1.
	Speed float64
	// Faults are on from the start.
	Faults []Fault
	// Port is the TCP port; 0 chooses one.
	Port int
	// Jumps lets the twin's hosts keep their jump hosts; else each is reached straight. Whoever dials knows them by name.
	Jumps bool
	// Log, where it is not nil, is told of faults in the lab itself.
	Log func(format string, a ...any)
}

// Lab is a machine room that is being served.
type Lab struct {
	o      Options
	ctx    context.Context
	keys   *keyring
	room   *machine.Room
	twin   *inventory.Inventory
	list   []*entry
	byAddr map[netip.AddrPort]*entry
	byName map[string]*entry
	wg     sync.WaitGroup
	ptys   atomic.Int64 // terminals so far, for their names

	mu     sync.Mutex
	faults []Fault
	open   int       // connections
	quiet  time.Time // since when there is none
}

// entry is a host's place in the lab; the machine itself is made when someone first connects.
type entry struct {
	inv  inventory.Host
	addr netip.AddrPort

	once sync.Once
	m    *machine.Host

	mu     sync.Mutex
	conns  map[net.Conn]bool
	config *xssh.ServerConfig
}

// Serve starts a lab and returns when it is listening. It ends with ctx; see Wait.
func Serve(ctx context.Context, o Options) (*Lab, error) {
	if o.Inventory == nil || len(o.Inventory.Hosts) == 0 {
		return nil, fmt.Errorf("the lab needs an inventory with hosts")
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	if o.Seed == 0 {
		o.Seed = DemoSeed
	}
	keys, err := openKeyring(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("the lab's keys: %w", err)
	}
	listeners, addrs, err := listen(ctx, o.Inventory.Hosts, o.Port)
	if err != nil {
		return nil, fmt.Errorf("the lab cannot listen: %w", err)
	}
	l := &Lab{o: o, ctx: ctx, keys: keys, byAddr: make(map[netip.AddrPort]*entry, len(addrs)), byName: make(map[string]*entry, len(addrs)), quiet: time.Now()}
	l.room = machine.NewRoom(o.Seed, kernel.NewClock(time.Now(), o.Speed))
	l.room.Panicked = func(host string, p *kernel.Proc, v any, stack []byte) {
		l.o.Log("lab: %s: %v: %v\n%s", host, p.Args(), v, stack)
	}
	l.list = make([]*entry, len(addrs))
	for i, h := range o.Inventory.Hosts {
		e := &entry{inv: h, addr: addrs[i], conns: map[net.Conn]bool{}}
		l.list[i], l.byAddr[e.addr], l.byName[string(h.Name)] = e, e, e
	}
	l.faults = append(l.faults, o.Faults...)
	l.twin = l.makeTwin()
	if err := l.writeKnownHosts(); err != nil {
		for _, ln := range listeners {
			ln.Close()
		}
		return nil, fmt.Errorf("the lab's known_hosts: %w", err)
	}
	for _, ln := range listeners {
		l.wg.Add(1)
		go l.accept(ln)
	}
	l.wg.Add(1)
	go l.shutdown(listeners)
	return l, nil
}

// shutdown ends everything when the context does.
func (l *Lab) shutdown(listeners []net.Listener) {
	defer l.wg.Done()
	<-l.ctx.Done()
	for _, ln := range listeners {
		ln.Close()
	}
	for _, e := range l.list {
		e.cut()
		if m := e.made(); m != nil {
			m.PowerOff()
		}
	}
	l.room.Close()
	for _, e := range l.list {
		if m := e.made(); m != nil {
			m.PowerOff()
			m.Wait()
		}
	}
}

// Wait returns when every goroutine of the lab has ended, which is soon after its context did.
func (l *Lab) Wait() { l.wg.Wait() }

// made is the machine, where someone has connected to it.
func (e *entry) made() *machine.Host {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.m
}

// machine makes the host on first use.
func (l *Lab) machine(e *entry) *machine.Host {
	e.once.Do(func() {
		m := l.room.NewHost(e.inv)
		for _, f := range l.faultsOf(e) {
			m.SetFault(f.Name, f.Value, true)
		}
		e.mu.Lock()
		e.m = m
		e.mu.Unlock()
	})
	return e.made()
}

// cut closes every connection of a host.
func (e *entry) cut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.conns {
		c.Close()
	}
}

// Inventory is the lab's own: the same sites, racks, hosts, groups and services, with each host's address, port, user, keys and
// known_hosts in the lab, and without jump hosts, unless Options.Jumps keeps them.
func (l *Lab) Inventory() *inventory.Inventory { return l.twin }

func (l *Lab) makeTwin() *inventory.Inventory {
	twin := *l.o.Inventory // keeps its index of names: the hosts stay in their order
	twin.Path = filepath.Join(l.o.Dir, "inventory.toml")
	twin.Hosts = make([]inventory.Host, len(l.list))
	for i, e := range l.list {
		h := e.inv
		h.Addr, h.Port = e.addr.Addr().String(), int(e.addr.Port())
		if h.User == "" {
			h.User = "ops"
		}
		if !l.o.Jumps {
			h.Jump = nil
		}
		h.HostKey = ""
		h.KnownHosts = []string{filepath.Join(l.o.Dir, "known_hosts")}
		h.Identity = []string{l.keys.identity()}
		twin.Hosts[i] = h
	}
	return &twin
}

// writeKnownHosts writes one plain line a host. Two goroutines make the keys: 10,000 of them take a third of a second.
func (l *Lab) writeKnownHosts() error {
	lines := make([]string, len(l.list))
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for half := range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := half; i < len(l.list); i += 2 {
				e := l.list[i]
				key, err := xssh.NewPublicKey(l.keys.private(string(e.inv.Name), 0).Public())
				if err != nil {
					errs[half] = err
					return
				}
				lines[i] = fmt.Sprintf("[%s]:%d %s", e.addr.Addr(), e.addr.Port(), xssh.MarshalAuthorizedKey(key))
			}
		}()
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(l.o.Dir, "known_hosts"), []byte(strings.Join(lines, "")), fs.FileMode(0o600))
}

// WriteInventory writes the twin to inventory.toml in the lab's directory.
func (l *Lab) WriteInventory() (path string, err error) {
	f, err := os.CreateTemp(l.o.Dir, ".inventory-") // renamed, so that nobody ever reads half of it
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(l.twin.Marshal())
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	return l.twin.Path, os.Rename(f.Name(), l.twin.Path)
}

// Idle is how long no connection has been open; 0 while one is.
func (l *Lab) Idle() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open > 0 {
		return 0
	}
	return time.Since(l.quiet)
}

// Connections is how many are open.
func (l *Lab) Connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

func (l *Lab) count(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open += n; l.open == 0 {
		l.quiet = time.Now()
	}
}
