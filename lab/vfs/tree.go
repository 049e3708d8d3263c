package vfs

import (
	"strings"
	"time"
)

// Tree builds a base tree. It is used once per distribution, by one goroutine, before any FS stands on it.
type Tree struct {
	Root *Node
	when time.Time
}

// NewTree starts an empty tree whose nodes are dated when.
func NewTree(when time.Time) *Tree {
	return &Tree{Root: &Node{Kind: Directory, Mode: 0o755, kids: map[string]*Node{}, Mtime: when, ino: nextIno()}, when: when}
}

// Dir makes a directory and its parents.
func (t *Tree) Dir(path string, mode uint16) *Node {
	n := t.Root
	for _, c := range strings.Split(path, "/") {
		if c == "" {
			continue
		}
		kid, ok := n.kids[c]
		if !ok {
			kid = &Node{Kind: Directory, Mode: 0o755, kids: map[string]*Node{}, Mtime: t.when, ino: nextIno()}
			n.kids[c] = kid
		}
		n = kid
	}
	n.Mode = mode
	return n
}

// Put places a node, with its parents.
func (t *Tree) Put(path string, n *Node) *Node {
	i := lastSlash(path)
	dir := t.Root
	for _, c := range strings.Split(path[:max(i, 0)], "/") {
		if c == "" {
			continue
		}
		kid, ok := dir.kids[c]
		if !ok {
			kid = &Node{Kind: Directory, Mode: 0o755, kids: map[string]*Node{}, Mtime: t.when, ino: nextIno()}
			dir.kids[c] = kid
		}
		dir = kid
	}
	if n.Mtime.IsZero() {
		n.Mtime = t.when
	}
	n.ino = nextIno()
	dir.kids[path[i+1:]] = n
	return n
}

// File places a plain file.
func (t *Tree) File(path string, mode uint16, text string) {
	t.Put(path, &Node{Kind: Regular, Mode: mode, data: []byte(text)})
}

// Generated places a file whose content is computed.
func (t *Tree) Generated(path string, mode uint16, gen Gen) {
	t.Put(path, &Node{Kind: Regular, Mode: mode, Gen: gen})
}

// Link places a symlink.
func (t *Tree) Link(path, target string) {
	t.Put(path, &Node{Kind: Symlink, Mode: 0o777, Target: target})
}

// Program places an executable that the lab performs. Its bytes look like one.
func (t *Tree) Program(path, prog string, mode uint16) {
	t.Put(path, &Node{Kind: Regular, Mode: mode, Prog: prog, data: elf})
}

// Device places a device node.
func (t *Tree) Device(path, dev string, kind Kind, mode uint16) {
	t.Put(path, &Node{Kind: kind, Mode: mode, Dev: dev})
}

var elf = []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00>\x00\x01\x00\x00\x00")
