package main

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/remote"
	"tend/runbooks"
)

// A detached step that is followed tells its host's lease about once a minute that its run is there. While a step runs attached, and between
// steps, when a wave soaks, a person is waited for, or a window, nobody would: to another operator the lease would look like a dead run's.
// leaseBeat is how often held hosts on which nothing is followed are told; not more than one each beatPace, so that ten thousand of them
// cost a console nothing.
const (
	leaseBeat = time.Minute
	beatPace  = 25 * time.Millisecond
	beatTime  = 20 * time.Second
	beaters   = 8
)

// beats is the goroutine that tells the hosts; nil does nothing.
type beats struct {
	h      *hands
	every  time.Duration
	linked func(inventory.HostID) bool // whether a connection is open: another one might ask a person for something, each minute
	cancel context.CancelFunc
	wait   sync.WaitGroup
	mu     sync.Mutex
	at     map[inventory.HostID]int // how many detached steps are followed on a host
	lost   map[inventory.HostID]bool
}

// beat begins to tell held hosts that the run is there.
func (h *hands) beat(ctx context.Context, every time.Duration, linked func(inventory.HostID) bool) {
	ctx, cancel := context.WithCancel(ctx)
	b := &beats{h: h, every: every, linked: linked, cancel: cancel, at: map[inventory.HostID]int{}, lost: map[inventory.HostID]bool{}}
	h.resting = b
	b.wait.Go(func() { b.run(ctx) })
}

// stop ends it and waits for it; it may be called again.
func (b *beats) stop() {
	if b != nil {
		b.cancel()
		b.wait.Wait()
	}
}

func (b *beats) run(ctx context.Context) {
	for pause(ctx, b.every) {
		slots := make(chan struct{}, beaters)
		var wait sync.WaitGroup
		for _, host := range b.hosts() {
			slots <- struct{}{}
			wait.Go(func() {
				defer func() { <-slots }()
				b.tell(ctx, host)
			})
			if !pause(ctx, beatPace) {
				break
			}
		}
		wait.Wait()
	}
}

// pause waits; false = ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// hosts are the held hosts on which nothing is followed.
func (b *beats) hosts() []inventory.Host {
	b.h.mu.Lock()
	defer b.h.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	held := maps.Clone(b.h.before)
	maps.Copy(held, b.h.leased)
	var out []inventory.Host
	for id, host := range held {
		if b.at[id] == 0 && !b.lost[id] && b.linked(id) {
			out = append(out, host)
		}
	}
	return out
}

// tell tells one host. That its lease was broken is remarked once: nothing more will be started there. A host that cannot be reached is told
// the next time.
func (b *beats) tell(ctx context.Context, host inventory.Host) {
	ctx, cancel := context.WithTimeout(ctx, beatTime)
	defer cancel()
	err := b.h.Keeper.Renew(ctx, host, b.h.claim)
	if e, ok := errors.AsType[*remote.Error](err); !ok || e.Kind != remote.Leased {
		return
	}
	b.mu.Lock()
	b.lost[host.Name] = true
	b.mu.Unlock()
	b.h.mu.Lock()
	_, held := b.h.leased[host.Name]
	b.h.mu.Unlock()
	if held {
		b.h.remark(host.Name, "the host is lost to this run: "+err.Error())
	}
}

// at says that a detached step is followed on the host until the function is called that it returns: the follower tells the lease itself.
// What runs attached does not.
func (h *hands) at(host inventory.HostID) (done func()) {
	b := h.resting
	if b == nil {
		return func() {}
	}
	count := func(n int) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.at[host] += n
	}
	count(1)
	return func() { count(-1) }
}

// held reads which hosts an earlier process of the run may have leased.
func (h *hands) held(ctx context.Context, book journal.Journal) error {
	hosts, changes := map[inventory.HostID]inventory.Host{}, map[runbooks.StepID]bool{}
	for e, err := range book.Events(ctx, journal.RunID(h.claim.Run), 0, false) {
		if err != nil {
			return err
		}
		switch b := e.Body.(type) {
		case journal.PlanAccepted:
			for _, s := range b.Plan.Steps {
				changes[s.ID] = s.Risk != runbooks.Read
			}
			for _, host := range b.Plan.Hosts {
				hosts[host.Name] = host
			}
		case journal.StepStarted:
			if host, ours := hosts[b.Host]; ours && (b.Job != "" || changes[b.Step]) {
				h.before[b.Host] = host
			}
		}
	}
	return nil
}
