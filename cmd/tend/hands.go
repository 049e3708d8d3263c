package main

import (
	"context"
	"sync"
	"time"

	"tend/engine"
	"tend/inventory"
	"tend/journal"
	"tend/journal/segments"
	"tend/quote"
	"tend/remote"
	"tend/runner"
	"tend/ssh"
)

// hands join the road and the detached step into what the engine asks for. They record each road as it is taken, and hold a lease on
// every host that the run changes, so that two runs never work on one host at once, whoever started them and from where.
type hands struct {
	*remote.Keeper
	client *ssh.Client
	book   *segments.Segments
	claim  remote.Claim
	taken  *roads
	mu     sync.Mutex
	leased map[inventory.HostID]inventory.Host
}

func newHands(client *ssh.Client, c runner.Commission, r road, book *segments.Segments, asker *runner.Asker, secret *journal.Redactor) *hands {
	o := remote.Options{Remark: func(host inventory.HostID, _, text string) {
		// What cannot be recorded here stops the run at its next step, which says so.
		_, _ = book.Append(context.Background(), c.Run, journal.Remarked{Host: host, Text: quote.Line(text)})
	}}
	r.place(&o)
	if c.Interactive {
		o.Secrets = newSecrets(c.Run, asker, secret).give
	}
	return &hands{
		Keeper: remote.New(client, o), client: client, book: book, taken: newRoads(), leased: map[inventory.HostID]inventory.Host{},
		claim: remote.Claim{Owner: string(c.Origin), Run: string(c.Run), At: time.Now()},
	}
}

// Carry carries the order out, and names in the journal the road that led there.
func (h *hands) Carry(ctx context.Context, o engine.Order, sink func(int64, []byte) error) (int, error) {
	if o.Job != "" {
		if err := h.lease(ctx, o.Host); err != nil {
			return 0, err
		}
	}
	reached := func(offset int64, p []byte) error {
		if err := h.reach(ctx, o.Host.Name); err != nil {
			return err
		}
		return sink(offset, p)
	}
	return h.Keeper.Carry(ctx, remote.Order(o), reached)
}

// Restart restarts a host that is ours.
func (h *hands) Restart(ctx context.Context, host inventory.Host) error {
	if err := h.lease(ctx, host); err != nil {
		return err
	}
	return h.Keeper.Restart(ctx, host)
}

// lease claims the host for this run, once. A run that held it before its process was killed has it again.
func (h *hands) lease(ctx context.Context, host inventory.Host) error {
	h.mu.Lock()
	_, have := h.leased[host.Name]
	h.mu.Unlock()
	if have {
		return nil
	}
	if _, err := h.Keeper.Acquire(ctx, host, h.claim); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leased[host.Name] = host
	return nil
}

// recorder gives the run's hosts back before the run is recorded as ended: whoever sees the end may have them.
// What it writes has gone through the redactor: no password that was typed for this run reaches the journal.
type recorder struct {
	journal.Journal
	hands *hands
}

// Append is the journal's.
func (r recorder) Append(ctx context.Context, run journal.RunID, bodies ...journal.Body) ([]journal.Event, error) {
	for _, b := range bodies {
		if _, ends := b.(journal.RunClosed); ends {
			r.hands.release(context.WithoutCancel(ctx))
		}
	}
	return r.Journal.Append(ctx, run, bodies...)
}

// releaseTime is how long the run's end waits for hosts that do not answer: tend host lease shows whose lease lies there.
const releaseTime = 10 * time.Second

// release gives every host back. A run that is left open keeps its leases until it is resumed.
func (h *hands) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, releaseTime)
	defer cancel()
	slots := make(chan struct{}, 64)
	var wait sync.WaitGroup
	for _, host := range h.leased { // nothing is at work any more that could add to it
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			_ = h.Keeper.Release(ctx, host, h.claim) // a host that is away keeps a lease, and tend host lease shows whose
		})
	}
	wait.Wait()
}

func (h *hands) reach(ctx context.Context, host inventory.HostID) error {
	r, ok := h.client.Road(host)
	if !ok || !h.taken.first(host, r.Since) {
		return nil
	}
	_, err := h.book.Append(ctx, journal.RunID(h.claim.Run), journal.HostReached{
		Host: host, Addr: r.Addr, Via: r.Jumps, User: r.User, Key: r.HostKeyType + " " + r.Fingerprint, Auth: r.Auth,
	})
	return err
}
