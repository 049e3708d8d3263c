package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"tend/engine"
	"tend/inventory"
	"tend/journal"
	"tend/journal/segments"
	"tend/quote"
	"tend/remote"
	"tend/runbooks"
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
	remark func(host inventory.HostID, text string)
	// doubted are the hosts that are said not to keep a detached step; nothing changes it.
	doubted []inventory.HostID
	mu      sync.Mutex
	cleared map[string]bool // host and fact
	leased  map[inventory.HostID]inventory.Host
	// before are hosts that an earlier process of this run may have left leased: they are given back with the others.
	before map[inventory.HostID]inventory.Host
	// resting beats on held hosts; it ends before they are given back. nil = nobody does.
	resting *beats
	// pushes are this console's: a host that one of them could not give back is taken from it.
	pushes pushes
}

func newHands(client *ssh.Client, c runner.Commission, r road, book *segments.Segments, asker *runner.Asker, secret *journal.Redactor) *hands {
	remark := func(host inventory.HostID, text string) {
		// What cannot be recorded here stops the run at its next step, which says so.
		_, _ = book.Append(context.Background(), c.Run, journal.Remarked{Host: host, Text: quote.Line(text)})
	}
	o := remote.Options{Remark: func(host inventory.HostID, _, text string) { remark(host, text) }}
	r.place(&o)
	if c.Interactive {
		s := newSecrets(c.Run, asker, secret)
		o.Secrets, o.Told = s.give, s.told
	}
	return &hands{
		doubted: r.Keepless, cleared: map[string]bool{},
		Keeper: remote.New(client, o), remark: remark, client: client, book: book, taken: newRoads(), leased: map[inventory.HostID]inventory.Host{},
		before: map[inventory.HostID]inventory.Host{},
		claim:  remote.Claim{Owner: string(c.Origin), Run: string(c.Run), At: time.Now()},
	}
}

// Carry carries the order out, and names in the journal the road that led there.
func (h *hands) Carry(ctx context.Context, o engine.Order, sink func(int64, []byte) error) (int, error) {
	if o.Job != "" || o.Changes {
		if o.Job != "" {
			defer h.at(o.Host.Name)()
		}
		if err := h.claimFor(ctx, o); err != nil {
			return 0, err
		}
	}
	reached := func(offset int64, p []byte) error {
		h.reach(o.Host.Name)
		return sink(offset, p)
	}
	exit, err := h.Keeper.Carry(ctx, remote.Order(o), reached)
	h.reach(o.Host.Name) // a step may have nothing to say
	if e, ok := errors.AsType[*remote.Error](err); ok && e.Kind == remote.Keepless {
		h.keepless(ctx, o, e)
	} else if err == nil && o.Job != "" && slices.Contains(h.doubted, o.Host.Name) {
		h.kept(ctx, o)
	}
	return exit, err
}

// kept records, once, that a host has kept a detached step though it is said that it cannot: the next plan warns no more.
func (h *hands) kept(ctx context.Context, o engine.Order) {
	fact := runbooks.Fact{Key: detachKey(o.Become || o.Host.User == "root"), Value: "yes"}
	key := string(o.Host.Name) + " " + fact.Key
	h.mu.Lock()
	told := h.cleared[key]
	h.cleared[key] = true
	h.mu.Unlock()
	if !told {
		h.know(ctx, o.Host.Name, fact)
	}
}

// keepless records as a fact that the host cannot keep a detached step, so that the next plan says so.
func (h *hands) keepless(ctx context.Context, o engine.Order, e *remote.Error) {
	fact := runbooks.Fact{Key: detachKey(o.Become || o.Host.User == "root"), Value: "no: " + e.Why()}
	h.know(ctx, o.Host.Name, fact)
}

func (h *hands) know(ctx context.Context, host inventory.HostID, fact runbooks.Fact) {
	// What cannot be recorded here stops the run at its next step, which says so.
	_, _ = h.book.Append(ctx, journal.RunID(h.claim.Run), journal.FactsRead{Host: host, Facts: []runbooks.Fact{fact}})
}

// Restart restarts a host that is ours.
func (h *hands) Restart(ctx context.Context, host inventory.Host) error {
	defer h.at(host.Name)()
	if err := h.lease(ctx, host, false); err != nil {
		return err
	}
	return h.Keeper.Restart(ctx, host)
}

// leaseTries is how often a new step asks for a lease over links that break before the answer; the waits between double from leaseWait.
const (
	leaseTries = 5
	leaseWait  = 500 * time.Millisecond
	leaseLast  = 30 * time.Second
)

// claimFor claims the host before the order may leave. A new step that gets no lease certainly never began. One that an earlier runner
// ordered may be at work on the host, whoever can be reached and whosever the lease is by now: it waits for the host as long as it
// may, and where the host is lost to this run it is looked for all the same. It is started anew only under a lease.
func (h *hands) claimFor(ctx context.Context, o engine.Order) error {
	for try, wait := 1, leaseWait; ; try, wait = try+1, min(2*wait, leaseLast) {
		err := h.lease(ctx, o.Host, o.Job == "")
		switch {
		case err == nil || o.Adopt && final(err):
			return nil
		case ctx.Err() != nil && o.Adopt:
			return fmt.Errorf("the host could not be reached to see how the step ended: %w", context.Cause(ctx))
		case o.Adopt:
			if try == 1 {
				h.remark(o.Host.Name, "the host cannot be reached to look for the step; trying again: "+err.Error())
			}
		case engine.NotStarted(err):
			return err
		case try == leaseTries || final(err) || ctx.Err() != nil:
			return notSent{err}
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait/2 + time.Duration(rand.Int64N(int64(wait)/2))):
		}
	}
}

// final reports whether asking again gives the same answer: the lease is another's, the host refuses, or its key has changed.
func final(err error) bool {
	if p, ok := errors.AsType[interface {
		error
		Permanent() bool
	}](err); ok && p.Permanent() {
		return true
	}
	e, ok := errors.AsType[*remote.Error](err)
	return ok && (e.Kind == remote.Leased || e.Kind == remote.Refused || e.Kind == remote.Keepless)
}

// notSent says of an error from before the order left that the step never began.
type notSent struct{ error }

func (e notSent) Unwrap() error    { return e.error }
func (e notSent) NotStarted() bool { return true }

// lease claims the host for this run, once. A run that held it before its process was killed has it again. With anew, what is held is asked
// for again: what starts a detached step looks for itself whether the host is still this run's, and what runs attached does not.
func (h *hands) lease(ctx context.Context, host inventory.Host, anew bool) error {
	h.mu.Lock()
	_, have := h.leased[host.Name]
	h.mu.Unlock()
	switch {
	case have && anew:
		return h.Keeper.Renew(ctx, host, h.claim)
	case have:
		return nil
	}
	if err := h.pushes.acquire(ctx, h.Keeper, host, h.claim, func(text string) error { h.remark(host.Name, text); return nil }); err != nil {
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

// Append is the journal's, with the roads that were taken in front.
func (r recorder) Append(ctx context.Context, run journal.RunID, bodies ...journal.Body) ([]journal.Event, error) {
	for _, b := range bodies {
		if _, ends := b.(journal.RunClosed); ends {
			r.hands.release(context.WithoutCancel(ctx))
		}
	}
	return r.Journal.Append(ctx, run, r.hands.taken.before(bodies)...)
}

// AppendThen is the journal's. What follows from other events is never a run's end.
func (r recorder) AppendThen(ctx context.Context, run journal.RunID, bodies []journal.Body, then func([]journal.Event) []journal.Body) ([]journal.Event, error) {
	if b, ok := r.Journal.(engine.Binder); ok {
		return b.AppendThen(ctx, run, r.hands.taken.before(bodies), then)
	}
	return r.Append(ctx, run, bodies...)
}

// releaseTime is how long the run's end waits for hosts that do not answer: tend host lease shows whose lease lies there.
const releaseTime = 10 * time.Second

// release gives every host back. A run that is left open keeps its leases until it is resumed.
func (h *hands) release(ctx context.Context) {
	h.resting.stop()
	ctx, cancel := context.WithTimeout(ctx, releaseTime)
	defer cancel()
	for _, host := range h.before {
		h.leased[host.Name] = host
	}
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

// reach keeps the road that led to the host, to be recorded with what came over it.
func (h *hands) reach(host inventory.HostID) {
	if r, ok := h.client.Road(host); ok {
		h.taken.take(r.Since, journal.HostReached{
			Host: host, Addr: r.Addr, Via: r.Jumps, User: r.User, Key: r.HostKeyType + " " + r.Fingerprint, Auth: r.Auth, TurnedAway: r.TurnedAway,
		})
	}
}
