package lab

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"sync"
	"time"

	"github.com/pkg/sftp"

	"tend/lab/kernel"
	"tend/lab/vfs"
)

// startSFTP serves the host's virtual files over the channel, as the user who logged in.
func (s *session) startSFTP() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		return false
	}
	s.started = true
	p, err := s.m.Session(s.user, []string{"/usr/lib/openssh/sftp-server"}, nil, nil)
	if err != nil {
		return false
	}
	s.leader = p
	h := &sftpFiles{p}
	srv := sftp.NewRequestServer(s.ch, sftp.Handlers{FileGet: h, FilePut: h, FileCmd: h, FileList: h}, sftp.WithStartDirectory(p.Cwd))
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		p.Do(func() int {
			if err := srv.Serve(); err != nil && !errors.Is(err, io.EOF) {
				return 1
			}
			return 0
		})
		s.sendExit(p)
		s.ch.Close()
	}()
	return true
}

// sftpFiles answers sftp's requests from the virtual disk.
type sftpFiles struct{ p *kernel.Proc }

// goError turns the virtual kernel's errors into those that sftp knows.
func goError(err error) error {
	switch err {
	case vfs.ENOENT:
		return sftp.ErrSSHFxNoSuchFile
	case vfs.EACCES, vfs.EPERM, vfs.EROFS:
		return sftp.ErrSSHFxPermissionDenied
	}
	return err
}

func (f *sftpFiles) open(name string, flags int) (*sftpHandle, error) {
	file, _, err := f.p.Sys.FS.Open(f.p.Cred, "/", name, flags, 0o666&^f.p.Umask)
	if err != nil {
		return nil, goError(err)
	}
	if file == nil {
		return nil, sftp.ErrSSHFxPermissionDenied // no regular file
	}
	return &sftpHandle{f: file}, nil
}

func (f *sftpFiles) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	return f.open(r.Filepath, vfs.Read)
}

func (f *sftpFiles) Filewrite(r *sftp.Request) (io.WriterAt, error) {
	flags := vfs.Write
	pf := r.Pflags()
	if pf.Creat {
		flags |= vfs.Create
	}
	if pf.Trunc {
		flags |= vfs.Trunc
	}
	if pf.Excl {
		flags |= vfs.Excl
	}
	return f.open(r.Filepath, flags)
}

// sftpHandle is an open file at any offset; requests come from several goroutines.
type sftpHandle struct {
	mu sync.Mutex
	f  *vfs.File
}

func (h *sftpHandle) ReadAt(b []byte, off int64) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.f.SeekTo(off)
	n, err := h.f.Read(b)
	if err == nil && n < len(b) {
		err = io.EOF
	}
	return n, goError(err)
}

func (h *sftpHandle) WriteAt(b []byte, off int64) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.f.SeekTo(off)
	n, err := h.f.Write(b)
	return n, goError(err)
}

func (f *sftpFiles) Filecmd(r *sftp.Request) error {
	d, c := f.p.Sys.FS, f.p.Cred
	switch r.Method {
	case "Mkdir":
		return goError(d.Mkdir(c, "/", r.Filepath, 0o777&^f.p.Umask))
	case "Rmdir":
		return goError(d.Remove(c, "/", r.Filepath, true))
	case "Remove":
		return goError(d.Remove(c, "/", r.Filepath, false))
	case "Rename", "PosixRename":
		return goError(d.Rename(c, "/", r.Filepath, r.Target))
	case "Symlink":
		return goError(d.Symlink(c, "/", r.Filepath, r.Target))
	case "Link":
		return goError(d.Link(c, "/", r.Filepath, r.Target))
	case "Setstat":
		if a := r.Attributes(); r.AttrFlags().Permissions {
			return goError(d.Chmod(c, "/", r.Filepath, uint16(a.Mode&0o7777)))
		}
		return nil
	}
	return errors.ErrUnsupported
}

func (f *sftpFiles) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	d, c := f.p.Sys.FS, f.p.Cred
	var list []vfs.Info
	var err error
	switch r.Method {
	case "List":
		list, err = d.ReadDir(c, "/", r.Filepath)
	case "Stat":
		var i vfs.Info
		i, err = d.Stat(c, "/", r.Filepath)
		list = []vfs.Info{i}
	case "Lstat":
		var i vfs.Info
		i, err = d.Lstat(c, "/", r.Filepath)
		list = []vfs.Info{i}
	default:
		return nil, errors.ErrUnsupported
	}
	if err != nil {
		return nil, goError(err)
	}
	return infos(list), nil
}

// Readlink reads a link as it stands.
func (f *sftpFiles) Readlink(name string) (string, error) {
	target, err := f.p.Sys.FS.Readlink(f.p.Cred, "/", name)
	return target, goError(err)
}

// infos is a listing as sftp wants it.
type infos []vfs.Info

func (l infos) ListAt(out []fs.FileInfo, off int64) (int, error) {
	if off >= int64(len(l)) {
		return 0, io.EOF
	}
	n := 0
	for n < len(out) && int(off)+n < len(l) {
		out[n] = fileInfo{l[int(off)+n]}
		n++
	}
	if n < len(out) {
		return n, io.EOF
	}
	return n, nil
}

type fileInfo struct{ i vfs.Info }

func (f fileInfo) Name() string       { return path.Base(f.i.Name) }
func (f fileInfo) Size() int64        { return f.i.Size }
func (f fileInfo) ModTime() time.Time { return f.i.Mtime }
func (f fileInfo) IsDir() bool        { return f.i.IsDir() }
func (f fileInfo) Sys() any           { return nil }
func (f fileInfo) Mode() fs.FileMode {
	kinds := []fs.FileMode{0, fs.ModeDir, fs.ModeSymlink, fs.ModeDevice | fs.ModeCharDevice, fs.ModeDevice, fs.ModeNamedPipe, fs.ModeSocket}
	return kinds[f.i.Kind] | fs.FileMode(f.i.Mode&0o777)
}
