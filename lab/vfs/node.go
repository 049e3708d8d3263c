package vfs

import (
	"sync/atomic"
	"time"
)

// Kind says what a node is.
type Kind uint8

// The kinds of node.
const (
	Regular Kind = iota
	Directory
	Symlink
	CharDevice
	BlockDevice
	Fifo
	Socket
)

// Permission bits above rwx, as in chmod(2).
const (
	SetUID = 0o4000
	SetGID = 0o2000
	Sticky = 0o1000
)

// Cred is who asks.
type Cred struct {
	UID, GID int
	Groups   []int
	PID      int // of the process that asks, for /proc/self; 0 where it is nobody's
}

func (c Cred) inGroup(gid int) bool {
	if c.GID == gid {
		return true
	}
	for _, g := range c.Groups {
		if g == gid {
			return true
		}
	}
	return false
}

// Node is a file, directory, link or device. Nodes whose owner is not the file system at hand are shared and immutable.
type Node struct {
	Kind     Kind
	Mode     uint16 // permission bits, set-id and sticky included
	UID, GID int
	Mtime    time.Time
	Dated    Dated  // in Mtime's stead
	Target   string // of a symlink
	Dev      string // of a device: "null", "zero", "urandom", "full", "tty", "fd", "sda"
	Prog     string // of an executable that the lab performs: the program's name
	Gen      Gen    // content computed when it is opened
	Put      Put    // what happens to a write to a generated file
	Dyn      Dyn    // names of a directory beyond its own, such as /proc's numbers

	data  []byte
	kids  map[string]*Node
	nlink int
	ino   uint64
	owner *FS
}

// Dyn computes the entries of a directory: the one of that name, or nil; with "" the names of all, as keys.
type Dyn interface {
	Entry(host any, c Cred, name string) *Node
	Names(host any) []string
}

// Gen computes a file's content from the host that the file system belongs to.
type Gen func(host any) []byte

// Dated computes when a node was last written from the host that the file system belongs to; it must not ask the file system.
type Dated func(host any) time.Time

// Put takes a write to a generated file.
type Put func(host any, b []byte) error

var lastIno atomic.Uint64 // inode numbers need be unique only; nothing depends on their values

func nextIno() uint64 { return lastIno.Add(1) + 1000 }

func (n *Node) clone(owner *FS) *Node {
	c := *n
	c.owner = owner
	if n.kids != nil {
		c.kids = make(map[string]*Node, len(n.kids)+1)
		for k, v := range n.kids {
			c.kids[k] = v
		}
	}
	c.data = append([]byte(nil), n.data...)
	return &c
}

// may reports whether c has the wanted permissions (4 read, 2 write, 1 search or execute).
func (n *Node) may(c Cred, want uint16) bool {
	if c.UID == 0 {
		return want&1 == 0 || n.Kind == Directory || n.Mode&0o111 != 0
	}
	bits := n.Mode & 7
	switch {
	case c.UID == n.UID:
		bits = n.Mode >> 6 & 7
	case c.inGroup(n.GID):
		bits = n.Mode >> 3 & 7
	}
	return bits&want == want
}

// Info is what stat(2) tells.
type Info struct {
	Name     string
	Kind     Kind
	Mode     uint16
	UID, GID int
	Size     int64
	Mtime    time.Time
	Ino      uint64
	Links    int
	Target   string
	Prog     string
	Dev      string
}

// IsDir reports whether the node is a directory.
func (i Info) IsDir() bool { return i.Kind == Directory }

func (f *FS) info(name string, n *Node) Info {
	i := Info{Name: name, Kind: n.Kind, Mode: n.Mode, UID: n.UID, GID: n.GID, Mtime: n.Mtime, Ino: n.ino,
		Links: max(n.nlink, 1), Target: n.Target, Prog: n.Prog, Dev: n.Dev, Size: int64(len(n.data))}
	if n.Dated != nil {
		i.Mtime = n.Dated(f.Host)
	}
	switch n.Kind {
	case Directory:
		i.Size, i.Links = 4096, 2
	case Symlink:
		i.Size = int64(len(n.Target))
	}
	return i
}

// ModeString is the first column of ls -l.
func (i Info) ModeString() string {
	const rwx = "rwxrwxrwx"
	b := []byte{"-dlcbps"[i.Kind]}
	for k := range 9 {
		c := byte('-')
		if i.Mode&(1<<(8-k)) != 0 {
			c = rwx[k]
		}
		b = append(b, c)
	}
	special := func(bit uint16, at int, lower, upper byte) {
		if i.Mode&bit != 0 {
			if b[at] == 'x' {
				b[at] = lower
			} else {
				b[at] = upper
			}
		}
	}
	special(SetUID, 3, 's', 'S')
	special(SetGID, 6, 's', 'S')
	special(Sticky, 9, 't', 'T')
	return string(b)
}

// Dir makes a directory node out of entries, for a Dyn.
func Dir(kids map[string]*Node) *Node { return &Node{Kind: Directory, Mode: 0o555, kids: kids} }
