package kernel

import (
	"io"
	"sync/atomic"

	"tend/lab/vfs"
)

// File is an open file description. Read returns 0, nil at the end. Both may block; they return when p dies.
type File interface {
	Read(p *Proc, b []byte) (int, error)
	Write(p *Proc, b []byte) (int, error)
	Close()
}

// desc is a File with the number of descriptors that share it.
type desc struct {
	f    File
	refs atomic.Int32
}

func (d *desc) ref() *desc {
	if d != nil {
		d.refs.Add(1)
	}
	return d
}

func (d *desc) unref() {
	if d != nil && d.refs.Add(-1) == 0 {
		d.f.Close()
	}
}

// Open opens a path as p; flags are vfs's. Devices and named pipes are opened as what they are.
func (p *Proc) Open(path string, flags int, mode uint16) (File, error) {
	f, info, err := p.Sys.FS.Open(p.Cred, p.Cwd, path, flags, mode&^p.Umask)
	if err != nil {
		return nil, err
	}
	if f != nil {
		return diskFile{f}, nil
	}
	switch info.Kind {
	case vfs.Directory:
		return dirFile{}, nil
	case vfs.Fifo:
		return p.openFifo(info.Ino, flags)
	case vfs.CharDevice:
		return p.device(info.Dev)
	}
	return nil, vfs.EACCES
}

// SetFD installs f as descriptor n, closing what was there.
func (p *Proc) SetFD(n int, f File) {
	d := &desc{f: f}
	d.refs.Store(1)
	p.put(n, d)
}

func (p *Proc) put(n int, d *desc) {
	p.mu.Lock()
	if p.dead {
		p.mu.Unlock()
		d.unref()
		return
	}
	old := p.fd[n]
	p.fd[n] = d
	p.mu.Unlock()
	old.unref()
}

// Dup makes descriptor to share what from has.
func (p *Proc) Dup(from, to int) error {
	if from < 0 || from >= numFD || to < 0 || to >= numFD {
		return vfs.EBADF
	}
	p.mu.Lock()
	d := p.fd[from].ref()
	p.mu.Unlock()
	if d == nil {
		return vfs.EBADF
	}
	p.put(to, d)
	return nil
}

// Take takes descriptor n out of the table without closing it: the caller has its share from then on and gives it up by release. f is
// nil where n was not open.
func (p *Proc) Take(n int) (f File, release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.fd[n]
	if p.dead || d == nil {
		return nil, func() {}
	}
	p.fd[n] = nil
	return d.f, d.unref
}

// CloseFD closes descriptor n; closing a closed one is no error.
func (p *Proc) CloseFD(n int) { p.put(n, nil) }

// FDs is a snapshot of a process's descriptors; Restore gives it back.
type FDs [numFD]*desc

// Save shares every descriptor, so that redirections can be undone.
func (p *Proc) Save() FDs {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.fd {
		d.ref()
	}
	return p.fd
}

// Restore puts a snapshot back.
func (p *Proc) Restore(s FDs) {
	p.mu.Lock()
	old := p.fd
	if p.dead {
		old = s
	} else {
		p.fd = s
	}
	p.mu.Unlock()
	for _, d := range old {
		d.unref()
	}
}

// Drop gives up a snapshot that will not be restored.
func (s FDs) Drop() {
	for _, d := range s {
		d.unref()
	}
}

func (p *Proc) closeAll() {
	p.mu.Lock()
	old := p.fd
	p.fd = [numFD]*desc{}
	p.mu.Unlock()
	for _, d := range old {
		d.unref()
	}
}

func (p *Proc) get(n int) *desc {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n < 0 || n >= numFD {
		return nil
	}
	return p.fd[n]
}

// FileAt returns what descriptor n has open, or nil.
func (p *Proc) FileAt(n int) File {
	if d := p.get(n); d != nil {
		return d.f
	}
	return nil
}

// Read reads from descriptor n; 0, nil is the end.
func (p *Proc) Read(n int, b []byte) (int, error) {
	d := p.get(n)
	if d == nil {
		return 0, vfs.EBADF
	}
	return d.f.Read(p, b)
}

// Write writes all of b to descriptor n.
func (p *Proc) Write(n int, b []byte) (int, error) {
	d := p.get(n)
	if d == nil {
		return 0, vfs.EBADF
	}
	return d.f.Write(p, b)
}

type fdIO struct {
	p *Proc
	n int
}

func (f fdIO) Read(b []byte) (int, error) {
	n, err := f.p.Read(f.n, b)
	if n == 0 && err == nil && len(b) > 0 {
		err = io.EOF
	}
	return n, err
}

func (f fdIO) Write(b []byte) (int, error) { return f.p.Write(f.n, b) }

// Stdin, Stdout and Stderr are descriptors 0, 1 and 2 as Go streams.
func (p *Proc) Stdin() io.Reader  { return fdIO{p, 0} }
func (p *Proc) Stdout() io.Writer { return fdIO{p, 1} }
func (p *Proc) Stderr() io.Writer { return fdIO{p, 2} }

// FD is descriptor n as a Go stream.
func (p *Proc) FD(n int) io.ReadWriter { return fdIO{p, n} }

// IsTTY reports whether descriptor n is a terminal.
func (p *Proc) IsTTY(n int) bool {
	d := p.get(n)
	if d == nil {
		return false
	}
	_, ok := d.f.(*TTY)
	return ok
}

// diskFile is a regular file.
type diskFile struct{ *vfs.File }

func (f diskFile) Read(_ *Proc, b []byte) (int, error)  { return f.File.Read(b) }
func (f diskFile) Write(_ *Proc, b []byte) (int, error) { return f.File.Write(b) }
func (f diskFile) Close()                               {}

// Disk returns the regular file behind descriptor n, or nil.
func (p *Proc) Disk(n int) *vfs.File {
	if d := p.get(n); d != nil {
		if f, ok := d.f.(diskFile); ok {
			return f.File
		}
	}
	return nil
}

type dirFile struct{}

func (dirFile) Read(*Proc, []byte) (int, error)  { return 0, vfs.EISDIR }
func (dirFile) Write(*Proc, []byte) (int, error) { return 0, vfs.EBADF }
func (dirFile) Close()                           {}

// Hand gives another process a share in descriptor n.
func (p *Proc) Hand(to *Proc, n int) {
	p.mu.Lock()
	d := p.fd[n].ref()
	p.mu.Unlock()
	to.put(n, d)
}
