package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/muesli/cancelreader"
	"golang.org/x/term"

	"tend/inventory"
	"tend/ssh"
)

// session lends this terminal to a login shell on the host, until that ends.
func (a *app) session(ctx context.Context, client *ssh.Client, h inventory.Host, in io.Reader, out io.Writer) error {
	tty, ok := in.(*os.File)
	if !ok {
		tty, ok = a.in.(*os.File)
	}
	if !ok || !term.IsTerminal(int(tty.Fd())) {
		return usage("", "a shell needs a terminal")
	}
	fd := int(tty.Fd())
	cols, rows, err := term.GetSize(fd)
	if err != nil {
		return err
	}
	// Reading is cancelled when the session ends, or the next key would be lost to it.
	keys, err := cancelreader.NewReader(tty)
	if err != nil {
		return err
	}
	defer keys.Close()
	defer keys.Cancel()
	raw, err := term.MakeRaw(fd)
	if err != nil {
		return err
	}
	defer func() { _ = term.Restore(fd, raw) }()
	sizes, stop := resizes(fd)
	defer stop()
	p := ssh.PTY{Term: a.getenv("TERM"), Rows: rows, Cols: cols, Resize: sizes}
	_, err = client.Shell(ctx, h, "", p, keys, out)
	return err
}

// resizes tells the terminal's size whenever it changes, until stop.
func resizes(fd int) (<-chan ssh.Size, func()) {
	sizes, changed, done := make(chan ssh.Size), make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(changed, syscall.SIGWINCH)
	var wait sync.WaitGroup
	wait.Go(func() {
		defer close(sizes)
		for {
			select {
			case <-done:
				return
			case <-changed:
			}
			cols, rows, err := term.GetSize(fd)
			if err != nil {
				continue
			}
			select {
			case sizes <- ssh.Size{Rows: rows, Cols: cols}:
			case <-done:
				return
			}
		}
	})
	return sizes, func() {
		signal.Stop(changed)
		close(done)
		wait.Wait()
	}
}
