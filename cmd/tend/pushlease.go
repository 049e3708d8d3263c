package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"tend/inventory"
	"tend/remote"
)

// pushes are the leases that pushes of this console hold: a file for each, locked by the push's process for as long as that lives. Where
// the file is there and nobody locks it, the push is over and could not give its host back; then the lease is given back by whoever of
// this console reaches the host next. Of a lease from another console, or of a run's, nothing here says whether it is over.
type pushes struct {
	dir    string
	origin string
}

func (a *app) pushes() (pushes, error) {
	d, err := a.stateDir()
	return pushes{filepath.Join(d, "pushes"), string(a.origin())}, err
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

// acquire claims the host, from a push of this console that is over too: its lease is given back as it would have done it, which leaves
// alone what is not that push's. told hears of it before it is done.
func (p pushes) acquire(ctx context.Context, k *remote.Keeper, h inventory.Host, c remote.Claim, told func(text string) error) error {
	l, err := k.Acquire(ctx, h, c)
	if e, leased := errors.AsType[*remote.Error](err); !leased || e.Kind != remote.Leased {
		return err
	}
	done, ok := p.over(l, h.Name)
	if !ok {
		return err
	}
	if terr := told(fmt.Sprintf("gave back the lease of push %s, which is over: %s", l.Run, l.String())); terr != nil {
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
