package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// far is a room behind a link with a round trip of rtt: a proxy holds every byte for half of it, each way. The room's own stays open.
func far(ctx context.Context, r *room, rtt time.Duration) (*room, func(), error) {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		return nil, nil, err
	}
	port, was := l.Addr().(*net.TCPAddr).Port, r.hosts[0].Port
	there := &room{dir: filepath.Join(r.dir, fmt.Sprint("far", rtt.Milliseconds())), tend: r.tend, server: r.server}
	if err := there.moved(r, was, port); err != nil {
		l.Close()
		return nil, nil, err
	}
	var wait sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() { relay(ctx, c, was, rtt/2) })
		}
	})
	return there, func() { l.Close(); cancel(); wait.Wait() }, nil
}

// moved writes the room's files with another port.
func (r *room) moved(from *room, was, port int) error {
	if err := os.MkdirAll(filepath.Join(r.dir, "runbooks"), 0o700); err != nil {
		return err
	}
	inv, err := os.ReadFile(from.inv)
	if err != nil {
		return err
	}
	known, err := os.ReadFile(from.hosts[0].KnownHosts[0])
	if err != nil {
		return err
	}
	r.inv = filepath.Join(r.dir, "inventory.toml")
	there := filepath.Join(r.dir, "known_hosts")
	text := strings.ReplaceAll(string(inv), fmt.Sprintf("port = %d", was), fmt.Sprintf("port = %d", port))
	text = strings.ReplaceAll(text, from.hosts[0].KnownHosts[0], there)
	for path, b := range map[string]string{
		r.inv: text, there: strings.ReplaceAll(string(known), fmt.Sprintf("]:%d ", was), fmt.Sprintf("]:%d ", port)),
		filepath.Join(r.dir, "runbooks", "uptime.toml"): readOnly,
	} {
		if err := os.WriteFile(path, []byte(b), 0o600); err != nil {
			return err
		}
	}
	return r.read()
}

// relay joins c, and the address that c asked for at the port that is really served.
func relay(ctx context.Context, c net.Conn, port int, late time.Duration) {
	defer c.Close()
	time.Sleep(2 * late) // the handshake of TCP
	host, _, err := net.SplitHostPort(c.LocalAddr().String())
	if err != nil {
		return
	}
	var d net.Dialer
	s, err := d.DialContext(ctx, "tcp", net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		return
	}
	defer s.Close()
	defer context.AfterFunc(ctx, func() { c.Close(); s.Close() })()
	var both sync.WaitGroup
	both.Go(func() { hold(s, c, late) })
	both.Go(func() { hold(c, s, late) })
	both.Wait()
}

// hold copies from src to dst, each piece after late, and closes dst for writing at the end.
func hold(dst, src net.Conn, late time.Duration) {
	type piece struct {
		b   []byte
		due time.Time
	}
	pieces := make(chan piece, 1024)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(pieces)
		for {
			b := make([]byte, 16<<10)
			n, err := src.Read(b)
			if n > 0 {
				pieces <- piece{b[:n], time.Now().Add(late)}
			}
			if err != nil {
				return
			}
		}
	})
	for p := range pieces {
		time.Sleep(time.Until(p.due))
		if _, err := dst.Write(p.b); err != nil {
			src.Close()
			for range pieces {
				continue
			}
			break
		}
	}
	if t, ok := dst.(interface{ CloseWrite() error }); ok {
		_ = t.CloseWrite()
	}
	reader.Wait()
}

// distances measures over slow links: how long the hosts take, and how many round trips that is for one of them. They are counted by
// the clock: what the delay adds, over the delay, for as often as all places are taken anew.
func distances(ctx context.Context, r *room, runs int, delays []int, w io.Writer) error {
	fmt.Fprintf(w, "\n### Over slow links, %d simulated hosts\n\n| round trip ms | contender | wall s | x wall | client CPU ms a host | x CPU | peak MB | round trips a host |\n|---|---|---|---|---|---|---|---|\n", len(r.hosts))
	near, waves := map[string]float64{}, float64((len(r.hosts)+atOnce-1)/atOnce)
	if err := r.compare(ctx, runs, r.tendOn(), func(name string, all, yard []figure) { near[name] = median(all, wall) }); err != nil {
		return err
	}
	for _, ms := range delays {
		there, stop, err := far(ctx, r, time.Duration(ms)*time.Millisecond)
		if err != nil {
			return err
		}
		err = there.compare(ctx, runs, there.tendOn(), func(name string, all, yard []figure) {
			trips := (median(all, wall) - near[name]) * 1000 / float64(ms) / waves
			fmt.Fprintf(w, "%s %.1f |\n", line(fmt.Sprint(ms), len(r.hosts), name, all, yard), trips)
		})
		stop()
		if err != nil {
			return err
		}
	}
	return nil
}
