package vfs

import (
	"strings"
	"time"
)

// target resolves an existing path and owns all of it; the last node is returned with its parent.
func (f *FS) target(c Cred, cwd, path string, follow bool) (parent, n *Node, name, full string, err error) {
	chain, _, err := f.walk(c, cwd, path, follow)
	if err != nil {
		return nil, nil, "", "", err
	}
	full = pathOf(chain)
	if err := f.room(full, 0); err != nil {
		return nil, nil, "", "", err
	}
	if len(chain) == 1 {
		return nil, f.own(chain), "/", full, nil
	}
	f.own(chain)
	last := chain[len(chain)-1]
	return chain[len(chain)-2].node, last.node, last.name, full, nil
}

// mayUnlink applies directory permissions and the sticky bit.
func mayUnlink(c Cred, dir, n *Node) error {
	if !dir.may(c, 3) {
		return EACCES
	}
	if dir.Mode&Sticky != 0 && c.UID != 0 && c.UID != n.UID && c.UID != dir.UID {
		return EPERM
	}
	return nil
}

// Remove unlinks a file or link, or an empty directory where dir is true.
func (f *FS) Remove(c Cred, cwd, path string, dir bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	chain, _, err := f.walk(c, cwd, path, false)
	if err != nil {
		return err
	}
	if len(chain) == 1 {
		return EBUSY
	}
	up, last := chain[len(chain)-2].node, chain[len(chain)-1]
	switch {
	case dir && last.node.Kind != Directory:
		return ENOTDIR
	case !dir && last.node.Kind == Directory:
		return EISDIR
	case dir && len(last.node.kids) > 0:
		return ENOTEMPTY
	}
	if err := mayUnlink(c, up, last.node); err != nil {
		return err
	}
	if err := f.room(pathOf(chain), 0); err != nil {
		return err
	}
	up = f.own(chain[:len(chain)-1])
	delete(up.kids, last.name)
	up.Mtime = f.Now()
	if last.node.owner == f && last.node.nlink > 1 {
		last.node.nlink--
	}
	return nil
}

// Rename moves, replacing a file (never a directory that holds something), atomically.
func (f *FS) Rename(c Cred, cwd, from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	src, _, err := f.walk(c, cwd, from, false)
	if err != nil {
		return err
	}
	if len(src) == 1 {
		return EBUSY
	}
	srcPath, moving := pathOf(src), src[len(src)-1]
	if err := mayUnlink(c, src[len(src)-2].node, moving.node); err != nil {
		return err
	}
	dst, missing, err := f.walk(c, cwd, to, false)
	if err != nil && missing == "" {
		return err
	}
	if missing == "" {
		if err := replaceable(c, dst, moving.node); err != nil {
			return err
		}
		missing = dst[len(dst)-1].name
		dst = dst[:len(dst)-1]
	} else if !dst[len(dst)-1].node.may(c, 3) {
		return EACCES
	}
	dstDir := pathOf(dst)
	if moving.node.Kind == Directory && strings.HasPrefix(dstDir+"/", srcPath+"/") {
		return EINVAL
	}
	for _, p := range []string{srcPath, dstDir} {
		if err := f.room(p, 0); err != nil {
			return err
		}
	}
	return f.move(src, dstDir, missing, moving)
}

func replaceable(c Cred, dst []step, moving *Node) error {
	if len(dst) == 1 {
		return EBUSY
	}
	old := dst[len(dst)-1].node
	if old.Kind == Directory {
		if moving.Kind != Directory {
			return EISDIR
		}
		if len(old.kids) > 0 {
			return ENOTEMPTY
		}
	} else if moving.Kind == Directory {
		return ENOTDIR
	}
	return mayUnlink(c, dst[len(dst)-2].node, old)
}

func (f *FS) move(src []step, dstDir, name string, moving step) error {
	up := f.own(src[:len(src)-1])
	now := f.Now()
	up.Mtime = now
	// The destination is walked again: owning the source's chain may have cloned nodes on it.
	chain, _, err := f.walk(Cred{}, "/", dstDir, true)
	if err != nil {
		return err
	}
	dir := f.own(chain)
	dir.Mtime = now
	n := moving.node
	if up == dir && name == moving.name {
		return nil
	}
	delete(up.kids, moving.name)
	dir.kids[name] = n
	return nil
}

// Link makes a hard link.
func (f *FS) Link(c Cred, cwd, old, path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, n, _, _, err := f.target(c, cwd, old, false)
	if err != nil {
		return err
	}
	if n.Kind == Directory {
		return EPERM
	}
	dir, _, name, err := f.parent(c, cwd, path, false)
	if err != nil {
		return err
	}
	n.nlink = max(n.nlink, 1) + 1
	dir.kids[name] = n
	return nil
}

// Chmod sets permission bits.
func (f *FS) Chmod(c Cred, cwd, path string, mode uint16) error {
	return f.change(c, cwd, path, true, func(n *Node) error {
		if c.UID != 0 && c.UID != n.UID {
			return EPERM
		}
		n.Mode = mode & 0o7777
		return nil
	})
}

// Chown sets owner and group; -1 leaves one as it is. Only root may give a file away.
func (f *FS) Chown(c Cred, cwd, path string, uid, gid int, follow bool) error {
	return f.change(c, cwd, path, follow, func(n *Node) error {
		if c.UID != 0 && (uid >= 0 && uid != n.UID || c.UID != n.UID || gid >= 0 && !c.inGroup(gid)) {
			return EPERM
		}
		if uid >= 0 {
			n.UID = uid
		}
		if gid >= 0 {
			n.GID = gid
		}
		return nil
	})
}

// Chtimes sets the modification time.
func (f *FS) Chtimes(c Cred, cwd, path string, t time.Time) error {
	return f.change(c, cwd, path, true, func(n *Node) error {
		if c.UID != n.UID && !n.may(c, 2) {
			return EACCES
		}
		n.Mtime, n.Dated = t, nil
		return nil
	})
}

func (f *FS) change(c Cred, cwd, path string, follow bool, do func(*Node) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, n, _, _, err := f.target(c, cwd, path, follow)
	if err != nil {
		return err
	}
	return do(n)
}
