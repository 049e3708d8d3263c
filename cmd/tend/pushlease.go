package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"tend/inventory"
	"tend/journal"
	"tend/remote"
	"tend/runbooks"
)

// pushes are the leases that pushes of this console hold: a file for each, locked by the push's process for as long as that lives. Where
// the file is there and nobody locks it, the push is over and could not give its host back; then the lease is given back by whoever of
// this console reaches the host next. A run of this console that has ended is told by its journal, and the lease that it could not give back is taken
// likewise. Of another console's lease nothing here says whether it is over.
type pushes struct {
	dir    string
	origin string
	book   journal.Journal // nil = no run is known
}

func (a *app) pushes() (pushes, error) {
	d, err := a.stateDir()
	return pushes{dir: filepath.Join(d, "pushes"), origin: string(a.origin())}, err
}

func (p pushes) path(id string, h inventory.HostID) string {
	return filepath.Join(p.dir, url.QueryEscape(id)+"."+url.QueryEscape(string(h)))
}

// begin notes that a push is about to claim a host.
func (p pushes) begin(id string, h inventory.HostID) (*os.File, error) {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(p.path(id, h), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// end gives the host back; where that fails, what begin noted stays, for whoever reaches the host next.
func (p pushes) end(ctx context.Context, k *remote.Keeper, h inventory.Host, c remote.Claim, f *os.File) error {
	defer f.Close()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	if err := k.Release(ctx, h, c); err != nil {
		return err
	}
	return os.Remove(f.Name())
}

// tidy forgets pushes that are over and noted for a host on which another lease lies by now: nothing of them is left there.
func (p pushes) tidy(h inventory.HostID) {
	all, _ := os.ReadDir(p.dir)
	for _, e := range all {
		name, host, _ := strings.Cut(e.Name(), ".")
		id, err := url.QueryUnescape(name)
		if err != nil || host != url.QueryEscape(string(h)) {
			continue
		}
		if done, ok := p.over(remote.Lease{Claim: remote.Claim{Owner: p.origin, Run: id}}, h); ok {
			done(true)
		}
	}
}

// over reports whether the lease is of a push of this console whose process has ended. The file is locked until done is called, so that
// two who find it do not both act.
func (p pushes) over(l remote.Lease, h inventory.HostID) (done func(gone bool), ok bool) {
	if p.dir == "" || l.Owner != p.origin {
		return nil, false
	}
	f, err := os.OpenFile(p.path(l.Run, h), os.O_WRONLY, 0)
	if err != nil {
		return nil, false
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, false
	}
	return func(gone bool) {
		if gone {
			os.Remove(f.Name())
		}
		f.Close()
	}, true
}

// spent reports whether the lease is of a run of this console that has ended, and of which nothing can be at work on the host any more.
func (p pushes) spent(ctx context.Context, l remote.Lease, h inventory.HostID) bool {
	if p.book == nil || l.Owner != p.origin {
		return false
	}
	s, err := folded(ctx, p.book, journal.RunID(l.Run))
	return err == nil && s.Result != journal.Open && s.Host(h) != nil && atLarge(s, l, h) == ""
}

// atLarge is the step of an ended run that may be at work on the host still: nobody knows how it ended, and the host was not restarted since.
func atLarge(s *journal.State, l remote.Lease, h inventory.HostID) runbooks.StepID {
	host := s.Host(h)
	if host == nil || l.Rebooted {
		return ""
	}
	for i, st := range host.Steps {
		if step := s.Plan().Steps[i]; st.Attempt > 0 && st.Outcome == journal.Unknown && step.Risk != runbooks.Read {
			return step.ID
		}
	}
	return ""
}

// left says what has left the lease behind, where that is over. done is called once the lease is gone, or could not be removed.
func (p pushes) left(ctx context.Context, l remote.Lease, h inventory.HostID) (what string, done func(gone bool)) {
	if done, ok := p.over(l, h); ok {
		return "push " + l.Run + ", which is over", done
	}
	if p.spent(ctx, l, h) {
		return "run " + l.Run + ", which has ended", func(bool) {}
	}
	return "", nil
}

// acquire claims the host, from a push or a run of this console that is over too: its lease is given back as it would have done it, which leaves
// alone what is not its own. told hears of it before it is done.
func (p pushes) acquire(ctx context.Context, k *remote.Keeper, h inventory.Host, c remote.Claim, told func(text string) error) error {
	l, err := k.Acquire(ctx, h, c)
	if e, leased := errors.AsType[*remote.Error](err); !leased || e.Kind != remote.Leased {
		return err
	}
	what, done := p.left(ctx, l, h.Name)
	if done == nil {
		return err
	}
	if terr := told("gave back the lease of " + what + ": " + l.String()); terr != nil {
		done(false)
		return terr
	}
	rerr := k.Release(ctx, h, remote.Claim{Owner: l.Owner, Run: l.Run})
	done(rerr == nil)
	if rerr != nil {
		return rerr
	}
	_, err = k.Acquire(ctx, h, c)
	return err
}
