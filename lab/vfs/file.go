package vfs

import "sync"

// Flags for Open.
const (
	Read = 1 << iota
	Write
	Append
	Create
	Excl
	Trunc
)

// maxFile bounds one file; a lab host has no use for more, and a runaway script must not eat the machine beneath.
const maxFile = 64 << 20

// File is an open regular file. Its offset belongs to it alone, so duplicates of a descriptor share it.
type File struct {
	fs    *FS
	node  *Node
	path  string
	flags int
	mu    sync.Mutex // guards off; taken before the file system's lock
	off   int64
	snap  []byte // the content of a generated file, as it was when opened
}

// Open opens a regular file, or reports by Info what else the path is (the caller then opens the device).
func (f *FS) Open(c Cred, cwd, path string, flags int, mode uint16) (*File, Info, error) {
	file, info, err := f.open(c, cwd, path, flags, mode)
	if file != nil && file.node.Gen != nil {
		file.snap = file.node.Gen(f.Host) // not under the lock: it may look at the file system
		info.Size = int64(len(file.snap))
	}
	return file, info, err
}

func (f *FS) open(c Cred, cwd, path string, flags int, mode uint16) (*File, Info, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	chain, missing, err := f.walk(c, cwd, path, true)
	if err == ENOENT && missing != "" && flags&Create != 0 {
		return f.create(c, cwd, path, flags, mode, chain, missing)
	}
	if err != nil {
		return nil, Info{}, err
	}
	if flags&Excl != 0 && flags&Create != 0 {
		return nil, Info{}, EEXIST
	}
	s := chain[len(chain)-1]
	n := s.node
	full := pathOf(chain)
	if err := f.mayOpen(c, n, flags); err != nil {
		return nil, Info{}, err
	}
	if n.Kind != Regular {
		return nil, f.info(s.name, n), nil
	}
	file := &File{fs: f, node: n, path: full, flags: flags}
	if n.Gen == nil && flags&Write != 0 {
		if err := f.room(full, 0); err != nil {
			return nil, Info{}, err
		}
		file.node = f.own(chain)
		if flags&Trunc != 0 {
			file.node.data, file.node.Prog = nil, ""
			file.node.Mtime = f.Now()
		}
	}
	return file, f.info(s.name, file.node), nil
}

func (f *FS) mayOpen(c Cred, n *Node, flags int) error {
	if n.Kind == Directory {
		if flags&Write != 0 {
			return EISDIR
		}
		return nil
	}
	var want uint16
	if flags&Read != 0 {
		want |= 4
	}
	if flags&Write != 0 {
		want |= 2
	}
	if !n.may(c, want) {
		return EACCES
	}
	if n.Gen != nil && flags&Write != 0 && n.Put == nil {
		return EACCES
	}
	return nil
}

func (f *FS) create(c Cred, cwd, path string, flags int, mode uint16, chain []step, name string) (*File, Info, error) {
	dir := chain[len(chain)-1].node
	if !dir.may(c, 3) {
		return nil, Info{}, EACCES
	}
	full := pathOf(chain)
	if err := f.room(full, 0); err != nil {
		return nil, Info{}, err
	}
	dir = f.own(chain)
	dir.Mtime = f.Now()
	n := &Node{Kind: Regular, Mode: mode}
	f.attach(dir, name, n, c)
	if full != "/" {
		full += "/"
	}
	return &File{fs: f, node: n, path: full + name, flags: flags}, f.info(name, n), nil
}

// Read reads from the file's offset; n = 0 with a nil error is the end.
func (f *File) Read(b []byte) (int, error) {
	if f.flags&Read == 0 {
		return 0, EBADF
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fs.mu.RLock()
	defer f.fs.mu.RUnlock()
	data := f.node.data
	if f.node.Gen != nil {
		data = f.snap
	}
	if f.off >= int64(len(data)) {
		return 0, nil
	}
	n := copy(b, data[f.off:])
	f.off += int64(n)
	return n, nil
}

// Write writes at the offset, or at the end for Append.
func (f *File) Write(b []byte) (int, error) {
	if f.flags&Write == 0 {
		return 0, EBADF
	}
	if f.node.Put != nil {
		if err := f.node.Put(f.fs.Host, b); err != nil {
			return 0, err
		}
		return len(b), nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.flags&Append != 0 {
		f.off = int64(len(f.node.data))
	}
	end := f.off + int64(len(b))
	if end > maxFile {
		return 0, EFBIG
	}
	if grow := end - int64(len(f.node.data)); grow > 0 {
		if err := f.fs.room(f.path, grow); err != nil {
			return 0, err
		}
		f.node.data = append(f.node.data, make([]byte, grow)...)
	}
	copy(f.node.data[f.off:end], b)
	f.off = end
	f.node.Mtime = f.fs.Now()
	return len(b), nil
}

// Size is the file's length now.
func (f *File) Size() int64 {
	f.fs.mu.RLock()
	defer f.fs.mu.RUnlock()
	if f.node.Gen != nil {
		return int64(len(f.snap))
	}
	return int64(len(f.node.data))
}

// SeekTo sets the offset.
func (f *File) SeekTo(off int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.off = off
}

// Info describes the open file.
func (f *File) Info() Info {
	f.fs.mu.RLock()
	defer f.fs.mu.RUnlock()
	return f.fs.info(f.path, f.node)
}

// ReadFile reads a whole file.
func (f *FS) ReadFile(c Cred, cwd, path string) ([]byte, error) {
	file, info, err := f.Open(c, cwd, path, Read, 0)
	if err != nil {
		return nil, err
	}
	if file == nil {
		if info.Kind == Directory {
			return nil, EISDIR
		}
		return nil, nil
	}
	b := make([]byte, file.Size())
	n, err := file.Read(b)
	return b[:n], err
}

// WriteFile replaces a file's content as root, creating it and its directories as needed.
func (f *FS) WriteFile(path string, mode uint16, data []byte) error {
	root := Cred{}
	if i := lastSlash(path); i > 0 {
		f.MkdirAll(path[:i])
	}
	file, _, err := f.Open(root, "/", path, Write|Create|Trunc, mode)
	if err != nil {
		return err
	}
	if file == nil {
		return EISDIR
	}
	_, err = file.Write(data)
	return err
}

// MkdirAll makes directories as root; what exists stays.
func (f *FS) MkdirAll(path string) {
	for i := 1; i <= len(path); i++ {
		if i == len(path) || path[i] == '/' {
			f.Mkdir(Cred{}, "/", path[:i], 0o755) // EEXIST is the usual answer
		}
	}
}

func lastSlash(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			return i
		}
	}
	return -1
}
