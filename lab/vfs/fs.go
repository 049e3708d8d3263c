package vfs

import (
	"sort"
	"sync"
	"time"
)

// FS is one host's file system. Its methods may be called from many goroutines.
type FS struct {
	// Host is handed to generated files.
	Host any
	// Now dates what is written.
	Now func() time.Time
	// Room is asked before a file at path grows by n bytes; an error (ENOSPC, EROFS) refuses it. n is 0 for an operation that
	// writes no data but needs a writable file system.
	Room func(path string, n int64) error

	mu   sync.RWMutex
	root *Node
	base *Node
}

// New returns a file system over a shared base tree (see Tree).
func New(base *Node, host any, now func() time.Time) *FS {
	return &FS{Host: host, Now: now, root: base, base: base}
}

// Revert puts a top-level directory back to what the base tree has, as a reboot does with /run.
func (f *FS) Revert(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, ok := f.base.kids[name]
	root := f.own([]step{{"/", f.root}})
	if !ok {
		delete(root.kids, name)
		return
	}
	root.kids[name] = n
}

func (f *FS) room(path string, n int64) error {
	if f.Room == nil {
		return nil
	}
	return f.Room(path, n)
}

// Stat follows links; Lstat does not.
func (f *FS) Stat(c Cred, cwd, path string) (Info, error)  { return f.stat(c, cwd, path, true) }
func (f *FS) Lstat(c Cred, cwd, path string) (Info, error) { return f.stat(c, cwd, path, false) }

func (f *FS) stat(c Cred, cwd, path string, follow bool) (Info, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	chain, _, err := f.walk(c, cwd, path, follow)
	if err != nil {
		return Info{}, err
	}
	s := chain[len(chain)-1]
	return f.info(s.name, s.node), nil
}

// Access checks for read (4), write (2) and execute (1) as access(2) does.
func (f *FS) Access(c Cred, cwd, path string, want uint16) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	chain, _, err := f.walk(c, cwd, path, true)
	if err != nil {
		return err
	}
	if want&2 != 0 {
		if err := f.room(pathOf(chain), 0); err != nil {
			return err
		}
	}
	if !chain[len(chain)-1].node.may(c, want) {
		return EACCES
	}
	return nil
}

// Real is the path with every link resolved.
func (f *FS) Real(c Cred, cwd, path string) (string, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	chain, missing, err := f.walk(c, cwd, path, true)
	if err != nil && missing == "" {
		return "", err
	}
	p := pathOf(chain)
	if missing != "" {
		if p != "/" {
			p += "/"
		}
		return p + missing, ENOENT
	}
	return p, nil
}

// ReadDir lists a directory, sorted by name.
func (f *FS) ReadDir(c Cred, cwd, path string) ([]Info, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	chain, _, err := f.walk(c, cwd, path, true)
	if err != nil {
		return nil, err
	}
	n := chain[len(chain)-1].node
	if n.Kind != Directory {
		return nil, ENOTDIR
	}
	if !n.may(c, 4) {
		return nil, EACCES
	}
	out := make([]Info, 0, len(n.kids))
	for name, kid := range n.kids {
		out = append(out, f.info(name, kid))
	}
	if n.Dyn != nil {
		for _, name := range n.Dyn.Names(f.Host) {
			if kid := n.Dyn.Entry(f.Host, c, name); kid != nil {
				out = append(out, f.info(name, kid))
			}
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, nil
}

// Readlink returns a symlink's target.
func (f *FS) Readlink(c Cred, cwd, path string) (string, error) {
	i, err := f.Lstat(c, cwd, path)
	if err != nil {
		return "", err
	}
	if i.Kind != Symlink {
		return "", EINVAL
	}
	return i.Target, nil
}

// parent resolves path to its parent directory, made writable, and the name in it; err is EEXIST where the name is taken.
func (f *FS) parent(c Cred, cwd, path string, follow bool) (dir *Node, dirPath, name string, err error) {
	chain, missing, err := f.walk(c, cwd, path, follow)
	if err == nil {
		return nil, "", "", EEXIST
	}
	if missing == "" {
		return nil, "", "", err
	}
	top := chain[len(chain)-1].node
	if !top.may(c, 3) {
		return nil, "", "", EACCES
	}
	dirPath = pathOf(chain)
	if err := f.room(dirPath, 0); err != nil {
		return nil, "", "", err
	}
	dir = f.own(chain)
	dir.Mtime = f.Now()
	return dir, dirPath, missing, nil
}

func (f *FS) add(c Cred, cwd, path string, n *Node) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir, _, name, err := f.parent(c, cwd, path, false)
	if err != nil {
		return err
	}
	f.attach(dir, name, n, c)
	return nil
}

func (f *FS) attach(dir *Node, name string, n *Node, c Cred) {
	n.owner, n.ino, n.Mtime = f, nextIno(), f.Now()
	n.UID, n.GID = c.UID, c.GID
	if dir.kids == nil {
		dir.kids = map[string]*Node{}
	}
	dir.kids[name] = n
}

// Mkdir makes one directory, exclusively.
func (f *FS) Mkdir(c Cred, cwd, path string, mode uint16) error {
	return f.add(c, cwd, path, &Node{Kind: Directory, Mode: mode, kids: map[string]*Node{}})
}

// Symlink makes a link, exclusively; like a fast symlink on ext4 it needs no data block.
func (f *FS) Symlink(c Cred, cwd, target, path string) error {
	return f.add(c, cwd, path, &Node{Kind: Symlink, Mode: 0o777, Target: target})
}

// Mkfifo makes a named pipe's node.
func (f *FS) Mkfifo(c Cred, cwd, path string, mode uint16) error {
	return f.add(c, cwd, path, &Node{Kind: Fifo, Mode: mode})
}
