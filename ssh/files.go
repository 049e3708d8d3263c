package ssh

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"github.com/pkg/sftp"

	"tend/inventory"
)

// resumeBack is how far before the end of a partial file a push takes up again: with this much in flight at once, a lost link can
// leave holes behind the first gap and nowhere before it.
const resumeBack = 64 * 32 << 10

// Files is the files of one host, over SFTP on the host's kept connection. It is for one goroutine at a time.
type Files struct {
	host inventory.HostID
	sftp *sftp.Client
	ctx  context.Context
	stop context.CancelFunc
	end  chan error // how the subsystem ended
}

// Transfer is what was moved.
type Transfer struct {
	Bytes   int64  // size of the file
	Resumed int64  // how much of it was there already
	SHA256  string // of the whole file, in hex
}

// Progress hears how far a transfer has come, in bytes of the whole file. It is called often and must not block.
type Progress func(done, total int64)

// Files opens the host's files. When ctx ends, whatever is under way ends at once. Close gives the session back.
func (c *Client) Files(ctx context.Context, h inventory.Host) (*Files, error) {
	caller := ctx
	ctx, stop := context.WithCancel(ctx)
	toHost, stdin := io.Pipe()
	stdout, fromHost := io.Pipe()
	f := &Files{host: h.Name, ctx: ctx, stop: stop, end: make(chan error, 1)}
	start := func() {
		_, err := c.Run(ctx, h, Command{Line: "sftp", Subsystem: true, Stdin: toHost, Stdout: fromHost})
		f.end <- err
		toHost.CloseWithError(io.ErrClosedPipe)
		fromHost.CloseWithError(io.EOF)
	}
	if !c.own(start) {
		stop()
		return nil, dress(errClosed, h.Name, "", Closed)
	}
	context.AfterFunc(ctx, func() { stdout.CloseWithError(context.Canceled) }) // nobody waits for a reader that has left
	var err error
	f.sftp, err = sftp.NewClientPipe(stdout, stdin, sftp.UseConcurrentWrites(true))
	if err == nil {
		return f, nil
	}
	stop()
	stdin.Close()
	if end := <-f.end; end != nil && errors.As(end, new(*Error)) && (caller.Err() != nil || !errors.Is(end, context.Canceled)) {
		return nil, end
	}
	return nil, dress(faultf(Forbidden, "the host speaks no SFTP: %w", err).withHint("is Subsystem sftp set in its sshd_config?"), h.Name, "", Forbidden)
}

// Close ends the session. It may be called again.
func (f *Files) Close() error {
	f.stop()
	f.sftp.Close()
	f.end <- <-f.end
	return nil
}

// Push writes src to the absolute path dst with that mode: first beside it, under a name made of its content, then renamed over it,
// so that no reader ever sees half a file. A push of the same content that was cut off before is taken up where it ended. The
// file's directory must exist.
func (f *Files) Push(src io.ReadSeeker, dst string, mode fs.FileMode, progress Progress) (Transfer, error) {
	sum := sha256.New()
	size, err := io.Copy(sum, &counted{Reader: src, ctx: f.ctx})
	if err != nil {
		return Transfer{}, f.fault("read", dst, err)
	}
	t := Transfer{Bytes: size, SHA256: hex.EncodeToString(sum.Sum(nil))}
	part := path.Join(path.Dir(dst), "."+path.Base(dst)+".tend-"+t.SHA256[:16])
	if t.Resumed, err = f.send(src, part, size, progress); err != nil {
		return t, f.fault("write", part, err)
	}
	if err := f.check(part, t); err != nil {
		return t, err
	}
	if err := f.sftp.Chmod(part, mode); err != nil {
		return t, f.fault("chmod", part, err)
	}
	if err := f.rename(part, dst); err != nil {
		return t, f.fault("rename to", dst, err)
	}
	return t, nil
}

// send writes what of src is not in part yet. Until it is whole, nobody else may read it.
func (f *Files) send(src io.ReadSeeker, part string, size int64, progress Progress) (resumed int64, err error) {
	if st, err := f.sftp.Lstat(part); err == nil {
		if !st.Mode().IsRegular() {
			return 0, errors.New("is there and is no regular file")
		}
		resumed = max(min(st.Size(), size)-resumeBack, 0)
	}
	out, err := f.sftp.OpenFile(part, os.O_WRONLY|os.O_CREATE)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	if err := out.Chmod(0o600); err != nil {
		return 0, err
	}
	if err := out.Truncate(resumed); err != nil {
		return 0, err
	}
	if _, err := src.Seek(resumed, io.SeekStart); err != nil {
		return 0, err
	}
	if _, err := out.Seek(resumed, io.SeekStart); err != nil {
		return 0, err
	}
	in := &counted{Reader: src, ctx: f.ctx, done: resumed, total: size, progress: progress}
	if _, err := out.ReadFromWithConcurrency(in, 64); err != nil {
		return 0, err
	}
	if err := out.Sync(); err != nil && !isUnsupported(err) {
		return 0, err
	}
	return resumed, out.Close()
}

// check reads a file that was taken up back: its first part was sent by somebody earlier. A file sent in one go needs its size only,
// since SSH itself vouches for the bytes.
func (f *Files) check(part string, t Transfer) error {
	st, err := f.sftp.Stat(part)
	if err != nil {
		return f.fault("stat", part, err)
	}
	if st.Size() != t.Bytes {
		return f.fault("write", part, fmt.Errorf("holds %d bytes of %d", st.Size(), t.Bytes))
	}
	if t.Resumed == 0 {
		return nil
	}
	in, err := f.sftp.Open(part)
	if err != nil {
		return f.fault("read", part, err)
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := in.WriteTo(&countedWriter{Writer: sum, total: t.Bytes}); err != nil {
		return f.fault("read", part, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != t.SHA256 {
		f.sftp.Remove(part)
		return f.fault("write", part, errors.New("what was there of it is something else; it was removed, try again"))
	}
	return nil
}

// rename replaces dst in one step where the server can (posix-rename@openssh.com), and refuses where it cannot and dst exists.
func (f *Files) rename(part, dst string) error {
	if _, ok := f.sftp.HasExtension("posix-rename@openssh.com"); ok {
		return f.sftp.PosixRename(part, dst)
	}
	return f.sftp.Rename(part, dst)
}

// Pull streams the host's file src into dst.
func (f *Files) Pull(src string, dst io.Writer, progress Progress) (Transfer, error) {
	in, st, err := f.open(src)
	if err != nil {
		return Transfer{}, err
	}
	defer in.Close()
	return f.pull(in, st, dst, sha256.New(), 0, progress)
}

// Fetch copies the host's file src to the local path dst, by way of a part file beside it that carries the size and the time of src
// in its name: a fetch that was cut off is taken up, unless src has changed since.
func (f *Files) Fetch(src, dst string, mode fs.FileMode, progress Progress) (Transfer, error) {
	in, st, err := f.open(src)
	if err != nil {
		return Transfer{}, err
	}
	defer in.Close()
	part := filepath.Join(filepath.Dir(dst), fmt.Sprintf(".%s.tend-%d-%d", filepath.Base(dst), st.Size(), st.ModTime().Unix()))
	out, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600) // the directory may be one where others write
	if err != nil {
		return Transfer{}, f.fault("fetch", src, err)
	}
	defer out.Close()
	sum := sha256.New()
	have, err := io.Copy(sum, &counted{Reader: out, ctx: f.ctx})
	if err != nil || have > st.Size() {
		return Transfer{}, f.fault("fetch", src, errors.Join(err, fmt.Errorf("part file %s holds %d bytes of %d", part, have, st.Size())))
	}
	if _, err := in.Seek(have, io.SeekStart); err != nil {
		return Transfer{}, f.fault("read", src, err)
	}
	t, err := f.pull(in, st, out, sum, have, progress)
	if err != nil {
		if errors.Is(err, errLonger) { // nothing can be taken up from there
			_ = os.Remove(part)
		}
		return t, err
	}
	if err := errors.Join(out.Chmod(mode), out.Sync(), out.Close(), os.Rename(part, dst)); err != nil {
		return t, f.fault("fetch", src, err)
	}
	return t, nil
}

func (f *Files) open(src string) (*sftp.File, fs.FileInfo, error) {
	st, err := f.sftp.Stat(src) // before opening: opening a FIFO would hang the host's server
	if err != nil {
		return nil, nil, f.fault("read", src, err)
	}
	if !st.Mode().IsRegular() {
		return nil, nil, f.fault("read", src, errors.New("is no regular file"))
	}
	in, err := f.sftp.Open(src)
	if err != nil {
		return nil, nil, f.fault("read", src, err)
	}
	return in, st, nil
}

func (f *Files) pull(in *sftp.File, st fs.FileInfo, dst io.Writer, sum hash.Hash, from int64, progress Progress) (Transfer, error) {
	out := &countedWriter{Writer: io.MultiWriter(dst, sum), done: from, total: st.Size(), progress: progress}
	n, err := in.WriteTo(out)
	t := Transfer{Bytes: from + n, Resumed: from, SHA256: hex.EncodeToString(sum.Sum(nil))}
	if err == nil && t.Bytes != st.Size() {
		err = fmt.Errorf("ended after %d bytes of %d", t.Bytes, st.Size())
	}
	if err != nil {
		return t, f.fault("read", in.Name(), err)
	}
	return t, nil
}

// fault words what went wrong with a file, or, where the connection did, that.
func (f *Files) fault(verb, name string, err error) error {
	select {
	case end := <-f.end:
		f.end <- end
		if end != nil {
			return end
		}
	default:
	}
	if f.ctx.Err() != nil {
		e := dress(context.Cause(f.ctx), f.host, "", Cancelled)
		e.sent = true
		return e
	}
	e := dress(faultf(FileFault, "%s %s: %w", verb, name, plainErr(err)), f.host, "", FileFault)
	e.sent = true
	return e
}

func isUnsupported(err error) bool {
	var se *sftp.StatusError
	return errors.As(err, &se) && se.FxCode() == sftp.ErrSSHFxOpUnsupported || errors.Is(err, errors.ErrUnsupported)
}

// counted tells how far a file is read, and ends with ctx.
type counted struct {
	io.Reader
	ctx         context.Context
	done, total int64
	progress    Progress
}

func (c *counted) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.Reader.Read(p)
	c.done += int64(n)
	if c.progress != nil && n > 0 {
		c.progress(c.done, c.total)
	}
	return n, err
}

// errLonger says that a file has no end where its host said that it ends.
var errLonger = errors.New("holds more than its host said: it grows, or the host lies")

// countedWriter tells how far a file is written, and takes no more than its total: a host may send without an end.
type countedWriter struct {
	io.Writer
	done, total int64
	progress    Progress
}

func (c *countedWriter) Write(p []byte) (int, error) {
	if int64(len(p)) > c.total-c.done {
		return 0, errLonger
	}
	n, err := c.Writer.Write(p)
	c.done += int64(n)
	if c.progress != nil {
		c.progress(c.done, c.total)
	}
	return n, err
}
